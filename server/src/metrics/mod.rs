//! Metrics for Prometheus, and what a load balancer asks: `/metrics`, `/livez`, `/readyz`.
//!
//! Whatever is counted for each request is found without a lock and counted by one atomic addition.

mod canary;
mod ends;
mod health;
mod http;
mod network;
mod operations;
mod parts;
mod prober;
mod registrar;
mod requests;
mod scopes;
pub mod table;
mod token;

use std::sync::{Arc, Mutex, PoisonError};

pub use ends::ends_shown;
pub use health::{Health, HealthError};
pub use http::{Monitor, router};
pub use network::{Network, Open};
pub use operations::{Operations, Outcome, Timed};
pub use parts::{AuditMeter, Certificates, CommitMeter, Readiness, StoreMeter};
pub use requests::{LaneMeter, Refused, Requests};
pub use scopes::{ScopeMeter, Scopes};
pub use token::TokenMeter;

use registrar::Registrar;

/// A metric cannot be made or shown, which is a fault of the table.
#[derive(Debug, thiserror::Error)]
#[error("metrics: {0}")]
pub struct MetricsError(#[from] prometheus::Error);

/// Brings metrics up to date before they are shown.
type Source = Box<dyn Fn(&Metrics) + Send + Sync>;

/// All metrics of a server.
pub struct Metrics {
    registrar: Registrar,
    sources: Mutex<Vec<Source>>,
    /// Batch items.
    pub operations: Operations,
    /// Batch items, by scope.
    pub scopes: Scopes,
    /// Messages.
    pub requests: Requests,
    /// Connections.
    pub network: Network,
    /// The token. It is the backend's observer.
    pub token: Arc<TokenMeter>,
    /// The store.
    pub store: StoreMeter,
    /// Certificates.
    pub certificates: Certificates,
    /// The audit log.
    pub audit: AuditMeter,
    /// The checks of readiness.
    pub readiness: Readiness,
}

impl Metrics {
    /// Metrics that nothing was counted in yet.
    ///
    /// # Errors
    ///
    /// [`MetricsError`].
    pub fn new() -> Result<Arc<Self>, MetricsError> {
        let registrar = Registrar::new();
        registrar.gauges(&table::BUILD)?.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        registrar.process()?;
        Ok(Arc::new(Self {
            operations: Operations::new(&registrar)?,
            scopes: Scopes::new(&registrar)?,
            requests: Requests::new(&registrar)?,
            network: Network::new(&registrar)?,
            token: Arc::new(TokenMeter::new(&registrar)?),
            store: StoreMeter::new(&registrar)?,
            certificates: Certificates::new(&registrar)?,
            audit: AuditMeter::new(&registrar)?,
            readiness: Readiness::new(&registrar)?,
            sources: Mutex::default(),
            registrar,
        }))
    }

    /// Has `source` called before the metrics are shown. It must not wait for the token or the disk.
    pub fn before_showing(&self, source: impl Fn(&Self) + Send + Sync + 'static) {
        self.sources.lock().unwrap_or_else(PoisonError::into_inner).push(Box::new(source));
    }

    /// All metrics in Prometheus' text format.
    ///
    /// # Errors
    ///
    /// [`MetricsError`].
    pub fn text(&self) -> Result<Vec<u8>, MetricsError> {
        for source in &*self.sources.lock().unwrap_or_else(PoisonError::into_inner) {
            source(self);
        }
        self.registrar.text()
    }
}

#[cfg(test)]
mod tests;
