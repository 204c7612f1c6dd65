//! `[[notify]]`: where the clients of a scope are told of what happens to its objects.

use std::path::PathBuf;
use std::time::Duration;

use super::check::{Base, Checked, count, timeout};
use super::error::Problem;
use super::raw::RawNotify;
use super::{ScopeConfig, ScopeName};

const MAX_WAITING: u32 = 1_000_000;

/// An endpoint that the server connects to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotifyConfig {
    /// The scope whose objects it is told of.
    pub scope: ScopeName,
    /// Its address, as `host:port`.
    pub addr: String,
    /// Name that its certificate must carry; absent for the host of the address.
    pub server_name: Option<String>,
    /// PEM file with the CAs of its certificate.
    pub ca: PathBuf,
    /// PEM file: the certificate that this server shows there, then its intermediates.
    pub certificate: PathBuf,
    /// PEM file: the private key of that.
    pub private_key: PathBuf,
    /// Whether new objects are given to it (Put).
    pub put: bool,
    /// How many messages may wait for it.
    pub max_waiting: usize,
    /// For connecting, for each write and for each answer.
    pub timeout: Duration,
}

/// Checks every `[[notify]]`.
pub(super) fn checked(
    base: &Base,
    raw: Vec<RawNotify>,
    scopes: &[ScopeConfig],
) -> Checked<Vec<NotifyConfig>> {
    let mut endpoints = Vec::<NotifyConfig>::with_capacity(raw.len());
    for (index, raw) in raw.into_iter().enumerate() {
        let key = |name: &str| format!("notify[{index}].{name}");
        let Some(scope) = scopes.iter().find(|scope| scope.name.as_str() == raw.scope) else {
            return Err(Problem::new(key("scope"), "is not the name of a [[scope]]"));
        };
        if endpoints.iter().any(|other| other.scope == scope.name) {
            return Err(Problem::new(key("scope"), "a second [[notify]] for this scope"));
        }
        let port = raw.addr.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
        if port.is_none() {
            return Err(Problem::new(key("addr"), "is not host:port"));
        }
        endpoints.push(NotifyConfig {
            scope: scope.name.clone(),
            addr: raw.addr,
            server_name: raw.server_name,
            ca: base.required(&key("ca"), &raw.ca)?,
            certificate: base.required(&key("certificate"), &raw.certificate)?,
            private_key: base.required(&key("private_key"), &raw.private_key)?,
            put: raw.put,
            max_waiting: count(&key("max_waiting"), raw.max_waiting, 1, MAX_WAITING)?,
            timeout: timeout(&key("timeout_ms"), raw.timeout_ms)?,
        });
    }
    Ok(endpoints)
}
