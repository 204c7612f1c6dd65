//! What wakes the housekeeping.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

#[derive(Debug, Default)]
struct Wishes {
    /// A round is wanted now.
    wanted: bool,
    stop: bool,
}

/// Wakes the housekeeping thread, or ends it.
#[derive(Debug, Default)]
pub struct Bell {
    wishes: Mutex<Wishes>,
    rung: Condvar,
}

impl Bell {
    /// Asks for a round now.
    pub fn ring(&self) {
        self.wishes().wanted = true;
        self.rung.notify_all();
    }

    /// Asks the thread to end.
    pub fn stop(&self) {
        self.wishes().stop = true;
        self.rung.notify_all();
    }

    fn wishes(&self) -> MutexGuard<'_, Wishes> {
        self.wishes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the thread is to end.
    pub fn is_stopped(&self) -> bool {
        self.wishes().stop
    }

    /// Waits for the next round, `longest` at most; `false` to end.
    pub fn wait(&self, longest: Duration) -> bool {
        let wishes = self.wishes();
        let idle = |wishes: &mut Wishes| !wishes.wanted && !wishes.stop;
        let waited = self.rung.wait_timeout_while(wishes, longest, idle);
        let mut wishes = waited.unwrap_or_else(PoisonError::into_inner).0;
        wishes.wanted = false;
        !wishes.stop
    }
}
