//! Verifying signatures with a public key.

use rsa::signature::hazmat::PrehashVerifier;
use subtle::ConstantTimeEq;

use super::modexp::RawPublic;
use super::{digest_input, edwards};
use crate::encoding::{der, pkcs1, pss};
use crate::error::{HsmError, HsmErrorKind};
use crate::job::{Curve, PublicKey, SignAlgorithm, SignInput};
use crate::limits;

/// Whether `signature` is one over `input` by the private half of `key`.
///
/// ECDSA signatures may be DER or r || s. With no `salt_bytes` a PSS signature may have a salt of
/// any length. A malformed signature is `Ok(false)`.
///
/// # Errors
///
/// `BadKey`, `BadLength` where a given digest is not as long as its hash, `BadParameter` where
/// key and algorithm do not fit, `Unsupported` for MD5 and for a digest in the place of what EdDSA
/// signs.
pub fn verify(
    key: &PublicKey,
    algorithm: SignAlgorithm,
    salt_bytes: Option<usize>,
    input: SignInput<'_>,
    signature: &[u8],
) -> Result<bool, HsmError> {
    match (key, algorithm) {
        (PublicKey::Rsa { modulus, public_exponent }, SignAlgorithm::RsaPkcs1(hash)) => {
            let info = pkcs1::digest_info(hash, &digest_input(hash, input)?);
            verify_pkcs1(&RawPublic::new(modulus, public_exponent)?, &info, signature)
        }
        (PublicKey::Rsa { modulus, public_exponent }, SignAlgorithm::RsaPkcs1Raw) => {
            let (SignInput::Message(info) | SignInput::Digest(info)) = input;
            verify_pkcs1(&RawPublic::new(modulus, public_exponent)?, info, signature)
        }
        (PublicKey::Rsa { modulus, public_exponent }, SignAlgorithm::RsaPss { hash, mgf }) => {
            let (hashes, digest) = (pss::Hashes { message: hash, mgf }, digest_input(hash, input)?);
            let key = RawPublic::new(modulus, public_exponent)?;
            let Some(encoded) = open(&key, signature) else { return Ok(false) };
            pss::verify(hashes, &digest, &encoded, key.bits, salt_bytes)
        }
        (PublicKey::Ec { curve, point }, SignAlgorithm::Ecdsa(hash)) => {
            verify_ecdsa(*curve, point, &digest_input(hash, input)?, signature)
        }
        (PublicKey::Ec { curve, point }, SignAlgorithm::EcdsaRaw) => {
            let (SignInput::Message(digest) | SignInput::Digest(digest)) = input;
            limits::check_digest(digest)?;
            verify_ecdsa(*curve, point, digest, signature)
        }
        (PublicKey::Edwards { curve, point }, SignAlgorithm::EdDsa(wanted)) if *curve == wanted => {
            let SignInput::Message(message) = input else {
                return Err(HsmError::new(HsmErrorKind::Unsupported, "verify"));
            };
            edwards::verify(*curve, point, message, signature)
        }
        (
            PublicKey::Rsa { .. },
            SignAlgorithm::Ecdsa(_) | SignAlgorithm::EcdsaRaw | SignAlgorithm::EdDsa(_),
        )
        | (
            PublicKey::Ec { .. },
            SignAlgorithm::RsaPkcs1(_)
            | SignAlgorithm::RsaPkcs1Raw
            | SignAlgorithm::RsaPss { .. }
            | SignAlgorithm::EdDsa(_),
        )
        | (PublicKey::Edwards { .. }, _) => {
            Err(HsmError::new(HsmErrorKind::BadParameter, "verify"))
        }
    }
}

/// The block inside an RSA signature, where that has the modulus's length.
fn open(key: &RawPublic, signature: &[u8]) -> Option<Vec<u8>> {
    if signature.len() == key.bytes() { key.apply(signature) } else { None }
}

fn verify_pkcs1(key: &RawPublic, info: &[u8], signature: &[u8]) -> Result<bool, HsmError> {
    let expected = pkcs1::emsa(info, key.bytes())?;
    Ok(open(key, signature).is_some_and(|found| found.ct_eq(&expected).into()))
}

/// The signature on secp256k1 with the smaller s, which is as valid as the other.
fn lower_half(raw: &[u8]) -> Vec<u8> {
    let signature = k256::ecdsa::Signature::from_slice(raw);
    signature.map_or_else(|_| raw.to_vec(), |both| both.normalize_s().to_bytes().to_vec())
}

macro_rules! verify_on {
    ($curve:ident, $point:expr, $digest:expr, $raw:expr) => {{
        use $curve::ecdsa::{Signature, VerifyingKey};
        let bad_key = HsmError::new(HsmErrorKind::BadKey, "ec public key");
        let key = VerifyingKey::from_sec1_bytes($point).map_err(|_| bad_key)?;
        let signature = Signature::from_slice($raw);
        Ok(signature.is_ok_and(|signature| key.verify_prehash($digest, &signature).is_ok()))
    }};
}

fn verify_ecdsa(
    curve: Curve,
    point: &[u8],
    digest: &[u8],
    signature: &[u8],
) -> Result<bool, HsmError> {
    let Some(raw) = der::ecdsa_to_raw(signature, curve) else { return Ok(false) };
    let digest = &der::ecdsa_prehash(digest, curve);
    match curve {
        Curve::P256 => verify_on!(p256, point, digest, &raw),
        Curve::P384 => verify_on!(p384, point, digest, &raw),
        Curve::P521 => verify_on!(p521, point, digest, &raw),
        // Others call the larger of the two signatures invalid; ECDSA does not.
        Curve::Secp256k1 => verify_on!(k256, point, digest, &lower_half(&raw)),
    }
}
