//! The cases of the conformance corpus against the real server, compared with what passed before.
//!
//! They are played twice: with every key in the token, and with every key wrapped in the database.
//! `conformance/passing.txt` lists the cases that pass in both; `CLAVIGER_UPDATE_PASSING=1` rewrites
//! it. `conformance/pending.tsv` gives a reason for each other case that applies to this server,
//! `conformance/custody.tsv` for each that passes in one custody alone, and
//! `conformance/softhsm2_only.txt` names those that need what Kryoptic lacks.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod custody;
mod document;
mod https;
mod lists;
mod mended;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::PathBuf;
use std::thread;

use softhsm_tests::corpus::{self, Applies, Case};
use softhsm_tests::docs;
use softhsm_tests::server::Trial;

use custody::{Custody, Run};

const UPDATE: &str = "CLAVIGER_UPDATE_PASSING";

/// The corpus, or a loud word that it is not there.
fn corpus_or_skip(what: &str) -> Option<PathBuf> {
    let folder = corpus::folder();
    if folder.is_none() {
        let cases = lists::passing().len() + lists::pending().len();
        docs::say(&format!(
            "SKIPPED: {what}, 0 of {cases} cases: the corpus is not there, set {}",
            corpus::CORPUS_VARIABLE
        ));
    }
    folder
}

/// How many of the cases there are pass.
fn counts(cases: &[Case], passing: &BTreeSet<String>, applies: Applies) -> String {
    let of_kind = || cases.iter().filter(|case| case.applies == applies);
    let passed = of_kind().filter(|case| passing.contains(&case.id)).count();
    format!("{passed} of {}", of_kind().count())
}

#[test]
fn cases_pass_as_listed_in_either_custody() {
    let Some(folder) = corpus_or_skip("conformance") else { return };
    let cases = corpus::cases(&folder);
    let ours = cases.iter().map(|case| case.id.clone()).collect::<BTreeSet<_>>();
    let (token, wrapped) = thread::scope(|scope| {
        let token = scope.spawn(|| Run::new(&folder, Custody::Token, &ours));
        let wrapped = Run::new(&folder, Custody::Wrapped, &ours);
        (token.join().unwrap(), wrapped)
    });
    for run in [&token, &wrapped] {
        docs::say(&format!(
            "conformance, custody {}: {} cases that apply pass, {} conditional ones",
            run.custody.word(),
            counts(&cases, &run.passed, Applies::Yes),
            counts(&cases, &run.passed, Applies::Conditional)
        ));
    }
    let passed = token.passed.intersection(&wrapped.passed).cloned().collect::<BTreeSet<_>>();
    if std::env::var_os(UPDATE).is_some() {
        let lines = passed.iter().map(|id| format!("{id}\n")).collect::<String>();
        std::fs::write(lists::passing_file(), lines).unwrap();
        token.tell_failures();
        wrapped.tell_failures();
        return;
    }
    let expected = lists::passing_on(Trial::new().kind());
    let mut complaints = String::new();
    token.compare(&expected, &wrapped, &mut complaints);
    wrapped.compare(&expected, &token, &mut complaints);
    for id in passed.difference(&expected) {
        writeln!(complaints, "passes now, add it to passing.txt: {id}").unwrap();
    }
    for id in expected.difference(&ours) {
        writeln!(complaints, "listed, but no case of the corpus: {id}").unwrap();
    }
    for id in lists::custody_exceptions().keys().filter(|id| passed.contains(*id)) {
        writeln!(complaints, "passes in both, take it out of custody.tsv: {id}").unwrap();
    }
    assert!(complaints.is_empty(), "\n{complaints}");
}

#[test]
fn case_that_is_for_this_server_passes_or_is_pending_with_a_reason() {
    let Some(folder) = corpus_or_skip("the check of pending cases") else { return };
    let (passing, pending) = (lists::passing(), lists::pending());
    let cases = corpus::cases(&folder);
    let mut complaints = String::new();
    for case in &cases {
        let told = match (passing.contains(&case.id), pending.contains_key(&case.id)) {
            (true, true) => "passes, and is pending as well",
            (false, false) => "neither passes nor is pending with a reason",
            (true, false) | (false, true) => continue,
        };
        writeln!(complaints, "{}: {told}", case.id).unwrap();
    }
    let known = cases.iter().map(|case| case.id.as_str()).collect::<BTreeSet<_>>();
    for id in pending.keys().filter(|id| !known.contains(id.as_str())) {
        writeln!(complaints, "{id}: pending, but is not for servers like this one").unwrap();
    }
    assert!(complaints.is_empty(), "\n{complaints}");
}

#[test]
fn list_of_passing_cases_is_sorted_and_holds_each_once() {
    let text = std::fs::read_to_string(lists::passing_file()).unwrap();
    let lines = text.lines().collect::<Vec<_>>();
    assert!(lines.is_sorted_by(|a, b| a < b), "sort passing.txt, byte by byte");
}
