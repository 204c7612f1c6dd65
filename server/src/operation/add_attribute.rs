//! Add Attribute.
//!
//! Spec: KMIP 1.4 §4.14.

use kmip_core::attribute::{AttributeKind as Kind, SetBy};
use kmip_core::payload::{AddAttributeRequest, AddAttributeResponse};

use super::{OpContext, OpError, modify_attribute};
use crate::lifecycle;
use crate::object::Instance;

/// Adds an instance and answers with it.
///
/// Every object has an Operation Policy Name from the beginning, so that nobody could ever add one:
/// whoever adds the one that is there gets it as the answer.
pub(super) fn handle(
    ctx: &mut OpContext<'_>,
    request: AddAttributeRequest,
) -> Result<AddAttributeResponse, OpError> {
    let attribute = request.attribute;
    if attribute.index.is_some() {
        return Err(OpError::InvalidField("a new instance has no index yet"));
    }
    modify_attribute::check(ctx, &attribute)?;
    let rule = attribute.name.kind().map(|kind| kind.rule());
    if rule.is_some_and(|rule| rule.set_by == SetBy::Server) {
        return Err(OpError::PermissionDenied("the attribute is the server's to set"));
    }
    let limit = ctx.services().bounds.max_attributes_per_object;
    let (object, (index, value)) = ctx.change(request.unique_identifier, |object, now| {
        if object.is_destroyed() {
            return Err(OpError::NotFound);
        }
        if rule.is_some_and(|rule| !rule.kind.is_for(object.object_type)) {
            return Err(OpError::PermissionDenied("such an object has no such attribute"));
        }
        let had = object.attributes.named(&attribute.name).next();
        if let (Some(had), Some(rule)) = (had, rule)
            && !rule.many
        {
            if rule.kind == Kind::OperationPolicyName && had.value == attribute.value {
                return Ok((had.index, had.value.clone()));
            }
            return Err(OpError::IllegalOperation("the attribute has one instance only"));
        }
        if object.attributes.iter().count() >= limit {
            return Err(OpError::IndexOutOfBounds);
        }
        if let Some(rule) = rule {
            lifecycle::may_change(object, rule.kind, now)?;
        }
        let kind = rule.map(|rule| rule.kind);
        let value = modify_attribute::value_to_set(object, kind, &attribute.value)?;
        let index = object.attributes.add(attribute.name.clone(), value.clone());
        modify_attribute::take_effect(object, kind, now)?;
        Ok((index, value))
    })?;
    let added = Instance { name: attribute.name, index, value };
    Ok(AddAttributeResponse { unique_identifier: object.uid, attribute: added.to_attribute() })
}
