//! What a client asks of a new object: its Template-Attribute, checked against the table.

use kmip_core::attribute::{Attribute, AttributeKind as Kind, SetBy, TemplateAttribute};

use super::{OpContext, OpError, modify_attribute};
use crate::object::AttributeSet;

/// The attributes of one Template-Attribute, each checked.
///
/// # Errors
///
/// `NotFound` for templates by name, which are not served; `InvalidField` for attributes that are
/// unknown, malformed, the server's to set, or repeated where one instance is all there can be.
pub(super) fn collect(
    ctx: &OpContext<'_>,
    template: Option<&TemplateAttribute>,
) -> Result<AttributeSet, OpError> {
    let mut set = AttributeSet::default();
    let Some(template) = template else { return Ok(set) };
    if !template.names.is_empty() {
        return Err(OpError::NotFound);
    }
    for attribute in &template.attributes {
        admit(ctx, &set, attribute)?;
        set.add(attribute.name.clone(), attribute.value.clone());
    }
    Ok(set)
}

fn admit(ctx: &OpContext<'_>, set: &AttributeSet, attribute: &Attribute) -> Result<(), OpError> {
    attribute
        .check(ctx.version())
        .map_err(|_| OpError::InvalidField("unknown or malformed attribute"))?;
    let many = match attribute.name.kind() {
        Some(kind) => {
            let rule = kind.rule();
            if rule.set_by == SetBy::Server {
                return Err(OpError::InvalidField("the attribute is the server's to set"));
            }
            rule.many
        }
        None if !modify_attribute::is_servers_own(&attribute.name) => true,
        None => return Err(OpError::InvalidField("the attribute is the server's to set")),
    };
    if !many && set.named(&attribute.name).next().is_some() {
        return Err(OpError::InvalidField("the attribute has one instance only"));
    }
    Ok(())
}

/// `common` with what `own` adds: single attributes of `own` win, several are joined.
///
/// Spec: KMIP 1.4 §4.2.
pub(super) fn merge(common: &AttributeSet, own: &AttributeSet) -> AttributeSet {
    let single = |name: &kmip_core::attribute::AttributeName| {
        name.kind().is_some_and(|kind: Kind| !kind.rule().many)
    };
    let mut merged = AttributeSet::default();
    for instance in common.iter() {
        if !(single(&instance.name) && own.named(&instance.name).next().is_some()) {
            merged.add(instance.name.clone(), instance.value.clone());
        }
    }
    for instance in own.iter() {
        merged.add(instance.name.clone(), instance.value.clone());
    }
    merged
}
