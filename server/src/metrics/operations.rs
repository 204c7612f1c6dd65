//! What became of batch items, and how long they took.
//!
//! Each operation's metrics are found by its number; a kind of failure has its counter made when it
//! first occurs.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use kmip_core::message::ResponseItem;
use kmip_core::types::{Operation, ResultReason, ResultStatus};
use prometheus::{Histogram, IntCounter, IntCounterVec};

use super::MetricsError;
use super::registrar::Registrar;
use super::table;
use crate::authz::asked;

/// What stands for operations that are not served, and for items without one.
const OTHER: &str = "other";
/// Kinds of failure: one for each reason, and one for those without.
const FAILURES: usize = ResultReason::TABLE.values.len() + 1;

/// How an item ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It did what it was to do.
    Success,
    /// It goes on.
    Pending,
    /// It failed, for this reason.
    Failed(Option<ResultReason>),
}

impl Outcome {
    /// That of the item that this answers.
    #[must_use]
    pub fn of(answer: &ResponseItem) -> Self {
        match answer.result_status {
            ResultStatus::Success => Self::Success,
            ResultStatus::OperationPending => Self::Pending,
            _ => Self::Failed(answer.result_reason),
        }
    }
}

/// Counts and times the items of all operations.
pub struct Operations {
    counts: IntCounterVec,
    /// By the operation's number.
    served: Vec<Option<Metered>>,
    other: Metered,
}

struct Metered {
    name: String,
    success: IntCounter,
    seconds: Histogram,
    pending: OnceLock<IntCounter>,
    undone: OnceLock<IntCounter>,
    failures: [OnceLock<IntCounter>; FAILURES],
}

/// An item that is being carried out.
pub struct Timed<'a> {
    operations: &'a Operations,
    metered: &'a Metered,
    begun: Instant,
}

impl Operations {
    pub(super) fn new(registrar: &Registrar) -> Result<Self, MetricsError> {
        let counts = registrar.counters(&table::OPERATIONS)?;
        let seconds = registrar.histograms(&table::OPERATION_SECONDS)?;
        let metered = |name: String| Metered {
            success: counts.with_label_values(&[name.as_str(), "success", ""]),
            seconds: seconds.with_label_values(&[name.as_str()]),
            name,
            pending: OnceLock::new(),
            undone: OnceLock::new(),
            failures: [const { OnceLock::new() }; FAILURES],
        };
        let mut served = Vec::new();
        for operation in asked() {
            let place = place(operation);
            served.resize_with(served.len().max(place + 1), || None);
            if let Some(slot) = served.get_mut(place) {
                *slot = Some(metered(format!("{operation:?}")));
            }
        }
        let other = metered(OTHER.to_owned());
        Ok(Self { counts, served, other })
    }

    /// Begins to time an item.
    #[must_use]
    pub fn begin(&self, operation: Option<Operation>) -> Timed<'_> {
        Timed { operations: self, metered: self.metered(operation), begun: Instant::now() }
    }

    /// Counts a success that its batch took back.
    pub fn undone(&self, operation: Option<Operation>) {
        let metered = self.metered(operation);
        metered.undone.get_or_init(|| self.counter(metered, "undone", "")).inc();
    }

    fn metered(&self, operation: Option<Operation>) -> &Metered {
        let served = operation.and_then(|operation| self.served.get(place(operation)));
        served.and_then(Option::as_ref).unwrap_or(&self.other)
    }

    fn counter(&self, metered: &Metered, result: &str, reason: &str) -> IntCounter {
        self.counts.with_label_values(&[metered.name.as_str(), result, reason])
    }

    fn count(&self, metered: &Metered, outcome: Outcome) {
        match outcome {
            Outcome::Success => metered.success.inc(),
            Outcome::Pending => {
                metered.pending.get_or_init(|| self.counter(metered, "pending", "")).inc();
            }
            Outcome::Failed(reason) => {
                let values = ResultReason::TABLE.values;
                let known =
                    values.iter().position(|value| Some(ResultReason(value.value)) == reason);
                let name = known.and_then(|place| values.get(place)).map_or(OTHER, |it| it.name);
                if let Some(counter) = metered.failures.get(known.unwrap_or(values.len())) {
                    counter.get_or_init(|| self.counter(metered, "failed", name)).inc();
                }
            }
        }
    }
}

impl Timed<'_> {
    /// Counts the item, which is over.
    pub fn over(self, outcome: Outcome) {
        self.metered.seconds.observe(seconds(self.begun.elapsed()));
        self.operations.count(self.metered, outcome);
    }
}

/// Where the metrics of an operation stand; beyond all of them for numbers that are none.
fn place(operation: Operation) -> usize {
    usize::try_from(operation.0).unwrap_or(usize::MAX)
}

/// What histograms take.
pub(super) fn seconds(time: Duration) -> f64 {
    time.as_secs_f64()
}
