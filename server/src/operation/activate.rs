//! Activate: Pre-Active becomes Active.
//!
//! Spec: KMIP 1.4 §4.19.

use kmip_core::payload::{ActivateRequest, ActivateResponse};

use super::{OpContext, OpError};
use crate::lifecycle;

/// Activates one object and answers with its identifier.
pub(super) fn handle(
    ctx: &mut OpContext<'_>,
    request: ActivateRequest,
) -> Result<ActivateResponse, OpError> {
    let (object, ()) = ctx.change(request.unique_identifier, |object, now| {
        if object.is_destroyed() {
            return Err(OpError::NotFound);
        }
        Ok(lifecycle::activate(object, now)?)
    })?;
    Ok(ActivateResponse { unique_identifier: object.uid })
}
