//! The token: its calls, its failures, and what it has open.

use std::sync::OnceLock;
use std::time::Duration;

use hsm_backend::{Observer, TokenUsage, Verb};
use prometheus::{Histogram, HistogramVec, IntCounter, IntCounterVec, IntGauge};

use super::MetricsError;
use super::operations::seconds;
use super::registrar::Registrar;
use super::table;

/// Measures the token.
#[derive(Debug)]
pub struct TokenMeter {
    calls: HistogramVec,
    verbs: Vec<OnceLock<Histogram>>,
    errors: IntCounterVec,
    up: IntGauge,
    idle: IntGauge,
    busy: IntGauge,
    limit: IntGauge,
    live_keys: IntGauge,
    hits: IntCounter,
    misses: IntCounter,
    canary: Histogram,
}

impl TokenMeter {
    pub(super) fn new(registrar: &Registrar) -> Result<Self, MetricsError> {
        let sessions = registrar.gauges(&table::TOKEN_SESSIONS)?;
        let lookups = registrar.counters(&table::LIVE_KEY_LOOKUPS)?;
        Ok(Self {
            calls: registrar.histograms(&table::TOKEN_CALL_SECONDS)?,
            verbs: Verb::ALL.iter().map(|_| OnceLock::new()).collect(),
            errors: registrar.counters(&table::TOKEN_ERRORS)?,
            up: registrar.gauge(&table::TOKEN_UP)?,
            idle: sessions.with_label_values(&["idle"]),
            busy: sessions.with_label_values(&["busy"]),
            limit: registrar.gauge(&table::TOKEN_SESSIONS_LIMIT)?,
            live_keys: registrar.gauge(&table::LIVE_KEYS)?,
            hits: lookups.with_label_values(&["hit"]),
            misses: lookups.with_label_values(&["miss"]),
            canary: registrar.histogram(&table::CANARY_SECONDS)?,
        })
    }

    /// Shows what the token has open now; nothing: it is not open itself.
    pub fn show(&self, usage: Option<TokenUsage>) {
        self.up.set(i64::from(usage.is_some()));
        let usage = usage.unwrap_or_default();
        self.idle.set(number(usage.sessions_idle));
        self.busy.set(number(usage.sessions_busy));
        self.limit.set(number(usage.sessions_limit));
        self.live_keys.set(number(usage.live_keys));
        for (counter, total) in
            [(&self.hits, usage.live_key_hits), (&self.misses, usage.live_key_misses)]
        {
            counter.reset();
            counter.inc_by(total);
        }
    }

    /// A trial operation took this long.
    pub fn canary(&self, took: Duration) {
        self.canary.observe(seconds(took));
    }
}

impl Observer for TokenMeter {
    fn called(&self, verb: Verb, took: Duration) {
        if let Some(slot) = self.verbs.get(verb as usize) {
            let histogram = slot.get_or_init(|| self.calls.with_label_values(&[verb.name()]));
            histogram.observe(seconds(took));
        }
    }

    fn failed(&self, function: &'static str, ckr: &str) {
        self.errors.with_label_values(&[function, ckr]).inc();
    }
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
