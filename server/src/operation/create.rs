//! Create: the token makes a symmetric key.
//!
//! Spec: KMIP 1.4 §4.1.

use kmip_core::attribute::{AttributeKind as Kind, UniqueIdentifier};
use kmip_core::payload::{CreateRequest, CreateResponse};
use kmip_core::types::ObjectType;

use super::birth::{self, Origin};
use super::custody::{self, Source};
use super::{OpContext, OpError, template};
use crate::bridge::key_spec;
use crate::object::AttributeSet;

/// Makes the key and answers with its identifier.
pub(super) fn handle(
    ctx: &mut OpContext<'_>,
    request: CreateRequest,
) -> Result<CreateResponse, OpError> {
    if request.object_type != ObjectType::SymmetricKey {
        return Err(OpError::InvalidField("only symmetric keys are created"));
    }
    let given = template::collect(ctx, Some(&request.template_attribute))?;
    let uid = make(ctx, given, &[])?;
    ctx.set_placeholder(Some(uid.clone()));
    Ok(CreateResponse {
        object_type: ObjectType::SymmetricKey,
        unique_identifier: uid,
        template_attribute: None,
    })
}

/// Makes a symmetric key with these attributes, in the place of `predecessors`.
///
/// # Errors
///
/// [`OpError`]; no live object is left behind, and the predecessors are as they were.
pub(super) fn make(
    ctx: &mut OpContext<'_>,
    mut given: AttributeSet,
    predecessors: &[UniqueIdentifier],
) -> Result<UniqueIdentifier, OpError> {
    let spec = key_spec::secret_key(&given, ctx.services().bounds.allow_3des)?;
    given.set_default(Kind::CryptographicUsageMask, &key_spec::default_secret_mask(spec.kind));
    let mut key = birth::newborn(ctx, ObjectType::SymmetricKey, given, Origin::Generated)?;
    let mask = birth::checked_mask(ctx, &key)?;
    // Exactly as given: the length of a 3DES key counts its parity bits or not.
    let bits = key.attributes.integer(Kind::CryptographicLength);
    key.true_bits = bits.and_then(|bits| u32::try_from(bits).ok()).unwrap_or(spec.bits);
    let policy = birth::key_policy(&key, key_spec::secret_usage(mask));
    Ok(custody::bear(ctx, key, &Source::Generated(spec), &policy, predecessors)?.uid)
}
