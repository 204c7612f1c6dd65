//! How often those who are nobody come on record.

use std::num::NonZero;

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

/// How many of them a second, on average.
const PER_SECOND: NonZero<u32> = NonZero::<u32>::MIN.saturating_add(9);

/// Anybody can be turned away as often as they like, and must not fill the disk by it, or keep the
/// records of others out.
pub struct Strangers(DefaultDirectRateLimiter);

impl Default for Strangers {
    fn default() -> Self {
        Self(RateLimiter::direct(Quota::per_second(PER_SECOND)))
    }
}

impl Strangers {
    /// Whether the one who is turned away now comes on record.
    #[must_use]
    pub fn is_recorded(&self) -> bool {
        self.0.check().is_ok()
    }
}
