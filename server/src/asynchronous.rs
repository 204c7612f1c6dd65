//! Operations that go on after their request was answered: which of them this process has in hand,
//! and what becomes of those that nobody has in hand any more.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use kmip_core::ttlv::DateTime;

use crate::authz::{self, Grant, Housekeeping, Rules};
use crate::services::Services;
use crate::store::{AsynchronousCorrelationValue, Ending, StoreError, Unfinished};

/// The operations that wait for a thread of this process, or have one.
#[derive(Debug, Default)]
pub struct InHand(Mutex<HashSet<AsynchronousCorrelationValue>>);

impl InHand {
    fn set(&self) -> MutexGuard<'_, HashSet<AsynchronousCorrelationValue>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that this process answers for the operation.
    pub fn take(&self, value: AsynchronousCorrelationValue) {
        self.set().insert(value);
    }

    /// Notes that it does so no more.
    pub fn let_go(&self, value: AsynchronousCorrelationValue) {
        self.set().remove(&value);
    }

    fn holds(&self, value: AsynchronousCorrelationValue) -> bool {
        self.set().contains(&value)
    }
}

/// Until when what becomes of an operation now is kept.
#[must_use]
pub fn keep_until(services: &Services) -> DateTime {
    DateTime(services.clock.now().0.saturating_add(i64::from(services.bounds.async_result.0)))
}

/// Settles the operations that a stop or a lost write left unfinished, and forgets those whose time
/// is over. What was made is the answer of what made it; what was not will never be. Returns how
/// many it settled.
///
/// # Errors
///
/// Those of the store.
pub fn settle(services: &Services) -> Result<usize, StoreError> {
    let house = Housekeeping::new();
    services.store.forget_pending(house, services.clock.now())?;
    let mut settled = 0;
    for left in services.store.unfinished(house)? {
        // Looked at after the row was read: who ends an operation does so before it lets go.
        if services.asynchronous.holds(left.value) {
            continue;
        }
        let grant = authz::operator(&left.scope, &Rules::default());
        let ending = ending_of(services, &grant, &left)?;
        let until = keep_until(services);
        let ended =
            services.store.end_pending(&grant, left.value, left.progress, &ending, until)?;
        settled += usize::from(ended);
    }
    Ok(settled)
}

/// Objects become live all together, so the first one tells of all. One that is destroyed was taken
/// back, or has served its time: no answer need name it.
fn ending_of(services: &Services, grant: &Grant, left: &Unfinished) -> Result<Ending, StoreError> {
    let Some(first) = left.made.first() else { return Ok(Ending::Interrupted) };
    let object = services.store.load(grant, first)?;
    Ok(match object.filter(|object| !object.is_destroyed()) {
        Some(_) => Ending::Made(left.made.clone()),
        None => Ending::Interrupted,
    })
}
