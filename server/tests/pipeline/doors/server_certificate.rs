//! The server's own certificate: issued, kept, renewed under load.

use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rustls::pki_types::CertificateDer;
use server::client::ClientConfig;
use server::config::TlsConfig;
use server::directory::ClientKey;
use server::trust::{self, Gate, ServerNames, TrustRules};

use super::house::{House, comes_in, trust as another_trust};

fn shown(config: &ClientConfig) -> CertificateDer<'static> {
    let client = comes_in(config).unwrap();
    client.tls().peer_certificates().unwrap()[0].clone().into_owned()
}

#[test]
fn certificate_is_renewed_under_handshakes_and_none_fails() {
    let house = House::open();
    let role = house.role("app");
    let credential = house.credential(&role, ClientKey::EcP256, 86_400);
    let first = shown(&credential.config);
    let (done, comings) = (AtomicBool::new(false), AtomicUsize::new(0));
    let mut config = credential.config.clone();
    config.resumption = false;
    let swaps = if cfg!(debug_assertions) { 200 } else { 1_000 };
    std::thread::scope(|threads| {
        for _ in 0..2 {
            threads.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    comes_in(&config).unwrap();
                    comings.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for number in 0..swaps {
            let names = ServerNames {
                hosts: vec![format!("kmip{number}.example")],
                ips: vec!["127.0.0.1".parse().unwrap()],
            };
            house.trust().set_names(&names).unwrap();
            trust::keep_up(house.services());
        }
        done.store(true, Ordering::Relaxed);
    });
    assert!(comings.load(Ordering::Relaxed) > 0);
    assert_ne!(shown(&credential.config), first);
}

#[test]
fn certificate_has_the_names_and_is_replaced_when_two_thirds_of_its_time_are_over() {
    let rules = TrustRules { server_seconds: 3_000, ..TrustRules::default() };
    let house = House::with(tempfile::tempdir().unwrap(), rules, |_, _| ());
    let first = house.gate.server.certificate().unwrap();
    trust::keep_up(house.services());
    assert_eq!(house.gate.server.certificate().unwrap().der(), first.der());
    house.world.clock.advance(2_000);
    trust::keep_up(house.services());
    let second = house.gate.server.certificate().unwrap();
    assert_ne!(second.der(), first.der());
    let named = second.contents().unwrap().alternative_names.unwrap();
    assert_eq!(named.0.len(), 3, "localhost, 127.0.0.1 and ::1");
    let wrong = ServerNames { hosts: vec!["no host".to_owned()], ips: Vec::new() };
    assert!(house.trust().set_names(&wrong).is_err());
}

#[test]
fn certificate_of_the_last_run_is_there_without_the_token() {
    let house = House::open();
    let file = house.folder().join("server-identity.pem");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    house.world.token.set_unavailable(true);
    let gate = Gate::open(&TlsConfig::default()).unwrap();
    another_trust(house.services(), TrustRules::default(), gate.clone(), file.clone());
    assert!(gate.server.is_there());
    std::fs::write(&file, "half a file").unwrap();
    let gate = Gate::open(&TlsConfig::default()).unwrap();
    another_trust(house.services(), TrustRules::default(), gate.clone(), file);
    assert!(!gate.server.is_there());
    house.world.token.set_unavailable(false);
}

#[test]
fn handshakes_are_refused_until_the_token_has_been_there_once() {
    let house = House::opened(tempfile::tempdir().unwrap(), TrustRules::default(), |_, _| (), true);
    assert!(!house.gate.server.is_there());
    let socket = std::net::TcpStream::connect(house.addr).unwrap();
    drop(socket);
    house.world.token.set_unavailable(false);
    trust::keep_up(house.services());
    let role = house.role("app");
    comes_in(&house.credential(&role, ClientKey::EcP256, 86_400).config).unwrap();
}
