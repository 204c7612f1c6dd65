//! A storage array: KMIP 1.0, all it wants in one batch, without naming the object twice.

use kmip_core::ttlv::{Item, Value};
use kmip_core::types::{
    BatchErrorContinuationOption, CryptographicUsageMask, ObjectType, Operation, ProtocolVersion,
    QueryFunction, ResultReason, Tag,
};

use crate::client::{Client, Version};
use crate::ground::Ground;
use crate::replay::answer::blob;
use crate::replay::items::{boolean, bytes, item, kind, structure, template, with, words};
use crate::replay::{Line, Manner, Way};

/// Its row.
pub(crate) const CLIENT: Client = Client {
    id: "storage-array",
    name: "Storage array",
    version: || Version::Replayed("PyKMIP's issue 459"),
    use_case: "keys of an array, as opaque objects",
    needs: "`export=true`",
    tests: &[("guide", guide)],
};

const SYSTEM: &str = "array-0042";
const SECRET: &[u8] = b"what the array has sealed itself";

fn manner() -> Manner {
    let header = vec![
        item(Tag::BatchErrorContinuationOption, &BatchErrorContinuationOption::Stop),
        boolean(Tag::BatchOrderOption, true),
    ];
    Manner { version: ProtocolVersion::V1_0, header, id_bytes: 4 }
}

fn guide() {
    let ground = Ground::new(CLIENT.id, &[]);
    ground.follow_guide();
    let mut line = Line::open(&Way::of(&ground, "array"), &manner());
    for resource in ["disk-1", "disk-10"] {
        line.ask(Operation::Register, brought(resource));
    }
    let mut answers = line.all_of(batch("disk-1"));
    let facts = answers.pop().unwrap();
    let got = answers.pop().unwrap();
    let found = answers.pop().unwrap();
    // Get and Get Attributes name nothing: they take what Locate has found.
    assert_eq!((got.id(), facts.id()), (found.id(), found.id()));
    let material = got.0[2].child(Tag::OpaqueDataValue).unwrap();
    assert_eq!(blob(&material.value), SECRET);
    assert_eq!(facts.attribute("x-ResourceID"), Value::TextString("disk-1".to_owned()));
    assert_eq!(facts.attribute("x-SystemID"), Value::TextString(SYSTEM.to_owned()));
    finds_nothing(&mut line);
}

/// Where nothing is found there is nothing to go on with, and never something else.
fn finds_nothing(line: &mut Line) {
    let answers = line.batch_until(batch("disk-2"));
    let mut answers = answers.into_iter();
    assert!(answers.next().unwrap().is_ok());
    assert!(answers.next().unwrap().unwrap().ids().is_empty());
    assert_eq!(answers.next().unwrap().unwrap_err().reason, ResultReason::ItemNotFound);
    assert!(answers.next().is_none(), "the batch stops there");
}

fn batch(resource: &str) -> Vec<(Operation, Vec<Item>)> {
    let functions = [QueryFunction::QueryOperations, QueryFunction::QueryObjects]
        .map(|function| item(Tag::QueryFunction, &function));
    vec![
        (Operation::Query, functions.to_vec()),
        (Operation::Locate, marks(resource)),
        (Operation::Get, Vec::new()),
        (Operation::GetAttributes, Vec::new()),
    ]
}

fn marks(resource: &str) -> Vec<Item> {
    vec![words("x-ResourceID", resource), words("x-SystemID", SYSTEM)]
}

fn brought(resource: &str) -> Vec<Item> {
    let mut attributes = vec![with("Cryptographic Usage Mask", &CryptographicUsageMask::Export)];
    attributes.extend(marks(resource));
    let object = vec![
        Item { tag: Tag::OpaqueDataType, value: Value::Enumeration(0x8000_0001) },
        bytes(Tag::OpaqueDataValue, SECRET),
    ];
    let object = structure(Tag::OpaqueObject, object);
    vec![kind(ObjectType::OpaqueObject), template(attributes), object]
}
