//! What other parts of the server tell: certificates, audit, store, readiness.

use std::time::Duration;

use kmip_core::ttlv::DateTime;
use prometheus::{Histogram, IntCounter, IntCounterVec, IntGaugeVec};

use super::MetricsError;
use super::operations::seconds;
use super::registrar::Registrar;
use super::table;

/// When certificates end.
pub struct Certificates(IntGaugeVec);

impl Certificates {
    pub(super) fn new(registrar: &Registrar) -> Result<Self, MetricsError> {
        registrar.gauges(&table::CERTIFICATE_EXPIRY).map(Self)
    }

    /// The certificate `name` of this kind (server, ca) ends then; it takes the place of an earlier
    /// one. There must not be many names: one certificate for each role, say the one that ends first.
    pub fn ends(&self, kind: &str, name: &str, not_after: DateTime) {
        self.0.with_label_values(&[kind, name]).set(not_after.0);
    }

    /// There is no such certificate any more.
    pub fn forget(&self, kind: &str, name: &str) {
        // Fails where there was none, which is as well.
        let _ = self.0.remove_label_values(&[kind, name]);
    }
}

/// The audit log.
pub struct AuditMeter {
    records: IntCounter,
    failures: IntCounterVec,
    up: IntGaugeVec,
    write: Histogram,
    /// Has no value before the first time.
    head: IntGaugeVec,
}

impl AuditMeter {
    pub(super) fn new(registrar: &Registrar) -> Result<Self, MetricsError> {
        Ok(Self {
            records: registrar.counter(&table::AUDIT_RECORDS)?,
            failures: registrar.counters(&table::AUDIT_FAILURES)?,
            up: registrar.gauges(&table::AUDIT_SINK_UP)?,
            write: registrar.histogram(&table::AUDIT_WRITE_SECONDS)?,
            head: registrar.gauges(&table::AUDIT_HEAD)?,
        })
    }

    /// A record was written, in this time.
    pub fn written(&self, took: Duration) {
        self.records.inc();
        self.write.observe(seconds(took));
    }

    /// Whether `sink` took a record; its failures are counted.
    pub fn sink(&self, sink: &str, took: bool) {
        self.up.with_label_values(&[sink]).set(i64::from(took));
        let failures = self.failures.with_label_values(&[sink]);
        if !took {
            failures.inc();
        }
    }

    /// The head of the chain was signed.
    pub fn head_signed(&self, at: DateTime) {
        let none: [&str; 0] = [];
        self.head.with_label_values(&none).set(at.0);
    }
}

/// The store.
pub struct StoreMeter(Histogram);

impl StoreMeter {
    pub(super) fn new(registrar: &Registrar) -> Result<Self, MetricsError> {
        registrar.histogram(&table::STORE_COMMIT_SECONDS).map(Self)
    }

    /// What measures commits.
    #[must_use]
    pub fn commits(&self) -> CommitMeter {
        CommitMeter(self.0.clone())
    }
}

/// Measures commits.
#[derive(Clone)]
pub struct CommitMeter(Histogram);

impl CommitMeter {
    /// A commit took this long.
    pub fn took(&self, time: Duration) {
        self.0.observe(seconds(time));
    }
}

/// The checks of readiness.
pub struct Readiness(IntGaugeVec);

impl Readiness {
    pub(super) fn new(registrar: &Registrar) -> Result<Self, MetricsError> {
        registrar.gauges(&table::READY).map(Self)
    }

    /// Whether a check passed.
    pub fn show(&self, check: &'static str, passed: bool) {
        self.0.with_label_values(&[check]).set(i64::from(passed));
    }
}
