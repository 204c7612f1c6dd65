//! Messages that are wrong as a whole: cut, too deep, too large, of a version that is not served.

use kmip_core::ttlv::{Item, Value};
use kmip_core::types::{Operation, ProtocolVersion, QueryFunction, ResultReason, Tag};

use super::corpus::Objects;
use crate::support::World;
use crate::support::answer::{Outcome, Reply};
use crate::support::ask::{create, uid};
use crate::support::tree::{Read, bytes, enumeration, integer, structure, text};

fn query() -> Vec<Item> {
    vec![enumeration(Tag::QueryFunction, QueryFunction::QueryObjects.0)]
}

#[test]
fn every_request_of_the_corpus_is_valid() {
    let world = World::assisted();
    let demo = world.demo();
    for request in Objects::of(&demo).requests(&demo) {
        let outcome = demo.send(&request).item(0);
        // Ciphertext and signature are made up, the object's end comes while it is in use.
        let told = matches!(outcome.operation, Some(Operation::Decrypt));
        assert!(outcome.reason.is_none() || told, "{outcome:?}");
    }
}

#[test]
fn message_cut_at_any_byte_is_answered() {
    let world = World::assisted();
    let demo = world.demo();
    for request in Objects::of(&demo).requests(&demo) {
        let whole = request.bytes();
        for end in 0..whole.len() {
            let reply = Reply::sound(demo.raw(&whole[..end]));
            assert_eq!(reply.message_failure(), ResultReason::InvalidMessage);
        }
        let trailing = [whole.clone(), vec![0; 8]].concat();
        let reply = Reply::sound(demo.raw(&trailing));
        assert_eq!(reply.message_failure(), ResultReason::InvalidMessage);
    }
}

/// A structure in a structure, `depth` times.
fn nested(depth: usize) -> Item {
    (0..depth)
        .fold(text(Tag::Comment, "deep"), |inner, _| structure(Tag::VendorExtension, vec![inner]))
}

#[test]
fn message_too_deep_is_refused_and_deep_enough_is_not() {
    let world = World::assisted();
    let demo = world.demo();
    let key = demo.create(Vec::new());
    let add = |depth| {
        let value = Value::Structure(vec![nested(depth)]);
        let attribute = crate::support::ask::attribute("x-deep", value);
        demo.request().item(Operation::AddAttribute, vec![uid(&key), attribute]).bytes()
    };
    let shallow = Outcome::only(demo.raw(&add(20)));
    shallow.ok();
    demo.attributes(&key);
    for depth in [28, 40, 400] {
        let reply = Reply::sound(demo.raw(&add(depth)));
        assert_eq!(reply.message_failure(), ResultReason::InvalidMessage, "{depth}");
    }
    // Deeper than any stack: structures of a message in structures of a message.
    let mut deepest = Vec::new();
    for level in (0..100_000_u32).rev() {
        deepest.extend([0x42, 0x00, 0x78, 0x01]);
        deepest.extend((level * 8).to_be_bytes());
    }
    let reply = Reply::sound(demo.raw(&deepest));
    assert_eq!(reply.message_failure(), ResultReason::InvalidMessage);
}

#[test]
fn message_over_the_limit_is_refused() {
    let world = World::assisted();
    let demo = world.demo();
    let seed = |bytes_: usize| vec![bytes(Tag::Data, &vec![7; bytes_])];
    let message = demo.request().item(Operation::RNGSeed, seed(1 << 20)).bytes();
    let reply = Reply::sound(demo.raw(&message));
    assert_eq!(reply.message_failure(), ResultReason::InvalidMessage);
    let items = (0..70_000).map(|_| enumeration(Tag::QueryFunction, 1)).collect();
    let many = demo.request().item(Operation::Query, items).bytes();
    assert_eq!(Reply::sound(demo.raw(&many)).message_failure(), ResultReason::InvalidMessage);
}

#[test]
fn newer_minor_version_is_answered_in_ours() {
    let world = World::assisted();
    for minor in [5, 9, i32::MAX] {
        let version = ProtocolVersion { major: 1, minor };
        let client = world.demo().at(version);
        let reply =
            Reply::sound(client.raw(&client.request().item(Operation::Query, query()).bytes()));
        assert_eq!(reply.version(), ProtocolVersion::V1_4);
        reply.item(0).ok();
        // Fields of the future are skipped.
        let mut fields = query();
        fields.push(text(Tag(0x42_0FFF), "future"));
        let reply =
            Reply::sound(client.raw(&client.request().item(Operation::Query, fields).bytes()));
        reply.item(0).ok();
    }
}

#[test]
fn other_major_version_gets_one_item_without_operation() {
    let world = World::assisted();
    for (major, minor) in [(2, 0), (2, 1), (0, 0), (3, 4), (-1, 2), (i32::MIN, i32::MIN), (1, -1)] {
        let client = world.demo().at(ProtocolVersion { major, minor });
        let request = client
            .request()
            .next(Operation::Query, query())
            .next(Operation::Create, create(Vec::new()));
        let reply = Reply::sound(client.raw(&request.bytes()));
        assert_eq!(reply.message_failure(), ResultReason::InvalidMessage, "{major}.{minor}");
        assert_eq!(world.demo().locate(Vec::new()), [] as [String; 0]);
    }
}

#[test]
fn message_that_is_no_request_is_refused() {
    let world = World::assisted();
    let demo = world.demo();
    let request = demo.request().item(Operation::Query, query());
    let answer = demo.send(&request).bytes;
    let header = request.tree().at(&[Tag::RequestHeader]).clone();
    for message in [
        answer,
        Vec::new(),
        b"GET / HTTP/1.1\r\n\r\n".to_vec(),
        vec![0; 64],
        vec![0xFF; 64],
        structure(Tag::RequestMessage, Vec::new()).to_bytes(),
        structure(Tag::RequestMessage, vec![header.clone(), header]).to_bytes(),
        integer(Tag::RequestMessage, 1).to_bytes(),
    ] {
        let reply = Reply::sound(demo.raw(&message));
        assert_eq!(reply.message_failure(), ResultReason::InvalidMessage);
    }
}

/// Header fields missing, twice, unknown, or of another type.
#[test]
fn wrong_header_refuses_the_message() {
    let world = World::assisted();
    let demo = world.demo();
    let good = demo.request().item(Operation::Create, create(Vec::new()));
    let fields = good.tree().at(&[Tag::RequestHeader]).value.children().to_vec();
    let with = |fields: Vec<Item>| {
        let message = vec![structure(Tag::RequestHeader, fields), good.items[0].clone()];
        Reply::sound(demo.raw(&structure(Tag::RequestMessage, message).to_bytes()))
    };
    let mut cases: Vec<Vec<Item>> = Vec::new();
    for place in 0..fields.len() {
        let mut missing = fields.clone();
        missing.remove(place);
        cases.push(missing);
        let mut twice = fields.clone();
        twice.push(fields[place].clone());
        cases.push(twice);
        let mut other = fields.clone();
        other[place] = text(fields[place].tag, "1");
        cases.push(other);
    }
    cases.push([fields.clone(), vec![text(Tag::Comment, "alien")]].concat());
    cases.push([fields, vec![text(Tag(0x54_0001), "extension")]].concat());
    for case in cases {
        let reply = with(case.clone());
        assert_eq!(reply.message_failure(), ResultReason::InvalidMessage, "{case:?}");
    }
    assert_eq!(demo.locate(Vec::new()), [] as [String; 0]);
}
