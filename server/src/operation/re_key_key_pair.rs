//! Re-key Key Pair: the token makes a pair that takes the place of an older one.
//!
//! Spec: KMIP 1.4 §4.5.

use std::sync::Arc;

use kmip_core::attribute::{AttributeKind as Kind, Link, TemplateAttribute};
use kmip_core::payload::{ReKeyKeyPairRequest, ReKeyKeyPairResponse};
use kmip_core::types::{LinkType, ObjectType};

use super::{OpContext, OpError, create_key_pair, succession, template};
use crate::object::{AttributeSet, ManagedObject};

/// Makes the pair with the older one's attributes, half by half, and answers with both identifiers;
/// the ID Placeholder is the private key's.
pub(super) fn handle(
    ctx: &mut OpContext<'_>,
    request: ReKeyKeyPairRequest,
) -> Result<ReKeyKeyPairResponse, OpError> {
    let private = ctx.object(request.private_key_unique_identifier)?;
    let public = public_half(ctx, &private)?;
    let common = template::collect(ctx, request.common_template_attribute.as_ref())?;
    let heritage = |old: &ManagedObject, own: Option<&TemplateAttribute>| {
        let asked = template::merge(&common, &template::collect(ctx, own)?);
        succession::heritage(old, &asked, request.offset, ctx.now())
    };
    let private_set: AttributeSet =
        heritage(&private, request.private_key_template_attribute.as_ref())?;
    let public_set = heritage(&public, request.public_key_template_attribute.as_ref())?;
    let predecessors = [private.uid.clone(), public.uid.clone()];
    let (private, public) = create_key_pair::make(ctx, private_set, public_set, &predecessors)?;
    ctx.set_placeholder(Some(private.clone()));
    Ok(ReKeyKeyPairResponse {
        private_key_unique_identifier: private,
        public_key_unique_identifier: public,
        private_key_template_attribute: None,
        public_key_template_attribute: None,
    })
}

/// The public key that belongs to a private one: the one its link names.
///
/// # Errors
///
/// `PermissionDenied` for what is no half of a pair; `NotFound` where the other half is gone.
fn public_half(
    ctx: &mut OpContext<'_>,
    private: &ManagedObject,
) -> Result<Arc<ManagedObject>, OpError> {
    let no_pair = OpError::PermissionDenied("the object is no private key of a pair");
    if private.object_type != ObjectType::PrivateKey {
        return Err(no_pair);
    }
    if private.attributes.boolean(Kind::KeyValuePresent) == Some(false) {
        return Err(OpError::KeyValueNotPresent);
    }
    let mut links = private.attributes.all_typed::<Link>(Kind::Link);
    let link = links.find(|link| link.link_type == LinkType::PublicKeyLink).ok_or(no_pair)?;
    let public = ctx.object(Some(link.linked_object_identifier))?;
    if public.object_type != ObjectType::PublicKey {
        return Err(OpError::PermissionDenied("the public key link names no public key"));
    }
    Ok(public)
}
