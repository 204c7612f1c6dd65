//! Why something could not be measured.

use std::io;

use crate::client::{ClientError, ReadyError};
use crate::config::environment::EnvironmentError;
use crate::config::{ConfigError, SecretError};

/// Why something could not be measured.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// A folder, a process or a pipe.
    #[error("{what}: {source}")]
    System {
        /// What was tried.
        what: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The server did not come up.
    #[error("the server to be measured did not start:\n{0}")]
    Server(String),
    /// The process that uses the bare token did not do what it was told.
    #[error("the bare token cannot be measured: {0}")]
    Raw(String),
    /// The token said no.
    #[error("token: {0}")]
    Token(#[from] cryptoki::error::Error),
    /// The token said no, by way of the backend.
    #[error("token: {0}")]
    Hsm(#[from] hsm_backend::HsmError),
    /// The server said no.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The server is not to be found.
    #[error(transparent)]
    Ready(#[from] ReadyError),
    /// The configuration of the server is not what it was.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The PIN cannot be read.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The process could not get the environment that the token needs.
    #[error(transparent)]
    Environment(#[from] EnvironmentError),
    /// A figure would mean nothing.
    #[error("{0}")]
    Measure(&'static str),
}

impl BenchError {
    pub(super) fn system(what: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::System { what, source }
    }
}
