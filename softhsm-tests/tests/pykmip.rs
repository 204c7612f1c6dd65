//! PyKMIP's own client, and its own integration suite, against the real server.
//!
//! They run from a virtual environment that `./test` makes, and the suite from PyKMIP's source
//! distribution, which `./test` fetches; without them these tests fail.
//! `interop/pykmip/suite.tsv` names the tests of the suite that cannot pass, each with its reason.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

use server::client::Ready;
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

/// Live tests of the suite; those that start a server of their own are marked `ignore` there.
const SUITE_TESTS: usize = 37;

#[test]
fn integration_suite_of_pykmip_passes_but_for_the_list() {
    let trial = Trial::new();
    // The first start writes the configuration. PyKMIP's own server lets two keys have one Name.
    trial.start().stop();
    trial.edit_config("export = true", "export = true\nunique_names = false");
    let server = trial.start();
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join(".pykmip")).unwrap();
    let conf = client_conf(server.ready());
    std::fs::write(home.path().join(".pykmip/pykmip.conf"), conf).unwrap();
    let mut command = Command::new(program::python());
    command.args(["-B", "-m", "pytest", "-q", "-rA", "--tb=line", "-p", "no:cacheprovider"]);
    command.args(["-m", "not ignore", "--config", "client"]).arg(program::pykmip_suite());
    command.env("HOME", home.path()).stdin(Stdio::null());
    let output = command.output().unwrap();
    server.stop();
    let said = String::from_utf8_lossy(&output.stdout);
    let passed = verdicts(&said, "PASSED ");
    let failed = verdicts(&said, "FAILED ");
    assert_eq!(passed.len() + failed.len(), SUITE_TESTS, "{said}");
    let listed = suite_list();
    let surprises = failed.difference(&listed).collect::<Vec<_>>();
    assert!(surprises.is_empty(), "fail, and are not listed: {surprises:?}\n{said}");
    let cured = passed.intersection(&listed).collect::<Vec<_>>();
    assert!(cured.is_empty(), "pass now, take them out of suite.tsv: {cured:?}");
    let unknown = listed.difference(&failed).collect::<Vec<_>>();
    assert!(unknown.is_empty(), "listed, and not in the suite: {unknown:?}");
    docs::say(&format!("PyKMIP's integration suite: {} of {SUITE_TESTS} pass", passed.len()));
}

/// What PyKMIP's client reads of how to connect.
fn client_conf(ready: &Ready) -> String {
    let shown = |path: &Path| path.display().to_string();
    format!(
        "[client]\nhost=127.0.0.1\nport={}\ncertfile={}\nkeyfile={}\nca_certs={}\n\
         cert_reqs=CERT_REQUIRED\nssl_version=PROTOCOL_SSLv23\n\
         do_handshake_on_connect=True\nsuppress_ragged_eofs=True\n",
        ready.kmip_addr.port(),
        shown(&ready.client_cert),
        shown(&ready.client_key),
        shown(&ready.ca),
    )
}

/// The tests that ended so, as `Class::test`.
fn verdicts(said: &str, verdict: &str) -> BTreeSet<String> {
    let lines = said.lines().filter_map(|line| line.strip_prefix(verdict));
    let names = lines.filter_map(|line| line.split(" - ").next()?.split_once("::"));
    names.map(|(_, test)| test.trim().to_owned()).collect()
}

/// The tests that cannot pass; each has its reason beside it.
fn suite_list() -> BTreeSet<String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("interop/pykmip/suite.tsv");
    let text = std::fs::read_to_string(file).unwrap();
    let entry = |line: &str| {
        let (test, reason) = line.split_once('\t').unwrap_or_else(|| panic!("no reason: {line}"));
        assert!(!reason.trim().is_empty(), "no reason: {line}");
        test.to_owned()
    };
    text.lines().filter(|line| !line.starts_with('#')).map(entry).collect()
}
