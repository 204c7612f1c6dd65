//! Files of `[tls]` that change while the server runs.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rcgen::{
    CertificateParams, CertificateRevocationListParams, DnType, Issuer, KeyIdMethod, KeyPair,
    KeyUsagePurpose, RevokedCertParams, SerialNumber,
};
use server::client::{ClientConfig, Connector};
use server::config::PemFiles;
use server::pki::{Authority, PemPair};
use server::trust::{FileWatch, TrustRules};
use time::OffsetDateTime;

use super::house::{House, ask, comes_in, is_shown_out};

/// A CA of somebody else, in a folder.
struct Elsewhere {
    issuer: Issuer<'static, KeyPair>,
}

impl Elsewhere {
    fn new(folder: &Path) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, "Elsewhere");
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        std::fs::write(folder.join("ca.pem"), certificate.pem()).unwrap();
        Self { issuer: Issuer::new(params, key) }
    }

    /// A client of `demo` with this serial number.
    fn client(&self, folder: &Path, serial: u64) -> (std::path::PathBuf, std::path::PathBuf) {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::OrganizationalUnitName, "demo");
        params.serial_number = Some(SerialNumber::from(serial));
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let file = |ending| folder.join(format!("client{serial}.{ending}"));
        std::fs::write(file("pem"), certificate.pem()).unwrap();
        std::fs::write(file("key"), key.serialize_pem()).unwrap();
        (file("pem"), file("key"))
    }

    fn list(&self, revoked: &[u64]) -> Vec<u8> {
        let now = OffsetDateTime::now_utc();
        let revoked = revoked.iter().map(|serial| RevokedCertParams {
            serial_number: SerialNumber::from(*serial),
            revocation_time: now,
            reason_code: None,
            invalidity_date: None,
        });
        let params = CertificateRevocationListParams {
            this_update: now,
            next_update: now + time::Duration::days(1),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: revoked.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params.signed_by(&self.issuer).unwrap().der().to_vec()
    }
}

/// Waits for what the watching thread will see; it looks every two seconds.
fn eventually(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !is_so() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::yield_now();
    }
}

fn house(elsewhere: &mut Option<Elsewhere>) -> House {
    let folder = tempfile::tempdir().unwrap();
    House::with(folder, TrustRules::default(), |folder, config| {
        let ca = Elsewhere::new(folder);
        std::fs::write(folder.join("revoked.crl"), ca.list(&[])).unwrap();
        *elsewhere = Some(ca);
        config.tls.client_ca = vec![folder.join("ca.pem")];
        config.tls.client_crl = vec![folder.join("revoked.crl")];
        config.scopes.clear();
    })
}

fn as_client(house: &House, files: &(std::path::PathBuf, std::path::PathBuf)) -> ClientConfig {
    let root = house.trust().ca().existing().unwrap().unwrap().root.clone();
    let ca = house.folder().join("root.pem");
    std::fs::write(&ca, server::trust::certificate_pem(root.certificate.der()).unwrap()).unwrap();
    ClientConfig::new(house.addr.to_string(), &ca, &files.0, &files.1)
}

#[test]
fn certificate_that_another_ca_revokes_is_refused_by_every_way_in() {
    let mut elsewhere = None;
    let house = house(&mut elsewhere);
    let elsewhere = elsewhere.unwrap();
    let watch = FileWatch::start(&house.gate).unwrap();
    let [bad, good] = [7, 8].map(|serial| elsewhere.client(house.folder(), serial));
    let (bad, good) = (as_client(&house, &bad), as_client(&house, &good));
    let mut open = comes_in(&bad).unwrap();
    let mut others = comes_in(&good).unwrap();

    std::fs::write(house.folder().join("revoked.crl"), elsewhere.list(&[7])).unwrap();
    watch.look();
    eventually("the list is read", || comes_in(&bad).is_err());
    is_shown_out(&mut open);
    ask(&mut others).unwrap();
    comes_in(&good).unwrap();
}

#[test]
fn file_that_changes_while_the_server_starts_is_noticed() {
    let mut elsewhere = None;
    let house = house(&mut elsewhere);
    let elsewhere = elsewhere.unwrap();
    let bad = as_client(&house, &elsewhere.client(house.folder(), 7));
    // The files have been read, and nobody watches them yet.
    std::fs::write(house.folder().join("revoked.crl"), elsewhere.list(&[7])).unwrap();
    let watch = FileWatch::start(&house.gate).unwrap();
    watch.look();
    eventually("the list is read", || comes_in(&bad).is_err());
}

#[test]
fn list_that_comes_before_its_ca_is_in_force_as_soon_as_that_is() {
    let mut elsewhere = None;
    let house = house(&mut elsewhere);
    drop(elsewhere);
    let ca = house.folder().join("ca.pem");
    let (before, aside) = (std::fs::read_to_string(&ca).unwrap(), tempfile::tempdir().unwrap());
    // The CA has another key and the same name; its list is there first.
    let renewed = Elsewhere::new(aside.path());
    let after = std::fs::read_to_string(aside.path().join("ca.pem")).unwrap();
    let watch = FileWatch::start(&house.gate).unwrap();
    std::fs::write(house.folder().join("revoked.crl"), renewed.list(&[7])).unwrap();
    let trusted = || house.gate.anchors.current().all().count();
    let known = trusted();
    // That another CA is trusted tells that the files have been looked at.
    Elsewhere::new(aside.path());
    let third = std::fs::read_to_string(aside.path().join("ca.pem")).unwrap();
    std::fs::write(&ca, before + &third).unwrap();
    watch.look();
    eventually("the files are looked at", || trusted() > known);
    let [bad, good] = [7, 8].map(|serial| renewed.client(house.folder(), serial));
    let (bad, good) = (as_client(&house, &bad), as_client(&house, &good));
    std::fs::write(&ca, after).unwrap();
    watch.look();
    eventually("the CA is trusted", || comes_in(&good).is_ok());
    watch.look();
    eventually("the list is read", || comes_in(&bad).is_err());
}

#[test]
fn client_below_a_revoked_ca_is_refused_with_and_without_a_resumed_session() {
    let mut elsewhere = None;
    let house = house(&mut elsewhere);
    let elsewhere = elsewhere.unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, "Below");
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params.serial_number = Some(SerialNumber::from(40));
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, &elsewhere.issuer).unwrap();
    let below = Elsewhere { issuer: Issuer::new(params, key) };
    let files = below.client(house.folder(), 41);
    let own = std::fs::read_to_string(&files.0).unwrap();
    std::fs::write(&files.0, own + &certificate.pem()).unwrap();
    let config = as_client(&house, &files);
    let resuming = Connector::new(&config).unwrap();
    ask(&mut resuming.connect().unwrap()).unwrap();
    std::fs::write(house.folder().join("revoked.crl"), elsewhere.list(&[40])).unwrap();
    house.gate.read_revoked().unwrap();
    assert!(comes_in(&config).is_err());
    assert!(resuming.connect().and_then(|mut client| ask(&mut client)).is_err());
}

#[test]
fn list_that_is_broken_or_signed_by_another_leaves_the_one_before() {
    let mut elsewhere = None;
    let house = house(&mut elsewhere);
    let elsewhere = elsewhere.unwrap();
    let bad = as_client(&house, &elsewhere.client(house.folder(), 7));
    let file = house.folder().join("revoked.crl");
    std::fs::write(&file, elsewhere.list(&[7])).unwrap();
    house.gate.read_revoked().unwrap();
    assert!(comes_in(&bad).is_err());
    let forger = Elsewhere::new(tempfile::tempdir().unwrap().path());
    for wrong in [forger.list(&[]), b"no list".to_vec(), vec![0x30, 0x03, 1, 2, 3], Vec::new()] {
        std::fs::write(&file, wrong).unwrap();
        house.gate.read_revoked().unwrap_err();
        assert!(comes_in(&bad).is_err());
    }
}

#[test]
fn client_ca_that_is_added_is_trusted_and_one_that_is_gone_is_not() {
    let mut elsewhere = None;
    let house = house(&mut elsewhere);
    let first = as_client(&house, &elsewhere.unwrap().client(house.folder(), 1));
    comes_in(&first).unwrap();
    let second = Elsewhere::new(house.folder());
    std::fs::write(house.folder().join("revoked.crl"), second.list(&[])).unwrap();
    let client = as_client(&house, &second.client(house.folder(), 2));
    assert!(comes_in(&client).is_err());
    let watch = FileWatch::start(&house.gate).unwrap();
    house.gate.read_client_cas().unwrap();
    comes_in(&client).unwrap();
    assert!(comes_in(&first).is_err());
    drop(watch);
}

#[test]
fn certificate_that_is_given_is_swapped_when_its_files_fit_together() {
    let folder = tempfile::tempdir().unwrap();
    let mut pki = None;
    let house = House::with(folder, TrustRules::default(), |folder, config| {
        let authority = Authority::open_or_create(&PemPair::named(folder, "trial-ca")).unwrap();
        let pair = PemPair::named(folder, "server");
        authority.issue_server(&pair, None).unwrap();
        let PemPair { certificate, private_key } = pair.clone();
        config.tls.identity = Some(PemFiles { certificate, private_key });
        pki = Some((authority, pair));
    });
    let (authority, pair) = pki.unwrap();
    let role = house.role("app");
    let mut config = house.credential(&role, server::directory::ClientKey::EcP256, 3_600).config;
    config.ca = house.folder().join("trial-ca.pem");
    let shown = || {
        let client = comes_in(&config).unwrap();
        client.tls().peer_certificates().unwrap()[0].to_vec()
    };
    let first = shown();
    let watch = Arc::new(FileWatch::start(&house.gate).unwrap());
    // Half of what is new: the key of another certificate.
    let other = PemPair::named(house.folder(), "other");
    authority.issue_server(&other, None).unwrap();
    std::fs::copy(&other.certificate, &pair.certificate).unwrap();
    house.gate.read_server_certificate().unwrap_err();
    assert_eq!(shown(), first);
    std::fs::copy(&other.private_key, &pair.private_key).unwrap();
    watch.look();
    eventually("the other certificate is shown", || shown() != first);
}
