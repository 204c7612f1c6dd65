//! An object that takes the identifier of another: of one that is replaced, of what is left of a
//! destroyed one, or of one that never came into being.
//!
//! The row passes from one to the other in a single write, so that at each moment it is one of them,
//! whole. A token object that is made before that write, or left by it, is named in the row, and what
//! a crash leaves of it is destroyed by the housekeeping.

use std::sync::PoisonError;

use hsm_backend::{HsmErrorKind, KeyId, KeyRef};
use kmip_core::attribute::UniqueIdentifier;

use crate::object::{Custody, ManagedObject, Phase};
use crate::operation::{OpContext, OpError, birth, destroy_in_token, transfer};
use crate::store::StoreError;
use crate::{invocations, pad};

/// What holds the identifier `uid`, if anything does, and may be replaced. What is left of a destroyed
/// object always may: it is no object any more.
///
/// # Errors
///
/// `ObjectAlreadyExists` for an object that is there, unless `replaces`; `Store` with `Conflict` for
/// one that is being made, moved or destroyed; `FeatureNotSupported` in a batch with Undo, which
/// could not bring back what was there.
pub(in crate::operation) fn admit(
    ctx: &OpContext<'_>,
    uid: &UniqueIdentifier,
    replaces: bool,
) -> Result<Option<ManagedObject>, OpError> {
    let Some(held) = ctx.occupant(uid)? else { return Ok(None) };
    if is_there(&held) && !replaces {
        return Err(OpError::ObjectAlreadyExists);
    }
    let settled = match held.phase {
        Phase::Pending(_) | Phase::Destroying(_) => false,
        Phase::Live | Phase::Failed => held.leftover.is_none(),
    };
    if !settled {
        return Err(StoreError::Conflict.into());
    }
    if held.phase == Phase::Live && ctx.postpones_endings() {
        return Err(OpError::FeatureNotSupported("what is replaced could not be brought back"));
    }
    Ok(Some(held))
}

fn is_there(held: &ManagedObject) -> bool {
    held.phase == Phase::Live && !held.is_destroyed()
}

/// Has `take_in` store `row` in the place of `held`, and destroys the key that this leaves.
///
/// # Errors
///
/// [`OpError`] of `take_in`, and `Store` with `Conflict` where `held` changed meanwhile; what was there
/// is then as it was.
pub(in crate::operation) fn enter(
    ctx: &mut OpContext<'_>,
    held: &ManagedObject,
    mut row: ManagedObject,
    take_in: impl FnOnce(&mut OpContext<'_>, ManagedObject) -> Result<(), OpError>,
) -> Result<(), OpError> {
    let left = held.key_ref().filter(|_| is_there(held));
    row.version = held.version;
    row.leftover = match left {
        Some(KeyRef::Token(id)) => Some(id),
        Some(KeyRef::Wrapped { .. }) | None => None,
    };
    // It may be the same key that comes back.
    invocations::keep(&held.attributes, &mut row.attributes);
    pad::keep(&held.attributes, &mut row.attributes);
    let (uid, mark) = (row.uid.clone(), ctx.undo_mark());
    take_in(ctx, row)?;
    if is_there(held) {
        // What was replaced would not come back if this were undone.
        ctx.take_undo_since(mark);
    }
    if let Some(key) = left
        && let Err(error) = destroy_left(ctx, &uid, &key)
    {
        tracing::warn!(request = ctx.request_id(), %error, "a replaced key is yet to be destroyed");
    }
    Ok(())
}

/// Destroys a key that was replaced.
fn destroy_left(
    ctx: &mut OpContext<'_>,
    uid: &UniqueIdentifier,
    key: &KeyRef,
) -> Result<(), OpError> {
    match key {
        KeyRef::Wrapped { .. } => transfer::let_go(ctx, key),
        KeyRef::Token(id) => {
            let canary = ctx.services().keyring.canary()?;
            destroy_in_token(ctx.hsm(), &ctx.call(), key, canary.map(KeyRef::Token).as_ref())?;
            forget(ctx, uid, *id)?;
        }
    }
    Ok(())
}

/// Strikes a key that is gone from the row.
fn forget(ctx: &mut OpContext<'_>, uid: &UniqueIdentifier, id: KeyId) -> Result<(), OpError> {
    let row = ctx.occupant(uid)?.filter(|row| row.leftover == Some(id));
    if let Some(mut row) = row {
        row.leftover = None;
        ctx.replace(&[&row])?;
    }
    Ok(())
}

/// As [`birth::bear`] of one object, for a `row` whose identifier is held: what holds it names the
/// key that is made, until it has passed to `row`.
///
/// # Errors
///
/// [`OpError`]; what holds the identifier is then as it was.
pub(in crate::operation) fn bear<T>(
    ctx: &mut OpContext<'_>,
    mut row: ManagedObject,
    make: impl FnOnce(&OpContext<'_>, KeyId) -> Result<T, OpError>,
    finish: impl FnOnce(&OpContext<'_>, &mut [ManagedObject], T) -> Result<(), OpError>,
) -> Result<ManagedObject, OpError> {
    let services = ctx.services();
    // The housekeeping would take a key that is being made for one that is left.
    let _alone = services.moves.lock().unwrap_or_else(PoisonError::into_inner);
    let held = ctx.occupant(&row.uid)?.filter(|held| held.version == row.version);
    let mut held = held.ok_or(StoreError::Conflict)?;
    let id = KeyId(birth::random_id()?);
    held.leftover = Some(id);
    ctx.replace(&[&held])?;
    row.version += 1;
    row.set_custody(Custody::Token);
    row.key_id = Some(id);
    let made = make(ctx, id).and_then(|made| {
        finish(ctx, std::slice::from_mut(&mut row), made)?;
        birth::keep(ctx, std::slice::from_ref(&row), &[])
    });
    match made {
        Ok(()) => Ok(row),
        Err(error) => {
            take_back(ctx, &held.uid, id);
            Err(error)
        }
    }
}

/// Destroys a key that may have been made. Where the token does not answer it is left to the
/// housekeeping.
fn take_back(ctx: &mut OpContext<'_>, uid: &UniqueIdentifier, id: KeyId) {
    let gone = match ctx.hsm().destroy_key(&ctx.call(), &KeyRef::Token(id)) {
        Err(error) if error.kind != HsmErrorKind::KeyNotFound => Err(OpError::from(error)),
        Ok(()) | Err(_) => forget(ctx, uid, id),
    };
    if let Err(error) = gone {
        tracing::warn!(request = ctx.request_id(), %error, "a key is yet to be taken back");
    }
}
