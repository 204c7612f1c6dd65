//! Signature algorithms as certificates name them.
//!
//! Spec: RFC 3279, RFC 4055, RFC 5758, RFC 8410, RFC 8692.

use der::asn1::{Any, AnyRef, ObjectIdentifier};
use der::{Decode, Encode};
use hsm_backend::{EdwardsCurve, HashAlgorithm, PublicKey, SignAlgorithm};
use kmip_core::types::DigitalSignatureAlgorithm as Name;
use pkcs1::{RsaPssParams, TrailerField};
use spki::{AlgorithmIdentifier, AlgorithmIdentifierOwned};

use super::CaError;
use crate::bridge::signature::Scheme;

const fn oid(dotted: &str) -> ObjectIdentifier {
    ObjectIdentifier::new_unwrap(dotted)
}

const fn pkcs1(hash: HashAlgorithm) -> Option<SignAlgorithm> {
    Some(SignAlgorithm::RsaPkcs1(hash))
}

const fn ecdsa(hash: HashAlgorithm) -> Option<SignAlgorithm> {
    Some(SignAlgorithm::Ecdsa(hash))
}

/// Object identifier, KMIP's name, and the scheme; the last two as far as there is one. RSASSA-PSS
/// says in its parameters which scheme it is.
type Row = (ObjectIdentifier, Option<Name>, Option<SignAlgorithm>);

const PSS: ObjectIdentifier = oid("1.2.840.113549.1.1.10");

const TABLE: &[Row] = &[
    (oid("1.2.840.113549.1.1.2"), Some(Name::MD2WithRSAEncryptionPKCS_1V1_5), None),
    (
        oid("1.2.840.113549.1.1.4"),
        Some(Name::MD5WithRSAEncryptionPKCS_1V1_5),
        pkcs1(HashAlgorithm::Md5),
    ),
    (
        oid("1.2.840.113549.1.1.5"),
        Some(Name::SHA_1WithRSAEncryptionPKCS_1V1_5),
        pkcs1(HashAlgorithm::Sha1),
    ),
    (
        oid("1.2.840.113549.1.1.14"),
        Some(Name::SHA_224WithRSAEncryptionPKCS_1V1_5),
        pkcs1(HashAlgorithm::Sha224),
    ),
    (
        oid("1.2.840.113549.1.1.11"),
        Some(Name::SHA_256WithRSAEncryptionPKCS_1V1_5),
        pkcs1(HashAlgorithm::Sha256),
    ),
    (
        oid("1.2.840.113549.1.1.12"),
        Some(Name::SHA_384WithRSAEncryptionPKCS_1V1_5),
        pkcs1(HashAlgorithm::Sha384),
    ),
    (
        oid("1.2.840.113549.1.1.13"),
        Some(Name::SHA_512WithRSAEncryptionPKCS_1V1_5),
        pkcs1(HashAlgorithm::Sha512),
    ),
    (
        oid("2.16.840.1.101.3.4.3.14"),
        Some(Name::SHA3_256WithRSAEncryption),
        pkcs1(HashAlgorithm::Sha3T256),
    ),
    (
        oid("2.16.840.1.101.3.4.3.15"),
        Some(Name::SHA3_384WithRSAEncryption),
        pkcs1(HashAlgorithm::Sha3T384),
    ),
    (
        oid("2.16.840.1.101.3.4.3.16"),
        Some(Name::SHA3_512WithRSAEncryption),
        pkcs1(HashAlgorithm::Sha3T512),
    ),
    (PSS, Some(Name::RSASSA_PSSPKCS_1V2_1), None),
    (oid("1.2.840.10045.4.1"), Some(Name::ECDSAWithSHA_1), ecdsa(HashAlgorithm::Sha1)),
    (oid("1.2.840.10045.4.3.1"), Some(Name::ECDSAWithSHA224), ecdsa(HashAlgorithm::Sha224)),
    (oid("1.2.840.10045.4.3.2"), Some(Name::ECDSAWithSHA256), ecdsa(HashAlgorithm::Sha256)),
    (oid("1.2.840.10045.4.3.3"), Some(Name::ECDSAWithSHA384), ecdsa(HashAlgorithm::Sha384)),
    (oid("1.2.840.10045.4.3.4"), Some(Name::ECDSAWithSHA512), ecdsa(HashAlgorithm::Sha512)),
    (oid("1.2.840.10040.4.3"), Some(Name::DSAWithSHA_1), None),
    (oid("2.16.840.1.101.3.4.3.1"), Some(Name::DSAWithSHA224), None),
    (oid("2.16.840.1.101.3.4.3.2"), Some(Name::DSAWithSHA256), None),
    (oid("1.3.101.112"), None, Some(SignAlgorithm::EdDsa(EdwardsCurve::Ed25519))),
    (oid("1.3.101.113"), None, Some(SignAlgorithm::EdDsa(EdwardsCurve::Ed448))),
];

/// Hashes as the parameters of RSASSA-PSS name them.
const HASHES: &[(ObjectIdentifier, HashAlgorithm)] = &[
    (oid("1.3.14.3.2.26"), HashAlgorithm::Sha1),
    (oid("2.16.840.1.101.3.4.2.4"), HashAlgorithm::Sha224),
    (oid("2.16.840.1.101.3.4.2.1"), HashAlgorithm::Sha256),
    (oid("2.16.840.1.101.3.4.2.2"), HashAlgorithm::Sha384),
    (oid("2.16.840.1.101.3.4.2.3"), HashAlgorithm::Sha512),
    (oid("2.16.840.1.101.3.4.2.8"), HashAlgorithm::Sha3T256),
    (oid("2.16.840.1.101.3.4.2.9"), HashAlgorithm::Sha3T384),
    (oid("2.16.840.1.101.3.4.2.10"), HashAlgorithm::Sha3T512),
];

const MGF1: ObjectIdentifier = oid("1.2.840.113549.1.1.8");

/// KMIP's name of a signature algorithm, if it has one.
#[must_use]
pub fn name(algorithm: &AlgorithmIdentifierOwned) -> Option<Name> {
    TABLE.iter().find(|(known, ..)| *known == algorithm.oid).and_then(|(_, name, _)| *name)
}

/// The scheme that an AlgorithmIdentifier names; `None` for one that is not served.
#[must_use]
pub fn scheme(algorithm: &AlgorithmIdentifierOwned) -> Option<Scheme> {
    if algorithm.oid == PSS {
        return pss_scheme(algorithm.parameters.as_ref()?);
    }
    let (.., served) = TABLE.iter().find(|(known, ..)| *known == algorithm.oid)?;
    let served = (*served)?;
    // Some signers write the NULL that belongs to RSA everywhere, and some leave it out.
    let plain = algorithm.parameters.as_ref().is_none_or(|any| AnyRef::from(any).is_null());
    plain.then_some(Scheme { algorithm: served, salt_bytes: None })
}

fn pss_scheme(parameters: &Any) -> Option<Scheme> {
    let read = RsaPssParams::<Any>::from_der(&parameters.to_der().ok()?).ok()?;
    let mask = read.mask_gen.parameters.filter(|_| read.mask_gen.oid == MGF1)?;
    let algorithm = SignAlgorithm::RsaPss { hash: hash(read.hash.oid)?, mgf: hash(mask.oid)? };
    Some(Scheme { algorithm, salt_bytes: Some(usize::from(read.salt_len)) })
}

fn hash(oid: ObjectIdentifier) -> Option<HashAlgorithm> {
    HASHES.iter().find(|(known, _)| *known == oid).map(|(_, hash)| *hash)
}

/// The AlgorithmIdentifier of a scheme that certificates are to be signed with.
///
/// # Errors
///
/// `Unsupported` for a scheme that has none; `Invalid` for one whose hash is broken.
pub fn identifier(scheme: &Scheme) -> Result<AlgorithmIdentifierOwned, CaError> {
    if is_weak(scheme.algorithm) {
        return Err(CaError::Invalid("certificates are not signed with a broken hash"));
    }
    if let SignAlgorithm::RsaPss { hash, mgf } = scheme.algorithm {
        return pss_identifier(hash, mgf, scheme.salt_bytes.unwrap_or(hash.bytes()));
    }
    let row = TABLE.iter().find(|(.., served)| *served == Some(scheme.algorithm));
    let (oid, ..) = row.ok_or(UNNAMED)?;
    let parameters = match scheme.algorithm {
        SignAlgorithm::RsaPkcs1(_) => Some(Any::null()),
        SignAlgorithm::RsaPkcs1Raw
        | SignAlgorithm::RsaPss { .. }
        | SignAlgorithm::Ecdsa(_)
        | SignAlgorithm::EcdsaRaw
        | SignAlgorithm::EdDsa(_) => None,
    };
    Ok(AlgorithmIdentifier { oid: *oid, parameters })
}

const UNNAMED: CaError = CaError::Unsupported("certificates are not signed in this way");

fn pss_identifier(
    hash: HashAlgorithm,
    mgf: HashAlgorithm,
    salt_bytes: usize,
) -> Result<AlgorithmIdentifierOwned, CaError> {
    let named = |wanted| {
        let row = HASHES.iter().find(|(_, hash)| *hash == wanted).ok_or(UNNAMED)?;
        Ok::<_, CaError>(AlgorithmIdentifier { oid: row.0, parameters: Some(AnyRef::NULL) })
    };
    let parameters = RsaPssParams {
        hash: named(hash)?,
        mask_gen: AlgorithmIdentifier { oid: MGF1, parameters: Some(named(mgf)?) },
        salt_len: u8::try_from(salt_bytes).map_err(|_| UNNAMED)?,
        trailer_field: TrailerField::BC,
    };
    Ok(AlgorithmIdentifier { oid: PSS, parameters: Some(Any::encode_from(&parameters)?) })
}

/// Whether the scheme's hash no longer protects a signature.
#[must_use]
pub const fn is_weak(algorithm: SignAlgorithm) -> bool {
    match algorithm {
        SignAlgorithm::RsaPkcs1(hash)
        | SignAlgorithm::Ecdsa(hash)
        | SignAlgorithm::RsaPss { hash, .. } => {
            matches!(hash, HashAlgorithm::Md5 | HashAlgorithm::Sha1)
        }
        SignAlgorithm::RsaPkcs1Raw | SignAlgorithm::EcdsaRaw | SignAlgorithm::EdDsa(_) => false,
    }
}

/// Whether a key can have made a signature of the scheme at all.
#[must_use]
pub const fn fits(key: &PublicKey, algorithm: SignAlgorithm) -> bool {
    matches!(
        (key, algorithm),
        (PublicKey::Rsa { .. }, SignAlgorithm::RsaPkcs1(_) | SignAlgorithm::RsaPss { .. })
            | (PublicKey::Ec { .. }, SignAlgorithm::Ecdsa(_))
            | (PublicKey::Edwards { .. }, SignAlgorithm::EdDsa(_))
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_name_the_scheme_they_were_made_of() {
        let pss = SignAlgorithm::RsaPss { hash: HashAlgorithm::Sha384, mgf: HashAlgorithm::Sha256 };
        let served = TABLE.iter().filter_map(|(.., served)| *served).chain([pss]);
        for algorithm in served.filter(|algorithm| !is_weak(*algorithm)) {
            let salt_bytes = (algorithm == pss).then_some(48);
            let scheme_ = Scheme { algorithm, salt_bytes };
            assert_eq!(scheme(&identifier(&scheme_).unwrap()), Some(scheme_));
        }
    }

    #[test]
    fn broken_hashes_sign_nothing() {
        for hash in [HashAlgorithm::Md5, HashAlgorithm::Sha1] {
            let scheme = Scheme { algorithm: SignAlgorithm::RsaPkcs1(hash), salt_bytes: None };
            assert!(matches!(identifier(&scheme), Err(CaError::Invalid(_))));
        }
    }
}
