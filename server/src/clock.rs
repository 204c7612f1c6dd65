//! The time.

use std::time::{SystemTime, UNIX_EPOCH};

use kmip_core::ttlv::DateTime;

/// Tells the time; tests have their own.
pub trait Clock: Send + Sync {
    /// Seconds since 1970.
    fn now(&self) -> DateTime;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime {
        let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        DateTime(i64::try_from(elapsed.as_secs()).unwrap_or(i64::MAX))
    }
}
