//! What the internal CA publishes.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use server::ca::{ReadCertificate, is_signed_by};
use server::directory::ClientKey;
use server::trust::{self, Crl, TrustRules};

use super::house::{House, demo};

fn serve(house: &House) -> SocketAddr {
    let router = trust::router(house.trust().clone());
    house.runtime().block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        addr
    })
}

/// Status and body.
fn get(addr: SocketAddr, path: &str) -> (u16, Vec<u8>) {
    let mut stream = TcpStream::connect(addr).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let head = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let status = String::from_utf8_lossy(&answer[9..12]).parse().unwrap();
    (status, answer[head + 4..].to_vec())
}

#[test]
fn revoked_certificates_stand_in_a_list_that_the_issuer_has_signed() {
    let house = House::open();
    let role = house.role("app");
    let addr = serve(&house);
    let credential = house.credential(&role, ClientKey::EcP256, 86_400);
    trust::keep_up(house.services());
    let (status, before) = get(addr, "/v1/kmip/ca/crl");
    assert_eq!(status, 200);
    assert_eq!(Crl::read(&before).unwrap().number, 1);
    trust::revoke(house.services(), &demo(), &role, &credential.serial).unwrap();
    trust::keep_up(house.services());
    let issuer = house.trust().ca().existing().unwrap().unwrap().issuer.clone();
    let (status, list) = get(addr, &format!("/v1/kmip/ca/crl/{}", issuer.short_name()));
    assert_eq!(status, 200);
    assert!(is_signed_by(&list, issuer.certificate.key().unwrap()));
    assert_eq!(Crl::read(&list).unwrap().number, 2);
    let serial = &credential.serial.0;
    assert!(list.windows(serial.len()).any(|bytes| bytes == serial), "it is in the list");
    assert_eq!(get(addr, "/v1/kmip/ca/crl/00000000").0, 404);
}

#[test]
fn cas_are_published_and_certificates_say_where_their_list_is() {
    let url = "http://kmip.example/v1/kmip/ca/crl";
    let rules = TrustRules { crl_url: Some(url.to_owned()), ..TrustRules::default() };
    let house = House::with(tempfile::tempdir().unwrap(), rules, |_, _| ());
    let addr = serve(&house);
    let (status, pem) = get(addr, "/v1/kmip/ca/pem");
    assert_eq!(status, 200);
    let pem = String::from_utf8(pem).unwrap();
    assert_eq!(pem.matches("BEGIN CERTIFICATE").count(), 2);
    let all = house.trust().ca().existing().unwrap().unwrap();
    let first = &pem[..pem.find("-----END CERTIFICATE-----").unwrap() + 26];
    let root = ReadCertificate::read(first.as_bytes()).unwrap();
    assert_eq!(root.der(), all.root.certificate.der());
    let server = house.gate.server.certificate().unwrap();
    let point = format!("{url}/{}", all.issuer.short_name());
    let point = point.as_bytes();
    assert!(server.der().windows(point.len()).any(|bytes| bytes == point));
    // Clients that are shown the certificate look there at once.
    assert_eq!(get(addr, &format!("/v1/kmip/ca/crl/{}", all.issuer.short_name())).0, 200);
}
