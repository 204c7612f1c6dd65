//! Whether the server lives, and whether it can do its work.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::prober::{Prober, Verdict};
use super::{Metrics, canary};
use crate::authz::Housekeeping;
use crate::services::Services;

/// The check that fails once the server is to stop.
const SERVING: &str = "serving";

/// A check cannot be added, for want of a thread.
#[derive(Debug, thiserror::Error)]
#[error("thread of a check: {0}")]
pub struct HealthError(#[from] std::io::Error);

/// The checks.
pub struct Health {
    stopping: AtomicBool,
    probers: Mutex<Vec<Arc<Prober>>>,
    metrics: Arc<Metrics>,
}

impl Health {
    /// The checks of store and token.
    ///
    /// # Errors
    ///
    /// [`HealthError`].
    pub fn new(services: &Arc<Services>) -> Result<Arc<Self>, HealthError> {
        let (stopping, probers) = (AtomicBool::new(false), Mutex::default());
        let health = Self { stopping, probers, metrics: Arc::clone(&services.metrics) };
        let store = Arc::clone(&services.store);
        health.add("store", move || match store.setting(Housekeeping::new(), "sealing_key") {
            Ok(_) => Ok(()),
            Err(_) => Err("the store fails"),
        })?;
        let services = Arc::clone(services);
        health.add("token", move || canary::sing(&services))?;
        Ok(Arc::new(health))
    }

    /// Adds a check. It is made on a thread of its own when somebody asks, at most once a second; its
    /// text is told to anybody who can reach the listener.
    ///
    /// # Errors
    ///
    /// [`HealthError`].
    pub fn add(
        &self,
        name: &'static str,
        check: impl Fn() -> Result<(), &'static str> + Send + 'static,
    ) -> Result<(), HealthError> {
        let prober = Prober::start(name, check)?;
        self.locked().push(Arc::new(prober));
        Ok(())
    }

    /// The server is to stop: it is not ready from now on.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
    }

    /// Every check and how it went.
    pub async fn verdicts(&self) -> Vec<(&'static str, Verdict)> {
        let probers = self.locked().clone();
        // All at once: each may take its time.
        let asked = probers
            .into_iter()
            .map(|prober| tokio::spawn(async move { (prober.name, prober.verdict().await) }));
        let asked: Vec<_> = asked.collect();
        let mut verdicts = vec![(SERVING, self.serving())];
        for task in asked {
            verdicts.extend(task.await.ok());
        }
        for (name, verdict) in &verdicts {
            self.metrics.readiness.show(name, verdict.is_ok());
        }
        verdicts
    }

    /// Shows the last verdicts among the metrics, and has the checks made again for the next time.
    pub(super) fn show(&self) {
        let readiness = &self.metrics.readiness;
        readiness.show(SERVING, self.serving().is_ok());
        for prober in &*self.locked() {
            prober.refresh();
            if let Some(verdict) = prober.last() {
                readiness.show(prober.name, verdict.is_ok());
            }
        }
    }

    fn serving(&self) -> Verdict {
        if self.stopping.load(Ordering::Acquire) { Err("the server is stopping") } else { Ok(()) }
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Prober>>> {
        self.probers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
