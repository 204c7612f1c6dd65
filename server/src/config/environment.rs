//! `[token.environment]`: what the PKCS#11 library needs in its environment.
//!
//! A running process cannot change its environment safely once threads exist, and a library may
//! read it at load time. So the process executes itself again, once, with the variables set: the
//! process id stays, and no thread has been started yet.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Holds the id of the process that has already executed itself again.
const MARKER: &str = "CLAVIGER_ENVIRONMENT_SET";

/// Why the environment could not be set.
#[derive(Debug, thiserror::Error)]
pub enum EnvironmentError {
    /// The process could not execute itself.
    #[error("cannot execute claviger again with [token.environment]: {0}")]
    Exec(std::io::Error),
    /// The variables are still not there after the process executed itself.
    #[error("[token.environment] did not take effect after one restart of the process")]
    NoEffect,
}

/// Makes sure that every variable in `wanted` is set, executing the program again if need be.
///
/// Returns only if all of them are set. Call before any thread is started.
///
/// # Errors
///
/// [`EnvironmentError`], where the program cannot be executed.
pub fn ensure(wanted: &BTreeMap<String, String>) -> Result<(), EnvironmentError> {
    if wanted.iter().all(|(name, value)| std::env::var_os(name) == Some(OsString::from(value))) {
        return Ok(());
    }
    // The id, not a mere flag: a child of this process inherits the variable, but not the id.
    if std::env::var(MARKER).is_ok_and(|pid| pid == std::process::id().to_string()) {
        return Err(EnvironmentError::NoEffect);
    }
    let arguments = std::env::args_os().skip(1).collect::<Vec<_>>();
    replace_process(arguments, wanted).map(|never| match never {})
}

/// Replaces this process by the same program with other `arguments` and `environment` added.
///
/// # Errors
///
/// `Exec`, where the program cannot be executed; otherwise the call does not return.
pub fn replace_process(
    arguments: impl IntoIterator<Item = OsString>,
    environment: &BTreeMap<String, String>,
) -> Result<Infallible, EnvironmentError> {
    let program = std::env::current_exe().map_err(EnvironmentError::Exec)?;
    let mut command = Command::new(program);
    command.args(arguments).envs(environment).env(MARKER, std::process::id().to_string());
    if let Some(name) = std::env::args_os().next() {
        command.arg0(name);
    }
    Err(EnvironmentError::Exec(command.exec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ensure_returns_at_once_when_everything_is_set() {
        ensure(&BTreeMap::new()).unwrap();
        let path = std::env::var("PATH").unwrap();
        ensure(&BTreeMap::from([("PATH".to_owned(), path)])).unwrap();
    }
}
