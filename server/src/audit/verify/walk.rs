//! One pass over the lines of a log.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::{Finding, Knowledge, Report, VerifyingKey};
use crate::audit::files::FileLine;
use crate::audit::head_message;
use crate::audit::record::{GENESIS, Kind, Place, Record};

/// Findings that are told one by one.
const MOST_FINDINGS: usize = 1_000;

pub(super) struct Walk<'a> {
    known: &'a Knowledge,
    keys: Vec<VerifyingKey>,
    report: Report,
    file: Option<PathBuf>,
    number: u64,
    before: Option<Place>,
    /// Hashes of the records that no head has signed yet.
    unsigned: BTreeMap<u64, String>,
    open: BTreeSet<u64>,
    /// The log says that records up to here were deleted with their file.
    dropped: u64,
    signed_is_there: bool,
}

impl<'a> Walk<'a> {
    pub(super) fn new(known: &'a Knowledge) -> Self {
        Self {
            known,
            keys: known.keys.clone(),
            report: Report { keys_of_the_log: known.keys.is_empty(), ..Report::default() },
            file: None,
            number: 0,
            before: None,
            unsigned: BTreeMap::new(),
            open: BTreeSet::new(),
            dropped: 0,
            signed_is_there: false,
        }
    }

    pub(super) fn enter(&mut self, file: &Path) {
        self.file = Some(file.to_owned());
        self.number = 0;
    }

    pub(super) fn line(&mut self, line: &FileLine) {
        self.number += 1;
        if !line.is_whole() {
            let why = "the line is cut off; a server that starts again sets it aside";
            return self.find(None, why.to_owned());
        }
        match Record::read(line.text()) {
            Ok(record) => self.record(&record),
            Err(error) => {
                let expected = self.before.as_ref().map(|before| before.sequence + 1);
                self.find(expected, error.to_string());
                // What follows is compared with what was expected here.
                if let (Some(before), Some(hash)) = (&mut self.before, said_hash(line.text())) {
                    before.sequence += 1;
                    before.hash = hash;
                }
            }
        }
    }

    fn record(&mut self, record: &Record) {
        self.report.records += 1;
        self.order(record);
        self.report.first.get_or_insert(record.sequence);
        self.report.last = self.report.last.max(Some(record.sequence));
        self.before = Some(record.place());
        self.unsigned.insert(record.sequence, record.hash.clone());
        match &self.known.signed {
            Some(signed) if signed.sequence == record.sequence => {
                self.signed_is_there = true;
                if signed.hash != record.hash {
                    let why = "this is not the record that the database says was signed last";
                    self.find(Some(record.sequence), why.to_owned());
                }
            }
            Some(_) | None => {}
        }
        self.contents(record);
    }

    /// Whether it follows the record before.
    fn order(&mut self, record: &Record) {
        let found = record.sequence;
        let Some(before) = self.before.clone() else {
            if found == 1 && record.previous != GENESIS {
                self.find(Some(found), "the first record follows another one".to_owned());
            }
            return;
        };
        let expected = before.sequence.saturating_add(1);
        if found > expected {
            let missing = format!("records {expected} to {} are missing before it", found - 1);
            self.find(Some(found), missing);
        } else if found < expected {
            let why =
                format!("it stands behind record {}: moved, repeated or inserted", expected - 1);
            self.find(Some(found), why);
        } else if record.previous != before.hash {
            let why = format!("it does not follow record {} as that is now", before.sequence);
            self.find(Some(found), why);
        }
    }

    fn contents(&mut self, record: &Record) {
        let sequence = record.sequence;
        match record.kind {
            Kind::Intent => {
                self.open.insert(sequence);
            }
            Kind::Outcome => {
                if let Some(intent) = record.facts.intent
                    && !self.open.remove(&intent)
                    && self.report.first.is_some_and(|first| intent >= first)
                {
                    self.find(Some(sequence), format!("there is no open intent {intent} for it"));
                }
            }
            Kind::Making => {
                if let Some(intent) = record.facts.intent
                    && !self.open.contains(&intent)
                    && self.report.first.is_some_and(|first| intent >= first)
                {
                    self.find(Some(sequence), format!("there is no open intent {intent} for it"));
                }
            }
            // What was under way at a crash has no outcome; it stays counted.
            Kind::Start => {
                self.report.open += u64::try_from(self.open.len()).unwrap_or(u64::MAX);
                self.open.clear();
            }
            Kind::Key => self.key(record),
            Kind::Head => self.head(record),
            Kind::Dropped => self.dropped = self.dropped.max(record.facts.upto.unwrap_or(0)),
            Kind::Torn | Kind::Refused | Kind::Stop => {}
        }
    }

    /// Takes the key that the log names, if it is the first and none was given.
    fn key(&mut self, record: &Record) {
        let spki = record.facts.public_key.as_deref().and_then(|text| hex::decode(text).ok());
        let Some(key) = spki.as_deref().and_then(VerifyingKey::read) else {
            return self.find(Some(record.sequence), "its public key cannot be read".to_owned());
        };
        if self.keys.contains(&key) {
            return;
        }
        if self.report.keys_of_the_log && self.keys.is_empty() {
            self.keys.push(key);
        } else {
            let why = format!(
                "heads are signed with another key from here on, {}; if it is the server's, name \
                 it with --public-key, beside the other",
                key.name
            );
            self.find(Some(record.sequence), why);
        }
    }

    fn head(&mut self, record: &Record) {
        let facts = &record.facts;
        let signature = facts.signature.as_deref().and_then(|text| hex::decode(text).ok());
        let (Some(signed), Some(signature)) = (&facts.signed, signature) else {
            return self.find(Some(record.sequence), "this head signs nothing".to_owned());
        };
        if self.keys.is_empty() {
            // The log's first key may stand in a file that is kept elsewhere.
            self.key(record);
        }
        let message = head_message(&record.node, signed);
        let key = self.keys.iter().find(|key| Some(&key.name) == facts.key.as_ref());
        let Some(key) = key.cloned() else {
            let why = "this head is signed with a key that is not known".to_owned();
            return self.find(Some(record.sequence), why);
        };
        if !key.verifies(&message, &signature) {
            return self.find(Some(record.sequence), "its signature does not hold".to_owned());
        }
        let there = self.unsigned.get(&signed.sequence);
        if there.is_some_and(|hash| *hash != signed.hash) {
            let why = format!("it signs another record {} than the one here", signed.sequence);
            return self.find(Some(record.sequence), why);
        }
        self.report.heads += 1;
        self.report.signed = self.report.signed.max(Some(signed.sequence));
        self.unsigned = self.unsigned.split_off(&signed.sequence);
        if !self.report.keys.contains(&key) {
            self.report.keys.push(key);
        }
    }

    pub(super) fn end(mut self) -> Report {
        self.file = None;
        self.number = 0;
        self.beginning();
        self.ending();
        self.report.open += u64::try_from(self.open.len()).unwrap_or(u64::MAX);
        self.report
    }

    /// Whether the records before the first one may be missing.
    fn beginning(&mut self) {
        let Some(first) = self.report.first else { return };
        let wanted = self.known.from.unwrap_or(1).max(self.dropped.saturating_add(1));
        if first > wanted {
            let why = format!(
                "records {wanted} to {} are missing; if they are kept elsewhere, add their files, \
                 or check --from {first}",
                first - 1
            );
            self.find(Some(first), why);
        }
    }

    /// Whether the log reaches as far as it was signed.
    fn ending(&mut self) {
        let Some(signed) = &self.known.signed else { return };
        let (sequence, last) = (signed.sequence, self.report.last.unwrap_or(0));
        if sequence > last {
            let why = format!("the log ends with record {last}, but record {sequence} was signed");
            self.find(Some(sequence), why);
        } else if !self.signed_is_there && self.report.first.is_some_and(|it| it <= sequence) {
            let why = format!("record {sequence}, which was signed last, is missing");
            self.find(Some(sequence), why);
        }
    }

    fn find(&mut self, sequence: Option<u64>, why: String) {
        if self.report.findings.len() < MOST_FINDINGS {
            let (file, line) = (self.file.clone(), self.number);
            self.report.findings.push(Finding { file, line, sequence, why });
        }
    }
}

/// The hash that a line says it has, whether it is right or not.
fn said_hash(line: &[u8]) -> Option<String> {
    let text = line.strip_suffix(b"\"}")?;
    let start = text.len().checked_sub(64)?;
    let hash = std::str::from_utf8(text.get(start..)?).ok()?;
    Some(hash.to_owned())
}
