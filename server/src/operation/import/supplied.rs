//! The attributes of an imported object: what the client supplies stands, whoever sets it otherwise.
//!
//! What stays the server's is what would be a lie: where the object's secret lies here, what its value
//! itself says, and whether it may leave a scope that lets nothing out.

use kmip_core::attribute::{
    Attribute, AttributeKind as Kind, AttributeName, Digest, SetBy, UniqueIdentifier, UsageLimits,
};
use kmip_core::object::Object;
use kmip_core::ttlv::Value;
use kmip_core::types::{ObjectType, State};

use super::super::value::is_wrapped;
use super::super::{OpContext, OpError, birth, digest};
use crate::ca::x509;
use crate::lifecycle;
use crate::object::{AttributeSet, Instance, ManagedObject, is_reserved};

/// Attributes in which a server like this one counts what must not happen twice to a key.
const OWN_COUNTS: &str = "y-claviger-";
/// Largest Attribute Index there may be: more than any history leaves, and room for more behind it.
const MAX_INDEX: i32 = 1 << 20;

/// The attributes of the request that are the client's to say.
///
/// # Errors
///
/// `InvalidField` for attributes that are unknown or malformed, that contradict the request, or are
/// repeated where one instance is all there can be; `IndexOutOfBounds` for too many.
pub(super) fn collect(
    ctx: &OpContext<'_>,
    uid: &UniqueIdentifier,
    object: &Object,
    attributes: &[Attribute],
) -> Result<AttributeSet, OpError> {
    let own = Kind::ALL.len();
    if attributes.len().saturating_sub(own) > ctx.services().bounds.max_attributes_per_object {
        return Err(OpError::IndexOutOfBounds);
    }
    let of_value = told_by_value(object)?;
    let mut set = AttributeSet::default();
    for attribute in attributes {
        attribute
            .check(ctx.version())
            .map_err(|_| OpError::InvalidField("unknown or malformed attribute"))?;
        let (name, value) = (&attribute.name, &attribute.value);
        let contradicts = match name.kind() {
            Some(Kind::UniqueIdentifier) => *value != Value::of(uid),
            Some(Kind::ObjectType) => *value != Value::of(&object.object_type()),
            _ => name.as_str().starts_with(OWN_COUNTS) && !is_count(value),
        };
        if contradicts {
            return Err(OpError::InvalidField("an attribute contradicts the request"));
        }
        if !is_servers(name) && of_value.named(name).next().is_none() {
            add(&mut set, attribute)?;
        }
    }
    Ok(set)
}

const fn is_count(value: &Value) -> bool {
    matches!(value, Value::LongInteger(count) if *count >= 0)
}

/// What the object's value says of itself.
fn told_by_value(object: &Object) -> Result<AttributeSet, OpError> {
    let mut told = AttributeSet::default();
    if let Object::Certificate(certificate) = object {
        x509::describe(certificate, &mut told)?;
    }
    Ok(told)
}

/// Attributes that tell how the object is kept here.
fn is_servers(name: &AttributeName) -> bool {
    match name.kind() {
        Some(kind) => {
            matches!(kind, Kind::UniqueIdentifier | Kind::ObjectType | Kind::KeyValuePresent)
        }
        None => is_reserved(name),
    }
}

/// Adds an instance in its place; without an index, in the first one or behind the others.
fn add(set: &mut AttributeSet, attribute: &Attribute) -> Result<(), OpError> {
    let (name, value) = (attribute.name.clone(), attribute.value.clone());
    let many = name.kind().is_none_or(|kind| kind.rule().many);
    let allowed = if many { 0..=MAX_INDEX } else { 0..=0 };
    let added = match attribute.index {
        Some(index) => allowed.contains(&index) && set.insert(name, index, value),
        None if many && set.at(&name, 0).is_some() => {
            set.add(name, value);
            true
        }
        None => set.insert(name, 0, value),
    };
    if added { Ok(()) } else { Err(OpError::InvalidField("an attribute index is taken, or wrong")) }
}

/// Of what the client supplies, that which clients give to new objects, too.
pub(super) fn of_clients(given: &AttributeSet) -> AttributeSet {
    given.iter().filter(|instance| !sets_server(&instance.name)).cloned().collect()
}

/// Whether it is the server that gives the attribute to other new objects.
fn sets_server(name: &AttributeName) -> bool {
    name.kind().is_some_and(|kind| kind.rule().set_by == SetBy::Server)
}

/// Gives a newborn `row` the past that it brings along.
///
/// # Errors
///
/// `InvalidField` for a past that cannot have been.
pub(super) fn restore(
    ctx: &OpContext<'_>,
    row: &mut ManagedObject,
    given: &AttributeSet,
    object: &Object,
) -> Result<(), OpError> {
    for instance in given.iter().filter(|instance| sets_server(&instance.name)) {
        let Instance { name, index, value } = instance.clone();
        if index == 0 {
            row.attributes.set_value(&name, value);
        } else if !row.attributes.insert(name, index, value) {
            return Err(OpError::InvalidField("an attribute index is taken"));
        }
    }
    restore_limits(row, given)?;
    restore_digests(row, given, object)?;
    check_exposure(&row.attributes)?;
    check_state(row, object)?;
    if row.is_destroyed() {
        // Where the value is, nobody asks any more.
        row.attributes.clear(Kind::KeyValuePresent);
    }
    // What happened to an object may have put its dates out of order: a key that was revoked before its
    // Protect Stop Date. Before anything happened, they are in order.
    if given.get(Kind::State).is_none() || row.state() == Some(State::PreActive) {
        birth::check_dates(&row.attributes, None)?;
    }
    if let Some(changed_at) = lifecycle::advance(row, ctx.now()) {
        row.attributes.set(Kind::LastChangeDate, &changed_at);
    }
    Ok(())
}

/// What is left of the Usage Limits.
fn restore_limits(row: &mut ManagedObject, given: &AttributeSet) -> Result<(), OpError> {
    let Some(limits) = given.typed::<UsageLimits>(Kind::UsageLimits) else { return Ok(()) };
    let left = limits.count.unwrap_or(limits.total);
    if !(0..=limits.total).contains(&left) {
        return Err(OpError::InvalidField("more of the usage limits is left than there was"));
    }
    row.attributes.set(Kind::UsageLimits, &UsageLimits { count: Some(left), ..limits });
    Ok(())
}

/// Digests that the client supplies stand beside our own, if they are not wrong. Of what is wrapped,
/// only the client knows the Digest.
fn restore_digests(
    row: &mut ManagedObject,
    given: &AttributeSet,
    object: &Object,
) -> Result<(), OpError> {
    let own = if is_wrapped(object) { None } else { digest::of(object)? };
    let claimed = || given.all_typed::<Digest>(Kind::Digest);
    if claimed().next().is_none() {
        return Ok(());
    }
    for one in claimed().filter(|_| !is_wrapped(object)) {
        if !digest::is_believable(&one, object)? {
            return Err(OpError::InvalidField("the digest is not that of the value"));
        }
    }
    let name = AttributeName::from(Kind::Digest);
    row.attributes.clear(Kind::Digest);
    let missing = own.filter(|own| !claimed().any(|claimed| says_the_same(&claimed, own)));
    // The first tells the form in which the object is here.
    missing.iter().for_each(|own| row.attributes.set(Kind::Digest, own));
    for instance in given.all(Kind::Digest) {
        if !row.attributes.insert(name.clone(), instance.index, instance.value.clone()) {
            row.attributes.add(name.clone(), instance.value.clone());
        }
    }
    Ok(())
}

fn says_the_same(claimed: &Digest, own: &Digest) -> bool {
    claimed.hashing_algorithm == own.hashing_algorithm
        && claimed.digest_value == own.digest_value
        && (claimed.key_format_type.is_none() || claimed.key_format_type == own.key_format_type)
}

/// What was always so is so now.
fn check_exposure(set: &AttributeSet) -> Result<(), OpError> {
    let is = |kind| set.boolean(kind) == Some(true);
    if is(Kind::AlwaysSensitive) && !is(Kind::Sensitive)
        || is(Kind::NeverExtractable) && is(Kind::Extractable)
    {
        return Err(OpError::InvalidField("what was always so is not so"));
    }
    Ok(())
}

/// A state that there is, and no value behind a destroyed object.
fn check_state(row: &ManagedObject, object: &Object) -> Result<(), OpError> {
    let destroyed = [State::Destroyed, State::DestroyedCompromised];
    if let Some(state) = row.state() {
        if row.object_type == ObjectType::Template || state.name().is_none() {
            return Err(OpError::InvalidField("no such state of such an object"));
        }
        if row.is_destroyed() && !destroyed.contains(&state) {
            return Err(OpError::InvalidField("a destroy date without destruction"));
        }
    }
    let has_value = object.key_block().is_none_or(|block| block.key_value.is_some());
    if row.is_destroyed() && has_value {
        return Err(OpError::InvalidField("a destroyed object has no value"));
    }
    Ok(())
}
