//! `[tls]`: certificates, and by what clients are recognised.

use std::path::PathBuf;

use super::check::{Base, Checked};
use super::error::Problem;
use super::raw::{RawClientAuth, RawPinOf, RawPinnedClient, RawTls, RawTlsVersion};
use super::{ScopeConfig, ScopeName};
use crate::trust::ServerNames;

/// `[tls]`: certificates and how clients are recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsConfig {
    /// The server's certificate, where the operator gives it; else the internal CA issues it.
    pub identity: Option<PemFiles>,
    /// By which names clients reach the server, for a certificate of the internal CA.
    pub names: ServerNames,
    /// PEM files with the CAs whose client certificates are accepted.
    pub client_ca: Vec<PathBuf>,
    /// Files with what those CAs have revoked.
    pub client_crl: Vec<PathBuf>,
    /// Whether TLS 1.2 is accepted beside 1.3.
    pub allow_tls12: bool,
    /// By what a client certificate is accepted.
    pub client_auth: ClientAuth,
    /// Whether a client certificate without Extended Key Usage is accepted.
    pub allow_client_without_eku: bool,
    /// Whether a CA certificate is accepted as a client certificate.
    pub allow_ca_leaf: bool,
    /// Whether clients may resume sessions.
    pub session_resumption: bool,
    /// Certificates accepted by their fingerprint.
    pub pinned_clients: Vec<PinnedClient>,
}

impl Default for TlsConfig {
    fn default() -> Self {
        Self {
            identity: None,
            names: ServerNames::default(),
            client_ca: Vec::new(),
            client_crl: Vec::new(),
            allow_tls12: true,
            client_auth: ClientAuth::Chain,
            allow_client_without_eku: true,
            allow_ca_leaf: false,
            session_resumption: true,
            pinned_clients: Vec::new(),
        }
    }
}

/// A certificate and its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PemFiles {
    /// PEM file: the certificate, then its intermediates.
    pub certificate: PathBuf,
    /// PEM file: the private key.
    pub private_key: PathBuf,
}

/// By what a client certificate is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientAuth {
    /// By a chain to a configured CA.
    Chain,
    /// By a chain, or by its fingerprint.
    ChainOrPinned,
    /// By its fingerprint only.
    Pinned,
}

/// A client certificate accepted by its fingerprint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinnedClient {
    /// Name for the log.
    pub name: String,
    /// What is compared.
    pub pin: Pin,
    /// The scope its holder works in.
    pub scope: ScopeName,
}

/// A SHA-256 fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pin {
    /// Of the DER form of the certificate's SubjectPublicKeyInfo.
    PublicKey([u8; 32]),
    /// Of the DER form of the whole certificate.
    Certificate([u8; 32]),
}

impl Pin {
    /// The digest.
    #[must_use]
    pub const fn digest(&self) -> &[u8; 32] {
        match self {
            Self::PublicKey(digest) | Self::Certificate(digest) => digest,
        }
    }
}

/// Checks `[tls]`; `administered` says that certificates can be issued while the server runs.
pub(super) fn checked(
    base: &Base,
    raw: RawTls,
    scopes: &[ScopeConfig],
    administered: bool,
) -> Checked<TlsConfig> {
    let client_auth = match raw.client_auth {
        RawClientAuth::Chain => ClientAuth::Chain,
        RawClientAuth::ChainOrPinned => ClientAuth::ChainOrPinned,
        RawClientAuth::Pinned => ClientAuth::Pinned,
    };
    trust(&raw, client_auth, administered)?;
    let pinned_clients = raw
        .pinned_client
        .iter()
        .enumerate()
        .map(|(index, client)| pinned(&format!("tls.pinned_client[{index}]"), client, scopes))
        .collect::<Checked<_>>()?;
    Ok(TlsConfig {
        identity: identity(base, &raw)?,
        names: names(&raw)?,
        client_ca: raw.client_ca.iter().map(|path| base.resolve(path)).collect(),
        client_crl: raw.client_crl.iter().map(|path| base.resolve(path)).collect(),
        allow_tls12: raw.min_version == RawTlsVersion::V1_2,
        client_auth,
        allow_client_without_eku: raw.allow_client_without_eku,
        allow_ca_leaf: raw.allow_ca_leaf,
        session_resumption: raw.session_resumption,
        pinned_clients,
    })
}

/// Refuses a server nobody could log in to, and trust roots that nobody would look at.
fn trust(raw: &RawTls, client_auth: ClientAuth, administered: bool) -> Checked<()> {
    let (chain, pins) = match client_auth {
        ClientAuth::Chain => (true, false),
        ClientAuth::ChainOrPinned => (true, true),
        ClientAuth::Pinned => (false, true),
    };
    if chain && raw.client_ca.is_empty() && !administered {
        let text = "needs at least one file for this client_auth, or [admin] to issue certificates";
        return Err(Problem::new("tls.client_ca", text));
    }
    if !chain && !raw.client_ca.is_empty() {
        return Err(Problem::new("tls.client_ca", "has no effect with client_auth = \"pinned\""));
    }
    if !pins && !raw.pinned_client.is_empty() {
        let text = "has no effect with client_auth = \"chain\"; use \"chain-or-pinned\"";
        return Err(Problem::new("tls.pinned_client", text));
    }
    if client_auth == ClientAuth::Pinned && raw.pinned_client.is_empty() {
        let text = "client_auth = \"pinned\" needs at least one [[tls.pinned_client]]";
        return Err(Problem::new("tls.client_auth", text));
    }
    Ok(())
}

fn pinned(key: &str, raw: &RawPinnedClient, scopes: &[ScopeConfig]) -> Checked<PinnedClient> {
    let digest = sha256(&format!("{key}.sha256"), &raw.sha256)?;
    let scope = ScopeName::parse(&raw.scope)
        .filter(|name| scopes.iter().any(|scope| scope.name == *name))
        .ok_or_else(|| {
            Problem::new(format!("{key}.scope"), format!("no [[scope]] is named {:?}", raw.scope))
        })?;
    let pin = match raw.of {
        RawPinOf::PublicKey => Pin::PublicKey(digest),
        RawPinOf::Certificate => Pin::Certificate(digest),
    };
    Ok(PinnedClient { name: raw.name.clone(), pin, scope })
}

/// Certificate and key are given together, or not at all.
fn identity(base: &Base, raw: &RawTls) -> Checked<Option<PemFiles>> {
    let (certificate, private_key) = match (&raw.certificate, &raw.private_key) {
        (None, None) => return Ok(None),
        (Some(_), None) => return Err(Problem::new("tls.private_key", "is missing")),
        (None, Some(_)) => return Err(Problem::new("tls.certificate", "is missing")),
        (Some(certificate), Some(private_key)) => (certificate, private_key),
    };
    Ok(Some(PemFiles {
        certificate: base.required("tls.certificate", certificate)?,
        private_key: base.required("tls.private_key", private_key)?,
    }))
}

fn names(raw: &RawTls) -> Checked<ServerNames> {
    let names = ServerNames { hosts: raw.server_hostnames.clone(), ips: raw.server_ips.clone() };
    if let Some(host) = names.hosts.iter().find(|host| !ServerNames::is_host(host)) {
        return Err(Problem::new("tls.server_hostnames", format!("{host:?} is no host name")));
    }
    Ok(names)
}

/// Reads a fingerprint as openssl prints it, with colons and in capitals or not.
pub(super) fn sha256(key: &str, text: &str) -> Checked<[u8; 32]> {
    let mut digest = [0; 32];
    hex::decode_to_slice(text.replace(':', ""), &mut digest)
        .map_err(|_| Problem::new(key, "is not 64 hexadecimal digits"))?;
    Ok(digest)
}
