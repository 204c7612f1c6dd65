//! The same cases over HTTPS, in each encoding, and those of the encodings' own profiles.

use softhsm_tests::runner::{self, Way};
use softhsm_tests::server::Trial;

use crate::{corpus_or_skip, lists};

#[test]
fn cases_pass_over_https_as_they_do_over_tls() {
    let Some(folder) = corpus_or_skip("conformance over HTTPS") else { return };
    let trial = Trial::new().with_https();
    let server = trial.start();
    // One message after the other in each encoding, so that every encoding sees every operation.
    let rows = runner::play(&folder, server.ready(), Way::Https("mixed"));
    server.stop();
    let expected = lists::passing_on(trial.kind());
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
    let expected = lists::passing_on(trial.kind());
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
