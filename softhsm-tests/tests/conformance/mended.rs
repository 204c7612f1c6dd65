//! Cases that contradict themselves or each other: what is wrong with them, shown by mending just that.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use softhsm_tests::corpus::{self, Applies};
use softhsm_tests::docs;
use softhsm_tests::runner::{self, Way};
use softhsm_tests::server::{TokenKind, Trial};

use crate::corpus_or_skip;
use crate::lists::{self, Mending};

/// Its keys are of a curve that Kryoptic does not have; it is played on SoftHSM2.
const OF_SECP256K1: &str = "1.1/TC-ECC-3-11";

#[test]
fn case_that_nobody_can_pass_passes_once_its_contradiction_is_mended() {
    let Some(folder) = corpus_or_skip("the mended cases") else { return };
    let mendings = lists::mendings();
    let cases: BTreeSet<_> = mendings.iter().map(|mending| mending.case.as_str()).collect();
    // All that are for this server and do not pass are here, so that none hides among them.
    let pending = lists::pending();
    let known = corpus::cases(&folder);
    let left = known.iter().filter(|case| case.applies == Applies::Yes);
    let left = left.filter(|case| pending.contains_key(&case.id)).map(|case| case.id.as_str());
    assert_eq!(cases, left.collect(), "mended, and left: pending and to be passed");
    let kryoptic = Trial::new().kind() == TokenKind::Kryoptic;
    for case in &cases {
        if kryoptic && *case == OF_SECP256K1 {
            continue;
        }
        let mended = tempfile::tempdir().unwrap();
        copy(&folder, mended.path());
        let of_case = mendings.iter().filter(|mending| mending.case == *case);
        of_case.for_each(|mending| mend(mended.path(), mending));
        let trial = Trial::new();
        let server = trial.start();
        let only = format!("v{case}");
        let rows = runner::run(mended.path(), server.ready(), Way::Tls, &["--filter", &only]);
        server.stop();
        let row = rows.iter().find(|row| row.id() == *case).unwrap();
        assert_eq!(row.verdict, "PASS", "{case}: {}", row.story());
    }
    docs::say(&format!("conformance: {} cases pass once mended", cases.len()));
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn mend(folder: &Path, mending: &Mending) {
    let file = file_of(folder, &mending.changed);
    let text = fs::read_to_string(&file).unwrap();
    let mut place = place_of(&text, &mending.element);
    let value = match mending.value.strip_prefix('=') {
        Some(other) => text.get(place_of(&text, other)).unwrap().to_owned(),
        None => mending.value.clone(),
    };
    let value = match value.strip_prefix('+') {
        Some(element) => {
            let end = place.end + text[place.end..].find("/>").unwrap() + "/>".len();
            place = end..end;
            element.to_owned()
        }
        None => value,
    };
    assert_ne!(text.get(place.clone()).unwrap(), value, "{} is not broken", mending.case);
    let mended = [&text[..place.start], &value, &text[place.end..]].concat();
    fs::write(file, mended).unwrap();
}

fn file_of(folder: &Path, case: &str) -> PathBuf {
    folder.join("open").join(format!("v{case}.xml"))
}

/// Where the value of an element stands, called `Name#n`: the n-th of that name.
fn place_of(text: &str, element: &str) -> std::ops::Range<usize> {
    let (name, number) = element.split_once('#').unwrap();
    let number: usize = number.parse().unwrap();
    let (start, _) = text.match_indices(&format!("<{name} type=")).nth(number - 1).unwrap();
    let value = start + text[start..].find("value=\"").unwrap() + "value=\"".len();
    value..value + text[value..].find('"').unwrap()
}
