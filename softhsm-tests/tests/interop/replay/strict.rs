//! The reader itself: what it must not let pass.

use kmip_core::ttlv::Item;
use kmip_core::types::{
    CryptographicAlgorithm, KeyFormatType, ObjectType, Operation, ProtocolVersion, ResultReason,
    ResultStatus, Tag,
};
use libtest_mimic::Trial;

use super::answer::Asked;
use super::items::{bytes, date, integer, item, kind, structure, text, uid, with};
use super::reader;

const VERSION: ProtocolVersion = ProtocolVersion::V1_0;
const ID: &[u8] = b"item";

/// The tests of the reader.
pub(crate) fn trials() -> Vec<Trial> {
    vec![Trial::test("replay::reader_lets_nothing_pass", || {
        nothing_passes();
        Ok(())
    })]
}

/// Damages an answer of two parts: header, and batch item.
type Damage = fn(&mut Vec<Item>, &mut Vec<Item>);

/// What is done to an answer to Get, by name.
const DAMAGES: &[(&str, Damage)] = &[
    ("no time stamp", |header, _| drop(header.remove(1))),
    ("another version", |header, _| header[0] = item(Tag::ProtocolVersion, &ProtocolVersion::V1_4)),
    ("a correlation value", |header, _| header.insert(2, text(Tag::ServerCorrelationValue, "1"))),
    ("another count", |header, _| header[2] = integer(Tag::BatchCount, 2)),
    ("no operation", |_, fields| drop(fields.remove(0))),
    ("another operation", |_, fields| fields[0] = item(Tag::Operation, &Operation::Locate)),
    ("no id", |_, fields| drop(fields.remove(1))),
    ("another id", |_, fields| fields[1] = bytes(Tag::UniqueBatchItemID, b"iten")),
    ("no payload", |_, fields| drop(fields.pop())),
    ("words about a success", |_, fields| fields.insert(3, text(Tag::ResultMessage, "done"))),
    ("more than a payload", |_, fields| fields.push(text(Tag::MessageExtension, ""))),
    ("no identifier", |_, fields| payload(fields, vec![kind(ObjectType::SymmetricKey), key()])),
    ("another order", |_, fields| {
        payload(fields, vec![uid("1"), kind(ObjectType::SymmetricKey), key()]);
    }),
    ("more than a key", |_, fields| {
        payload(fields, vec![kind(ObjectType::SymmetricKey), uid("1"), key(), uid("1")]);
    }),
    ("attributes in the key", |_, fields| {
        payload(
            fields,
            got(key_of(vec![
                bytes(Tag::KeyMaterial, &[1; 16]),
                with("Cryptographic Length", &128),
            ])),
        )
    }),
    ("no reason", |_, fields| refuse(fields, vec![text(Tag::ResultMessage, "no")])),
    ("no words", |_, fields| {
        refuse(fields, vec![item(Tag::ResultReason, &ResultReason::ItemNotFound)]);
    }),
    ("a later reason", |_, fields| {
        let reason = item(Tag::ResultReason, &ResultReason::NotExtractable);
        refuse(fields, vec![reason, text(Tag::ResultMessage, "no")]);
    }),
];

fn nothing_passes() {
    let whole = read(Operation::Get, |_, _| {});
    assert_eq!(whole.unwrap().len(), 1);
    for (name, damage) in DAMAGES {
        assert!(read(Operation::Get, *damage).is_err(), "{name} passes");
    }
    later_things_are_for_later_versions();
}

/// Answers to other operations, with something that 1.0 does not have.
fn later_things_are_for_later_versions() {
    let answers = [
        (Operation::GetAttributes, vec![uid("1"), with("Fresh", &true)], 1),
        (Operation::GetAttributes, vec![uid("1"), with("Sensitive", &true)], 4),
        (Operation::Locate, vec![integer(Tag::LocatedItems, 0)], 3),
        (Operation::Query, vec![item(Tag::Operation, &Operation::DiscoverVersions)], 1),
        (Operation::Query, vec![item(Tag::ObjectType, &ObjectType::PGPKey)], 2),
    ];
    for (operation, payload, since) in answers {
        for version in ProtocolVersion::SUPPORTED {
            let read = super::fields::check(operation, version, &payload);
            assert_eq!(read.is_ok(), version.minor >= since, "{payload:?} in {version}");
        }
    }
}

/// Reads an answer of [`VERSION`] that is whole but for the damage.
fn read(
    operation: Operation,
    damage: impl Fn(&mut Vec<Item>, &mut Vec<Item>),
) -> reader::Read<Vec<super::Outcome>> {
    let mut header = vec![
        item(Tag::ProtocolVersion, &VERSION),
        date(Tag::TimeStamp, 1_800_000_000),
        integer(Tag::BatchCount, 1),
    ];
    let mut fields = vec![
        item(Tag::Operation, &operation),
        bytes(Tag::UniqueBatchItemID, ID),
        item(Tag::ResultStatus, &ResultStatus::Success),
        structure(Tag::ResponsePayload, got(key())),
    ];
    damage(&mut header, &mut fields);
    let parts = vec![structure(Tag::ResponseHeader, header), structure(Tag::BatchItem, fields)];
    let answer = structure(Tag::ResponseMessage, parts).to_bytes();
    reader::read(&answer, VERSION, &[Asked { operation, id: Some(ID.to_vec()) }])
}

fn key() -> Item {
    key_of(vec![bytes(Tag::KeyMaterial, &[1; 16])])
}

/// A key whose value is this.
fn key_of(value: Vec<Item>) -> Item {
    let block = vec![
        item(Tag::KeyFormatType, &KeyFormatType::Raw),
        structure(Tag::KeyValue, value),
        item(Tag::CryptographicAlgorithm, &CryptographicAlgorithm::AES),
        integer(Tag::CryptographicLength, 128),
    ];
    structure(Tag::SymmetricKey, vec![structure(Tag::KeyBlock, block)])
}

fn got(key: Item) -> Vec<Item> {
    vec![kind(ObjectType::SymmetricKey), uid("1"), key]
}

fn payload(fields: &mut [Item], of: Vec<Item>) {
    fields[3] = structure(Tag::ResponsePayload, of);
}

fn refuse(fields: &mut Vec<Item>, because: Vec<Item>) {
    fields.truncate(2);
    fields.push(item(Tag::ResultStatus, &ResultStatus::OperationFailed));
    fields.extend(because);
}
