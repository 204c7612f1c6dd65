//! Samples of traces: each rule is broken once, and kept once.

use super::*;

const KEK: &str = "C_GenerateKey rv=0x0 session=1 template=CLASS:4,TOKEN:1,SENSITIVE:1,EXTRACTABLE:0,\
                   ID:aa,LABEL:636c617669676572207772617070696e67206b6579,WRAP:1 object=5";
const SHUT: &str = "CLASS:4,TOKEN:0,SENSITIVE:1,EXTRACTABLE:0,ENCRYPT:1";
const PASSING: &str = "CLASS:4,TOKEN:0,SENSITIVE:1,EXTRACTABLE:1,ENCRYPT:0,DECRYPT:0,SIGN:0,VERIFY:0,\
                       WRAP:0,UNWRAP:0,DERIVE:0";

fn report(lines: &[&str]) -> Report {
    check(&lines.iter().map(|line| line.parse().unwrap()).collect::<Vec<_>>())
}

/// That the last of these lines, and it alone, breaks a rule.
fn broken(lines: &[&str]) {
    assert_eq!(report(&lines[..lines.len() - 1]).violations, Vec::<String>::new());
    assert_eq!(report(lines).violations.len(), 1, "{lines:?}");
}

fn made(template: &str, object: u64) -> String {
    format!("C_CreateObject rv=0x0 session=1 template={template} object={object}")
}

#[test]
fn label_is_that_of_the_wrapping_key() {
    let hex = "claviger wrapping key".bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_eq!(hex, WRAPPING_LABEL);
}

#[test]
fn reading_a_key_is_seen() {
    let read = "C_GetAttributeValue rv=0x11 session=1 object=7 asked=CLASS,VALUE";
    broken(&["MARK Shut", read]);
    broken(&["MARK Export", &made(SHUT, 7), read]);
    for part in SECRET_PARTS {
        let line = format!("C_GetAttributeValue rv=0x0 session=1 object=7 asked={part}");
        broken(&["MARK Shut", &line]);
    }
    let public = "C_GetAttributeValue rv=0x0 session=1 object=7 asked=CLASS,SENSITIVE,ID";
    assert!(report(&["MARK Shut", public]).violations.is_empty());
}

#[test]
fn only_probe_keys_are_read_while_the_token_is_opened() {
    let probe = made("CLASS:4,TOKEN:0,SENSITIVE:0,EXTRACTABLE:1", 7);
    let read = "C_GetAttributeValue rv=0x0 session=1 object=7 asked=VALUE";
    let report = report(&[&probe, read]);
    assert_eq!((report.violations.len(), report.probe_reads), (0, 1));
    broken(&[&probe, "MARK Shut", read]);
    broken(&["MARK Shut", &made(SHUT, 7), "MARK Start", read]);
}

#[test]
fn wrapping_under_another_key_is_seen() {
    let wrap = |key| format!("C_WrapKey rv=0x0 session=1 wrapping={key} key=9 length_only=0");
    let client = made("CLASS:4,TOKEN:1,SENSITIVE:1,EXTRACTABLE:0,WRAP:1", 6);
    let shut = report(&[KEK, "MARK Shut", &wrap(5)]);
    assert_eq!((shut.violations.len(), shut.own_wraps), (0, 1));
    broken(&[KEK, "MARK Shut", &client, &wrap(6)]);
    broken(&[KEK, "MARK Export", &wrap(8)]);
    let named = report(&["MARK Export", &client, &wrap(6)]);
    assert_eq!((named.violations.len(), named.named_wraps), (0, 1));
    // A copy of the wrapping key is the wrapping key.
    let copy = "C_CopyObject rv=0x0 session=1 from=5 template=TOKEN:0 object=6";
    assert!(report(&[KEK, copy, "MARK Shut", &wrap(6)]).violations.is_empty());
}

#[test]
fn keys_that_are_not_shut_are_seen() {
    assert_eq!(report(&["MARK Shut", &made(SHUT, 7)]).keys_made_shut, 1);
    for open in [
        "CLASS:4,TOKEN:1,SENSITIVE:0,EXTRACTABLE:0",
        "CLASS:4,TOKEN:1,SENSITIVE:1,EXTRACTABLE:1",
        "CLASS:3,TOKEN:1,SENSITIVE:1",
        "CLASS:3,TOKEN:1,EXTRACTABLE:0",
        "CLASS:4,TOKEN:0,SENSITIVE:1,EXTRACTABLE:1,ENCRYPT:1",
    ] {
        broken(&["MARK Shut", &made(open, 7)]);
    }
    let pair = "C_GenerateKeyPair rv=0x0 session=1 public_template=CLASS:2,TOKEN:0 \
                template=CLASS:3,TOKEN:1,SENSITIVE:1,EXTRACTABLE:1 public_object=7 object=8";
    broken(&["MARK Shut", pair]);
    broken(&[&made("CLASS:4,TOKEN:1,SENSITIVE:1,EXTRACTABLE:1", 7)]);
    assert!(report(&["MARK Export", &made(PASSING, 7)]).violations.is_empty());
}

#[test]
fn passing_key_must_be_gone_in_the_end() {
    let (key, gone) = (made(PASSING, 7), "C_DestroyObject rv=0x0 session=1 object=7");
    assert!(report(&["MARK Shut", &key, gone]).violations.is_empty());
    assert_eq!(report(&["MARK Shut", &key]).violations.len(), 1);
    let failed = "C_DestroyObject rv=0x5 session=1 object=7";
    assert_eq!(report(&["MARK Shut", &key, failed]).violations.len(), 1);
}

#[test]
fn other_ways_out_are_seen() {
    broken(&["MARK Shut", "C_SetAttributeValue rv=0x0 session=1 object=7 template=SENSITIVE:0"]);
    broken(&["MARK Shut", "C_SetAttributeValue rv=0x0 session=1 object=7 template=EXTRACTABLE:1"]);
    broken(&["MARK Export", "C_DeriveKey rv=0x0 session=1 base=7 template= object=8"]);
    broken(&[KEK, "MARK Shut", "C_DecryptInit rv=0x0 session=1 mechanism=0x1081 key=5"]);
}

#[test]
fn wrapping_key_is_known_again_after_a_restart() {
    let search = "C_FindObjectsInit rv=0x0 session=2 template=TOKEN:1,ID:aa";
    let found = "C_FindObjects rv=0x0 session=2 objects=41";
    let wrap = "C_WrapKey rv=0x0 session=2 wrapping=41 key=9 length_only=0";
    let lines = [KEK, "C_Finalize rv=0x0", search, found, "MARK Shut", wrap];
    assert_eq!(report(&lines).own_wraps, 1);
    broken(&[KEK, "C_Finalize rv=0x0", "MARK Shut", wrap]);
}

#[test]
fn known_answers_are_derived_from_throw_away_keys_at_the_start_only() {
    let base = made("CLASS:3,TOKEN:0,DERIVE:1", 7);
    let derive = "C_DeriveKey rv=0x0 session=1 base=7 template=CLASS:4,TOKEN:0 object=8";
    let read = "C_GetAttributeValue rv=0x0 session=1 object=8 asked=VALUE";
    let known = report(&[&base, derive, read]);
    assert_eq!((known.violations.len(), known.probe_reads), (0, 1));
    broken(&[&base, "MARK Export", derive]);
    broken(&[&made("CLASS:3,TOKEN:1,SENSITIVE:1,EXTRACTABLE:0", 7), derive]);
}
