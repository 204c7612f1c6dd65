//! The TLS side of the listener: certificates, versions, resumption.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{NoServerSessionStorage, ServerSessionMemoryCache};

use super::client_verifier::ClientVerifier;
use crate::config::{ClientAuth, Config};
use crate::identity::IdentityRules;

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
    #[error("certificate and private key: {0}")]
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

/// Reads the PEM files of `[tls]` and builds what the listener needs.
///
/// TLS 1.3 and, if allowed, 1.2 with AEAD suites; no renegotiation; a client certificate always.
/// Tickets and cached sessions die with the process, so changed trust never meets old sessions.
///
/// # Errors
///
/// [`TlsError`].
pub fn server_config(
    config: &Config,
    rules: Arc<IdentityRules>,
) -> Result<Arc<ServerConfig>, TlsError> {
    let tls = &config.tls;
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = ClientVerifier::new(tls, &client_roots(config)?, Arc::clone(&provider), rules)?;
    let versions: &[_] = if tls.allow_tls12 {
        &[&rustls::version::TLS13, &rustls::version::TLS12]
    } else {
        &[&rustls::version::TLS13]
    };
    let chain = certificates("tls.certificate", &tls.certificate)?;
    let mut server = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .map_err(TlsError::Setup)?
        .with_client_cert_verifier(Arc::new(verifier))
        .with_single_cert(chain, private_key(&tls.private_key)?)
        .map_err(TlsError::Identity)?;
    resumption(&mut server, tls.session_resumption)?;
    Ok(Arc::new(server))
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

fn client_roots(config: &Config) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    if config.tls.client_auth == ClientAuth::Pinned {
        return Ok(Vec::new());
    }
    let files = config.tls.client_ca.iter().map(|file| certificates("tls.client_ca", file));
    Ok(files.collect::<Result<Vec<_>, _>>()?.concat())
}

fn certificates(key: &'static str, file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let wrong = |text: String| TlsError::Pem { key, file: file.to_owned(), text };
    let found = CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|err| wrong(format!("cannot read certificates: {err}")))?;
    if found.is_empty() {
        return Err(wrong("holds no certificate".to_owned()));
    }
    Ok(found)
}

fn private_key(file: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_file(file).map_err(|err| TlsError::Pem {
        key: "tls.private_key",
        file: file.to_owned(),
        text: format!("cannot read a private key: {err}"),
    })
}
