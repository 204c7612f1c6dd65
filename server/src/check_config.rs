//! `claviger check-config`: what `serve` would say of a configuration, without serving.

use std::path::Path;

use crate::app;
use crate::config::{Config, ConfigError};
use crate::trust::Gate;

/// Reads and checks a configuration and the certificates it names. The PIN is not read, the
/// token not touched, nothing is written.
///
/// # Errors
///
/// [`ConfigError`] for the first mistake.
pub fn check(file: &Path) -> Result<Config, ConfigError> {
    let config = Config::load(file)?;
    Gate::open(&config.tls).map_err(|err| config.mistake(err.config_key(), err.to_string()))?;
    app::endpoints(&config).map_err(|err| config.mistake("notify", err.to_string()))?;
    if !config.token.module.is_file() {
        let text = format!("{} is no file", config.token.module.display());
        return Err(config.mistake("token.module", text));
    }
    Ok(config)
}
