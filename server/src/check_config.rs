//! `claviger check-config`: what `serve` would say of a configuration, without serving.

use std::path::Path;
use std::sync::Arc;

use crate::app;
use crate::config::{Config, ConfigError};
use crate::telemetry::{self, TelemetryError};
use crate::trust::Gate;

/// What is wrong with a configuration.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// A mistake in it.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Logging could not be set up.
    #[error(transparent)]
    Telemetry(#[from] TelemetryError),
}

/// Reads and checks a configuration and the files it names. The PIN is not read, the token not touched,
/// nothing is written. What is doubtful, and no mistake, goes to the log.
///
/// # Errors
///
/// [`CheckError`] for the first mistake.
pub fn check(file: &Path) -> Result<Config, CheckError> {
    let config = Config::load(file)?;
    telemetry::start(&config.log)?;
    check_files(&config)?;
    Ok(config)
}

/// Reads the files of `[tls]`.
///
/// # Errors
///
/// [`ConfigError`], with the key that names the file.
pub fn open_gate(config: &Config) -> Result<Arc<Gate>, ConfigError> {
    Gate::open(&config.tls).map_err(|err| config.mistake(err.config_key(), err.to_string()))
}

fn check_files(config: &Config) -> Result<(), ConfigError> {
    open_gate(config)?;
    let folders = config.written_files().filter_map(Path::parent);
    for folder in folders.filter(|folder| !folder.is_dir()) {
        // No mistake: a service manager may make it when it starts the server.
        tracing::warn!(folder = %folder.display(), "the folder has to be there when the server starts");
    }
    config.token.pin.look().map_err(|err| config.mistake("token.pin", err.to_string()))?;
    app::endpoints(config).map_err(|err| config.mistake("notify", err.to_string()))?;
    if !config.token.module.is_file() {
        let text = format!("{} is no file", config.token.module.display());
        return Err(config.mistake("token.module", text));
    }
    Ok(())
}
