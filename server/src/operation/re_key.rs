//! Re-key: the token makes a symmetric key that takes the place of an older one.
//!
//! Spec: KMIP 1.4 §4.4.

use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::payload::{ReKeyRequest, ReKeyResponse};
use kmip_core::types::ObjectType;

use super::{OpContext, OpError, create, succession, template};

/// Makes the key with the older one's attributes, and answers with its identifier.
pub(super) fn handle(
    ctx: &mut OpContext<'_>,
    request: ReKeyRequest,
) -> Result<ReKeyResponse, OpError> {
    let old = ctx.object(request.unique_identifier)?;
    if old.object_type != ObjectType::SymmetricKey {
        return Err(OpError::PermissionDenied("the object cannot be re-keyed so"));
    }
    if old.attributes.boolean(Kind::KeyValuePresent) == Some(false) {
        return Err(OpError::KeyValueNotPresent);
    }
    let asked = template::collect(ctx, request.template_attribute.as_ref())?;
    let attributes = succession::heritage(&old, &asked, request.offset, ctx.now())?;
    let uid = create::make(ctx, attributes, std::slice::from_ref(&old.uid))?;
    ctx.set_placeholder(Some(uid.clone()));
    Ok(ReKeyResponse { unique_identifier: uid, template_attribute: None })
}
