//! Certify: a certificate for a public key.
//!
//! Spec: KMIP 1.4 §4.7.

use kmip_core::payload::{CertifyRequest, CertifyResponse};

use super::certification::{self, Order, Place, links, subject};
use super::{OpContext, OpError, template};
use crate::ca::{self, Wishes};

/// Makes the certificate and answers with its identifier, which is the ID Placeholder from then on.
pub(super) fn handle(
    ctx: &mut OpContext<'_>,
    request: CertifyRequest,
) -> Result<CertifyResponse, OpError> {
    let public = ctx.object(request.unique_identifier)?;
    let key = subject::key_of(&public, ctx.now())?;
    let asked = certification::asked_by_request(
        ctx,
        &key,
        request.certificate_request_type,
        request.certificate_request.as_deref(),
    )?;
    let mut attributes =
        template::collect_with(ctx, request.template_attribute.as_ref(), ca::is_wish)?;
    let wishes = Wishes::take(&mut attributes)?;
    certification::check_type(wishes.certificate_type)?;
    if asked.is_none() && wishes.certificate_type.is_none() {
        return Err(OpError::InvalidMessage("no certificate type"));
    }
    let by_mask = ca::of_mask(public.usage_mask());
    let contents = asked.unwrap_or_default().or(wishes.contents).or(by_mask);
    let contents = subject::named(contents, &attributes, &public)?;
    let named = links::take(&mut attributes)?;
    let order = Order { key, contents, attributes, parameters: wishes.parameters };
    let uid = certification::carry_out(ctx, order, &named, Place::Beside(&public))?;
    ctx.set_placeholder(Some(uid.clone()));
    Ok(CertifyResponse { unique_identifier: uid, template_attribute: None })
}
