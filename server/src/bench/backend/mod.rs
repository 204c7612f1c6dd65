//! The backend beside the bare token: both in one process, on the same keys, timed by their CPU.
//!
//! The two ends talk in lines: `0 backend 1000` asks for the first case of [`CASES`] by way of the
//! backend for 1000 ms. The answer is how often it was done, and the microseconds of CPU and of
//! time that took; of wrapped keys also how many were live already.

mod cases;
mod child;
mod token;
mod wrapped;

use std::path::Path;
use std::time::Duration;

use super::BenchError;
use super::helper::Helper;
pub(super) use cases::{CASES, LARGE};
pub use child::serve;
pub(super) use wrapped::{POPULATION, Pattern};

/// Which way a case goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// A verb of the backend.
    Backend,
    /// The native call that the verb rides on.
    Token,
}

impl Side {
    const fn name(self) -> &'static str {
        match self {
            Self::Backend => "backend",
            Self::Token => "token",
        }
    }
}

/// What a round came to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Round {
    pub(super) count: f64,
    pub(super) cpu_micros: f64,
    pub(super) per_second: f64,
    /// Of wrapped keys: the part of the uses that found the key live.
    pub(super) hits: f64,
}

/// The process, as seen by the bench; it ends when this is dropped.
pub(super) struct Backend(Helper);

impl Backend {
    /// Starts the process on the token of the server with this configuration.
    pub(super) fn start(config: &Path, max_unwrapped_keys: usize) -> Result<Self, BenchError> {
        let more = ["--max-unwrapped-keys".to_owned(), max_unwrapped_keys.to_string()];
        Helper::start("bench-backend", config, &more).map(Self)
    }

    /// Does case number `case` of [`CASES`] over `time`.
    pub(super) fn case(
        &mut self,
        case: usize,
        side: Side,
        time: Duration,
    ) -> Result<Round, BenchError> {
        self.order(&format!("{case} {} {}", side.name(), time.as_millis()))
    }

    /// Uses wrapped keys over `time`.
    pub(super) fn wrapped(
        &mut self,
        pattern: Pattern,
        time: Duration,
    ) -> Result<Round, BenchError> {
        self.order(&format!("{} wrapped {}", pattern.name(), time.as_millis()))
    }

    fn order(&mut self, order: &str) -> Result<Round, BenchError> {
        match self.0.order(order)?[..] {
            [count, cpu, time, hits] if count > 0.0 => Ok(Round {
                count,
                cpu_micros: cpu / count,
                per_second: count / (time / 1e6),
                hits: hits / count,
            }),
            _ => Err(BenchError::Raw(order.to_owned())),
        }
    }
}
