//! `claviger demo`: shows a running server at work, one line per step.
//!
//! Each step checks what it got; the demo fails at the first that did not do what it should, and
//! in any case destroys what it made.

mod asks;
mod keys;
mod report;
mod script;

use std::path::PathBuf;

use crate::cli::DemoArgs;
use crate::client::{ClientError, Connector, Ready, ReadyError, ready};
use report::Report;
use script::Script;

/// Why the demo did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// There is no server to be found.
    #[error(transparent)]
    Ready(#[from] ReadyError),
    /// The certificates cannot be used.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The system has no random bytes.
    #[error("random bytes: {0}")]
    Random(getrandom::Error),
    /// A step did not do what it should.
    #[error("the demo failed at the step {title:?}: {source}")]
    Step {
        /// The step.
        title: &'static str,
        /// What it did instead.
        source: StepError,
    },
}

/// What a step did instead of what it should.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// The server refused, or the connection failed.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The server answered something else.
    #[error("{0}")]
    Unexpected(&'static str),
}

/// Runs all steps against the server that `args` name. Lines go to `say`.
///
/// # Errors
///
/// [`DemoError`]: no server, or a step did not do what it should.
pub fn run(args: &DemoArgs, say: &dyn Fn(&str), colour: bool) -> Result<(), DemoError> {
    let ready = Ready::read(&ready_file(args))?;
    let connector = Connector::new(&ready.client())?;
    let report = Report::new(say, colour);
    report.text(&format!(
        "Claviger at {}, its keys in the token {:?}:\n",
        ready.kmip_addr, ready.token_label
    ));
    Script::new(report, connector).map_err(DemoError::Random)?.play()
}

fn ready_file(args: &DemoArgs) -> PathBuf {
    args.ready.clone().unwrap_or_else(|| args.data_dir.join(ready::FILE_NAME))
}
