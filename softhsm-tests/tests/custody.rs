//! Where key bytes are not: in the server's memory, in its database, in its log.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::PathBuf;

use kmip_core::attribute::{Attribute, AttributeKind};
use kmip_core::object::Object;
use kmip_core::payload::RngRetrieveRequest;
use server::client::Client;
use softhsm_tests::memory;
use softhsm_tests::requests::{self, Shortcuts};
use softhsm_tests::server::{Server, TokenKind, Trial};

/// Bytes that nobody else has: the server's own random ones, which are not kept here.
fn fresh_bytes(client: &mut Client) -> Vec<u8> {
    let answer = client.call(RngRetrieveRequest { data_length: 32 }).unwrap();
    // Turned around, so that the answer itself, wherever it may linger, is no match.
    answer.data.expose().iter().rev().map(|byte| byte ^ 0x5a).collect()
}

fn not_extractable() -> [Attribute; 2] {
    [
        Attribute::new(AttributeKind::Sensitive, &true),
        Attribute::new(AttributeKind::Extractable, &false),
    ]
}

/// The database with all that belongs to it.
fn database_files(trial: &Trial) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(trial.data()).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let of_database = |path: &PathBuf| path.to_string_lossy().contains("claviger.db");
    paths.filter(of_database).collect()
}

/// Ordinary work on connections of their own, which uses freed memory again as any server does.
fn work(server: &Server) {
    for _ in 0..4 {
        let mut client = server.client();
        let id = client.make_aes(&[]).unwrap();
        for _ in 0..50 {
            let sealed = client.encrypted(&id, b"ordinary work").unwrap();
            client.decrypted(&id, &sealed).unwrap();
        }
        client.close();
    }
}

#[test]
fn imported_key_is_neither_in_memory_nor_in_the_database() {
    // Kryoptic lives in the server's process, and keeps its keys in clear.
    let trial = Trial::on(TokenKind::SoftHsm);
    let server = trial.start();
    let mut client = server.client();
    let key = fresh_bytes(&mut client);
    let other_key = fresh_bytes(&mut client);
    let opaque = fresh_bytes(&mut client);
    client.close();

    let mut client = server.client();
    let id = client.bring_aes(&key, &not_extractable()).unwrap();
    let sealed = client.encrypted(&id, b"used once").unwrap();
    assert_eq!(client.decrypted(&id, &sealed).unwrap(), b"used once");
    client.close();
    // The scope that may not export forces what the first client asked for.
    let mut client = server.other_client();
    let id = client.bring_aes(&other_key, &[]).unwrap();
    client.encrypted(&id, b"used once").unwrap();
    client.close();
    // A name is kept in clear: it shows that a search finds what is there.
    let mut client = server.client();
    let text = opaque.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    client.make_aes(&[server::client::template::name(&text)]).unwrap();
    client.close();
    work(&server);

    let files = database_files(&trial);
    let in_files = |needle: &[u8]| {
        let count = |file: &PathBuf| memory::occurrences(&std::fs::read(file).unwrap(), needle);
        files.iter().map(count).sum::<usize>()
    };
    assert!(in_files(text.as_bytes()) > 0, "the name is in no file: {files:?}");
    assert_eq!(in_files(&key), 0);
    assert_eq!(in_files(&other_key), 0);

    // First the name, since looking for it shows that the memory can be searched at all.
    let mut client = server.client();
    let name = server::client::template::name(&text);
    assert_eq!(client.call(requests::locate(vec![name])).unwrap().unique_identifiers.len(), 1);
    let found = memory::count(server.pid(), &[&key, &other_key, b"claviger-dev"]);
    assert!(found[2] > 0, "the memory cannot be searched: {found:?}");
    assert_eq!(found[..2], [0, 0], "key bytes in the server's memory");
    server.stop();
}

/// Every way in which a line of a log could show these bytes.
fn spellings(bytes: &[u8]) -> Vec<Vec<u8>> {
    let lower = bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let list = bytes.iter().map(u8::to_string).collect::<Vec<_>>().join(", ");
    let upper = lower.to_uppercase();
    vec![bytes.to_vec(), lower.into_bytes(), upper.into_bytes(), list.into_bytes()]
}

#[test]
fn log_at_trace_level_holds_no_secret() {
    let trial = Trial::new().with_variable("CLAVIGER_LOG", "trace");
    let server = trial.start();
    let mut client = server.client();
    let plaintext = b"canary in the plaintext, 0123456789";
    let key = fresh_bytes(&mut client);
    let id = client.bring_aes(&key, &[]).unwrap();
    let sealed = client.encrypted(&id, plaintext).unwrap();
    assert_eq!(client.decrypted(&id, &sealed).unwrap(), plaintext);
    client.call(requests::get(&id)).unwrap();
    // Refusals are logged with more words than successes.
    client.decrypted(&id, &plaintext[..16]).unwrap_err();
    let mut wrong = requests::register_aes(&key, &[]);
    if let Object::SymmetricKey(brought) = &mut wrong.object {
        brought.key_block.cryptographic_length = Some(128);
    }
    client.call(wrong).unwrap_err();
    let pin = std::fs::read(trial.data().join("pin")).unwrap();
    server.stop();

    let log = trial.log();
    assert!(memory::occurrences(&log, b"DEBUG") > 0, "the log is not as talkative as it can be");
    for secret in [plaintext.as_slice(), &plaintext[..16], &key, pin.trim_ascii()] {
        for spelling in spellings(secret) {
            let place = log.windows(spelling.len()).position(|window| window == spelling);
            let line = place.map(|at| {
                let start = log[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |n| n + 1);
                String::from_utf8_lossy(&log[start..at]).into_owned()
            });
            assert_eq!(line, None, "a secret follows these words");
        }
    }
}
