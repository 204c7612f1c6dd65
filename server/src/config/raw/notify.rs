//! `[[notify]]` as written.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// `[[notify]]`
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawNotify {
    pub(crate) scope: String,
    pub(crate) addr: String,
    pub(crate) server_name: Option<String>,
    pub(crate) ca: PathBuf,
    pub(crate) certificate: PathBuf,
    pub(crate) private_key: PathBuf,
    #[serde(default)]
    pub(crate) put: bool,
    #[serde(default = "max_waiting")]
    pub(crate) max_waiting: u32,
    #[serde(default = "timeout_ms")]
    pub(crate) timeout_ms: u64,
}

const fn max_waiting() -> u32 {
    10_000
}

const fn timeout_ms() -> u64 {
    10_000
}
