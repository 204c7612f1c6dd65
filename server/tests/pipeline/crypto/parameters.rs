//! Every field of Cryptographic Parameters with every operation that takes them: it has an effect
//! (`effects`), or it is refused.

use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::ttlv::{Item, Value};
use kmip_core::types::{
    BlockCipherMode as Mode, CryptographicAlgorithm as Algorithm, DigitalSignatureAlgorithm as Dsa,
    HashingAlgorithm as Hash, KeyFormatType as Format, KeyRoleType, ObjectType, Operation,
    PaddingMethod as Padding, ResultReason as Reason, State, Tag,
};

use super::{hash, rsa_pair, usable};
use crate::support::ask::{
    CRYPT, attribute_at, data, import, iv, mask, mode, of_kind, on, padding, parameters, uid,
};
use crate::support::keys::{self, hex};
use crate::support::tree::{Read, boolean, bytes, enumeration, integer};
use crate::support::{Client, World, vectors};

use Tag as T;

/// Every field, in the order in which they travel, with a value that none of the bases below has.
pub(super) fn fields() -> [Item; 18] {
    [
        mode(Mode::OFB),
        padding(Padding::ANSIX9_23),
        hash(Hash::SHA_224),
        enumeration(T::KeyRoleType, KeyRoleType::DEK.0),
        enumeration(T::DigitalSignatureAlgorithm, Dsa::DSAWithSHA256.0),
        enumeration(T::CryptographicAlgorithm, Algorithm::Blowfish.0),
        boolean(T::RandomIV, true),
        integer(T::IVLength, 56),
        integer(T::TagLength, 12),
        integer(T::FixedFieldLength, 32),
        integer(T::InvocationFieldLength, 64),
        integer(T::CounterLength, 40),
        integer(T::InitialCounterValue, 7),
        integer(T::SaltLength, 20),
        enumeration(T::MaskGenerator, 1),
        enumeration(T::MaskGeneratorHashingAlgorithm, Hash::SHA_512.0),
        bytes(T::PSource, b"label"),
        integer(T::TrailerField, 1),
    ]
}

/// `base` with `field` in its place, instead of the one there.
pub(super) fn with(base: &[Item], field: &Item) -> Vec<Item> {
    let place = |tag: Tag| fields().iter().position(|known| known.tag == tag);
    let mut all: Vec<Item> = base.iter().filter(|had| had.tag != field.tag).cloned().collect();
    all.push(field.clone());
    all.sort_by_key(|field| place(field.tag));
    all
}

/// A way to use a key, and the fields it has a use for.
struct Base {
    name: &'static str,
    /// Operation, key and what stands beside the parameters.
    asks: Vec<(Operation, Vec<Item>, Vec<Item>)>,
    parameters: Vec<Item>,
    taken: &'static [Tag],
}

fn ciphers(client: &Client<'_>) -> Vec<Base> {
    let aes = |length| {
        let key = keys::raw(Algorithm::AES, &[length; 32]);
        client.register(ObjectType::SymmetricKey, usable(), key)
    };
    let key = aes(1);
    let sealed = |mode_: Mode, iv_bytes: usize, taken: &'static [Tag], tag: bool| {
        let given = || (iv_bytes > 0).then(|| iv(&vec![3; iv_bytes]));
        let text = [vec![data(&[5; 32])], given().into_iter().collect()].concat();
        let how = parameters(vec![mode(mode_)]);
        let made = client.encrypt(&key, [vec![how], text.clone()].concat());
        let mut back = vec![data(&made.bytes(T::Data))];
        back.extend(given());
        back.extend(tag.then(|| made.get(T::AuthenticatedEncryptionTag).clone()));
        let asks = vec![
            (Operation::Encrypt, vec![uid(&key)], text),
            (Operation::Decrypt, vec![uid(&key)], back),
        ];
        Base { name: mode_.name().unwrap(), asks, parameters: vec![mode(mode_)], taken }
    };
    let with_iv = &[T::BlockCipherMode, T::PaddingMethod, T::RandomIV, T::IVLength];
    vec![
        sealed(Mode::ECB, 0, &[T::BlockCipherMode, T::PaddingMethod], false),
        sealed(Mode::CBC, 16, with_iv, false),
        sealed(Mode::CFB, 16, with_iv, false),
        sealed(
            Mode::CTR,
            16,
            &[
                T::BlockCipherMode,
                T::PaddingMethod,
                T::RandomIV,
                T::IVLength,
                T::FixedFieldLength,
                T::InvocationFieldLength,
                T::CounterLength,
                T::InitialCounterValue,
            ],
            false,
        ),
        sealed(
            Mode::GCM,
            12,
            &[
                T::BlockCipherMode,
                T::RandomIV,
                T::IVLength,
                T::TagLength,
                T::FixedFieldLength,
                T::InvocationFieldLength,
            ],
            true,
        ),
        sealed(
            Mode::CCM,
            12,
            &[
                T::BlockCipherMode,
                T::RandomIV,
                T::IVLength,
                T::TagLength,
                T::FixedFieldLength,
                T::InvocationFieldLength,
            ],
            true,
        ),
        sealed(Mode::NISTKeyWrap, 0, &[T::BlockCipherMode], false),
        sealed(Mode::AESKeyWrapPadding, 0, &[T::BlockCipherMode], false),
    ]
}

fn rsa_ciphers(private: &str, public: &str) -> Vec<Base> {
    let base = |name, padding_, text: &str, taken| Base {
        name,
        asks: vec![
            (Operation::Encrypt, vec![uid(public)], vec![data(b"m")]),
            (Operation::Decrypt, vec![uid(private)], vec![data(&hex(text))]),
        ],
        parameters: vec![padding(padding_)],
        taken,
    };
    let oaep: &[Tag] = &[
        T::PaddingMethod,
        T::HashingAlgorithm,
        T::MaskGenerator,
        T::MaskGeneratorHashingAlgorithm,
        T::PSource,
    ];
    vec![
        base("OAEP", Padding::OAEP, vectors::RSA_OAEP_SHA1, oaep),
        base(
            "PKCS1 v1.5 encryption",
            Padding::PKCS1V1_5,
            vectors::RSA_ENCRYPTED_PKCS1,
            &[T::PaddingMethod],
        ),
    ]
}

fn signatures(client: &Client<'_>, private: &str, public: &str) -> Vec<Base> {
    let base = |name, (private, public): (&str, &str), how: Vec<Item>, taken| {
        let sign = vec![uid(private), parameters(how.clone()), data(b"abc")];
        let signature = client.ok(Operation::Sign, sign).bytes(T::SignatureData);
        let signature = bytes(T::SignatureData, &signature);
        let asks = vec![
            (Operation::Sign, vec![uid(private)], vec![data(b"abc")]),
            (Operation::SignatureVerify, vec![uid(public)], vec![data(b"abc"), signature]),
        ];
        Base { name, asks, parameters: how, taken }
    };
    let key = |object_type, format, der: &str| {
        client.register(object_type, usable(), keys::key(object_type, format, &hex(der)))
    };
    let p256 = (
        key(ObjectType::PrivateKey, Format::PKCS_8, vectors::P256_PKCS8),
        key(ObjectType::PublicKey, Format::X_509, vectors::P256_SPKI),
    );
    let rsa = |padding_| vec![padding(padding_), hash(Hash::SHA_256)];
    let named: &[Tag] = &[T::PaddingMethod, T::HashingAlgorithm, T::DigitalSignatureAlgorithm];
    let pss: &[Tag] = &[
        T::PaddingMethod,
        T::HashingAlgorithm,
        T::DigitalSignatureAlgorithm,
        T::SaltLength,
        T::MaskGenerator,
        T::MaskGeneratorHashingAlgorithm,
        T::TrailerField,
    ];
    vec![
        base("PKCS1 v1.5 signature", (private, public), rsa(Padding::PKCS1V1_5), named),
        base("PSS", (private, public), rsa(Padding::PSS), pss),
        base(
            "ECDSA",
            (&p256.0, &p256.1),
            vec![hash(Hash::SHA_256)],
            // Another padding contradicts the key, and another hash is another signature.
            &[T::HashingAlgorithm, T::DigitalSignatureAlgorithm],
        ),
    ]
}

fn macs(client: &Client<'_>) -> Vec<Base> {
    let base = |name, key: Item, how: Vec<Item>, taken| {
        let key = client.register(ObjectType::SymmetricKey, usable(), key);
        let asked = vec![uid(&key), parameters(how.clone()), data(b"abc")];
        let mac = bytes(T::MACData, &client.ok(Operation::MAC, asked).bytes(T::MACData));
        let asks = vec![
            (Operation::MAC, vec![uid(&key)], vec![data(b"abc")]),
            (Operation::MACVerify, vec![uid(&key)], vec![data(b"abc"), mac]),
        ];
        Base { name, asks, parameters: how, taken }
    };
    let hmac = keys::raw(Algorithm::HMAC_SHA256, &[1; 32]);
    vec![
        base("HMAC", hmac, vec![hash(Hash::SHA_256)], &[T::HashingAlgorithm]),
        base("CMAC", keys::aes_key(), vec![mode(Mode::CMAC)], &[T::BlockCipherMode]),
    ]
}

fn hashes() -> Base {
    let asks = vec![(Operation::Hash, Vec::new(), vec![data(b"abc")])];
    let how = vec![hash(Hash::SHA_256)];
    Base { name: "Hash", asks, parameters: how, taken: &[T::HashingAlgorithm] }
}

#[test]
fn field_without_a_use_is_refused_and_never_passed_over() {
    let world = World::new();
    let demo = world.demo();
    let (private, public) = rsa_pair(&demo);
    let mut bases = ciphers(&demo);
    bases.extend(rsa_ciphers(&private, &public));
    bases.extend(signatures(&demo, &private, &public));
    bases.extend(macs(&demo));
    bases.push(hashes());
    let mut refused = 0;
    for base in &bases {
        for (operation, key, rest) in &base.asks {
            let ask = |how: Vec<Item>| {
                let asked = [key.clone(), vec![parameters(how)], rest.clone()].concat();
                demo.ask(*operation, asked)
            };
            ask(base.parameters.clone()).ok();
            for field in fields().iter().filter(|field| !base.taken.contains(&field.tag)) {
                let outcome = ask(with(&base.parameters, field));
                let told = (base.name, *operation, field.tag);
                // Names of what the key cannot do at all come before what is wrong with the rest.
                let unsupported = matches!(field.tag, T::DigitalSignatureAlgorithm)
                    || (field.tag == T::PaddingMethod && base.name == "ECDSA");
                match outcome.reason() {
                    Reason::InvalidField => {}
                    Reason::OperationNotSupported if unsupported => {}
                    other => panic!("{told:?}: {other:?}"),
                }
                refused += 1;
            }
        }
    }
    assert!(refused > 300, "{refused}");
}

/// What a key is for, and what it is: parameters that say otherwise are another key's.
#[test]
fn role_and_algorithm_must_be_the_keys_own() {
    let world = World::new();
    let demo = world.demo();
    let role = |role: KeyRoleType| enumeration(T::KeyRoleType, role.0);
    let own = parameters(vec![mode(Mode::ECB), role(KeyRoleType::DEK)]);
    let attributes =
        [usable(), vec![of_kind(Kind::CryptographicParameters, own.value.clone())]].concat();
    let key = demo.register(ObjectType::SymmetricKey, attributes, keys::aes_key());
    let expected = demo.encrypt(&key, vec![data(&[5; 16])]);
    let aes = enumeration(T::CryptographicAlgorithm, Algorithm::AES.0);
    for how in [
        vec![mode(Mode::ECB)],
        vec![mode(Mode::ECB), role(KeyRoleType::DEK)],
        vec![mode(Mode::ECB), role(KeyRoleType::DEK), aes],
    ] {
        assert_eq!(demo.encrypt(&key, vec![parameters(how), data(&[5; 16])]), expected);
    }
    for operation in [Operation::Encrypt, Operation::Decrypt] {
        let how = parameters(vec![mode(Mode::ECB), role(KeyRoleType::KEK)]);
        let asked = vec![uid(&key), how, data(&[5; 16])];
        assert_eq!(demo.fails(operation, asked), Reason::InvalidField);
    }
    let how = parameters(vec![mode(Mode::CMAC), role(KeyRoleType::KEK)]);
    let asked = vec![uid(&key), how, data(&[5; 16])];
    assert_eq!(demo.fails(Operation::MAC, asked), Reason::InvalidField);
}

/// "The Cryptographic Parameters with the lowest Attribute Index", in whatever order they came.
#[test]
fn key_goes_by_its_own_parameters_of_the_lowest_index() {
    let world = World::new();
    let demo = world.demo();
    let own = |index, of| {
        attribute_at(Kind::CryptographicParameters.name(), index, parameters(vec![mode(of)]).value)
    };
    let attributes = vec![
        mask(CRYPT),
        on(Kind::ActivationDate, 0),
        of_kind(Kind::State, Value::Enumeration(State::Active.0)),
        own(2, Mode::CBC),
        own(1, Mode::ECB),
        own(5, Mode::CTR),
    ];
    demo.ok(Operation::Import, import("k", false, attributes, keys::aes_key()));
    let by_default = demo.encrypt("k", vec![data(&[7; 16])]);
    let by_name = demo.encrypt("k", vec![parameters(vec![mode(Mode::ECB)]), data(&[7; 16])]);
    assert_eq!(by_default, by_name);
}
