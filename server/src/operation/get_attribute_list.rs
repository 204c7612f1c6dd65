//! Get Attribute List.
//!
//! Spec: KMIP 1.4 §4.13.

use kmip_core::attribute::AttributeName;
use kmip_core::payload::{GetAttributeListRequest, GetAttributeListResponse};

use super::{OpContext, OpError, attribute_list};

/// The names of the object's attributes, each once.
pub(super) fn handle(
    ctx: &mut OpContext<'_>,
    request: GetAttributeListRequest,
) -> Result<GetAttributeListResponse, OpError> {
    let object = ctx.object_or_remains(request.unique_identifier)?;
    // Of an archived object only Get Attributes tells.
    if object.is_archived() {
        return Err(OpError::Archived);
    }
    let mut attribute_names: Vec<AttributeName> = Vec::new();
    for attribute in attribute_list::visible(&object, ctx.version()) {
        if !attribute_names.contains(&attribute.name) {
            attribute_names.push(attribute.name);
        }
    }
    Ok(GetAttributeListResponse { unique_identifier: object.uid.clone(), attribute_names })
}
