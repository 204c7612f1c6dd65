//! Delete Attribute.
//!
//! Spec: KMIP 1.4 §4.16.

use kmip_core::payload::{DeleteAttributeRequest, DeleteAttributeResponse};

use super::{OpContext, OpError, modify_attribute};
use crate::lifecycle;
use crate::object::Instance;

/// Deletes an instance and answers with it.
pub(super) fn handle(
    ctx: &mut OpContext<'_>,
    request: DeleteAttributeRequest,
) -> Result<DeleteAttributeResponse, OpError> {
    let name = request.attribute_name;
    let index = request.attribute_index.unwrap_or(0);
    let allowed = match name.kind() {
        Some(kind) => kind.rule().client_may_delete,
        None if name.is_custom() => !modify_attribute::is_servers_own(&name),
        None => return Err(OpError::AttributeNotFound),
    };
    if !allowed {
        return Err(OpError::PermissionDenied("the attribute cannot be deleted"));
    }
    let (object, value) = ctx.change(request.unique_identifier, |object, now| {
        if object.is_destroyed() {
            return Err(OpError::NotFound);
        }
        if let Some(kind) = name.kind() {
            lifecycle::may_change(object, kind, now)?;
        }
        object.attributes.remove(&name, index).ok_or(OpError::AttributeNotFound)
    })?;
    let deleted = Instance { name, index, value };
    Ok(DeleteAttributeResponse { unique_identifier: object.uid, attribute: deleted.to_attribute() })
}
