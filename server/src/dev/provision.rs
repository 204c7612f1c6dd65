//! The trial's token is initialised by the process that serves, which has its environment.

use std::path::Path;

use hsm_backend::{HsmErrorKind, SecretValue};

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

/// Initialises a token named `label` with both PINs, unless there is one: a run that was cut off
/// between the two steps is repeated.
fn provision(
    module: &Path,
    label: &str,
    so_pin: &SecretValue,
    user_pin: &SecretValue,
) -> Result<(), ProvisionError> {
    match hsm_backend::pkcs11::provision_token(module, label, so_pin, user_pin) {
        Ok(_) => Ok(()),
        // That label is taken: by our own earlier run.
        Err(error) if error.kind == HsmErrorKind::NotPermitted => Ok(()),
        Err(error) => Err(ProvisionError(error.to_string())),
    }
}
