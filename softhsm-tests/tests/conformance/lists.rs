//! The lists beside the test: what passes, what does not and why.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use softhsm_tests::server::TokenKind;

/// The list that the test rewrites when it is told to.
pub(crate) fn passing_file() -> PathBuf {
    file("passing.txt")
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance").join(name)
}

/// Cases that pass.
pub(crate) fn passing() -> BTreeSet<String> {
    std::fs::read_to_string(passing_file()).unwrap().lines().map(str::to_owned).collect()
}

/// Cases that pass on a token of this kind.
pub(crate) fn passing_on(kind: TokenKind) -> BTreeSet<String> {
    let mut passing = passing();
    if kind == TokenKind::Kryoptic {
        let text = std::fs::read_to_string(file("softhsm2_only.txt")).unwrap();
        for case in text.lines().filter(|line| !line.starts_with('#')) {
            assert!(passing.remove(case), "{case} is not in passing.txt");
        }
    }
    passing
}

/// Cases that do not pass, each with its reason.
pub(crate) fn pending() -> BTreeMap<String, String> {
    with_reasons("pending.tsv")
}

/// Cases that pass in one custody only, each with its reason.
pub(crate) fn custody_exceptions() -> BTreeMap<String, String> {
    with_reasons("custody.tsv")
}

/// A change that takes a contradiction out of a case.
pub(crate) struct Mending {
    /// The case that passes with it.
    pub(crate) case: String,
    /// The case that is changed: itself, or one that sets it up.
    pub(crate) changed: String,
    /// The element whose value changes.
    pub(crate) element: String,
    /// Its new value.
    pub(crate) value: String,
}

/// What `mended.tsv` says.
pub(crate) fn mendings() -> Vec<Mending> {
    let text = std::fs::read_to_string(file("mended.tsv")).unwrap();
    let mending = |line: &str| {
        let columns: Vec<_> = line.split('\t').map(str::to_owned).collect();
        let [case, changed, element, value] = columns.try_into().unwrap();
        Mending { case, changed, element, value }
    };
    text.lines().filter(|line| !line.starts_with('#')).map(mending).collect()
}

fn with_reasons(name: &str) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(file(name)).unwrap();
    let mut cases = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (case, reason) = line.split_once('\t').unwrap_or_else(|| panic!("no reason: {line}"));
        assert!(!reason.trim().is_empty(), "no reason: {line}");
        assert_eq!(cases.insert(case.to_owned(), reason.to_owned()), None, "twice: {case}");
    }
    cases
}
