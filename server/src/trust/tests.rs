use std::sync::Arc;
use std::time::{Duration, Instant};

use hsm_backend::fault::{FaultyBackend, Moment, Verb};
use hsm_backend::memory::MemoryBackend;
use hsm_backend::{CallContext, HsmBackend, HsmErrorKind, KeyRef};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};

use super::*;
use crate::ca::{ReadCertificate, is_signed_by};
use crate::config::TlsConfig;
use crate::directory::ClientKey;
use crate::keyring::Keyring;
use crate::store::{ObjectStore, SqliteStore};

const NOW: i64 = 1_800_000_000;
const DAY: i64 = 86_400;

struct Bench {
    store: Arc<dyn ObjectStore>,
    hsm: Arc<dyn HsmBackend>,
    trust: Arc<Trust>,
}

fn bench() -> Bench {
    on(Arc::new(MemoryBackend::new()))
}

fn on(hsm: Arc<dyn HsmBackend>) -> Bench {
    over(Arc::new(SqliteStore::in_memory().unwrap()), hsm, TrustRules::default())
}

fn over(store: Arc<dyn ObjectStore>, hsm: Arc<dyn HsmBackend>, rules: TrustRules) -> Bench {
    let keyring = Arc::new(Keyring::new(Arc::clone(&store), Arc::clone(&hsm)));
    let ca = InternalCa::new(keyring, Arc::clone(&hsm), rules);
    let gate = Gate::open(&TlsConfig::default()).unwrap();
    let trust = Trust::open(ca, gate, None).unwrap();
    Bench { store, hsm, trust }
}

fn call() -> CallContext {
    let deadline = Instant::now() + Duration::from_secs(60);
    CallContext { deadline, scope: "test".to_owned(), request_id: 1 }
}

fn client(bench: &Bench, seconds: i64, now: i64) -> Issued {
    let key = SoftwareKey::generate(ClientKey::EcP256).unwrap().public;
    let holder = Holder { scope: "payments", role: "app" };
    bench.trust.ca().certify_client(&call(), key, holder, seconds, now).unwrap()
}

#[test]
fn ca_is_made_once_and_found_again() {
    let bench = bench();
    assert!(bench.trust.ca().existing().unwrap().is_none());
    let made = bench.trust.authorities(&call(), NOW).unwrap();
    assert!(made.root.certificate.is_issued_by(&made.root.certificate));
    assert!(made.issuer.certificate.is_issued_by(&made.root.certificate));
    assert_eq!(bench.trust.gate().anchors.current().all().count(), 2);
    let again = over(bench.store, bench.hsm, TrustRules::default());
    let found = again.trust.ca().existing().unwrap().unwrap();
    assert_eq!(found.issuer.key, made.issuer.key);
    assert_eq!(again.trust.gate().anchors.current().all().count(), 2, "trusted from the start");
}

#[test]
fn ca_has_a_key_of_the_kind_that_was_set_last() {
    let bench = bench();
    let ca = bench.trust.ca();
    assert_eq!(ca.key_kind().unwrap(), ClientKey::EcP384);
    for kind in [ClientKey::EcP256, ClientKey::EcP521, ClientKey::Rsa2048, ClientKey::Ed25519] {
        ca.set_key_kind(kind).unwrap();
        assert_eq!(ca.key_kind().unwrap(), kind);
        let rolled = bench.trust.roll(&call(), Level::Root, NOW).unwrap();
        let issued = client(&bench, 60, NOW);
        assert!(issued.certificate.is_issued_by(&rolled.issuer.certificate), "{kind:?}");
    }
}

#[test]
fn client_certificate_says_scope_and_role_and_nothing_of_its_own() {
    let bench = bench();
    let issued = client(&bench, 3_600, NOW);
    let subject = issued.certificate.subject().to_string();
    assert!(subject.contains("O=payments") && subject.contains("OU=app"), "{subject}");
    assert_eq!(issued.certificate.validity(), (NOW - 60, NOW + 3_600));
    assert_eq!(issued.chain.len(), 2);
    let contents = issued.certificate.contents().unwrap();
    assert!(!contents.is_ca() && contents.crl_points.is_none());
    let other = client(&bench, 3_600, NOW);
    assert_ne!(issued.serial, other.serial);
    assert!(issued.serial.0.len() >= 15, "{}", issued.serial);
    assert_ne!(subject, other.certificate.subject().to_string());
}

#[test]
fn client_certificate_ends_with_the_longest_time_and_with_its_issuer() {
    let bench = bench();
    let longest = i64::from(TrustRules::default().max_client_seconds);
    assert_eq!(client(&bench, i64::MAX, NOW).not_after, NOW + longest);
    let issuer_ends = bench.trust.authorities(&call(), NOW).unwrap().issuer.not_after();
    let late = issuer_ends - 100;
    assert_eq!(client(&bench, DAY, late).not_after, issuer_ends);
    let key = SoftwareKey::generate(ClientKey::EcP256).unwrap().public;
    let holder = Holder { scope: "s", role: "r" };
    for (seconds, now) in [(0, NOW), (-1, NOW), (60, issuer_ends + 1)] {
        let refused = bench.trust.ca().certify_client(&call(), key.clone(), holder, seconds, now);
        assert!(refused.is_err(), "{seconds} {now}");
    }
}

#[test]
fn short_keys_are_not_certified() {
    let bench = bench();
    let key =
        hsm_backend::PublicKey::Rsa { modulus: vec![0xC1; 128], public_exponent: vec![1, 0, 1] };
    let holder = Holder { scope: "s", role: "r" };
    assert!(bench.trust.ca().certify_client(&call(), key, holder, 60, NOW).is_err());
}

#[test]
fn another_issuer_leaves_what_was_signed_before_trusted() {
    let bench = bench();
    let before = bench.trust.authorities(&call(), NOW).unwrap();
    let old = client(&bench, DAY, NOW);
    let rolled = bench.trust.roll(&call(), Level::Issuer, NOW + 1).unwrap();
    assert_ne!(rolled.issuer.key, before.issuer.key);
    assert_eq!(rolled.root.key, before.root.key);
    assert_eq!(rolled.former_issuers.len(), 1);
    assert!(old.certificate.is_issued_by(&rolled.former_issuers[0].certificate));
    assert!(client(&bench, DAY, NOW).certificate.is_issued_by(&rolled.issuer.certificate));
    assert_eq!(bench.trust.gate().anchors.current().all().count(), 3);
}

#[test]
fn clients_of_the_first_root_accept_the_server_after_others_took_over() {
    let bench = bench();
    // TLS looks at the machine's clock, not at the test's.
    let now = i64::try_from(UnixTime::now().as_secs()).unwrap();
    let first = bench.trust.authorities(&call(), now).unwrap();
    for _ in 0..2 {
        bench.trust.roll(&call(), Level::Root, now).unwrap();
    }
    let third = bench.trust.ca().existing().unwrap().unwrap();
    assert_eq!((third.former_roots.len(), third.crosses.len()), (2, 2));
    let key = SoftwareKey::generate(ClientKey::EcP256).unwrap().public;
    let names = ServerNames { hosts: vec!["kmip.example".to_owned()], ips: Vec::new() };
    let server = bench.trust.ca().certify_server(&call(), key, &names, now).unwrap();
    for root in [&first.root, &third.root, &third.former_roots[1]] {
        verify(root, &server.certificate, &third.shown_chain()).unwrap();
    }
    let stranger = bench_root(now);
    assert!(verify(&stranger, &server.certificate, &third.shown_chain()).is_err());
}

fn bench_root(now: i64) -> HeldCa {
    bench().trust.authorities(&call(), now).unwrap().root.clone()
}

fn verify(root: &HeldCa, leaf: &ReadCertificate, chain: &[Vec<u8>]) -> Result<(), rustls::Error> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from(root.certificate.der().to_vec())).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier =
        rustls::client::WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
            .build()
            .unwrap();
    let leaf = CertificateDer::from(leaf.der().to_vec());
    let chain: Vec<_> = chain.iter().map(|der| CertificateDer::from(der.clone())).collect();
    let name = ServerName::try_from("kmip.example").unwrap();
    use rustls::client::danger::ServerCertVerifier;
    verifier.verify_server_cert(&leaf, &chain, &name, &[], UnixTime::now()).map(|_| ())
}

#[test]
fn cas_are_replaced_in_time_and_forgotten_when_they_have_ended() {
    let bench = bench();
    let ca = bench.trust.ca();
    assert!(!ca.keep_up(&call(), NOW).unwrap(), "nothing is made that nobody asked for");
    let first = bench.trust.authorities(&call(), NOW).unwrap();
    assert!(!ca.keep_up(&call(), NOW + 1_000 * DAY).unwrap());
    assert!(ca.keep_up(&call(), NOW + 1_217 * DAY).unwrap(), "two thirds of five years");
    let second = ca.existing().unwrap().unwrap();
    assert_ne!(second.issuer.key, first.issuer.key);
    assert!(ca.keep_up(&call(), NOW + 1_826 * DAY).unwrap(), "the first issuer has ended");
    let third = ca.existing().unwrap().unwrap();
    assert!(third.former_issuers.is_empty());
    let gone = KeyRef::Token(first.issuer.key);
    assert!(bench.hsm.destroy_key(&call(), &gone).is_err(), "its key is gone already");
}

#[test]
fn takeover_that_breaks_off_anywhere_leaves_a_ca_that_signs_and_is_completed_later() {
    for nth in 1..=4 {
        let token = Arc::new(FaultyBackend::new(Arc::new(MemoryBackend::new())));
        let bench = on(token.clone());
        bench.trust.authorities(&call(), NOW).unwrap();
        token.fail_nth(Verb::Sign, nth, HsmErrorKind::Device(5), Moment::Before);
        let rolled = bench.trust.roll(&call(), Level::Root, NOW);
        token.heal();
        assert_eq!(rolled.is_err(), nth <= 3, "two signatures for the root, one for the issuer");
        let now = bench.trust.ca().existing().unwrap().unwrap();
        let issued = client(&bench, 60, NOW);
        assert!(issued.certificate.is_issued_by(&now.issuer.certificate));
        assert_eq!(issued.chain.len(), 2, "whichever root the issuer has is known");
        bench.trust.ca().keep_up(&call(), NOW).unwrap();
        let whole = bench.trust.ca().existing().unwrap().unwrap();
        assert!(whole.issuer.certificate.is_issued_by(&whole.root.certificate));
    }
}

#[test]
fn former_ca_is_taken_out_of_trust_and_one_in_force_is_not() {
    let bench = bench();
    let first = bench.trust.authorities(&call(), NOW).unwrap();
    assert!(bench.trust.forget(&call(), Level::Issuer, first.issuer.key).is_err());
    bench.trust.roll(&call(), Level::Issuer, NOW).unwrap();
    bench.trust.forget(&call(), Level::Issuer, first.issuer.key).unwrap();
    assert_eq!(bench.trust.gate().anchors.current().all().count(), 2);
    assert!(bench.trust.forget(&call(), Level::Issuer, first.issuer.key).is_err());
}

#[test]
fn list_of_a_forgotten_ca_is_neither_published_nor_waited_for() {
    let bench = bench();
    let first = bench.trust.authorities(&call(), NOW).unwrap();
    let second = bench.trust.roll(&call(), Level::Issuer, NOW).unwrap();
    let shelf = bench.trust.crls();
    for (ca, now) in [(&first.issuer, NOW), (&second.issuer, NOW + DAY)] {
        let list = shelf.successor(ca, (&*bench.hsm, &call()), &[], 3_600, now).unwrap();
        shelf.put(ca.short_name(), list);
    }
    assert_eq!(shelf.earliest_due(), Some(NOW + 2_380));
    bench.trust.forget(&call(), Level::Issuer, first.issuer.key).unwrap();
    assert!(shelf.get(&first.issuer.short_name()).is_none());
    assert_eq!(shelf.earliest_due(), Some(NOW + DAY + 2_380));
}

#[test]
fn lists_are_signed_numbered_and_replaced_when_they_have_to_be() {
    let bench = bench();
    let authorities = bench.trust.authorities(&call(), NOW).unwrap();
    let (issuer, token) = (&authorities.issuer, (&*bench.hsm, &call()));
    let shelf = CrlShelf::default();
    let renewed = |revoked: &[Revocation], now| {
        shelf.is_due(issuer, revoked, now).then(|| {
            let list = shelf.successor(issuer, token, revoked, 3_600, now).unwrap();
            shelf.put(issuer.short_name(), list.clone());
            list
        })
    };
    let empty = renewed(&[], NOW).unwrap();
    assert!(is_signed_by(&empty.der, issuer.certificate.key().unwrap()));
    assert_eq!((empty.number, empty.validity), (1, (NOW - 60, NOW + 3_600)));
    // However short its time is, it is not due at once.
    let brief = shelf.successor(issuer, token, &[], 3, NOW).unwrap();
    assert_eq!(brief.validity, (NOW - 3, NOW + 3));
    assert!(renewed(&[], NOW + 1_000).is_none());
    let revoked =
        [Revocation { serial: vec![5], at: NOW }, Revocation { serial: vec![9], at: NOW }];
    assert_eq!(renewed(&revoked, NOW + 1_000).unwrap().number, 2);
    assert!(renewed(&revoked, NOW + 1_001).is_none());
    let again = renewed(&revoked, NOW + 1_000 + 2_400).unwrap();
    assert_eq!(again.number, 3, "two thirds of its time are over");
    assert_eq!(Crl::read(&again.der).unwrap().number, 3);
}

#[test]
fn credential_is_written_in_each_form() {
    let bench = bench();
    let key = SoftwareKey::generate(ClientKey::Ed25519).unwrap();
    let holder = Holder { scope: "s", role: "r" };
    let ca = bench.trust.ca();
    let issued = ca.certify_client(&call(), key.public.clone(), holder, 60, NOW).unwrap();
    let text = |form| render(&issued, Some(&key), form).unwrap();
    let read = |bytes: &kmip_core::secret::SecretBytes| {
        String::from_utf8(bytes.expose().to_vec()).unwrap()
    };
    let pem = text(CredentialForm::Pem);
    assert!(read(&pem.certificate).starts_with("-----BEGIN CERTIFICATE-----\n"));
    assert!(read(pem.private_key.as_ref().unwrap()).starts_with("-----BEGIN PRIVATE KEY-----\n"));
    assert_eq!(pem.ca_chain.len(), 2);
    let bundle = read(&text(CredentialForm::PemBundle).certificate);
    assert_eq!(bundle.matches("BEGIN CERTIFICATE").count(), 3);
    assert!(bundle.starts_with("-----BEGIN PRIVATE KEY-----\n"));
    let der = read(&text(CredentialForm::Der).certificate);
    assert!(!der.contains('\n') && !der.contains('-'));
    assert!(!format!("{pem:?}").contains("PRIVATE"));
    assert_eq!(CredentialForm::named("pem_bundle"), Some(CredentialForm::PemBundle));
    assert_eq!(CredentialForm::named("pkcs12"), None);
}
