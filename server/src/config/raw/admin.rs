//! `[admin]` as written.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{OneOrMany, RawPinOf};

/// `[admin]`
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawAdmin {
    pub(crate) socket: Option<PathBuf>,
    pub(crate) https_addr: Option<OneOrMany>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) client: Vec<RawAdminClient>,
}

/// `[[admin.client]]`
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawAdminClient {
    pub(crate) name: String,
    pub(crate) sha256: String,
    #[serde(default)]
    pub(crate) of: RawPinOf,
    pub(crate) policy: String,
}
