//! The TLS side of the listener: certificates, versions, resumption.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::server::{NoServerSessionStorage, ServerSessionMemoryCache};
use rustls::version::{TLS12, TLS13};
use rustls::{InconsistentKeys, ServerConfig, SupportedProtocolVersion};

use super::client_verifier::ClientVerifier;
use crate::config::TlsConfig;
use crate::identity::IdentityRules;
use crate::trust::{AnchorSet, Gate, ServerIdentity};

/// TLS 1.2 sessions kept for clients that know no tickets.
const SESSION_CACHE_ENTRIES: usize = 4_096;

/// Why TLS cannot be set up. Holds no key bytes.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A PEM file is unreadable, or holds nothing of the kind.
    #[error("{}: {text}", file.display())]
    Pem {
        /// The key of the configuration that names the file.
        key: &'static str,
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        text: String,
    },
    /// Certificate and private key do not serve together.
    #[error("certificate and private key: {}", misfit(.0))]
    Identity(rustls::Error),
    /// A CA certificate cannot serve as one.
    #[error("client CA: {0}")]
    ClientCa(String),
    /// TLS itself cannot be set up.
    #[error("TLS set-up: {0}")]
    Setup(rustls::Error),
}

impl TlsError {
    /// The dotted key of the configuration that is to blame.
    #[must_use]
    pub const fn config_key(&self) -> &'static str {
        match self {
            Self::Pem { key, .. } => key,
            Self::Identity(_) => "tls.private_key",
            Self::ClientCa(_) => "tls.client_ca",
            Self::Setup(_) => "tls",
        }
    }
}

fn misfit(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
            "the key is not that of the certificate, which must be the first of its file".to_owned()
        }
        other => other.to_string(),
    }
}

/// Builds what the listener needs while these CAs are trusted.
///
/// TLS 1.3 and, if allowed, 1.2 with AEAD suites; no renegotiation; a client certificate always.
/// Tickets and cached sessions end with these settings, so changed trust never meets old sessions.
///
/// # Errors
///
/// [`TlsError`].
pub fn server_config(
    gate: &Gate,
    anchors: &AnchorSet,
    rules: &Arc<IdentityRules>,
) -> Result<ServerConfig, TlsError> {
    let tls = gate.config();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = ClientVerifier::new(tls, anchors, Arc::clone(&provider), Arc::clone(rules))?;
    let shown: Arc<ServerIdentity> = Arc::clone(&gate.server);
    let mut server = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions(tls))
        .map_err(TlsError::Setup)?
        .with_client_cert_verifier(Arc::new(verifier))
        .with_cert_resolver(shown);
    resumption(&mut server, tls.session_resumption)?;
    Ok(server)
}

/// The versions of TLS that `config` lets every listener speak.
pub(crate) fn versions(config: &TlsConfig) -> &'static [&'static SupportedProtocolVersion] {
    static NEWEST_FIRST: [&SupportedProtocolVersion; 2] = [&TLS13, &TLS12];
    let [newest, _] = &NEWEST_FIRST;
    if config.allow_tls12 { &NEWEST_FIRST } else { std::slice::from_ref(newest) }
}

fn resumption(server: &mut ServerConfig, wanted: bool) -> Result<(), TlsError> {
    if wanted {
        server.ticketer = aws_lc_rs::Ticketer::new().map_err(TlsError::Setup)?;
        server.session_storage = ServerSessionMemoryCache::new(SESSION_CACHE_ENTRIES);
    } else {
        server.session_storage = Arc::new(NoServerSessionStorage {});
        server.send_tls13_tickets = 0;
    }
    Ok(())
}
