//! Revoke: ends an object's life in use.
//!
//! Spec: KMIP 1.4 §4.20.

use kmip_core::payload::{RevokeRequest, RevokeResponse};
use kmip_core::types::{RevocationReasonCode, State};

use super::{OpContext, OpError};
use crate::lifecycle;

/// Revokes one object and answers with its identifier.
pub(super) fn handle(
    ctx: &mut OpContext<'_>,
    request: RevokeRequest,
) -> Result<RevokeResponse, OpError> {
    let reason = request.revocation_reason;
    if RevocationReasonCode::TABLE.entry(reason.code.0).is_none() {
        return Err(OpError::InvalidField("unknown revocation reason"));
    }
    let occurred = request.compromise_occurrence_date;
    let (object, ()) = ctx.change(request.unique_identifier, |object, now| {
        // A destroyed key may still turn out to have been compromised.
        if object.is_destroyed() && object.state() != Some(State::Destroyed) {
            return Err(OpError::NotFound);
        }
        Ok(lifecycle::revoke(object, &reason, occurred, now)?)
    })?;
    Ok(RevokeResponse { unique_identifier: object.uid })
}
