//! Settles what a crash or a lost token left behind.
//!
//! A row is never deleted: what was never acknowledged becomes `Failed`, what was being destroyed
//! is finished. Nothing is done while the token does not show our canary.

use std::time::{Duration, Instant};

use hsm_backend::{CallContext, HsmBackend, HsmError, HsmErrorKind, KeyRef, TokenState};

use crate::authz::Housekeeping;
use crate::object::{ManagedObject, Phase};
use crate::operation::destroy_in_token;
use crate::services::Services;
use crate::store::StoreError;

/// What one round did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// Keys never acknowledged, now gone.
    pub failed: usize,
    /// Keys whose destruction was finished.
    pub destroyed: usize,
    /// Rows left for a later round.
    pub left: usize,
}

/// Why a round ended early.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The token failed.
    #[error(transparent)]
    Hsm(#[from] HsmError),
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
    if rows.is_empty() {
        return Ok(settled);
    }
    let TokenState::Ready(_) = services.hsm.state() else {
        settled.left = rows.len();
        return Ok(settled);
    };
    let call = CallContext {
        deadline: Instant::now() + Duration::from_secs(60),
        scope: String::new(),
        request_id: 0,
    };
    let canary = services.keyring.canary()?.map(KeyRef::Token);
    for row in rows {
        match settle(services, &call, canary.as_ref(), row) {
            Ok(Phase::Failed) => settled.failed += 1,
            Ok(_) => settled.destroyed += 1,
            Err(ReconcileError::Store(StoreError::Conflict)) => {}
            Err(ReconcileError::Hsm(error)) if error.kind == HsmErrorKind::Unavailable => {
                settled.left += 1;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(settled)
}

fn settle(
    services: &Services,
    call: &CallContext,
    canary: Option<&KeyRef>,
    mut row: ManagedObject,
) -> Result<Phase, ReconcileError> {
    let hsm: &dyn HsmBackend = &*services.hsm;
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
