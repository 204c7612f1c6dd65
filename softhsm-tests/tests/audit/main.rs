//! The audit log of the real server: what is in it, what happens where it cannot be written, and what
//! its commands say.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod collector;
mod crash;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use kmip_core::attribute::CryptographicParameters;
use kmip_core::payload::DecryptRequest;
use kmip_core::types::{BlockCipherMode, ResultReason};
use server::audit::verify::{Knowledge, verify};
use server::audit::{Actor, Kind, Outcome, Record, files};
use server::client::template::NO_PARAMETERS;
use server::client::{Client, ClientError};
use softhsm_tests::requests::{self, Shortcuts};
use softhsm_tests::server::Trial;
use softhsm_tests::{docs, program};

use collector::{Collector, Mood};

/// A refusal must come sooner.
const TOO_LATE: Duration = Duration::from_secs(2);
const FILE_SINK: &str = "[[audit.sink]]\ntype = \"file\"\npath = \"audit.log\"\n";

fn claviger(trial: &Trial, line: &str) -> Output {
    let words = line.split_whitespace();
    Command::new(program::claviger()).args(words).current_dir(trial.data()).output().unwrap()
}

fn said(output: &Output) -> String {
    let [out, err] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    format!("{out}{err}")
}

fn records(file: &Path) -> Vec<Record> {
    let lines = files::Lines::open(file).unwrap();
    lines.map(|line| Record::read(line.unwrap().text()).unwrap()).collect()
}

fn assert_unrecorded<T: std::fmt::Debug>(answer: Result<T, ClientError>, began: Instant) {
    let refusal = answer.unwrap_err();
    assert_eq!(refusal.reason(), Some(ResultReason::GeneralFailure), "{refusal}");
    assert!(refusal.to_string().contains("the audit log cannot be written"), "{refusal}");
    assert!(began.elapsed() < TOO_LATE, "refused after {:?}", began.elapsed());
}

/// Asks until the server serves again. Nothing tells a client when it does.
fn until_served(client: &mut Client) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while client.call(requests::create_aes(&[])).is_err() {
        assert!(Instant::now() < deadline, "the sink is back, the server is not");
        std::thread::yield_now();
    }
}

#[test]
fn records_tell_who_did_what_to_which_key_with_which_mechanism() {
    let trial = Trial::new();
    let server = trial.start();
    let mut client = server.client();
    let id = client.make_aes(&[]).unwrap();
    client.encrypted(&id, b"text").unwrap();
    server.other_client().call(requests::get(&id)).unwrap_err();
    server.stop();
    let all = records(&trial.data().join("audit.log"));
    let find = |kind, operation: &str| {
        let of = |it: &&Record| it.kind == kind && it.facts.operation.as_deref() == Some(operation);
        all.iter().find(of).unwrap_or_else(|| panic!("no {kind:?} of {operation}")).clone()
    };
    let intent = find(Kind::Intent, "Encrypt");
    let facts = find(Kind::Outcome, "Encrypt").facts;
    assert_eq!(facts.intent, Some(intent.sequence));
    assert_eq!(facts.objects, [id.as_str()]);
    assert_eq!(facts.mechanisms, ["CKM_AES_CBC"]);
    assert_eq!(
        (facts.algorithm.as_deref(), facts.custody.as_deref()),
        (Some("AES"), Some("wrapped"))
    );
    assert_eq!((facts.scope.as_deref(), facts.result), (Some("demo"), Some(Outcome::Success)));
    assert!(facts.peer.unwrap().starts_with("127.0.0.1:"));
    let Some(Actor::Client { issuer, serial }) = facts.principal else { panic!("no client") };
    assert!(issuer.contains("Claviger trial CA") && serial.len() >= 16, "{issuer} {serial}");
    // Another scope's key does not exist, for the log's reader it does.
    let refused = find(Kind::Outcome, "Get").facts;
    assert_eq!((refused.scope.as_deref(), refused.objects), (Some("other"), vec![id.to_string()]));
    assert_eq!(refused.reason.as_deref(), Some("ItemNotFound"));
    assert_eq!(all.last().unwrap().kind, Kind::Head, "the end is signed");
}

#[test]
fn token_return_value_is_on_record() {
    let trial = Trial::new();
    let server = trial.start();
    let mut client = server.client();
    let id = client.make_aes(&[]).unwrap();
    let gcm = CryptographicParameters {
        block_cipher_mode: Some(BlockCipherMode::GCM),
        tag_length: Some(16),
        ..NO_PARAMETERS
    };
    let forged = DecryptRequest {
        cryptographic_parameters: Some(gcm),
        iv_counter_nonce: Some(vec![1; 12]),
        authenticated_encryption_tag: Some(vec![0; 16]),
        ..requests::decrypt(&id, b"something that nobody encrypted")
    };
    client.call(forged).unwrap_err();
    server.stop();
    let all = records(&trial.data().join("audit.log"));
    let failed = all.iter().find(|it| it.facts.result == Some(Outcome::Failed)).unwrap();
    assert_eq!(failed.facts.operation.as_deref(), Some("Decrypt"));
    assert!(failed.facts.ckr.as_ref().is_some_and(|ckr| ckr.starts_with("0x000000")), "{failed:?}");
}

#[test]
fn operator_at_the_socket_is_on_record() {
    let trial = Trial::new();
    let server = trial.start();
    let id = server.client().make_aes(&[]).unwrap();
    let line = format!("custody move {id} --scope demo --custody token --config claviger.toml");
    assert!(claviger(&trial, &line).status.success());
    let missing = "custody show nothing --scope demo --config claviger.toml";
    assert!(!claviger(&trial, missing).status.success());
    server.stop();
    let all = records(&trial.data().join("audit.log"));
    let by_operator = all.iter().filter(|it| it.facts.principal == Some(Actor::Operator));
    let told: Vec<_> = by_operator.map(|it| (it.kind, it.facts.reason.as_deref())).collect();
    let expected = [(Kind::Intent, None), (Kind::Outcome, None), (Kind::Outcome, Some("404"))];
    assert_eq!(told, expected);
    let moved = all.iter().find(|it| it.facts.principal == Some(Actor::Operator)).unwrap();
    assert_eq!(moved.facts.objects, [id.as_str()]);
    assert_eq!(
        moved.facts.operation.as_deref(),
        Some("POST /v1/claviger/scope/{scope}/key/{uid}/custody")
    );
}

#[test]
fn commands_of_the_guide_work_as_they_stand_there() {
    let trial = Trial::new();
    let server = trial.start();
    let id = server.client().make_aes(&[]).unwrap();
    let guide = program::repository().join("docs/guides/audit.md");
    let lines = fs::read_to_string(guide).unwrap();
    let lines = docs::commands(&lines);
    assert!(lines.len() >= 5, "{lines:?}");
    for line in lines {
        let line = line.replace("UID", id.as_str()).replace("claviger ", "\"$CLAVIGER\" ");
        let mut shell = Command::new("bash");
        shell.args(["-euc", &line]).env("CLAVIGER", program::claviger());
        let output = shell.current_dir(trial.data()).output().unwrap();
        assert!(output.status.success(), "{line}: {}", said(&output));
    }
    server.stop();
}

#[test]
fn verify_finds_what_was_changed_cut_off_or_signed_by_another() {
    let trial = Trial::new();
    let server = trial.start();
    server.client().make_aes(&[]).unwrap();
    let verify = "audit verify --config claviger.toml";
    let running = claviger(&trial, verify);
    assert!(running.status.success(), "while it runs: {}", said(&running));
    server.stop();
    let whole = claviger(&trial, verify);
    assert!(
        whole.status.success() && said(&whole).ends_with("the log holds\n"),
        "{}",
        said(&whole)
    );
    let key = said(&claviger(&trial, "audit key --config claviger.toml"));
    fs::write(trial.data().join("key.pem"), &key).unwrap();
    let pinned = claviger(&trial, &format!("{verify} --public-key key.pem"));
    assert!(pinned.status.success(), "{}", said(&pinned));

    let path = trial.data().join("audit.log");
    let log = fs::read_to_string(&path).unwrap();
    let assert_found = |text: &str, why: &str| {
        fs::write(&path, text).unwrap();
        let output = claviger(&trial, verify);
        assert_eq!(output.status.code(), Some(1), "{why}: {}", said(&output));
        assert!(said(&output).contains(why), "{}", said(&output));
    };
    assert_found(&log.replacen("Create", "Locate", 1), "the record was changed");
    let lines: Vec<&str> = log.split_inclusive('\n').collect();
    assert_found(&lines[..3].concat(), "was signed");
    assert_found(&[&lines[..3], &lines[4..]].concat().concat(), "records 4 to 4 are missing");
    fs::write(&path, &log).unwrap();
    // A key of nobody's.
    let other = Trial::new();
    other.start().stop();
    let stranger = said(&claviger(&other, "audit key --config claviger.toml"));
    fs::write(trial.data().join("other.pem"), stranger).unwrap();
    let output = claviger(&trial, &format!("{verify} --public-key other.pem"));
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
}

/// Where the log was taken away while the server was down, the next one tells so.
#[test]
fn log_that_was_removed_is_missed() {
    let trial = Trial::new();
    trial.start().stop();
    fs::remove_file(trial.data().join("audit.log")).unwrap();
    let server = trial.start();
    server.client().make_aes(&[]).unwrap();
    server.stop();
    let output = claviger(&trial, "audit verify --config claviger.toml");
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("records 1 to "), "{}", said(&output));
}

#[test]
fn full_pipe_refuses_everything_in_time_and_service_resumes_once_it_is_read() {
    let trial = Trial::new();
    trial.start().stop();
    let pipe = trial.data().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    trial.edit_config("path = \"audit.log\"", "path = \"pipe\"");
    let server = trial.start();
    let mut client = server.client();
    let began = Instant::now();
    assert_unrecorded(client.call(requests::create_aes(&[])), began);
    let began = Instant::now();
    assert_unrecorded(client.call(requests::query()), began);
    // A reader comes, and reads all that there is.
    let mut reader = Command::new("cat");
    let copy = trial.data().join("copy");
    reader.arg(&pipe).stdout(fs::File::create(&copy).unwrap());
    let mut reader = reader.spawn().unwrap();
    until_served(&mut client);
    server.stop();
    reader.wait().unwrap();
    let from = records(&copy).first().map(|first| first.sequence);
    let report =
        verify(std::slice::from_ref(&copy), &Knowledge { from, ..Knowledge::default() }).unwrap();
    assert_eq!(report.findings, []);
    let refused = records(&copy).into_iter().find(|it| it.kind == Kind::Refused).unwrap();
    assert!(refused.facts.count.unwrap() >= 2, "{refused:?}");
}

#[test]
fn https_sink_takes_every_record_and_refuses_in_time_where_it_cannot() {
    let trial = Trial::new();
    trial.start().stop();
    let collector = Collector::new();
    trial.edit_config(FILE_SINK, &collector.sink());
    let server = trial.start();
    let mut client = server.client();
    let id = client.make_aes(&[]).unwrap();
    for mood in [Mood::Refuses, Mood::Silent] {
        collector.be(mood);
        for _ in 0..3 {
            let began = Instant::now();
            assert_unrecorded(client.encrypted(&id, b"text"), began);
        }
        collector.be(Mood::Takes);
        until_served(&mut client);
    }
    server.stop();
    let copy = trial.data().join("copy");
    fs::write(&copy, collector.lines().join("\n") + "\n").unwrap();
    let all = records(&copy);
    assert!(all.windows(2).all(|pair| pair[1].previous == pair[0].hash), "one chain");
    assert!(all.iter().any(|it| it.facts.objects.contains(&id.to_string())));
    assert_eq!(all.last().unwrap().kind, Kind::Head);
}

/// With two sinks, one of which is away, the other one serves; unless the one away is required.
#[test]
fn required_sink_stops_what_another_one_would_let_pass() {
    let trial = Trial::new();
    trial.start().stop();
    let away = "[[audit.sink]]\ntype = \"syslog\"\naddress = \"unix:nobody.sock\"\n";
    trial.edit_config(FILE_SINK, &format!("{FILE_SINK}{away}"));
    let server = trial.start();
    server.client().make_aes(&[]).unwrap();
    server.stop();
    trial.edit_config(away, &format!("{away}required = true\n"));
    let server = trial.start();
    let mut client = server.client();
    let began = Instant::now();
    assert_unrecorded(client.call(requests::create_aes(&[])), began);
    // Somebody takes them.
    let socket = std::os::unix::net::UnixDatagram::bind(trial.data().join("nobody.sock")).unwrap();
    std::thread::spawn(move || while socket.recv(&mut [0; 65_536]).is_ok() {});
    until_served(&mut client);
    server.stop();
    let output = claviger(&trial, "audit verify --config claviger.toml");
    assert!(output.status.success(), "{}", said(&output));
}
