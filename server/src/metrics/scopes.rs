//! Items by scope. Scopes come and go while the server runs, and their metrics must be found without
//! a lock: a table of fixed size that only grows.

use std::hash::{BuildHasher, RandomState};
use std::sync::OnceLock;

use prometheus::{IntCounter, IntCounterVec};

use super::MetricsError;
use super::operations::Outcome;
use super::registrar::Registrar;
use super::table;

/// Scopes that have metrics of their own; the text of the metric names the number.
const MOST: usize = 100;
/// No name of a scope has brackets.
const OTHERS: &str = "(others)";

/// Counts the items of each scope.
pub struct Scopes {
    counts: IntCounterVec,
    hasher: RandomState,
    slots: Vec<OnceLock<ScopeMeter>>,
    others: ScopeMeter,
}

/// Counts the items of one scope.
pub struct ScopeMeter {
    name: String,
    success: IntCounter,
    pending: IntCounter,
    failed: IntCounter,
}

impl Scopes {
    pub(super) fn new(registrar: &Registrar) -> Result<Self, MetricsError> {
        let counts = registrar.counters(&table::SCOPE_OPERATIONS)?;
        let slots = (0..MOST).map(|_| OnceLock::new()).collect();
        let others = ScopeMeter::new(&counts, OTHERS);
        Ok(Self { counts, hasher: RandomState::new(), slots, others })
    }

    /// What counts the items of `scope`.
    #[must_use]
    pub fn of(&self, scope: &str) -> &ScopeMeter {
        let places = u64::try_from(MOST).unwrap_or(1);
        let first = usize::try_from(self.hasher.hash_one(scope) % places).unwrap_or(0);
        let (before, from) = self.slots.split_at_checked(first).unwrap_or((&[], &self.slots));
        for slot in from.iter().chain(before) {
            let meter = slot.get_or_init(|| ScopeMeter::new(&self.counts, scope));
            if meter.name == scope {
                return meter;
            }
        }
        &self.others
    }
}

impl ScopeMeter {
    fn new(counts: &IntCounterVec, scope: &str) -> Self {
        let counter = |result| counts.with_label_values(&[scope, result]);
        let (success, pending) = (counter("success"), counter("pending"));
        Self { name: scope.to_owned(), success, pending, failed: counter("failed") }
    }

    /// Counts one item.
    pub fn count(&self, outcome: Outcome) {
        match outcome {
            Outcome::Success => self.success.inc(),
            Outcome::Pending => self.pending.inc(),
            Outcome::Failed(_) => self.failed.inc(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_beyond_the_first_count_together() {
        let scopes = Scopes::new(&Registrar::new()).unwrap();
        for round in 0..2 {
            for number in 0..MOST {
                let meter = scopes.of(&format!("scope-{number}"));
                assert_eq!(meter.success.get(), round, "its own, and the same again");
                meter.count(Outcome::Success);
            }
        }
        for name in ["one", "more"] {
            scopes.of(name).count(Outcome::Failed(None));
        }
        assert_eq!(scopes.others.failed.get(), 2);
    }
}
