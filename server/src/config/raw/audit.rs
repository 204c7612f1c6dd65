//! `[audit]` as written.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// `[audit]`
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawAudit {
    pub(crate) node: Option<String>,
    pub(crate) head_seconds: u32,
    pub(crate) head_records: u32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) sink: Vec<RawSink>,
}

impl Default for RawAudit {
    fn default() -> Self {
        Self { node: None, head_seconds: 60, head_records: 1_000, sink: Vec::new() }
    }
}

/// `[[audit.sink]]`: which keys it has depends on its type.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawSink {
    #[serde(rename = "type")]
    pub(crate) kind: RawSinkKind,
    #[serde(default)]
    pub(crate) required: bool,
    pub(crate) path: Option<PathBuf>,
    pub(crate) max_bytes: Option<u64>,
    pub(crate) keep: Option<u32>,
    pub(crate) fsync: Option<RawFsync>,
    pub(crate) fsync_interval_ms: Option<u64>,
    pub(crate) address: Option<String>,
    pub(crate) url: Option<String>,
    pub(crate) ca: Option<PathBuf>,
    pub(crate) certificate: Option<PathBuf>,
    pub(crate) private_key: Option<PathBuf>,
}

/// `audit.sink.type`
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RawSinkKind {
    File,
    Syslog,
    Https,
}

/// `audit.sink.fsync`
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RawFsync {
    Interval,
    Always,
}
