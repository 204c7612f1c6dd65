//! What a stop, a start and an absent token leave.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::time::{Duration, Instant};

use kmip_core::payload::DiscoverVersionsRequest;
use kmip_core::types::{CryptographicAlgorithm, ResultReason, State};
use server::client::{Client, ClientError};
use softhsm_tests::requests::{self, Id, Shortcuts};
use softhsm_tests::server::{TokenKind, Trial};

#[test]
fn keys_work_after_a_stop_and_a_start() {
    let trial = Trial::new();
    let server = trial.start();
    let mut client = server.client();
    let id = client.make_aes(&[]).unwrap();
    let sealed = client.encrypted(&id, b"before the stop").unwrap();
    let pair = requests::create_pair(CryptographicAlgorithm::ECDSA, 256, &[]);
    let private = client.call(pair).unwrap().private_key_unique_identifier;
    client.call(requests::activate(&private)).unwrap();
    server.stop();

    let server = trial.start();
    let mut client = server.client();
    assert_eq!(client.decrypted(&id, &sealed).unwrap(), b"before the stop");
    client.call(requests::sign_ec(&private, b"after the start")).unwrap();
    assert_eq!(client.state(&id).unwrap(), State::Active);
    server.stop();
}

/// Calls until the key encrypts again. Nothing tells a client when a token is back.
fn encrypt_until_it_works(client: &mut Client, id: &Id) -> Vec<u8> {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        match client.encrypted(id, b"back again") {
            Ok(sealed) => return sealed,
            Err(err) if err.reason() == Some(ResultReason::GeneralFailure) => {
                assert!(Instant::now() < deadline, "the token is back, the server is not: {err}");
                std::thread::sleep(Duration::from_millis(100));
            }
            Err(err) => panic!("{err}"),
        }
    }
}

#[test]
fn absent_token_leaves_metadata_served_and_heals_when_it_is_back() {
    // Kryoptic makes the files anew when they are not there.
    let trial = Trial::on(TokenKind::SoftHsm);
    let server = trial.start();
    let id = server.client().make_aes(&[]).unwrap();
    server.stop();

    let away = trial.data().join("tokens-away");
    std::fs::rename(trial.tokens(), &away).unwrap();
    std::fs::create_dir(trial.tokens()).unwrap();
    let server = trial.start();
    let mut client = server.client();
    assert!(!client.call(requests::query()).unwrap().operations.is_empty());
    let versions = DiscoverVersionsRequest { protocol_versions: Vec::new() };
    assert!(!client.call(versions).unwrap().protocol_versions.is_empty());
    assert_eq!(client.state(&id).unwrap(), State::Active);
    let refused = client.encrypted(&id, b"nobody is there").unwrap_err();
    assert_eq!(refused.reason(), Some(ResultReason::GeneralFailure), "{refused}");
    let refused = client.make_aes(&[]).unwrap_err();
    assert!(matches!(refused, ClientError::Refused { .. }), "{refused}");

    std::fs::remove_dir(trial.tokens()).unwrap();
    std::fs::rename(&away, trial.tokens()).unwrap();
    let sealed = encrypt_until_it_works(&mut client, &id);
    assert_eq!(client.decrypted(&id, &sealed).unwrap(), b"back again");
    server.stop();
}

#[test]
fn token_that_goes_away_under_the_server_is_survived() {
    let trial = Trial::new();
    let server = trial.start();
    let mut client = server.client();
    let id = client.make_aes(&[]).unwrap();
    let sealed = client.encrypted(&id, b"while it was there").unwrap();

    let away = trial.data().join("tokens-away");
    std::fs::rename(trial.tokens(), &away).unwrap();
    // The library may go on with what it holds in memory: an answer, or a refusal.
    match client.encrypted(&id, b"perhaps") {
        Ok(_) | Err(ClientError::Refused { .. }) => {}
        Err(err) => panic!("{err}"),
    }
    assert!(!client.call(requests::query()).unwrap().operations.is_empty());
    assert_eq!(client.state(&id).unwrap(), State::Active);

    std::fs::rename(&away, trial.tokens()).unwrap();
    encrypt_until_it_works(&mut client, &id);
    assert_eq!(client.decrypted(&id, &sealed).unwrap(), b"while it was there");
    server.stop();
}
