//! Recover: brings an archived object back into use.
//!
//! Spec: KMIP 1.4 §4.23.

use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::payload::{RecoverRequest, RecoverResponse};

use super::{OpContext, OpError};

/// Recovers one object and answers with its identifier, which the ID Placeholder takes. An object
/// that is not archived is what was asked for already.
pub(super) fn handle(
    ctx: &mut OpContext<'_>,
    request: RecoverRequest,
) -> Result<RecoverResponse, OpError> {
    let object = ctx.object_or_remains(request.unique_identifier)?;
    if object.is_destroyed() {
        return Err(OpError::NotFound);
    }
    if object.is_archived() {
        ctx.change_archived(&object.uid, |object, _| {
            object.attributes.clear(Kind::ArchiveDate);
            Ok(())
        })?;
    }
    ctx.set_placeholder(Some(object.uid.clone()));
    Ok(RecoverResponse { unique_identifier: object.uid.clone() })
}
