//! Create: the token makes a symmetric key.
//!
//! Spec: KMIP 1.4 §4.1.

use hsm_backend::{HashAlgorithm, KeyRef};
use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::payload::{CreateRequest, CreateResponse};
use kmip_core::types::{KeyFormatType, ObjectType};

use super::birth::{self, Origin};
use super::{OpContext, OpError, template};
use crate::bridge::key_spec;

/// Makes the key and answers with its identifier.
pub(super) fn handle(
    ctx: &mut OpContext<'_>,
    request: CreateRequest,
) -> Result<CreateResponse, OpError> {
    if request.object_type != ObjectType::SymmetricKey {
        return Err(OpError::InvalidField("only symmetric keys are created"));
    }
    let mut given = template::collect(ctx, Some(&request.template_attribute))?;
    let spec = key_spec::secret_key(&given, ctx.services().bounds.allow_3des)?;
    given.set_default(Kind::CryptographicUsageMask, &key_spec::default_secret_mask(spec.kind));
    let mut key = birth::newborn(ctx, ObjectType::SymmetricKey, given, Origin::Generated)?;
    let mask = birth::checked_mask(ctx, &key)?;
    // Exactly as given: the length of a 3DES key counts its parity bits or not.
    let bits = key.attributes.integer(Kind::CryptographicLength);
    key.true_bits = bits.and_then(|bits| u32::try_from(bits).ok()).unwrap_or(spec.bits);
    let policy = birth::key_policy(&key, key_spec::secret_usage(mask));
    let made = birth::bear(
        ctx,
        vec![key],
        |ctx, id| {
            let made = ctx.hsm().generate_key(&ctx.keygen_call(), id, spec, &policy)?;
            let key = KeyRef::Token(id);
            // Inside the token; a token that cannot do it leaves the key without Digest.
            let digest = ctx.hsm().digest_key(&ctx.call(), &key, HashAlgorithm::Sha256).ok();
            Ok((made.value.kcv, digest))
        },
        |_, objects, (kcv, digest)| {
            for object in objects {
                object.kcv.clone_from(&kcv);
                if let Some(digest) = digest.clone() {
                    let digest = birth::digest(digest, KeyFormatType::Raw);
                    object.attributes.set(Kind::Digest, &digest);
                }
            }
            Ok(())
        },
    )?;
    let uid = made.into_iter().next().map(|object| object.uid).ok_or(OpError::NotFound)?;
    ctx.set_placeholder(Some(uid.clone()));
    Ok(CreateResponse {
        object_type: ObjectType::SymmetricKey,
        unique_identifier: uid,
        template_attribute: None,
    })
}
