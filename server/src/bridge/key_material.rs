//! Key blocks become key material, and back, in every format that is served.

use hsm_backend::{
    EdwardsCurve, HashAlgorithm, HsmErrorKind, KeyMaterial, PublicKey, RsaCrtParts,
    RsaPrivateParts, SecretKeyKind, SecretValue, SignAlgorithm, SignInput, software,
};
use kmip_core::object::{
    KeyMaterial as WireMaterial, TransparentEcPrivateKey, TransparentEcPublicKey,
    TransparentRsaPrivateKey, TransparentRsaPublicKey, TransparentSymmetricKey,
};
use kmip_core::secret::SecretBytes;
use kmip_core::ttlv::BigInteger;
use kmip_core::types::{CryptographicAlgorithm, KeyFormatType as Format};

use super::{BridgeError, algorithm, key_format};

const MALFORMED: BridgeError = BridgeError::Invalid("the key material is malformed");
const INCOMPLETE: BridgeError =
    BridgeError::Unsupported("RSA keys need modulus, public and private exponent");

fn bytes(material: &WireMaterial) -> Result<&[u8], BridgeError> {
    material.bytes().map(SecretBytes::expose).ok_or(MALFORMED)
}

fn unsigned(number: &BigInteger) -> Result<&[u8], BridgeError> {
    number.to_unsigned().ok_or(MALFORMED)
}

fn secret_number(number: Option<&BigInteger>) -> Result<Option<SecretValue>, BridgeError> {
    number.map(|n| unsigned(n).map(|bytes| SecretValue::new(bytes.to_vec()))).transpose()
}

/// Whether keys of this algorithm are what a token takes as a secret key; 3DES only where the
/// operator allows it.
#[must_use]
pub fn secret_kind(
    algorithm: CryptographicAlgorithm,
    bytes: usize,
    allow_3des: bool,
) -> Option<SecretKeyKind> {
    if algorithm == CryptographicAlgorithm::DES3 {
        return (allow_3des && matches!(bytes, 16 | 24)).then_some(SecretKeyKind::Des3);
    }
    if algorithm == CryptographicAlgorithm::AES {
        return matches!(bytes, 16 | 24 | 32).then_some(SecretKeyKind::Aes);
    }
    let generic = algorithm::hmac_hash(algorithm).is_some() && (1..=1024).contains(&bytes);
    generic.then_some(SecretKeyKind::Generic)
}

/// How many of the `held` bytes are the key that has `bits`: the length of a 3DES key counts its
/// parity bits or not.
#[must_use]
pub fn true_bytes(kind: SecretKeyKind, bits: u32, held: usize) -> usize {
    let bytes = match (kind, bits) {
        (SecretKeyKind::Des3, 112 | 128) => 16,
        (SecretKeyKind::Des3, _) | (_, 0) => held,
        (SecretKeyKind::Aes | SecretKeyKind::Generic, bits) => {
            usize::try_from(bits / 8).unwrap_or(usize::MAX)
        }
    };
    bytes.min(held)
}

/// The bytes of a symmetric key or of secret data.
///
/// # Errors
///
/// `KeyFormat`, `Invalid`.
pub fn read_secret(format: Format, material: &WireMaterial) -> Result<SecretValue, BridgeError> {
    match (format, material) {
        (Format::Raw | Format::Opaque, WireMaterial::Bytes(value)) => {
            Ok(SecretValue::new(value.expose().to_vec()))
        }
        (Format::TransparentSymmetricKey, WireMaterial::Symmetric(key)) => {
            Ok(SecretValue::new(key.key.expose().to_vec()))
        }
        (Format::Raw | Format::Opaque | Format::TransparentSymmetricKey, _) => Err(MALFORMED),
        _ => Err(BridgeError::KeyFormat),
    }
}

/// A symmetric key in the format asked for.
///
/// # Errors
///
/// `KeyFormat`.
pub fn write_secret(format: Format, value: &SecretValue) -> Result<WireMaterial, BridgeError> {
    let key = SecretBytes::new(value.expose().to_vec());
    match format {
        Format::Raw | Format::Opaque => Ok(WireMaterial::Bytes(key)),
        Format::TransparentSymmetricKey => {
            Ok(WireMaterial::Symmetric(TransparentSymmetricKey { key }))
        }
        _ => Err(BridgeError::KeyFormat),
    }
}

/// Whether the bytes are an RSA key in PKCS#1 form that is called PKCS#8 or X.509, as Barbican, PyKMIP
/// and what learnt from them call it. No bytes are both.
#[must_use]
pub fn is_misnamed(format: Format, material: &WireMaterial) -> bool {
    let Some(der) = material.bytes().map(SecretBytes::expose) else { return false };
    match format {
        Format::PKCS_8 => key_format::rsa_private_from_pkcs1(der).is_ok(),
        Format::X_509 => key_format::rsa_public_from_pkcs1(der).is_ok(),
        _ => false,
    }
}

/// The private key of a key block.
///
/// # Errors
///
/// `KeyFormat`, `Invalid`, `Unsupported`.
pub fn read_private(format: Format, material: &WireMaterial) -> Result<KeyMaterial, BridgeError> {
    match (format, material) {
        (Format::PKCS_1, _) => key_format::rsa_private_from_pkcs1(bytes(material)?),
        (Format::PKCS_8, _) if is_misnamed(format, material) => {
            key_format::rsa_private_from_pkcs1(bytes(material)?)
        }
        (Format::PKCS_8, _) => key_format::private_from_pkcs8(bytes(material)?),
        (Format::ECPrivateKey, _) => key_format::ec_private_from_sec1(bytes(material)?, None),
        (Format::TransparentRSAPrivateKey, WireMaterial::RsaPrivate(key)) => read_rsa(key),
        (_, WireMaterial::EcPrivate(key)) => {
            let curve = algorithm::curve(key.recommended_curve)?;
            let d = key_format::fit_scalar(curve, unsigned(&key.d)?)?;
            Ok(KeyMaterial::EcPrivate { curve, d })
        }
        _ => Err(BridgeError::KeyFormat),
    }
}

fn read_rsa(key: &TransparentRsaPrivateKey) -> Result<KeyMaterial, BridgeError> {
    let public_exponent = key.public_exponent.as_ref().ok_or(INCOMPLETE)?;
    let private_exponent = secret_number(key.private_exponent.as_ref())?.ok_or(INCOMPLETE)?;
    let parts = (
        secret_number(key.p.as_ref())?,
        secret_number(key.q.as_ref())?,
        secret_number(key.prime_exponent_p.as_ref())?,
        secret_number(key.prime_exponent_q.as_ref())?,
        secret_number(key.crt_coefficient.as_ref())?,
    );
    let crt = match parts {
        (Some(prime_p), Some(prime_q), Some(exponent_p), Some(exponent_q), Some(coefficient)) => {
            Some(RsaCrtParts { prime_p, prime_q, exponent_p, exponent_q, coefficient })
        }
        _ => None,
    };
    Ok(KeyMaterial::RsaPrivate(RsaPrivateParts {
        modulus: unsigned(&key.modulus)?.to_vec(),
        public_exponent: unsigned(public_exponent)?.to_vec(),
        private_exponent,
        crt,
    }))
}

/// A private key in the format asked for; PKCS#8 if none is.
///
/// # Errors
///
/// `KeyFormat`.
pub fn write_private(
    format: Option<Format>,
    key: &KeyMaterial,
) -> Result<(Format, WireMaterial), BridgeError> {
    let format = format.unwrap_or(Format::PKCS_8);
    let der = |value: SecretValue| WireMaterial::Bytes(SecretBytes::new(value.expose().to_vec()));
    let material = match (format, key) {
        (Format::PKCS_1, _) => der(key_format::private_to_pkcs1(key)?),
        (Format::PKCS_8, _) => der(key_format::private_to_pkcs8(key)?),
        (Format::ECPrivateKey, _) => der(key_format::private_to_sec1(key)?),
        (Format::TransparentRSAPrivateKey, KeyMaterial::RsaPrivate(parts)) => {
            WireMaterial::RsaPrivate(write_rsa(parts))
        }
        (
            Format::TransparentECPrivateKey | Format::TransparentECDSAPrivateKey,
            KeyMaterial::EcPrivate { curve, d },
        ) => WireMaterial::EcPrivate(TransparentEcPrivateKey {
            recommended_curve: algorithm::curve_name(*curve).0,
            d: BigInteger::from_unsigned(d.expose()),
        }),
        _ => return Err(BridgeError::KeyFormat),
    };
    Ok((format, material))
}

fn write_rsa(parts: &RsaPrivateParts) -> TransparentRsaPrivateKey {
    let number = |value: &SecretValue| BigInteger::from_unsigned(value.expose());
    let crt = parts.crt.as_ref();
    TransparentRsaPrivateKey {
        modulus: BigInteger::from_unsigned(&parts.modulus),
        private_exponent: Some(number(&parts.private_exponent)),
        public_exponent: Some(BigInteger::from_unsigned(&parts.public_exponent)),
        p: crt.map(|c| number(&c.prime_p)),
        q: crt.map(|c| number(&c.prime_q)),
        prime_exponent_p: crt.map(|c| number(&c.exponent_p)),
        prime_exponent_q: crt.map(|c| number(&c.exponent_q)),
        crt_coefficient: crt.map(|c| number(&c.coefficient)),
    }
}

/// The public key of a key block.
///
/// # Errors
///
/// `KeyFormat`, `Invalid`, `Unsupported`.
pub fn read_public(format: Format, material: &WireMaterial) -> Result<PublicKey, BridgeError> {
    match (format, material) {
        (Format::PKCS_1, _) => key_format::rsa_public_from_pkcs1(bytes(material)?),
        (Format::X_509, _) if is_misnamed(format, material) => {
            key_format::rsa_public_from_pkcs1(bytes(material)?)
        }
        (Format::X_509, _) => key_format::public_from_spki(bytes(material)?),
        (Format::TransparentRSAPublicKey, WireMaterial::RsaPublic(key)) => Ok(PublicKey::Rsa {
            modulus: unsigned(&key.modulus)?.to_vec(),
            public_exponent: unsigned(&key.public_exponent)?.to_vec(),
        }),
        (_, WireMaterial::EcPublic(key)) => Ok(PublicKey::Ec {
            curve: algorithm::curve(key.recommended_curve)?,
            point: key.q_string.clone(),
        }),
        _ => Err(BridgeError::KeyFormat),
    }
}

/// Checks that the numbers are a key at all: a point on its curve, a modulus that can be one.
///
/// # Errors
///
/// `Invalid`.
pub fn check_public(key: &PublicKey) -> Result<(), BridgeError> {
    // Whoever verifies a signature reads the key first; that it is wrong is of no interest.
    let (algorithm, signature) = match key {
        PublicKey::Rsa { .. } => (SignAlgorithm::RsaPkcs1(HashAlgorithm::Sha256), [].as_slice()),
        PublicKey::Ec { .. } => (SignAlgorithm::Ecdsa(HashAlgorithm::Sha256), ONE_AND_ONE),
        PublicKey::Edwards { curve, .. } => (SignAlgorithm::EdDsa(*curve), [].as_slice()),
    };
    match software::verify(key, algorithm, None, SignInput::Message(&[]), signature) {
        Err(error) if error.kind == HsmErrorKind::BadKey => Err(MALFORMED),
        _ => Ok(()),
    }
}

/// A well-formed ECDSA signature: r = 1, s = 1.
const ONE_AND_ONE: &[u8] = &[0x30, 6, 2, 1, 1, 2, 1, 1];

/// A public key in the format asked for; PKCS#1 for RSA and X.509 for others if none is.
///
/// # Errors
///
/// `KeyFormat`.
pub fn write_public(
    format: Option<Format>,
    key: &PublicKey,
) -> Result<(Format, WireMaterial), BridgeError> {
    let usual = match key {
        PublicKey::Rsa { .. } => Format::PKCS_1,
        PublicKey::Ec { .. } | PublicKey::Edwards { .. } => Format::X_509,
    };
    let format = format.unwrap_or(usual);
    let der = |bytes: Vec<u8>| WireMaterial::Bytes(SecretBytes::new(bytes));
    let material = match (format, key) {
        (Format::PKCS_1, _) => der(key_format::public_to_pkcs1(key)?),
        (Format::X_509, _) => der(key_format::public_to_spki(key)?),
        (Format::TransparentRSAPublicKey, PublicKey::Rsa { modulus, public_exponent }) => {
            WireMaterial::RsaPublic(TransparentRsaPublicKey {
                modulus: BigInteger::from_unsigned(modulus),
                public_exponent: BigInteger::from_unsigned(public_exponent),
            })
        }
        (
            Format::TransparentECPublicKey | Format::TransparentECDSAPublicKey,
            PublicKey::Ec { curve, point },
        ) => WireMaterial::EcPublic(TransparentEcPublicKey {
            recommended_curve: algorithm::curve_name(*curve).0,
            q_string: point.clone(),
        }),
        _ => return Err(BridgeError::KeyFormat),
    };
    Ok((format, material))
}

/// Algorithm and length in bits of a private key.
#[must_use]
pub fn private_length(key: &KeyMaterial) -> (CryptographicAlgorithm, u32) {
    match key {
        KeyMaterial::Secret { value, .. } => {
            (CryptographicAlgorithm::AES, bits_of(value.expose().len()))
        }
        KeyMaterial::RsaPrivate(parts) => {
            (CryptographicAlgorithm::RSA, bits_of(parts.modulus.len()))
        }
        KeyMaterial::EcPrivate { curve, .. } => {
            (CryptographicAlgorithm::EC, algorithm::curve_name(*curve).1)
        }
        KeyMaterial::EdwardsPrivate { curve, .. } => edwards_length(*curve),
    }
}

const fn edwards_length(curve: EdwardsCurve) -> (CryptographicAlgorithm, u32) {
    let (algorithm, _, bits) = algorithm::edwards_name(curve);
    (algorithm, bits)
}

/// Algorithm and length in bits of a public key.
#[must_use]
pub fn public_length(key: &PublicKey) -> (CryptographicAlgorithm, u32) {
    match key {
        PublicKey::Rsa { modulus, .. } => (CryptographicAlgorithm::RSA, bits_of(modulus.len())),
        PublicKey::Ec { curve, .. } => {
            (CryptographicAlgorithm::EC, algorithm::curve_name(*curve).1)
        }
        PublicKey::Edwards { curve, .. } => edwards_length(*curve),
    }
}

fn bits_of(bytes: usize) -> u32 {
    u32::try_from(bytes.saturating_mul(8)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hsm_backend::Curve;

    #[test]
    fn public_key_survives_every_format() {
        let rsa = PublicKey::Rsa { modulus: vec![0xC5; 256], public_exponent: vec![1, 0, 1] };
        let ec = PublicKey::Ec { curve: Curve::P384, point: [vec![4], vec![9; 96]].concat() };
        for (key, formats) in [
            (&rsa, [Format::PKCS_1, Format::X_509, Format::TransparentRSAPublicKey]),
            (&ec, [Format::X_509, Format::TransparentECPublicKey, Format::X_509]),
        ] {
            for format in formats {
                let (format, material) = write_public(Some(format), key).unwrap();
                assert_eq!(read_public(format, &material).as_ref(), Ok(key), "{format:?}");
            }
        }
    }

    #[test]
    fn write_refuses_formats_of_another_kind_of_key() {
        let ec = PublicKey::Ec { curve: Curve::P256, point: vec![4; 65] };
        assert_eq!(write_public(Some(Format::PKCS_1), &ec), Err(BridgeError::KeyFormat));
        let secret = SecretValue::new(vec![1; 16]);
        assert_eq!(write_secret(Format::PKCS_8, &secret), Err(BridgeError::KeyFormat));
    }

    #[test]
    fn secret_kind_refuses_lengths_no_token_takes() {
        assert_eq!(secret_kind(CryptographicAlgorithm::AES, 64, false), None);
        assert_eq!(secret_kind(CryptographicAlgorithm::IDEA, 16, false), None);
        let hmac = secret_kind(CryptographicAlgorithm::HMAC_SHA256, 5, false);
        assert_eq!(hmac, Some(SecretKeyKind::Generic));
    }
}
