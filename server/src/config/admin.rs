//! `[admin]`: how operators reach the server, and who they are.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::Pin;
use super::check::{Base, Checked, addresses};
use super::error::Problem;
use super::raw::{RawAdmin, RawAdminClient, RawPinOf};
use super::tls::sha256;
use crate::admin::access::Policy;

/// `[admin]`: how operators reach the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminConfig {
    /// The Unix socket; absent: none.
    pub socket: Option<PathBuf>,
    /// Addresses to listen on for HTTPS; none by default.
    pub https_addrs: Vec<SocketAddr>,
    /// Clients that are known by their certificate.
    pub clients: Vec<AdminClientConfig>,
}

/// An operator who is known by a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminClientConfig {
    /// Name for the log.
    pub name: String,
    /// What is compared.
    pub pin: Pin,
    /// What it is good for.
    pub policy: Policy,
}

/// Checks `[admin]`.
pub(super) fn checked(base: &Base, raw: RawAdmin) -> Checked<AdminConfig> {
    let https_addrs = match &raw.https_addr {
        Some(addr) => addresses("admin.https_addr", addr)?,
        None => Vec::new(),
    };
    if https_addrs.is_empty() && !raw.client.is_empty() {
        return Err(Problem::new("admin.client", "has no effect without https_addr"));
    }
    let socket = raw.socket.map(|path| base.required("admin.socket", &path)).transpose()?;
    let clients = raw.client.iter().enumerate();
    let clients = clients.map(|(index, raw)| client(&format!("admin.client[{index}]"), raw));
    Ok(AdminConfig { socket, https_addrs, clients: clients.collect::<Checked<_>>()? })
}

fn client(key: &str, raw: &RawAdminClient) -> Checked<AdminClientConfig> {
    let policy = Policy::named(&raw.policy).ok_or_else(|| {
        let names = Policy::ALL.map(Policy::name).join(", ");
        Problem::new(format!("{key}.policy"), format!("is not one of {names}"))
    })?;
    let digest = sha256(&format!("{key}.sha256"), &raw.sha256)?;
    let pin = match raw.of {
        RawPinOf::PublicKey => Pin::PublicKey(digest),
        RawPinOf::Certificate => Pin::Certificate(digest),
    };
    Ok(AdminClientConfig { name: raw.name.clone(), pin, policy })
}
