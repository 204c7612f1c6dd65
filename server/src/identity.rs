//! Who a client is: from its verified certificate and the configuration to a [`Principal`].

mod rules;

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::SystemTime;

use der::oid::ObjectIdentifier;
use der::{Decode, Encode};
use kmip_core::ttlv::DateTime;
use sha2::{Digest, Sha256};
use x509_cert::Certificate;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, SubjectAltName};

pub use rules::{Identity, IdentityRules};

use crate::authz::RoleName;
use crate::config::ScopeName;
use crate::directory::NotAdmitted;

const CLIENT_AUTH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.2");
const ANY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37.0");

/// An authenticated client. Issuer and serial number together identify it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// Issuer of the certificate, in the text form of RFC 4514.
    pub issuer: String,
    /// Serial number of the certificate, big-endian as in its DER form.
    pub serial: Vec<u8>,
    /// SHA-256 of the DER form of the SubjectPublicKeyInfo.
    pub spki_sha256: [u8; 32],
    /// Subject of the certificate, in the text form of RFC 4514.
    pub subject: String,
    /// Subject alternative names, each with its kind: `DNS:host`, `IP:::1`, `URI:...`, `email:...`.
    pub sans: Vec<String>,
    /// Where the client connects from.
    pub peer: SocketAddr,
    /// SHA-256 of the whole certificate.
    pub certificate_sha256: [u8; 32],
    /// Until when the certificate is valid.
    pub not_after: DateTime,
    /// How it came to its scope.
    pub origin: Origin,
    /// The scope it works in.
    pub scope: ScopeName,
    /// Its role there, if it has one; else what the scope itself allows holds.
    pub role: Option<RoleName>,
}

/// How a client came to its scope and role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Its certificate is one that was issued to a role here, and is looked up by its digest.
    Issued,
    /// The configuration maps its certificate, whoever issued that.
    Mapped,
}

/// Why a certificate identifies nobody.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum IdentityError {
    /// It cannot be parsed.
    #[error("the certificate cannot be parsed")]
    Malformed,
    /// It is expired or not valid yet.
    #[error("the certificate is outside its period of validity")]
    NotValidNow,
    /// Its subject lacks the field that names the scope.
    #[error("the subject has no {0}, which is to name the scope")]
    NoScope(&'static str),
    /// The field names no configured scope, or more than one.
    #[error("{field} {found:?} names no single configured scope")]
    UnknownScope {
        /// The field looked at.
        field: &'static str,
        /// All its values.
        found: Vec<String>,
    },
    /// The field names no role of the scope, or more than one.
    #[error("{found:?} names no single role of scope {scope}")]
    UnknownRole {
        /// The scope.
        scope: ScopeName,
        /// What was found where the role is looked for.
        found: Vec<String>,
    },
    /// It names the internal CA as its issuer, and is none of those issued to a role.
    #[error("the internal CA has issued no such certificate to a client")]
    NotIssued,
    /// It was issued here, and opens nothing any more.
    #[error(transparent)]
    NotAdmitted(#[from] NotAdmitted),
    /// The CA that issued it has revoked it.
    #[error("its issuer has revoked it")]
    RevokedElsewhere,
    /// The connection has no client certificate.
    #[error("there is no client certificate")]
    Absent,
}

/// A certificate, parsed once, with the facts that trust hangs on.
pub struct PeerCertificate {
    certificate: Certificate,
    certificate_sha256: [u8; 32],
    spki_sha256: [u8; 32],
}

impl PeerCertificate {
    /// Parses a DER certificate (serial number of at most 21 bytes).
    ///
    /// # Errors
    ///
    /// `Malformed`.
    pub fn parse(der: &[u8]) -> Result<Self, IdentityError> {
        let certificate = Certificate::from_der(der).map_err(|_| IdentityError::Malformed)?;
        let spki = certificate
            .tbs_certificate()
            .subject_public_key_info()
            .to_der()
            .map_err(|_| IdentityError::Malformed)?;
        Ok(Self {
            certificate,
            certificate_sha256: Sha256::digest(der).into(),
            spki_sha256: Sha256::digest(&spki).into(),
        })
    }

    pub(crate) const fn inner(&self) -> &Certificate {
        &self.certificate
    }

    /// SHA-256 of the whole certificate.
    #[must_use]
    pub const fn certificate_sha256(&self) -> &[u8; 32] {
        &self.certificate_sha256
    }

    /// SHA-256 of the SubjectPublicKeyInfo.
    #[must_use]
    pub const fn spki_sha256(&self) -> &[u8; 32] {
        &self.spki_sha256
    }

    /// Whether Basic Constraints call it a CA.
    #[must_use]
    pub fn is_ca(&self) -> bool {
        let found = self.certificate.tbs_certificate().get_extension::<BasicConstraints>();
        // What cannot be read is treated as the worse case.
        found.map_or(true, |found| found.is_some_and(|(_, constraints)| constraints.ca))
    }

    /// Whether Extended Key Usage is there and allows client authentication; `None` if absent.
    #[must_use]
    pub fn client_auth_usage(&self) -> Option<bool> {
        match self.certificate.tbs_certificate().get_extension::<ExtendedKeyUsage>() {
            Ok(None) => None,
            Ok(Some((_, usage))) => {
                Some(usage.0.iter().any(|oid| *oid == CLIENT_AUTH || *oid == ANY_USAGE))
            }
            Err(_) => Some(false),
        }
    }

    /// Checks the period of validity against `now`.
    ///
    /// # Errors
    ///
    /// `NotValidNow`.
    pub fn check_dates(&self, now: SystemTime) -> Result<(), IdentityError> {
        let validity = self.certificate.tbs_certificate().validity();
        let period = validity.not_before.to_system_time()..=validity.not_after.to_system_time();
        if period.contains(&now) { Ok(()) } else { Err(IdentityError::NotValidNow) }
    }

    /// Until when it is valid, in whole seconds.
    #[must_use]
    pub fn not_after(&self) -> DateTime {
        let end = self.certificate.tbs_certificate().validity().not_after;
        DateTime(i64::try_from(end.to_unix_duration().as_secs()).unwrap_or(i64::MAX))
    }

    fn sans(&self) -> Vec<String> {
        match self.certificate.tbs_certificate().get_extension::<SubjectAltName>() {
            Ok(Some((_, names))) => names.0.iter().filter_map(san_text).collect(),
            Ok(None) | Err(_) => Vec::new(),
        }
    }
}

impl fmt::Display for PeerCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tbs = self.certificate.tbs_certificate();
        write!(
            f,
            "subject={:?} issuer={:?} serial={} public_key_sha256={}",
            tbs.subject().to_string(),
            tbs.issuer().to_string(),
            hex::encode(tbs.serial_number().as_bytes()),
            hex::encode(self.spki_sha256),
        )
    }
}

fn san_text(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(text) => Some(format!("DNS:{text}")),
        GeneralName::Rfc822Name(text) => Some(format!("email:{text}")),
        GeneralName::UniformResourceIdentifier(text) => Some(format!("URI:{text}")),
        GeneralName::IpAddress(bytes) => ip_text(bytes.as_bytes()),
        GeneralName::DirectoryName(name) => Some(format!("DirName:{name}")),
        GeneralName::OtherName(_) | GeneralName::EdiPartyName(_) | GeneralName::RegisteredId(_) => {
            None
        }
    }
}

fn ip_text(bytes: &[u8]) -> Option<String> {
    let ip = match bytes.len() {
        4 => IpAddr::from(<[u8; 4]>::try_from(bytes).ok()?),
        16 => IpAddr::from(<[u8; 16]>::try_from(bytes).ok()?),
        _ => return None,
    };
    Some(format!("IP:{ip}"))
}

#[cfg(test)]
mod tests;
