//! Every type and key format: Register, and Get back.

use hsm_backend::{HashAlgorithm, software};
use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::ttlv::{Item, Value};
use kmip_core::types::{
    BlockCipherMode, CryptographicAlgorithm as Algorithm, CryptographicUsageMask as Mask,
    KeyFormatType as Format, ObjectType, Operation, RecommendedCurve, ResultReason as Reason, Tag,
    WrappingMethod,
};

use crate::support::ask::{
    algorithm, create_pair, data, length, mask, mode, on, parameters, register, uid,
};
use crate::support::keys::{self, hex, key, tag_of, transparent};
use crate::support::tree::{Read, bytes, enumeration, integer, structure, unsigned};
use crate::support::{Client, World, vectors};

fn any_use() -> Vec<Item> {
    vec![mask(Mask(0x1FF))]
}

fn ec_private(format: Format, curve: RecommendedCurve, d: &[u8]) -> Item {
    let fields = vec![enumeration(Tag::RecommendedCurve, curve.0), unsigned(Tag::D, d)];
    transparent(ObjectType::PrivateKey, format, fields)
}

fn ec_public(format: Format, curve: RecommendedCurve, point: &[u8]) -> Item {
    let fields = vec![enumeration(Tag::RecommendedCurve, curve.0), bytes(Tag::QString, point)];
    transparent(ObjectType::PublicKey, format, fields)
}

/// Something of every type, in every format that is taken.
fn everything() -> Vec<(ObjectType, Vec<Item>, Item)> {
    let private = |format, material: &[u8]| {
        (ObjectType::PrivateKey, any_use(), key(ObjectType::PrivateKey, format, material))
    };
    let public = |format, material: &[u8]| {
        (ObjectType::PublicKey, any_use(), key(ObjectType::PublicKey, format, material))
    };
    let numbers = keys::rsa_numbers();
    let rsa_public =
        vec![unsigned(Tag::Modulus, &numbers[0]), unsigned(Tag::PublicExponent, &numbers[1])];
    let aes = [any_use(), vec![algorithm(Algorithm::AES), length(256)]].concat();
    let symmetric = vec![bytes(Tag::Key, &hex(keys::AES_KEY))];
    let symmetric =
        transparent(ObjectType::SymmetricKey, Format::TransparentSymmetricKey, symmetric);
    let rsa_public =
        transparent(ObjectType::PublicKey, Format::TransparentRSAPublicKey, rsa_public);
    let mut all = vec![
        (ObjectType::SymmetricKey, any_use(), keys::aes_key()),
        (ObjectType::SymmetricKey, aes, symmetric),
        (ObjectType::SymmetricKey, any_use(), keys::raw(Algorithm::DES3, &[1; 24])),
        (ObjectType::SymmetricKey, any_use(), keys::raw(Algorithm::HMAC_SHA1, &[3; 20])),
        private(Format::PKCS_1, &hex(vectors::RSA_PKCS1)),
        private(Format::PKCS_8, &keys::rsa_pkcs8()),
        (ObjectType::PrivateKey, any_use(), keys::rsa_transparent()),
        public(Format::PKCS_1, &hex(vectors::RSA_PUBLIC_PKCS1)),
        public(Format::X_509, &keys::rsa_spki()),
        (ObjectType::PublicKey, any_use(), rsa_public),
        (ObjectType::Certificate, Vec::new(), keys::certificate()),
        (ObjectType::SecretData, any_use(), keys::secret(b"pass word")),
        (ObjectType::OpaqueObject, Vec::new(), keys::opaque(b"\x00\x01\x02")),
        (ObjectType::PGPKey, any_use(), keys::pgp(4)),
        private(Format::PKCS_8, &hex(vectors::ENCRYPTED_PKCS8)),
    ];
    for (curve, size, sec1, pkcs8, spki) in [
        (RecommendedCurve::P_256, 32, vectors::P256_SEC1, vectors::P256_PKCS8, vectors::P256_SPKI),
        (RecommendedCurve::P_384, 48, vectors::P384_SEC1, vectors::P384_PKCS8, vectors::P384_SPKI),
        (RecommendedCurve::P_521, 66, vectors::P521_SEC1, vectors::P521_PKCS8, vectors::P521_SPKI),
    ] {
        let (d, q) = (keys::ec_scalar(sec1), keys::ec_point(spki, size));
        all.push(private(Format::ECPrivateKey, &hex(sec1)));
        all.push(private(Format::PKCS_8, &hex(pkcs8)));
        all.push(public(Format::X_509, &hex(spki)));
        for format in [Format::TransparentECPrivateKey, Format::TransparentECDSAPrivateKey] {
            all.push((ObjectType::PrivateKey, any_use(), ec_private(format, curve, &d)));
        }
        for format in [Format::TransparentECPublicKey, Format::TransparentECDSAPublicKey] {
            all.push((ObjectType::PublicKey, any_use(), ec_public(format, curve, &q)));
        }
    }
    all
}

#[track_caller]
fn get(client: &Client<'_>, id: &str, tag: Tag) -> Item {
    client.ok(Operation::Get, vec![uid(id)]).get(tag).clone()
}

#[test]
fn everything_comes_back_as_it_was_registered() {
    let world = World::new();
    let demo = world.demo();
    for (object_type, attributes, object) in everything() {
        let id = demo.register(object_type, attributes, object.clone());
        let back = get(&demo, &id, tag_of(object_type));
        assert_eq!(back.to_bytes(), object.to_bytes(), "{object:?}");
        let kind = demo.value(&id, Kind::ObjectType);
        assert_eq!(kind, Value::Enumeration(object_type.0));
    }
}

/// The bytes that the Digest of an object is made over.
fn digested(object: &Item) -> Vec<u8> {
    let direct = [Tag::CertificateValue, Tag::OpaqueDataValue];
    if let Some(value) = object.value.children().iter().find(|child| direct.contains(&child.tag)) {
        return value.as_bytes();
    }
    let material = object.at(&[Tag::KeyBlock, Tag::KeyValue, Tag::KeyMaterial]);
    match &material.value {
        Value::Structure(_) => material.to_bytes(),
        _ => material.as_bytes(),
    }
}

#[test]
fn digest_is_made_over_the_value_as_registered() {
    let world = World::new();
    let demo = world.demo();
    for (object_type, attributes, object) in everything() {
        let id = demo.register(object_type, attributes, object.clone());
        let expected = software::digest(HashAlgorithm::Sha256, &digested(&object)).unwrap();
        let digest = structure(Tag::Digest, demo.value(&id, Kind::Digest).children().to_vec());
        assert_eq!(digest.bytes(Tag::DigestValue), expected, "{object:?}");
    }
    let created = demo.create(Vec::new());
    let value = digested(&get(&demo, &created, Tag::SymmetricKey));
    let expected = software::digest(HashAlgorithm::Sha256, &value).unwrap();
    let digest = structure(Tag::Digest, demo.value(&created, Kind::Digest).children().to_vec());
    assert_eq!(digest.bytes(Tag::DigestValue), expected);
}

/// The material that Get gives in `format`.
#[track_caller]
fn material(client: &Client<'_>, id: &str, tag: Tag, format: Format) -> Item {
    let asked = vec![uid(id), enumeration(Tag::KeyFormatType, format.0)];
    let answer = client.ok(Operation::Get, asked);
    let block = answer.at(&[tag, Tag::KeyBlock]);
    assert_eq!(block.get(Tag::KeyFormatType).as_number(), format.0);
    block.at(&[Tag::KeyValue, Tag::KeyMaterial]).clone()
}

#[test]
fn public_keys_are_given_in_every_format() {
    let world = World::new();
    let demo = world.demo();
    let numbers = keys::rsa_numbers();
    let (pkcs1, spki) = (hex(vectors::RSA_PUBLIC_PKCS1), keys::rsa_spki());
    for (format, value) in [(Format::PKCS_1, &pkcs1), (Format::X_509, &spki)] {
        let object = key(ObjectType::PublicKey, format, value);
        let id = demo.register(ObjectType::PublicKey, any_use(), object);
        let given = |format| material(&demo, &id, Tag::PublicKey, format);
        assert_eq!(given(Format::PKCS_1).as_bytes(), pkcs1);
        assert_eq!(given(Format::X_509).as_bytes(), spki);
        let transparent = given(Format::TransparentRSAPublicKey);
        assert_eq!(*transparent.get(Tag::Modulus), unsigned(Tag::Modulus, &numbers[0]));
        let exponent = unsigned(Tag::PublicExponent, &numbers[1]);
        assert_eq!(*transparent.get(Tag::PublicExponent), exponent);
        let alien = vec![uid(&id), enumeration(Tag::KeyFormatType, Format::Raw.0)];
        assert_eq!(demo.fails(Operation::Get, alien), Reason::KeyFormatTypeNotSupported);
    }
    let point = keys::ec_point(vectors::P384_SPKI, 48);
    let object = ec_public(Format::TransparentECPublicKey, RecommendedCurve::P_384, &point);
    let id = demo.register(ObjectType::PublicKey, any_use(), object);
    let given = |format| material(&demo, &id, Tag::PublicKey, format);
    assert_eq!(given(Format::X_509).as_bytes(), hex(vectors::P384_SPKI));
    let old = given(Format::TransparentECDSAPublicKey);
    assert_eq!(old.bytes(Tag::QString), point);
}

#[test]
fn private_keys_are_given_in_every_format() {
    let world = World::new();
    let demo = world.demo();
    let pkcs1 = hex(vectors::RSA_PKCS1);
    let id = demo.register(ObjectType::PrivateKey, any_use(), keys::rsa_transparent());
    let given = |format| material(&demo, &id, Tag::PrivateKey, format);
    assert_eq!(given(Format::PKCS_1).as_bytes(), pkcs1);
    assert_eq!(given(Format::PKCS_8).as_bytes(), keys::rsa_pkcs8());
    let object = keys::rsa_private();
    let id = demo.register(ObjectType::PrivateKey, any_use(), object);
    let numbers = material(&demo, &id, Tag::PrivateKey, Format::TransparentRSAPrivateKey);
    let d = unsigned(Tag::PrivateExponent, &keys::rsa_numbers()[2]);
    assert_eq!(*numbers.get(Tag::PrivateExponent), d);
    for tag in [Tag::Modulus, Tag::PublicExponent, Tag::P, Tag::Q, Tag::CRTCoefficient] {
        assert!(numbers.has(tag), "{tag:?}");
    }
    let object = key(ObjectType::PrivateKey, Format::PKCS_8, &hex(vectors::P256_PKCS8));
    let id = demo.register(ObjectType::PrivateKey, any_use(), object);
    let given = |format| material(&demo, &id, Tag::PrivateKey, format);
    let scalar = keys::ec_scalar(vectors::P256_SEC1);
    let sec1 = given(Format::ECPrivateKey).as_bytes();
    assert!(sec1.windows(scalar.len()).any(|window| window == scalar));
    let transparent = given(Format::TransparentECPrivateKey);
    assert_eq!(*transparent.get(Tag::D), unsigned(Tag::D, &scalar));
    let alien = vec![uid(&id), enumeration(Tag::KeyFormatType, Format::PKCS_1.0)];
    assert_eq!(demo.fails(Operation::Get, alien), Reason::KeyFormatTypeNotSupported);
}

/// Clients that say PKCS#8 or X.509 of PKCS#1 get back what they sent, and the real thing by name.
#[test]
fn rsa_keys_are_known_under_a_wrong_name() {
    let world = World::new();
    let demo = world.demo();
    let private = (ObjectType::PrivateKey, Format::PKCS_8, vectors::RSA_PKCS1, keys::rsa_pkcs8());
    let public =
        (ObjectType::PublicKey, Format::X_509, vectors::RSA_PUBLIC_PKCS1, keys::rsa_spki());
    for (object_type, said, pkcs1, real) in [private, public] {
        let (pkcs1, tag) = (hex(pkcs1), tag_of(object_type));
        let object = key(object_type, said, &pkcs1);
        let id = demo.register(object_type, any_use(), object.clone());
        assert_eq!(get(&demo, &id, tag).to_bytes(), object.to_bytes());
        assert_eq!(material(&demo, &id, tag, said).as_bytes(), real);
        assert_eq!(material(&demo, &id, tag, Format::PKCS_1).as_bytes(), pkcs1);
        let length = demo.value(&id, Kind::CryptographicLength);
        assert_eq!(length, Value::Integer(2048));
        // The other way round there is nothing to take it for.
        let payload = register(object_type, any_use(), key(object_type, Format::PKCS_1, &real));
        let outcome = demo.ask(Operation::Register, payload);
        assert_eq!(outcome.reason, Some(Reason::InvalidField));
    }
}

#[test]
fn created_pairs_give_matching_halves() {
    let world = World::new();
    let demo = world.demo();
    let common = vec![algorithm(Algorithm::EC), length(256), on(Kind::ActivationDate, 0)];
    let made = demo.ok(Operation::CreateKeyPair, create_pair(common, Vec::new(), Vec::new()));
    let private = made.text(Tag::PrivateKeyUniqueIdentifier);
    let public = made.text(Tag::PublicKeyUniqueIdentifier);
    let hash = enumeration(Tag::HashingAlgorithm, kmip_core::types::HashingAlgorithm::SHA_256.0);
    let how = || parameters(vec![hash.clone()]);
    let signed = demo.ok(Operation::Sign, vec![uid(&private), how(), data(b"m")]);
    let signature = bytes(Tag::SignatureData, &signed.bytes(Tag::SignatureData));
    let verify = vec![uid(&public), how(), data(b"m"), signature];
    let answer = demo.ok(Operation::SignatureVerify, verify);
    assert_eq!(answer.get(Tag::ValidityIndicator).as_number(), 1);
    material(&demo, &private, Tag::PrivateKey, Format::ECPrivateKey);
    for (from, link, to) in [(&private, 0x102, &public), (&public, 0x103, &private)] {
        let fields = structure(Tag::Link, demo.value(from, Kind::Link).children().to_vec());
        assert_eq!(fields.get(Tag::LinkType).as_number(), link);
        assert_eq!(fields.text(Tag::LinkedObjectIdentifier), *to);
    }
}

/// A wrapped key under some key we do not have: kept and given back untouched, and of no use.
#[test]
fn wrapped_keys_and_metadata_without_a_value_are_kept() {
    let world = World::new();
    let demo = world.demo();
    let wrapping = structure(
        Tag::KeyWrappingData,
        vec![
            enumeration(Tag::WrappingMethod, WrappingMethod::Encrypt.0),
            structure(Tag::EncryptionKeyInformation, vec![uid("42")]),
        ],
    );
    let block = vec![
        enumeration(Tag::KeyFormatType, Format::Raw.0),
        bytes(Tag::KeyValue, &[9; 40]),
        enumeration(Tag::CryptographicAlgorithm, Algorithm::AES.0),
        integer(Tag::CryptographicLength, 256),
        wrapping,
    ];
    let wrapped = structure(Tag::SymmetricKey, vec![structure(Tag::KeyBlock, block)]);
    let active = [any_use(), vec![on(Kind::ActivationDate, 0)]].concat();
    let id = demo.register(ObjectType::SymmetricKey, active.clone(), wrapped.clone());
    assert_eq!(get(&demo, &id, Tag::SymmetricKey).to_bytes(), wrapped.to_bytes());
    let ecb = || parameters(vec![mode(BlockCipherMode::ECB)]);
    let use_ = |id: &str| demo.fails(Operation::Encrypt, vec![uid(id), ecb(), data(&[0; 16])]);
    assert_eq!(use_(&id), Reason::OperationNotSupported);

    let block = vec![
        enumeration(Tag::KeyFormatType, Format::Raw.0),
        enumeration(Tag::CryptographicAlgorithm, Algorithm::AES.0),
        integer(Tag::CryptographicLength, 256),
    ];
    let bare = structure(Tag::SymmetricKey, vec![structure(Tag::KeyBlock, block)]);
    let id = demo.register(ObjectType::SymmetricKey, active, bare);
    assert_eq!(demo.values(&id, "Key Value Present"), [Value::Boolean(false)]);
    assert_eq!(use_(&id), Reason::KeyValueNotPresent);
    // The conformance cases want the key block without its value.
    let got = get(&demo, &id, Tag::SymmetricKey);
    assert!(!got.at(&[Tag::KeyBlock]).has(Tag::KeyValue));
}

#[test]
fn register_refuses_keys_that_contradict_themselves() {
    let world = World::new();
    let demo = world.demo();
    let aes = || keys::raw(Algorithm::AES, &[1; 32]);
    let cut = hex(vectors::RSA_PKCS1)[..500].to_vec();
    let private = ObjectType::PrivateKey;
    let small = key(private, Format::PKCS_8, &[0x30, 0]);
    for (object_type, attributes, object) in [
        (ObjectType::SymmetricKey, vec![length(128)], aes()),
        (ObjectType::SymmetricKey, vec![algorithm(Algorithm::DES3)], aes()),
        (private, vec![length(1024)], keys::rsa_private()),
        (private, vec![algorithm(Algorithm::EC)], keys::rsa_private()),
        (private, Vec::new(), key(private, Format::PKCS_1, &cut)),
        (private, Vec::new(), small),
        (private, Vec::new(), key(private, Format::PKCS_1, &[])),
        (ObjectType::PublicKey, vec![length(4096)], keys::rsa_public()),
        (
            ObjectType::PublicKey,
            Vec::new(),
            ec_public(Format::TransparentECPublicKey, RecommendedCurve::P_256, &[4; 65]),
        ),
        (
            private,
            Vec::new(),
            ec_private(Format::TransparentECPrivateKey, RecommendedCurve::P_256, &[0]),
        ),
        (
            private,
            Vec::new(),
            ec_private(Format::TransparentECPrivateKey, RecommendedCurve::P_256, &[0xFF; 32]),
        ),
        (ObjectType::PublicKey, Vec::new(), key(ObjectType::PublicKey, Format::X_509, b"no DER")),
    ] {
        let attributes = [any_use(), attributes].concat();
        let payload = register(object_type, attributes, object.clone());
        let outcome = demo.ask(Operation::Register, payload);
        assert_eq!(outcome.reason, Some(Reason::InvalidField), "{object:?}");
    }
    assert_eq!(demo.locate(Vec::new()), [] as [String; 0]);
}
