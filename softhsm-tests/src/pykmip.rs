//! PyKMIP's own client, and its own integration suite, unchanged.
//!
//! They run from a virtual environment that `./test` makes, and the suite from PyKMIP's source
//! distribution, which `./test` fetches; without them these tests fail.
//! `interop/pykmip/suite.tsv` names the tests of the suite that cannot pass, each with its reason.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use server::client::Ready;

use crate::server::Trial;
use crate::{docs, program};

/// Live tests of the suite; those that start a server of their own are marked `ignore` there.
const SUITE_TESTS: usize = 37;

/// The folder of our programs that use PyKMIP.
#[must_use]
pub fn folder() -> PathBuf {
    program::repository().join("softhsm-tests/interop/pykmip")
}

/// Does what the client can do, in every version it speaks, as `client1` of the scope `demo`.
///
/// # Panics
///
/// If something fails.
pub fn client_in_every_version(trial: &Trial) {
    let mut command = Command::new(program::python());
    command.arg("-B").arg(folder().join("scenario.py"));
    command.arg("--ready").arg(trial.data().join("ready.json"));
    let output = command.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let cried = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{cried}");
    docs::say(said.lines().last().unwrap_or_default());
}

/// Has two objects bear one Name, as PyKMIP's own server does and its suite expects; for servers that
/// are started from now on.
///
/// # Panics
///
/// If there is no configuration yet, or another than the first start writes.
pub fn allow_common_names(trial: &Trial) {
    trial.edit_config("export = true", "export = true\nunique_names = false");
}

/// Runs the suite as `client1` of the scope `demo`, in which [names are not unique](allow_common_names)
/// and no object is.
///
/// # Panics
///
/// If other tests fail than those that are listed.
pub fn suite(ready: &Ready) {
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join(".pykmip")).unwrap();
    std::fs::write(home.path().join(".pykmip/pykmip.conf"), client_conf(ready)).unwrap();
    let mut command = Command::new(program::python());
    command.args(["-B", "-m", "pytest", "-q", "-rA", "--tb=line", "-p", "no:cacheprovider"]);
    command.args(["-m", "not ignore", "--config", "client"]).arg(program::pykmip_suite());
    command.env("HOME", home.path()).stdin(Stdio::null());
    let output = command.output().unwrap();
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
    let text = std::fs::read_to_string(folder().join("suite.tsv")).unwrap();
    let entry = |line: &str| {
        let (test, reason) = line.split_once('\t').unwrap_or_else(|| panic!("no reason: {line}"));
        assert!(!reason.trim().is_empty(), "no reason: {line}");
        test.to_owned()
    };
    text.lines().filter(|line| !line.starts_with('#')).map(entry).collect()
}
