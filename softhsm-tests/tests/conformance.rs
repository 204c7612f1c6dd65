//! The cases of the conformance corpus against the real server, compared with what passed before.
//!
//! `conformance/passing.txt` lists the cases that pass; `CLAVIGER_UPDATE_PASSING=1` rewrites it.
//! `conformance/pending.tsv` gives a reason for each other case that applies to this server,
//! `conformance/softhsm2_only.txt` names those that need what Kryoptic lacks.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};

use softhsm_tests::corpus::{self, Applies, Case};
use softhsm_tests::runner::{self, Row, Way};
use softhsm_tests::server::{TokenKind, Trial};
use softhsm_tests::{docs, program};

const UPDATE: &str = "CLAVIGER_UPDATE_PASSING";

fn listed() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance/passing.txt")
}

fn passing() -> BTreeSet<String> {
    std::fs::read_to_string(listed()).unwrap().lines().map(str::to_owned).collect()
}

/// Cases that pass on a token of this kind.
fn passing_on(kind: TokenKind) -> BTreeSet<String> {
    let mut passing = passing();
    if kind == TokenKind::Kryoptic {
        let text = std::fs::read_to_string(listed().with_file_name("softhsm2_only.txt")).unwrap();
        for case in text.lines().filter(|line| !line.starts_with('#')) {
            assert!(passing.remove(case), "{case} is not in passing.txt");
        }
    }
    passing
}

/// Cases that do not pass, each with its reason.
fn pending() -> BTreeMap<String, String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance/pending.tsv");
    let text = std::fs::read_to_string(file).unwrap();
    let mut pending = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (case, reason) = line.split_once('\t').unwrap_or_else(|| panic!("no reason: {line}"));
        assert!(!reason.trim().is_empty(), "no reason: {line}");
        assert_eq!(pending.insert(case.to_owned(), reason.to_owned()), None, "twice: {case}");
    }
    pending
}

/// The corpus, or a loud word that it is not there.
fn corpus_or_skip(what: &str) -> Option<PathBuf> {
    let folder = corpus::folder();
    if folder.is_none() {
        let cases = passing().len() + pending().len();
        docs::say(&format!(
            "SKIPPED: {what}, 0 of {cases} cases: the corpus is not there, set {}",
            corpus::CORPUS_VARIABLE
        ));
    }
    folder
}

fn counts(cases: &[Case], passing: &BTreeSet<String>, applies: Applies) -> String {
    let of_kind = || cases.iter().filter(|case| case.applies == applies);
    let passed = of_kind().filter(|case| passing.contains(&case.id)).count();
    format!("{passed} of {}", of_kind().count())
}

#[test]
fn cases_pass_as_listed() {
    let Some(folder) = corpus_or_skip("conformance") else { return };
    let cases = corpus::cases(&folder);
    let ours = cases.iter().map(|case| case.id.clone()).collect::<BTreeSet<_>>();
    let trial = Trial::new();
    let server = trial.start();
    let rows = runner::play(&folder, server.ready(), Way::Tls);
    server.stop();

    let passed = rows.iter().filter(|row| row.verdict == "PASS").map(Row::id);
    let passed = passed.filter(|id| ours.contains(id)).collect::<BTreeSet<_>>();
    docs::say(&format!(
        "conformance: {} cases that apply pass, {} conditional ones",
        counts(&cases, &passed, Applies::Yes),
        counts(&cases, &passed, Applies::Conditional)
    ));
    if std::env::var_os(UPDATE).is_some() {
        let lines = passed.iter().map(|id| format!("{id}\n")).collect::<String>();
        std::fs::write(listed(), lines).unwrap();
        for row in rows.iter().filter(|row| ours.contains(&row.id()) && row.verdict != "PASS") {
            docs::say(&format!("{} {}: {}", row.verdict, row.id(), row.story()));
        }
        return;
    }
    let expected = passing_on(trial.kind());
    let mut complaints = String::new();
    for row in rows.iter().filter(|row| expected.contains(&row.id()) && row.verdict != "PASS") {
        writeln!(complaints, "passed before: {}: {}", row.id(), row.story()).unwrap();
    }
    for id in passed.difference(&expected) {
        writeln!(complaints, "passes now, add it to passing.txt: {id}").unwrap();
    }
    for id in expected.difference(&ours) {
        writeln!(complaints, "listed, but no case of the corpus: {id}").unwrap();
    }
    assert!(complaints.is_empty(), "\n{complaints}");
}

#[test]
fn cases_pass_over_https_as_they_do_over_tls() {
    let Some(folder) = corpus_or_skip("conformance over HTTPS") else { return };
    let trial = Trial::new().with_https();
    let server = trial.start();
    // One message after the other in each encoding, so that every encoding sees every operation.
    let rows = runner::play(&folder, server.ready(), Way::Https("mixed"));
    server.stop();
    let expected = passing_on(trial.kind());
    let failed = rows.iter().filter(|row| expected.contains(&row.id()) && row.verdict != "PASS");
    let told = failed.map(|row| format!("{}: {}", row.id(), row.story())).collect::<Vec<_>>();
    assert!(told.is_empty(), "\npass over TLS, but not over HTTPS:\n{}", told.join("\n"));
    let passed = rows.iter().filter(|row| row.verdict == "PASS").count();
    assert!(passed >= expected.len(), "{passed} of {}", expected.len());
}

/// Cases of many kinds, each with its clean-up.
const IN_EACH_ENCODING: &[&str] = &[
    "v1.0/SKFF-M-2-10",
    "v1.0/TC-[3-9]*-10",
    "v1.1/SKLC-M-1-11",
    "v1.4/CS-AC-M-4-14",
    "v1.4/CS-BC-M-*",
    "v1.4/OMOS-*",
    "v1.4/SASED-M-2-14",
    "v1.4/SKLC-M-*",
    "v1.4/TC-CREG-*",
    "v1.4/TC-I18N-*",
    "v1.4/TC-Q-*",
    "v1.4/TC-STREAM-*",
    "v1.4/TL-M-1-14",
];

/// The cases of the encodings' own profiles are of no use over plain TLS, where the runner skips them.
#[test]
fn cases_of_the_encodings_pass_in_their_encoding() {
    let Some(folder) = corpus_or_skip("the cases of HTTPS, XML and JSON") else { return };
    let trial = Trial::new().with_https();
    let server = trial.start();
    for (encoding, profile) in [("ttlv", "HTTPS"), ("xml", "XML"), ("json", "JSON")] {
        let cases = format!("*MSGENC-{profile}-*");
        let options = ["--no-default-skip", "--filter", cases.as_str()];
        let rows = runner::run(&folder, server.ready(), Way::Https(encoding), &options);
        assert_eq!(rows.len(), 5, "one for each version from 1.0 to 1.4");
        for row in rows {
            assert_eq!(row.verdict, "PASS", "{}: {}", row.id(), row.story());
        }
    }
    server.stop();
}

#[test]
fn same_cases_pass_in_each_encoding() {
    let Some(folder) = corpus_or_skip("the same cases in each encoding") else { return };
    let trial = Trial::new().with_https();
    let server = trial.start();
    let expected = passing_on(trial.kind());
    let options = IN_EACH_ENCODING.iter().flat_map(|case| ["--filter", *case]);
    let options = options.collect::<Vec<_>>();
    for encoding in ["ttlv", "xml", "json"] {
        let rows = runner::run(&folder, server.ready(), Way::Https(encoding), &options);
        let rows = rows.iter().filter(|row| expected.contains(&row.id()));
        let failed = rows.clone().filter(|row| row.verdict != "PASS");
        let told = failed.map(|row| format!("{}: {}", row.id(), row.story())).collect::<Vec<_>>();
        assert!(told.is_empty(), "in {encoding}:\n{}", told.join("\n"));
        assert!(rows.count() >= 30, "the cases of the list are not there");
    }
    server.stop();
}

#[test]
fn case_that_applies_passes_or_is_pending_with_a_reason() {
    let Some(folder) = corpus_or_skip("the check of pending cases") else { return };
    let (passing, pending) = (passing(), pending());
    let cases = corpus::cases(&folder);
    let mut complaints = String::new();
    for case in cases.iter().filter(|case| case.applies == Applies::Yes) {
        let told = match (passing.contains(&case.id), pending.contains_key(&case.id)) {
            (true, true) => "passes, and is pending as well",
            (false, false) => "neither passes nor is pending with a reason",
            (true, false) | (false, true) => continue,
        };
        writeln!(complaints, "{}: {told}", case.id).unwrap();
    }
    let known = cases.iter().map(|case| case.id.as_str()).collect::<BTreeSet<_>>();
    for id in pending.keys().filter(|id| !known.contains(id.as_str()) || passing.contains(*id)) {
        writeln!(complaints, "{id}: pending, but passes or does not apply").unwrap();
    }
    assert!(complaints.is_empty(), "\n{complaints}");
}

#[test]
fn list_of_passing_cases_is_sorted_and_holds_each_once() {
    let text = std::fs::read_to_string(listed()).unwrap();
    let lines = text.lines().collect::<Vec<_>>();
    assert!(lines.is_sorted_by(|a, b| a < b), "sort passing.txt, byte by byte");
}

/// One line for each version, and one for each family: passing of all that apply.
fn table(cases: &[Case], passing: &BTreeSet<String>) -> String {
    let mut text = String::new();
    for title in ["Version", "Family"] {
        let key = |case: &Case| {
            if title == "Version" { case.version.clone() } else { case.family.clone() }
        };
        writeln!(text, "\n| {title} | apply | conditional |\n|---|---|---|").unwrap();
        let keys = cases.iter().map(key).collect::<BTreeSet<_>>();
        for value in keys {
            let rows = cases.iter().filter(|case| key(case) == value).cloned();
            let rows = rows.collect::<Vec<_>>();
            let yes = counts(&rows, passing, Applies::Yes);
            let conditional = counts(&rows, passing, Applies::Conditional);
            writeln!(text, "| {value} | {yes} | {conditional} |").unwrap();
        }
        let yes = counts(cases, passing, Applies::Yes);
        let conditional = counts(cases, passing, Applies::Conditional);
        writeln!(text, "| **all** | **{yes}** | **{conditional}** |").unwrap();
    }
    text
}

#[test]
fn document_holds_the_counts_of_the_list() {
    let Some(folder) = corpus_or_skip("the table in docs/CONFORMANCE.md") else { return };
    let table = table(&corpus::cases(&folder), &passing());
    docs::check_part(&program::repository().join("docs/CONFORMANCE.md"), "counts", &table);
}
