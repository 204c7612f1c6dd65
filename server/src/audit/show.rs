//! Records for people: chosen by what they say, as a table or as they are written.

use super::record::{Actor, Outcome, Record};
use crate::text::plain;

/// Which records are wanted; all that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// In this scope.
    pub scope: Option<String>,
    /// Of this operation, whatever the case.
    pub operation: Option<String>,
    /// About this object.
    pub object: Option<String>,
    /// At this time or later, as RFC 3339 in UTC; a date alone is its midnight.
    pub since: Option<String>,
    /// Only what failed.
    pub failed: bool,
}

impl Filter {
    /// Whether `record` is wanted.
    #[must_use]
    pub fn takes(&self, record: &Record) -> bool {
        let facts = &record.facts;
        let same = |wanted: &Option<String>, found: &Option<String>| {
            wanted.as_ref().is_none_or(|wanted| Some(wanted) == found.as_ref())
        };
        let is_operation = |wanted: &String| {
            facts.operation.as_ref().is_some_and(|found| found.eq_ignore_ascii_case(wanted))
        };
        same(&self.scope, &facts.scope)
            && self.operation.as_ref().is_none_or(is_operation)
            && self.object.as_ref().is_none_or(|wanted| facts.objects.contains(wanted))
            // Both are in UTC and in the same form, so their texts are in the order of time.
            && self.since.as_ref().is_none_or(|since| record.time.as_str() >= since.as_str())
            && (!self.failed || facts.result == Some(Outcome::Failed))
    }
}

/// The line above [`row`]s.
#[must_use]
pub fn header() -> String {
    columns(["record", "time", "kind", "scope", "who", "operation", "object", "result"])
}

/// A record in one line, whatever a client chose to call an object.
#[must_use]
pub fn row(record: &Record) -> String {
    let facts = &record.facts;
    let text = |it: &Option<String>| it.clone().unwrap_or_default();
    let who = facts.principal.as_ref().map(who).unwrap_or_default();
    let kind = word(&record.kind);
    let result = facts.result.as_ref().map(word).unwrap_or_default();
    let result = match (&facts.reason, &facts.ckr) {
        (Some(reason), Some(ckr)) => format!("{result}: {reason} ({ckr})"),
        (Some(reason), None) => format!("{result}: {reason}"),
        (None, _) => result,
    };
    let number = record.sequence.to_string();
    let objects = facts.objects.join(" ");
    let (scope, operation) = (text(&facts.scope), text(&facts.operation));
    plain(&columns([&number, &record.time, &kind, &scope, &who, &operation, &objects, &result]))
}

fn columns(cells: [&str; 8]) -> String {
    let [number, time, kind, scope, who, operation, object, result] = cells;
    let line = format!(
        "{number:>8}  {time:<24}  {kind:<7}  {scope:<10}  {who:<20}  {operation:<16}  {object:<36}  \
         {result}"
    );
    line.trim_end().to_owned()
}

/// The word that the log has for it.
fn word(value: &impl serde::Serialize) -> String {
    let text = serde_json::to_string(value).unwrap_or_default();
    text.trim_matches('"').to_owned()
}

fn who(actor: &Actor) -> String {
    match actor {
        Actor::Nobody => "nobody".to_owned(),
        Actor::Server => "server".to_owned(),
        Actor::Operator => "operator".to_owned(),
        Actor::Client { serial, .. } => format!("client {serial}"),
        Actor::Token { accessor } => format!("token {accessor}"),
        Actor::Certificate { serial, .. } => format!("admin {serial}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{Facts, GENESIS};

    #[test]
    fn identifier_that_a_client_chose_forges_no_row() {
        let forged = "x\n      17  2030-01-01T00:00:00Z\u{1b}[8m".to_owned();
        let facts = Facts { objects: vec![forged], ..Facts::default() };
        let record = Record {
            sequence: 16,
            time: "2030-01-01T00:00:00.000Z".to_owned(),
            node: "n".to_owned(),
            kind: crate::audit::Kind::Outcome,
            facts,
            previous: GENESIS.to_owned(),
            hash: GENESIS.to_owned(),
        };
        let row = row(&record);
        assert_eq!(row.lines().count(), 1, "{row}");
        assert!(!row.contains('\u{1b}') && row.contains(r"x\n"), "{row}");
    }
}
