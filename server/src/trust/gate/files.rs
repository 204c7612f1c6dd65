//! PEM files.

use std::path::Path;

use kmip_core::ttlv::DateTime;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::ca::ReadCertificate;
use crate::clock::{Clock, SystemClock, rfc3339};
use crate::config::private_file;
use crate::net::tls::TlsError;

/// The certificates of a file, at least one.
pub(super) fn certificates(
    key: &'static str,
    file: &Path,
) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let wrong = |text: String| TlsError::Pem { key, file: file.to_owned(), text };
    let found = CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|err| wrong(format!("cannot read certificates: {err}")))?;
    if found.is_empty() {
        return Err(wrong("holds no certificate".to_owned()));
    }
    warn_of_dates(key, file, &found, SystemClock.now());
    Ok(found)
}

/// The private key of a file.
pub(super) fn private_key(file: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let wrong = |err: pem::Error| TlsError::Pem {
        key: "tls.private_key",
        file: file.to_owned(),
        text: format!("cannot read a private key: {err}"),
    };
    let opened = private_file::open(file).map_err(|err| wrong(pem::Error::Io(err)))?;
    PrivateKeyDer::from_pem_reader(opened).map_err(wrong)
}

/// Warns of certificates that are not valid now: nobody's handshake goes well over one.
fn warn_of_dates(key: &str, file: &Path, certificates: &[CertificateDer<'_>], now: DateTime) {
    for certificate in certificates.iter().filter_map(|der| ReadCertificate::read(der).ok()) {
        let (subject, file) = (certificate.subject(), file.display());
        let (from, to) = certificate.validity();
        let time = |seconds| rfc3339(DateTime(seconds));
        if now.0 < from {
            tracing::warn!(key, %file, %subject, from = time(from), "the certificate is not valid yet");
        } else if now.0 > to {
            tracing::warn!(key, %file, %subject, until = time(to), "the certificate has expired");
        }
    }
}
