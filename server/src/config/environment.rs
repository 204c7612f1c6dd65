//! `[token.environment]`: what the PKCS#11 library needs in its environment.
//!
//! A running process cannot change its environment safely once threads exist, and a library may
//! read it at load time. So the process executes itself again, once, with the variables set: the
//! process id stays, and no thread has been started yet.
//!
//! The same way the C library is told to keep the memory it has: left alone, it gives every larger
//! buffer back to the system when it is freed, and a token call on 64 KiB takes four times as long.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Holds the id of the process that has already executed itself again.
const MARKER: &str = "CLAVIGER_ENVIRONMENT_SET";

/// Of glibc, in bytes; what is set already stays as it is. Up to 8 MiB of free memory is kept by each
/// of its arenas, and texts of up to 4 MiB are kept among it.
const ALLOCATOR: &[(&str, &str)] = if cfg!(target_env = "gnu") {
    &[
        ("MALLOC_TRIM_THRESHOLD_", "8388608"),
        ("MALLOC_MMAP_THRESHOLD_", "4194304"),
        ("MALLOC_TOP_PAD_", "1048576"),
    ]
} else {
    &[]
};

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
    let wanted = &with_allocator(wanted);
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
    let environment = with_allocator(environment);
    command.args(arguments).envs(environment).env(MARKER, std::process::id().to_string());
    if let Some(name) = std::env::args_os().next() {
        command.arg0(name);
    }
    Err(EnvironmentError::Exec(command.exec()))
}

fn with_allocator(wanted: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let unset = |name: &str| !wanted.contains_key(name) && std::env::var_os(name).is_none();
    let ours = ALLOCATOR.iter().filter(|(name, _)| unset(name));
    let ours = ours.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    wanted.clone().into_iter().chain(ours).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ensure_returns_at_once_when_everything_is_set() {
        let path = std::env::var("PATH").unwrap();
        let mut wanted = BTreeMap::from([("PATH".to_owned(), path)]);
        // What the allocator is told is set here only to its own value, or not at all.
        for (name, _) in ALLOCATOR {
            match std::env::var(name) {
                Ok(value) => drop(wanted.insert((*name).to_owned(), value)),
                Err(_) => return,
            }
        }
        ensure(&wanted).unwrap();
    }

    #[test]
    fn what_the_operator_says_of_the_allocator_stays() {
        let Some((name, _)) = ALLOCATOR.first() else { return };
        let wanted = BTreeMap::from([((*name).to_owned(), "1".to_owned())]);
        let complete = with_allocator(&wanted);
        assert_eq!(complete.get(*name).map(String::as_str), Some("1"));
        assert!(complete.len() > 1 || std::env::var_os("MALLOC_TOP_PAD_").is_some());
    }
}
