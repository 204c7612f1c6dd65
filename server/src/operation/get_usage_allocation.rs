//! Get Usage Allocation: a client sets aside a part of what the Usage Limits still allow.
//!
//! Spec: KMIP 1.4 §4.18.

use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::payload::{GetUsageAllocationRequest, GetUsageAllocationResponse};

use super::{OpContext, OpError};
use crate::lifecycle;

/// Takes all that is asked for off the Usage Limits, or nothing. What a client protects with its own
/// copy of the key it counts itself: it is the allocation that the server counts.
pub(super) fn handle(
    ctx: &mut OpContext<'_>,
    request: GetUsageAllocationRequest,
) -> Result<GetUsageAllocationResponse, OpError> {
    let units = request.usage_limits_count;
    if units <= 0 {
        return Err(OpError::InvalidField("an allocation is of one unit at least"));
    }
    let uid = ctx.object(request.unique_identifier)?.uid.clone();
    ctx.draw(&uid, |object, now| {
        if object.attributes.get(Kind::UsageLimits).is_none() {
            return Err(OpError::IllegalOperation("the object has no usage limits"));
        }
        if !lifecycle::protects(object) {
            return Err(OpError::IllegalOperation("the object protects nothing"));
        }
        lifecycle::may_allocate(object, now)?;
        Ok(units)
    })?;
    Ok(GetUsageAllocationResponse { unique_identifier: uid })
}
