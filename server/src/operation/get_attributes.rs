//! Get Attributes.
//!
//! Spec: KMIP 1.4 §4.12.

use std::collections::BTreeSet;

use kmip_core::payload::{GetAttributesRequest, GetAttributesResponse};

use super::{OpContext, OpError, attribute_list};

/// The attributes named, or all. What an object does not have is left out silently. The metadata of
/// destroyed objects stay readable.
pub(super) fn handle(
    ctx: &mut OpContext<'_>,
    request: GetAttributesRequest,
) -> Result<GetAttributesResponse, OpError> {
    let names: BTreeSet<_> = request.attribute_names.iter().collect();
    if names.len() != request.attribute_names.len() {
        return Err(OpError::InvalidMessage("an attribute is named twice"));
    }
    let object = ctx.object_or_remains(request.unique_identifier)?;
    let attributes = attribute_list::visible(&object, ctx.version())
        .filter(|attribute| names.is_empty() || names.contains(&attribute.name))
        .collect();
    Ok(GetAttributesResponse { unique_identifier: object.uid.clone(), attributes })
}
