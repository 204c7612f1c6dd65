//! PyKMIP's own client against the real server.
//!
//! It runs from a virtual environment that `./test` makes; without it this test fails.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::{Command, Stdio};

use softhsm_tests::server::Trial;
use softhsm_tests::{docs, program};

#[test]
fn pykmip_works_in_every_version_it_speaks() {
    let python = program::python();
    let trial = Trial::new();
    let server = trial.start();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("interop/pykmip/scenario.py");
    let mut command = Command::new(python);
    command.arg("-B").arg(script).arg("--ready").arg(trial.data().join("ready.json"));
    let output = command.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let cried = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{cried}");
    docs::say(said.lines().last().unwrap_or_default());
    server.stop();
}

#[test]
fn snippet_of_the_readme_runs_as_it_is_printed() {
    let readme = std::fs::read_to_string(program::repository().join("README.md")).unwrap();
    let (_, rest) = readme.split_once("```python\n").unwrap();
    let (snippet, _) = rest.split_once("```").unwrap();
    let trial = Trial::new();
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
