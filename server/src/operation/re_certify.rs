//! Re-certify: a certificate that takes the place of an older one for the same key.
//!
//! Spec: KMIP 1.4 §4.8.

use kmip_core::payload::{ReCertifyRequest, ReCertifyResponse};

use super::certification::{self, Order, Place, links, subject};
use super::{OpContext, OpError, succession, template};
use crate::ca::{self, Wishes};

/// Makes the certificate with the older one's attributes, and answers with its identifier, which is
/// the ID Placeholder from then on.
pub(super) fn handle(
    ctx: &mut OpContext<'_>,
    request: ReCertifyRequest,
) -> Result<ReCertifyResponse, OpError> {
    let old = ctx.object(request.unique_identifier)?;
    let before = subject::renewable(&old)?;
    let key = before.key().cloned().ok_or(subject::NOT_CERTIFIABLE)?;
    let asked = certification::asked_by_request(
        ctx,
        &key,
        request.certificate_request_type,
        request.certificate_request.as_deref(),
    )?;
    let mut wished = template::collect_with(ctx, request.template_attribute.as_ref(), ca::is_wish)?;
    let wishes = Wishes::take(&mut wished)?;
    certification::check_type(wishes.certificate_type)?;
    let contents = asked.unwrap_or_default().or(wishes.contents).or(before.contents()?);
    let named = links::take(&mut wished)?;
    let attributes = succession::heritage(&old, &wished, request.offset, ctx.now())?;
    let public = subject::public_key_of(ctx, &old)?;
    let mut parameters = wishes.parameters;
    let named = if named.is_empty() {
        // The same issuer signs as before, unless that would be with a broken hash.
        parameters = parameters.or_else(|| ca::parameters_of(&before));
        links::of_certificate(ctx, &old, &before, public.as_deref())?
    } else {
        named
    };
    let order = Order { key, contents, attributes, parameters };
    let place = Place::InsteadOf { old: &old, public: public.as_deref() };
    let uid = certification::carry_out(ctx, order, &named, place)?;
    ctx.set_placeholder(Some(uid.clone()));
    Ok(ReCertifyResponse { unique_identifier: uid, template_attribute: None })
}
