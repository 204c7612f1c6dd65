//! Wrapped Get: what leaves under another key opens to what was inside.

use hsm_backend::{
    HsmBackend, KeyId, KeyMaterial, KeyPolicy, KeyRef, KeyUsage, SecretKeyKind, SecretKeySpec,
    SecretValue, WrapAlgorithm, memory::MemoryBackend,
};
use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::ttlv::{Item, Value};
use kmip_core::types::{
    BlockCipherMode as Mode, CryptographicAlgorithm, CryptographicUsageMask as Mask,
    EncodingOption, HashingAlgorithm, KeyRoleType, ObjectType, Operation, PaddingMethod,
    ProtocolVersion, ResultReason as Reason, RevocationReasonCode, Tag, WrappingMethod,
};

use crate::support::ask::{
    CRYPT, attribute_at, custom, flag, mask, mode, of_kind, on, parameters, plain_mode, uid,
};
use crate::support::keys::{self, call, hex};
use crate::support::tree::{Read, boolean, bytes, enumeration, integer, structure, text};
use crate::support::{Client, World};

/// The key of the known answers as a wrapping key, with these parameters of its own.
fn kek(client: &Client<'_>, modes: &[Mode]) -> String {
    let mut attributes = vec![mask(Mask::WrapKey), on(Kind::ActivationDate, 0)];
    let own = |m: &Mode| of_kind(Kind::CryptographicParameters, plain_mode(*m).value);
    attributes.extend(modes.iter().map(own));
    client.register(ObjectType::SymmetricKey, attributes, keys::aes_key())
}

struct Wish<'a> {
    kek: &'a str,
    mode: Option<Mode>,
    encoding: Option<EncodingOption>,
    attributes: &'a [&'a str],
}

impl Wish<'_> {
    fn of(&self, key: &str) -> Vec<Item> {
        let mut information = vec![uid(self.kek)];
        information.extend(self.mode.map(|m| parameters(vec![mode(m)])));
        let mut fields = vec![
            enumeration(Tag::WrappingMethod, WrappingMethod::Encrypt.0),
            structure(Tag::EncryptionKeyInformation, information),
        ];
        fields.extend(self.attributes.iter().map(|name| text(Tag::AttributeName, name)));
        fields.extend(self.encoding.map(|option| enumeration(Tag::EncodingOption, option.0)));
        vec![uid(key), structure(Tag::KeyWrappingSpecification, fields)]
    }
}

const RAW: Option<EncodingOption> = Some(EncodingOption::NoEncoding);

fn wish(kek: &str) -> Wish<'_> {
    Wish { kek, mode: Some(Mode::NISTKeyWrap), encoding: RAW, attributes: &[] }
}

/// Unwraps with the key of the known answers, in a token of its own.
fn unwrap(blob: &[u8], algorithm: WrapAlgorithm) -> Vec<u8> {
    let token = MemoryBackend::new();
    let usage = KeyUsage { wrap: true, unwrap: true, ..KeyUsage::default() };
    let policy = KeyPolicy { usage, sensitive: false, extractable: true, label: "test".to_owned() };
    let value = SecretValue::new(hex(keys::AES_KEY));
    let material = KeyMaterial::Secret { kind: SecretKeyKind::Aes, value };
    let (kek, made) = (KeyId([1; 16]), KeyId([2; 16]));
    token.import_key(&call(), kek, &material, &policy).unwrap();
    let bits = u32::try_from((blob.len() - 8) * 8).unwrap();
    let spec = SecretKeySpec { kind: SecretKeyKind::Generic, bits };
    token.unwrap_key(&call(), &KeyRef::Token(kek), blob, algorithm, made, spec, &policy).unwrap();
    match token.export_key(&call(), &KeyRef::Token(made)).unwrap() {
        KeyMaterial::Secret { value, .. } => value.expose().to_vec(),
        other => panic!("{other:?}"),
    }
}

fn block(answer: &Item) -> Item {
    answer.at(&[Tag::SymmetricKey, Tag::KeyBlock]).clone()
}

#[test]
fn bare_key_matches_a_known_answer() {
    let world = World::new();
    let demo = world.demo();
    let kek = kek(&demo, &[]);
    let value: Vec<u8> = (0..32).collect();
    let object = keys::raw(CryptographicAlgorithm::AES, &value);
    let key = demo.register(ObjectType::SymmetricKey, vec![mask(CRYPT)], object);
    let block = block(&demo.ok(Operation::Get, wish(&kek).of(&key)));
    let expected =
        "c93b9311c2409091f9fb21ef65eefe1ca7a14d178566c98cb373682e74422aebb151ca95f779a309";
    assert_eq!(hex::encode(block.bytes(Tag::KeyValue)), expected);
    let data = block.get(Tag::KeyWrappingData);
    assert_eq!(data.at(&[Tag::EncryptionKeyInformation]).text(Tag::UniqueIdentifier), kek);
    assert_eq!(data.get(Tag::EncodingOption).as_number(), EncodingOption::NoEncoding.0);
    assert_eq!(unwrap(&hex(expected), WrapAlgorithm::AesKeyWrap), value);
}

/// What stands inside is the Key Value as KMIP encodes it, with the attributes asked for.
#[test]
fn ttlv_encoding_wraps_the_key_value_with_attributes() {
    let world = World::new();
    let demo = world.demo();
    let kek = kek(&demo, &[]);
    let attributes = vec![mask(CRYPT), custom("x-with", "me"), custom("x-not", "me")];
    let key = demo.register(ObjectType::SymmetricKey, attributes, keys::aes_key());
    let material = bytes(Tag::KeyMaterial, &hex(keys::AES_KEY));
    for (names, encoding) in [
        ([].as_slice(), None),
        (&[], Some(EncodingOption::TTLVEncoding)),
        (&["x-with"], Some(EncodingOption::TTLVEncoding)),
    ] {
        let wish = Wish { encoding, attributes: names, ..wish(&kek) };
        let block = block(&demo.ok(Operation::Get, wish.of(&key)));
        let inside = unwrap(&block.bytes(Tag::KeyValue), WrapAlgorithm::AesKeyWrap);
        let mut expected = vec![material.clone()];
        let named = |name: &&str| attribute_at(name, 0, Value::TextString("me".to_owned()));
        expected.extend(names.iter().map(named));
        assert_eq!(inside, structure(Tag::KeyValue, expected).to_bytes());
    }
    // 1.0 has no other encoding, and no word for it.
    let old = demo.at(ProtocolVersion::V1_0);
    let wish = Wish { encoding: None, ..wish(&kek) };
    let block = block(&old.ok(Operation::Get, wish.of(&key)));
    assert!(!block.get(Tag::KeyWrappingData).has(Tag::EncodingOption));
}

#[test]
fn sensitive_keys_leave_wrapped_without_encoding_only() {
    let world = World::new();
    let demo = world.demo();
    let kek = kek(&demo, &[]);
    let key = demo.create(vec![flag(Kind::Sensitive, true)]);
    demo.ok(Operation::Get, wish(&kek).of(&key));
    let encoded = Wish { encoding: None, ..wish(&kek) };
    assert_eq!(demo.fails(Operation::Get, encoded.of(&key)), Reason::EncodingOptionError);
    let locked = demo.create(vec![flag(Kind::Extractable, false)]);
    assert_eq!(demo.fails(Operation::Get, wish(&kek).of(&locked)), Reason::NotExtractable);
}

#[test]
fn parameters_must_be_among_the_wrapping_keys_own() {
    let world = World::new();
    let demo = world.demo();
    let key = demo.create(Vec::new());
    let get = |wish: Wish<'_>| demo.ask(Operation::Get, wish.of(&key)).reason;
    let bare = kek(&demo, &[]);
    assert_eq!(get(wish(&bare)), None);
    let unnamed = Wish { mode: None, ..wish(&bare) };
    assert_eq!(get(unnamed), Some(Reason::ItemNotFound), "neither has any");
    let padded = kek(&demo, &[Mode::AESKeyWrapPadding, Mode::NISTKeyWrap]);
    assert_eq!(get(wish(&padded)), None);
    let first = Wish { mode: None, ..wish(&padded) };
    assert_eq!(get(first), None, "the first of its own");
    let other = Wish { mode: Some(Mode::CBC), ..wish(&padded) };
    assert_eq!(get(other), Some(Reason::ItemNotFound));
    let unsupported = Wish { mode: Some(Mode::CBC), ..wish(&bare) };
    assert_eq!(get(unsupported), Some(Reason::OperationNotSupported));
}

#[test]
fn wrapping_is_refused_for_each_thing_that_is_wrong() {
    let world = World::new();
    let demo = world.demo();
    let key = demo.create(Vec::new());
    let get = |wish: Wish<'_>| demo.ask(Operation::Get, wish.of(&key)).reason();
    assert_eq!(get(wish("nobody")), Reason::ItemNotFound);
    let good = kek(&demo, &[]);
    let named = Wish { attributes: &["x-a"], ..wish(&good) };
    assert_eq!(get(named), Reason::EncodingOptionError);
    let option = Wish { encoding: Some(EncodingOption(9)), ..wish(&good) };
    assert_eq!(get(option), Reason::EncodingOptionError);
    let encrypts_only = demo.active(Vec::new());
    assert_eq!(get(wish(&encrypts_only)), Reason::PermissionDenied);
    let secret =
        demo.register(ObjectType::SecretData, vec![mask(Mask::WrapKey)], keys::secret(b"s"));
    assert_eq!(get(wish(&secret)), Reason::IllegalOperation);
    demo.revoke(&good, RevocationReasonCode::Superseded);
    assert_eq!(get(wish(&good)), Reason::PermissionDenied);
    let signs = vec![
        uid(&key),
        structure(
            Tag::KeyWrappingSpecification,
            vec![enumeration(Tag::WrappingMethod, WrappingMethod::MACSign.0)],
        ),
    ];
    assert_eq!(demo.fails(Operation::Get, signs), Reason::FeatureNotSupported);
    let nothing = vec![
        uid(&key),
        structure(
            Tag::KeyWrappingSpecification,
            vec![enumeration(Tag::WrappingMethod, WrappingMethod::Encrypt.0)],
        ),
    ];
    assert_eq!(demo.fails(Operation::Get, nothing), Reason::InvalidMessage);
}

/// Wrapping protects as encrypting does: it draws on the wrapping key's limits.
/// Named parameters that a key wrapping has no use for are not passed over.
#[test]
fn wrapping_parameters_say_nothing_besides() {
    let world = World::new();
    let demo = world.demo();
    let (kek, key) = (kek(&demo, &[]), demo.active(Vec::new()));
    let ask = |field: Option<Item>| {
        let mut how = vec![mode(Mode::NISTKeyWrap)];
        how.extend(field);
        let information =
            structure(Tag::EncryptionKeyInformation, vec![uid(&kek), parameters(how)]);
        let fields = vec![
            enumeration(Tag::WrappingMethod, WrappingMethod::Encrypt.0),
            information,
            enumeration(Tag::EncodingOption, EncodingOption::NoEncoding.0),
        ];
        let specification = structure(Tag::KeyWrappingSpecification, fields);
        demo.ask(Operation::Get, vec![uid(&key), specification])
    };
    ask(None).ok();
    ask(Some(enumeration(Tag::PaddingMethod, PaddingMethod::None.0))).ok();
    ask(Some(enumeration(Tag::CryptographicAlgorithm, CryptographicAlgorithm::AES.0))).ok();
    for field in [
        enumeration(Tag::PaddingMethod, PaddingMethod::PKCS5.0),
        enumeration(Tag::HashingAlgorithm, HashingAlgorithm::SHA_256.0),
        enumeration(Tag::KeyRoleType, KeyRoleType::KEK.0),
        enumeration(Tag::CryptographicAlgorithm, CryptographicAlgorithm::DES3.0),
        boolean(Tag::RandomIV, true),
        integer(Tag::IVLength, 64),
        integer(Tag::TagLength, 16),
        integer(Tag::SaltLength, 20),
    ] {
        assert_eq!(ask(Some(field.clone())).reason(), Reason::InvalidField, "{field:?}");
    }
}

/// A wrapping key that may be used so many times.
fn limited_kek(client: &Client<'_>, times: i64) -> String {
    let limits = vec![
        crate::support::tree::long(Tag::UsageLimitsTotal, times),
        enumeration(Tag::UsageLimitsUnit, 2),
    ];
    let attributes = vec![
        mask(Mask::WrapKey),
        on(Kind::ActivationDate, 0),
        of_kind(Kind::UsageLimits, Value::Structure(limits)),
    ];
    client.register(ObjectType::SymmetricKey, attributes, keys::aes_key())
}

#[test]
fn wrapping_draws_on_the_usage_limits_of_the_wrapping_key() {
    let world = World::new();
    let demo = world.demo();
    let key = demo.create(Vec::new());
    for encoding in [RAW, None, Some(EncodingOption::TTLVEncoding)] {
        let kek = limited_kek(&demo, 2);
        let ask = || demo.ask(Operation::Get, Wish { encoding, ..wish(&kek) }.of(&key)).reason;
        let used = [0; 3].map(|_| ask());
        assert_eq!(used, [None, None, Some(Reason::PermissionDenied)], "{encoding:?}");
    }
}

#[test]
fn what_cannot_be_wrapped_costs_nothing() {
    let world = World::new();
    let demo = world.demo();
    let kek = limited_kek(&demo, 1);
    let public = demo.register(ObjectType::PublicKey, vec![mask(Mask::Verify)], keys::rsa_public());
    for encoding in [RAW, None] {
        let asked = Wish { encoding, ..wish(&kek) };
        demo.fails(Operation::Get, asked.of(&public));
    }
    demo.ok(Operation::Get, wish(&kek).of(&demo.create(Vec::new())));
}

#[test]
fn secret_data_leave_wrapped_in_their_encoding() {
    let world = World::new();
    let demo = world.demo();
    let kek = kek(&demo, &[]);
    let attributes = vec![mask(Mask::Verify), custom("x-with", "me")];
    let secret = demo.register(ObjectType::SecretData, attributes, keys::secret(b"password"));
    let asked = Wish { encoding: None, attributes: &["x-with"], ..wish(&kek) };
    let answer = demo.ok(Operation::Get, asked.of(&secret));
    let object = answer.get(Tag::SecretData);
    let plain = demo.ok(Operation::Get, vec![uid(&secret)]);
    let plain = plain.get(Tag::SecretData);
    assert_eq!(object.get(Tag::SecretDataType), plain.get(Tag::SecretDataType));
    let block = object.get(Tag::KeyBlock);
    let inside = unwrap(&block.bytes(Tag::KeyValue), WrapAlgorithm::AesKeyWrap);
    let expected = vec![
        plain.at(&[Tag::KeyBlock, Tag::KeyValue, Tag::KeyMaterial]).clone(),
        attribute_at("x-with", 0, Value::TextString("me".to_owned())),
    ];
    assert_eq!(inside, structure(Tag::KeyValue, expected).to_bytes());
    let bare = demo.fails(Operation::Get, wish(&kek).of(&secret));
    assert_eq!(bare, Reason::EncodingOptionError, "no token has it");
}
