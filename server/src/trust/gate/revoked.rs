//! Certificates that other CAs have revoked, from the lists that the operator keeps up to date.
//!
//! Spec: RFC 5280 §5.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use der::Decode;
use der::oid::AssociatedOid;
use rustls::pki_types::CertificateRevocationListDer;
use rustls::pki_types::pem::PemObject;
use x509_cert::crl::CertificateList;
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::IssuingDistributionPoint;

use super::AnchorSet;
use crate::ca::is_signed_by;
use crate::identity::PeerCertificate;
use crate::net::tls::TlsError;

/// Issuer, in the text form of RFC 4514, and the serial numbers, as in DER.
type Lists = HashMap<String, HashSet<Vec<u8>>>;

/// What other CAs have revoked.
#[derive(Debug, Default)]
pub struct RevokedElsewhere(RwLock<Arc<Lists>>);

impl RevokedElsewhere {
    /// Whether a list names this certificate.
    #[must_use]
    pub fn names(&self, issuer: &str, serial: &[u8]) -> bool {
        let lists = Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner));
        lists.get(issuer).is_some_and(|serials| serials.contains(serial))
    }

    /// Whether a list names this certificate.
    #[must_use]
    pub fn covers(&self, certificate: &PeerCertificate) -> bool {
        let tbs = certificate.inner().tbs_certificate();
        self.names(&tbs.issuer().to_string(), tbs.serial_number().as_bytes())
    }

    /// Reads the lists of `files`, each in DER or PEM, and takes them in place of those there were.
    ///
    /// # Errors
    ///
    /// [`TlsError`] for a file that cannot be read, a list that is not complete in itself, and one with
    /// the name of a CA in `anchors` and not its signature; nothing has changed then.
    pub(super) fn read(&self, files: &[PathBuf], anchors: &AnchorSet) -> Result<(), TlsError> {
        let mut lists = Lists::new();
        for file in files {
            for list in lists_of(file)? {
                let wrong = |text: &str| wrong(file, text);
                let parsed = CertificateList::from_der(&list)
                    .map_err(|err| wrong(&format!("cannot read the list: {err}")))?;
                check(&parsed, &list, anchors).map_err(wrong)?;
                warn_of_age(file, &parsed);
                let serials = lists.entry(parsed.tbs_cert_list.issuer.to_string()).or_default();
                let revoked = parsed.tbs_cert_list.revoked_certificates.unwrap_or_default();
                serials.extend(revoked.iter().map(|one| one.serial_number.as_bytes().to_vec()));
            }
        }
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(lists);
        Ok(())
    }
}

fn wrong(file: &Path, text: &str) -> TlsError {
    TlsError::Pem { key: "tls.client_crl", file: file.to_owned(), text: text.to_owned() }
}

fn lists_of(file: &Path) -> Result<Vec<Vec<u8>>, TlsError> {
    let unreadable = |text: String| wrong(file, &format!("cannot read the file: {text}"));
    let bytes = std::fs::read(file).map_err(|err| unreadable(err.to_string()))?;
    if bytes.first() == Some(&0x30) {
        return Ok(vec![bytes]);
    }
    let lists = CertificateRevocationListDer::pem_slice_iter(&bytes)
        .map(|list| list.map(|list| list.to_vec()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|err| unreadable(err.to_string()))?;
    if lists.is_empty() { Err(wrong(file, "holds no list")) } else { Ok(lists) }
}

/// Refuses what cannot be taken for all that its issuer has revoked.
fn check(list: &CertificateList, der: &[u8], anchors: &AnchorSet) -> Result<(), &'static str> {
    let extensions = list.tbs_cert_list.crl_extensions.as_deref().unwrap_or_default();
    let critical = extensions.iter().filter(|extension| extension.critical);
    if critical.into_iter().any(|extension| !is_understood(extension)) {
        return Err("the list is a delta, indirect, or has a critical extension of another kind");
    }
    let issuer = &list.tbs_cert_list.issuer;
    let mut holders = anchors.configured().filter(|ca| ca.subject() == issuer).peekable();
    let unsigned = holders.peek().is_some()
        && !holders.any(|ca| ca.key().is_some_and(|key| is_signed_by(der, key)));
    if unsigned { Err("the list is not signed by the CA of its name") } else { Ok(()) }
}

fn is_understood(extension: &Extension) -> bool {
    let point = IssuingDistributionPoint::OID == extension.extn_id;
    let read = || IssuingDistributionPoint::from_der(extension.extn_value.as_bytes());
    point && read().is_ok_and(|point| !point.indirect_crl)
}

fn warn_of_age(file: &Path, list: &CertificateList) {
    let next = list.tbs_cert_list.next_update;
    if next.is_some_and(|next| next.to_system_time() < SystemTime::now()) {
        let file = file.display();
        tracing::warn!(%file, "the list of revoked certificates is out of date; it is used as it is");
    }
}
