//! `[audit]`: where records of what is done go.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::check::{Base, Checked, timeout, within};
use super::error::Problem;
use super::raw::{RawAudit, RawFsync, RawSink, RawSinkKind};

const DEFAULT_FILE_BYTES: u64 = 64 * 1_048_576;
const MIN_FILE_BYTES: u64 = 65_536;
const DEFAULT_FSYNC_MS: u64 = 100;
const MAX_HEAD_SECONDS: u32 = 3_600;
const MAX_HEAD_RECORDS: u32 = 1_000_000;
const HTTPS_PORT: u16 = 443;

/// `[audit]`: where records of what is done go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditConfig {
    /// Name of this server in its records.
    pub node: String,
    /// How often the log is signed, where anything has come.
    pub head_every: Duration,
    /// After how many records it is signed at the latest.
    pub head_records: u64,
    /// The sinks; none: nothing is recorded.
    pub sinks: Vec<SinkConfig>,
}

/// A sink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SinkConfig {
    /// Whether nothing is done that it has not recorded.
    pub required: bool,
    /// What it is.
    pub kind: SinkKind,
}

/// What a sink is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SinkKind {
    /// A file on this machine.
    File(FileSinkConfig),
    /// A syslog collector.
    Syslog(SyslogSinkConfig),
    /// An HTTPS endpoint.
    Https(HttpsSinkConfig),
}

/// A file, rotated by size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileSinkConfig {
    /// The file in use; older ones lie beside it.
    pub path: PathBuf,
    /// Size at which it is moved aside, in bytes.
    pub max_bytes: u64,
    /// How many older files are kept; absent: all.
    pub keep: Option<usize>,
    /// When what was written is brought to the disk.
    pub fsync: Fsync,
}

/// When what was written is brought to the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fsync {
    /// At most so often, beside the writing.
    Interval(Duration),
    /// Before a record counts as taken.
    Always,
}

/// A syslog collector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyslogSinkConfig {
    /// Where it is.
    pub address: SyslogAddress,
}

/// Where a syslog collector is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SyslogAddress {
    /// A Unix datagram socket.
    Unix(PathBuf),
    /// `host:port`
    Udp(String),
    /// `host:port`
    Tcp(String),
}

impl fmt::Display for SyslogAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Udp(host) => write!(f, "udp:{host}"),
            Self::Tcp(host) => write!(f, "tcp:{host}"),
        }
    }
}

/// An HTTPS endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpsSinkConfig {
    /// Its host, which its certificate must name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Path and query.
    pub path: String,
    /// PEM file with the CAs of its certificate.
    pub ca: PathBuf,
    /// PEM files with the certificate and private key shown to it.
    pub identity: Option<(PathBuf, PathBuf)>,
}

/// Checks `[audit]`.
pub(super) fn checked(base: &Base, raw: RawAudit) -> Checked<AuditConfig> {
    let head_seconds = within("audit.head_seconds", raw.head_seconds, 1, MAX_HEAD_SECONDS)?;
    let head_records = within("audit.head_records", raw.head_records, 1, MAX_HEAD_RECORDS)?;
    let sinks =
        raw.sink.into_iter().enumerate().map(|(index, raw)| Sink { base, raw, index }.checked());
    let sinks = sinks.collect::<Checked<Vec<SinkConfig>>>()?;
    let files: Vec<&PathBuf> = sinks.iter().filter_map(SinkConfig::file).collect();
    for (index, file) in files.iter().enumerate() {
        if files.iter().take(index).any(|other| other == file) {
            let text = format!("{} is the file of two sinks", file.display());
            return Err(Problem::new("audit.sink", text));
        }
    }
    Ok(AuditConfig {
        node: node(raw.node)?,
        head_every: Duration::from_secs(head_seconds.into()),
        head_records: head_records.into(),
        sinks,
    })
}

impl SinkConfig {
    const fn file(&self) -> Option<&PathBuf> {
        match &self.kind {
            SinkKind::File(file) => Some(&file.path),
            SinkKind::Syslog(_) | SinkKind::Https(_) => None,
        }
    }
}

/// The name given, or that of the machine.
fn node(given: Option<String>) -> Checked<String> {
    let name = given.unwrap_or_else(|| {
        let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
        if name.is_empty() { "localhost".to_owned() } else { name }
    });
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if (1..=255).contains(&name.len()) && name.bytes().all(allowed) {
        return Ok(name);
    }
    Err(Problem::new("audit.node", format!("{name:?} is not 1 to 255 of A-Z a-z 0-9 . _ -")))
}

struct Sink<'a> {
    base: &'a Base,
    raw: RawSink,
    index: usize,
}

impl Sink<'_> {
    fn key(&self, name: &str) -> String {
        format!("audit.sink[{}].{name}", self.index)
    }

    fn checked(mut self) -> Checked<SinkConfig> {
        let kind = match self.raw.kind {
            RawSinkKind::File => SinkKind::File(self.file()?),
            RawSinkKind::Syslog => SinkKind::Syslog(self.syslog()?),
            RawSinkKind::Https => SinkKind::Https(self.https()?),
        };
        self.nothing_else()?;
        Ok(SinkConfig { required: self.raw.required, kind })
    }

    fn needed<T>(&self, name: &str, given: Option<T>) -> Checked<T> {
        given.ok_or_else(|| Problem::new(self.key(name), "is needed for a sink of this type"))
    }

    fn file(&mut self) -> Checked<FileSinkConfig> {
        let path = self.raw.path.take();
        let path = self.base.required(&self.key("path"), &self.needed("path", path)?)?;
        let max_bytes = self.raw.max_bytes.take().unwrap_or(DEFAULT_FILE_BYTES);
        if max_bytes < MIN_FILE_BYTES {
            let text = format!("{max_bytes} is less than {MIN_FILE_BYTES}");
            return Err(Problem::new(self.key("max_bytes"), text));
        }
        let interval_ms = self.raw.fsync_interval_ms.take();
        let fsync = match (self.raw.fsync.take(), interval_ms) {
            (Some(RawFsync::Always), None) => Fsync::Always,
            (Some(RawFsync::Always), Some(_)) => {
                let text = "has no meaning with fsync = \"always\"";
                return Err(Problem::new(self.key("fsync_interval_ms"), text));
            }
            (Some(RawFsync::Interval) | None, given) => Fsync::Interval(timeout(
                &self.key("fsync_interval_ms"),
                given.unwrap_or(DEFAULT_FSYNC_MS),
            )?),
        };
        let keep = self.raw.keep.take().map(|keep| within(&self.key("keep"), keep, 1, 1_000_000));
        let keep = keep.transpose()?.map(|keep| usize::try_from(keep).unwrap_or(usize::MAX));
        Ok(FileSinkConfig { path, max_bytes, keep, fsync })
    }

    fn syslog(&mut self) -> Checked<SyslogSinkConfig> {
        let address = self.raw.address.take();
        let address = self.needed("address", address)?;
        let wrong = || {
            let text = format!("{address:?} is not unix:/path, udp:host:port or tcp:host:port");
            Problem::new(self.key("address"), text)
        };
        let (kind, place) = address.split_once(':').ok_or_else(wrong)?;
        let host = || {
            let port = place.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
            port.map(|_| place.to_owned()).ok_or_else(wrong)
        };
        let address = match kind {
            "unix" => {
                SyslogAddress::Unix(self.base.required(&self.key("address"), place.as_ref())?)
            }
            "udp" => SyslogAddress::Udp(host()?),
            "tcp" => SyslogAddress::Tcp(host()?),
            _ => return Err(wrong()),
        };
        Ok(SyslogSinkConfig { address })
    }

    fn https(&mut self) -> Checked<HttpsSinkConfig> {
        let url = self.raw.url.take();
        let url = self.needed("url", url)?;
        let wrong = || {
            let text = format!("{url:?} is not of the form https://host:port/path");
            Problem::new(self.key("url"), text)
        };
        let uri: hyper::Uri = url.parse().map_err(|_| wrong())?;
        let host = uri.host().filter(|_| uri.scheme_str() == Some("https")).ok_or_else(wrong)?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let (port, path) = (uri.port_u16().unwrap_or(HTTPS_PORT), uri.path_and_query());
        let path = path.map_or("/", |path| path.as_str()).to_owned();
        let (ca, certificate) = (self.raw.ca.take(), self.raw.certificate.take());
        let ca = self.base.required(&self.key("ca"), &self.needed("ca", ca)?)?;
        let identity = match (certificate, self.raw.private_key.take()) {
            (None, None) => None,
            (Some(certificate), Some(key)) => Some((
                self.base.required(&self.key("certificate"), &certificate)?,
                self.base.required(&self.key("private_key"), &key)?,
            )),
            (Some(_), None) | (None, Some(_)) => {
                let text = "certificate and private_key go together";
                return Err(Problem::new(self.key("certificate"), text));
            }
        };
        Ok(HttpsSinkConfig { host, port, path, ca, identity })
    }

    /// What was not used by the sink's type is a mistake.
    fn nothing_else(&self) -> Checked<()> {
        let raw = &self.raw;
        let left = [
            ("path", raw.path.is_some()),
            ("max_bytes", raw.max_bytes.is_some()),
            ("keep", raw.keep.is_some()),
            ("fsync", raw.fsync.is_some()),
            ("fsync_interval_ms", raw.fsync_interval_ms.is_some()),
            ("address", raw.address.is_some()),
            ("url", raw.url.is_some()),
            ("ca", raw.ca.is_some()),
            ("certificate", raw.certificate.is_some()),
            ("private_key", raw.private_key.is_some()),
        ];
        match left.iter().find(|(_, is_left)| *is_left) {
            Some((name, _)) => {
                Err(Problem::new(self.key(name), "has no meaning for a sink of this type"))
            }
            None => Ok(()),
        }
    }
}
