//! Names of algorithms, KMIP's and ours, as tables.

use hsm_backend::{Curve, EdwardsCurve, HashAlgorithm};
use kmip_core::types::{
    CryptographicAlgorithm, DigitalSignatureAlgorithm, HashingAlgorithm, RecommendedCurve,
};

use super::BridgeError;

const HASHES: &[(HashingAlgorithm, HashAlgorithm)] = &[
    (HashingAlgorithm::SHA_1, HashAlgorithm::Sha1),
    (HashingAlgorithm::SHA_224, HashAlgorithm::Sha224),
    (HashingAlgorithm::SHA_256, HashAlgorithm::Sha256),
    (HashingAlgorithm::SHA_384, HashAlgorithm::Sha384),
    (HashingAlgorithm::SHA_512, HashAlgorithm::Sha512),
    (HashingAlgorithm::SHA_512_224, HashAlgorithm::Sha512T224),
    (HashingAlgorithm::SHA_512_256, HashAlgorithm::Sha512T256),
    (HashingAlgorithm::SHA_3_224, HashAlgorithm::Sha3T224),
    (HashingAlgorithm::SHA_3_256, HashAlgorithm::Sha3T256),
    (HashingAlgorithm::SHA_3_384, HashAlgorithm::Sha3T384),
    (HashingAlgorithm::SHA_3_512, HashAlgorithm::Sha3T512),
    (HashingAlgorithm::RIPEMD_160, HashAlgorithm::Ripemd160),
];

const HMACS: &[(CryptographicAlgorithm, HashAlgorithm)] = &[
    (CryptographicAlgorithm::HMAC_SHA1, HashAlgorithm::Sha1),
    (CryptographicAlgorithm::HMAC_SHA224, HashAlgorithm::Sha224),
    (CryptographicAlgorithm::HMAC_SHA256, HashAlgorithm::Sha256),
    (CryptographicAlgorithm::HMAC_SHA384, HashAlgorithm::Sha384),
    (CryptographicAlgorithm::HMAC_SHA512, HashAlgorithm::Sha512),
    (CryptographicAlgorithm::HMAC_SHA3_224, HashAlgorithm::Sha3T224),
    (CryptographicAlgorithm::HMAC_SHA3_256, HashAlgorithm::Sha3T256),
    (CryptographicAlgorithm::HMAC_SHA3_384, HashAlgorithm::Sha3T384),
    (CryptographicAlgorithm::HMAC_SHA3_512, HashAlgorithm::Sha3T512),
];

const CURVES: &[(RecommendedCurve, Curve, u32)] = &[
    (RecommendedCurve::P_256, Curve::P256, 256),
    (RecommendedCurve::P_384, Curve::P384, 384),
    (RecommendedCurve::P_521, Curve::P521, 521),
    // After P-256, which 256 bits mean where no curve is named.
    (RecommendedCurve::SECP256K1, Curve::Secp256k1, 256),
];

/// KMIP 2.0's names; there are no others, and numbers are never used again, so that clients of any
/// version may give them.
const EDWARDS: &[(CryptographicAlgorithm, RecommendedCurve, EdwardsCurve, u32)] = &[
    (CryptographicAlgorithm::Ed25519, RecommendedCurve::CURVE25519, EdwardsCurve::Ed25519, 256),
    (CryptographicAlgorithm::Ed448, RecommendedCurve::CURVE448, EdwardsCurve::Ed448, 456),
];

/// Kind of signature that a Digital Signature Algorithm names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum SignatureKind {
    RsaPkcs1,
    RsaPss,
    Ecdsa,
}

const SIGNATURES: &[(DigitalSignatureAlgorithm, SignatureKind, Option<HashAlgorithm>)] = &[
    (
        DigitalSignatureAlgorithm::SHA_1WithRSAEncryptionPKCS_1V1_5,
        SignatureKind::RsaPkcs1,
        Some(HashAlgorithm::Sha1),
    ),
    (
        DigitalSignatureAlgorithm::SHA_224WithRSAEncryptionPKCS_1V1_5,
        SignatureKind::RsaPkcs1,
        Some(HashAlgorithm::Sha224),
    ),
    (
        DigitalSignatureAlgorithm::SHA_256WithRSAEncryptionPKCS_1V1_5,
        SignatureKind::RsaPkcs1,
        Some(HashAlgorithm::Sha256),
    ),
    (
        DigitalSignatureAlgorithm::SHA_384WithRSAEncryptionPKCS_1V1_5,
        SignatureKind::RsaPkcs1,
        Some(HashAlgorithm::Sha384),
    ),
    (
        DigitalSignatureAlgorithm::SHA_512WithRSAEncryptionPKCS_1V1_5,
        SignatureKind::RsaPkcs1,
        Some(HashAlgorithm::Sha512),
    ),
    (
        DigitalSignatureAlgorithm::SHA3_256WithRSAEncryption,
        SignatureKind::RsaPkcs1,
        Some(HashAlgorithm::Sha3T256),
    ),
    (
        DigitalSignatureAlgorithm::SHA3_384WithRSAEncryption,
        SignatureKind::RsaPkcs1,
        Some(HashAlgorithm::Sha3T384),
    ),
    (
        DigitalSignatureAlgorithm::SHA3_512WithRSAEncryption,
        SignatureKind::RsaPkcs1,
        Some(HashAlgorithm::Sha3T512),
    ),
    (DigitalSignatureAlgorithm::RSASSA_PSSPKCS_1V2_1, SignatureKind::RsaPss, None),
    (DigitalSignatureAlgorithm::ECDSAWithSHA_1, SignatureKind::Ecdsa, Some(HashAlgorithm::Sha1)),
    (DigitalSignatureAlgorithm::ECDSAWithSHA224, SignatureKind::Ecdsa, Some(HashAlgorithm::Sha224)),
    (DigitalSignatureAlgorithm::ECDSAWithSHA256, SignatureKind::Ecdsa, Some(HashAlgorithm::Sha256)),
    (DigitalSignatureAlgorithm::ECDSAWithSHA384, SignatureKind::Ecdsa, Some(HashAlgorithm::Sha384)),
    (DigitalSignatureAlgorithm::ECDSAWithSHA512, SignatureKind::Ecdsa, Some(HashAlgorithm::Sha512)),
];

/// The hash of this name.
///
/// # Errors
///
/// `Unsupported`, `Invalid` for a number that names no hash.
pub fn hash(name: HashingAlgorithm) -> Result<HashAlgorithm, BridgeError> {
    match HASHES.iter().find(|(kmip, _)| *kmip == name) {
        Some((_, hash)) => Ok(*hash),
        None if name.name().is_none() => Err(BridgeError::Invalid("no such hashing algorithm")),
        None => Err(BridgeError::Unsupported("hashing algorithm not supported")),
    }
}

/// KMIP's name of a hash.
#[must_use]
pub fn hash_name(hash: HashAlgorithm) -> Option<HashingAlgorithm> {
    HASHES.iter().find(|(_, ours)| *ours == hash).map(|(kmip, _)| *kmip)
}

/// KMIP's name of the HMAC with a hash.
#[must_use]
pub fn hmac_name(hash: HashAlgorithm) -> Option<CryptographicAlgorithm> {
    HMACS.iter().find(|(_, ours)| *ours == hash).map(|(kmip, _)| *kmip)
}

/// The hash of an HMAC key's algorithm.
#[must_use]
pub fn hmac_hash(algorithm: CryptographicAlgorithm) -> Option<HashAlgorithm> {
    HMACS.iter().find(|(kmip, _)| *kmip == algorithm).map(|(_, hash)| *hash)
}

/// Whether KMIP has a name for the HMAC over `hash`.
#[must_use]
pub fn has_hmac_name(hash: HashAlgorithm) -> bool {
    HMACS.iter().any(|(_, named)| *named == hash)
}

/// Every HMAC algorithm of the table.
pub fn hmac_algorithms() -> impl Iterator<Item = CryptographicAlgorithm> {
    HMACS.iter().map(|(kmip, _)| *kmip)
}

/// The curve of this name.
///
/// # Errors
///
/// `Unsupported`.
pub fn curve(name: RecommendedCurve) -> Result<Curve, BridgeError> {
    CURVES
        .iter()
        .find(|(kmip, ..)| *kmip == name)
        .map(|(_, curve, _)| *curve)
        .ok_or(BridgeError::Unsupported("curve not supported"))
}

/// KMIP's name of a curve, and its length in bits.
#[must_use]
pub fn curve_name(curve: Curve) -> (RecommendedCurve, u32) {
    match curve {
        Curve::P256 => (RecommendedCurve::P_256, 256),
        Curve::P384 => (RecommendedCurve::P_384, 384),
        Curve::P521 => (RecommendedCurve::P_521, 521),
        Curve::Secp256k1 => (RecommendedCurve::SECP256K1, 256),
    }
}

/// The curve of this length in bits.
#[must_use]
pub fn curve_of_bits(bits: u32) -> Option<Curve> {
    CURVES.iter().find(|(_, _, length)| *length == bits).map(|(_, curve, _)| *curve)
}

/// The curve of an EdDSA key's algorithm.
#[must_use]
pub fn edwards(algorithm: CryptographicAlgorithm) -> Option<EdwardsCurve> {
    EDWARDS.iter().find(|(kmip, ..)| *kmip == algorithm).map(|(_, _, curve, _)| *curve)
}

/// KMIP's names of a curve of Edwards form and of the algorithm of its keys, and their length in
/// bits.
#[must_use]
pub const fn edwards_name(curve: EdwardsCurve) -> (CryptographicAlgorithm, RecommendedCurve, u32) {
    let (algorithm, name, _, bits) = match curve {
        EdwardsCurve::Ed25519 => EDWARDS[0],
        EdwardsCurve::Ed448 => EDWARDS[1],
    };
    (algorithm, name, bits)
}

/// What a Digital Signature Algorithm asks for.
///
/// # Errors
///
/// `Unsupported`.
pub fn signature(
    name: DigitalSignatureAlgorithm,
) -> Result<(SignatureKind, Option<HashAlgorithm>), BridgeError> {
    SIGNATURES
        .iter()
        .find(|(kmip, ..)| *kmip == name)
        .map(|(_, kind, hash)| (*kind, *hash))
        .ok_or(BridgeError::Unsupported("digital signature algorithm not supported"))
}

/// The Digital Signature Algorithm that names `kind` with `hash`, for certificates.
#[must_use]
pub fn signature_name(
    kind: SignatureKind,
    hash: HashAlgorithm,
) -> Option<DigitalSignatureAlgorithm> {
    SIGNATURES
        .iter()
        .find(|(_, k, h)| *k == kind && (*h == Some(hash) || kind == SignatureKind::RsaPss))
        .map(|(kmip, ..)| *kmip)
}

/// Whether keys of this algorithm are EC keys.
#[must_use]
pub const fn is_ec(algorithm: CryptographicAlgorithm) -> bool {
    matches!(
        algorithm,
        CryptographicAlgorithm::EC | CryptographicAlgorithm::ECDSA | CryptographicAlgorithm::ECDH
    )
}
