//! Check: whether an object may be used as the client intends, without using it.
//!
//! Spec: KMIP 1.4 §4.10.

use kmip_core::attribute::{AttributeKind as Kind, UsageLimits};
use kmip_core::payload::{CheckRequest, CheckResponse};
use kmip_core::types::CryptographicUsageMask as Mask;

use super::{OpContext, OpError, obtain_lease};
use crate::lifecycle::{self, Forbidden};
use crate::object::ManagedObject;
use crate::usage_limits;

/// Names the object if everything asked about may be. Else the ID Placeholder is emptied, so that no
/// later item of the batch uses the object, and the failure repeats what may not be, and no more.
pub(super) fn handle(
    ctx: &mut OpContext<'_>,
    request: CheckRequest,
) -> Result<CheckResponse, OpError> {
    let object = ctx.object(request.unique_identifier)?;
    if object.state().is_none() {
        return Err(Forbidden::Stateless.into());
    }
    let denied = CheckResponse {
        unique_identifier: None,
        usage_limits_count: refused(request.usage_limits_count, |count| is_left(&object, count))?,
        cryptographic_usage_mask: refused(request.cryptographic_usage_mask, |mask| {
            serves(ctx, &object, mask)
        })?,
        lease_time: refused(request.lease_time, |lease| {
            let longest = obtain_lease::grantable(ctx, &object).ok();
            Ok(longest.is_some_and(|longest| lease.0 <= longest.0))
        })?,
    };
    let CheckResponse { usage_limits_count, cryptographic_usage_mask, lease_time, .. } = &denied;
    if usage_limits_count.is_some() || cryptographic_usage_mask.is_some() || lease_time.is_some() {
        ctx.set_placeholder(None);
        return Err(OpError::CheckDenied(Box::new(denied)));
    }
    Ok(CheckResponse { unique_identifier: Some(object.uid.clone()), ..denied })
}

/// What was asked about, if it may not be.
fn refused<T: Copy>(
    asked: Option<T>,
    may_be: impl FnOnce(T) -> Result<bool, OpError>,
) -> Result<Option<T>, OpError> {
    match asked {
        Some(value) if !may_be(value)? => Ok(Some(value)),
        _ => Ok(None),
    }
}

/// Whether the Usage Limits still have `count` units.
fn is_left(object: &ManagedObject, count: i64) -> Result<bool, OpError> {
    if count < 0 {
        return Err(OpError::InvalidField("the usage limits count is negative"));
    }
    let limits = object.attributes.typed::<UsageLimits>(Kind::UsageLimits);
    let limits = limits.ok_or(OpError::IllegalOperation("the object has no usage limits"))?;
    Ok(count <= usage_limits::left(&limits))
}

/// Whether the object is there for every use in `mask`.
fn serves(ctx: &OpContext<'_>, object: &ManagedObject, mask: Mask) -> Result<bool, OpError> {
    if object.attributes.get(Kind::CryptographicUsageMask).is_none() {
        return Err(OpError::IllegalOperation("the object has no usage mask"));
    }
    Ok(lifecycle::may_intend(object, mask, ctx.now()).is_ok())
}
