//! `[[token.validation]]` as written.

use serde::{Deserialize, Serialize};

/// `[[token.validation]]`
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawValidation {
    pub(crate) authority: RawAuthority,
    #[serde(default)]
    pub(crate) country: Option<String>,
    #[serde(default)]
    pub(crate) authority_uri: Option<String>,
    pub(crate) version: String,
    #[serde(default)]
    pub(crate) of: RawValidated,
    pub(crate) level: u32,
    #[serde(default)]
    pub(crate) certificate: Option<String>,
    #[serde(default)]
    pub(crate) certificate_uri: Option<String>,
    #[serde(default)]
    pub(crate) vendor_uri: Option<String>,
    #[serde(default)]
    pub(crate) profiles: Vec<String>,
}

/// `token.validation.authority`
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RawAuthority {
    NistCmvp,
    CommonCriteria,
    Unspecified,
}

/// `token.validation.of`
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RawValidated {
    #[default]
    Hardware,
    Software,
    Firmware,
    Hybrid,
}
