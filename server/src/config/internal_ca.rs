//! `[internal_ca]`: the CA of the server's own doors.

use serde::{Deserialize, Serialize};

use super::check::{Checked, within};
use super::error::Problem;
use crate::directory::ClientKey;
use crate::trust::TrustRules;

/// `[internal_ca]` as written.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawInternalCa {
    pub(crate) common_name: String,
    pub(crate) key: RawKey,
    pub(crate) root_days: u32,
    pub(crate) issuer_days: u32,
    pub(crate) max_client_seconds: u32,
    pub(crate) server_seconds: u32,
    pub(crate) crl_seconds: u32,
    pub(crate) crl_url: Option<String>,
}

impl Default for RawInternalCa {
    fn default() -> Self {
        Self {
            common_name: "Claviger".to_owned(),
            key: RawKey::EcP384,
            root_days: 3_650,
            issuer_days: 1_825,
            max_client_seconds: 34_560_000,
            server_seconds: 8_640_000,
            crl_seconds: 86_400,
            crl_url: None,
        }
    }
}

/// `internal_ca.key`
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) enum RawKey {
    #[serde(rename = "ec-p256")]
    EcP256,
    #[serde(rename = "ec-p384")]
    EcP384,
    #[serde(rename = "ec-p521")]
    EcP521,
    #[serde(rename = "ed25519")]
    Ed25519,
    #[serde(rename = "rsa-2048")]
    Rsa2048,
    #[serde(rename = "rsa-3072")]
    Rsa3072,
    #[serde(rename = "rsa-4096")]
    Rsa4096,
}

impl RawKey {
    const fn kind(self) -> ClientKey {
        match self {
            Self::EcP256 => ClientKey::EcP256,
            Self::EcP384 => ClientKey::EcP384,
            Self::EcP521 => ClientKey::EcP521,
            Self::Ed25519 => ClientKey::Ed25519,
            Self::Rsa2048 => ClientKey::Rsa2048,
            Self::Rsa3072 => ClientKey::Rsa3072,
            Self::Rsa4096 => ClientKey::Rsa4096,
        }
    }
}

/// Longest first words: with level and short name a common name has 64 characters at most.
const MAX_NAME_CHARACTERS: usize = 48;
/// Certificates that outlive their algorithms help nobody.
const MAX_DAYS: u32 = 36_500;
const MAX_SECONDS: u32 = 315_360_000;

pub(super) fn checked(raw: RawInternalCa) -> Checked<TrustRules> {
    let key = |name: &str| format!("internal_ca.{name}");
    let days = |name: &str, value| within(&key(name), value, 1, MAX_DAYS);
    let seconds = |name: &str, value| within(&key(name), value, 1, MAX_SECONDS);
    let characters = raw.common_name.chars().count();
    if !(1..=MAX_NAME_CHARACTERS).contains(&characters) {
        let text = format!("is not 1 to {MAX_NAME_CHARACTERS} characters");
        return Err(Problem::new(key("common_name"), text));
    }
    let is_url = |url: &String| url.starts_with("http://") && url.is_ascii() && !url.contains(' ');
    if !raw.crl_url.as_ref().is_none_or(is_url) {
        return Err(Problem::new(key("crl_url"), "is no http:// address"));
    }
    Ok(TrustRules {
        common_name: raw.common_name,
        key: raw.key.kind(),
        root_days: days("root_days", raw.root_days)?,
        issuer_days: days("issuer_days", raw.issuer_days)?,
        max_client_seconds: seconds("max_client_seconds", raw.max_client_seconds)?,
        server_seconds: seconds("server_seconds", raw.server_seconds)?,
        crl_seconds: seconds("crl_seconds", raw.crl_seconds)?,
        crl_url: raw.crl_url,
    })
}
