//! Obtain Lease: how long a client may use its own copy of an object.
//!
//! Spec: KMIP 1.4 §4.17. Nothing is kept of a lease: it binds the client, which asks again when it is
//! over, and then learns whether the object has changed.

use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::payload::{ObtainLeaseRequest, ObtainLeaseResponse};
use kmip_core::ttlv::Interval;

use super::{OpContext, OpError};
use crate::lifecycle;
use crate::object::ManagedObject;

/// Grants the longest lease there is on the object.
pub(super) fn handle(
    ctx: &mut OpContext<'_>,
    request: ObtainLeaseRequest,
) -> Result<ObtainLeaseResponse, OpError> {
    let object = ctx.object(request.unique_identifier)?;
    Ok(ObtainLeaseResponse {
        unique_identifier: object.uid.clone(),
        lease_time: grantable(ctx, &object)?,
        last_change_date: object.attributes.date(Kind::LastChangeDate).unwrap_or(ctx.now()),
    })
}

/// The longest lease on the object: its own Lease Time, which may be from when the configuration
/// allowed longer ones.
///
/// # Errors
///
/// `Forbidden` where the object's state is against any lease.
pub(super) fn grantable(ctx: &OpContext<'_>, object: &ManagedObject) -> Result<Interval, OpError> {
    lifecycle::may_lease(object)?;
    let longest = ctx.services().bounds.max_lease.0;
    let own = object.attributes.typed::<Interval>(Kind::LeaseTime);
    Ok(Interval(own.map_or(longest, |own| own.0.min(longest))))
}
