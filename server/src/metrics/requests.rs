//! Request messages on their way to the pipeline: the lanes, and what is refused.

use std::time::Duration;

use prometheus::{Histogram, IntCounter, IntGauge};

use super::MetricsError;
use super::operations::seconds;
use super::registrar::Registrar;
use super::table;
use crate::worker::Lane;

/// Declares why a message is refused as a whole, each with its label.
macro_rules! refused {
    ($( $(#[$doc:meta])* $name:ident = $label:literal, )*) => {
        /// Why a message was refused as a whole.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Refused { $( $(#[$doc])* $name, )* }

        impl Refused {
            const LABELS: &[&str] = &[ $( $label, )* ];
        }
    };
}

refused! {
    /// Its lane's queue was full, or it waited there too long.
    Overloaded = "overloaded",
    /// Serving it panicked.
    InternalError = "internal_error",
    /// The server was stopping.
    ShuttingDown = "shutting_down",
    /// What came is no KMIP.
    NotKmip = "not_kmip",
    /// It was too large.
    TooLarge = "too_large",
    /// It could not be read.
    Unreadable = "unreadable",
    /// Its protocol version is not served.
    Version = "version",
    /// Its credentials were missing or wrong.
    Authentication = "authentication",
    /// The client's credential is revoked or expired, or its role or scope is gone.
    NotAdmitted = "not_admitted",
    /// Its role has sent too many of late.
    RateLimited = "rate_limited",
    /// Another rule on whole messages.
    Inadmissible = "inadmissible",
}

/// Counts messages.
pub struct Requests {
    none: LaneMeter,
    token: LaneMeter,
    slow: LaneMeter,
    refused: Vec<IntCounter>,
    /// Panics caught.
    pub panics: IntCounter,
}

/// One lane.
pub struct LaneMeter {
    requests: IntCounter,
    depth: IntGauge,
    wait: Histogram,
}

impl Requests {
    pub(super) fn new(registrar: &Registrar) -> Result<Self, MetricsError> {
        let requests = registrar.counters(&table::REQUESTS)?;
        let depth = registrar.gauges(&table::QUEUE_DEPTH)?;
        let wait = registrar.histograms(&table::QUEUE_WAIT)?;
        let refused = registrar.counters(&table::REQUESTS_REFUSED)?;
        let lane = |name| LaneMeter {
            requests: requests.with_label_values(&[name]),
            depth: depth.with_label_values(&[name]),
            wait: wait.with_label_values(&[name]),
        };
        Ok(Self {
            none: lane("none"),
            token: lane("token"),
            slow: lane("slow"),
            refused: Refused::LABELS.iter().map(|it| refused.with_label_values(&[it])).collect(),
            panics: registrar.counter(&table::PANICS)?,
        })
    }

    /// The meter of `lane`.
    #[must_use]
    pub const fn lane(&self, lane: Lane) -> &LaneMeter {
        match lane {
            Lane::None => &self.none,
            Lane::Token => &self.token,
            Lane::Slow => &self.slow,
        }
    }

    /// Counts a message that was refused.
    pub fn refused(&self, why: Refused) {
        if let Some(counter) = self.refused.get(why as usize) {
            counter.inc();
        }
    }
}

impl LaneMeter {
    /// A message enters the queue.
    pub fn queued(&self) {
        self.requests.inc();
        self.depth.inc();
    }

    /// A message that was to enter the queue found no room.
    pub fn turned_away(&self) {
        self.depth.dec();
    }

    /// A message leaves the queue after this time.
    pub fn taken(&self, waited: Duration) {
        self.depth.dec();
        self.wait.observe(seconds(waited));
    }
}
