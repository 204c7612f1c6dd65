//! The first token of the administration: made once, and anew for who knows the PIN.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::process::{Command, Stdio};

use serde_json::Value;
use softhsm_tests::program;
use softhsm_tests::server::{TokenKind, Trial};

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn first_token_comes_once_and_a_lost_one_by_the_pin() {
    let trial = Trial::on(TokenKind::SoftHsm);
    trial.start().stop();
    let config = trial.data().join("claviger.toml");
    let run = |arguments: &[&str], input: &[u8]| {
        use std::io::Write;
        let mut command = Command::new(program::claviger());
        command.args(arguments).arg("--config").arg(&config).env_remove("CLAVIGER_ADDR");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        child.wait_with_output().unwrap()
    };
    let again = run(&["init"], b"");
    assert!(!again.status.success());
    assert!(text(&again.stderr).contains("claviger recover"), "{}", text(&again.stderr));

    let pin = std::fs::read(trial.data().join("pin")).unwrap();
    let before = std::fs::read_to_string(trial.data().join("admin-token")).unwrap();
    let offline = run(&["recover", "--json"], &pin);
    assert!(offline.status.success(), "{}", text(&offline.stderr));
    let told: Value = serde_json::from_slice(&offline.stdout).unwrap();
    let second = told["root_token"].as_str().unwrap().to_owned();
    assert_ne!(second, before);

    let server = trial.start();
    let wrong = run(&["recover"], b"wrong\n");
    assert!(text(&wrong.stderr).contains("that is not the PIN"), "{}", text(&wrong.stderr));
    let online = run(&["recover", "--json"], &pin);
    assert!(online.status.success(), "{}", text(&online.stderr));
    let third: Value = serde_json::from_slice(&online.stdout).unwrap();
    let addr = format!("https://{}", server.ready().admin_addr.unwrap());
    let asks = |token: &str| {
        let mut command = Command::new(program::claviger());
        command.args(["scope", "list", "--address", &addr, "--ca-cert"]);
        command.arg(trial.data().join("pki/ca.pem")).env("CLAVIGER_TOKEN", token);
        command.output().unwrap()
    };
    for gone in [&before, &second] {
        let output = asks(gone);
        assert!(text(&output.stderr).contains("permission denied"), "{}", text(&output.stderr));
    }
    assert!(asks(third["root_token"].as_str().unwrap()).status.success());
    let log = trial.log();
    for secret in [before.as_bytes(), second.as_bytes(), pin.as_slice()] {
        assert!(!log.windows(secret.len()).any(|part| part == secret), "a secret is in the log");
    }
    server.stop();
}

#[test]
fn init_makes_the_first_token_once_and_not_beside_a_running_server() {
    let trial = Trial::on(TokenKind::SoftHsm);
    trial.start().stop();
    let store = rusqlite::Connection::open(trial.data().join("claviger.db")).unwrap();
    let forget = "DELETE FROM admin_token; DELETE FROM setting WHERE name = 'admin_initialised'";
    store.execute_batch(forget).unwrap();
    store.close().unwrap();
    let config = trial.data().join("claviger.toml");
    let init = || {
        let mut command = Command::new(program::claviger());
        command.args(["init", "--json", "--config"]).arg(&config).output().unwrap()
    };
    let first = init();
    assert!(first.status.success(), "{}", text(&first.stderr));
    let told: Value = serde_json::from_slice(&first.stdout).unwrap();
    assert!(told["root_token"].as_str().unwrap().starts_with("clv."));
    assert!(text(&init().stderr).contains("this server is initialised"));
    let log = std::fs::read_to_string(trial.data().join("audit.log")).unwrap();
    assert_eq!(log.matches(r#""operation":"claviger init""#).count(), 4, "twice tried, once done");
    let server = trial.start();
    assert!(text(&init().stderr).contains("stop it first"));
    server.stop();
}
