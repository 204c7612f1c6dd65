//! What a client asks of a new object: its Template-Attribute, checked against the table, and the
//! Templates it names.
//!
//! Spec: KMIP 1.4 §2.1.8, §2.2.6 and §4.

use kmip_core::attribute::{Attribute, AttributeKind as Kind, Name, SetBy, TemplateAttribute};
use kmip_core::object::{Object, Template};

use crate::object::{AttributeSet, Instance};
use crate::operation::{OpContext, OpError, modify_attribute, public_key};

/// Templates that one request may name for one object.
const MAX_NAMED: usize = 32;

/// The attributes of one Template-Attribute, each checked, over those of the Templates it names:
/// of single attributes its own win, then those of the last Template; of the others there are all.
///
/// # Errors
///
/// `NotFound` for a Template that is not there, `Archived` for one that is so; `IndexOutOfBounds` for
/// more attributes than an object may have; `InvalidField` for attributes that are unknown,
/// malformed, the server's to set, or repeated where one instance is all there can be.
pub(in crate::operation) fn collect(
    ctx: &OpContext<'_>,
    template: Option<&TemplateAttribute>,
) -> Result<AttributeSet, OpError> {
    collect_with(ctx, template, |_| false)
}

/// As [`collect`], with attributes that are the server's to set where `is_wish` says that the
/// operation takes them as wishes.
///
/// # Errors
///
/// As [`collect`].
pub(in crate::operation) fn collect_with(
    ctx: &OpContext<'_>,
    template: Option<&TemplateAttribute>,
    is_wish: impl Fn(Kind) -> bool,
) -> Result<AttributeSet, OpError> {
    let Some(template) = template else { return Ok(AttributeSet::default()) };
    if template.names.len() > MAX_NAMED {
        return Err(OpError::InvalidField("too many templates are named"));
    }
    let mut named = AttributeSet::default();
    for name in &template.names {
        named = merge(&named, &content(ctx, name)?);
    }
    Ok(merge(&named, &checked(ctx, &template.attributes, is_wish)?))
}

/// What the Template called `name` gives to a new object: all but its own Name.
fn content(ctx: &OpContext<'_>, name: &Name) -> Result<AttributeSet, OpError> {
    let row = ctx.template(name)?;
    let Object::Template(template) = public_key::stored_object(&row)? else {
        return Err(OpError::GeneralFailure("a template's row holds something else"));
    };
    let mut set = AttributeSet::default();
    for attribute in template.attributes {
        if attribute.name.kind() != Some(Kind::Name) {
            set.add(attribute.name, attribute.value);
        }
    }
    Ok(set)
}

/// Checks a Template that is registered, as the Template-Attribute it stands for. A Name among its
/// attributes is its own: clients of 1.0 to 1.2 call it so, later ones beside it.
///
/// # Errors
///
/// As [`collect`]; `InvalidField` for one without a name, as nothing could refer to it.
pub(in crate::operation) fn take_in(
    ctx: &OpContext<'_>,
    template: &Template,
    given: &mut AttributeSet,
) -> Result<(), OpError> {
    let content = checked(ctx, &template.attributes, |_| false)?;
    for name in content.all(Kind::Name) {
        if !has(given, name) {
            given.add(name.name.clone(), name.value.clone());
        }
    }
    match given.get(Kind::Name) {
        Some(_) => Ok(()),
        None => Err(OpError::InvalidField("a template needs a name")),
    }
}

fn checked(
    ctx: &OpContext<'_>,
    attributes: &[Attribute],
    is_wish: impl Fn(Kind) -> bool,
) -> Result<AttributeSet, OpError> {
    // Each is held against those before it.
    if attributes.len() > ctx.services().bounds.max_attributes_per_object {
        return Err(OpError::IndexOutOfBounds);
    }
    let mut set = AttributeSet::default();
    for attribute in attributes {
        admit(ctx, &set, attribute, &is_wish)?;
        set.add(attribute.name.clone(), attribute.value.clone());
    }
    Ok(set)
}

fn admit(
    ctx: &OpContext<'_>,
    set: &AttributeSet,
    attribute: &Attribute,
    is_wish: impl Fn(Kind) -> bool,
) -> Result<(), OpError> {
    attribute
        .check(ctx.version())
        .map_err(|_| OpError::InvalidField("unknown or malformed attribute"))?;
    let many = match attribute.name.kind() {
        Some(kind) => {
            let rule = kind.rule();
            if rule.set_by == SetBy::Server && !is_wish(kind) {
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
pub(in crate::operation) fn merge(common: &AttributeSet, own: &AttributeSet) -> AttributeSet {
    let single = |name: &kmip_core::attribute::AttributeName| {
        name.kind().is_some_and(|kind: Kind| !kind.rule().many)
    };
    let overruled =
        |instance: &Instance| single(&instance.name) && own.named(&instance.name).next().is_some();
    let mut merged = AttributeSet::default();
    for instance in common.iter().filter(|instance| !overruled(instance)) {
        merged.add(instance.name.clone(), instance.value.clone());
    }
    let kept = merged.clone();
    for instance in own.iter().filter(|instance| !has(&kept, instance)) {
        merged.add(instance.name.clone(), instance.value.clone());
    }
    merged
}

/// Whether the attribute has this value already: what is joined is a union.
fn has(set: &AttributeSet, instance: &Instance) -> bool {
    set.named(&instance.name).any(|other| other.value == instance.value)
}
