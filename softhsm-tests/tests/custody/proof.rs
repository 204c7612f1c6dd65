//! The proof of custody: keys that the test knows are brought into the token, much is done, and then
//! neither the server's memory nor any of its files holds a part of them.
//!
//! On SoftHSM2, which lives in the server's process but keeps what is private encrypted there;
//! Kryoptic keeps its keys in clear.

use std::path::{Path, PathBuf};

use softhsm_tests::material::PrivateKind;
use softhsm_tests::server::{Server, TokenKind, Trial};
use softhsm_tests::{docs, keys, material, memory};

use crate::brought::{Keys, PRIVATES, Secrets, bring};
use crate::{custody, work};

/// Fewest operations between import and search.
const FEWEST_OPERATIONS: usize = 2_000;
const CONNECTIONS: usize = 4;
const ROUNDS: usize = 20;
/// How often connections are opened anew in the meantime.
const TURNS: usize = 2;

/// What glibc's malloc is told to do with freed memory: fill it, and keep none of it aside unfilled.
const FILLS_FREED_MEMORY: &str = "glibc.malloc.perturb=165:glibc.malloc.tcache_count=0";

/// What the scopes say, and where the keys then are.
struct Modes {
    symmetric: &'static str,
    private: &'static str,
}

#[test]
fn keys_in_the_token_are_in_no_memory_and_no_file() {
    let modes = Modes { symmetric: "token", private: "token" };
    prove(&Trial::on(TokenKind::SoftHsm), &modes, &PRIVATES);
}

#[test]
fn wrapped_keys_are_in_no_memory_and_no_file() {
    let modes = Modes { symmetric: "wrapped", private: "wrapped" };
    prove(&Trial::on(TokenKind::SoftHsm), &modes, &PRIVATES);
}

/// OpenSSL, with which SoftHSM2 signs, frees a copy of the seed with every EdDSA signature and does
/// not wipe it: half of it can be found for a long time. It is the token's own memory, allocated by
/// malloc, out of reach of the server's wiping allocator; malloc itself can be told to fill it.
#[test]
fn edwards_seeds_are_gone_where_malloc_fills_freed_memory() {
    let modes = Modes { symmetric: "wrapped", private: "token" };
    let trial = Trial::on(TokenKind::SoftHsm).with_variable("GLIBC_TUNABLES", FILLS_FREED_MEMORY);
    prove(&trial, &modes, &[PrivateKind::P256, PrivateKind::Ed25519]);
}

fn prove(trial: &Trial, modes: &Modes, privates: &[PrivateKind]) {
    configure(trial, modes);
    let server = trial.start();
    let mut secrets = Secrets::default();
    let brought = bring_all(&server, modes, privates, &mut secrets);
    let control = name_something(&server);
    let mut operations = 0;
    for _ in 0..TURNS {
        operations += work::mixed(server.ready(), (&brought.0, &brought.1), CONNECTIONS, ROUNDS);
    }
    assert!(operations >= FEWEST_OPERATIONS, "only {operations} operations");
    let searched = search(trial, &server, &secrets, &control);
    docs::say(&format!(
        "{}, {}: after {operations} operations none of {} parts of keys in {searched}",
        modes.symmetric,
        modes.private,
        secrets.len()
    ));
    server.stop();
    // The log is complete now, and the database folded up.
    assert_eq!(in_files(trial.folder(), &secrets).0, Vec::<String>::new());
}

/// Gives the scopes these modes, and no assisted one: it would shut the process up, and an ordinary
/// user could not search it.
fn configure(trial: &Trial, modes: &Modes) {
    trial.start().stop();
    trial.edit_config("assisted = true", "assisted = false");
    let (symmetric, private) = (modes.symmetric, modes.private);
    for scope in ["demo", "other"] {
        let name = format!("name = \"{scope}\"");
        let with = format!("symmetric_keys = \"{symmetric}\"\nprivate_keys = \"{private}\"");
        trial.edit_config(&name, &format!("{name}\n{with}"));
    }
}

/// One key of each kind for each scope, on connections that are closed then.
fn bring_all(
    server: &Server,
    modes: &Modes,
    privates: &[PrivateKind],
    secrets: &mut Secrets,
) -> (Keys, Keys) {
    let mut client = server.client();
    let first = bring(&mut client, privates, &keys::exposure(true, false), secrets);
    client.close();
    // The scope that may not export forces what the first client asked for.
    let mut client = server.other_client();
    let second = bring(&mut client, privates, &[], secrets);
    client.close();
    let clients = [(server.client(), &first), (server.other_client(), &second)];
    for (mut client, keys) in clients {
        for key in keys.wrappable() {
            assert_eq!(custody(&mut client, key), modes.symmetric);
        }
        for key in keys.private() {
            assert_eq!(custody(&mut client, key), modes.private);
        }
        client.close();
    }
    (first, second)
}

/// A text that is in the memory and in the database: a search that does not find it proves nothing.
fn name_something(server: &Server) -> Vec<u8> {
    let name = hex::encode(material::random(16));
    let mut client = server.client();
    client
        .call(softhsm_tests::requests::create_aes(&[server::client::template::name(&name)]))
        .unwrap();
    client.close();
    name.into_bytes()
}

/// Searches memory and files, and says how much that was.
fn search(trial: &Trial, server: &Server, secrets: &Secrets, control: &[u8]) -> String {
    let seen = memory::search(server.pid(), &memory::Needles::new(&[control, b"claviger-dev"]));
    assert!(seen.counts.iter().all(|count| *count > 0), "the memory cannot be searched: {seen:?}");
    let found = memory::search(server.pid(), &secrets.needles());
    assert_eq!(secrets.found(&found.counts), Vec::<String>::new(), "in the server's memory");

    let database = files_below(&trial.data()).into_iter();
    let database = database.filter(|path| path.to_string_lossy().contains("claviger.db"));
    let control = memory::Needles::new(&[control]);
    let count = |path: PathBuf| control.count_in(&std::fs::read(path).unwrap())[0];
    assert!(database.map(count).sum::<usize>() > 0, "the control is in no file of the database");
    let (hits, bytes, files) = in_files(trial.folder(), secrets);
    assert_eq!(hits, Vec::<String>::new(), "in a file");
    let in_memory = found.bytes / 1024;
    format!("{in_memory} KiB of memory and {} KiB of {files} files", bytes / 1024)
}

/// What is found in any file below `folder`: database, token, configuration, log; with their size and
/// number.
fn in_files(folder: &Path, secrets: &Secrets) -> (Vec<String>, usize, usize) {
    let (needles, files) = (secrets.needles(), files_below(folder));
    let (mut hits, mut bytes) = (Vec::new(), 0);
    for file in &files {
        let text = std::fs::read(file).unwrap();
        let found = secrets.found(&needles.count_in(&text));
        hits.extend(found.into_iter().map(|what| format!("{}: {what}", file.display())));
        bytes += text.len();
    }
    (hits, bytes, files.len())
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            files.extend(files_below(&entry.path()));
        } else if kind.is_file() {
            files.push(entry.path());
        }
    }
    files
}
