//! The configuration file as written: one struct per table, unknown keys refused.
//!
//! The `Default` of each struct is the default of the annotated `config/claviger.toml`; a test
//! compares the two. Nothing is checked here beyond the types: see [`super::Config`].

mod admin;
mod audit;
mod monitoring;
mod notify;
mod scope;
mod validation;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub(crate) use admin::{RawAdmin, RawAdminClient};
pub(crate) use audit::{RawAudit, RawFsync, RawSink, RawSinkKind};
pub(crate) use monitoring::RawMonitoring;
pub(crate) use notify::RawNotify;
pub(crate) use scope::{RawCredentials, RawCustody, RawDevice, RawScope, RawUser};
pub(crate) use validation::{RawAuthority, RawValidated, RawValidation};

use super::ca::RawCa;
pub(crate) use super::identity::RawIdentity;
use super::internal_ca::RawInternalCa;

/// The whole file.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawConfig {
    #[serde(default)]
    pub(crate) server: RawServer,
    #[serde(default)]
    pub(crate) tls: RawTls,
    pub(crate) token: RawToken,
    #[serde(default)]
    pub(crate) store: RawStore,
    #[serde(default)]
    pub(crate) workers: RawWorkers,
    #[serde(default)]
    pub(crate) identity: RawIdentity,
    #[serde(default)]
    pub(crate) scope: Vec<RawScope>,
    #[serde(default)]
    pub(crate) notify: Vec<RawNotify>,
    #[serde(default)]
    pub(crate) limits: RawLimits,
    #[serde(default)]
    pub(crate) keys: RawKeys,
    #[serde(default)]
    pub(crate) ca: RawCa,
    #[serde(default)]
    pub(crate) audit: RawAudit,
    #[serde(default)]
    pub(crate) internal_ca: RawInternalCa,
    #[serde(default)]
    pub(crate) log: RawLog,
    #[serde(default)]
    pub(crate) admin: RawAdmin,
    #[serde(default)]
    pub(crate) monitoring: RawMonitoring,
}

/// One value, or a list of them.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(untagged, expecting = "needs a text or a list of texts, in quotes")]
pub(crate) enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

/// `[server]`
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawServer {
    pub(crate) kmip_addr: OneOrMany,
    pub(crate) https_addr: Option<OneOrMany>,
    pub(crate) max_connections: u32,
    pub(crate) max_connections_per_ip: u32,
    pub(crate) handshake_timeout_ms: u64,
    pub(crate) message_timeout_ms: u64,
    pub(crate) write_timeout_ms: u64,
    pub(crate) idle_timeout_ms: u64,
    pub(crate) max_message_bytes: u32,
    pub(crate) shutdown_timeout_ms: u64,
}

impl Default for RawServer {
    fn default() -> Self {
        Self {
            kmip_addr: OneOrMany::One("127.0.0.1:5696".to_owned()),
            https_addr: None,
            max_connections: 10_000,
            max_connections_per_ip: 1_000,
            handshake_timeout_ms: 5_000,
            message_timeout_ms: 30_000,
            write_timeout_ms: 30_000,
            idle_timeout_ms: 1_800_000,
            max_message_bytes: 1_048_576,
            shutdown_timeout_ms: 30_000,
        }
    }
}

/// `[tls]`
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawTls {
    pub(crate) certificate: Option<PathBuf>,
    pub(crate) private_key: Option<PathBuf>,
    pub(crate) server_hostnames: Vec<String>,
    pub(crate) server_ips: Vec<IpAddr>,
    pub(crate) client_ca: Vec<PathBuf>,
    pub(crate) client_crl: Vec<PathBuf>,
    pub(crate) min_version: RawTlsVersion,
    pub(crate) client_auth: RawClientAuth,
    pub(crate) allow_client_without_eku: bool,
    pub(crate) allow_ca_leaf: bool,
    pub(crate) session_resumption: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) pinned_client: Vec<RawPinnedClient>,
}

impl Default for RawTls {
    fn default() -> Self {
        Self {
            certificate: None,
            private_key: None,
            server_hostnames: vec!["localhost".to_owned()],
            server_ips: vec![IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)],
            client_ca: Vec::new(),
            client_crl: Vec::new(),
            min_version: RawTlsVersion::default(),
            client_auth: RawClientAuth::default(),
            allow_client_without_eku: true,
            allow_ca_leaf: false,
            session_resumption: true,
            pinned_client: Vec::new(),
        }
    }
}

/// `tls.min_version`
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) enum RawTlsVersion {
    #[default]
    #[serde(rename = "1.2")]
    V1_2,
    #[serde(rename = "1.3")]
    V1_3,
}

/// `tls.client_auth`
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RawClientAuth {
    #[default]
    Chain,
    ChainOrPinned,
    Pinned,
}

/// `[[tls.pinned_client]]`
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawPinnedClient {
    pub(crate) name: String,
    pub(crate) sha256: String,
    #[serde(default)]
    pub(crate) of: RawPinOf,
    pub(crate) scope: String,
}

/// `tls.pinned_client.of`
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RawPinOf {
    #[default]
    PublicKey,
    Certificate,
}

/// `[token]`
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawToken {
    pub(crate) module: PathBuf,
    #[serde(default)]
    pub(crate) label: Option<String>,
    #[serde(default)]
    pub(crate) serial: Option<String>,
    pub(crate) pin: RawPin,
    #[serde(default = "max_sessions")]
    pub(crate) max_sessions: u32,
    #[serde(default = "max_live_keys")]
    pub(crate) max_live_keys: u32,
    #[serde(default = "operation_timeout_ms")]
    pub(crate) operation_timeout_ms: u64,
    #[serde(default = "keygen_timeout_ms")]
    pub(crate) keygen_timeout_ms: u64,
    #[serde(default)]
    pub(crate) environment: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) validation: Vec<RawValidation>,
}

/// `token.pin`: exactly one of the keys.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawPin {
    pub(crate) file: Option<PathBuf>,
    pub(crate) credential: Option<String>,
    pub(crate) fd: Option<u32>,
    pub(crate) env: Option<String>,
}

/// `[store]`
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawStore {
    pub(crate) path: PathBuf,
}

impl Default for RawStore {
    fn default() -> Self {
        Self { path: PathBuf::from("/var/lib/claviger/claviger.db") }
    }
}

/// `[workers]`
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawWorkers {
    pub(crate) io_threads: u32,
    pub(crate) none_threads: u32,
    pub(crate) token_threads: u32,
    pub(crate) slow_threads: u32,
    pub(crate) none_queue: u32,
    pub(crate) token_queue: u32,
    pub(crate) slow_queue: u32,
    pub(crate) queue_deadline_ms: u64,
}

impl Default for RawWorkers {
    fn default() -> Self {
        Self {
            io_threads: 2,
            none_threads: 2,
            token_threads: 8,
            slow_threads: 2,
            none_queue: 1_024,
            token_queue: 1_024,
            slow_queue: 64,
            queue_deadline_ms: 10_000,
        }
    }
}

/// `[limits]`
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawLimits {
    pub(crate) max_batch_items: u32,
    pub(crate) max_attributes_per_object: u32,
    pub(crate) max_locate_items: u32,
    pub(crate) max_data_bytes: u32,
    pub(crate) max_lease_seconds: u32,
    pub(crate) max_async_per_scope: u32,
    pub(crate) max_async: u32,
    pub(crate) async_result_seconds: u32,
    pub(crate) max_derivation_iterations: u32,
    pub(crate) max_clock_skew_seconds: u32,
}

impl Default for RawLimits {
    fn default() -> Self {
        Self {
            max_batch_items: 100,
            max_attributes_per_object: 256,
            max_locate_items: 1_000,
            max_data_bytes: 1_048_576,
            max_lease_seconds: 3_600,
            max_async_per_scope: 100,
            max_async: 1_000,
            async_result_seconds: 3_600,
            max_derivation_iterations: 2_000_000,
            max_clock_skew_seconds: 0,
        }
    }
}

/// `[keys]`
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawKeys {
    pub(crate) rsa_min_bits: u32,
    pub(crate) rsa_max_bits: u32,
    pub(crate) allow_3des: bool,
}

impl Default for RawKeys {
    fn default() -> Self {
        Self { rsa_min_bits: 2_048, rsa_max_bits: 4_096, allow_3des: false }
    }
}

/// `[log]`
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawLog {
    pub(crate) level: String,
    pub(crate) format: RawLogFormat,
}

impl Default for RawLog {
    fn default() -> Self {
        Self { level: "info".to_owned(), format: RawLogFormat::Text }
    }
}

/// `log.format`
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RawLogFormat {
    #[default]
    Text,
    Json,
}

const fn yes() -> bool {
    true
}

const fn max_sessions() -> u32 {
    16
}

const fn max_live_keys() -> u32 {
    10_000
}

const fn operation_timeout_ms() -> u64 {
    10_000
}

const fn keygen_timeout_ms() -> u64 {
    120_000
}
