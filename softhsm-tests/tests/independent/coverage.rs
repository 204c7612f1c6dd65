//! That the plan leaves nothing out: `docs/OPERATIONS.md` lists what is served, from the server's own
//! tables, and each line of it must be a kind of the plan.

use std::collections::BTreeSet;

use softhsm_tests::program;

/// The lines of the document that the plan lacks, with the kind that each would be.
pub(crate) fn missing(kinds: &BTreeSet<&str>) -> Vec<String> {
    let text = std::fs::read_to_string(program::repository().join("docs/OPERATIONS.md")).unwrap();
    let (_, part) = text.split_once("<!-- begin algorithms -->").unwrap();
    let (part, _) = part.split_once("<!-- end algorithms -->").unwrap();
    let mut wanted = Vec::new();
    for section in part.split("\n### ").skip(1) {
        // What is made, is made by these algorithms; the rest computes.
        if !section.starts_with("Create") {
            let rows = section.lines().filter(|line| line.starts_with("| ")).skip(1);
            wanted.extend(rows.map(|row| kind_of(row.split('|').nth(1).unwrap().trim())));
        }
    }
    assert!(wanted.len() > 80, "the document lists only {wanted:?}");
    wanted.retain(|kind| !kinds.contains(kind.as_str()));
    wanted
}

/// The kind of a line's first column.
fn kind_of(asked: &str) -> String {
    const UNPADDED: [&str; 5] = ["CCM", "GCM", "XTS", "AESKeyWrapPadding", "NISTKeyWrap"];
    let words = asked.split(", ").collect::<Vec<_>>();
    match words.as_slice() {
        [cipher, mode, _] if UNPADDED.contains(mode) => format!("{cipher} {mode}"),
        [cipher, mode, padding] => {
            format!("{cipher} {mode} {}", padding.trim_start_matches("padding "))
        }
        ["AES", "CMAC"] => "CMAC".to_owned(),
        ["RSA", "PKCS1V1_5"] => "RSA PKCS1V1_5 encryption".to_owned(),
        ["RSA PKCS1V1_5", hash] => format!("RSA PKCS1V1_5 signature {hash}"),
        ["ECDSA", hash] => format!("ECDSA P_521 {hash}"),
        ["any HMAC key", hash] => format!("HMAC {hash}"),
        [first, second] => format!("{first} {second}"),
        [mac] => mac
            .strip_prefix("HMAC_SHA")
            .map_or_else(|| (*mac).to_owned(), |hash| format!("HMAC SHA_{hash}")),
        other => panic!("{other:?}"),
    }
}
