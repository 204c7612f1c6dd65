//! `[[scope]]` as written.

use std::num::NonZero;

use serde::{Deserialize, Serialize};

use super::yes;

/// `[[scope]]`
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawScope {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) operations: Vec<String>,
    #[serde(default)]
    pub(crate) export: bool,
    #[serde(default = "yes")]
    pub(crate) unique_names: bool,
    #[serde(default = "RawCustody::wrapped")]
    pub(crate) symmetric_keys: RawCustody,
    #[serde(default = "RawCustody::token")]
    pub(crate) private_keys: RawCustody,
    #[serde(default)]
    pub(crate) assisted: bool,
    #[serde(default)]
    pub(crate) certify: bool,
    pub(crate) algorithms: Option<Vec<String>>,
    pub(crate) requests_per_second: Option<NonZero<u32>>,
    #[serde(default)]
    pub(crate) credentials: RawCredentials,
    #[serde(default)]
    pub(crate) user: Vec<RawUser>,
    #[serde(default)]
    pub(crate) device: Vec<RawDevice>,
}

/// `scope.credentials`
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RawCredentials {
    #[default]
    Ignored,
    Checked,
    Required,
}

/// `[[scope.user]]`
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawUser {
    pub(crate) username: String,
    pub(crate) password_hash: String,
}

/// `[[scope.device]]`
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawDevice {
    pub(crate) device_serial_number: Option<String>,
    pub(crate) device_identifier: Option<String>,
    pub(crate) network_identifier: Option<String>,
    pub(crate) machine_identifier: Option<String>,
    pub(crate) media_identifier: Option<String>,
    pub(crate) password_hash: Option<String>,
}

/// `scope.symmetric_keys`, `scope.private_keys`
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RawCustody {
    Token,
    Wrapped,
}

impl RawCustody {
    const fn token() -> Self {
        Self::Token
    }

    const fn wrapped() -> Self {
        Self::Wrapped
    }
}
