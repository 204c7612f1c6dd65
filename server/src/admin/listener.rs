//! The KMIP listener, as the administration interface changes it.

use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::Failure;
use crate::config::ServerConfig;
use crate::net::listener::{Listener, Transport};
use crate::net::{ListenerControl, RebindError};

/// The KMIP listener: what it does now, and what the configuration has it do.
pub struct KmipListener {
    control: Option<ListenerControl>,
    configured: Vec<SocketAddr>,
    configured_timeout: Duration,
    local: Mutex<Vec<SocketAddr>>,
}

impl KmipListener {
    /// The listener as it was bound, and as `config` has it.
    ///
    /// # Errors
    ///
    /// What the system says of its addresses.
    pub fn of(listener: &Listener, config: &ServerConfig) -> std::io::Result<Self> {
        let local = listener.local_addrs(Transport::Tls)?;
        Ok(Self {
            control: Some(listener.control()),
            configured: config.kmip_addrs.clone(),
            configured_timeout: config.handshake_timeout,
            local: Mutex::new(local),
        })
    }

    /// For an interface without a listener.
    #[must_use]
    pub fn none() -> Self {
        Self {
            control: None,
            configured: Vec::new(),
            configured_timeout: Duration::ZERO,
            local: Mutex::default(),
        }
    }

    pub(super) fn local_addrs(&self) -> Vec<SocketAddr> {
        self.local.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn handshake_timeout(&self) -> Duration {
        self.control.as_ref().map_or(self.configured_timeout, ListenerControl::handshake_timeout)
    }

    /// Listens on `wanted` from now on, or where the configuration says.
    pub(super) fn listen_on(&self, wanted: Option<&[SocketAddr]>) -> Result<(), Failure> {
        let Some(control) = &self.control else { return Ok(()) };
        let mut local = self.local.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted = wanted.unwrap_or(&self.configured);
        *local = control.listen_on(wanted).map_err(|error| match error {
            RebindError::Listen(error) => Failure::bad(error.to_string()),
            RebindError::Stopping => Failure::unavailable(error.to_string()),
        })?;
        Ok(())
    }

    /// Waits for a handshake so many milliseconds, or as the configuration says.
    pub(super) fn set_handshake_timeout(&self, ms: Option<u64>) {
        if let Some(control) = &self.control {
            control
                .set_handshake_timeout(ms.map_or(self.configured_timeout, Duration::from_millis));
        }
    }
}
