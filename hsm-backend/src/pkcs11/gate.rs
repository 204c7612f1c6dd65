//! Keeps making and finding token objects apart.
//!
//! On SoftHSM a search that meets an object half made or half destroyed fails or, worse, loses
//! the object. Many may make at once, and many may search at once, but not both.

use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Instant;

use super::lock;
use crate::error::{HsmError, HsmErrorKind};

/// What one does behind the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// Making or destroying a token object.
    Change,
    /// Searching.
    Search,
}

#[derive(Debug, Default)]
struct Counts {
    inside: [usize; 2],
    waiting: [usize; 2],
    /// Whose turn it is when both wait.
    turn: usize,
}

/// The lock.
#[derive(Debug, Default)]
pub(super) struct Gate {
    counts: Mutex<Counts>,
    changed: Condvar,
}

/// Leave to be inside, until dropped.
#[derive(Debug)]
pub(super) struct Pass<'a> {
    gate: &'a Gate,
    side: usize,
}

impl Gate {
    /// Waits until nobody of the other side is inside.
    pub(super) fn enter(&self, side: Side, deadline: Instant) -> Result<Pass<'_>, HsmError> {
        let (side, other) = match side {
            Side::Change => (0, 1),
            Side::Search => (1, 0),
        };
        let mut counts = lock(&self.counts);
        counts.waiting[side] += 1;
        while counts.inside[other] > 0 || (counts.waiting[other] > 0 && counts.turn == other) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                counts.waiting[side] -= 1;
                self.changed.notify_all();
                return Err(HsmError::new(HsmErrorKind::Deadline, "gate"));
            }
            counts = self.wait(counts, left);
        }
        counts.waiting[side] -= 1;
        counts.inside[side] += 1;
        counts.turn = other;
        Ok(Pass { gate: self, side })
    }

    fn wait<'a>(
        &self,
        counts: MutexGuard<'a, Counts>,
        left: std::time::Duration,
    ) -> MutexGuard<'a, Counts> {
        let waited = self.changed.wait_timeout(counts, left);
        waited.unwrap_or_else(std::sync::PoisonError::into_inner).0
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        lock(&self.gate.counts).inside[self.side] -= 1;
        self.gate.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn soon() -> Instant {
        Instant::now() + Duration::from_millis(20)
    }

    #[test]
    fn gate_admits_one_side_at_a_time() {
        let gate = Gate::default();
        let first = gate.enter(Side::Change, soon()).unwrap();
        let second = gate.enter(Side::Change, soon()).unwrap();
        assert_eq!(gate.enter(Side::Search, soon()).unwrap_err().kind, HsmErrorKind::Deadline);
        drop(first);
        drop(second);
        gate.enter(Side::Search, soon()).unwrap();
    }

    #[test]
    fn gate_lets_a_waiter_of_the_other_side_in_before_newcomers() {
        let gate = Gate::default();
        let late = Instant::now() + Duration::from_secs(10);
        let inside = gate.enter(Side::Change, late).unwrap();
        std::thread::scope(|scope| {
            let searcher = scope.spawn(|| gate.enter(Side::Search, late).map(drop));
            while lock(&gate.counts).waiting[1] == 0 {
                std::thread::yield_now();
            }
            assert!(gate.enter(Side::Change, soon()).is_err());
            drop(inside);
            assert!(searcher.join().unwrap().is_ok());
        });
    }
}
