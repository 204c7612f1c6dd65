//! Connections and handshakes.

use prometheus::{IntCounter, IntCounterVec, IntGauge, IntGaugeVec};

use super::MetricsError;
use super::registrar::Registrar;
use super::table;

/// Counts connections.
pub struct Network {
    open: IntGaugeVec,
    opened: IntCounterVec,
    refused: IntCounterVec,
    failed: IntCounterVec,
}

/// One open connection; it is counted until this is dropped.
pub struct Open(IntGauge);

impl Network {
    pub(super) fn new(registrar: &Registrar) -> Result<Self, MetricsError> {
        Ok(Self {
            open: registrar.gauges(&table::CONNECTIONS)?,
            opened: registrar.counters(&table::CONNECTIONS_TOTAL)?,
            refused: registrar.counters(&table::CONNECTIONS_REFUSED)?,
            failed: registrar.counters(&table::HANDSHAKE_FAILURES)?,
        })
    }

    /// A connection of `transport` is open after its handshake.
    #[must_use]
    pub fn opened(&self, transport: &'static str) -> Open {
        self.opened.with_label_values(&[transport]).inc();
        let open = self.open.with_label_values(&[transport]);
        open.inc();
        Open(open)
    }

    /// A connection was closed before TLS, because of this limit.
    pub fn refused(&self, limit: &'static str) {
        self.refused.with_label_values(&[limit]).inc();
    }

    /// A handshake failed.
    pub fn failed(&self, transport: &'static str, reason: &'static str) {
        self.failed.with_label_values(&[transport, reason]).inc();
    }

    /// How many connections were refused because of `limit`.
    #[must_use]
    pub fn refusals(&self, limit: &'static str) -> IntCounter {
        self.refused.with_label_values(&[limit])
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.dec();
    }
}
