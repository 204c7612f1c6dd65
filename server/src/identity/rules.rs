//! From a verified certificate to scope and role.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::SystemTime;

use der::oid::ObjectIdentifier;
use rustls::pki_types::CertificateDer;
use x509_cert::ext::pkix::name::DirectoryString;
use x509_cert::name::Name;

use super::{IdentityError, Origin, PeerCertificate, Principal};
use crate::authz::RoleName;
use crate::config::{
    Config, IdentityConfig, IdentityRule, NameField, NamePattern, Pin, PinnedClient, ScopeName,
    Source,
};
use crate::directory::{Directory, NotAdmitted};
use crate::object::Scope;
use crate::trust::Gate;

/// What a certificate stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// How it came to its scope.
    pub origin: Origin,
    /// The scope.
    pub scope: ScopeName,
    /// The role, if it has one.
    pub role: Option<RoleName>,
}

/// The rules by which certificates are mapped to scopes and roles.
pub struct IdentityRules {
    mapping: IdentityConfig,
    pins: HashMap<Pin, PinnedClient>,
    directory: Arc<Directory>,
    gate: Arc<Gate>,
}

impl IdentityRules {
    /// Takes the rules from the configuration; what is issued and revoked is asked for each time.
    #[must_use]
    pub fn new(config: &Config, directory: Arc<Directory>, gate: Arc<Gate>) -> Self {
        Self::of(config.identity.clone(), &config.tls.pinned_clients, directory, gate)
    }

    pub(super) fn of(
        mapping: IdentityConfig,
        pins: &[PinnedClient],
        directory: Arc<Directory>,
        gate: Arc<Gate>,
    ) -> Self {
        let pins = pins.iter().map(|client| (client.pin, client.clone())).collect();
        Self { mapping, pins, directory, gate }
    }

    /// Finds the pin that `certificate` matches; the pin of the whole certificate goes first.
    #[must_use]
    pub fn pinned(&self, certificate: &PeerCertificate) -> Option<&PinnedClient> {
        self.pins
            .get(&Pin::Certificate(certificate.certificate_sha256))
            .or_else(|| self.pins.get(&Pin::PublicKey(certificate.spki_sha256)))
    }

    /// Refuses a chain of which a CA is revoked: `above` are the certificates that came with the client's
    /// own. Those that cannot be read are of no use to anybody.
    ///
    /// # Errors
    ///
    /// `RevokedElsewhere`.
    pub fn check_above(&self, above: &[CertificateDer<'_>]) -> Result<(), IdentityError> {
        let is_revoked = |der: &CertificateDer<'_>| {
            PeerCertificate::parse(der).is_ok_and(|ca| self.gate.revoked.covers(&ca))
        };
        if above.iter().any(is_revoked) { Err(IdentityError::RevokedElsewhere) } else { Ok(()) }
    }

    /// What a verified certificate stands for: the role it was issued to, else what its pin says, else
    /// the first rule that matches, else what the fields of its subject name.
    ///
    /// # Errors
    ///
    /// [`IdentityError`], `Malformed`, `NotValidNow` and `Absent` apart.
    pub fn identify(&self, certificate: &PeerCertificate) -> Result<Identity, IdentityError> {
        if self.gate.revoked.covers(certificate) {
            return Err(IdentityError::RevokedElsewhere);
        }
        match self.directory.bearer(&certificate.certificate_sha256) {
            Ok((scope, role)) => return issued(&scope, role),
            Err(NotAdmitted::Unknown) => {}
            Err(refused) => return Err(refused.into()),
        }
        if self.gate.anchors.current().is_internal(certificate) {
            return Err(IdentityError::NotIssued);
        }
        let (scope, role) = self.mapped(certificate)?;
        Ok(Identity { origin: Origin::Mapped, scope, role })
    }

    fn mapped(
        &self,
        certificate: &PeerCertificate,
    ) -> Result<(ScopeName, Option<RoleName>), IdentityError> {
        if let Some(pinned) = self.pinned(certificate) {
            return Ok((pinned.scope.clone(), None));
        }
        let tbs = certificate.inner().tbs_certificate();
        let IdentityConfig { scope_from, role_from, rules } = &self.mapping;
        let rule = rules.iter().find(|rule| matches(rule, tbs.issuer(), tbs.subject()));
        let Some(IdentityRule { scope, role, .. }) = rule else {
            let scope = self.scope(&Source::Field(*scope_from), tbs.subject())?;
            let role = role_from.map(Source::Field);
            return Ok((scope.clone(), self.role(&scope, role.as_ref(), tbs.subject())?));
        };
        let scope = self.scope(scope, tbs.subject())?;
        Ok((scope.clone(), self.role(&scope, role.as_ref(), tbs.subject())?))
    }

    fn scope(
        &self,
        source: &Source<ScopeName>,
        subject: &Name,
    ) -> Result<ScopeName, IdentityError> {
        let (field, found) = match source {
            Source::Fixed(name) => ("the rule", vec![name.as_str().to_owned()]),
            Source::Field(field) => (field.label(), values(subject, *field)),
        };
        if found.is_empty() {
            return Err(IdentityError::NoScope(field));
        }
        let is_there =
            |name: &ScopeName| self.directory.origin(&Scope::new(name.as_str())).is_some();
        let known = found.iter().filter_map(|text| ScopeName::parse(text).filter(is_there));
        // Two scopes in one certificate are a mistake of the CA; guessing would be ours.
        only(known).ok_or(IdentityError::UnknownScope { field, found })
    }

    /// The role of a client of `scope`; none where nobody says where to look, or there is nothing.
    fn role(
        &self,
        scope: &ScopeName,
        source: Option<&Source<RoleName>>,
        subject: &Name,
    ) -> Result<Option<RoleName>, IdentityError> {
        let found = match source {
            None => return Ok(None),
            Some(Source::Fixed(name)) => vec![name.as_str().to_owned()],
            Some(Source::Field(field)) => values(subject, *field),
        };
        if found.is_empty() {
            return Ok(None);
        }
        let in_scope = Scope::new(scope.as_str());
        let is_there = |name: &RoleName| self.directory.role(&in_scope, name).is_some();
        let known = found.iter().filter_map(|text| RoleName::parse(text).filter(is_there));
        match only(known) {
            Some(role) => Ok(Some(role)),
            None => Err(IdentityError::UnknownRole { scope: scope.clone(), found }),
        }
    }

    /// Describes the client that showed this verified chain, its own certificate first, on a connection
    /// from `peer`.
    ///
    /// Dates and identity are looked at again, since a resumed session verifies nothing.
    ///
    /// # Errors
    ///
    /// [`IdentityError`].
    pub fn principal(
        &self,
        chain: &[CertificateDer<'_>],
        peer: SocketAddr,
    ) -> Result<Principal, IdentityError> {
        let (own, above) = chain.split_first().ok_or(IdentityError::Absent)?;
        self.check_above(above)?;
        let certificate = PeerCertificate::parse(own)?;
        certificate.check_dates(SystemTime::now())?;
        let Identity { origin, scope, role } = self.identify(&certificate)?;
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
            origin,
            scope,
            role,
        })
    }
}

fn issued(scope: &Scope, role: RoleName) -> Result<Identity, IdentityError> {
    let scope = ScopeName::parse(scope.as_str()).ok_or(NotAdmitted::NoScope)?;
    Ok(Identity { origin: Origin::Issued, scope, role: Some(role) })
}

fn matches(rule: &IdentityRule, issuer: &Name, subject: &Name) -> bool {
    let all = |patterns: &[(NameField, NamePattern)], name: &Name| {
        patterns
            .iter()
            .all(|(field, pattern)| values(name, *field).iter().any(|value| pattern.matches(value)))
    };
    all(&rule.issuer, issuer) && all(&rule.subject, subject)
}

/// The only one, if there is one and no other.
fn only<T: PartialEq>(mut all: impl Iterator<Item = T>) -> Option<T> {
    let first = all.next()?;
    all.next().is_none().then_some(first)
}

/// The values of a field.
fn values(name: &Name, field: NameField) -> Vec<String> {
    let oid = ObjectIdentifier::new_unwrap(field.oid());
    name.iter()
        .filter(|attribute| attribute.oid == oid)
        .filter_map(|attribute| DirectoryString::try_from(&attribute.value).ok())
        .map(String::from)
        .collect()
}
