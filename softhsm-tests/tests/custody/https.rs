//! Keys that came and went as text: nothing of them is left, neither the bytes nor their digits.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use kmip_core::message::{RequestItem, RequestMessage};
use kmip_core::text::{json, xml};
use kmip_core::ttlv::Item;
use kmip_core::types::ProtocolVersion;
use server::client::request_header;
use softhsm_tests::requests::{self, Id};
use softhsm_tests::server::{Server, TokenKind, Trial};
use softhsm_tests::{docs, material, memory, program};

use crate::log::spellings;

/// A batch that brings `key` and gets it back.
fn message(key: &[u8]) -> Vec<u8> {
    let mut get = requests::get(&Id::new("the one just registered"));
    get.unique_identifier = None;
    let mut items = [requests::register_aes(key, &[]).into(), get.into()].map(RequestItem::new);
    for (number, item) in (1..).zip(&mut items) {
        item.unique_batch_item_id = Some(vec![number]);
    }
    let mut header = request_header(ProtocolVersion::NEWEST);
    header.batch_count = 2;
    RequestMessage { header, items: items.into() }.encode()
}

/// Posts the files over one connection, which stays open as long as the child runs.
fn post(server: &Server, files: &[(&str, &Path)]) -> Child {
    let ready = server.ready();
    let script = program::repository().join("softhsm-tests/interop/https/post.py");
    let mut command = Command::new("python3");
    command.arg("-B").arg(script).arg(ready.https_addr.unwrap().port().to_string());
    command.arg(&ready.ca).arg(&ready.client_cert).arg(&ready.client_key);
    for (content_type, file) in files {
        command.arg(content_type).arg(file);
    }
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    for _ in files {
        let line = lines.next().unwrap();
        assert!(line.starts_with("200 "), "{line}");
    }
    assert_eq!(lines.next().as_deref(), Some("posted"));
    child
}

#[test]
fn key_that_travelled_as_text_is_in_no_memory_and_no_log() {
    let trial = Trial::on(TokenKind::SoftHsm).with_https().with_variable("CLAVIGER_LOG", "trace");
    let server = trial.start();
    if !memory::is_open(server.pid()) {
        docs::say("SKIPPED: key_that_travelled_as_text: only root reads that process' memory");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (mut files, mut secrets) = (Vec::new(), Vec::new());
    for content_type in ["application/octet-stream", "text/xml", "application/json"] {
        let key = material::random(32);
        let bytes = message(&key);
        let item = Item::from_bytes(&bytes).unwrap();
        let text = match content_type {
            "text/xml" => xml::to_xml(&item).as_bytes().to_vec(),
            "application/json" => json::to_json(&item).as_bytes().to_vec(),
            _ => bytes,
        };
        let file = folder.path().join(files.len().to_string());
        std::fs::write(&file, text).unwrap();
        files.push((content_type, file));
        for part in key.chunks(16) {
            secrets.extend(spellings(part));
        }
    }
    let files = files.iter().map(|(kind, file)| (*kind, file.as_path())).collect::<Vec<_>>();
    let mut child = post(&server, &files);
    let needles = secrets.iter().map(Vec::as_slice).collect::<Vec<_>>();
    // While the connection is open, the TLS library keeps the last record it decrypted, as it does on
    // the other port. What came before must be gone, and the last message from every other buffer.
    let open = memory::count(server.pid(), &needles);
    let (before, last) = open.split_at(open.len() * 2 / 3);
    assert_eq!(before.iter().sum::<usize>(), 0, "{open:?}");
    assert!(last.iter().all(|count| *count <= 1), "{open:?}");
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
    let closed = memory::count(server.pid(), &needles);
    assert_eq!(closed.iter().sum::<usize>(), 0, "{closed:?}");
    assert!(memory::count(server.pid(), &[b"claviger-dev"])[0] > 0, "memory cannot be searched");
    server.stop();
    let log = trial.log();
    for needle in needles {
        assert_eq!(memory::occurrences(&log, needle), 0, "{}", String::from_utf8_lossy(needle));
    }
}
