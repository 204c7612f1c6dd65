//! Makes metrics from their lines in the table.

use prometheus::core::Collector;
use prometheus::{
    Encoder, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge,
    IntGaugeVec, Opts, Registry, TextEncoder,
};

use super::MetricsError;
use super::table::Family;

/// From a tenth of a millisecond to half a minute: what operations and their parts take.
const SECONDS: &[f64] =
    &[0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0];

/// Makes metrics and keeps what shows them.
pub(super) struct Registrar {
    registry: Registry,
}

impl Registrar {
    pub(super) fn new() -> Self {
        Self { registry: Registry::new() }
    }

    fn registered<C: Collector + Clone + 'static>(&self, made: C) -> Result<C, MetricsError> {
        self.registry.register(Box::new(made.clone()))?;
        Ok(made)
    }

    pub(super) fn counters(&self, family: &Family) -> Result<IntCounterVec, MetricsError> {
        self.registered(IntCounterVec::new(options(family), family.labels)?)
    }

    pub(super) fn counter(&self, family: &Family) -> Result<IntCounter, MetricsError> {
        self.registered(IntCounter::with_opts(options(family))?)
    }

    pub(super) fn gauges(&self, family: &Family) -> Result<IntGaugeVec, MetricsError> {
        self.registered(IntGaugeVec::new(options(family), family.labels)?)
    }

    pub(super) fn gauge(&self, family: &Family) -> Result<IntGauge, MetricsError> {
        self.registered(IntGauge::with_opts(options(family))?)
    }

    pub(super) fn histograms(&self, family: &Family) -> Result<HistogramVec, MetricsError> {
        let options = HistogramOpts::new(family.name, family.help).buckets(SECONDS.to_vec());
        self.registered(HistogramVec::new(options, family.labels)?)
    }

    pub(super) fn histogram(&self, family: &Family) -> Result<Histogram, MetricsError> {
        let options = HistogramOpts::new(family.name, family.help).buckets(SECONDS.to_vec());
        self.registered(Histogram::with_opts(options)?)
    }

    /// Adds the metrics of the process.
    pub(super) fn process(&self) -> Result<(), MetricsError> {
        #[cfg(target_os = "linux")]
        self.registry
            .register(Box::new(prometheus::process_collector::ProcessCollector::for_self()))?;
        Ok(())
    }

    /// Everything, in Prometheus' text format.
    pub(super) fn text(&self) -> Result<Vec<u8>, MetricsError> {
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(text)
    }
}

fn options(family: &Family) -> Opts {
    Opts::new(family.name, family.help)
}
