//! A client that listens is told what happens, by the real server.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::sync::atomic::Ordering;

use kmip_core::ttlv::{Item, Value};
use kmip_core::types::{Operation, Tag};
use softhsm_tests::endpoint::Endpoint;
use softhsm_tests::requests::{self, Shortcuts};
use softhsm_tests::server::{TokenKind, Trial};

/// Has the trial tell `endpoint` of the scope `demo`; to be asked for after its first start.
fn tell(trial: &Trial, endpoint: &Endpoint) {
    let file = |name| endpoint.file(name).to_str().unwrap().to_owned();
    let table = format!(
        "[[notify]]\nscope = \"demo\"\naddr = \"{}\"\nput = true\n\
         ca = \"{}\"\ncertificate = \"{}\"\nprivate_key = \"{}\"\n\n[store]",
        endpoint.addr(),
        file("ca.pem"),
        file("claviger.pem"),
        file("claviger.key"),
    );
    trial.edit_config("[store]", &table);
}

fn operation(item: &Item) -> Operation {
    let Value::Structure(fields) = &item.value else { panic!("{item:?}") };
    match fields.iter().find(|field| field.tag == Tag::Operation).map(|field| &field.value) {
        Some(Value::Enumeration(number)) => Operation(*number),
        other => panic!("{other:?}"),
    }
}

#[test]
fn client_is_told_while_the_server_runs_and_after_it_was_away() {
    let trial = Trial::on(TokenKind::SoftHsm);
    trial.start().stop();
    let endpoint = Endpoint::new();
    tell(&trial, &endpoint);
    let server = trial.start();
    let key = server.client().make_aes(&[]).unwrap();
    assert_eq!(operation(&endpoint.wait()), Operation::Put);
    assert_eq!(operation(&endpoint.wait()), Operation::Notify, "it is fresh no more");
    server.client().call(requests::revoke(&key)).unwrap();
    assert_eq!(operation(&endpoint.wait()), Operation::Notify);

    // Nobody answers any more; the server serves on, and stops.
    endpoint.silences.store(usize::MAX, Ordering::SeqCst);
    server.client().call(requests::destroy(&key)).unwrap();
    let unanswered = endpoint.wait();
    server.stop();
    endpoint.silences.store(0, Ordering::SeqCst);
    drop(endpoint.told());
    let server = trial.start();
    assert_eq!(endpoint.wait(), unanswered, "told again");
    server.stop();
}
