//! The chain: every record's number and hash follow those of the one before.

use std::time::{Instant, SystemTime};

use time::OffsetDateTime;
use time::macros::format_description;

use super::record::{self, GENESIS, Kind, Place};

/// A record as the sinks take it.
#[derive(Debug)]
pub(super) struct Line {
    /// Its number.
    pub(super) sequence: u64,
    /// What it is about.
    pub(super) kind: Kind,
    /// The line, with its newline.
    pub(super) text: Vec<u8>,
    /// When it was made.
    pub(super) made: Instant,
}

/// Where the chain ends.
#[derive(Debug)]
pub(super) struct Chain {
    name: String,
    /// The name in JSON.
    node: String,
    last: Place,
}

impl Chain {
    /// The chain of `name` behind `last`, or from its beginning.
    pub(super) fn new(name: &str, last: Option<Place>) -> Self {
        let node = serde_json::to_string(name).unwrap_or_default();
        let last = last.unwrap_or_else(|| Place { sequence: 0, hash: GENESIS.to_owned() });
        Self { name: name.to_owned(), node, last }
    }

    /// Who writes it.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The last record.
    pub(super) const fn last(&self) -> &Place {
        &self.last
    }

    /// Makes the next line; `facts` are encoded.
    pub(super) fn append(&mut self, kind: Kind, facts: &str) -> Line {
        let sequence = self.last.sequence.saturating_add(1);
        let (time, node) = (now(), &self.node);
        let name = serde_json::to_string(&kind).unwrap_or_default();
        let head = format!(r#""sequence":{sequence},"time":"{time}","node":{node},"kind":{name}"#);
        let (text, hash) = record::line(&head, facts, &self.last.hash);
        self.last = Place { sequence, hash };
        Line { sequence, kind, text, made: Instant::now() }
    }
}

/// RFC 3339, UTC, with milliseconds.
pub(super) fn now() -> String {
    let format =
        format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    OffsetDateTime::from(SystemTime::now()).format(format).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Record;

    #[test]
    fn chain_links_each_record_to_the_one_before() {
        let mut chain = Chain::new("a \"node\"", None);
        let lines = [chain.append(Kind::Start, ""), chain.append(Kind::Stop, "")];
        let [first, second] =
            lines.map(|line| Record::read(line.text.strip_suffix(b"\n").unwrap()).unwrap());
        assert_eq!((first.sequence, first.previous.as_str()), (1, GENESIS));
        assert_eq!((second.sequence, second.previous), (2, first.hash));
        assert_eq!(second.node, "a \"node\"");
        assert_eq!(second.time.len(), "2026-01-01T00:00:00.000Z".len());
    }
}
