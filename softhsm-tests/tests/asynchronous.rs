//! Operations that go on after their request was answered, against a real token.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::time::{Duration, Instant};

use kmip_core::attribute::{Attribute, AttributeKind, CryptographicParameters, Name};
use kmip_core::message::{RequestHeader, RequestItem, ResponseItem};
use kmip_core::payload::{CancelRequest, PollRequest, RequestPayload, ResponsePayload};
use kmip_core::types::{
    CancellationResult, CryptographicAlgorithm, HashingAlgorithm, NameType, Operation,
    PaddingMethod, ProtocolVersion, ResultReason, ResultStatus,
};
use server::client::template::NO_PARAMETERS;
use server::client::{Client, request_header};
use softhsm_tests::crypto::sign;
use softhsm_tests::requests::{self, Id};
use softhsm_tests::server::{Server, Trial};

/// Asks for a pair of RSA keys that may be answered later.
fn ask_for_pair(client: &mut Client, bits: i32, named: &str) -> Vec<u8> {
    let name = Name { name_value: named.to_owned(), name_type: NameType::UninterpretedTextString };
    let attributes = [Attribute::new(AttributeKind::Name, &name), requests::active_at_once()];
    let pair = requests::create_pair(CryptographicAlgorithm::RSA, bits, &attributes);
    let header = RequestHeader {
        asynchronous_indicator: Some(true),
        ..request_header(ProtocolVersion::NEWEST)
    };
    let item = only(client, header, RequestPayload::CreateKeyPair(pair));
    assert_eq!(item.result_status, ResultStatus::OperationPending);
    item.asynchronous_correlation_value.unwrap()
}

fn only(client: &mut Client, header: RequestHeader, payload: RequestPayload) -> ResponseItem {
    let answer = client.batch(header, vec![RequestItem::new(payload)]).unwrap();
    let [item] = <[ResponseItem; 1]>::try_from(answer.items).unwrap();
    item
}

fn poll(client: &mut Client, value: &[u8]) -> ResponseItem {
    let poll = PollRequest { asynchronous_correlation_value: value.to_vec() };
    let header = request_header(ProtocolVersion::NEWEST);
    let item = only(client, header, RequestPayload::Poll(poll));
    assert_eq!(item.operation, Some(Operation::CreateKeyPair), "the operation polled");
    item
}

/// Polls until the operation is over. Nothing tells a client when that is.
fn poll_to_the_end(client: &mut Client, value: &[u8]) -> ResponseItem {
    let deadline = Instant::now() + Duration::from_secs(300);
    loop {
        let item = poll(client, value);
        if item.result_status != ResultStatus::OperationPending {
            return item;
        }
        assert_eq!(item.asynchronous_correlation_value.as_deref(), Some(value));
        assert!(Instant::now() < deadline, "still pending");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The private key of a pair that was made.
fn private_key(item: ResponseItem) -> Id {
    let Some(ResponsePayload::CreateKeyPair(pair)) = item.payload else { panic!("{item:?}") };
    pair.private_key_unique_identifier
}

fn named(client: &mut Client, name: &str) -> Vec<Id> {
    let value = Name { name_value: name.to_owned(), name_type: NameType::UninterpretedTextString };
    let name = Attribute::new(AttributeKind::Name, &value);
    client.call(requests::locate(vec![name])).unwrap().unique_identifiers
}

#[test]
fn large_rsa_key_is_made_while_its_client_reconnects() {
    let trial = Trial::new();
    let server = trial.start();
    let mut client = server.client();
    let value = ask_for_pair(&mut client, 4_096, "large");
    assert!(
        !client.call(requests::query()).unwrap().operations.is_empty(),
        "the connection is free"
    );
    client.close();

    let private = private_key(poll_to_the_end(&mut server.client(), &value));
    let mut client = server.client();
    assert_eq!(named(&mut client, "large"), std::slice::from_ref(&private));
    let parameters = CryptographicParameters {
        hashing_algorithm: Some(HashingAlgorithm::SHA_256),
        padding_method: Some(PaddingMethod::PKCS1V1_5),
        ..NO_PARAMETERS
    };
    let signed = client.call(sign(&private, parameters, b"by the large key".to_vec())).unwrap();
    assert_eq!(signed.signature_data.unwrap().len(), 512);
    let cancel = CancelRequest { asynchronous_correlation_value: value.clone() };
    let canceled = client.call(cancel.clone()).unwrap();
    assert_eq!(canceled.cancellation_result, CancellationResult::Completed);
    let elsewhere = server.other_client().call(cancel).unwrap();
    assert_eq!(elsewhere.cancellation_result, CancellationResult::Unavailable);
    server.stop();

    let server = trial.start();
    let again = private_key(poll(&mut server.client(), &value));
    assert_eq!(again, private, "kept across the restart");
    server.stop();
}

/// However the server ends, each operation is over when it is back, and says what is there.
fn end_with_pairs_under_way(end: impl FnOnce(Server)) {
    let trial = Trial::new();
    let server = trial.start();
    let mut client = server.client();
    let names: Vec<String> = (0..6).map(|number| format!("pair {number}")).collect();
    let values = names.iter().map(|name| ask_for_pair(&mut client, 3_072, name));
    let values: Vec<_> = values.collect();
    end(server);

    let server = trial.start();
    let mut client = server.client();
    for (name, value) in names.iter().zip(&values) {
        let over = poll_to_the_end(&mut client, value);
        let there = named(&mut client, name);
        match over.result_status {
            ResultStatus::Success => assert_eq!(there, [private_key(over)]),
            _ => {
                assert_eq!(over.result_reason, Some(ResultReason::GeneralFailure));
                assert_eq!(there, []);
            }
        }
    }
    server.stop();
}

#[test]
fn stop_leaves_no_operation_in_doubt() {
    end_with_pairs_under_way(Server::stop);
}

#[test]
fn kill_leaves_no_operation_in_doubt() {
    end_with_pairs_under_way(Server::kill);
}
