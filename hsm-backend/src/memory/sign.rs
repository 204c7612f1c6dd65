//! Signing.

use rsa::signature::hazmat::PrehashSigner;

use super::cipher::raw_private;
use super::keys::{NOT_PERMITTED, Store, UNSUPPORTED};
use crate::backend::{KeyRef, Output};
use crate::capability::Capabilities;
use crate::encoding::pss::Hashes;
use crate::encoding::{bit_length, der, pkcs1, pss};
use crate::error::{HsmError, HsmErrorKind};
use crate::job::{Curve, EdwardsCurve, KeyMaterial, RsaPrivateParts, SignAlgorithm, SignInput};
use crate::limits;
use crate::software::{digest_input, fill_random};

pub(super) fn sign(
    store: &Store,
    capabilities: &Capabilities,
    key: &KeyRef,
    algorithm: SignAlgorithm,
    salt_bytes: Option<usize>,
    input: SignInput<'_>,
) -> Result<Output<Vec<u8>>, HsmError> {
    let plan = match input {
        SignInput::Message(_) => capabilities.sign(algorithm),
        SignInput::Digest(_) => capabilities.sign_digest(algorithm),
    };
    let mechanism = plan.ok_or(UNSUPPORTED)?.mechanism();
    let (SignInput::Message(bytes) | SignInput::Digest(bytes)) = input;
    limits::check_data(bytes)?;
    let material = store.usable(key, |usage| usage.sign)?;
    let value = match (&*material, algorithm) {
        (KeyMaterial::RsaPrivate(parts), SignAlgorithm::RsaPkcs1(hash)) => {
            let info = pkcs1::digest_info(hash, &digest_input(hash, input)?);
            sign_block(parts, &pkcs1::emsa(&info, parts.modulus.len())?)?
        }
        (KeyMaterial::RsaPrivate(parts), SignAlgorithm::RsaPkcs1Raw) => {
            sign_block(parts, &pkcs1::emsa(bytes, parts.modulus.len())?)?
        }
        (KeyMaterial::RsaPrivate(parts), SignAlgorithm::RsaPss { hash, mgf }) => {
            let salt_bytes = salt_bytes.unwrap_or(hash.bytes());
            let hashes = Hashes { message: hash, mgf };
            sign_pss(parts, hashes, salt_bytes, &digest_input(hash, input)?)?
        }
        (KeyMaterial::EcPrivate { curve, d }, SignAlgorithm::Ecdsa(hash)) => {
            sign_ec(*curve, d.expose(), &digest_input(hash, input)?)?
        }
        (KeyMaterial::EcPrivate { curve, d }, SignAlgorithm::EcdsaRaw) => {
            limits::check_digest(bytes)?;
            sign_ec(*curve, d.expose(), bytes)?
        }
        (KeyMaterial::EdwardsPrivate { curve, seed }, SignAlgorithm::EdDsa(wanted))
            if *curve == wanted =>
        {
            sign_edwards(*curve, seed.expose(), bytes)?
        }
        (KeyMaterial::Secret { .. }, _)
        | (
            KeyMaterial::RsaPrivate(_),
            SignAlgorithm::Ecdsa(_) | SignAlgorithm::EcdsaRaw | SignAlgorithm::EdDsa(_),
        )
        | (KeyMaterial::EcPrivate { .. } | KeyMaterial::EdwardsPrivate { .. }, _) => {
            return Err(NOT_PERMITTED);
        }
    };
    Ok(Output { value, mechanism })
}

fn sign_block(parts: &RsaPrivateParts, block: &[u8]) -> Result<Vec<u8>, HsmError> {
    raw_private(parts, block).map(|signature| signature.expose().to_vec())
}

fn sign_pss(
    parts: &RsaPrivateParts,
    hashes: Hashes,
    salt_bytes: usize,
    digest: &[u8],
) -> Result<Vec<u8>, HsmError> {
    let bits = bit_length(&parts.modulus);
    if pss::max_salt(bits, hashes.message).is_none_or(|longest| salt_bytes > longest) {
        return Err(HsmError::new(HsmErrorKind::BadParameter, "salt length"));
    }
    let mut salt = vec![0; salt_bytes];
    fill_random(&mut salt)?;
    sign_block(parts, &pss::encode(hashes, digest, &salt, bits)?)
}

fn sign_edwards(curve: EdwardsCurve, seed: &[u8], message: &[u8]) -> Result<Vec<u8>, HsmError> {
    let bad_key = |_| HsmError::new(HsmErrorKind::BadKey, "edwards");
    Ok(match curve {
        EdwardsCurve::Ed25519 => {
            let key = ed25519_dalek::SigningKey::from_bytes(&seed.try_into().map_err(bad_key)?);
            rsa::signature::Signer::sign(&key, message).to_bytes().to_vec()
        }
        EdwardsCurve::Ed448 => edwards448(seed)?.sign_raw(message).to_bytes().to_vec(),
    })
}

fn edwards448(seed: &[u8]) -> Result<ed448_goldilocks::SigningKey, HsmError> {
    let bad_key = |_| HsmError::new(HsmErrorKind::BadKey, "edwards");
    ed448_goldilocks::SigningKey::try_from(seed).map_err(bad_key)
}

/// The public key of a seed.
pub(super) fn edwards_public(curve: EdwardsCurve, seed: &[u8]) -> Result<Vec<u8>, HsmError> {
    let bad_key = |_| HsmError::new(HsmErrorKind::BadKey, "edwards");
    Ok(match curve {
        EdwardsCurve::Ed25519 => {
            let key = ed25519_dalek::SigningKey::from_bytes(&seed.try_into().map_err(bad_key)?);
            key.verifying_key().to_bytes().to_vec()
        }
        EdwardsCurve::Ed448 => edwards448(seed)?.verifying_key().to_bytes().to_vec(),
    })
}

macro_rules! sign_on {
    ($curve:ident, $d:expr, $digest:expr) => {{
        let failed = HsmError::new(HsmErrorKind::BadKey, "ecdsa");
        let key = $curve::ecdsa::SigningKey::from_slice($d).map_err(|_| failed.clone())?;
        let signature: $curve::ecdsa::Signature =
            key.sign_prehash($digest).map_err(|_| failed.clone())?;
        der::ecdsa_to_der(&signature.to_bytes()).ok_or(failed)
    }};
}

fn sign_ec(curve: Curve, d: &[u8], digest: &[u8]) -> Result<Vec<u8>, HsmError> {
    let digest = &der::ecdsa_prehash(digest, curve);
    match curve {
        Curve::P256 => sign_on!(p256, d, digest),
        Curve::P384 => sign_on!(p384, d, digest),
        Curve::P521 => sign_on!(p521, d, digest),
        Curve::Secp256k1 => sign_on!(k256, d, digest),
    }
}
