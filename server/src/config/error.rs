//! What is wrong with a configuration, with the file, line and key of the mistake.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

/// A mistake in the configuration file.
///
/// Displays as `file:line: key: what is wrong`; line and key are left out where there are none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The configuration file.
    pub file: PathBuf,
    /// Line of the mistake, from 1.
    pub line: Option<usize>,
    /// Dotted key, with the number of the element in a list (from 0): `scope[1].name`.
    pub key: Option<String>,
    /// What is wrong and, where it helps, what would be right. Holds no secret.
    pub problem: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if let Some(key) = &self.key {
            write!(f, ": {key}")?;
        }
        write!(f, ": {}", self.problem)
    }
}

impl std::error::Error for ConfigError {}

/// A value that does not fit, by its dotted key.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) key: String,
    pub(crate) text: String,
}

impl Problem {
    pub(crate) fn new(key: impl Into<String>, text: impl Into<String>) -> Self {
        Self { key: key.into(), text: text.into() }
    }
}

impl ConfigError {
    /// Reports that `file` could not be read.
    pub(crate) fn unreadable(file: &Path, err: &std::io::Error) -> Self {
        let problem = format!("cannot read the file: {err}");
        Self { file: file.to_owned(), line: None, key: None, problem }
    }

    /// Reports a mistake the TOML parser found.
    pub(crate) fn from_toml(file: &Path, text: &str, err: &toml::de::Error) -> Self {
        // What is missing at the top is missing in no place.
        let span = err.span().filter(|span| *span != (0..0));
        let start = span.map(|span| span.start);
        Self {
            file: file.to_owned(),
            line: start.map(|offset| line_of(text, offset)),
            key: start.and_then(|offset| key_at(text, offset)),
            problem: in_words(err.message()),
        }
    }

    /// Reports a value that parsed but does not fit.
    pub(crate) fn from_problem(file: &Path, text: &str, problem: Problem) -> Self {
        let line = span_of(text, &problem.key).map(|span| line_of(text, span.start));
        Self { file: file.to_owned(), line, key: Some(problem.key), problem: problem.text }
    }
}

/// The parser's words, in one line.
fn in_words(message: &str) -> String {
    let hint = match message {
        "invalid type: map, expected a sequence" => "; a list of tables has two brackets: [[name]]",
        _ => "",
    };
    message.replace('\n', "; ") + hint
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

/// Finds the longest key whose name or value covers `offset`.
fn key_at(text: &str, offset: usize) -> Option<String> {
    let table = DeTable::parse(text).ok()?;
    let path = key_in_table(table.get_ref(), offset, "");
    (!path.is_empty()).then_some(path)
}

fn key_in_table(table: &DeTable<'_>, offset: usize, prefix: &str) -> String {
    let joined = |name: &str| {
        if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") }
    };
    for (name, value) in table {
        if name.span().contains(&offset) {
            return joined(name.get_ref());
        }
        let found = key_in_value(value.get_ref(), &value.span(), offset, &joined(name.get_ref()));
        if let Some(found) = found {
            return found;
        }
    }
    prefix.to_owned()
}

fn key_in_value(
    value: &DeValue<'_>,
    span: &Range<usize>,
    offset: usize,
    path: &str,
) -> Option<String> {
    // The span of a `[table]` is its header only, so its members are looked at in any case.
    let inner = match value {
        DeValue::Table(table) => key_in_table(table, offset, path),
        DeValue::Array(array) => array
            .iter()
            .enumerate()
            .find_map(|(index, item)| {
                let path = format!("{path}[{index}]");
                key_in_value(item.get_ref(), &item.span(), offset, &path)
            })
            .unwrap_or_else(|| path.to_owned()),
        DeValue::String(_)
        | DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_) => path.to_owned(),
    };
    (inner != path || span.contains(&offset)).then_some(inner)
}

/// Finds where `key` stands; of an absent key, where the nearest table around it stands.
fn span_of(text: &str, key: &str) -> Option<Range<usize>> {
    let root = DeTable::parse(text).ok()?;
    let mut table = Some(root.get_ref());
    let mut found = None;
    for part in key.split('.') {
        let (name, index) = split_index(part);
        let Some((spelt, value)) = table.and_then(|table| table.get_key_value(name)) else {
            break;
        };
        found = Some(spelt.span());
        let mut value = value;
        if let Some(item) = index.and_then(|index| value.get_ref().as_array()?.get(index)) {
            found = Some(item.span());
            value = item;
        }
        table = value.get_ref().as_table();
    }
    found
}

fn split_index(part: &str) -> (&str, Option<usize>) {
    match part.strip_suffix(']').and_then(|part| part.split_once('[')) {
        Some((name, index)) => (name, index.parse().ok()),
        None => (part, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "[server]\nkmip_addr = \"x\"\n\n[[scope]]\nname = \"a\"\n[[scope]]\nname = \"b\"\n[token]\npin = { file = 3 }\n";

    fn line(key: &str) -> usize {
        line_of(TEXT, span_of(TEXT, key).unwrap().start)
    }

    #[test]
    fn span_of_finds_tables_lists_and_inline_tables() {
        assert_eq!(line("server.kmip_addr"), 2);
        assert_eq!(line("scope[1].name"), 7);
        assert_eq!(line("token.pin.file"), 9);
    }

    #[test]
    fn span_of_falls_back_to_the_table_around_an_absent_key() {
        assert_eq!(line("server.max_connections"), 1);
        assert_eq!(line("scope[0].export"), 4);
    }

    #[test]
    fn key_at_names_the_innermost_key() {
        let key = |needle: &str| key_at(TEXT, TEXT.find(needle).unwrap()).unwrap();
        assert_eq!(key("\"x\""), "server.kmip_addr");
        assert_eq!(key("\"b\""), "scope[1].name");
        assert_eq!(key("3 }"), "token.pin.file");
    }
}
