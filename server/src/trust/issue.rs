//! What the issuer signs: certificates of clients, and the server's own.
//!
//! Every word in them is ours. A request brings its key and the proof that its sender has the other
//! half, and nothing else.

use std::net::IpAddr;

use der::asn1::{Ia5String, OctetString};
use der::oid::ObjectIdentifier;
use hsm_backend::{CallContext, PublicKey};
use serde::{Deserialize, Serialize};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{
    CrlDistributionPoints, ExtendedKeyUsage, KeyUsage, KeyUsages, SubjectAltName,
};

use super::{HeldCa, InternalCa, admits};
use crate::ca::{BACKDATE_SECONDS, CaError, Contents, Draft, ReadCertificate, name_of, serial};
use crate::store::Serial;

const CLIENT_AUTH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.2");
const SERVER_AUTH: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1");
const COMMON_NAME: &str = "2.5.4.3";
const ORGANIZATION: &str = "2.5.4.10";
const ORGANIZATIONAL_UNIT: &str = "2.5.4.11";

/// Bytes of randomness in a client's common name.
const NAME_BYTES: usize = 16;
/// Shortest validity that is given: below it a client has no use of its certificate.
const MIN_SECONDS: i64 = 1;

/// For whom a client's certificate is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder<'a> {
    /// The scope.
    pub scope: &'a str,
    /// The role in it.
    pub role: &'a str,
}

/// Names by which clients reach the server.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub struct ServerNames {
    /// Host names.
    pub hosts: Vec<String>,
    /// Addresses.
    pub ips: Vec<IpAddr>,
}

impl ServerNames {
    /// The names as a certificate says them.
    pub(super) fn alternative_names(&self) -> Result<Option<SubjectAltName>, CaError> {
        let hosts = self.hosts.iter().map(|host| Ok(GeneralName::DnsName(Ia5String::new(host)?)));
        let ips = self.ips.iter().map(|ip| Ok(GeneralName::IpAddress(address(*ip)?)));
        let all = hosts.chain(ips).collect::<Result<Vec<_>, CaError>>()?;
        Ok((!all.is_empty()).then_some(SubjectAltName(all)))
    }

    /// Whether this may stand for a host in a certificate: labels of letters, digits and hyphens, the
    /// first of which may be `*`.
    #[must_use]
    pub fn is_host(text: &str) -> bool {
        let plain = |label: &str| {
            let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
            (1..=63).contains(&label.len()) && label.bytes().all(allowed)
        };
        let rest = text.strip_prefix("*.").unwrap_or(text);
        text.len() <= 253 && rest.split('.').all(plain)
    }
}

/// A certificate that the internal CA has signed.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The certificate.
    pub certificate: ReadCertificate,
    /// The certificates above it in DER, its issuer's first.
    pub chain: Vec<Vec<u8>>,
    /// Its serial number.
    pub serial: Serial,
    /// The last second of its validity, since 1970.
    pub not_after: i64,
}

impl InternalCa {
    /// A certificate for a client: what `holder` says is its subject, beside a random common name.
    ///
    /// It is valid for `seconds`, but no longer than `max_client_seconds` and the issuer.
    ///
    /// # Errors
    ///
    /// `Invalid` for a key of no kind in [`ClientKey`](crate::directory::ClientKey), or a time below a second; failures of the token
    /// and the store.
    pub fn certify_client(
        &self,
        call: &CallContext,
        key: PublicKey,
        holder: Holder<'_>,
        seconds: i64,
        now: i64,
    ) -> Result<Issued, CaError> {
        if !admits(&key) {
            return Err(CaError::Invalid(
                "the key is none of EC P-256, P-384 or P-521, Ed25519, and RSA of 2048 to 8192 bits",
            ));
        }
        if seconds < MIN_SECONDS {
            return Err(CaError::Invalid("the certificate would not be valid for a second"));
        }
        let name = hex::encode(self.hsm().random(call, NAME_BYTES)?.expose());
        let subject = name_of(&[
            (ORGANIZATION, holder.scope.to_owned()),
            (ORGANIZATIONAL_UNIT, holder.role.to_owned()),
            (COMMON_NAME, name),
        ])?;
        let contents = Contents { subject: Some(subject), ..purpose(CLIENT_AUTH) };
        let seconds = seconds.min(i64::from(self.rules().max_client_seconds));
        self.certify(call, key, contents, seconds, now)
    }

    /// A certificate for this server under `names`.
    ///
    /// # Errors
    ///
    /// `Invalid` for names that certificates cannot hold; failures of the token and the store.
    pub fn certify_server(
        &self,
        call: &CallContext,
        key: PublicKey,
        names: &ServerNames,
        now: i64,
    ) -> Result<Issued, CaError> {
        let first = names.hosts.first().filter(|host| host.len() <= 64);
        let common_name = first.map_or("KMIP server", String::as_str);
        let subject = name_of(&[(COMMON_NAME, common_name.to_owned())])?;
        let contents = Contents {
            subject: Some(subject),
            alternative_names: names.alternative_names()?,
            ..purpose(SERVER_AUTH)
        };
        self.certify(call, key, contents, i64::from(self.rules().server_seconds), now)
    }

    fn certify(
        &self,
        call: &CallContext,
        key: PublicKey,
        contents: Contents,
        seconds: i64,
        now: i64,
    ) -> Result<Issued, CaError> {
        let authorities = self.authorities(call, now)?;
        let issuer = &authorities.issuer;
        let not_after = now.saturating_add(seconds).min(issuer.not_after());
        if not_after <= now {
            return Err(CaError::Invalid("the issuer's own certificate has expired"));
        }
        let draft = Draft {
            key,
            contents: Contents { crl_points: self.crl_points(issuer)?, ..contents },
            serial: serial(self.hsm(), call)?,
            not_before: now.saturating_sub(BACKDATE_SECONDS),
            not_after,
        };
        let certificate = ReadCertificate::read(&issuer.certify(self.hsm(), call, draft)?)?;
        let serial = Serial::new(certificate.serial_number());
        Ok(Issued { certificate, chain: authorities.chain(issuer), serial, not_after })
    }

    fn crl_points(&self, issuer: &HeldCa) -> Result<Option<CrlDistributionPoints>, CaError> {
        let url = self.rules().crl_url.as_ref();
        let point = url.map(|url| issuer.distribution_point(url)).transpose()?;
        Ok(point.map(|point| CrlDistributionPoints(vec![point])))
    }
}

fn purpose(purpose: ObjectIdentifier) -> Contents {
    Contents {
        key_usage: Some(KeyUsage(KeyUsages::DigitalSignature.into())),
        extended_key_usage: Some(ExtendedKeyUsage(vec![purpose])),
        ..Contents::default()
    }
}

fn address(ip: IpAddr) -> Result<OctetString, CaError> {
    Ok(match ip {
        IpAddr::V4(ip) => OctetString::new(ip.octets())?,
        IpAddr::V6(ip) => OctetString::new(ip.octets())?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_names_are_told_from_what_is_none() {
        for host in ["localhost", "kmip.example.com", "*.example.com", "a_b-c.1"] {
            assert!(ServerNames::is_host(host), "{host}");
        }
        for text in ["", ".", "a..b", "*", "a.*.b", "kmip example", "k\u{e4}se", &"a".repeat(64)] {
            assert!(!ServerNames::is_host(text), "{text}");
        }
    }
}
