//! The One Time Pad: every byte of it is XORed over one byte of the data, in order, and used no more.
//!
//! No token has it: the pad is sealed, and opened for the one call where the scope has assisted
//! mode.
//!
//! Spec: KMIP 1.3 §9.1.3.2.13 names the algorithm; how it is used, the OASIS test cases show.

use hsm_backend::SecretValue;
use kmip_core::attribute::{AttributeKind as Kind, CryptographicParameters};
use kmip_core::secret::SecretBytes;
use kmip_core::types::CryptographicAlgorithm;

use crate::bridge::cipher;
use crate::object::ManagedObject;
use crate::operation::use_key::{parameters_for, single_part, spend};
use crate::operation::{OpContext, OpError, value};
use crate::pad::{self, Direction};

const USED_UP: OpError = OpError::PermissionDenied("so much is not left of the one time pad");

/// What Encrypt and Decrypt are asked for besides the pad.
pub(in crate::operation) struct Wanted {
    pub(in crate::operation) parameters: Option<CryptographicParameters>,
    pub(in crate::operation) data: Option<SecretBytes>,
    /// Whether an IV, additional data or a tag came along.
    pub(in crate::operation) extras: bool,
}

/// Whether the object is a One Time Pad.
pub(in crate::operation) fn is_pad(row: &ManagedObject) -> bool {
    row.attributes.enumeration(Kind::CryptographicAlgorithm)
        == Some(CryptographicAlgorithm::OneTimePad.0)
}

/// XORs the data with the next bytes of the pad that were not used in this direction. They are
/// used once this is called, whatever becomes of the answer.
///
/// # Errors
///
/// `PermissionDenied` where the pad has not so many left, with nothing used;
/// `ParametersNotSupported` without assisted mode.
pub(in crate::operation) fn apply(
    ctx: &mut OpContext<'_>,
    row: &ManagedObject,
    wanted: Wanted,
    direction: Direction,
) -> Result<SecretBytes, OpError> {
    let data = single_part(ctx, wanted.data)?;
    cipher::one_time_pad(&parameters_for(row, wanted.parameters)?)?;
    if wanted.extras {
        return Err(OpError::InvalidField("a one time pad takes the data only"));
    }
    let pad = opened(ctx, row, direction)?;
    let length = pad.expose().len();
    // Before anything is counted; what counts is looked up again below.
    pad::take(&mut row.attributes.clone(), direction, data.len(), length).ok_or(USED_UP)?;
    if direction == Direction::Encrypt {
        spend(ctx, row, data.len())?;
    }
    let bytes = ctx.reserve(&row.uid, |attributes| {
        pad::take(attributes, direction, data.len(), length).ok_or(USED_UP)
    })?;
    let bytes = pad.expose().get(bytes).ok_or(USED_UP)?;
    let mixed = data.expose().iter().zip(bytes).map(|(data, pad)| data ^ pad).collect();
    Ok(SecretBytes::new(mixed))
}

/// The pad in memory for this one call.
fn opened(
    ctx: &OpContext<'_>,
    row: &ManagedObject,
    direction: Direction,
) -> Result<SecretValue, OpError> {
    let (request, scope, object) = (ctx.request_id(), row.scope.as_str(), row.uid.as_str());
    if !ctx.rules()?.custody.assisted {
        tracing::info!(request, scope, object, "a one time pad needs assisted mode");
        return Err(OpError::ParametersNotSupported("the HSM lacks the mechanism"));
    }
    tracing::info!(request, scope, object, ?direction, "assisted: one time pad used in memory");
    value::sealed_secret(ctx, row)
}

/// Whether the object is a pad in a scope that uses pads: what is given out could be used again
/// elsewhere, and nobody would know.
pub(in crate::operation) fn stays(ctx: &OpContext<'_>, row: &ManagedObject) -> bool {
    is_pad(row) && ctx.rules().is_ok_and(|rules| rules.custody.assisted)
}

/// A pad that is locked away, or of which a part has been used, is given to nobody.
///
/// # Errors
///
/// `PermissionDenied`.
pub(in crate::operation) fn may_leave(row: &ManagedObject) -> Result<(), OpError> {
    let locked = row.attributes.boolean(Kind::Extractable) != Some(true);
    if is_pad(row) && (locked || pad::is_touched(&row.attributes)) {
        return Err(OpError::PermissionDenied("a one time pad is not given out"));
    }
    Ok(())
}
