//! Objects to register, and calls to the token behind the server's back.

use std::time::{Duration, Instant};

use hsm_backend::CallContext;
use kmip_core::ttlv::Item;
use kmip_core::types::{
    CertificateType, CryptographicAlgorithm, KeyFormatType as Format, ObjectType, SecretDataType,
    Tag,
};

use super::tree::{bytes, enumeration, integer, structure, unsigned};
use super::vectors;

/// Circumstances of a call that the server has no part in.
pub(crate) fn call() -> CallContext {
    let deadline = Instant::now() + Duration::from_secs(60);
    CallContext { deadline, scope: "test".to_owned(), request_id: 0 }
}

pub(crate) fn hex(text: &str) -> Vec<u8> {
    hex::decode(text.replace(' ', "")).expect("hex digits")
}

/// The AES-256 key of the known answers.
pub(crate) const AES_KEY: &str = "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4";

/// A key block around some material.
pub(crate) fn block(
    format: Format,
    material: Item,
    algorithm: Option<CryptographicAlgorithm>,
    bits: Option<i32>,
) -> Item {
    let mut fields =
        vec![enumeration(Tag::KeyFormatType, format.0), structure(Tag::KeyValue, vec![material])];
    fields.extend(algorithm.map(|a| enumeration(Tag::CryptographicAlgorithm, a.0)));
    fields.extend(bits.map(|bits| integer(Tag::CryptographicLength, bits)));
    structure(Tag::KeyBlock, fields)
}

/// The tag under which keys of a type stand.
pub(crate) fn tag_of(object_type: ObjectType) -> Tag {
    match object_type {
        ObjectType::Certificate => Tag::Certificate,
        ObjectType::SymmetricKey => Tag::SymmetricKey,
        ObjectType::PublicKey => Tag::PublicKey,
        ObjectType::PrivateKey => Tag::PrivateKey,
        ObjectType::SplitKey => Tag::SplitKey,
        ObjectType::SecretData => Tag::SecretData,
        ObjectType::OpaqueObject => Tag::OpaqueObject,
        ObjectType::PGPKey => Tag::PGPKey,
        other => panic!("no tag for {other:?}"),
    }
}

/// A key of `object_type` whose material is bytes.
pub(crate) fn key(object_type: ObjectType, format: Format, material: &[u8]) -> Item {
    let block = block(format, bytes(Tag::KeyMaterial, material), None, None);
    structure(tag_of(object_type), vec![block])
}

/// A key of `object_type` whose material is a structure.
pub(crate) fn transparent(object_type: ObjectType, format: Format, fields: Vec<Item>) -> Item {
    let block = block(format, structure(Tag::KeyMaterial, fields), None, None);
    structure(tag_of(object_type), vec![block])
}

/// A symmetric key in Raw format, with algorithm and length.
pub(crate) fn raw(algorithm: CryptographicAlgorithm, value: &[u8]) -> Item {
    let bits = i32::try_from(value.len() * 8).unwrap();
    let material = bytes(Tag::KeyMaterial, value);
    let block = block(Format::Raw, material, Some(algorithm), Some(bits));
    structure(Tag::SymmetricKey, vec![block])
}

pub(crate) fn aes_key() -> Item {
    raw(CryptographicAlgorithm::AES, &hex(AES_KEY))
}

pub(crate) fn rsa_private() -> Item {
    key(ObjectType::PrivateKey, Format::PKCS_1, &hex(vectors::RSA_PKCS1))
}

pub(crate) fn rsa_public() -> Item {
    key(ObjectType::PublicKey, Format::PKCS_1, &hex(vectors::RSA_PUBLIC_PKCS1))
}

/// The RSA key in PKCS#8.
pub(crate) fn rsa_pkcs8() -> Vec<u8> {
    hex(&[vectors::RSA_PKCS8_HEAD, vectors::RSA_PKCS1].concat())
}

/// The public half in X.509.
pub(crate) fn rsa_spki() -> Vec<u8> {
    hex(&[vectors::RSA_SPKI_HEAD, vectors::RSA_PUBLIC_PKCS1].concat())
}

/// n, e, d, p, q, dp, dq and q^-1 of the RSA key.
pub(crate) fn rsa_numbers() -> Vec<Vec<u8>> {
    let der = hex(vectors::RSA_PKCS1);
    let mut rest = &der[4..];
    let mut numbers = Vec::new();
    while !rest.is_empty() {
        assert_eq!(rest[0], 2, "an INTEGER");
        let (head, length) = match rest[1] {
            0x82 => (4, usize::from(rest[2]) << 8 | usize::from(rest[3])),
            0x81 => (3, usize::from(rest[2])),
            short => (2, usize::from(short)),
        };
        let digits = &rest[head..head + length];
        numbers.push(digits.iter().copied().skip_while(|digit| *digit == 0).collect());
        rest = &rest[head + length..];
    }
    // The first is the version.
    numbers.split_off(1)
}

/// The RSA key as numbers.
pub(crate) fn rsa_transparent() -> Item {
    const TAGS: [Tag; 8] = [
        Tag::Modulus,
        Tag::PublicExponent,
        Tag::PrivateExponent,
        Tag::P,
        Tag::Q,
        Tag::PrimeExponentP,
        Tag::PrimeExponentQ,
        Tag::CRTCoefficient,
    ];
    let numbers = rsa_numbers();
    let mut fields: Vec<Item> =
        TAGS.iter().zip(&numbers).map(|(tag, number)| unsigned(*tag, number)).collect();
    fields.swap(1, 2);
    transparent(ObjectType::PrivateKey, Format::TransparentRSAPrivateKey, fields)
}

/// The scalar of a private key in SEC 1.
pub(crate) fn ec_scalar(sec1: &str) -> Vec<u8> {
    let der = hex(sec1);
    let start = der.windows(4).position(|window| window[..3] == [2, 1, 1] && window[3] == 4);
    let at = start.unwrap() + 4;
    der[at + 1..=at + usize::from(der[at])].to_vec()
}

/// The point of a public key in X.509.
pub(crate) fn ec_point(spki: &str, bytes: usize) -> Vec<u8> {
    let der = hex(spki);
    der[der.len() - 2 * bytes - 1..].to_vec()
}

pub(crate) fn secret(value: &[u8]) -> Item {
    let block = block(Format::Opaque, bytes(Tag::KeyMaterial, value), None, None);
    let kind = enumeration(Tag::SecretDataType, SecretDataType::Password.0);
    structure(Tag::SecretData, vec![kind, block])
}

pub(crate) fn opaque(value: &[u8]) -> Item {
    let kind = enumeration(Tag::OpaqueDataType, 0x8000_0001);
    structure(Tag::OpaqueObject, vec![kind, bytes(Tag::OpaqueDataValue, value)])
}

/// A PGP key; the server does not look into its text.
pub(crate) fn pgp(version: i32) -> Item {
    let armour =
        b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n=njUN\n-----END PGP PUBLIC KEY BLOCK-----";
    let block = block(Format::Raw, bytes(Tag::KeyMaterial, armour), None, None);
    structure(Tag::PGPKey, vec![integer(Tag::PGPKeyVersion, version), block])
}

pub(crate) fn certificate() -> Item {
    let kind = enumeration(Tag::CertificateType, CertificateType::X_509.0);
    let value = bytes(Tag::CertificateValue, &hex(vectors::CERTIFICATE));
    structure(Tag::Certificate, vec![kind, value])
}
