//! How a server is reached: by its Unix socket, or over HTTPS with a token.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use hyper::Uri;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use zeroize::Zeroizing;

use super::CtlError;
use crate::cli::AdminArgs;
use crate::config::Config;

/// The way to a server.
pub(crate) struct Door {
    pub(super) way: Way,
    /// What is shown there.
    pub(super) token: Option<Zeroizing<String>>,
}

pub(super) enum Way {
    Socket(PathBuf),
    Https(Https),
}

/// A server's address, and whom it has to prove to be.
pub(super) struct Https {
    pub(super) authority: String,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) name: ServerName<'static>,
    pub(super) tls: Arc<ClientConfig>,
}

impl Door {
    /// The way that the command line, the environment or the configuration names.
    pub(super) fn of(args: &AdminArgs) -> Result<Self, CtlError> {
        let token = token(args)?;
        if let Some(address) = &args.address {
            if token.is_none() {
                return Err(CtlError::NoToken);
            }
            return Ok(Self { way: Way::Https(https(address, args.ca_cert.as_deref())?), token });
        }
        if let Some(socket) = &args.socket {
            return Ok(Self { way: Way::Socket(socket.clone()), token });
        }
        let config = Config::load(&args.config).map_err(CtlError::NoDoor)?;
        let socket = config.admin.socket.ok_or_else(|| CtlError::NoSocket(args.config.clone()))?;
        Ok(Self { way: Way::Socket(socket), token })
    }

    /// A Unix socket.
    pub(crate) fn socket(path: &Path) -> Self {
        Self { way: Way::Socket(path.to_owned()), token: None }
    }

    /// Whether nothing but the socket speaks for who asks.
    pub(super) const fn is_bare_socket(&self) -> bool {
        matches!(self.way, Way::Socket(_)) && self.token.is_none()
    }

    /// What it is called in errors.
    pub(super) fn describe(&self) -> String {
        match &self.way {
            Way::Socket(path) => path.display().to_string(),
            Way::Https(https) => format!("https://{}", https.authority),
        }
    }
}

fn token(args: &AdminArgs) -> Result<Option<Zeroizing<String>>, CtlError> {
    if let Some(token) = &args.token {
        return Ok(Some(Zeroizing::new(token.trim().to_owned())));
    }
    let Some(file) = &args.token_file else { return Ok(None) };
    let text = std::fs::read_to_string(file).map(Zeroizing::new);
    let text = text.map_err(|reason| CtlError::File { path: file.clone(), reason })?;
    Ok(Some(Zeroizing::new(text.trim().to_owned())))
}

fn https(address: &str, ca: Option<&Path>) -> Result<Https, CtlError> {
    let wrong = || CtlError::Address(address.to_owned());
    let uri: Uri = address.parse().map_err(|_| wrong())?;
    if uri.scheme_str() != Some("https") || !matches!(uri.path(), "" | "/") {
        return Err(wrong());
    }
    let authority = uri.authority().ok_or_else(wrong)?;
    // An IPv6 address stands in brackets.
    let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
    let name = ServerName::try_from(host.clone()).map_err(|_| wrong())?;
    let port = authority.port_u16().unwrap_or(443);
    let ca = ca.ok_or(CtlError::NoCa)?;
    let tls = Arc::new(client(ca).map_err(|text| CtlError::Ca { path: ca.to_owned(), text })?);
    Ok(Https { authority: authority.as_str().to_owned(), host, port, name, tls })
}

fn client(ca: &Path) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    let found = CertificateDer::pem_file_iter(ca).map_err(|error| error.to_string())?;
    for certificate in found {
        let certificate = certificate.map_err(|error| error.to_string())?;
        roots.add(certificate).map_err(|error| error.to_string())?;
    }
    if roots.is_empty() {
        return Err("holds no certificate".to_owned());
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| error.to_string())?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
