//! The thread that does what no client asks for: settling rows, wrapping keys anew,
//! renewing certificates, forgetting credentials.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use kmip_core::ttlv::DateTime;

use crate::asynchronous;
use crate::bell::Bell;
use crate::operation;
use crate::reconcile;
use crate::rewrap::{self, Rewrapped};
use crate::services::Services;
use crate::telemetry;
use crate::trust;

/// How often the thread looks by itself.
const ROUND: Duration = Duration::from_secs(30);

/// The running thread.
pub struct Housekeeper {
    bell: Arc<Bell>,
    thread: JoinHandle<()>,
}

impl Housekeeper {
    /// Starts the thread with a first round.
    ///
    /// # Errors
    ///
    /// Where the system gives no thread.
    pub fn start(services: &Arc<Services>) -> std::io::Result<Self> {
        let (bell, services) = (Arc::clone(&services.bell), Arc::clone(services));
        let thread = std::thread::Builder::new()
            .name("housekeeping".to_owned())
            .spawn(move || rounds(&services))?;
        Ok(Self { bell, thread })
    }

    /// Ends the thread; what it was about is done after the next start.
    pub fn stop(self) {
        self.bell.stop();
        if self.thread.join().is_err() {
            tracing::error!("the housekeeping thread died");
        }
    }
}

/// What has expired is forgotten where two looks at the clock, so far apart, agree that it has.
const APART: Duration = Duration::from_secs(86_400);

/// When to forget: there is no way back, and clocks jump.
#[derive(Debug, Default)]
struct Forgetting(Option<(Instant, DateTime)>);

impl Forgetting {
    /// The time that has certainly come, where it is long enough since it was asked for; `at` and
    /// `now` are the moment and what the clock says.
    fn time(&mut self, at: Instant, now: DateTime) -> Option<DateTime> {
        let Some((since, before)) = self.0 else {
            self.0 = Some((at, now));
            return None;
        };
        if at.saturating_duration_since(since) < APART {
            return None;
        }
        self.0 = Some((at, now));
        Some(DateTime(before.0.min(now.0)))
    }
}

fn forget(services: &Services, forgetting: &mut Forgetting) {
    let Some(time) = forgetting.time(Instant::now(), services.clock.now()) else { return };
    match services.directory.forget_expired(time) {
        Ok(0) => {}
        Ok(forgotten) => tracing::info!(forgotten, "forgot credentials that expired long ago"),
        Err(error) => tracing::warn!(%error, "expired credentials are yet to be forgotten"),
    }
}

fn rounds(services: &Services) {
    let mut forgetting = Forgetting::default();
    loop {
        match reconcile::run(services) {
            Ok(settled) if settled == reconcile::Settled::default() => {}
            Ok(settled) => tracing::info!(?settled, "reconciled"),
            Err(error) => tracing::warn!(%error, "reconciling failed"),
        }
        match asynchronous::settle(services) {
            Ok(0) => {}
            Ok(settled) => tracing::info!(settled, "settled operations that were left pending"),
            Err(error) => tracing::warn!(%error, "settling pending operations failed"),
        }
        match operation::clear_retired(services) {
            Ok(0) => {}
            Ok(destroyed) => tracing::info!(destroyed, "destroyed objects of removed scopes"),
            Err(error) => tracing::warn!(%error, "objects of a removed scope are yet to go"),
        }
        match rewrap::run(services, &|| !services.bell.is_stopped()) {
            Ok(Rewrapped { done: 0, failed: 0 }) => {}
            Ok(Rewrapped { done, failed }) => tracing::info!(done, failed, "wrapped keys anew"),
            Err(error) => tracing::warn!(%error, "wrapping keys anew failed"),
        }
        forget(services, &mut forgetting);
        trust::keep_up(services);
        telemetry::tell_what_was_left_out();
        if !services.bell.wait(trust::next_round(services, ROUND)) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_has_come_where_two_looks_at_the_clock_agree() {
        let start = Instant::now();
        let mut forgetting = Forgetting::default();
        let mut ask = |rounds: u32, now| forgetting.time(start + APART * rounds, DateTime(now));
        assert_eq!(ask(0, 1_000), None);
        assert_eq!(ask(0, 2_000), None, "it is not long enough ago");
        assert_eq!(ask(1, 3_000), Some(DateTime(1_000)));
        // A clock that is ahead for a while forgets nothing.
        assert_eq!(ask(2, 9_999_999), Some(DateTime(3_000)));
        assert_eq!(ask(3, 4_000), Some(DateTime(4_000)));
    }
}
