//! PyKMIP against the real server: the README's snippet, and all of it on the second token. On SoftHSM2 its
//! client, its tools and its suite are among the real clients of `./test interop`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::process::Command;

use softhsm_tests::server::{TokenKind, Trial};
use softhsm_tests::{program, pykmip};

#[test]
fn pykmip_works_in_every_version_it_speaks_on_kryoptic() {
    let trial = Trial::on(TokenKind::Kryoptic);
    let server = trial.start();
    pykmip::client_in_every_version(&trial);
    server.stop();
}

#[test]
fn integration_suite_of_pykmip_passes_but_for_the_list_on_kryoptic() {
    let trial = Trial::on(TokenKind::Kryoptic);
    // The first start writes the configuration.
    trial.start().stop();
    pykmip::allow_common_names(&trial);
    let server = trial.start();
    pykmip::suite(server.ready());
    server.stop();
}

#[test]
fn snippet_of_the_readme_runs_as_it_is_printed() {
    let readme = std::fs::read_to_string(program::repository().join("README.md")).unwrap();
    let (_, rest) = readme.split_once("```python\n").unwrap();
    let (snippet, _) = rest.split_once("```").unwrap();
    let trial = Trial::on(TokenKind::SoftHsm);
    let server = trial.start();
    // What the reader has is the trial's own folder and port.
    let snippet = snippet
        .replace("claviger-data", &trial.data().to_string_lossy())
        .replace("5696", &server.ready().kmip_addr.port().to_string());
    let output = Command::new(program::python()).args(["-B", "-c", &snippet]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(said.trim(), "b'hello'", "{}", String::from_utf8_lossy(&output.stderr));
    server.stop();
}
