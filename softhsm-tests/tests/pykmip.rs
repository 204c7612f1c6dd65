//! PyKMIP's own client against the real server.
//!
//! It runs from a virtual environment that `./test` makes; without it this test fails.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use softhsm_tests::server::Trial;
use softhsm_tests::{docs, program};

/// Names another virtual environment.
const VARIABLE: &str = "CLAVIGER_PYKMIP_VENV";

fn python() -> PathBuf {
    let default = || {
        let home = std::env::var_os("HOME").map_or_else(PathBuf::new, PathBuf::from);
        home.join(".cache/claviger/venv-pykmip")
    };
    let venv = std::env::var_os(VARIABLE).map_or_else(default, PathBuf::from);
    let python = venv.join("bin/python3");
    assert!(
        python.is_file(),
        "PyKMIP's virtual environment is not at {}: run ./test, which makes it, or set {VARIABLE}",
        venv.display()
    );
    python
}

#[test]
fn pykmip_works_in_every_version_it_speaks() {
    let python = python();
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
    let output = Command::new(python()).args(["-B", "-c", &snippet]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(said.trim(), "b'hello'", "{}", String::from_utf8_lossy(&output.stderr));
    server.stop();
}
