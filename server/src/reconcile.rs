//! Settles what a crash or a lost token left behind.
//!
//! A row is never deleted: what was never acknowledged becomes `Failed`, what was being destroyed
//! is finished. Nothing is done while the token does not show our canary. A row is taken over before
//! its key is touched: whoever was at work on it, and took longer than its lease, finds that out.

use std::sync::PoisonError;
use std::time::{Duration, Instant};

use hsm_backend::{CallContext, HsmBackend, HsmError, HsmErrorKind, KeyRef, TokenState};

use crate::audit::{Refused, notes};
use crate::authz::Housekeeping;
use crate::object::{Lease, ManagedObject, Phase};
use crate::operation::destroy_in_token;
use crate::services::Services;
use crate::store::StoreError;

/// Rows cleared of what a move left, in one round.
const LEFTOVERS: usize = 256;

/// Holds the rows that are being settled. No server is called so: what one has taken over and not
/// settled is taken over by the next round.
const SETTLER: &str = "reconciler";

/// What one round did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// Keys never acknowledged, now gone.
    pub failed: usize,
    /// Keys whose destruction was finished, and token objects that a move had left.
    pub destroyed: usize,
    /// Rows left for a later round: the token did not do its part.
    pub left: usize,
}

/// Why a round ended early.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The token failed before any row was looked at, or with the key of one.
    #[error(transparent)]
    Hsm(#[from] HsmError),
    /// What is to be done cannot be recorded.
    #[error(transparent)]
    Unrecorded(#[from] Refused),
}

/// Runs one round.
///
/// # Errors
///
/// [`ReconcileError`]; rows not reached are settled by a later round.
pub fn run(services: &Services) -> Result<Settled, ReconcileError> {
    let mut settled = Settled::default();
    let house = Housekeeping::new();
    let rows = services.store.unsettled(house, &services.instance, services.clock.now())?;
    // No move is under way while they are looked at, so what they name is left indeed.
    let _no_move = services.moves.lock().unwrap_or_else(PoisonError::into_inner);
    let leftovers = services.store.leftovers(house, LEFTOVERS)?;
    if rows.is_empty() && leftovers.is_empty() {
        return Ok(settled);
    }
    let TokenState::Ready(_) = services.hsm.state() else {
        settled.left = rows.len() + leftovers.len();
        return Ok(settled);
    };
    let call = CallContext {
        deadline: Instant::now() + Duration::from_secs(60),
        scope: String::new(),
        request_id: 0,
    };
    let canary = services.keyring.canary()?.map(KeyRef::Token);
    let outcomes = rows.into_iter().map(|row| {
        recorded(services, "Settle", row, |row| settle(services, &call, canary.as_ref(), row))
    });
    let cleared = leftovers.into_iter().map(|row| {
        recorded(services, "Clear", row, |row| clear(services, &call, canary.as_ref(), row))
    });
    for outcome in outcomes.chain(cleared) {
        match outcome {
            Ok(Phase::Failed) => settled.failed += 1,
            Ok(_) => settled.destroyed += 1,
            Err(ReconcileError::Store(StoreError::Conflict)) => {}
            // Of one key the token says nothing about the others.
            Err(ReconcileError::Hsm(_)) => settled.left += 1,
            Err(error) => return Err(error),
        }
    }
    Ok(settled)
}

/// Does `work` on a row, and has that on record.
fn recorded(
    services: &Services,
    operation: &str,
    row: ManagedObject,
    work: impl FnOnce(ManagedObject) -> Result<Phase, ReconcileError>,
) -> Result<Phase, ReconcileError> {
    let (scope, object) = (row.scope.clone(), notes::identifier(row.uid.as_str()));
    let (scope, objects) = (scope.as_str(), vec![object.clone()]);
    let done = services.audit.housekeeping(operation, Some(scope), objects, || work(row))?;
    done.inspect_err(|error| match error {
        // A token that is away says so itself.
        ReconcileError::Hsm(error) if error.kind != HsmErrorKind::Unavailable => {
            tracing::warn!(scope, object, %error, "the token keeps a key that is to go");
        }
        ReconcileError::Hsm(_) | ReconcileError::Store(_) | ReconcileError::Unrecorded(_) => {}
    })
}

/// Destroys the token object that a move left.
fn clear(
    services: &Services,
    call: &CallContext,
    canary: Option<&KeyRef>,
    mut row: ManagedObject,
) -> Result<Phase, ReconcileError> {
    if let Some(id) = row.leftover.take() {
        destroy_in_token(&*services.hsm, call, &KeyRef::Token(id), canary)?;
        services.store.settle(Housekeeping::new(), &[&row])?;
    }
    Ok(row.phase)
}

fn settle(
    services: &Services,
    call: &CallContext,
    canary: Option<&KeyRef>,
    mut row: ManagedObject,
) -> Result<Phase, ReconcileError> {
    let hsm: &dyn HsmBackend = &*services.hsm;
    take_over(services, &mut row)?;
    if let Some(key) = row.key_ref() {
        destroy_in_token(hsm, call, &key, canary)?;
    }
    row.phase = match row.phase {
        Phase::Pending(_) | Phase::Failed => Phase::Failed,
        Phase::Destroying(_) | Phase::Live => Phase::Live,
    };
    if row.phase == Phase::Live {
        row.forget_secret();
    }
    services.store.settle(Housekeeping::new(), &[&row])?;
    Ok(row.phase)
}

/// Takes a row from whoever held it, who can neither end nor undo what it was about from here on.
fn take_over(services: &Services, row: &mut ManagedObject) -> Result<(), StoreError> {
    let lease = Lease { owner: SETTLER.to_owned(), until: services.clock.now() };
    row.phase = match &row.phase {
        Phase::Pending(_) => Phase::Pending(lease),
        Phase::Destroying(_) => Phase::Destroying(lease),
        settled @ (Phase::Live | Phase::Failed) => settled.clone(),
    };
    services.store.settle(Housekeeping::new(), &[row])?;
    row.version += 1;
    Ok(())
}
