//! When the certificates of the configuration end.

use std::path::Path;

use der::Decode;
use kmip_core::ttlv::DateTime;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use x509_cert::Certificate;

use super::Certificates;
use crate::config::Config;

/// Shows when the server's certificate ends, and those of the CAs of its clients. Files that cannot be
/// read are left out: whoever serves with them says what is wrong.
pub fn show_ends(config: &Config, certificates: &Certificates) {
    if let Some(end) = ends(&config.tls.certificate).first() {
        certificates.ends("server", "server", *end);
    }
    for file in &config.tls.client_ca {
        let name = file.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        if let Some(end) = ends(file).into_iter().min() {
            certificates.ends("client_ca", &name, end);
        }
    }
}

/// The ends of the certificates in a PEM file, in their order.
fn ends(file: &Path) -> Vec<DateTime> {
    let found = CertificateDer::pem_file_iter(file).into_iter().flatten();
    found.filter_map(|der| end(&der.ok()?)).collect()
}

/// When a certificate ends.
pub fn end(der: &[u8]) -> Option<DateTime> {
    let certificate = Certificate::from_der(der).ok()?;
    let not_after = certificate.tbs_certificate().validity().not_after;
    i64::try_from(not_after.to_unix_duration().as_secs()).ok().map(DateTime)
}
