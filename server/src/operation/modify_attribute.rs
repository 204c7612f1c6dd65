//! Modify Attribute.
//!
//! Spec: KMIP 1.4 §4.15.

use hsm_backend::{KeyRef, WrappedKey};
use kmip_core::attribute::{Attribute, AttributeKind as Kind, AttributeName, UsageLimits};
use kmip_core::payload::{ModifyAttributeRequest, ModifyAttributeResponse};
use kmip_core::ttlv::{DateTime, Value};

use super::{OpContext, OpError, birth, namespace};
use crate::lifecycle;
use crate::object::{Custody, ManagedObject, is_reserved};

/// Replaces an instance and answers with it.
pub(super) fn handle(
    ctx: &mut OpContext<'_>,
    request: ModifyAttributeRequest,
) -> Result<ModifyAttributeResponse, OpError> {
    let attribute = request.attribute;
    check(ctx, &attribute)?;
    let kind = attribute.name.kind();
    if kind.is_some_and(|kind| !kind.rule().client_may_modify) {
        return Err(OpError::PermissionDenied("the attribute is read-only"));
    }
    let uid = ctx.identifier(request.unique_identifier)?;
    restrict_token_key(ctx, &uid, kind, &attribute.value)?;
    let index = attribute.index.unwrap_or(0);
    let (object, value) = ctx.change(Some(uid), |object, now| {
        if object.is_destroyed() {
            return Err(OpError::NotFound);
        }
        if object.attributes.named(&attribute.name).next().is_none() {
            return Err(OpError::InvalidField("the object has no such attribute"));
        }
        if let Some(kind) = kind {
            lifecycle::may_change(object, kind, now)?;
        }
        let value = value_to_set(object, kind, &attribute.value)?;
        if !object.attributes.replace(&attribute.name, index, value.clone()) {
            return Err(OpError::AttributeNotFound);
        }
        take_effect(object, kind, now)?;
        Ok(value)
    })?;
    let attribute = Attribute { value, ..attribute };
    Ok(ModifyAttributeResponse { unique_identifier: object.uid, attribute })
}

/// Whether a custom attribute is none of the client's: `y-` by the specification, `x-claviger-` by
/// our own word.
pub(super) fn is_servers_own(name: &AttributeName) -> bool {
    name.is_custom() && (!name.is_client_custom() || is_reserved(name))
}

/// Checks an attribute that a client wants to set.
pub(super) fn check(ctx: &OpContext<'_>, attribute: &Attribute) -> Result<(), OpError> {
    attribute
        .check(ctx.version())
        .map_err(|_| OpError::InvalidField("unknown or malformed attribute"))?;
    if is_servers_own(&attribute.name) {
        return Err(OpError::PermissionDenied("the attribute is the server's to set"));
    }
    Ok(())
}

/// What is stored for the value given.
pub(super) fn value_to_set(
    object: &ManagedObject,
    kind: Option<Kind>,
    given: &Value,
) -> Result<Value, OpError> {
    match kind {
        // There is no way back: what was readable once may have been read, and a token never
        // loosens its hold.
        Some(Kind::Sensitive) if given == &Value::Boolean(false) => {
            match object.attributes.boolean(Kind::Sensitive) {
                Some(true) => Err(OpError::PermissionDenied("a sensitive object stays so")),
                _ => Ok(given.clone()),
            }
        }
        Some(Kind::Extractable) if given == &Value::Boolean(true) => {
            match object.attributes.boolean(Kind::Extractable) {
                Some(false) => Err(OpError::PermissionDenied("the object stays unextractable")),
                _ => Ok(given.clone()),
            }
        }
        Some(Kind::UsageLimits) => {
            let limits: UsageLimits = given
                .to(kmip_core::types::ProtocolVersion::NEWEST)
                .map_err(|_| OpError::InvalidField("malformed usage limits"))?;
            if limits.total <= 0 {
                return Err(OpError::InvalidField("usage limits must be positive"));
            }
            Ok(Value::of(&UsageLimits { count: Some(limits.total), ..limits }))
        }
        Some(Kind::ApplicationSpecificInformation) => namespace::complete(given),
        _ => Ok(given.clone()),
    }
}

/// Dates that have passed move the state; a value that may no longer leave loses its sealed copy.
/// `changed` is the attribute that is new, unless it is a custom one.
pub(super) fn take_effect(
    object: &mut ManagedObject,
    changed: Option<Kind>,
    now: DateTime,
) -> Result<(), OpError> {
    if changed.is_some() {
        birth::check_dates(&object.attributes, changed)?;
    }
    lifecycle::advance(object, now);
    let readable = object.attributes.boolean(Kind::Extractable) == Some(true)
        && object.attributes.boolean(Kind::Sensitive) == Some(false);
    if !readable {
        object.form = None;
    }
    if let (Custody::Wrapped, Some(blob)) = (object.custody, &object.blob) {
        let sensitive = object.attributes.boolean(Kind::Sensitive) == Some(true);
        let locked = object.attributes.boolean(Kind::Extractable) == Some(false);
        object.blob = Some(WrappedKey::restricted(blob, sensitive, locked)?);
    }
    Ok(())
}

/// Tightens the token's own flags before the row says so.
fn restrict_token_key(
    ctx: &mut OpContext<'_>,
    uid: &kmip_core::attribute::UniqueIdentifier,
    kind: Option<Kind>,
    value: &Value,
) -> Result<(), OpError> {
    let (sensitive, locked) = match (kind, value) {
        (Some(Kind::Sensitive), Value::Boolean(true)) => (true, false),
        (Some(Kind::Extractable), Value::Boolean(false)) => (false, true),
        _ => return Ok(()),
    };
    let object = ctx.object(Some(uid.clone()))?;
    let changes = kind.and_then(|kind| object.attributes.get(kind)) != Some(value);
    if changes && ctx.postpones_endings() {
        return Err(OpError::FeatureNotSupported("what is locked away could not be brought back"));
    }
    match object.key_ref() {
        Some(key @ KeyRef::Token(_)) => {
            Ok(ctx.hsm().restrict_key(&ctx.call(), &key, sensitive, locked)?)
        }
        // The blob says it: see `take_effect`.
        Some(KeyRef::Wrapped { .. }) | None => Ok(()),
    }
}
