//! Metrics and health of the real server, and what they say while its token is away.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

use kmip_core::types::{CryptographicAlgorithm, ProtocolVersion, ResultReason};
use serde_json::Value;
use server::client::encode_request;
use softhsm_tests::requests::{self, Shortcuts};
use softhsm_tests::server::{Server, TokenKind, Trial};
use softhsm_tests::{docs, program};

/// Status and body of a GET.
fn get(addr: SocketAddr, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(addr).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, body.to_owned())
}

fn monitor(server: &Server) -> SocketAddr {
    server.ready().monitoring_addr.unwrap()
}

fn health(addr: SocketAddr) -> (u16, Value) {
    let (status, body) = get(addr, "/readyz");
    (status, serde_json::from_str(&body).unwrap())
}

/// The value of a series, as it stands in the text.
fn value(text: &str, series: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {series} in {text}")).parse().unwrap()
}

fn metrics(addr: SocketAddr) -> String {
    let (status, text) = get(addr, "/metrics");
    assert_eq!(status, 200);
    text
}

#[test]
fn metrics_tell_what_was_done() {
    let trial = Trial::new();
    let server = trial.start();
    let addr = monitor(&server);
    let mut client = server.client();
    let id = client.make_aes(&[]).unwrap();
    for _ in 0..3 {
        client.encrypted(&id, b"counted").unwrap();
    }
    let stranger = server.other_client().encrypted(&id, b"refused").unwrap_err();
    assert_eq!(stranger.reason(), Some(ResultReason::ItemNotFound));
    // One without a certificate.
    let mut stream = TcpStream::connect(server.ready().kmip_addr).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let _ = stream.read_to_end(&mut Vec::new());
    // It is counted when the server is done with the connection, a moment after it has closed it.
    let failed = "claviger_handshake_failures_total{reason=\"protocol\",transport=\"tls\"}";
    while !metrics(addr).contains(failed) {}

    let text = metrics(addr);
    let operations = |operation, reason, result| {
        let labels = format!("operation=\"{operation}\",reason=\"{reason}\",result=\"{result}\"");
        value(&text, &format!("claviger_operations_total{{{labels}}}"))
    };
    assert_eq!(operations("Encrypt", "", "success"), 3.0);
    assert_eq!(operations("Encrypt", "ItemNotFound", "failed"), 1.0);
    assert_eq!(operations("Create", "", "success"), 1.0);
    assert_eq!(operations("Sign", "", "success"), 0.0);
    let of_scope = |labels| value(&text, &format!("claviger_scope_operations_total{{{labels}}}"));
    assert_eq!(of_scope("result=\"failed\",scope=\"other\""), 1.0);
    let count = value(&text, "claviger_operation_seconds_count{operation=\"Encrypt\"}");
    assert_eq!(count, 4.0);
    assert!(value(&text, "claviger_token_call_seconds_count{verb=\"encrypt\"}") >= 3.0);
    assert_eq!(value(&text, "claviger_token_up"), 1.0);
    assert!(value(&text, "claviger_token_sessions_limit") >= 2.0);
    assert_eq!(value(&text, "claviger_token_live_keys"), 1.0);
    // The other client's is closed when the server has noticed.
    while value(&metrics(addr), "claviger_connections{transport=\"tls\"}") > 1.0 {}
    assert_eq!(value(&text, failed), 1.0);
    assert!(value(&text, "claviger_store_commit_seconds_count") >= 1.0);
    assert!(value(&text, "claviger_queue_wait_seconds_count{lane=\"token\"}") >= 4.0);
    assert_eq!(value(&text, "claviger_queue_depth{lane=\"token\"}"), 0.0);
    let end = "claviger_certificate_not_after_timestamp_seconds{kind=\"server\",name=\"server\"}";
    assert!(value(&text, end) > 1_700_000_000.0);
    assert!(value(&text, "process_resident_memory_bytes") > 1_000_000.0);
    assert!(!text.contains(id.as_str()), "no identifier is a label");
    server.stop();
}

#[test]
fn other_paths_and_methods_are_refused() {
    let trial = Trial::new();
    let server = trial.start();
    let addr = monitor(&server);
    // Connections that say nothing keep nobody out.
    let _silent: Vec<_> = (0..100).map(|_| TcpStream::connect(addr).unwrap()).collect();
    assert_eq!(get(addr, "/").0, 404);
    assert_eq!(get(addr, "/metrics/..%2f").0, 404);
    let mut stream = TcpStream::connect(addr).unwrap();
    stream.write_all(b"POST /readyz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 405"), "{answer}");
    server.stop();
}

/// Asks until the token's check says so. Nothing tells a prober when a token goes or comes.
fn until_token(addr: SocketAddr, ready: bool) -> Value {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let (status, body) = health(addr);
        assert_eq!(status, if body["ready"] == true { 200 } else { 503 }, "{body}");
        if (body["checks"]["token"] == "ok") == ready {
            return body;
        }
        assert!(Instant::now() < deadline, "the token's check does not become {ready}: {body}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn token_that_is_away_is_not_ready_and_alive_and_ready_when_it_is_back() {
    // Kryoptic makes the files anew when they are not there.
    let trial = Trial::on(TokenKind::SoftHsm);
    let server = trial.start();
    let addr = monitor(&server);
    let (status, body) = health(addr);
    assert_eq!((status, &body["ready"]), (200, &Value::Bool(true)), "{body}");
    assert_eq!(body["checks"]["serving"], "ok");
    assert_eq!(body["checks"]["store"], "ok");

    let away = trial.data().join("tokens-away");
    std::fs::rename(trial.tokens(), &away).unwrap();
    let body = until_token(addr, false);
    assert_eq!((&body["ready"], &body["checks"]["store"]), (&Value::Bool(false), &"ok".into()));
    assert_eq!(get(addr, "/livez"), (200, r#"{"live":true}"#.to_owned()));
    let text = metrics(addr);
    assert_eq!(value(&text, "claviger_ready{check=\"token\"}"), 0.0);
    assert!(text.contains("claviger_token_errors_total{ckr=\"CKR_"), "{text}");
    assert!(!server.client().call(requests::query()).unwrap().operations.is_empty());

    std::fs::rename(&away, trial.tokens()).unwrap();
    let body = until_token(addr, true);
    assert_eq!(body["ready"], true, "{body}");
    let text = metrics(addr);
    assert_eq!(value(&text, "claviger_token_up"), 1.0);
    assert!(value(&text, "claviger_canary_seconds_count") >= 3.0);
    let log = String::from_utf8(trial.log()).unwrap();
    let (_, since) = log.split_once("not ready check=\"token\"").unwrap();
    assert!(since.contains("ready again check=\"token\""), "{log}");
    server.stop();
}

#[test]
fn server_that_starts_without_its_token_lives_and_is_not_ready() {
    let trial = Trial::on(TokenKind::SoftHsm);
    let server = trial.start();
    until_token(monitor(&server), true);
    server.stop();
    let away = trial.data().join("tokens-away");
    std::fs::rename(trial.tokens(), &away).unwrap();
    std::fs::create_dir(trial.tokens()).unwrap();

    let server = trial.start();
    let addr = monitor(&server);
    assert_eq!(get(addr, "/livez").0, 200);
    let (status, body) = health(addr);
    assert_eq!(status, 503, "{body}");
    assert_eq!(body["checks"]["token"], "the token is not available");
    assert_eq!(value(&metrics(addr), "claviger_token_up"), 0.0);

    std::fs::remove_dir(trial.tokens()).unwrap();
    std::fs::rename(&away, trial.tokens()).unwrap();
    // The canary of the first run opens in the second.
    until_token(addr, true);
    server.stop();
}

#[test]
fn stop_is_told_while_the_work_in_hand_is_finished() {
    let trial = Trial::new();
    let mut server = trial.start();
    let addr = monitor(&server);
    assert_eq!(health(addr).0, 200);
    // Work for seconds: the lane has two threads.
    let mut clients: Vec<_> = (0..6).map(|_| server.client()).collect();
    for client in &mut clients {
        let pair = requests::create_pair(CryptographicAlgorithm::RSA, 4096, &[]);
        client.send(&encode_request(ProtocolVersion::NEWEST, pair.into())).unwrap();
    }
    while value(&metrics(addr), "claviger_requests_total{lane=\"slow\"}") < 6.0 {}
    server.terminate();
    let stopping = loop {
        let (status, body) = health(addr);
        if status == 503 {
            break body;
        }
    };
    assert_eq!(stopping["checks"]["serving"], "the server is stopping", "{stopping}");
    assert_eq!(get(addr, "/livez").0, 200);
    for client in &mut clients {
        client.receive().unwrap();
    }
    assert!(server.wait().success());
}

#[test]
fn commands_of_the_guide_work_as_they_stand_there() {
    let trial = Trial::new();
    let server = trial.start();
    let addr = monitor(&server).to_string();
    let guide = program::repository().join("docs/guides/monitoring.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    let lines = docs::commands(&guide);
    assert_eq!(lines.len(), 3, "{lines:?}");
    for (line, words) in lines.iter().zip(["live", r#""token":"ok""#, "operation=\"Activate\""]) {
        let line = line.replace("127.0.0.1:9696", &addr);
        let output = Command::new("bash").args(["-euc", &line]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains(words), "{line}: {said}");
    }
    server.stop();
}
