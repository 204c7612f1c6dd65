//! The custodies on a real token, and what an operator does with them.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::process::{Command, Output};

use kmip_core::attribute::{Attribute, AttributeKind, AttributeName};
use kmip_core::ttlv::Value;
use kmip_core::types::{CryptographicAlgorithm, ResultReason};
use server::client::Client;
use server::object::CUSTODY_ATTRIBUTE;
use softhsm_tests::requests::{self, Id, Shortcuts};
use softhsm_tests::server::{TokenKind, Trial};
use softhsm_tests::{docs, program};

/// Runs an operator's command against the trial's server.
fn operator(trial: &Trial, arguments: &[&str]) -> Output {
    let mut command = Command::new(program::claviger());
    command.args(arguments).arg("--config").arg(trial.data().join("claviger.toml"));
    command.output().unwrap()
}

#[track_caller]
fn told(trial: &Trial, arguments: &[&str]) -> String {
    let output = operator(trial, arguments);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {error}");
    String::from_utf8(output.stdout).unwrap()
}

#[track_caller]
fn refused(trial: &Trial, arguments: &[&str]) -> String {
    let output = operator(trial, arguments);
    assert!(!output.status.success(), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

fn custody(client: &mut Client, id: &Id) -> String {
    let answer = client.call(requests::get_attributes(id, &[])).unwrap();
    let name = AttributeName::new(CUSTODY_ATTRIBUTE);
    let found = answer.attributes.into_iter().find(|attribute| attribute.name == name);
    match found.unwrap().value {
        Value::TextString(word) => word,
        other => panic!("{other:?}"),
    }
}

fn locked() -> Attribute {
    Attribute::new(AttributeKind::Extractable, &false)
}

#[test]
fn operator_sees_where_a_key_lives_and_moves_it() {
    let trial = Trial::new();
    let server = trial.start();
    let mut client = server.client();
    let id = client.make_aes(&[]).unwrap();
    let sealed = client.encrypted(&id, b"the same key").unwrap();
    let key = |verb| ["custody", verb, id.as_str(), "--scope", "demo"];
    let shown = told(&trial, &key("show"));
    assert!(shown.contains("custody     wrapped") && shown.contains("AES"), "{shown}");
    let objects = trial.token_objects();
    let moved = [&key("move")[..], &["--custody", "token", "--json"]].concat();
    let json: serde_json::Value = serde_json::from_str(&told(&trial, &moved)).unwrap();
    assert_eq!(json["custody"], "token");
    assert_eq!(trial.token_objects(), objects + 1);
    assert_eq!(client.decrypted(&id, &sealed).unwrap(), b"the same key");
    assert_eq!(custody(&mut client, &id), "token");
    told(&trial, &[&key("move")[..], &["--custody", "wrapped"]].concat());
    assert_eq!(client.decrypted(&id, &sealed).unwrap(), b"the same key");
    assert_eq!(custody(&mut client, &id), "wrapped");
    // A key that nobody may take out can go in, and stays there.
    let shut = client.make_aes(&[locked()]).unwrap();
    let sealed = client.encrypted(&shut, b"shut").unwrap();
    let to = |custody| ["custody", "move", shut.as_str(), "--scope", "demo", "--custody", custody];
    told(&trial, &to("token"));
    assert!(refused(&trial, &to("wrapped")).contains("never lets this key out"));
    assert_eq!(client.decrypted(&shut, &sealed).unwrap(), b"shut");
    let nobody = ["custody", "show", "nobody", "--scope", "demo"];
    assert!(refused(&trial, &nobody).contains("no such object"));
    assert!(
        refused(&trial, &["custody", "show", id.as_str(), "--scope", "none"])
            .contains("no such scope")
    );
    server.stop();
    assert!(refused(&trial, &key("show")).contains("cannot ask the server"));
}

fn wrapping_keys(trial: &Trial) -> serde_json::Value {
    serde_json::from_str(&told(trial, &["wrapping-key", "status", "--json"])).unwrap()
}

/// The server is killed while it wraps keys anew, and goes on where it was when it is back.
#[test]
fn rotation_survives_a_kill_and_loses_no_key() {
    let trial = Trial::new();
    let server = trial.start();
    let mut client = server.client();
    let keys: Vec<(Id, _)> = (0..300)
        .map(|_| {
            let id = client.make_aes(&[]).unwrap();
            let sealed = client.encrypted(&id, b"kept").unwrap();
            (id, sealed)
        })
        .collect();
    let before = wrapping_keys(&trial);
    let old = before["keys"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!((&before["left"], &before["keys"][0]["wraps"]), (&0.into(), &300.into()));
    assert!(refused(&trial, &["wrapping-key", "destroy", &old]).contains("in force"));
    told(&trial, &["wrapping-key", "rotate"]);
    server.kill();
    let server = trial.start();
    let mut client = server.client();
    // New keys are made while the old ones are wrapped anew.
    let new = client.make_aes(&[]).unwrap();
    told(&trial, &["wrapping-key", "rotate", "--wait-seconds", "60"]);
    let after = wrapping_keys(&trial);
    assert_eq!(after["left"], 0, "{after}");
    let in_force = after["keys"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&in_force["in_force"], &in_force["wraps"]), (&true.into(), &301.into()));
    told(&trial, &["wrapping-key", "destroy", &old]);
    for (id, sealed) in &keys {
        assert_eq!(client.decrypted(id, sealed).unwrap(), b"kept");
    }
    client.encrypted(&new, b"new").unwrap();
    server.stop();
}

#[test]
fn odd_lengths_stay_in_the_token_and_assisted_keys_do_what_it_lacks() {
    let trial = Trial::on(TokenKind::SoftHsm);
    let server = trial.start();
    let mut client = server.client();
    let value: Vec<u8> = (0..131).collect();
    let odd = client.call(requests::register_hmac(CryptographicAlgorithm::HMAC_SHA256, &value));
    let odd = odd.unwrap().unique_identifier;
    assert_eq!(custody(&mut client, &odd), "token", "SoftHSM2 would lose the length");
    // Computed with Python's hmac.
    let mac = client.call(requests::mac(&odd, b"Hi There")).unwrap().mac_data.unwrap();
    assert_eq!(
        hex::encode(&mac),
        "d867fc50a9c993dc0b0a2e94a62e509c4bb54c29d719c2f2f110cb7c441659d9"
    );
    let sha3 = requests::register_hmac(CryptographicAlgorithm::HMAC_SHA3_256, &value[..32]);
    let sha3 = client.call(sha3).unwrap().unique_identifier;
    assert_eq!(custody(&mut client, &sha3), "assisted");
    let sample = b"Sample message for keylen<blocklen";
    let mac = client.call(requests::mac(&sha3, sample)).unwrap().mac_data.unwrap();
    let nist = "4fe8e202c4f058e8dddc23d8c34e467343e23555e24fc2f025d598f558f67205";
    assert_eq!(hex::encode(&mac), nist);
    // The scope without assisted mode says no.
    let mut other = server.other_client();
    let sha3 = requests::register_hmac(CryptographicAlgorithm::HMAC_SHA3_256, &value[..32]);
    let sha3 = other.call(sha3).unwrap().unique_identifier;
    let refusal = other.call(requests::mac(&sha3, sample)).unwrap_err();
    assert_eq!(refusal.reason(), Some(ResultReason::OperationNotSupported));
    server.stop();
    let log = String::from_utf8_lossy(&trial.log()).into_owned();
    assert!(log.contains("assisted: key used in memory"), "{log}");
}

#[test]
fn commands_of_the_guide_work_as_they_stand_there() {
    let trial = Trial::new();
    let server = trial.start();
    let mut client = server.client();
    let id = client.make_aes(&[]).unwrap();
    let sealed = client.encrypted(&id, b"the same key").unwrap();
    let old = wrapping_keys(&trial)["keys"][0]["id"].as_str().unwrap().to_owned();
    let guide = program::repository().join("docs/guides/custody.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    let lines = docs::commands(&guide);
    assert!(lines.len() >= 6, "{lines:?}");
    for line in lines {
        let line = line.replace("UID", id.as_str()).replace("OLD", &old);
        let words: Vec<&str> = line.split_whitespace().skip(1).collect();
        let output =
            Command::new(program::claviger()).args(words).current_dir(trial.data()).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    }
    assert_eq!(client.decrypted(&id, &sealed).unwrap(), b"the same key");
    assert_eq!(custody(&mut client, &id), "wrapped");
    server.stop();
}

/// Room for two live keys, and many more in use on several connections at once.
#[test]
fn more_keys_than_may_be_live_are_served_all_the_same() {
    let trial = Trial::new();
    trial.start().stop();
    let pin = "pin = { file = \"pin\" }";
    trial.edit_config(pin, &format!("{pin}\nmax_live_keys = 2"));
    let server = trial.start();
    let mut client = server.client();
    let keys: Vec<(Id, Vec<u8>)> = (0..12)
        .map(|_| {
            let id = client.make_aes(&[]).unwrap();
            let sealed = client.encrypted(&id, b"one of many").unwrap();
            (id, sealed)
        })
        .collect();
    std::thread::scope(|scope| {
        for start in 0..4 {
            let (mut client, keys) = (server.client(), &keys);
            scope.spawn(move || {
                for (id, sealed) in keys.iter().cycle().skip(start * 3).take(120) {
                    assert_eq!(client.decrypted(id, sealed).unwrap(), b"one of many");
                }
            });
        }
    });
    server.stop();
}
