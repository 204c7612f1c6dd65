//! Clients that are written in Go.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Mutex;

use softhsm_tests::program;
use softhsm_tests::world::World;

/// The `go` of the tests, which keeps modules where `./test interop` has put them.
pub(crate) fn go() -> (&'static str, PathBuf) {
    ("go", program::repository().join("tools/go"))
}

/// Builds what lies in the folder of the client `id`, or finds it built, and returns the folder with
/// what came of it.
///
/// # Panics
///
/// If it cannot be built.
pub(crate) fn built(id: &'static str) -> PathBuf {
    // Once only, and nobody runs what somebody else is about to replace.
    static BUILT: Mutex<BTreeSet<&str>> = Mutex::new(BTreeSet::new());
    let folder = program::cache().join(id);
    let mut built = BUILT.lock().unwrap();
    if built.contains(id) {
        return folder;
    }
    let install = program::repository().join("softhsm-tests/interop").join(id).join("install");
    let output = Command::new(install).env("CLAVIGER_CACHE", program::cache()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    built.insert(id);
    folder
}

/// Where a client in Go is told to find the server and its own certificate, by the names that the
/// tests of this repository give them.
pub(crate) fn environment(world: &World, credential: &str) -> Vec<(&'static str, String)> {
    let ready = world.server().ready();
    let file = |name: &str| world.folder().join(credential).join(name).display().to_string();
    vec![
        ("KMIP_ADDR", format!("localhost:{}", ready.kmip_addr.port())),
        ("KMIP_CA", ready.ca.display().to_string()),
        ("KMIP_CERT", file("client.pem")),
        ("KMIP_KEY", file("client.key")),
    ]
}

/// What a program of Go tests has said.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    passed: Vec<String>,
    failed: Vec<String>,
    skipped: Vec<String>,
}

impl Outcome {
    /// Reads the output of `-test.v`, subtests included.
    pub(crate) fn of(output: &str) -> Self {
        let with = |mark: &str| {
            let names = output.lines().filter_map(|line| line.trim_start().strip_prefix(mark));
            names.filter_map(|rest| rest.split(' ').next()).map(str::to_owned).collect()
        };
        Self { passed: with("--- PASS: "), failed: with("--- FAIL: "), skipped: with("--- SKIP: ") }
    }

    /// How many tests have passed, those within others included.
    pub(crate) const fn passed(&self) -> usize {
        self.passed.len()
    }

    /// Whether this test has passed.
    pub(crate) fn has_passed(&self, name: &str) -> bool {
        self.passed.iter().any(|passed| passed == name)
    }
}

/// Runs tests that were built with `go test -c`, and returns what came of them.
///
/// # Panics
///
/// If one fails, or does not come to its end, or is skipped without being in `skipped`.
pub(crate) fn run_tests(mut command: Command, skipped: &[&str]) -> Outcome {
    let output = command.args(["-test.v", "-test.timeout=600s"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    let outcome = Outcome::of(&said);
    assert!(output.status.success(), "failed: {:?}\n{said}\n{errors}", outcome.failed);
    assert_eq!(outcome.failed, Vec::<String>::new(), "{said}");
    assert_eq!(outcome.skipped, skipped, "{said}");
    assert!(outcome.passed() > 0, "{said}");
    outcome
}
