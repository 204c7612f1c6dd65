//! The thread that does what no client asks for: settling rows, wrapping keys anew,
//! renewing certificates, forgetting credentials.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use crate::asynchronous;
use crate::bell::Bell;
use crate::operation;
use crate::reconcile;
use crate::rewrap::{self, Rewrapped};
use crate::services::Services;
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

fn rounds(services: &Services) {
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
        match services.directory.forget_expired(services.clock.now()) {
            Ok(0) => {}
            Ok(forgotten) => tracing::info!(forgotten, "forgot credentials that expired long ago"),
            Err(error) => tracing::warn!(%error, "expired credentials are yet to be forgotten"),
        }
        trust::keep_up(services);
        if !services.bell.wait(trust::next_round(services, ROUND)) {
            return;
        }
    }
}
