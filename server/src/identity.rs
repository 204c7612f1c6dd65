//! Who a client is: from its verified certificate and the configuration to a [`Principal`].

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::SystemTime;

use der::oid::ObjectIdentifier;
use der::{Decode, Encode};
use kmip_core::ttlv::DateTime;
use sha2::{Digest, Sha256};
use x509_cert::Certificate;
use x509_cert::ext::pkix::name::{DirectoryString, GeneralName};
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, SubjectAltName};
use x509_cert::name::Name;

use crate::authz::RoleName;
use crate::config::{Config, Pin, PinnedClient, ScopeFrom, ScopeName};

const CLIENT_AUTH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.2");
const ANY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37.0");
const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
const ORGANIZATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.10");
const ORGANIZATIONAL_UNIT: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.11");

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

/// The rules by which certificates are mapped to scopes.
#[derive(Debug)]
pub struct IdentityRules {
    scope_from: ScopeFrom,
    scopes: HashSet<ScopeName>,
    pins: HashMap<Pin, PinnedClient>,
}

impl IdentityRules {
    /// Takes the rules from the configuration.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        Self {
            scope_from: config.identity.scope_from,
            scopes: config.scopes.iter().map(|scope| scope.name.clone()).collect(),
            pins: config
                .tls
                .pinned_clients
                .iter()
                .map(|client| (client.pin, client.clone()))
                .collect(),
        }
    }

    /// Finds the pin that `certificate` matches; the pin of the whole certificate goes first.
    #[must_use]
    pub fn pinned(&self, certificate: &PeerCertificate) -> Option<&PinnedClient> {
        self.pins
            .get(&Pin::Certificate(certificate.certificate_sha256))
            .or_else(|| self.pins.get(&Pin::PublicKey(certificate.spki_sha256)))
    }

    /// Names the scope of `certificate`: that of its pin, else that in its subject.
    ///
    /// # Errors
    ///
    /// `NoScope`, `UnknownScope`.
    pub fn scope_of(&self, certificate: &PeerCertificate) -> Result<ScopeName, IdentityError> {
        if let Some(pinned) = self.pinned(certificate) {
            return Ok(pinned.scope.clone());
        }
        let (oid, field) = match self.scope_from {
            ScopeFrom::OrganizationalUnit => (ORGANIZATIONAL_UNIT, "OU"),
            ScopeFrom::Organization => (ORGANIZATION, "O"),
            ScopeFrom::CommonName => (COMMON_NAME, "CN"),
        };
        let found = subject_values(certificate.inner().tbs_certificate().subject(), oid);
        if found.is_empty() {
            return Err(IdentityError::NoScope(field));
        }
        let configured =
            |text: &String| ScopeName::parse(text).filter(|name| self.scopes.contains(name));
        let mut scopes = found.iter().filter_map(configured);
        // Two scopes in one certificate are a mistake of the CA; guessing would be ours.
        match (scopes.next(), scopes.next()) {
            (Some(scope), None) => Ok(scope),
            (None, _) | (Some(_), Some(_)) => Err(IdentityError::UnknownScope { field, found }),
        }
    }

    /// Describes the client that showed the verified certificate `der` on a connection from `peer`.
    ///
    /// Dates and scope are looked at again, since a resumed session verifies nothing.
    ///
    /// # Errors
    ///
    /// [`IdentityError`].
    pub fn principal(&self, der: &[u8], peer: SocketAddr) -> Result<Principal, IdentityError> {
        let certificate = PeerCertificate::parse(der)?;
        certificate.check_dates(SystemTime::now())?;
        let scope = self.scope_of(&certificate)?;
        let tbs = certificate.inner().tbs_certificate();
        Ok(Principal {
            issuer: tbs.issuer().to_string(),
            serial: tbs.serial_number().as_bytes().to_vec(),
            spki_sha256: certificate.spki_sha256,
            subject: tbs.subject().to_string(),
            sans: certificate.sans(),
            peer,
            certificate_sha256: certificate.certificate_sha256,
            not_after: certificate.not_after(),
            origin: Origin::Mapped,
            scope,
            role: None,
        })
    }
}

fn subject_values(name: &Name, oid: ObjectIdentifier) -> Vec<String> {
    name.iter()
        .filter(|attribute| attribute.oid == oid)
        .filter_map(|attribute| DirectoryString::try_from(&attribute.value).ok())
        .map(String::from)
        .collect()
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
mod tests {
    use super::*;
    use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair};

    fn rules(scopes: &[&str], scope_from: ScopeFrom) -> IdentityRules {
        let scopes = scopes.iter().map(|name| ScopeName::parse(name).unwrap()).collect();
        IdentityRules { scope_from, scopes, pins: HashMap::new() }
    }

    fn certificate(change: impl FnOnce(&mut CertificateParams)) -> Vec<u8> {
        let names = ["host.example".to_owned(), "192.0.2.7".to_owned()];
        let mut params = CertificateParams::new(names).unwrap();
        params.distinguished_name.push(DnType::CommonName, "client1");
        params.distinguished_name.push(DnType::OrganizationalUnitName, "demo");
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        params.self_signed(&key).unwrap().der().to_vec()
    }

    fn peer() -> SocketAddr {
        "192.0.2.1:4000".parse().unwrap()
    }

    #[test]
    fn principal_carries_what_the_certificate_says() {
        let der = certificate(|_| ());
        let rules = rules(&["demo"], ScopeFrom::OrganizationalUnit);
        let principal = rules.principal(&der, peer()).unwrap();
        assert_eq!(principal.scope.as_str(), "demo");
        assert!(principal.subject.contains("OU=demo"), "{}", principal.subject);
        assert_eq!(principal.sans, ["DNS:host.example", "IP:192.0.2.7"]);
        assert!(!principal.serial.is_empty());
        assert_eq!(principal.peer, peer());
    }

    #[test]
    fn scope_may_come_from_another_field() {
        let der = certificate(|_| ());
        let rules = rules(&["client1"], ScopeFrom::CommonName);
        assert_eq!(rules.principal(&der, peer()).unwrap().scope.as_str(), "client1");
    }

    #[test]
    fn unknown_or_absent_scope_is_refused() {
        let der = certificate(|_| ());
        let unknown = rules(&["other"], ScopeFrom::OrganizationalUnit);
        assert!(matches!(
            unknown.principal(&der, peer()),
            Err(IdentityError::UnknownScope { field: "OU", .. })
        ));
        let absent = rules(&["other"], ScopeFrom::Organization);
        assert_eq!(absent.principal(&der, peer()), Err(IdentityError::NoScope("O")));
    }

    #[test]
    fn expired_certificate_is_refused() {
        let der = certificate(|params| params.not_after = rcgen::date_time_ymd(2001, 1, 1));
        let rules = rules(&["demo"], ScopeFrom::OrganizationalUnit);
        assert_eq!(rules.principal(&der, peer()), Err(IdentityError::NotValidNow));
    }

    #[test]
    fn pin_decides_the_scope_before_the_subject() {
        let der = certificate(|_| ());
        let parsed = PeerCertificate::parse(&der).unwrap();
        let mut rules = rules(&["demo", "other"], ScopeFrom::OrganizationalUnit);
        for pin in [Pin::PublicKey(parsed.spki_sha256), Pin::Certificate(parsed.certificate_sha256)]
        {
            let scope = ScopeName::parse("other").unwrap();
            rules.pins = HashMap::from([(pin, PinnedClient { name: "v".into(), pin, scope })]);
            assert_eq!(rules.scope_of(&parsed).unwrap().as_str(), "other");
        }
    }

    #[test]
    fn extended_key_usage_is_told_apart_from_its_absence() {
        let usage = |der: Vec<u8>| PeerCertificate::parse(&der).unwrap().client_auth_usage();
        let with = |purpose| certificate(|params| params.insert_extended_key_usage(purpose));
        assert_eq!(usage(certificate(|_| ())), None);
        assert_eq!(usage(with(ExtendedKeyUsagePurpose::ClientAuth)), Some(true));
        assert_eq!(usage(with(ExtendedKeyUsagePurpose::ServerAuth)), Some(false));
    }

    #[test]
    fn garbage_is_refused() {
        assert!(matches!(PeerCertificate::parse(&[0x30, 0x80]), Err(IdentityError::Malformed)));
    }
}
