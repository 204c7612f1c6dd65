//! Whatever is done to a log is found.

use std::path::Path;

use rsa::signature::Signer as _;

use super::super::chain::Chain;
use super::super::record::{Facts, Kind};
use super::super::{files, head_message};
use super::*;

/// A log as its lines.
struct Sample {
    lines: Vec<Vec<u8>>,
    signed: Place,
    key: VerifyingKey,
}

/// Records of every kind, signed in between and at the end.
fn sample() -> Sample {
    let signing = p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap();
    let point = signing.verifying_key().to_sec1_point(false).as_bytes().to_vec();
    let public = PublicKey::Ec { curve: hsm_backend::Curve::P256, point };
    let spki = key_format::public_to_spki(&public).unwrap();
    let key = VerifyingKey::read(&spki).unwrap();
    let mut chain = Chain::new("node", None);
    let mut lines = Vec::new();
    let mut add = |kind, facts: Facts| {
        let line = chain.append(kind, &facts.encoded());
        lines.push(line.text);
        chain.last().clone()
    };
    add(Kind::Start, Facts::default());
    let name = Some(key.name.clone());
    let public_key = Some(hex::encode(&spki));
    add(Kind::Key, Facts { key: name.clone(), public_key: public_key.clone(), ..Facts::default() });
    let mut signed = None;
    for round in 0..2 {
        for number in 0..1 {
            let objects = vec![format!("object-{round}-{number}")];
            let intent =
                Some(add(Kind::Intent, Facts { objects: objects.clone(), ..Facts::default() }));
            let intent = intent.map(|place| place.sequence);
            add(Kind::Making, Facts { intent, objects: objects.clone(), ..Facts::default() });
            add(Kind::Outcome, Facts { intent, objects, ..Facts::default() });
        }
        let last = add(Kind::Outcome, Facts::default());
        let signature: p256::ecdsa::DerSignature = signing.sign(&head_message("node", &last));
        let signature = Some(hex::encode(signature.as_bytes()));
        let facts = Facts {
            signed: Some(last.clone()),
            key: name.clone(),
            public_key: public_key.clone(),
            signature,
            ..Facts::default()
        };
        add(Kind::Head, facts);
        signed = Some(last);
    }
    Sample { lines, signed: signed.unwrap(), key }
}

fn report(text: &[u8], known: &Knowledge) -> Report {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.log");
    std::fs::write(&path, text).unwrap();
    verify(&[path], known).unwrap()
}

fn known(sample: &Sample) -> Knowledge {
    Knowledge { keys: vec![sample.key.clone()], signed: Some(sample.signed.clone()), from: None }
}

fn assert_found(lines: &[Vec<u8>], known: &Knowledge, what: &str) {
    let found = report(&lines.concat(), known);
    assert!(!found.findings.is_empty(), "{what} was not found");
}

#[test]
fn log_as_the_server_wrote_it_holds() {
    let sample = sample();
    let found = report(&sample.lines.concat(), &known(&sample));
    assert_eq!(found.findings, []);
    assert_eq!((found.first, found.last, found.heads), (Some(1), Some(12), 2));
    assert_eq!(found.signed, Some(sample.signed.sequence));
    let without = report(&sample.lines.concat(), &Knowledge::default());
    assert_eq!((without.findings, without.keys_of_the_log), (Vec::new(), true));
}

#[test]
fn any_bit_changed_is_found() {
    let sample = sample();
    let (text, known) = (sample.lines.concat(), known(&sample));
    for place in 0..text.len() {
        let mut spoilt = text.clone();
        spoilt[place] ^= 1 << (place % 8);
        assert!(!report(&spoilt, &known).findings.is_empty(), "byte {place}");
    }
}

#[test]
fn any_record_removed_repeated_swapped_or_inserted_is_found() {
    let sample = sample();
    let known = known(&sample);
    let count = sample.lines.len();
    for place in 0..count {
        let mut lines = sample.lines.clone();
        lines.remove(place);
        // The head at the end signs what is still there: only a later one would miss it.
        if place + 1 < count {
            assert_found(&lines, &known, &format!("record {place} removed"));
        }
        let mut lines = sample.lines.clone();
        lines.insert(place, lines[place].clone());
        assert_found(&lines, &known, &format!("record {place} repeated"));
        for other in 0..place {
            let mut lines = sample.lines.clone();
            lines.swap(place, other);
            assert_found(&lines, &known, &format!("{place} and {other} swapped"));
            let mut lines = sample.lines.clone();
            let moved = lines.remove(place);
            lines.insert(other, moved);
            assert_found(&lines, &known, &format!("{place} moved to {other}"));
        }
    }
}

#[test]
fn log_cut_off_before_its_last_signed_record_is_found_at_every_byte() {
    let sample = sample();
    let (text, known) = (sample.lines.concat(), known(&sample));
    let head = sample.lines.last().unwrap().len();
    for end in 0..text.len() {
        let found = report(&text[..end], &known);
        // The head behind the last signed record tells nothing that the database does not know.
        if end != text.len() - head {
            assert!(!found.findings.is_empty(), "cut at {end}");
        }
    }
}

#[test]
fn log_without_its_beginning_is_found_unless_it_is_known_to_be_elsewhere() {
    let sample = sample();
    for start in 1..sample.lines.len() - 1 {
        let lines = &sample.lines[start..];
        assert_found(lines, &known(&sample), &format!("{start} records cut off"));
        let from = Some(u64::try_from(start).unwrap() + 1);
        let elsewhere = Knowledge { from, ..known(&sample) };
        assert_eq!(report(&lines.concat(), &elsewhere).findings, [], "from {start}");
        let unpinned = Knowledge { keys: Vec::new(), ..elsewhere };
        assert_eq!(report(&lines.concat(), &unpinned).findings, [], "from {start}, no key given");
    }
}

/// The chain alone can be made anew by whoever may write the file; the signatures cannot.
#[test]
fn log_made_anew_with_another_key_is_found() {
    let sample = sample();
    let mut chain = Chain::new("node", None);
    let mut lines: Vec<Vec<u8>> = Vec::new();
    for line in &sample.lines {
        let record = super::super::Record::read(line.strip_suffix(b"\n").unwrap()).unwrap();
        // One record of those that are signed is left out.
        if record.sequence != 5 {
            lines.push(chain.append(record.kind, &record.facts.encoded()).text);
        }
    }
    assert_found(&lines, &known(&sample), "another chain");
    assert_found(&lines, &Knowledge::default(), "another chain under the same key");
    let other = VerifyingKey { name: "00".repeat(32), key: sample.key.key.clone() };
    let trusted = Knowledge { keys: vec![other], ..Knowledge::default() };
    assert_found(&sample.lines, &trusted, "a key that nobody trusts");
}

#[test]
fn finding_names_file_line_and_record() {
    let sample = sample();
    let folder = tempfile::tempdir().unwrap();
    let paths = ["audit.log.000000000001", "audit.log"].map(|name| folder.path().join(name));
    let (old, new) = sample.lines.split_at(5);
    std::fs::write(&paths[0], old.concat()).unwrap();
    std::fs::write(&paths[1], [&new[..2], &new[3..]].concat().concat()).unwrap();
    let found = files::of_log(&folder.path().join("audit.log")).unwrap();
    assert_eq!(found, paths, "oldest first");
    let findings = verify(&found, &known(&sample)).unwrap().findings;
    let first = findings.first().unwrap();
    assert_eq!((first.file.as_deref(), first.line), (Some(Path::new(&paths[1])), 3));
    assert_eq!(first.sequence, Some(9));
    assert_eq!(first.why, "records 8 to 8 are missing before it");
}
