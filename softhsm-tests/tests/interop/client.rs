//! What the tests and the table know of a client.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use libtest_mimic::Trial;
use softhsm_tests::{docs, program};

use crate::matrix;

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
                let outcome = catch_unwind(AssertUnwindSafe(test));
                matrix::ran(self.id, outcome.is_ok());
                // The harness tells what the panic said.
                outcome.map_or_else(|panic| resume_unwind(panic), Ok)
            };
            Trial::test(full, run).with_ignored_flag(absent.is_some())
        };
        self.tests.iter().map(trial).collect()
    }
}

/// The guide of a client.
pub(crate) fn guide(id: &str) -> String {
    let path = program::repository().join(format!("docs/guides/clients/{id}.md"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
