//! From the file as written to the configuration as meant.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::error::Problem;
use super::raw::{
    OneOrMany, RawConfig, RawKeys, RawLimits, RawLog, RawLogFormat, RawPin, RawServer, RawToken,
    RawWorkers,
};
use super::{
    Config, KeysConfig, LaneConfig, LimitsConfig, LogConfig, LogFilter, LogFormat, SecretSource,
    ServerConfig, StoreConfig, TokenConfig, TokenSelector, WorkersConfig,
};
use super::{monitoring, notify, scope, validations};

pub(super) type Checked<T> = Result<T, Problem>;

/// Longest deadline: a day. A longer one is a mistake in the unit.
const MAX_TIMEOUT_MS: u64 = 86_400_000;
/// A KMIP message is a header of 8 bytes and at least some content.
const MIN_MESSAGE_BYTES: u32 = 1_024;
const MAX_MESSAGE_BYTES: u32 = 256 * 1_048_576;
/// Longest time that the result of an operation is kept: a week.
const MAX_RESULT_SECONDS: u32 = 604_800;
const MAX_THREADS: u32 = 1_024;
const MAX_COUNT: u32 = 1_000_000;

/// Folder from which relative paths in the file are taken.
pub(super) struct Base(PathBuf);

impl Base {
    pub(super) fn resolve(&self, path: &Path) -> PathBuf {
        self.0.join(path)
    }

    pub(super) fn required(&self, key: &str, path: &Path) -> Checked<PathBuf> {
        if path.as_os_str().is_empty() {
            return Err(Problem::new(key, "the path is empty"));
        }
        Ok(self.resolve(path))
    }
}

pub(super) fn checked(file: &Path, raw: RawConfig) -> Checked<Config> {
    let absolute = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let base = Base(absolute.parent().map(Path::to_owned).unwrap_or_default());
    let administered = raw.admin.socket.is_some() || raw.admin.https_addr.is_some();
    let scopes = scope::checked(raw.scope, administered)?;
    Ok(Config {
        file: absolute,
        server: server(&raw.server)?,
        tls: super::tls::checked(&base, raw.tls, &scopes, administered)?,
        token: token(&base, raw.token)?,
        store: StoreConfig { path: base.required("store.path", &raw.store.path)? },
        workers: workers(&raw.workers)?,
        identity: super::identity::checked(raw.identity)?,
        notify: notify::checked(&base, raw.notify, &scopes)?,
        scopes,
        limits: limits(&raw.limits)?,
        keys: keys(&raw.keys)?,
        ca: super::ca::checked(raw.ca)?,
        audit: super::audit::checked(&base, raw.audit)?,
        internal_ca: super::internal_ca::checked(raw.internal_ca)?,
        log: log(&raw.log)?,
        admin: super::admin::checked(&base, raw.admin)?,
        monitoring: monitoring::checked(&raw.monitoring)?,
    })
}

fn server(raw: &RawServer) -> Checked<ServerConfig> {
    let timeout = |name: &str, ms| timeout(&format!("server.{name}"), ms);
    let bytes = raw.max_message_bytes;
    Ok(ServerConfig {
        kmip_addrs: addresses("server.kmip_addr", &raw.kmip_addr)?,
        https_addrs: match &raw.https_addr {
            Some(addr) => addresses("server.https_addr", addr)?,
            None => Vec::new(),
        },
        max_connections: within("server.max_connections", raw.max_connections, 1, MAX_COUNT)?,
        max_connections_per_ip: within(
            "server.max_connections_per_ip",
            raw.max_connections_per_ip,
            1,
            MAX_COUNT,
        )?,
        handshake_timeout: timeout("handshake_timeout_ms", raw.handshake_timeout_ms)?,
        message_timeout: timeout("message_timeout_ms", raw.message_timeout_ms)?,
        write_timeout: timeout("write_timeout_ms", raw.write_timeout_ms)?,
        idle_timeout: timeout("idle_timeout_ms", raw.idle_timeout_ms)?,
        max_message_bytes: count(
            "server.max_message_bytes",
            bytes,
            MIN_MESSAGE_BYTES,
            MAX_MESSAGE_BYTES,
        )?,
        shutdown_timeout: timeout("shutdown_timeout_ms", raw.shutdown_timeout_ms)?,
    })
}

pub(super) fn addresses(key: &str, raw: &OneOrMany) -> Checked<Vec<SocketAddr>> {
    let texts = match raw {
        OneOrMany::One(text) => std::slice::from_ref(text),
        OneOrMany::Many(texts) => texts,
    };
    if texts.is_empty() {
        return Err(Problem::new(key, "needs at least one address"));
    }
    texts.iter().map(|text| address(key, text)).collect()
}

pub(super) fn address(key: &str, text: &str) -> Checked<SocketAddr> {
    text.parse().map_err(|_| {
        Problem::new(key, format!("{text:?} is no address; write 127.0.0.1:5696 or [::1]:5696"))
    })
}

fn token(base: &Base, raw: RawToken) -> Checked<TokenConfig> {
    let filled = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
    if !filled(&raw.label) && !filled(&raw.serial) {
        return Err(Problem::new("token.label", "give the token's label, its serial, or both"));
    }
    let bad_name = |name: &&String| name.is_empty() || name.contains(['=', '\0']);
    if let Some(name) = raw.environment.keys().find(bad_name) {
        let text = format!("{name:?} is no name of an environment variable");
        return Err(Problem::new("token.environment", text));
    }
    Ok(TokenConfig {
        module: base.required("token.module", &raw.module)?,
        select: TokenSelector { label: raw.label, serial: raw.serial },
        pin: pin(base, raw.pin)?,
        max_sessions: within("token.max_sessions", raw.max_sessions, 2, MAX_THREADS)?,
        max_live_keys: count("token.max_live_keys", raw.max_live_keys, 1, MAX_COUNT)?,
        operation_timeout: timeout("token.operation_timeout_ms", raw.operation_timeout_ms)?,
        keygen_timeout: timeout("token.keygen_timeout_ms", raw.keygen_timeout_ms)?,
        environment: raw.environment,
        validations: validations::checked(raw.validation)?,
    })
}

fn pin(base: &Base, raw: RawPin) -> Checked<SecretSource> {
    let sources = [
        raw.file.map(|path| SecretSource::File(base.resolve(&path))),
        raw.credential.map(SecretSource::Credential),
        raw.fd.map(SecretSource::Fd),
        raw.env.map(SecretSource::Env),
    ];
    let mut given = sources.into_iter().flatten();
    match (given.next(), given.next()) {
        (Some(SecretSource::Credential(name)), None) if name.contains('/') || name.is_empty() => {
            Err(Problem::new("token.pin.credential", "is a file name, without a folder"))
        }
        (Some(source), None) => Ok(source),
        (None, _) | (Some(_), Some(_)) => {
            Err(Problem::new("token.pin", "give exactly one of file, credential, fd, env"))
        }
    }
}

fn workers(raw: &RawWorkers) -> Checked<WorkersConfig> {
    let lane = |name: &str, threads, queue| {
        Ok(LaneConfig {
            threads: count(&format!("workers.{name}_threads"), threads, 1, MAX_THREADS)?,
            queue: count(&format!("workers.{name}_queue"), queue, 1, MAX_COUNT)?,
        })
    };
    Ok(WorkersConfig {
        io_threads: count("workers.io_threads", raw.io_threads, 1, MAX_THREADS)?,
        none: lane("none", raw.none_threads, raw.none_queue)?,
        token: lane("token", raw.token_threads, raw.token_queue)?,
        slow: lane("slow", raw.slow_threads, raw.slow_queue)?,
        queue_deadline: timeout("workers.queue_deadline_ms", raw.queue_deadline_ms)?,
    })
}

/// A day: a clock that is further off needs no tolerance but setting.
const MAX_CLOCK_SKEW_SECONDS: u32 = 86_400;

fn limits(raw: &RawLimits) -> Checked<LimitsConfig> {
    let count = |name: &str, value| count(&format!("limits.{name}"), value, 1, MAX_MESSAGE_BYTES);
    Ok(LimitsConfig {
        max_batch_items: count("max_batch_items", raw.max_batch_items)?,
        max_attributes_per_object: count(
            "max_attributes_per_object",
            raw.max_attributes_per_object,
        )?,
        max_locate_items: count("max_locate_items", raw.max_locate_items)?,
        max_data_bytes: count("max_data_bytes", raw.max_data_bytes)?,
        max_lease_seconds: within("limits.max_lease_seconds", raw.max_lease_seconds, 1, u32::MAX)?,
        max_async_per_scope: count("max_async_per_scope", raw.max_async_per_scope)?,
        max_async: count("max_async", raw.max_async)?,
        async_result_seconds: within(
            "limits.async_result_seconds",
            raw.async_result_seconds,
            1,
            MAX_RESULT_SECONDS,
        )?,
        max_derivation_iterations: count(
            "max_derivation_iterations",
            raw.max_derivation_iterations,
        )?,
        max_clock_skew_seconds: within(
            "limits.max_clock_skew_seconds",
            raw.max_clock_skew_seconds,
            0,
            MAX_CLOCK_SKEW_SECONDS,
        )?,
    })
}

fn keys(raw: &RawKeys) -> Checked<KeysConfig> {
    let rsa_max_bits = within("keys.rsa_max_bits", raw.rsa_max_bits, 1_024, 16_384)?;
    let rsa_min_bits = within("keys.rsa_min_bits", raw.rsa_min_bits, 1_024, rsa_max_bits)?;
    Ok(KeysConfig { rsa_min_bits, rsa_max_bits, allow_3des: raw.allow_3des })
}

fn log(raw: &RawLog) -> Checked<LogConfig> {
    let filter =
        LogFilter::parse(&raw.level).map_err(|err| Problem::new("log.level", err.to_string()))?;
    let format = match raw.format {
        RawLogFormat::Text => LogFormat::Text,
        RawLogFormat::Json => LogFormat::Json,
    };
    Ok(LogConfig { filter, format })
}

pub(super) fn timeout(key: &str, ms: u64) -> Checked<Duration> {
    if (1..=MAX_TIMEOUT_MS).contains(&ms) {
        return Ok(Duration::from_millis(ms));
    }
    Err(Problem::new(key, format!("{ms} is not between 1 and {MAX_TIMEOUT_MS} milliseconds")))
}

pub(super) fn within(key: &str, value: u32, min: u32, max: u32) -> Checked<u32> {
    if (min..=max).contains(&value) {
        return Ok(value);
    }
    Err(Problem::new(key, format!("{value} is not between {min} and {max}")))
}

pub(super) fn count(key: &str, value: u32, min: u32, max: u32) -> Checked<usize> {
    let value = within(key, value, min, max)?;
    usize::try_from(value).map_err(|_| Problem::new(key, format!("{value} is too large")))
}
