//! Replays every message of the OASIS cases for KMIP 1.x through every form this crate has.
#![allow(clippy::panic, clippy::print_stdout, clippy::unwrap_used)]

#[path = "common/check.rs"]
mod check;
mod common;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use kmip_core::text::xml::from_xml;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, Writer, XmlVersion};

/// Messages that the typed form cannot hold, and why; their trees are replayed all the same.
/// Each line must be needed: one that is not fails the test.
const NOT_TYPED: &[(&str, &str)] = &[
    ("TC-NP-1-10#2", SERVER_TO_CLIENT),
    ("TC-NP-1-10#3", SERVER_TO_CLIENT),
    ("TC-NP-1-11#2", SERVER_TO_CLIENT),
    ("TC-NP-1-11#3", SERVER_TO_CLIENT),
    ("TC-NP-1-12#2", SERVER_TO_CLIENT),
    ("TC-NP-1-12#3", SERVER_TO_CLIENT),
    ("TC-NP-1-14#2", SERVER_TO_CLIENT),
    ("TC-NP-1-14#3", SERVER_TO_CLIENT),
];

const SERVER_TO_CLIENT: &str = "Put goes from server to client: it has no payload type here";

/// What `$NOW` stands for; any moment will do.
const NOW: i64 = 1_700_000_000;

fn case_files() -> Vec<PathBuf> {
    let open = common::corpus().join("open");
    let mut files = Vec::new();
    for version in ["v1.0", "v1.1", "v1.2", "v1.3", "v1.4"] {
        let Ok(entries) = std::fs::read_dir(open.join(version)) else { continue };
        files.extend(entries.map(|entry| entry.unwrap().path()));
    }
    files.retain(|path| path.extension().is_some_and(|end| end == "xml"));
    files.sort();
    files
}

/// The messages of a case, each as XML with its symbols replaced.
fn messages(case: &str) -> Vec<String> {
    let mut reader = Reader::from_str(case);
    let mut messages = Vec::new();
    let mut writer = None;
    loop {
        let event = reader.read_event().unwrap();
        let is_message = |name: &str| name == "RequestMessage" || name == "ResponseMessage";
        match event {
            Event::Eof => return messages,
            Event::Start(start) => {
                if is_message(start.local_name().as_ref()) {
                    writer = Some(Writer::new(Vec::new()));
                }
                write(&mut writer, Event::Start(substituted(&start)));
            }
            Event::Empty(start) => write(&mut writer, Event::Empty(substituted(&start))),
            Event::End(end) => {
                let ends_message = is_message(end.local_name().as_ref());
                write(&mut writer, Event::End(end));
                if ends_message {
                    let bytes = writer.take().unwrap().into_inner();
                    messages.push(String::from_utf8(bytes).unwrap());
                }
            }
            inside => write(&mut writer, inside),
        }
    }
}

fn write(writer: &mut Option<Writer<Vec<u8>>>, event: Event<'_>) {
    if let Some(writer) = writer {
        writer.write_event(event).unwrap();
    }
}

/// The element with `$NAME` and `$NOW+n` replaced by values of its type.
fn substituted<'a>(element: &BytesStart<'a>) -> BytesStart<'a> {
    let attribute = |name: &str| {
        let found = element.try_get_attribute(name).unwrap()?;
        Some(found.normalized_value(XmlVersion::Implicit1_0).unwrap().into_owned())
    };
    let Some(symbol) = attribute("value").filter(|value| value.starts_with('$')) else {
        return element.clone();
    };
    let value = match symbol.strip_prefix("$NOW") {
        Some(offset) => date(NOW + offset.replace(' ', "").parse::<i64>().unwrap_or(0)),
        None if attribute("type").as_deref() == Some("ByteString") => hex::encode(&symbol),
        None => format!("id-{symbol}"),
    };
    let mut replaced = element.clone();
    replaced.clear_attributes();
    replaced.push_attribute(("type", attribute("type").unwrap().as_str()));
    replaced.push_attribute(("value", value.as_str()));
    replaced
}

fn date(seconds: i64) -> String {
    let at = time::OffsetDateTime::from_unix_timestamp(seconds).unwrap();
    at.format(&time::format_description::well_known::Rfc3339).unwrap()
}

fn name_of(file: &Path) -> String {
    file.file_stem().unwrap().to_string_lossy().into_owned()
}

#[test]
fn every_message_survives_every_form() {
    let files = case_files();
    if files.is_empty() {
        return common::skipped("messages");
    }
    let mut count = 0;
    let mut excused: BTreeMap<&str, usize> = NOT_TYPED.iter().map(|(case, _)| (*case, 0)).collect();
    let mut faults = Vec::new();
    for file in &files {
        let name = name_of(file);
        let case = std::fs::read_to_string(file).unwrap();
        for (place, message) in messages(&case).iter().enumerate() {
            count += 1;
            let tree = match from_xml(message, &kmip_core::ttlv::Limits::default()) {
                Ok(tree) => tree,
                Err(error) => {
                    faults.push(format!("{name}#{place}: XML: {error}"));
                    continue;
                }
            };
            if let Err(error) = check::forms(&tree) {
                faults.push(format!("{name}#{place}: {error}"));
            }
            if let Err(error) = check::typed(&tree.to_bytes()) {
                match excused.get_mut(format!("{name}#{place}").as_str()) {
                    Some(times) => *times += 1,
                    None => faults.push(format!("{name}#{place}: {error}")),
                }
            }
        }
    }
    faults.extend(
        excused.iter().filter(|(_, times)| **times == 0).map(|(case, _)| format!("{case}: fine")),
    );
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
    for (case, why) in NOT_TYPED {
        println!("as a tree only: {case}: {why}");
    }
    println!("{count} messages of {} cases replayed", files.len());
}
