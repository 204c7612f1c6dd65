//! A token that fails, or answers no more, as a library between the server and it pretends.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::net::TcpListener;
use std::process::Command;
use std::time::{Duration, Instant};

use kmip_core::types::{CryptographicAlgorithm, ResultReason};
use rusqlite::Connection;
use server::client::Client;
use softhsm_tests::requests::{self, Id, Shortcuts};
use softhsm_tests::server::{Server, TokenKind, Trial};
use softhsm_tests::trace::Event;

/// A trial, and a server whose thread that watches the token hangs in it.
fn hanging(shutdown_timeout_ms: u32) -> (Trial, Server) {
    let trial = Trial::new().recorded().with_variable("CLAVIGER_LOG", "info");
    trial.start().stop();
    let timeout = format!("[server]\nshutdown_timeout_ms = {shutdown_timeout_ms}\n");
    trial.edit_config("[server]\n", &timeout);
    let server = trial.start();
    server.client().make_aes(&[]).unwrap();
    trial.fail(&["C_GetTokenInfo hang"]);
    trial.until_hanging("C_GetTokenInfo");
    (trial, server)
}

/// What the server has written to its log until it ended well.
fn ended(trial: &Trial, mut server: Server) -> String {
    let status = server.wait();
    assert!(status.success(), "{status}");
    String::from_utf8(trial.log()).unwrap()
}

#[test]
fn stop_ends_in_its_time_though_the_token_hangs() {
    let (trial, server) = hanging(100);
    server.terminate();
    let log = ended(&trial, server);
    assert!(log.contains("stopped with work still in flight"), "{log}");
}

#[test]
fn second_signal_ends_a_stop_though_the_token_hangs() {
    // Longer than the test would wait.
    let (trial, server) = hanging(600_000);
    server.terminate();
    let pid = server.pid().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let log = ended(&trial, server);
    assert!(log.contains("second signal"), "{log}");
}

#[test]
fn server_that_cannot_listen_ends_though_the_token_hangs() {
    let trial = Trial::new().recorded();
    trial.start().stop();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = taken.local_addr().unwrap();
    trial.edit_config(
        "[monitoring]\nhttp_addr = \"127.0.0.1:0\"",
        &format!("[monitoring]\nhttp_addr = \"{addr}\""),
    );
    trial.fail(&["C_Encrypt hang"]);
    let status = trial.start_in_vain();
    assert_eq!(status.code(), Some(1), "{status}");
    let log = String::from_utf8(trial.log()).unwrap();
    assert!(log.contains(&format!("cannot listen on {addr}")), "{log}");
}

/// What a token does not show while it is away is not what it lacks.
#[test]
fn token_that_goes_away_while_it_is_opened_lacks_nothing_later() {
    let trial = Trial::new().recorded();
    let server = trial.start();
    let key = server.client().make_aes(&[]).unwrap();
    let sealed = server.client().encrypted(&key, b"well").unwrap();
    server.stop();
    // CKR_TOKEN_NOT_PRESENT, CKR_USER_NOT_LOGGED_IN, CKR_SESSION_HANDLE_INVALID, CKR_DEVICE_ERROR.
    let all_fails = ["C_Decrypt 0x30", "C_GenerateRandom 0x30"];
    for order in [
        &["C_GetMechanismInfo 0xe0"][..],
        &["C_Decrypt 0x101"],
        &["C_CreateObject 0xb3"],
        &all_fails,
    ] {
        trial.fail(order);
        let server = trial.start();
        let mut client = server.client();
        let refused = client.decrypted(&key, &sealed).unwrap_err();
        assert_eq!(refused.reason(), Some(ResultReason::GeneralFailure), "{order:?}: {refused}");
        trial.fail(&[]);
        assert_eq!(decrypt_until_it_works(&mut client, &key, &sealed), b"well", "{order:?}");
        server.stop();
    }
}

/// Calls until the token is back, of which nothing tells a client.
fn decrypt_until_it_works(client: &mut Client, key: &Id, sealed: &[u8]) -> Vec<u8> {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        match client.decrypted(key, sealed) {
            Ok(text) => return text,
            Err(error) => assert!(Instant::now() < deadline, "{error}"),
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Whatever the token finds wrong with a ciphertext, a client is told one thing.
#[test]
fn refused_decryptions_are_answered_alike() {
    let trial = Trial::new().recorded();
    let server = trial.start();
    let mut client = server.client();
    let key = client.make_aes(&[]).unwrap();
    let sealed = client.encrypted(&key, b"well").unwrap();
    // CKR_ENCRYPTED_DATA_INVALID and ..._LEN_RANGE, CKR_DATA_INVALID and ..._LEN_RANGE,
    // CKR_GENERAL_ERROR, CKR_FUNCTION_FAILED, CKR_DEVICE_ERROR, CKR_BUFFER_TOO_SMALL.
    let codes = ["0x40", "0x41", "0x20", "0x21", "0x5", "0x6", "0x30", "0x150"];
    let answers = codes.map(|code| {
        trial.fail(&[&format!("C_Decrypt {code}")]);
        client.decrypted(&key, &sealed).unwrap_err().to_string()
    });
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
    trial.fail(&[]);
    assert_eq!(client.decrypted(&key, &sealed).unwrap(), b"well");
}

/// A library may fail at everything and still tell of its token, which it remembers; some do so until
/// they are opened anew.
#[test]
fn token_that_fails_at_everything_does_not_call_data_false_and_is_opened_anew() {
    let trial = Trial::new().recorded();
    let server = trial.start();
    let mut client = server.client();
    let key = client.make_aes(&[]).unwrap();
    let sealed = client.encrypted(&key, b"well").unwrap();
    let closed =
        |event: &Event| matches!(event, Event::Call(call) if call.function == "C_Finalize");
    let closings = || trial.trace().events().iter().filter(|event| closed(event)).count();
    let before = closings();
    trial.fail(&["C_Decrypt 0x30", "C_GenerateRandom 0x30"]);
    for _ in 0..5 {
        let refused = client.decrypted(&key, &sealed).unwrap_err();
        assert_eq!(refused.reason(), Some(ResultReason::GeneralFailure), "{refused}");
    }
    trial.fail(&[]);
    assert_eq!(decrypt_until_it_works(&mut client, &key, &sealed), b"well");
    assert!(closings() > before, "the library was not opened anew");
}

/// Label and PIN do not make a token the one that has the keys.
#[test]
fn no_key_is_made_in_another_token() {
    let (trial, other) = (Trial::on(TokenKind::SoftHsm), Trial::on(TokenKind::SoftHsm));
    other.start().stop();
    let server = trial.start();
    let key = server.client().bring_aes(&[0x5A; 32], &[]).unwrap();
    let sealed = server.client().encrypted(&key, b"well").unwrap();
    server.stop();
    let (pin, away) = (trial.data().join("pin"), trial.data().join("away"));
    let own_pin = std::fs::read(&pin).unwrap();
    std::fs::rename(trial.tokens(), &away).unwrap();
    std::fs::rename(other.tokens(), trial.tokens()).unwrap();
    std::fs::copy(other.data().join("pin"), &pin).unwrap();
    let server = trial.start();
    let pair = requests::create_pair(CryptographicAlgorithm::ECDSA, 256, &[]);
    let refused = server.client().call(pair).unwrap_err();
    assert_eq!(refused.reason(), Some(ResultReason::GeneralFailure), "{refused}");
    let log = String::from_utf8(trial.log()).unwrap();
    assert!(log.contains("lacks the key that this server made in its token"), "{log}");
    server.stop();
    std::fs::rename(trial.tokens(), other.tokens()).unwrap();
    std::fs::rename(&away, trial.tokens()).unwrap();
    std::fs::write(&pin, own_pin).unwrap();
    let server = trial.start();
    assert_eq!(server.client().decrypted(&key, &sealed).unwrap(), b"well");
    server.stop();
}

/// The check value of its row tells another key's blob, also after the token failed at telling it; Kryoptic
/// tells none. What is stored is no fault of a client's, and the log says so.
#[test]
fn blob_of_another_key_and_a_damaged_one_are_refused() {
    let trial = Trial::new().recorded();
    let server = trial.start();
    let mut client = server.client();
    let [key, other, cut, good] = [(); 4].map(|()| client.make_aes(&[]).unwrap());
    server.stop();
    let store = Connection::open(trial.data().join("claviger.db")).unwrap();
    let moved = "UPDATE object SET blob = (SELECT blob FROM object WHERE uid = ?2) WHERE uid = ?1";
    assert_eq!(store.execute(moved, [key.as_str(), other.as_str()]).unwrap(), 1);
    let shortened = "UPDATE object SET blob = substr(blob, 1, 20) WHERE uid = ?1";
    assert_eq!(store.execute(shortened, [cut.as_str()]).unwrap(), 1);
    drop(store);
    let server = trial.start();
    let mut client = server.client();
    let refused = |client: &mut Client, key: &Id| {
        let refused = client.encrypted(key, b"mine").unwrap_err();
        assert_eq!(refused.reason(), Some(ResultReason::GeneralFailure), "{refused}");
        assert!(refused.to_string().contains("damaged"), "{refused}");
    };
    refused(&mut client, &cut);
    if trial.kind() == TokenKind::SoftHsm {
        refused(&mut client, &key);
        trial.fail(&["C_Encrypt 0x30"]);
        client.encrypted(&good, b"mine").unwrap_err();
        trial.fail(&[]);
        refused(&mut client, &key);
    }
    client.encrypted(&good, b"mine").unwrap();
    let log = String::from_utf8(trial.log()).unwrap();
    let told = |line: &str| line.contains("ERROR") && line.contains("what is stored is damaged");
    assert!(log.lines().any(told), "{log}");
}
