//! The trial's token is initialised by the process that serves, which has its environment.

use std::path::Path;

use hsm_backend::SecretValue;

use super::layout::Layout;
use super::{DevError, TOKEN_LABEL};
use crate::config::{Config, SecretSource};

/// The token cannot be initialised.
#[derive(Debug, thiserror::Error)]
#[error("cannot initialise the token {TOKEN_LABEL}: {0}")]
pub struct ProvisionError(String);

/// Initialises the token, unless that was done in an earlier run.
pub(super) fn once(layout: &Layout, config: &Config) -> Result<(), DevError> {
    let done = layout.token_done();
    if done.exists() {
        return Ok(());
    }
    let so_pin = SecretSource::File(layout.so_pin()).read()?;
    let user_pin = config.token.pin.read()?;
    provision(&config.token.module, TOKEN_LABEL, &so_pin, &user_pin)?;
    std::fs::write(&done, "").map_err(DevError::file(&done))
}

/// Initialises a token named `label` with both PINs.
fn provision(
    _module: &Path,
    _label: &str,
    _so_pin: &SecretValue,
    _user_pin: &SecretValue,
) -> Result<(), ProvisionError> {
    Err(ProvisionError("this build has no PKCS#11 backend".to_owned()))
}
