//! The tables of names and numbers against those of the conformance corpus.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

mod common;

use std::collections::BTreeSet;

use kmip_core::types::{EnumTable, ProtocolVersion, TAGS, Tag, table_of};

/// One line of the corpus' list, if KMIP 1.x has it.
struct Line<'a> {
    kind: &'a str,
    set: &'a str,
    name: &'a str,
    value: u32,
    since: ProtocolVersion,
}

fn lines(list: &str) -> impl Iterator<Item = Line<'_>> {
    list.lines().skip(1).filter_map(|line| {
        let columns: Vec<&str> = line.split('\t').collect();
        let [kind, set, _, name, value, since, ..] = columns[..] else { return None };
        let minor = since.strip_prefix("1.")?.parse().ok()?;
        let value = u32::from_str_radix(value.strip_prefix("0x")?, 16).ok()?;
        Some(Line { kind, set, name, value, since: ProtocolVersion { major: 1, minor } })
    })
}

/// The table of the enumeration called `set`.
fn table(set: &str) -> Option<&'static EnumTable> {
    TAGS.iter().filter_map(|entry| table_of(entry.tag)).find(|table| table.name == set)
}

fn check_enumeration(line: &Line<'_>) -> Result<(), String> {
    let table = table(line.set).ok_or_else(|| format!("no table {}", line.set))?;
    let entry = table.entry(line.value).ok_or_else(|| format!("{}: none", line.name))?;
    let since = table.is_mask || entry.since == line.since;
    if entry.name == line.name && since { Ok(()) } else { Err(format!("{}: {entry:?}", line.name)) }
}

#[test]
fn every_name_and_number_of_the_corpus_is_in_the_tables() {
    let Ok(list) = std::fs::read_to_string(common::corpus().join("kmip_tables.tsv")) else {
        return common::skipped("names");
    };
    let mut faults = Vec::new();
    let mut tags = BTreeSet::new();
    let mut count = 0;
    for line in lines(&list) {
        count += 1;
        if line.kind != "tag" {
            faults.extend(check_enumeration(&line).err());
            continue;
        }
        tags.insert(Tag(line.value));
        match Tag(line.value).entry() {
            Some(entry) if entry.name == line.name && entry.since == line.since => {}
            other => faults.push(format!("{}: {other:?}", line.name)),
        }
    }
    faults.extend(TAGS.iter().filter(|e| !tags.contains(&e.tag)).map(|e| format!("extra {e:?}")));
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    println!("{count} names compared");
}
