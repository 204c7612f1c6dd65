//! What is set through `kmip/config`, and kept in the store. A field that was never set is the
//! configuration file's.

use serde::{Deserialize, Serialize};

use super::{Failure, Plane};
use crate::authz::Housekeeping;
use crate::directory::ClientKey;
use crate::store::{ObjectStore, StoreError};

/// The setting that holds all of it, in JSON.
const SETTING: &str = "kmip_config";
/// How long a client's certificate is valid unless something else is said: a day.
const CLIENT_TTL_SECONDS: u32 = 86_400;

/// As it is kept. What is added later needs a default.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(default)]
pub(crate) struct Kept {
    /// Addresses to listen on for KMIP.
    pub(crate) listen_addrs: Option<Vec<std::net::SocketAddr>>,
    /// From accepting a connection to the end of its TLS handshake, in milliseconds.
    pub(crate) connection_timeout_ms: Option<u64>,
    /// Names in the server's certificate.
    pub(crate) server_hostnames: Option<Vec<String>>,
    /// Addresses in it.
    pub(crate) server_ips: Option<Vec<std::net::IpAddr>>,
    /// Key of certificates for clients, its type and its length in bits.
    pub(crate) client_key: Option<(String, u32)>,
    /// How long those are valid.
    pub(crate) client_ttl_seconds: Option<u32>,
}

/// What certificates for clients are like, where their role says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ClientDefaults {
    pub(super) client_key: ClientKey,
    pub(super) client_ttl_seconds: u32,
}

impl Kept {
    /// Reads what is kept.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; `Corrupt` for what is no JSON of ours.
    pub(crate) fn read(store: &dyn ObjectStore) -> Result<Self, StoreError> {
        match store.setting(Housekeeping::new(), SETTING)? {
            None => Ok(Self::default()),
            Some(text) => serde_json::from_slice(&text)
                .map_err(|error| StoreError::Corrupt(format!("kmip/config: {error}"))),
        }
    }

    /// Keeps it.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub(super) fn write(&self, store: &dyn ObjectStore) -> Result<(), StoreError> {
        let text =
            serde_json::to_vec(self).map_err(|error| StoreError::Engine(error.to_string()))?;
        store.set_setting(Housekeeping::new(), SETTING, &text)
    }

    /// What certificates for clients are like.
    pub(super) fn client_defaults(&self) -> ClientDefaults {
        let key =
            self.client_key.as_ref().and_then(|(kind, bits)| ClientKey::of(kind, Some(*bits)));
        ClientDefaults {
            client_key: key.unwrap_or(ClientKey::EcP521),
            client_ttl_seconds: self.client_ttl_seconds.unwrap_or(CLIENT_TTL_SECONDS),
        }
    }
}

impl Plane {
    /// What certificates for clients are like, where their role says nothing.
    pub(super) fn settings(&self) -> Result<ClientDefaults, Failure> {
        Ok(Kept::read(&*self.services.store)?.client_defaults())
    }
}
