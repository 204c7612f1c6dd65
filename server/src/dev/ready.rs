//! What a trial tells the world once it is listening: `ready.json`, and what to type next.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::layout::Layout;
use super::{DevError, TOKEN_LABEL};

/// The file `ready.json`: there while the listener is bound, removed when this is dropped.
#[derive(Debug)]
pub struct ReadyFile {
    path: PathBuf,
}

/// Where a trial listens.
#[derive(Clone, Copy, Debug)]
pub struct Addresses {
    /// For KMIP.
    pub kmip: SocketAddr,
    /// For KMIP over HTTPS.
    pub https: Option<SocketAddr>,
    /// For metrics and health.
    pub monitoring: Option<SocketAddr>,
    /// For administration over HTTPS.
    pub admin: Option<SocketAddr>,
}

/// Its content. All paths are absolute.
#[derive(Serialize)]
struct Ready {
    kmip_addr: SocketAddr,
    https_addr: Option<SocketAddr>,
    admin_addr: Option<SocketAddr>,
    admin_token: PathBuf,
    monitoring_addr: Option<SocketAddr>,
    ca: PathBuf,
    client_cert: PathBuf,
    client_key: PathBuf,
    client2_cert: PathBuf,
    client2_key: PathBuf,
    other_cert: PathBuf,
    other_key: PathBuf,
    config: PathBuf,
    token_label: &'static str,
    pid: u32,
}

impl Ready {
    fn new(layout: &Layout, addrs: Addresses) -> Self {
        let (client, client2) = (layout.pair("client1"), layout.pair("client2"));
        let other = layout.pair("other");
        Self {
            kmip_addr: addrs.kmip,
            https_addr: addrs.https,
            monitoring_addr: addrs.monitoring,
            admin_addr: addrs.admin,
            admin_token: layout.admin_token(),
            ca: layout.pair("ca").certificate,
            client_cert: client.certificate,
            client_key: client.private_key,
            client2_cert: client2.certificate,
            client2_key: client2.private_key,
            other_cert: other.certificate,
            other_key: other.private_key,
            config: layout.config(),
            token_label: TOKEN_LABEL,
            pid: std::process::id(),
        }
    }
}

impl ReadyFile {
    /// Writes the file under another name first, so that nobody reads half of it.
    pub(super) fn write(layout: &Layout, addrs: Addresses) -> Result<Self, DevError> {
        let path = layout.ready();
        let draft = path.with_extension("json.new");
        let text = serde_json::to_string_pretty(&Ready::new(layout, addrs))
            .map_err(std::io::Error::from)
            .map_err(DevError::file(&path))?;
        std::fs::write(&draft, text + "\n").map_err(DevError::file(&draft))?;
        std::fs::rename(&draft, &path).map_err(DevError::file(&path))?;
        Ok(Self { path })
    }
}

impl Drop for ReadyFile {
    fn drop(&mut self) {
        // If it is gone already, somebody did our work.
        let _ = std::fs::remove_file(&self.path);
    }
}

pub(super) fn next_steps(layout: &Layout, addrs: Addresses) -> String {
    let addr = reachable(addrs.kmip);
    let monitoring = addrs.monitoring.map_or_else(String::new, |addr| {
        let addr = reachable(addr);
        format!("See how it is:\n\n    curl http://{addr}/readyz http://{addr}/metrics\n\n")
    });
    let (ca, client) = (layout.pair("ca").certificate, layout.pair("client1"));
    let show = |path: &Path| shell_word(&path.display().to_string());
    format!(
        "\nClaviger serves KMIP on {addr}; its keys live in the SoftHSM2 token {TOKEN_LABEL:?}.\n\
         \n\
         See it at work (in another terminal):\n\
         \n\
         \x20   {program} demo --ready {ready}\n\
         \n\
         Look at the TLS side:\n\
         \n\
         \x20   openssl s_client -connect {addr} -CAfile {ca} \\\n\
         \x20       -cert {cert} -key {key}\n\
         \n\
         Use it from Python (pip install PyKMIP):\n\
         \n\
         \x20   from kmip.pie.client import ProxyKmipClient\n\
         \x20   from kmip import enums\n\
         \x20   with ProxyKmipClient(hostname={host:?}, port={port},\n\
         \x20           ca={ca_raw:?},\n\
         \x20           cert={cert_raw:?},\n\
         \x20           key={key_raw:?}) as client:\n\
         \x20       print(client.create(enums.CryptographicAlgorithm.AES, 256))\n\
         \n\
         {monitoring}{admin}\
         Stop it with Ctrl-C. Everything lies in {root}.\n",
        program = program(),
        ready = show(&layout.ready()),
        ca = show(&ca),
        cert = show(&client.certificate),
        key = show(&client.private_key),
        host = addr.ip().to_string(),
        port = addr.port(),
        ca_raw = ca,
        cert_raw = client.certificate,
        key_raw = client.private_key,
        admin = addrs.admin.map_or_else(String::new, |addr| administration(layout, addr)),
        root = layout.root().display(),
    )
}

/// This program as it was called, since it need not be on the search path.
fn program() -> String {
    shell_word(&std::env::args().next().unwrap_or_else(|| "claviger".to_owned()))
}

/// How the administration is reached, in the variables that each tool reads.
fn administration(layout: &Layout, addr: SocketAddr) -> String {
    let show = |path: &Path| shell_word(&path.display().to_string());
    format!(
        "Administer it:\n\
         \n\
         \x20   export CLAVIGER_ADDR=https://{addr} CLAVIGER_CACERT={ca}\n\
         \x20   export CLAVIGER_TOKEN_FILE={token}\n\
         \x20   {program} status\n\
         \n\
         The same with OpenBao's command line; Vault's reads VAULT_ADDR and so on:\n\
         \n\
         \x20   export BAO_ADDR=https://{addr} BAO_CACERT={ca}\n\
         \x20   export BAO_TOKEN=$(cat {token})\n\
         \x20   bao status\n\
         \n",
        program = program(),
        addr = reachable(addr),
        ca = show(&layout.pair("ca").certificate),
        token = show(&layout.admin_token()),
    )
}

/// An address that a client on this machine can connect to.
fn reachable(addr: SocketAddr) -> SocketAddr {
    if addr.ip().is_unspecified() {
        return SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), addr.port());
    }
    addr
}

/// Quotes `text` for a shell where it needs that.
fn shell_word(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+:@".contains(&byte);
    if text.bytes().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}
