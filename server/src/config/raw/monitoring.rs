//! `[monitoring]` as written.

use serde::{Deserialize, Serialize};

/// `[monitoring]`
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawMonitoring {
    pub(crate) http_addr: Option<String>,
}
