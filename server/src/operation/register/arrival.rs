//! Keys that come wrapped by a key of ours: unwrapped in the token, so that they can be used.
//!
//! Whatever cannot be unwrapped there is kept as it came, and given back so: one whose wrapping key
//! is not here, a private key, a Key Value that was wrapped in its TTLV encoding, of which no token
//! makes a key.
//!
//! Spec: KMIP 1.4 §2.1.5.

use std::sync::Arc;

use hsm_backend::{ArrivingKey, SecretKeyKind, SecretKeySpec, WrapAlgorithm};
use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::object::{KeyBlock, KeyInformation, KeyValue, KeyWrappingData};
use kmip_core::secret::SecretBytes;
use kmip_core::types::{
    CryptographicAlgorithm, CryptographicUsageMask as Mask, EncodingOption, KeyFormatType,
    WrappingMethod,
};

use super::super::{OpContext, OpError, key_wrap};
use crate::bridge::key_material;
use crate::lifecycle::{self, Purpose};
use crate::object::{AttributeSet, ManagedObject};

/// The symmetric key in `block`, if it came wrapped so that the token can unwrap it.
///
/// # Errors
///
/// `InvalidField` where the length cannot be that of the wrapped value; of the store.
pub(super) fn arriving(
    ctx: &mut OpContext<'_>,
    block: &KeyBlock,
    given: &AttributeSet,
) -> Result<Option<ArrivingKey>, OpError> {
    let (Some(value), Some(information)) =
        (wrapped_bytes(block), block.key_wrapping_data.as_ref().and_then(bare))
    else {
        return Ok(None);
    };
    let kind = kind(ctx, given)?.filter(|_| block.key_format_type == KeyFormatType::Raw);
    let Some(spec) = kind else { return Ok(None) };
    let Some((kek, algorithm)) = unwrapping_key(ctx, information)? else { return Ok(None) };
    let Some(wrapping) = kek.key_ref() else { return Ok(None) };
    let bytes = usize::try_from(spec.bits / 8).unwrap_or(usize::MAX);
    if value.len() != bytes.next_multiple_of(8).saturating_add(8) {
        return Err(OpError::InvalidField("the length is not that of the key material"));
    }
    let blob = value.expose().to_vec();
    Ok(Some(ArrivingKey { wrapping, blob, algorithm, spec }))
}

/// What the wrapping made: bytes in the place of the Key Value, or, as some clients and cases of 1.4
/// have it, of the Key Material in it.
fn wrapped_bytes(block: &KeyBlock) -> Option<&SecretBytes> {
    match block.key_value.as_ref()? {
        KeyValue::Wrapped(value) => Some(value),
        KeyValue::Plain { material, attributes } if attributes.is_empty() => material.bytes(),
        KeyValue::Plain { .. } => None,
    }
}

/// What names the wrapping key, where the bytes of the key were encrypted with it and nothing else
/// was done.
fn bare(data: &KeyWrappingData) -> Option<&KeyInformation> {
    let plain = data.wrapping_method == WrappingMethod::Encrypt
        && data.encoding_option == Some(EncodingOption::NoEncoding)
        && data.mac_signature_key_information.is_none()
        && data.mac_signature.is_none()
        && data.iv_counter_nonce.is_none();
    data.encryption_key_information.as_ref().filter(|_| plain)
}

/// What the token would have the key as; `None` for what it takes in no such way: 3DES keys, whose
/// length leaves their parity bits out or not, and HMAC keys that it must have with zeros behind, or
/// lacks the HMAC for.
fn kind(ctx: &OpContext<'_>, given: &AttributeSet) -> Result<Option<SecretKeySpec>, OpError> {
    let algorithm = given.enumeration(Kind::CryptographicAlgorithm).map(CryptographicAlgorithm);
    let bits = given.integer(Kind::CryptographicLength).and_then(|bits| u32::try_from(bits).ok());
    let (Some(algorithm), Some(bits)) = (algorithm, bits.filter(|bits| bits.is_multiple_of(8)))
    else {
        return Ok(None);
    };
    let bytes = usize::try_from(bits / 8).unwrap_or(usize::MAX);
    let kind = key_material::secret_kind(algorithm, bytes, false);
    let kind =
        kind.map(|kind| if super::is_for_hmac(given) { SecretKeyKind::Generic } else { kind });
    Ok(match kind {
        Some(SecretKeyKind::Generic) if bytes < ctx.capabilities()?.mac_min_bytes() => None,
        Some(kind @ (SecretKeyKind::Aes | SecretKeyKind::Generic)) => {
            Some(SecretKeySpec { kind, bits })
        }
        Some(SecretKeyKind::Des3) | None => None,
    })
}

/// The wrapping key and its mechanism, if it is here and may unwrap now. A key that may wrap may: a
/// client who registers a key in this form says that it was wrapped here.
fn unwrapping_key(
    ctx: &mut OpContext<'_>,
    information: &KeyInformation,
) -> Result<Option<(Arc<ManagedObject>, WrapAlgorithm)>, OpError> {
    let kek = match ctx.object(Some(information.unique_identifier.clone())) {
        Ok(kek) => kek,
        Err(OpError::NotFound | OpError::Archived) => return Ok(None),
        Err(error) => return Err(error),
    };
    let may = |bit| lifecycle::may_use(&kek, bit, Purpose::Process, ctx.now()).is_ok();
    if !may(Mask::UnwrapKey) && !may(Mask::WrapKey) {
        return Ok(None);
    }
    let algorithm = key_wrap::algorithm(ctx, &kek, information).ok();
    Ok(algorithm.map(|algorithm| (kek, algorithm)))
}
