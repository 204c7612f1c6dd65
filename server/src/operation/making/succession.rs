//! What a new object takes over from the one it replaces, and how it takes its place.
//!
//! Spec: KMIP 1.4 §4.4, §4.5 and §4.8.

use kmip_core::attribute::{AttributeKind as Kind, AttributeName, UniqueIdentifier};
use kmip_core::ttlv::{DateTime, Interval};
use kmip_core::types::LinkType;

use crate::object::{AttributeSet, Instance, ManagedObject};
use crate::operation::context::ATTEMPTS;
use crate::operation::modify_attribute::is_servers_own;
use crate::operation::{OpContext, OpError, birth};
use crate::store::StoreError;

/// What an object does not pass on: what it is itself, what happened to it, and its Names, which
/// move in the moment the new object takes its place.
const OWN: &[Kind] = &[
    Kind::UniqueIdentifier,
    Kind::Name,
    Kind::ObjectType,
    Kind::Digest,
    Kind::LeaseTime,
    Kind::State,
    Kind::InitialDate,
    Kind::DestroyDate,
    Kind::CompromiseOccurrenceDate,
    Kind::CompromiseDate,
    Kind::RevocationReason,
    Kind::ArchiveDate,
    Kind::Fresh,
    Kind::Link,
    Kind::LastChangeDate,
    Kind::KeyValuePresent,
    Kind::KeyValueLocation,
    Kind::OriginalCreationDate,
    Kind::RandomNumberGenerator,
    Kind::AlwaysSensitive,
    Kind::NeverExtractable,
];

/// The dates that an Offset shifts, but for the Activation Date.
const LATER: [Kind; 3] = [Kind::ProcessStartDate, Kind::ProtectStopDate, Kind::DeactivationDate];

/// The attributes of the object that replaces `old`: its own, and in their stead those of `asked`.
/// With an Offset, the dates are those of `old`, shifted.
///
/// # Errors
///
/// `InvalidMessage` for an Offset beside dates, `IllegalOperation` for one without a date to shift
/// the others from.
pub(in crate::operation) fn heritage(
    old: &ManagedObject,
    asked: &AttributeSet,
    offset: Option<Interval>,
    now: DateTime,
) -> Result<AttributeSet, OpError> {
    let passed_on = |instance: &&Instance| {
        let own = match instance.name.kind() {
            Some(kind) => OWN.contains(&kind),
            None => is_servers_own(&instance.name),
        };
        !own && asked.named(&instance.name).next().is_none()
    };
    let mut estate = old.attributes.clone();
    bring_in_order(&mut estate);
    let mut set: AttributeSet = estate.iter().filter(passed_on).cloned().collect();
    if let Some(offset) = offset {
        if LATER.iter().chain([&Kind::ActivationDate]).any(|kind| asked.get(*kind).is_some()) {
            return Err(OpError::InvalidMessage("an offset and dates"));
        }
        shift(&mut set, DateTime(now.0.saturating_add(i64::from(offset.0))))?;
    }
    // A Name that the older object has moves with the others.
    let moves = |instance: &Instance| {
        instance.name.kind() == Some(Kind::Name)
            && old.attributes.all(Kind::Name).any(|name| name.value == instance.value)
    };
    for instance in asked.iter().filter(|instance| !moves(instance)) {
        set.add(instance.name.clone(), instance.value.clone());
    }
    Ok(set)
}

/// What became of the older object may have set its dates out of order, as its revocation before its
/// Protect Stop Date. That is no wish for the new one.
fn bring_in_order(set: &mut AttributeSet) {
    if let Some(end) = set.date(Kind::DeactivationDate) {
        for kind in [Kind::ActivationDate, Kind::ProtectStopDate] {
            if set.date(kind).is_some_and(|date| date > end) {
                set.set(kind, &end);
            }
        }
    }
    if let Some(begin) = set.date(Kind::ActivationDate)
        && set.date(Kind::ProcessStartDate).is_some_and(|start| start < begin)
    {
        set.set(Kind::ProcessStartDate, &begin);
    }
}

/// Moves the Activation Date to `activation`, and the others by as much.
fn shift(set: &mut AttributeSet, activation: DateTime) -> Result<(), OpError> {
    let before = set.date(Kind::ActivationDate);
    for kind in LATER {
        let Some(date) = set.date(kind) else { continue };
        let from = before.ok_or(OpError::IllegalOperation("no activation date to count from"))?;
        let later = i128::from(date.0) + i128::from(activation.0) - i128::from(from.0);
        let later = i64::try_from(later).map_err(|_| OpError::InvalidField("a date too far"))?;
        set.set(kind, &DateTime(later));
    }
    set.set(Kind::ActivationDate, &activation);
    Ok(())
}

/// An object that changes as others take their places.
pub(in crate::operation) struct Beside<'a> {
    /// Which.
    pub(in crate::operation) uid: &'a UniqueIdentifier,
    /// How.
    pub(in crate::operation) change: &'a dyn Fn(&mut ManagedObject) -> Result<(), OpError>,
}

/// Stores `heirs`, each in the place of its predecessor, in one write: there is no moment in which
/// both have the Names, or neither. What changes meanwhile is read again.
///
/// # Errors
///
/// [`OpError`]; nothing is stored then. `NotFound` or `Archived` for a predecessor, or the object
/// beside, that has become so; `IndexOutOfBounds` for a predecessor that has been replaced too often.
pub(in crate::operation) fn enter(
    ctx: &mut OpContext<'_>,
    heirs: &[ManagedObject],
    predecessors: &[UniqueIdentifier],
    beside: Option<&Beside<'_>>,
) -> Result<(), OpError> {
    let most = ctx.services().bounds.max_attributes_per_object;
    for _ in 0..ATTEMPTS {
        let mut before = Vec::new();
        let mut rows = heirs.to_vec();
        for (place, uid) in predecessors.iter().enumerate() {
            let old = ctx.object(Some(uid.clone()))?;
            let mut left = (*old).clone();
            if let Some(heir) = rows.get_mut(place) {
                hand_over(&mut left, heir, ctx.now());
            }
            // Each that takes its place leaves a link.
            if left.attributes.all(Kind::Link).count() > most {
                return Err(OpError::IndexOutOfBounds);
            }
            before.push(old);
            rows.push(left);
        }
        if let Some(Beside { uid, change }) = beside {
            let old = ctx.object(Some((*uid).clone()))?;
            let mut changed = (*old).clone();
            change(&mut changed)?;
            changed.attributes.set(Kind::LastChangeDate, &ctx.now());
            before.push(old);
            rows.push(changed);
        }
        match ctx.store(&rows.iter().collect::<Vec<_>>()) {
            Ok(()) => {
                before.into_iter().for_each(|old| ctx.note_changed(old));
                return Ok(());
            }
            Err(OpError::Store(StoreError::Conflict)) => {}
            Err(error) => return Err(error),
        }
    }
    Err(StoreError::Conflict.into())
}

/// Moves the Names, and links the two.
fn hand_over(old: &mut ManagedObject, heir: &mut ManagedObject, now: DateTime) {
    let name = AttributeName::from(Kind::Name);
    let own: Vec<Instance> = heir.attributes.all(Kind::Name).cloned().collect();
    heir.attributes.clear(Kind::Name);
    for instance in old.attributes.all(Kind::Name).chain(&own) {
        heir.attributes.add(name.clone(), instance.value.clone());
    }
    old.attributes.clear(Kind::Name);
    birth::link(heir, LinkType::ReplacedObjectLink, &old.uid);
    birth::link(old, LinkType::ReplacementObjectLink, &heir.uid);
    old.attributes.set(Kind::LastChangeDate, &now);
}
