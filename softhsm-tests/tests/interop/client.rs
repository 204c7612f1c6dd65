//! What the tests and the table know of a client.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use softhsm_tests::{docs, program};

use crate::matrix;

/// A test that takes longer is told.
const LONG: Duration = Duration::from_secs(10);

/// A client.
pub(crate) struct Client {
    /// Names its guide, its tests, and the folder of what it needs.
    pub(crate) id: &'static str,
    /// Its name, as its makers write it.
    pub(crate) name: &'static str,
    /// Which one is tested.
    pub(crate) version: fn() -> Version,
    /// What its users use it for.
    pub(crate) use_case: &'static str,
    /// What must be configured besides a role that grants what it asks for.
    pub(crate) needs: &'static str,
    /// Its tests, by name.
    pub(crate) tests: &'static [(&'static str, fn())],
}

/// Which release of a client is tested.
pub(crate) enum Version {
    /// This one, as it says itself or as its package is named.
    Released(String),
    /// None: its requests are sent as they were described.
    Replayed(&'static str),
    /// None here, for this reason. The table keeps what it said.
    Absent(String),
}

impl Client {
    /// Its tests for the harness.
    pub(crate) fn trials(&'static self) -> Vec<Trial> {
        let absent = match (self.version)() {
            Version::Absent(why) => Some(why),
            Version::Released(_) | Version::Replayed(_) => None,
        };
        if let Some(why) = &absent {
            docs::say(&format!("NOT RUN: the tests of {}: {why}", self.name));
        }
        let trial = |(name, test): &(&'static str, fn())| {
            let (name, test) = (*name, *test);
            let full = format!("{}::{name}", self.id);
            let run = move || {
                let begun = Instant::now();
                let outcome = catch_unwind(AssertUnwindSafe(test));
                let took = begun.elapsed();
                if took >= LONG {
                    docs::say(&format!("{}::{name} took {} s", self.id, took.as_secs()));
                }
                matrix::ran(self.id, outcome.is_ok());
                // The harness tells what the panic said.
                outcome.map_or_else(|panic| resume_unwind(panic), Ok)
            };
            Trial::test(full, run).with_ignored_flag(absent.is_some())
        };
        self.tests.iter().map(trial).collect()
    }
}

/// The folder of what a client needs: what installs it, and programs of ours that use it.
pub(crate) fn folder(id: &str) -> PathBuf {
    program::repository().join("softhsm-tests/interop").join(id)
}

/// Python, in the virtual environment that `softhsm-tests/interop/<id>/install` makes.
///
/// # Panics
///
/// If it was not made.
pub(crate) fn venv(id: &str) -> PathBuf {
    let python = program::cache().join(id).join("venv/bin/python3");
    let install = folder(id).join("install");
    assert!(python.is_file(), "{} is missing: run {}", python.display(), install.display());
    python
}

/// The release of a client in Python, after these of its packages; or why it is absent, as its
/// `install` has left word.
///
/// # Panics
///
/// If its `requirements.txt` does not name them.
pub(crate) fn python_release(id: &str, packages: &[&str]) -> Version {
    if let Ok(why) = std::fs::read_to_string(program::cache().join(id).join("absent")) {
        return Version::Absent(why.trim().to_owned());
    }
    let named = packages.iter().map(|package| format!("{package} {}", requirement(id, package)));
    Version::Released(named.collect::<Vec<_>>().join(", "))
}

/// Which version of `package` the client's `requirements.txt` names.
fn requirement(id: &str, package: &str) -> String {
    let text = std::fs::read_to_string(folder(id).join("requirements.txt")).unwrap();
    let version = |line: &str| Some(line.strip_prefix(package)?.strip_prefix("==")?.to_owned());
    let mut versions = text.lines().filter_map(version);
    versions.next().unwrap_or_else(|| panic!("{package} is not among the requirements of {id}"))
}

/// What guides say before commands of `claviger` that administer the server.
pub(crate) const ADMINISTRATION: &str = "\
    export CLAVIGER_ADDR=https://127.0.0.1:8200 CLAVIGER_CACERT=claviger-data/pki/ca.pem\n\
    export CLAVIGER_TOKEN_FILE=claviger-data/admin-token\n";

/// The guide of a client.
pub(crate) fn guide(id: &str) -> String {
    let path = program::repository().join(format!("docs/guides/clients/{id}.md"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
