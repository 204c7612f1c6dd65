//! The time.

use std::time::{SystemTime, UNIX_EPOCH};

use kmip_core::ttlv::DateTime;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A date as people and programs read it: RFC 3339, in UTC. `None` for one that has no such form.
#[must_use]
pub fn rfc3339(date: DateTime) -> Option<String> {
    OffsetDateTime::from_unix_timestamp(date.0).ok()?.format(&Rfc3339).ok()
}

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
