use std::sync::Arc;

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair};

use super::*;
use crate::authz::Grants;
use crate::authz::Rules;
use crate::config::{
    IdentityConfig, IdentityRule, NameField, NamePattern, Pin, PinnedClient, Source, TlsConfig,
};
use crate::directory::{DeclaredScope, Directory, Role};
use crate::object::Scope;
use crate::store::SqliteStore;
use crate::trust::Gate;

fn mapped(scopes: &[&str], mapping: IdentityConfig, pins: Vec<PinnedClient>) -> IdentityRules {
    let declared = scopes
        .iter()
        .map(|name| DeclaredScope { scope: Scope::new(*name), rules: Rules::default() });
    let store = Arc::new(SqliteStore::in_memory().unwrap());
    let directory = Directory::open(declared, store).unwrap();
    let role = RoleName::parse("client1").unwrap();
    for scope in scopes {
        directory.put_role(Role::new(Scope::new(*scope), role.clone(), Grants::All)).unwrap();
    }
    let gate = Gate::open(&TlsConfig::default()).unwrap();
    IdentityRules::of(mapping, &pins, Arc::new(directory), gate)
}

fn rules(scopes: &[&str], scope_from: NameField) -> IdentityRules {
    let mapping = IdentityConfig { scope_from, ..IdentityConfig::default() };
    mapped(scopes, mapping, Vec::new())
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
    let rules = rules(&["demo"], NameField::OrganizationalUnit);
    let principal = rules.principal(&[der.clone().into()], peer()).unwrap();
    assert_eq!(principal.scope.as_str(), "demo");
    assert!(principal.subject.contains("OU=demo"), "{}", principal.subject);
    assert_eq!(principal.sans, ["DNS:host.example", "IP:192.0.2.7"]);
    assert!(!principal.serial.is_empty());
    assert_eq!(principal.peer, peer());
}

#[test]
fn scope_may_come_from_another_field() {
    let der = certificate(|_| ());
    let rules = rules(&["client1"], NameField::CommonName);
    assert_eq!(rules.principal(&[der.clone().into()], peer()).unwrap().scope.as_str(), "client1");
}

#[test]
fn unknown_or_absent_scope_is_refused() {
    let der = certificate(|_| ());
    let unknown = rules(&["other"], NameField::OrganizationalUnit);
    assert!(matches!(
        unknown.principal(&[der.clone().into()], peer()),
        Err(IdentityError::UnknownScope { field: "OU", .. })
    ));
    let absent = rules(&["other"], NameField::Organization);
    assert_eq!(absent.principal(&[der.into()], peer()), Err(IdentityError::NoScope("O")));
}

#[test]
fn expired_certificate_is_refused() {
    let der = certificate(|params| params.not_after = rcgen::date_time_ymd(2001, 1, 1));
    let rules = rules(&["demo"], NameField::OrganizationalUnit);
    assert_eq!(rules.principal(&[der.clone().into()], peer()), Err(IdentityError::NotValidNow));
}

#[test]
fn pin_decides_the_scope_before_the_subject() {
    let der = certificate(|_| ());
    let parsed = PeerCertificate::parse(&der).unwrap();
    for pin in [Pin::PublicKey(parsed.spki_sha256), Pin::Certificate(parsed.certificate_sha256)] {
        let scope = ScopeName::parse("other").unwrap();
        let pins = vec![PinnedClient { name: "v".into(), pin, scope }];
        let rules = mapped(&["demo", "other"], IdentityConfig::default(), pins);
        assert_eq!(rules.identify(&parsed).unwrap().scope.as_str(), "other");
    }
}

fn rule(
    subject: &[(NameField, &str)],
    scope: Source<ScopeName>,
    role: Option<Source<RoleName>>,
) -> IdentityRule {
    let subject = subject.iter().map(|(field, text)| (*field, NamePattern::parse(text).unwrap()));
    IdentityRule { issuer: Vec::new(), subject: subject.collect(), scope, role }
}

#[test]
fn first_rule_that_matches_says_scope_and_role() {
    let der = certificate(|_| ());
    let parsed = PeerCertificate::parse(&der).unwrap();
    let fixed = |name: &str| Source::Fixed(ScopeName::parse(name).unwrap());
    let role = Some(Source::Field(NameField::CommonName));
    let of = |rules: Vec<IdentityRule>| {
        let mapping = IdentityConfig { rules, ..IdentityConfig::default() };
        mapped(&["demo", "other"], mapping, Vec::new()).identify(&parsed)
    };
    let other = rule(&[(NameField::CommonName, "client*")], fixed("other"), role.clone());
    let found = of(vec![other.clone()]).unwrap();
    assert_eq!(found.scope.as_str(), "other");
    assert_eq!(found.role.unwrap().as_str(), "client1");

    let no_match = rule(&[(NameField::CommonName, "server*")], fixed("demo"), None);
    let both = [(NameField::CommonName, "client1"), (NameField::OrganizationalUnit, "else")];
    let half = rule(&both, fixed("demo"), None);
    assert_eq!(of(vec![no_match.clone(), half, other]).unwrap().scope.as_str(), "other");
    let fallen = of(vec![no_match]).unwrap();
    assert_eq!((fallen.scope.as_str(), fallen.role), ("demo", None), "the subject's OU");
}

#[test]
fn rule_that_leads_nowhere_refuses() {
    let der = certificate(|_| ());
    let parsed = PeerCertificate::parse(&der).unwrap();
    let of = |rule: IdentityRule| {
        let mapping = IdentityConfig { rules: vec![rule], ..IdentityConfig::default() };
        mapped(&["demo"], mapping, Vec::new()).identify(&parsed)
    };
    let fixed = |name: &str| Source::Fixed(ScopeName::parse(name).unwrap());
    let gone = of(rule(&[], fixed("gone"), None));
    assert!(matches!(gone, Err(IdentityError::UnknownScope { .. })));
    let absent = of(rule(&[], Source::Field(NameField::UserId), None));
    assert_eq!(absent, Err(IdentityError::NoScope("UID")));
    let role = Source::Field(NameField::OrganizationalUnit);
    let no_role = of(rule(&[], fixed("demo"), Some(role)));
    assert!(matches!(no_role, Err(IdentityError::UnknownRole { .. })));
}

#[test]
fn field_that_is_not_there_names_no_role() {
    let der = certificate(|_| ());
    let parsed = PeerCertificate::parse(&der).unwrap();
    let of = |role_from| {
        let mapping = IdentityConfig { role_from, ..IdentityConfig::default() };
        mapped(&["demo"], mapping, Vec::new()).identify(&parsed).map(|found| found.role)
    };
    assert_eq!(of(None), Ok(None));
    assert_eq!(of(Some(NameField::Organization)), Ok(None));
    assert_eq!(of(Some(NameField::CommonName)), Ok(RoleName::parse("client1")));
    assert!(of(Some(NameField::OrganizationalUnit)).is_err(), "demo is no role");
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
