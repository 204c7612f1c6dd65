//! Wraps keys anew after the wrapping key was changed.
//!
//! What is left to do is written in the rows alone: a run that was cut off is taken up by the
//! next, after a crash too.

use std::time::{Duration, Instant};

use hsm_backend::{CallContext, HsmErrorKind, KeyId, TokenState};

use crate::audit::notes;
use crate::authz::Housekeeping;
use crate::keyring::KeyringError;
use crate::object::ManagedObject;
use crate::services::Services;
use crate::store::StoreError;

/// Rows wrapped anew in one transaction: each costs a wait for the disk.
const BATCH: usize = 128;
/// How long the token may take for one batch.
const BATCH_TIMEOUT: Duration = Duration::from_secs(60);

/// What one run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rewrapped {
    /// Keys wrapped anew.
    pub done: u64,
    /// Keys that the token could not wrap anew. Their rows are as they were.
    pub failed: u64,
}

/// The wrapping keys, and what is left to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// The key in force, if there is one yet.
    pub in_force: Option<KeyId>,
    /// Every wrapping key that is in the token or wraps something, with how many keys it wraps.
    pub keys: Vec<(KeyId, u64)>,
}

impl Status {
    /// Keys not yet wrapped by the key in force.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.keys.iter().filter(|(kek, _)| Some(*kek) != self.in_force).map(|(_, keys)| keys).sum()
    }
}

/// Tells the wrapping keys and how many keys each wraps, the one in force last.
///
/// # Errors
///
/// [`StoreError`].
pub fn status(services: &Services) -> Result<Status, StoreError> {
    let in_force = services.keyring.wrapping_key_in_force()?;
    let counts = services.store.count_wrapped(Housekeeping::new())?;
    let named = services.keyring.retired_wrapping_keys()?.into_iter().chain(in_force);
    let mut keys: Vec<(KeyId, u64)> = named.map(|kek| (kek, 0)).collect();
    for (kek, count) in counts {
        match keys.iter_mut().find(|(other, _)| *other == kek) {
            Some((_, known)) => *known = count,
            None => keys.insert(0, (kek, count)),
        }
    }
    Ok(Status { in_force, keys })
}

/// Wraps every key anew that is not wrapped by the key in force, until all are or `go_on` says no.
///
/// # Errors
///
/// [`KeyringError`]; what is left is done by a later run.
pub fn run(services: &Services, go_on: &dyn Fn() -> bool) -> Result<Rewrapped, KeyringError> {
    let mut total = Rewrapped::default();
    let Some(in_force) = services.keyring.wrapping_key_in_force()? else { return Ok(total) };
    let counts = services.store.count_wrapped(Housekeeping::new())?;
    for (kek, _) in counts.into_iter().filter(|(kek, _)| *kek != in_force) {
        let mut after = 0;
        while go_on() && matches!(services.hsm.state(), TokenState::Ready(_)) {
            let Some((last, batch)) = batch(services, kek, after)? else { break };
            total.done += batch.done;
            total.failed += batch.failed;
            after = last;
        }
    }
    Ok(total)
}

/// One batch, and the place of its last row; `None` where there is nothing left.
fn batch(
    services: &Services,
    kek: KeyId,
    after: u64,
) -> Result<Option<(u64, Rewrapped)>, KeyringError> {
    let house = Housekeeping::new();
    let rows = services.store.wrapped_by(house, kek, after, BATCH)?;
    let Some((last, _)) = rows.last() else { return Ok(None) };
    let last = *last;
    let objects = rows.iter().map(|(_, row)| notes::identifier(row.uid.as_str())).collect();
    let rows = rows.into_iter().map(|(_, row)| row).collect();
    let recorded = services.audit.housekeeping("Rewrap", None, objects, || wrap(services, rows));
    match recorded {
        Ok(batch) => Ok(Some((last, batch?))),
        Err(refused) => {
            tracing::warn!(%refused, "keys are yet to be wrapped anew");
            Ok(None)
        }
    }
}

/// Wraps the keys of these rows anew.
fn wrap(services: &Services, rows: Vec<ManagedObject>) -> Result<Rewrapped, KeyringError> {
    let call = CallContext {
        deadline: Instant::now() + BATCH_TIMEOUT,
        scope: String::new(),
        request_id: 0,
    };
    let mut batch = Rewrapped::default();
    let new = services.keyring.wrapping_key(&call)?;
    let mut fresh = Vec::with_capacity(rows.len());
    for row in rows {
        match anew(services, &call, row, new.id())? {
            Some(row) => fresh.push(row),
            None => batch.failed += 1,
        }
    }
    batch.done = save(services, &fresh)?;
    Ok(batch)
}

/// The row wrapped anew; `None` where its key cannot be read, which is for an operator to see.
fn anew(
    services: &Services,
    call: &CallContext,
    mut row: ManagedObject,
    kek: KeyId,
) -> Result<Option<ManagedObject>, KeyringError> {
    let Some(key) = row.key_ref() else { return Ok(None) };
    let wrapped = match services.hsm.rewrap(call, &key, kek) {
        Ok(wrapped) => wrapped.value,
        Err(error) if !ends_the_run(error.kind) => {
            let (scope, object) = (row.scope.as_str(), row.uid.as_str());
            tracing::error!(scope, object, %error, "a key cannot be wrapped anew");
            return Ok(None);
        }
        Err(error) => return Err(error.into()),
    };
    row.kek_id = Some(kek);
    row.blob = Some(wrapped.blob);
    row.kcv = wrapped.kcv;
    Ok(Some(row))
}

/// Whether what the token said is about more than the key at hand.
const fn ends_the_run(kind: HsmErrorKind) -> bool {
    match kind {
        HsmErrorKind::Busy
        | HsmErrorKind::Deadline
        | HsmErrorKind::Unavailable
        | HsmErrorKind::PinRejected => true,
        HsmErrorKind::BadData
        | HsmErrorKind::BadKey
        | HsmErrorKind::BadLength
        | HsmErrorKind::BadParameter
        | HsmErrorKind::Damaged
        | HsmErrorKind::Device(_)
        | HsmErrorKind::KeyNotFound
        | HsmErrorKind::NotExtractable
        | HsmErrorKind::NotPermitted
        | HsmErrorKind::StreamNotFound
        | HsmErrorKind::Unsupported => false,
    }
}

/// Stores the rows and returns how many; one that a client changed meanwhile is left for later.
fn save(services: &Services, rows: &[ManagedObject]) -> Result<u64, StoreError> {
    let house = Housekeeping::new();
    let all: Vec<&ManagedObject> = rows.iter().collect();
    match services.store.settle(house, &all) {
        Ok(()) => return Ok(u64::try_from(rows.len()).unwrap_or(u64::MAX)),
        Err(StoreError::Conflict) => {}
        Err(error) => return Err(error),
    }
    let mut done = 0;
    for row in rows {
        match services.store.settle(house, &[row]) {
            Ok(()) => done += 1,
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}
