//! The configuration: checked, typed, units resolved, paths made absolute.
//!
//! [`Config::load`] is the only way in. Relative paths in the file are taken from the folder the
//! file lies in, so that a configuration can be moved with what belongs to it.

mod admin;
mod audit;
mod ca;
mod check;
mod credentials;
pub mod environment;
mod error;
mod identity;
mod internal_ca;
mod log_filter;
mod monitoring;
mod notify;
pub(crate) mod private_file;
mod raw;
mod scope;
mod secret_source;
mod tls;
mod validations;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use kmip_core::payload::ValidationInformation;
use kmip_core::ttlv::Limits;

pub use admin::{AdminClientConfig, AdminConfig};
pub use audit::{
    AuditConfig, FileSinkConfig, Fsync, HttpsSinkConfig, SinkConfig, SinkKind, SyslogAddress,
    SyslogSinkConfig,
};
pub use credentials::{CredentialDemand, CredentialsConfig, DeviceConfig, UserConfig};
pub use error::ConfigError;
pub use identity::{IdentityConfig, IdentityRule, NameField, NamePattern, Source};
pub use log_filter::{LogFilter, LogFilterError};
pub use monitoring::MonitoringConfig;
pub use notify::NotifyConfig;
pub use scope::{ScopeConfig, ScopeName};
pub use secret_source::{MAX_SECRET_BYTES, SecretError, SecretSource};
pub use tls::{ClientAuth, PemFiles, Pin, PinnedClient, TlsConfig};

use crate::ca::AuthorityRules;
use crate::trust::TrustRules;

/// Everything `claviger serve` goes by.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The file this was read from.
    pub file: PathBuf,
    /// Listener, deadlines and caps.
    pub server: ServerConfig,
    /// Certificates and how clients are recognised.
    pub tls: TlsConfig,
    /// The PKCS#11 token.
    pub token: TokenConfig,
    /// Where objects are kept.
    pub store: StoreConfig,
    /// Threads and queues.
    pub workers: WorkersConfig,
    /// How a certificate names its scope.
    pub identity: IdentityConfig,
    /// The scopes, no two of the same name.
    pub scopes: Vec<ScopeConfig>,
    /// Where clients are told of what happens, no two of the same scope.
    pub notify: Vec<NotifyConfig>,
    /// Limits on single requests and objects.
    pub limits: LimitsConfig,
    /// Which keys may be made or imported.
    pub keys: KeysConfig,
    /// The server's own CA.
    pub ca: AuthorityRules,
    /// Where records of what is done go.
    pub audit: AuditConfig,
    /// The CA of the server's doors.
    pub internal_ca: TrustRules,
    /// What is logged, and how.
    pub log: LogConfig,
    /// How operators reach the server.
    pub admin: AdminConfig,
    /// Where metrics and health are shown.
    pub monitoring: MonitoringConfig,
}

/// `[server]`: listener, deadlines and caps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerConfig {
    /// Addresses to listen on, at least one; port 0 takes a free port.
    pub kmip_addrs: Vec<SocketAddr>,
    /// Addresses to listen on for KMIP over HTTPS; none by default.
    pub https_addrs: Vec<SocketAddr>,
    /// Connections open at once, of all clients.
    pub max_connections: u32,
    /// Connections open at once from one IP address.
    pub max_connections_per_ip: u32,
    /// From accepting a connection to the end of its TLS handshake.
    pub handshake_timeout: Duration,
    /// From the first byte of a message to its last.
    pub message_timeout: Duration,
    /// For writing one answer.
    pub write_timeout: Duration,
    /// For waiting for the first byte of the next message.
    pub idle_timeout: Duration,
    /// Longest message, in bytes, with its 8-byte header.
    pub max_message_bytes: usize,
    /// From the stop signal to the end of the process.
    pub shutdown_timeout: Duration,
}

impl ServerConfig {
    /// What a message may cost.
    #[must_use]
    pub fn message_limits(&self) -> Limits {
        Limits { max_message_bytes: self.max_message_bytes, ..Limits::default() }
    }
}

/// `[token]`: the PKCS#11 token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenConfig {
    /// The PKCS#11 library.
    pub module: PathBuf,
    /// Which of its tokens.
    pub select: TokenSelector,
    /// Where the user PIN comes from.
    pub pin: SecretSource,
    /// Most sessions to open.
    pub max_sessions: u32,
    /// Most wrapped keys live in the token at once, and most token keys with a copy in a session.
    pub max_live_keys: usize,
    /// Deadline of one token call, key generation apart.
    pub operation_timeout: Duration,
    /// Deadline of one key generation.
    pub keygen_timeout: Duration,
    /// What the library needs in its environment.
    pub environment: BTreeMap<String, String>,
    /// Its validations, as the operator states them.
    pub validations: Vec<ValidationInformation>,
}

/// How a token is found. Never by its slot number, which changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenSelector {
    /// CKA_TOKEN label, without its padding; at least one of the two is given.
    pub label: Option<String>,
    /// Serial number, without its padding.
    pub serial: Option<String>,
}

/// `[store]`: where objects are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreConfig {
    /// The SQLite file; made if absent.
    pub path: PathBuf,
}

/// `[workers]`: threads and queues. A lane is a kind of work with threads of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkersConfig {
    /// Threads that serve the network.
    pub io_threads: usize,
    /// Requests that need no token.
    pub none: LaneConfig,
    /// Requests that use the token.
    pub token: LaneConfig,
    /// Requests that keep the token busy for long, as key generation does.
    pub slow: LaneConfig,
    /// Longest wait in a queue; what waited longer is refused.
    pub queue_deadline: Duration,
}

/// Size of one lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaneConfig {
    /// Threads, at least one.
    pub threads: usize,
    /// Requests that may wait, at least one.
    pub queue: usize,
}

/// `[limits]`: limits on single requests and objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitsConfig {
    /// Batch items in one request.
    pub max_batch_items: usize,
    /// Attribute values of one object.
    pub max_attributes_per_object: usize,
    /// Objects in one answer to Locate.
    pub max_locate_items: usize,
    /// Bytes of data in one cryptographic operation.
    pub max_data_bytes: usize,
    /// Longest lease on an object.
    pub max_lease_seconds: u32,
    /// Operations kept of one scope that clients poll for.
    pub max_async_per_scope: usize,
    /// Of all scopes.
    pub max_async: usize,
    /// How long what became of them is kept.
    pub async_result_seconds: u32,
    /// HMACs that one derivation by PBKDF2 may take.
    pub max_derivation_iterations: usize,
    /// How far the Time Stamp of a request may be from this server's clock; 0 for any distance.
    pub max_clock_skew_seconds: u32,
}

/// `[keys]`: which keys may be made or imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeysConfig {
    /// Shortest RSA modulus, in bits.
    pub rsa_min_bits: u32,
    /// Longest RSA modulus, in bits.
    pub rsa_max_bits: u32,
    /// Whether 3DES keys are made and taken into the token.
    pub allow_3des: bool,
}

impl Default for KeysConfig {
    fn default() -> Self {
        let raw::RawKeys { rsa_min_bits, rsa_max_bits, allow_3des } = raw::RawKeys::default();
        Self { rsa_min_bits, rsa_max_bits, allow_3des }
    }
}

/// `[log]`: what is logged, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct LogConfig {
    /// Which events are logged.
    pub filter: LogFilter,
    /// Form of a line.
    pub format: LogFormat,
}

/// Form of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Config {
    /// Reads and checks a configuration file. No other file is opened, and the PIN is not read.
    ///
    /// # Errors
    ///
    /// [`ConfigError`], naming file, line and key of the first mistake.
    pub fn load(file: &Path) -> Result<Self, ConfigError> {
        let text =
            std::fs::read_to_string(file).map_err(|err| ConfigError::unreadable(file, &err))?;
        Self::parse(file, &text)
    }

    /// Checks the `text` of a configuration file; `file` names it in errors and carries the
    /// folder of relative paths.
    ///
    /// # Errors
    ///
    /// As [`Config::load`].
    pub fn parse(file: &Path, text: &str) -> Result<Self, ConfigError> {
        let raw = toml::from_str(text).map_err(|err| ConfigError::from_toml(file, text, &err))?;
        check::checked(file, raw).map_err(|problem| ConfigError::from_problem(file, text, problem))
    }

    /// The files that the server makes and writes to: its database, and the audit log's.
    pub fn written_files(&self) -> impl Iterator<Item = &Path> {
        let logs = self.audit.sinks.iter().filter_map(|sink| match &sink.kind {
            SinkKind::File(file) => Some(file.path.as_path()),
            SinkKind::Syslog(_) | SinkKind::Https(_) => None,
        });
        std::iter::once(self.store.path.as_path()).chain(logs)
    }

    /// Reports that the value of `key` (dotted) turned out not to work.
    #[must_use]
    pub fn mistake(&self, key: &str, text: String) -> ConfigError {
        let source = std::fs::read_to_string(&self.file).unwrap_or_default();
        ConfigError::from_problem(&self.file, &source, error::Problem::new(key, text))
    }
}

#[cfg(test)]
mod tests;
