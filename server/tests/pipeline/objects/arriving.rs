//! Keys registered wrapped: into the token where their wrapping key is there, and given back as
//! they came.

use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::ttlv::{Item, Value};
use kmip_core::types::{
    BlockCipherMode as Mode, CryptographicAlgorithm as Algorithm, CryptographicUsageMask as Mask,
    EncodingOption, KeyFormatType as Format, KeyWrapType, ObjectType, Operation,
    ResultReason as Reason, RevocationReasonCode, Tag, WrappingMethod,
};
use server::object::CUSTODY_ATTRIBUTE;

use crate::support::ask::{
    CRYPT, algorithm, data, flag, length, mask, mode, of_kind, on, parameters, plain_mode,
    register, uid,
};
use crate::support::keys::{self, hex};
use crate::support::tree::{Read, bytes, enumeration, integer, structure};
use crate::support::{Client, IN_TOKEN, WRAPPED, World};

/// RFC 3394 §4.1: wrapping key, key, and wrapped key.
const KEK: &str = "000102030405060708090a0b0c0d0e0f";
const KEY: &str = "00112233445566778899aabbccddeeff";
const BLOB: &str = "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5";

fn kek_for(client: &Client<'_>, usage: Mask) -> String {
    let own = of_kind(Kind::CryptographicParameters, plain_mode(Mode::NISTKeyWrap).value);
    let attributes = vec![mask(usage), on(Kind::ActivationDate, 0), own];
    client.register(ObjectType::SymmetricKey, attributes, keys::raw(Algorithm::AES, &hex(KEK)))
}

/// A key block of a wrapped AES-128 key.
fn wrapped(kek: &str, blob: &[u8], encoding: EncodingOption) -> Item {
    let information = vec![uid(kek), parameters(vec![mode(Mode::NISTKeyWrap)])];
    let how = vec![
        enumeration(Tag::WrappingMethod, WrappingMethod::Encrypt.0),
        structure(Tag::EncryptionKeyInformation, information),
        enumeration(Tag::EncodingOption, encoding.0),
    ];
    let block = vec![
        enumeration(Tag::KeyFormatType, Format::Raw.0),
        bytes(Tag::KeyValue, blob),
        enumeration(Tag::CryptographicAlgorithm, Algorithm::AES.0),
        integer(Tag::CryptographicLength, 128),
        structure(Tag::KeyWrappingData, how),
    ];
    structure(Tag::SymmetricKey, vec![structure(Tag::KeyBlock, block)])
}

fn arrived(client: &Client<'_>, kek: &str, mut attributes: Vec<Item>) -> String {
    attributes.extend([mask(CRYPT), on(Kind::ActivationDate, 0)]);
    let object = wrapped(kek, &hex(BLOB), EncodingOption::NoEncoding);
    client.register(ObjectType::SymmetricKey, attributes, object)
}

fn wrap_type(of: KeyWrapType) -> Item {
    enumeration(Tag::KeyWrapType, of.0)
}

fn block(answer: &Item) -> Item {
    answer.at(&[Tag::SymmetricKey, Tag::KeyBlock]).clone()
}

fn custody(client: &Client<'_>, key: &str) -> Vec<Value> {
    client.values(key, CUSTODY_ATTRIBUTE)
}

#[test]
fn key_that_came_wrapped_is_used_in_the_token() {
    for (rules, told) in [(IN_TOKEN, "token"), (WRAPPED, "wrapped")] {
        let world = World::keeping(rules);
        let demo = world.demo();
        let kek = kek_for(&demo, Mask::WrapKey);
        let key = arrived(&demo, &kek, Vec::new());
        assert_eq!(custody(&demo, &key), [Value::TextString(told.to_owned())]);
        let object = keys::raw(Algorithm::AES, &hex(KEY));
        let attributes = vec![mask(CRYPT), on(Kind::ActivationDate, 0)];
        let same = demo.register(ObjectType::SymmetricKey, attributes, object);
        let text = || vec![plain_mode(Mode::ECB), data(b"sixteen  letters")];
        let encrypted = demo.encrypt(&key, text()).bytes(Tag::Data);
        assert_eq!(encrypted, demo.encrypt(&same, text()).bytes(Tag::Data));
        assert_eq!(
            demo.value(&key, Kind::CryptographicLength),
            demo.value(&same, Kind::CryptographicLength)
        );
        // The wrapping key may go: the key is in the custody of the token.
        demo.revoke(&kek, RevocationReasonCode::KeyCompromise);
        demo.destroy(&kek);
        assert_eq!(demo.encrypt(&key, text()).bytes(Tag::Data), encrypted);
    }
}

/// Some clients leave the structure around the wrapped bytes.
#[test]
fn wrapped_bytes_may_stand_in_a_structure() {
    let world = World::new();
    let demo = world.demo();
    let kek = kek_for(&demo, Mask::WrapKey);
    let mut object = wrapped(&kek, &hex(BLOB), EncodingOption::NoEncoding);
    let Value::Structure(blocks) = &mut object.value else { unreachable!() };
    let Value::Structure(fields) = &mut blocks[0].value else { unreachable!() };
    let material = bytes(Tag::KeyMaterial, &hex(BLOB));
    fields[1] = structure(Tag::KeyValue, vec![material.clone()]);
    let key = demo.register(ObjectType::SymmetricKey, vec![mask(CRYPT)], object);
    let get = |how| block(&demo.ok(Operation::Get, vec![uid(&key), wrap_type(how)]));
    let open = get(KeyWrapType::NotWrapped);
    assert_eq!(open.get(Tag::KeyValue).bytes(Tag::KeyMaterial), hex(KEY));
    assert_eq!(get(KeyWrapType::AsRegistered).get(Tag::KeyValue).value.children(), [material]);
}

#[test]
fn key_wrap_type_tells_as_it_came_or_unwrapped() {
    let world = World::new();
    let demo = world.demo();
    let kek = kek_for(&demo, Mask::WrapKey.union(Mask::UnwrapKey));
    let key = arrived(&demo, &kek, Vec::new());
    let get =
        |fields: Vec<Item>| block(&demo.ok(Operation::Get, [vec![uid(&key)], fields].concat()));
    let open = get(vec![wrap_type(KeyWrapType::NotWrapped)]);
    assert_eq!(open.get(Tag::KeyValue).bytes(Tag::KeyMaterial), hex(KEY));
    assert!(!open.has(Tag::KeyWrappingData));
    for how in [Vec::new(), vec![wrap_type(KeyWrapType::AsRegistered)]] {
        let shut = get(how);
        assert_eq!(shut.bytes(Tag::KeyValue), hex(BLOB));
        let information = shut.at(&[Tag::KeyWrappingData, Tag::EncryptionKeyInformation]);
        assert_eq!(information.text(Tag::UniqueIdentifier), kek);
    }
    // Nothing came wrapped: as registered is open.
    let object = keys::raw(Algorithm::AES, &hex(KEY));
    let plain = demo.register(ObjectType::SymmetricKey, vec![mask(CRYPT)], object);
    let same = vec![uid(&plain), wrap_type(KeyWrapType::AsRegistered)];
    let same = block(&demo.ok(Operation::Get, same));
    assert_eq!(same.get(Tag::KeyValue).bytes(Tag::KeyMaterial), hex(KEY));
}

#[test]
fn what_a_client_may_read_holds_for_keys_that_came_wrapped() {
    let world = World::new();
    let demo = world.demo();
    let kek = kek_for(&demo, Mask::WrapKey);
    let key = arrived(&demo, &kek, vec![flag(Kind::Sensitive, true)]);
    let open = || vec![uid(&key), wrap_type(KeyWrapType::NotWrapped)];
    assert_eq!(demo.fails(Operation::Get, open()), Reason::Sensitive);
    // A scope that may not export keeps what comes to it.
    let other = world.other();
    let kek = kek_for(&other, Mask::WrapKey);
    let key = arrived(&other, &kek, Vec::new());
    assert_eq!(other.value(&key, Kind::Extractable), Value::Boolean(false));
    for how in [KeyWrapType::NotWrapped, KeyWrapType::AsRegistered] {
        let reason = other.fails(Operation::Get, vec![uid(&key), wrap_type(how)]);
        assert_eq!(reason, Reason::NotExtractable);
    }
}

#[test]
fn what_the_token_cannot_unwrap_is_kept_as_it_came() {
    let world = World::new();
    let demo = world.demo();
    let usable = kek_for(&demo, Mask::WrapKey);
    let idle = kek_for(&demo, CRYPT);
    let foreign = kek_for(&world.other(), Mask::WrapKey);
    let bare = EncodingOption::NoEncoding;
    let encoded = EncodingOption::TTLVEncoding;
    for (kek, encoding) in
        [("nowhere", bare), (&*idle, bare), (&*foreign, bare), (&*usable, encoded)]
    {
        let object = wrapped(kek, &hex(BLOB), encoding);
        let attributes = vec![mask(CRYPT), on(Kind::ActivationDate, 0)];
        let key = demo.register(ObjectType::SymmetricKey, attributes, object);
        assert_eq!(custody(&demo, &key), [Value::TextString("sealed".to_owned())]);
        let shut = block(&demo.ok(Operation::Get, vec![uid(&key)]));
        assert_eq!(shut.bytes(Tag::KeyValue), hex(BLOB));
        let open = vec![uid(&key), wrap_type(KeyWrapType::NotWrapped)];
        assert_eq!(demo.fails(Operation::Get, open), Reason::FeatureNotSupported);
        let text = vec![uid(&key), plain_mode(Mode::ECB), data(&[0; 16])];
        assert_eq!(demo.fails(Operation::Encrypt, text), Reason::OperationNotSupported);
    }
}

#[test]
fn what_the_wrapping_key_did_not_wrap_is_refused() {
    let world = World::new();
    let demo = world.demo();
    let kek = kek_for(&demo, Mask::WrapKey);
    let fails = |blob: &[u8], bits: i32| {
        let object = wrapped(&kek, blob, EncodingOption::NoEncoding);
        let attributes = vec![mask(CRYPT), algorithm(Algorithm::AES), length(bits)];
        demo.fails(Operation::Register, register(ObjectType::SymmetricKey, attributes, object))
    };
    let mut damaged = hex(BLOB);
    damaged[3] ^= 1;
    assert_eq!(fails(&damaged, 128), Reason::CryptographicFailure);
    assert_eq!(fails(&hex(BLOB)[..16], 128), Reason::InvalidField);
    assert_eq!(fails(&hex(BLOB), 256), Reason::InvalidField);
    assert_eq!(demo.locate(vec![mask(CRYPT)]), Vec::<String>::new(), "nothing is left behind");
}
