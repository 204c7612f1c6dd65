//! EdDSA: verifying with a public key, and what else needs no token.

use crate::error::{HsmError, HsmErrorKind};
use crate::job::EdwardsCurve;

/// A signature or a key as an array, if it is as long.
fn exactly<const BYTES: usize>(bytes: &[u8]) -> Option<[u8; BYTES]> {
    bytes.try_into().ok()
}

/// Whether `signature` is one over `message`. Signatures that are not the only ones of their kind
/// (S beyond the order, points of small order) are none.
///
/// Spec: RFC 8032 §5.1.7 and §5.2.7, with an empty context.
pub(super) fn verify(
    curve: EdwardsCurve,
    point: &[u8],
    message: &[u8],
    signature: &[u8],
) -> Result<bool, HsmError> {
    match curve {
        EdwardsCurve::Ed25519 => {
            let key = ed25519(point).ok_or(BAD_KEY)?;
            let Some(signature) = exactly(signature) else { return Ok(false) };
            let signature = ed25519_dalek::Signature::from_bytes(&signature);
            Ok(key.verify_strict(message, &signature).is_ok())
        }
        EdwardsCurve::Ed448 => {
            let key = ed448(point).ok_or(BAD_KEY)?;
            let Some(signature) = exactly(signature) else { return Ok(false) };
            let signature = ed448_goldilocks::Signature::from_bytes(&signature);
            Ok(canonical448(*signature.r_bytes()) && key.verify_raw(&signature, message).is_ok())
        }
    }
}

const BAD_KEY: HsmError = HsmError::new(HsmErrorKind::BadKey, "edwards public key");

/// A point in its one encoding, and not of small order: such a key has signatures that are valid
/// for nearly every message.
fn ed25519(point: &[u8]) -> Option<ed25519_dalek::VerifyingKey> {
    let point = exactly(point)?;
    let key = ed25519_dalek::VerifyingKey::from_bytes(&point).ok()?;
    let canonical = key.to_edwards().compress().to_bytes() == point;
    (canonical && !key.is_weak()).then_some(key)
}

/// The same on the other curve, whose cofactor is 4.
fn ed448(point: &[u8]) -> Option<ed448_goldilocks::VerifyingKey> {
    let point = exactly(point)?;
    let key = ed448_goldilocks::VerifyingKey::from_bytes(&point).ok()?;
    let on_curve = key.to_edwards();
    let weak = on_curve.double().double() == ed448_goldilocks::EdwardsPoint::IDENTITY;
    (canonical448(point) && !weak).then_some(key)
}

/// Whether these bytes are the one encoding of a point; the library overlooks seven unused bits.
fn canonical448(bytes: [u8; 57]) -> bool {
    let point = ed448_goldilocks::CompressedEdwardsY(bytes).decompress().into_option();
    point.is_some_and(|point| point.compress().to_bytes() == bytes)
}
