//! Answers that are known before their item is carried out, of the items that cannot be taken back
//! where nobody would learn of them.

use kmip_core::payload::{
    DestroyResponse, ImportResponse, ModifyAttributeResponse, RequestPayload, ResponsePayload,
};

use super::OpContext;

/// The answer that `request` will have if it succeeds; `None` where that is not known, or where what
/// is done can be taken back when it turns out not to fit.
#[must_use]
pub fn foreseen(ctx: &OpContext<'_>, request: &RequestPayload) -> Option<ResponsePayload> {
    if let RequestPayload::Destroy(destroy) = request {
        let unique_identifier = ctx.identifier(destroy.unique_identifier.clone()).ok()?;
        return Some(ResponsePayload::Destroy(DestroyResponse { unique_identifier }));
    }
    if let RequestPayload::Import(import) = request {
        let unique_identifier = import.unique_identifier.clone();
        return Some(ResponsePayload::Import(ImportResponse { unique_identifier }));
    }
    // A token does not loosen its hold on a key.
    if let RequestPayload::ModifyAttribute(modify) = request {
        let unique_identifier = ctx.identifier(modify.unique_identifier.clone()).ok()?;
        let attribute = modify.attribute.clone();
        let answer = ModifyAttributeResponse { unique_identifier, attribute };
        return Some(ResponsePayload::ModifyAttribute(answer));
    }
    None
}
