//! The byte-exact vectors that OASIS prints: every form of each must give the same bytes.
#![allow(clippy::panic, clippy::print_stdout, clippy::unwrap_used)]

#[path = "common/check.rs"]
mod check;
mod common;

use kmip_core::text::{json, xml};
use kmip_core::ttlv::{Item, Limits};
use kmip_core::types::Tag;

/// One vector; the XML is absent where the document prints another Time Stamp in it.
struct Vector {
    name: String,
    bytes: Vec<u8>,
    xml: Option<String>,
}

/// `None` where the corpus is absent.
fn vectors() -> Option<Vec<Vector>> {
    let text = std::fs::read_to_string(common::corpus().join("ttlv_vectors.json")).ok()?;
    let list: serde_json::Value = serde_json::from_str(&text).unwrap();
    let field = |entry: &serde_json::Value, name: &str| {
        entry.get(name).and_then(|text| text.as_str()).map(str::to_owned)
    };
    let read = |entry: &serde_json::Value| Vector {
        name: field(entry, "name").unwrap(),
        bytes: hex::decode(field(entry, "hex").unwrap()).unwrap(),
        xml: field(entry, "xml"),
    };
    Some(list.as_array().unwrap().iter().map(read).collect())
}

#[test]
fn every_vector_survives_every_form() {
    let Some(vectors) = vectors() else { return common::skipped("vectors") };
    assert_eq!(vectors.len(), 46);
    for Vector { name, bytes, xml } in &vectors {
        let tree = Item::from_bytes(bytes).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(&tree.to_bytes(), bytes, "{name}: tree");
        check::forms(&tree).unwrap_or_else(|e| panic!("{name}: {e}"));
        if let Some(xml) = xml {
            let printed =
                xml::from_xml(xml, &Limits::default()).unwrap_or_else(|e| panic!("{name}: {e}"));
            assert_eq!(&printed.to_bytes(), bytes, "{name}: XML");
            let again = json::from_json(&json::to_json(&printed), &Limits::default());
            assert_eq!(again, Ok(printed), "{name}: JSON");
        }
        if matches!(tree.tag, Tag::RequestMessage | Tag::ResponseMessage) {
            check::typed(bytes).unwrap_or_else(|e| panic!("{name}: {e}"));
        }
    }
    println!("{} vectors replayed", vectors.len());
}
