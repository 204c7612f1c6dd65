//! What the operator says of the internal CA and of what it signs.

use crate::directory::ClientKey;

/// What the operator says of the internal CA.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustRules {
    /// The first words of the names of root and issuer.
    pub common_name: String,
    /// The kind of key of a root and an issuer that are made from now on.
    pub key: ClientKey,
    /// How long a root is valid, in days.
    pub root_days: u32,
    /// How long an issuer is valid, in days.
    pub issuer_days: u32,
    /// How long a client's certificate is valid at most, in seconds.
    pub max_client_seconds: u32,
    /// How long the server's own certificate is valid, in seconds.
    pub server_seconds: u32,
    /// How long a list of revoked certificates is valid, in seconds.
    pub crl_seconds: u32,
    /// Where clients find the lists, without the last part; certificates say so if it is set.
    pub crl_url: Option<String>,
}

impl Default for TrustRules {
    fn default() -> Self {
        Self {
            common_name: "Claviger".to_owned(),
            key: ClientKey::EcP384,
            root_days: 3_650,
            issuer_days: 1_825,
            max_client_seconds: 34_560_000,
            server_seconds: 8_640_000,
            crl_seconds: 86_400,
            crl_url: None,
        }
    }
}
