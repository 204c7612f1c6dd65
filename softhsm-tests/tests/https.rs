//! KMIP over HTTPS with the real server: the guide's commands, the scopes, and what is off by default.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::fmt::Write;
use std::path::Path;
use std::process::{Command, Output};

use kmip_core::message::{RequestItem, RequestMessage, ResponseMessage};
use kmip_core::payload::RequestPayload;
use kmip_core::text::json;
use kmip_core::ttlv::{Item, Limits};
use kmip_core::types::{ProtocolVersion, ResultReason, ResultStatus};
use server::client::request_header;
use softhsm_tests::requests::{self, Id, Shortcuts};
use softhsm_tests::server::{Server, Trial};
use softhsm_tests::{docs, program};

/// Runs a block of a guide as it stands there, but for the folder and the port.
fn run(block: &str, trial: &Trial, server: &Server) -> Output {
    let port = server.ready().https_addr.unwrap().port().to_string();
    let block = block.replace("claviger-data", trial.data().to_str().unwrap());
    let block = block.replace("5697", &port);
    Command::new("bash").args(["-euc", &block]).current_dir(trial.folder()).output().unwrap()
}

#[test]
fn commands_of_the_guide_work_as_they_stand_there() {
    let trial = Trial::new().with_https();
    let server = trial.start();
    let guide = program::repository().join("docs/guides/https.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    let blocks = docs::blocks(&guide);
    let said = blocks.iter().map(|block| {
        let output = run(block, &trial, &server);
        let cried = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{block}\n{cried}");
        String::from_utf8(output.stdout).unwrap()
    });
    let said = said.collect::<Vec<_>>();
    assert_eq!(said.len(), 2);
    assert!(said[0].contains(r#"{"tag":"Operation","type":"Enumeration","value":"Locate"}"#));
    assert!(
        said[1].contains(r#"<ResultStatus type="Enumeration" value="Success"/>"#),
        "{}",
        said[1]
    );
    // The key is the one that others see on the other port.
    let (_, rest) = said[1].split_once(r#"<UniqueIdentifier type="TextString" value=""#).unwrap();
    let id = rest.split('"').next().unwrap();
    let found = server.client().call(requests::locate(Vec::new())).unwrap().unique_identifiers;
    assert_eq!(found.iter().map(Id::as_str).collect::<Vec<_>>(), [id]);
    server.stop();
}

/// Posts one operation as JSON with curl, as the client whose files these are.
fn post(server: &Server, files: (&Path, &Path), payload: RequestPayload) -> ResponseMessage {
    let mut header = request_header(ProtocolVersion::NEWEST);
    header.batch_count = 1;
    let message = RequestMessage { header, items: vec![RequestItem::new(payload)] }.encode();
    let text = json::to_json(&Item::from_bytes(&message).unwrap());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("message");
    std::fs::write(&file, text.as_bytes()).unwrap();
    let ready = server.ready();
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--show-error", "--fail", "--header", "Content-Type: application/json"]);
    curl.arg("--cacert").arg(&ready.ca).arg("--cert").arg(files.0).arg("--key").arg(files.1);
    curl.arg("--data-binary").arg(format!("@{}", file.display()));
    let port = ready.https_addr.unwrap().port();
    let output = curl.arg(format!("https://localhost:{port}/kmip")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let limits = Limits::default();
    let answer = json::from_json(std::str::from_utf8(&output.stdout).unwrap(), &limits).unwrap();
    ResponseMessage::decode(&answer.to_bytes(), &limits).unwrap()
}

#[test]
fn scopes_hold_over_https() {
    let trial = Trial::new().with_https();
    let server = trial.start();
    let id = server.client().make_aes(&[]).unwrap();
    let ready = server.ready();
    let ours = (ready.client2_cert.as_path(), ready.client2_key.as_path());
    let others = (ready.other_cert.as_path(), ready.other_key.as_path());
    let found = post(&server, ours, requests::get(&id).into());
    assert_eq!(found.items[0].result_status, ResultStatus::Success, "{found:?}");
    let hidden = post(&server, others, requests::get(&id).into());
    assert_eq!(hidden.items[0].result_reason, Some(ResultReason::ItemNotFound), "{hidden:?}");
    server.stop();
}

#[test]
fn https_is_off_unless_it_has_an_address() {
    let trial = Trial::new();
    let server = trial.start();
    assert_eq!(server.ready().https_addr, None);
    server.stop();
    assert!(!String::from_utf8_lossy(&trial.log()).contains("KMIP over HTTPS"));
    let mut https = String::from("[server]\n");
    writeln!(https, "https_addr = \"127.0.0.1:0\"").unwrap();
    trial.edit_config("[server]\n", &https);
    let server = trial.start();
    assert!(server.ready().https_addr.is_some());
    server.stop();
}
