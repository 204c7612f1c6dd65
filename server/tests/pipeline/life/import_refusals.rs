//! Import of what is there already, of what cannot have been, and of what is wrapped.

use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::ttlv::{Item, Value};
use kmip_core::types::{
    BlockCipherMode as Mode, CryptographicAlgorithm as Algorithm, CryptographicUsageMask as Mask,
    EncodingOption, KeyWrapType, ObjectType, Operation, ProtocolVersion, ResultReason as Reason,
    State, Tag,
};

use super::import::{Exported, export};
use crate::support::ask::{
    CRYPT, algorithm, attribute, attribute_at, custom, flag, import, length, mask, name, of_kind,
    on, plain_mode, uid,
};
use crate::support::tree::{Read, bytes, enumeration, structure};
use crate::support::{Client, World, keys};

#[test]
fn existing_object_is_replaced_where_the_client_says_so_only() {
    let world = World::new();
    let demo = world.demo();
    let old = demo.create(vec![name("k"), custom("x-old", "1")]);
    let secret = vec![name("k"), mask(Mask::Verify), custom("x-new", "1")];
    let taken = import(&old, false, secret.clone(), keys::secret(b"new"));
    assert_eq!(demo.fails(Operation::Import, taken.clone()), Reason::ObjectAlreadyExists);
    demo.ok(Operation::Archive, vec![uid(&old)]);
    assert_eq!(demo.fails(Operation::Import, taken), Reason::ObjectAlreadyExists);
    demo.ok(Operation::Import, import(&old, true, secret, keys::secret(b"new")));
    assert_eq!(
        demo.ok(Operation::Get, vec![uid(&old)]).get(Tag::SecretData),
        &keys::secret(b"new")
    );
    assert_eq!(demo.values(&old, "x-old"), []);
    assert_eq!(demo.locate(vec![name("k")]), [old.clone()]);
    assert_eq!(demo.locate(vec![custom("x-old", "1")]), [] as [String; 0]);
    // Where there is nothing to be replaced, nothing is.
    demo.ok(Operation::Import, import("free", true, vec![mask(CRYPT)], keys::aes_key()));
    // The name belongs to the object, and to no other.
    let named = import("again", false, vec![mask(CRYPT), name("k")], keys::aes_key());
    assert_eq!(demo.fails(Operation::Import, named), Reason::InvalidField);
}

#[test]
fn what_cannot_have_been_is_refused() {
    let world = World::new();
    let demo = world.demo();
    let key = demo.create(vec![name("k")]);
    let good = export(&demo, &key);
    demo.destroy(&key);
    let digest = |value: &[u8], format| {
        let fields = vec![
            enumeration(Tag::HashingAlgorithm, 6),
            bytes(Tag::DigestValue, value),
            enumeration(Tag::KeyFormatType, format),
        ];
        of_kind(Kind::Digest, Value::Structure(fields))
    };
    let state = |number| of_kind(Kind::State, Value::Enumeration(number));
    let text = |kind, value: &str| of_kind(kind, Value::TextString(value.to_owned()));
    for wrong in [
        text(Kind::UniqueIdentifier, "another"),
        of_kind(Kind::ObjectType, Value::Enumeration(ObjectType::PrivateKey.0)),
        digest(&[1; 32], 1),
        state(State::Destroyed.0),
        state(0x8000_0001),
        on(Kind::DestroyDate, 1),
        flag(Kind::AlwaysSensitive, true),
        flag(Kind::NeverExtractable, true),
        algorithm(Algorithm::HMAC_SHA256),
        length(128),
        on(Kind::DeactivationDate, -1),
        attribute("Nonsense", Value::Integer(1)),
        attribute_at("State", 1, Value::Enumeration(1)),
        attribute_at("x-a", -1, Value::Integer(1)),
        attribute_at("x-a", i32::MAX, Value::Integer(1)),
    ] {
        let mut attributes = good.with(wrong.clone());
        attributes.push(on(Kind::ActivationDate, 0));
        let payload = import(&key, false, attributes, good.object.clone());
        assert_eq!(demo.fails(Operation::Import, payload), Reason::InvalidField, "{wrong:?}");
    }
    let stateless = vec![mask(CRYPT), on(Kind::ActivationDate, 5), on(Kind::DeactivationDate, 4)];
    let payload = import(&key, false, stateless, good.object.clone());
    assert_eq!(demo.fails(Operation::Import, payload), Reason::InvalidField, "dates");
    let twice = [good.attributes.clone(), vec![state(State::PreActive.0)]].concat();
    let taken = vec![mask(CRYPT), attribute_at("x-a", 2, Value::Integer(1))];
    let taken = [taken.clone(), taken[1..].to_vec()].concat();
    for attributes in [twice, taken] {
        let payload = import(&key, false, attributes, good.object.clone());
        assert_eq!(demo.fails(Operation::Import, payload), Reason::InvalidField);
    }
    for id in ["", "a\nb", &"x".repeat(256)] {
        let payload = import(id, false, vec![mask(CRYPT)], keys::aes_key());
        assert_eq!(demo.fails(Operation::Import, payload), Reason::InvalidField, "{id:?}");
    }
    let many = (0..400).map(|n| custom(&format!("x-{n}"), "1")).collect();
    let payload = import(&key, false, many, keys::aes_key());
    assert_eq!(demo.fails(Operation::Import, payload), Reason::IndexOutOfBounds);
    assert_eq!(demo.state(&key), State::Destroyed, "nothing came of it");
    // A Digest of another form cannot be told, and stands beside our own.
    let payload = import(&key, false, good.with(digest(&[1; 32], 7)), good.object.clone());
    demo.ok(Operation::Import, payload);
    assert_eq!(demo.values(&key, "Digest").len(), 2);
    let old = demo.at(ProtocolVersion::V1_3);
    let unknown = import("k", false, vec![mask(CRYPT)], keys::aes_key());
    assert_eq!(old.fails(Operation::Import, unknown), Reason::OperationNotSupported);
}

/// The key, wrapped by `kek`, with its attributes.
fn export_wrapped(client: &Client<'_>, key: &str, kek: &str, encoding: EncodingOption) -> Exported {
    let information =
        structure(Tag::EncryptionKeyInformation, vec![uid(kek), plain_mode(Mode::NISTKeyWrap)]);
    let wrapping = structure(
        Tag::KeyWrappingSpecification,
        vec![
            enumeration(Tag::WrappingMethod, 1),
            information,
            enumeration(Tag::EncodingOption, encoding.0),
        ],
    );
    let answer = client.ok(Operation::Export, vec![uid(key), wrapping]);
    Exported {
        attributes: answer.all(Tag::Attribute).into_iter().cloned().collect(),
        object: answer.get(Tag::SymmetricKey).clone(),
    }
}

#[test]
fn key_that_comes_wrapped_is_kept_so_or_unwrapped_as_the_client_says() {
    let world = World::new();
    let demo = world.demo();
    let wraps = vec![mask(Mask::WrapKey), on(Kind::ActivationDate, 0)];
    let kek = demo.register(ObjectType::SymmetricKey, wraps, keys::aes_key());
    let key = demo.create(Vec::new());
    let open = demo.ok(Operation::Get, vec![uid(&key)]).get(Tag::SymmetricKey).clone();
    let bare = export_wrapped(&demo, &key, &kek, EncodingOption::NoEncoding);
    let encoded = export_wrapped(&demo, &key, &kek, EncodingOption::TTLVEncoding);
    let asked = |what: &Exported, wrap_type: u32| {
        let mut payload = import(&key, true, what.attributes.clone(), what.object.clone());
        payload.insert(2, enumeration(Tag::KeyWrapType, wrap_type));
        payload
    };
    let (as_is, unwrapped) = (KeyWrapType::AsRegistered.0, KeyWrapType::NotWrapped.0);
    assert_eq!(demo.fails(Operation::Import, asked(&bare, 9)), Reason::InvalidField);
    let refused = demo.fails(Operation::Import, asked(&encoded, unwrapped));
    assert_eq!(refused, Reason::FeatureNotSupported, "no token unwraps this");
    for (what, how, back) in [
        (&bare, as_is, &bare.object),
        (&encoded, as_is, &encoded.object),
        (&bare, unwrapped, &open),
    ] {
        demo.ok(Operation::Import, asked(what, how));
        let got = demo.ok(Operation::Get, vec![uid(&key)]);
        assert_eq!(got.get(Tag::SymmetricKey), back);
        let digest = |a: &&Item| a.text(Tag::AttributeName) == "Digest";
        let digest = what.attributes.iter().find(digest).unwrap().get(Tag::AttributeValue);
        assert_eq!(demo.value(&key, Kind::Digest), digest.value, "of the plaintext");
    }
}
