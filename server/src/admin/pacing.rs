//! Bounds on how often one address may be wrong.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Wrong tries that are answered within one window.
const TRIES: u32 = 20;
const WINDOW: Duration = Duration::from_secs(10);
/// Addresses remembered; beyond that all are forgotten.
const ADDRESSES: usize = 10_000;

/// What a wrong try brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// An answer as any other.
    Answered,
    /// The request to slow down, for the first time in this window.
    SlowedDownNow,
    /// The same again.
    SlowedDown,
}

/// Counts wrong tokens by address. Who is right is never counted, and never slowed down.
#[derive(Debug, Default)]
pub(super) struct Pacing {
    wrong: Mutex<HashMap<IpAddr, (Instant, u32)>>,
}

impl Pacing {
    /// Notes a wrong try at `now`.
    pub(super) fn note(&self, address: IpAddr, now: Instant) -> Pace {
        let mut wrong = self.wrong();
        if wrong.len() >= ADDRESSES {
            wrong.clear();
        }
        let (since, count) = wrong.entry(address.to_canonical()).or_insert((now, 0));
        if now.saturating_duration_since(*since) >= WINDOW {
            (*since, *count) = (now, 0);
        }
        *count = count.saturating_add(1);
        match (*count).checked_sub(TRIES) {
            None | Some(0) => Pace::Answered,
            Some(1) => Pace::SlowedDownNow,
            Some(_) => Pace::SlowedDown,
        }
    }

    fn wrong(&self) -> MutexGuard<'_, HashMap<IpAddr, (Instant, u32)>> {
        self.wrong.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_is_slowed_down_alone_and_for_a_while() {
        let pacing = Pacing::default();
        let (one, other) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        let start = Instant::now();
        assert!((0..TRIES).all(|_| pacing.note(one, start) == Pace::Answered));
        assert_eq!(pacing.note(one, start), Pace::SlowedDownNow);
        assert_eq!(pacing.note("::ffff:192.0.2.1".parse().unwrap(), start), Pace::SlowedDown);
        assert_eq!(pacing.note(other, start), Pace::Answered);
        assert_eq!(pacing.note(one, start + WINDOW), Pace::Answered);
    }
}
