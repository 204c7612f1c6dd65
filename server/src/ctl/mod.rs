//! The commands that ask a running server over its administration socket.

mod call;
mod key;
mod wrapping_key;

use std::path::{Path, PathBuf};

use crate::cli::{AdminArgs, KeyCommand, WrappingKeyCommand};
use crate::config::{Config, ConfigError};

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum CtlError {
    /// The configuration does not hold.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The configuration names no socket.
    #[error("{} has no [admin] socket; add one, or give --socket", .0.display())]
    NoSocket(PathBuf),
    /// The server does not answer.
    #[error("cannot ask the server at {}: {reason}", socket.display())]
    Unreachable {
        /// Its socket.
        socket: PathBuf,
        /// Why.
        reason: String,
    },
    /// The server refused.
    #[error("{0}")]
    Refused(String),
    /// It took longer than it was given.
    #[error("{0} keys are not yet wrapped anew; the server goes on with them")]
    Unfinished(u64),
}

/// Carries out a `claviger key` command.
///
/// # Errors
///
/// [`CtlError`].
pub fn key(command: &KeyCommand, say: &dyn Fn(&str)) -> Result<(), CtlError> {
    key::run(command, say)
}

/// Carries out a `claviger wrapping-key` command.
///
/// # Errors
///
/// [`CtlError`].
pub fn wrapping_key(command: &WrappingKeyCommand, say: &dyn Fn(&str)) -> Result<(), CtlError> {
    wrapping_key::run(command, say)
}

/// Where the server's socket is.
fn socket(args: &AdminArgs) -> Result<PathBuf, CtlError> {
    if let Some(socket) = &args.socket {
        return Ok(socket.clone());
    }
    let file: &Path = &args.config;
    let config = Config::load(file)?;
    config.admin.socket.ok_or_else(|| CtlError::NoSocket(file.to_owned()))
}
