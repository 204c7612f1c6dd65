//! `claviger bench`: what the server costs over the bare token, measured side by side.
//!
//! Everything is made for the run and removed after it: a SoftHSM2 token, certificates, a server
//! process on a free port, and a process of its own that uses the same token without the server.
//! The two are measured in alternating short rounds, so that whatever else the machine does falls
//! on both; the median of the rounds counts, and the least and the most show how much to trust it.

mod backend;
mod connect;
mod error;
mod fairness;
mod figure;
mod helper;
mod load;
mod parts;
mod plans;
mod process;
mod raw;
mod report;
mod trial;
mod workload;

use std::time::Duration;

use crate::cli::{BenchArgs, BenchPart};
pub use backend::serve as serve_backend;
pub use error::BenchError;
use parts::Bench;
pub use raw::serve as serve_raw;

/// Rounds per figure and side; odd, so that the median is one of them.
const ROUNDS: u32 = 5;

/// Measures what `args` ask for and shows it: a table, or JSON.
///
/// # Errors
///
/// [`BenchError`] where something could not be measured; a missed floor is no error.
pub fn run(args: &BenchArgs, say: &dyn Fn(&str)) -> Result<(), BenchError> {
    let round = Duration::try_from_secs_f64(args.seconds / f64::from(ROUNDS))
        .map_err(|_| BenchError::Measure("the time to measure is out of range"))?;
    let wanted = |part: BenchPart| args.only.is_empty() || args.only.contains(&part);
    let mut bench = Bench::start(args, round)?;
    if !args.json {
        report::header(&bench.conditions(), say);
    }
    let mut figures = Vec::new();
    for part in BenchPart::ALL.into_iter().filter(|part| wanted(*part)) {
        for figure in bench.measure(part)? {
            if !args.json {
                say(&report::line(&figure));
            }
            figures.push(figure);
        }
    }
    if args.json {
        say(&report::json(&bench.conditions(), &figures)?);
    }
    Ok(())
}
