//! The doors of the real server: its own certificate renewed under load, lists of revoked certificates, and
//! files that change while it runs.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use kmip_core::payload::RngRetrieveRequest;
use kmip_core::types::ResultReason;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType, IsCa, Issuer,
    KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SerialNumber,
};
use server::client::{Client, ClientConfig, ClientError};
use softhsm_tests::server::{Server, Trial};
use softhsm_tests::{docs, program};

const PATIENCE: Duration = Duration::from_secs(60);

/// Body of a GET at the monitoring listener.
fn get(server: &Server, path: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(server.ready().monitoring_addr.unwrap()).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
    let head = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    answer[head + 4..].to_vec()
}

fn ask(client: &mut Client) -> Result<(), ClientError> {
    client.call(RngRetrieveRequest { data_length: 8 }).map(|_| ())
}

fn comes_in(config: &ClientConfig) -> Result<Client, ClientError> {
    let mut client = Client::connect(config)?;
    ask(&mut client)?;
    Ok(client)
}

/// A trial whose server has a certificate of the internal CA, valid for so many seconds.
fn without_certificate(seconds: u32) -> Trial {
    let trial = Trial::new();
    trial.start().stop();
    let given = "certificate = \"pki/server.pem\"\nprivate_key = \"pki/server.key\"\n";
    trial.edit_config(given, "");
    let renewed = format!("[internal_ca]\nserver_seconds = {seconds}\n\n[monitoring]");
    trial.edit_config("[monitoring]", &renewed);
    trial
}

/// The trial's first client, which trusts the internal CA.
fn client(trial: &Trial, server: &Server) -> ClientConfig {
    let ca = trial.folder().join("internal-ca.pem");
    std::fs::write(&ca, get(server, "/v1/kmip/ca/pem")).unwrap();
    ClientConfig { ca, ..server.ready().client() }
}

fn shown(client: &Client) -> Vec<u8> {
    client.tls().peer_certificates().unwrap()[0].to_vec()
}

#[test]
fn server_renews_its_certificate_and_no_handshake_fails() {
    let trial = without_certificate(6);
    let server = trial.start();
    let mut config = client(&trial, &server);
    config.resumption = false;
    let mut open = comes_in(&config).unwrap();
    let mut seen = vec![shown(&open)];
    let deadline = Instant::now() + PATIENCE;
    let mut comings = 0_u32;
    while seen.len() < 4 {
        assert!(Instant::now() < deadline, "{} certificates after {comings} comings", seen.len());
        let certificate = shown(&comes_in(&config).unwrap());
        comings += 1;
        if !seen.contains(&certificate) {
            seen.push(certificate);
        }
    }
    ask(&mut open).unwrap();
    println!("{} certificates, {comings} handshakes, no failure", seen.len());
    server.stop();
}

#[test]
fn certificate_outlives_a_restart() {
    let trial = without_certificate(86_400);
    let server = trial.start();
    let config = client(&trial, &server);
    let first = shown(&comes_in(&config).unwrap());
    server.stop();
    let server = trial.start();
    let config = client(&trial, &server);
    assert_eq!(shown(&comes_in(&config).unwrap()), first);
    server.stop();
}

#[test]
fn commands_of_the_guide_fetch_and_check_what_the_ca_publishes() {
    let trial = without_certificate(86_400);
    let server = trial.start();
    let guide = program::repository().join("docs/guides/client-credentials.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    let port = server.ready().monitoring_addr.unwrap().port().to_string();
    let blocks = docs::blocks(&guide);
    let [block] = &blocks[..] else { panic!("{blocks:?}") };
    // The list is made in the first round of the housekeeping, which may be under way.
    let block = block
        .replace("9696", &port)
        .replace("--fail", "--fail --retry 60 --retry-delay 1 --retry-all-errors");
    let output =
        Command::new("bash").args(["-euc", &block]).current_dir(trial.folder()).output().unwrap();
    let (said, cried) = (
        String::from_utf8_lossy(&output.stdout).into_owned(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    );
    assert!(output.status.success(), "{cried}");
    assert!(cried.contains("verify OK"), "{cried}");
    assert!(said.contains("Claviger issuer") && said.contains("No Revoked Certificates"), "{said}");
    server.stop();
}

/// A CA of somebody else.
struct Elsewhere(Issuer<'static, KeyPair>);

impl Elsewhere {
    /// Makes it, with its certificate in `file`.
    fn new(file: &Path) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, "Example Issuing CA 7");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().unwrap();
        std::fs::write(file, params.self_signed(&key).unwrap().pem()).unwrap();
        Self(Issuer::new(params, key))
    }

    /// Certificate and key of a client.
    fn client(&self, folder: &Path, name: &str, serial: u64) -> (PathBuf, PathBuf) {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.serial_number = Some(SerialNumber::from(serial));
        let key = KeyPair::generate().unwrap();
        let file = |ending: &str| folder.join(format!("{name}.{ending}"));
        std::fs::write(file("pem"), params.signed_by(&key, &self.0).unwrap().pem()).unwrap();
        std::fs::write(file("key"), key.serialize_pem()).unwrap();
        (file("pem"), file("key"))
    }

    fn revoke(&self, file: &Path, serials: &[u64]) {
        let now = rcgen::date_time_ymd(2026, 1, 1);
        let revoked = serials.iter().map(|serial| RevokedCertParams {
            serial_number: SerialNumber::from(*serial),
            revocation_time: now,
            reason_code: None,
            invalidity_date: None,
        });
        let params = CertificateRevocationListParams {
            this_update: now,
            next_update: rcgen::date_time_ymd(2126, 1, 1),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: revoked.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        // In one step: half a list would only be a line in the log, but an odd one.
        let half = file.with_extension("half");
        std::fs::write(&half, params.signed_by(&self.0).unwrap().der()).unwrap();
        std::fs::rename(&half, file).unwrap();
    }
}

const RULES: &str = r#"[[identity.rule]]
issuer = { CN = "Example Issuing CA *" }
subject = { CN = "db-*" }
scope = "demo"

[[scope]]
name = "demo""#;

#[test]
fn client_of_another_ca_is_mapped_by_a_rule_and_refused_once_it_is_revoked() {
    let trial = Trial::new();
    trial.start().stop();
    let elsewhere = Elsewhere::new(&trial.data().join("corporate-ca.pem"));
    let list = trial.data().join("corporate.crl");
    elsewhere.revoke(&list, &[]);
    let files =
        "client_ca = [\"pki/ca.pem\", \"corporate-ca.pem\"]\nclient_crl = [\"corporate.crl\"]";
    trial.edit_config("client_ca = [\"pki/ca.pem\"]", files);
    trial.edit_config("[[scope]]\nname = \"demo\"", RULES);
    let server = trial.start();
    let of = |(certificate, private_key): (PathBuf, PathBuf)| ClientConfig {
        certificate,
        private_key,
        ..server.ready().client()
    };
    let stranger = of(elsewhere.client(trial.folder(), "web-1", 1));
    assert!(comes_in(&stranger).is_err(), "no rule, and no OU");
    let good = of(elsewhere.client(trial.folder(), "db-2", 2));
    let bad = of(elsewhere.client(trial.folder(), "db-3", 3));
    let (mut others, mut open) = (comes_in(&good).unwrap(), comes_in(&bad).unwrap());

    elsewhere.revoke(&list, &[3]);
    let begun = Instant::now();
    let hangup = Command::new("kill").args(["-HUP", &server.pid().to_string()]).status();
    assert!(hangup.unwrap().success());
    let refused = loop {
        match ask(&mut open) {
            Ok(()) => assert!(begun.elapsed() < Duration::from_secs(5), "not within 5 s"),
            Err(error) => break error,
        }
    };
    assert_eq!(refused.reason(), Some(ResultReason::AuthenticationNotSuccessful), "{refused}");
    assert!(comes_in(&bad).is_err());
    ask(&mut others).unwrap();
    comes_in(&good).unwrap();
    server.stop();
}
