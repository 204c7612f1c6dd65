//! The client's side of TLS, from PEM files.

use std::path::Path;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::ClientError;

/// Whom a client trusts, and who it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TlsFiles<'a> {
    /// PEM file with the CAs that may have issued the server's certificate.
    pub(crate) ca: &'a Path,
    /// PEM files with the client's certificate and private key, if it shows one.
    pub(crate) identity: Option<(&'a Path, &'a Path)>,
}

/// Reads the files.
///
/// # Errors
///
/// `Pem`, or `Tls` where certificate and key do not belong together.
pub(crate) fn config(files: &TlsFiles<'_>) -> Result<rustls::ClientConfig, ClientError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(files.ca)? {
        roots.add(certificate).map_err(ClientError::Tls)?;
    }
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(ClientError::Tls)?
        .with_root_certificates(roots);
    match files.identity {
        None => Ok(builder.with_no_client_auth()),
        Some((certificate, key)) => builder
            .with_client_auth_cert(certificates(certificate)?, private_key(key)?)
            .map_err(ClientError::Tls),
    }
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, ClientError> {
    let wrong = |text: String| ClientError::Pem { file: file.to_owned(), text };
    let found = CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|err| wrong(format!("cannot read certificates: {err}")))?;
    if found.is_empty() {
        return Err(wrong("holds no certificate".to_owned()));
    }
    Ok(found)
}

fn private_key(file: &Path) -> Result<PrivateKeyDer<'static>, ClientError> {
    PrivateKeyDer::from_pem_file(file).map_err(|err| ClientError::Pem {
        file: file.to_owned(),
        text: format!("cannot read a private key: {err}"),
    })
}
