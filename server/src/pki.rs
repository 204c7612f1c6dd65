//! A small certificate authority for trials: a CA, a server certificate, client certificates.
//!
//! All keys are EC P-256. Private keys are written readable by their owner only.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use time::{Duration, OffsetDateTime};
use zeroize::Zeroizing;

/// How long a CA is valid.
const CA_DAYS: i64 = 20 * 365;
/// How long server and client certificates are valid.
const LEAF_DAYS: i64 = 10 * 365;
/// Certificates begin to be valid earlier than now, for clocks that run behind.
const BACKDATE: Duration = Duration::hours(1);
const ORGANIZATION: &str = "Claviger";

/// Why a certificate could not be made or kept. Holds no key bytes.
#[derive(Debug, thiserror::Error)]
pub enum PkiError {
    /// The certificate cannot be made, or a file holds none that can be used.
    #[error("certificates: {0}")]
    Certificate(#[from] rcgen::Error),
    /// A file cannot be read or written.
    #[error("{}: {source}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// A certificate and its private key, as PEM files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PemPair {
    /// The certificate.
    pub certificate: PathBuf,
    /// The private key (PKCS#8).
    pub private_key: PathBuf,
}

impl PemPair {
    /// Names the files `<name>.pem` and `<name>.key` in `folder`.
    #[must_use]
    pub fn named(folder: &Path, name: &str) -> Self {
        Self {
            certificate: folder.join(format!("{name}.pem")),
            private_key: folder.join(format!("{name}.key")),
        }
    }

    /// Whether both files are there.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.certificate.exists() && self.private_key.exists()
    }

    fn write(&self, certificate_pem: &str, key: &KeyPair) -> Result<(), PkiError> {
        // The key goes first: a certificate without its key would look complete to nobody.
        write_private(&self.private_key, Zeroizing::new(key.serialize_pem()).as_bytes())?;
        std::fs::write(&self.certificate, certificate_pem).map_err(at(&self.certificate))
    }
}

/// A certificate authority whose key lies in a file. For trials, not for production.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// Reads the CA at `files`, or makes it if it is not there.
    ///
    /// # Errors
    ///
    /// [`PkiError`].
    pub fn open_or_create(files: &PemPair) -> Result<Self, PkiError> {
        if !files.exists() {
            let key = KeyPair::generate()?;
            let certificate = ca_params()?.self_signed(&key)?;
            files.write(&certificate.pem(), &key)?;
        }
        let certificate =
            std::fs::read_to_string(&files.certificate).map_err(at(&files.certificate))?;
        let key = Zeroizing::new(
            std::fs::read_to_string(&files.private_key).map_err(at(&files.private_key))?,
        );
        let issuer = Issuer::from_ca_cert_pem(&certificate, KeyPair::from_pem(&key)?)?;
        Ok(Self { issuer })
    }

    /// Writes a server certificate for localhost, 127.0.0.1, ::1 and `extra` to `files`.
    ///
    /// # Errors
    ///
    /// [`PkiError`].
    pub fn issue_server(&self, files: &PemPair, extra: Option<IpAddr>) -> Result<(), PkiError> {
        let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
        // A name listed twice is legal, but reads like a mistake.
        names.extend(extra.map(|ip| ip.to_string()).filter(|ip| !names.contains(ip)));
        let mut params = leaf_params("localhost", names, ExtendedKeyUsagePurpose::ServerAuth)?;
        params.distinguished_name.push(DnType::OrganizationalUnitName, "server");
        self.issue(params, files)
    }

    /// Writes a client certificate with `name` as its CN and `scope` as its OU to `files`.
    ///
    /// # Errors
    ///
    /// [`PkiError`].
    pub fn issue_client(&self, files: &PemPair, name: &str, scope: &str) -> Result<(), PkiError> {
        let mut params = leaf_params(name, Vec::new(), ExtendedKeyUsagePurpose::ClientAuth)?;
        params.distinguished_name.push(DnType::OrganizationalUnitName, scope);
        self.issue(params, files)
    }

    fn issue(&self, params: CertificateParams, files: &PemPair) -> Result<(), PkiError> {
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        files.write(&certificate.pem(), &key)
    }
}

fn ca_params() -> Result<CertificateParams, PkiError> {
    let mut params = dated(Vec::new(), CA_DAYS)?;
    params.distinguished_name.push(DnType::CommonName, "Claviger trial CA");
    params.distinguished_name.push(DnType::OrganizationName, ORGANIZATION);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

fn leaf_params(
    name: &str,
    sans: Vec<String>,
    usage: ExtendedKeyUsagePurpose,
) -> Result<CertificateParams, PkiError> {
    let mut params = dated(sans, LEAF_DAYS)?;
    params.distinguished_name.push(DnType::CommonName, name);
    params.distinguished_name.push(DnType::OrganizationName, ORGANIZATION);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![usage];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

fn dated(sans: Vec<String>, days: i64) -> Result<CertificateParams, PkiError> {
    let mut params = CertificateParams::new(sans)?;
    let now = OffsetDateTime::now_utc();
    params.not_before = now - BACKDATE;
    params.not_after = now + Duration::days(days);
    params.distinguished_name = rcgen::DistinguishedName::new();
    Ok(params)
}

/// Writes `content` to `file`, readable by its owner only, replacing what was there.
///
/// # Errors
///
/// `File`.
pub fn write_private(file: &Path, content: &[u8]) -> Result<(), PkiError> {
    // Made anew: the mode given at opening does not change that of a file already there.
    match std::fs::remove_file(file) {
        Err(err) if err.kind() != io::ErrorKind::NotFound => return Err(at(file)(err)),
        Ok(()) | Err(_) => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    let write = |mut opened: File| opened.write_all(content).and_then(|()| opened.sync_all());
    options.open(file).and_then(write).map_err(at(file))
}

fn at(file: &Path) -> impl FnOnce(io::Error) -> PkiError {
    let file = file.to_owned();
    move |source| PkiError::File { file, source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn keys_are_readable_by_their_owner_only() {
        let dir = tempfile::tempdir().unwrap();
        let files = PemPair::named(dir.path(), "ca");
        std::fs::write(&files.private_key, "old").unwrap();
        Authority::open_or_create(&files).unwrap();
        let mode = std::fs::metadata(&files.private_key).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn authority_opened_again_issues_certificates_of_the_same_ca() {
        let dir = tempfile::tempdir().unwrap();
        let files = PemPair::named(dir.path(), "ca");
        Authority::open_or_create(&files).unwrap();
        let before = std::fs::read(&files.certificate).unwrap();
        let client = PemPair::named(dir.path(), "client1");
        let authority = Authority::open_or_create(&files).unwrap();
        authority.issue_client(&client, "client1", "demo").unwrap();
        assert!(client.exists());
        assert_eq!(std::fs::read(&files.certificate).unwrap(), before);
    }
}
