//! `claviger doctor`: asks a token by doing what works on it, what does not, and how fast.
//!
//! Every line of the capability table that KMIP has a name for is carried out with throw-away keys
//! and its outcome checked, by the same verbs that serve clients. The store is not needed.

mod examine;
mod keys;
mod promise;
mod report;
mod sealed;
mod stop;
mod target;
mod tries;
mod words;

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use hsm_backend::HsmBackend;

use crate::cli::DoctorArgs;
use crate::config::environment::EnvironmentError;
use crate::config::{ConfigError, SecretError};
use crate::telemetry::TelemetryError;
use examine::{Examination, Row};
use keys::Workbench;
use stop::Stop;
use target::{Open, Target};

/// Exit code where something promised cannot be done.
pub const BROKEN_PROMISE: u8 = 3;

/// Why a token could not be examined.
#[derive(Debug, thiserror::Error)]
pub enum DoctorError {
    /// The configuration is not in order.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The process could not get the environment that the token needs.
    #[error(transparent)]
    Environment(#[from] EnvironmentError),
    /// Logging could not be set up.
    #[error(transparent)]
    Telemetry(#[from] TelemetryError),
    /// The PIN cannot be read.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// Nobody is there to type a PIN.
    #[error("cannot ask for the PIN ({0}); give --pin-file or --pin-env")]
    Prompt(io::Error),
    /// Neither a configuration nor a library is named.
    #[error("give --config or --module")]
    NoTarget,
    /// The library is not there.
    #[error("the PKCS#11 module {} is no file", .0.display())]
    NoModule(PathBuf),
    /// The library does not come back.
    #[error("the PKCS#11 module did not open the token within {0} s; it hangs")]
    Hangs(u64),
    /// The token refused the PIN.
    #[error(
        "the token did not let us in: {why}\n\
         Correct the PIN before you try again: many tokens lock themselves after a few wrong ones."
    )]
    Pin {
        /// The token's reason.
        why: String,
    },
    /// There is no such token, or it does not work.
    #[error("the token cannot be used: {0}")]
    Token(String),
    /// Signals cannot be waited for.
    #[error("signals: {0}")]
    Signals(io::Error),
    /// Somebody pressed Ctrl-C.
    #[error("interrupted; the throw-away keys are destroyed")]
    Interrupted,
    /// The report cannot be written as JSON.
    #[error("JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// Examines the token that `args` name and shows what is found: a table, or JSON. Gives whether
/// everything that the configuration promises can be done.
///
/// Must be called before any thread is started: see
/// [`environment::ensure`](crate::config::environment::ensure).
///
/// # Errors
///
/// [`DoctorError`] where the token could not be examined.
pub fn run(args: &DoctorArgs, say: &dyn Fn(&str)) -> Result<bool, DoctorError> {
    let target = Target::of(args)?;
    let stop = Stop::on_signals().map_err(DoctorError::Signals)?;
    let Open { hsm, capabilities, info } = target.open()?;
    if !args.json {
        say(&report::header(target.module(), &info, &target.policy));
    }
    let bench = Workbench::new(&*hsm, capabilities.clone(), target.patience);
    let time = Duration::from_millis(args.line_ms);
    let policy = &target.policy;
    let rows = Examination { bench: &bench, policy, time, stop: &stop }.run(&mut {
        let mut last = None;
        move |row: &Row| {
            if args.json {
                return;
            }
            if last.replace(row.group) != Some(row.group) {
                say(&report::title(row.group));
            }
            say(&report::line(row));
        }
    });
    // Here the throw-away keys go.
    drop(bench);
    hsm.close();
    if stop.is_asked() {
        return Err(DoctorError::Interrupted);
    }
    let problems = promise::problems(policy, &rows, &capabilities, Some(&info));
    if args.json {
        say(&report::json(target.module(), &info, &rows, &problems)?);
    } else {
        say(&report::summary(&rows, &problems));
    }
    Ok(problems.is_empty())
}

#[cfg(test)]
mod tests;
