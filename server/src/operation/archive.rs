//! Archive: puts an object out of use, until it is recovered.
//!
//! Spec: KMIP 1.4 §4.22. Everything stays where it is, in the row and in the token: what makes an object
//! archived is its Archive Date, and every operation but a few refuses it.

use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::payload::{ArchiveRequest, ArchiveResponse};

use super::{OpContext, OpError};

/// Archives one object and answers with its identifier.
pub(super) fn handle(
    ctx: &mut OpContext<'_>,
    request: ArchiveRequest,
) -> Result<ArchiveResponse, OpError> {
    let (object, ()) = ctx.change(request.unique_identifier, |object, now| {
        if object.is_destroyed() {
            return Err(OpError::NotFound);
        }
        object.attributes.set(Kind::ArchiveDate, &now);
        Ok(())
    })?;
    Ok(ArchiveResponse { unique_identifier: object.uid })
}
