//! Certificates from a real token, held against other people's X.509: Python's `cryptography`,
//! OpenSSL, and rustls in a handshake.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use kmip_core::attribute::{Attribute, AttributeKind as Kind, CertificateSubject, Link};
use kmip_core::object::Object;
use kmip_core::payload::{CertifyRequest, CreateKeyPairRequest, ReCertifyRequest, ValidateRequest};
use kmip_core::ttlv::Interval;
use kmip_core::types::{
    CertificateRequestType, CertificateType, CryptographicAlgorithm as Algorithm,
    CryptographicUsageMask as Mask, KeyFormatType, LinkType, ProtocolVersion, ValidityIndicator,
};
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, PublicKeyData};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection};
use server::client::Client;
use server::client::template::{mask, name, template};
use softhsm_tests::requests::{Id, active_at_once, get, get_attributes};
use softhsm_tests::server::{TokenKind, Trial};
use softhsm_tests::{docs, keys, program};

const DNS: &str = "web.example.com";

fn link(link_type: LinkType, to: &Id) -> Attribute {
    Attribute::new(Kind::Link, &Link { link_type, linked_object_identifier: to.clone() })
}

fn subject(name: &str) -> Attribute {
    let distinguished_name = name.to_owned();
    let alternative_names = Vec::new();
    let subject = CertificateSubject { distinguished_name, alternative_names };
    Attribute::new(Kind::CertificateSubject, &subject)
}

fn x509() -> Attribute {
    Attribute::new(Kind::CertificateType, &CertificateType::X_509)
}

/// Certifies with these attributes, and as the request says if there is one.
fn certify(
    client: &mut Client,
    public: &Id,
    request: Option<(CertificateRequestType, Vec<u8>)>,
    attributes: Vec<Attribute>,
) -> Id {
    let (certificate_request_type, certificate_request) = request.unzip();
    let answer = client.call(CertifyRequest {
        unique_identifier: Some(public.clone()),
        certificate_request_type,
        certificate_request,
        template_attribute: Some(template(attributes)),
    });
    answer.unwrap().unique_identifier
}

/// A certificate's DER.
fn der(client: &mut Client, certificate: &Id) -> Vec<u8> {
    match client.call(get(certificate)).unwrap().object {
        Object::Certificate(found) => found.certificate_value,
        other => panic!("{other:?}"),
    }
}

/// What an object links to so.
fn linked(client: &mut Client, object: &Id, link_type: LinkType) -> Id {
    let answer = client.call(get_attributes(object, &[Kind::Link])).unwrap();
    let links = answer.attributes.iter();
    let mut links = links.map(|link| link.value.to::<Link>(ProtocolVersion::NEWEST).unwrap());
    links.find(|link| link.link_type == link_type).unwrap().linked_object_identifier
}

fn verdict(client: &mut Client, chain: Vec<Id>) -> ValidityIndicator {
    let request = ValidateRequest {
        certificates: Vec::new(),
        unique_identifiers: chain,
        validity_date: None,
    };
    client.call(request).unwrap().validity_indicator
}

/// A key pair in the token whose private half signs certificates, and its own certificate.
fn root(client: &mut Client, algorithm: Algorithm, bits: Option<i32>) -> Id {
    let mut common =
        vec![Attribute::new(Kind::CryptographicAlgorithm, &algorithm), active_at_once()];
    common.extend(bits.map(|bits| Attribute::new(Kind::CryptographicLength, &bits)));
    let for_cas = Mask::CertificateSign.union(Mask::CRLSign);
    let pair = client.call(CreateKeyPairRequest {
        common_template_attribute: Some(template(common)),
        private_key_template_attribute: Some(template(vec![mask(Mask::CertificateSign)])),
        public_key_template_attribute: Some(template(vec![mask(for_cas)])),
    });
    let pair = pair.unwrap();
    let wishes = vec![
        x509(),
        subject("CN=Root,O=Example,C=DE"),
        link(LinkType::PrivateKeyLink, &pair.private_key_unique_identifier),
    ];
    certify(client, &pair.public_key_unique_identifier, None, wishes)
}

/// A key that a client made for itself, and the object of its public half.
fn brought(client: &mut Client) -> (KeyPair, Id) {
    let key = KeyPair::generate().unwrap();
    let info = key.subject_public_key_info();
    let request = keys::public(Algorithm::ECDSA, KeyFormatType::X_509, &info);
    (key, client.call(request).unwrap().unique_identifier)
}

/// A certificate request for use by both ends of a connection.
fn request(key: &KeyPair) -> (CertificateRequestType, Vec<u8>) {
    let mut params = CertificateParams::new(vec![DNS.to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, "web");
    params.extended_key_usages =
        vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    let der = params.serialize_request(key).unwrap().der().to_vec();
    (CertificateRequestType::PKCS_10, der)
}

/// Kind, length, and whether the rules of the Web PKI admit it.
const KINDS: &[(Algorithm, Option<i32>, bool)] = &[
    (Algorithm::RSA, Some(2_048), true),
    (Algorithm::RSA, Some(4_096), true),
    (Algorithm::ECDSA, Some(256), true),
    (Algorithm::ECDSA, Some(384), true),
    (Algorithm::ECDSA, Some(521), true),
    (Algorithm::Ed25519, None, false),
    (Algorithm::Ed448, None, false),
];

#[test]
fn independent_library_accepts_certificates_of_every_kind_of_key() {
    let trial = Trial::new();
    let server = trial.start();
    let mut client = server.client();
    let (key, public) = brought(&mut client);
    let mut cases = Vec::new();
    let edwards = [Algorithm::Ed25519, Algorithm::Ed448];
    let served = |kind| trial.kind() == TokenKind::SoftHsm || !edwards.contains(&kind);
    for (algorithm, bits, policy) in KINDS.iter().filter(|(kind, ..)| served(*kind)) {
        let above = root(&mut client, *algorithm, *bits);
        let by_root = vec![link(LinkType::CertificateLink, &above)];
        let leaf = certify(&mut client, &public, Some(request(&key)), by_root);
        assert_eq!(
            verdict(&mut client, vec![leaf.clone(), above.clone()]),
            ValidityIndicator::Valid
        );
        cases.push(serde_json::json!({
            "name": format!("{algorithm:?} {bits:?}"),
            "leaf": hex::encode(der(&mut client, &leaf)),
            "root": hex::encode(der(&mut client, &above)),
            "dns": DNS,
            "policy": policy,
        }));
    }
    let leaf = certify(&mut client, &public, Some(request(&key)), Vec::new());
    let above = linked(&mut client, &leaf, LinkType::CertificateLink);
    cases.push(serde_json::json!({
        "name": "the server's CA",
        "leaf": hex::encode(der(&mut client, &leaf)),
        "root": hex::encode(der(&mut client, &above)),
        "dns": DNS,
        "policy": true,
    }));
    server.stop();
    let file = trial.folder().join("cases.json");
    std::fs::write(&file, serde_json::to_vec(&cases).unwrap()).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("interop/independent/certificates.py");
    let mut command = Command::new(program::python());
    let output = command.arg("-B").arg(script).arg(file).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let checked = String::from_utf8(output.stdout).unwrap();
    assert_eq!(checked.trim(), cases.len().to_string());
    docs::say(&format!("independent library: {} chains of certificates", cases.len()));
}

/// Moves what both sides have to say until neither has anything more.
fn shake_hands(client: &mut ClientConnection, server: &mut ServerConnection) {
    while client.is_handshaking() || server.is_handshaking() || client.wants_write() {
        let mut flight = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut flight).unwrap();
        }
        server.read_tls(&mut flight.as_slice()).unwrap();
        server.process_new_packets().unwrap();
        let mut flight = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut flight).unwrap();
        }
        client.read_tls(&mut flight.as_slice()).unwrap();
        client.process_new_packets().unwrap();
    }
}

/// Both ends show this certificate, and trust the one above.
fn mutual_tls(leaf: &[u8], above: &[u8], key: &KeyPair) {
    let own = || {
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        (vec![CertificateDer::from(leaf.to_vec())], PrivateKeyDer::from(key))
    };
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(above.to_vec())).unwrap();
    let roots = Arc::new(roots);
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let clients = rustls::server::WebPkiClientVerifier::builder_with_provider(
        Arc::clone(&roots),
        Arc::clone(&provider),
    );
    let (chain, private) = own();
    let listener = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(clients.build().unwrap())
        .with_single_cert(chain, private)
        .unwrap();
    let (chain, private) = own();
    let connector = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_client_auth_cert(chain, private)
        .unwrap();
    let mut listener = ServerConnection::new(Arc::new(listener)).unwrap();
    let name = ServerName::try_from(DNS).unwrap();
    let mut connector = ClientConnection::new(Arc::new(connector), name).unwrap();
    shake_hands(&mut connector, &mut listener);
    assert_eq!(connector.peer_certificates().unwrap()[0].as_ref(), leaf);
    assert_eq!(listener.peer_certificates().unwrap()[0].as_ref(), leaf);
}

#[test]
fn certificates_of_the_servers_ca_open_tls_connections_and_so_do_renewed_ones() {
    let trial = Trial::new();
    let server = trial.start();
    let mut client = server.client();
    let (key, public) = brought(&mut client);
    let first = certify(&mut client, &public, Some(request(&key)), vec![name("web")]);
    let above = linked(&mut client, &first, LinkType::CertificateLink);
    let trusted = der(&mut client, &above);
    mutual_tls(&der(&mut client, &first), &trusted, &key);
    client.close();
    server.stop();

    let server = trial.start();
    let mut client = server.client();
    let renewed = client.call(ReCertifyRequest {
        unique_identifier: Some(first.clone()),
        certificate_request_type: None,
        certificate_request: None,
        offset: Some(Interval(0)),
        template_attribute: None,
    });
    let renewed = renewed.unwrap().unique_identifier;
    let second = der(&mut client, &renewed);
    assert_ne!(second, der(&mut client, &first));
    mutual_tls(&second, &trusted, &key);
    assert_eq!(linked(&mut client, &public, LinkType::CertificateLink), renewed);
    assert_eq!(verdict(&mut client, vec![renewed]), ValidityIndicator::Valid, "its CA is known");
    server.stop();
}

/// The guide's commands, with its requests where it has them: after the certificate request is made.
#[test]
fn guide_works_as_it_stands_there() {
    let trial = Trial::new();
    let server = trial.start();
    let mut client = server.client();
    let guide = program::repository().join("docs/guides/certificates.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    let commands = docs::commands(&guide);
    let run = |command: &str| {
        let mut shell = Command::new("sh");
        shell.args(["-ec", command]).current_dir(trial.folder()).stdin(Stdio::null());
        let output = shell.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "is OpenSSL there? {command}: {said}");
    };
    let after = commands.iter().position(|line| line.contains("web.der")).unwrap();
    commands[..after].iter().for_each(|command| run(command));

    let read = |name: &str| std::fs::read(trial.folder().join(name)).unwrap();
    let register = keys::public(Algorithm::ECDSA, KeyFormatType::X_509, &read("web.pub"));
    let public = client.call(register).unwrap().unique_identifier;
    let asked = Some((CertificateRequestType::PEM, read("web.csr")));
    let certificate = certify(&mut client, &public, asked, Vec::new());
    let above = linked(&mut client, &certificate, LinkType::CertificateLink);
    for (name, object) in [("web.der", &certificate), ("ca.der", &above)] {
        std::fs::write(trial.folder().join(name), der(&mut client, object)).unwrap();
    }
    assert!(commands.len() > after);
    commands[after..].iter().for_each(|command| run(command));
    server.stop();
}
