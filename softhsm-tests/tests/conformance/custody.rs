//! Every case that is for servers like this one, with all keys in one custody.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

use softhsm_tests::docs;
use softhsm_tests::runner::{self, Row, Way};
use softhsm_tests::server::Trial;

use crate::lists;

/// Where a server keeps the keys that it makes or is given, whatever their kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Custody {
    /// As objects of the token.
    Token,
    /// Wrapped, in the database.
    Wrapped,
}

impl Custody {
    /// What the configuration calls it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Wrapped => "wrapped",
        }
    }
}

/// What became of each case.
pub(crate) struct Run {
    pub(crate) custody: Custody,
    rows: Vec<Row>,
    pub(crate) passed: BTreeSet<String>,
}

impl Run {
    /// Plays every case against a server that keeps all keys in `custody`.
    pub(crate) fn new(folder: &Path, custody: Custody, cases: &BTreeSet<String>) -> Self {
        let trial = Trial::new();
        // The first start writes the configuration.
        trial.start().stop();
        let word = custody.word();
        let everything =
            format!("symmetric_keys = \"{word}\"\nprivate_keys = \"{word}\"\nexport =");
        trial.edit_config("export =", &everything);
        let server = trial.start();
        let mut rows = runner::play(folder, server.ready(), Way::Tls);
        server.stop();
        rows.retain(|row| cases.contains(&row.id()));
        let passed = rows.iter().filter(|row| row.verdict == "PASS").map(Row::id).collect();
        Self { custody, rows, passed }
    }

    fn failed(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| row.verdict != "PASS")
    }

    /// Says what each case that failed failed at.
    pub(crate) fn tell_failures(&self) {
        for row in self.failed() {
            docs::say(&format!("{}: {}: {}", self.custody.word(), row.id(), row.story()));
        }
    }

    /// What differs from the list. A case that is excepted may fail here, if it passes in `other`.
    pub(crate) fn compare(
        &self,
        expected: &BTreeSet<String>,
        other: &Self,
        complaints: &mut String,
    ) {
        let excepted = lists::custody_exceptions();
        let word = self.custody.word();
        for row in self.failed() {
            let (id, story) = (row.id(), row.story());
            if expected.contains(&id) {
                writeln!(complaints, "{word}: passed before: {id}: {story}").unwrap();
            } else if other.passed.contains(&id) && !excepted.contains_key(&id) {
                writeln!(complaints, "{word}: fails in this custody alone: {id}: {story}").unwrap();
            }
        }
    }
}
