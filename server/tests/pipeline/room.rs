//! Answers that do not fit: what was done for them is taken back, and what could not be is not done.

use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::ttlv::{Item, Value};
use kmip_core::types::{
    BatchErrorContinuationOption, CryptographicUsageMask as Mask, ObjectType, Operation,
    ResultReason as Reason, Tag,
};

use crate::support::ask::{flag, import, mask, uid};
use crate::support::tree::{Read, enumeration, integer};
use crate::support::{Client, IN_TOKEN, WRAPPED, World, keys};

/// Asks for an item whose answer finds no room.
#[track_caller]
fn too_large(client: &Client<'_>, operation: Operation, payload: Vec<Item>) {
    let limit = integer(Tag::MaximumResponseSize, 150);
    let reply = client.send(&client.request().with(limit).item(operation, payload));
    assert_eq!(reply.item(0).reason(), Reason::ResponseTooLarge, "{operation:?}");
}

#[test]
fn object_is_not_destroyed_where_nobody_would_be_told() {
    for custody in [WRAPPED, IN_TOKEN] {
        let world = World::keeping(custody);
        let demo = world.demo();
        let secret = keys::secret(b"word");
        let objects = [
            demo.create(Vec::new()),
            demo.register(ObjectType::SecretData, vec![mask(Mask::Verify)], secret),
            demo.register(ObjectType::Certificate, Vec::new(), keys::certificate()),
        ];
        for object in &objects {
            too_large(&demo, Operation::Destroy, vec![uid(object)]);
            demo.ok(Operation::Get, vec![uid(object)]);
            demo.destroy(object);
        }
    }
}

#[test]
fn key_is_not_locked_away_where_nobody_would_be_told() {
    for custody in [WRAPPED, IN_TOKEN] {
        let world = World::keeping(custody);
        let demo = world.demo();
        let key = demo.create(Vec::new());
        for lock in [flag(Kind::Sensitive, true), flag(Kind::Extractable, false)] {
            too_large(&demo, Operation::ModifyAttribute, vec![uid(&key), lock]);
            demo.ok(Operation::Get, vec![uid(&key)]);
        }
        assert_eq!(demo.value(&key, Kind::Sensitive), Value::Boolean(false));
    }
}

#[test]
fn object_is_not_replaced_where_nobody_would_be_told() {
    let world = World::new();
    let demo = world.demo();
    let secret = |word: &[u8]| (vec![mask(Mask::Verify)], keys::secret(word));
    let (attributes, object) = secret(b"before");
    demo.ok(Operation::Import, import("a name as long as it takes", false, attributes, object));
    let before = demo.ok(Operation::Get, vec![uid("a name as long as it takes")]);
    let (attributes, object) = secret(b"after!");
    let replacing = import("a name as long as it takes", true, attributes, object);
    too_large(&demo, Operation::Import, replacing);
    let after = demo.ok(Operation::Get, vec![uid("a name as long as it takes")]);
    assert_eq!(before.at(&[Tag::SecretData]), after.at(&[Tag::SecretData]));
}

/// A short request cannot ask for more than the server has room for.
#[test]
fn answer_to_a_batch_is_bounded_by_the_server_too() {
    let world = World::new();
    let demo = world.demo();
    let megabyte =
        demo.register(ObjectType::OpaqueObject, Vec::new(), keys::opaque(&[7; 1_000_000]));
    let goes_on = BatchErrorContinuationOption::Continue;
    let option = enumeration(Tag::BatchErrorContinuationOption, goes_on.0);
    let mut request = demo.request().with(option);
    for _ in 0..20 {
        request = request.next(Operation::Get, vec![uid(&megabyte)]);
    }
    let bytes = demo.raw(&request.bytes());
    assert!((15_000_000..=16 << 20).contains(&bytes.len()), "{}", bytes.len());
    let answer = Item::from_bytes(&bytes).unwrap();
    let reasons = answer.all(Tag::BatchItem);
    let reasons = reasons.iter().map(|item| item.child(Tag::ResultReason).map(Read::as_number));
    let too_large = Some(Reason::ResponseTooLarge.0);
    let expected = (0..20).map(|place| if place < 16 { None } else { too_large });
    assert!(reasons.eq(expected));
    // One by itself is as long as it is.
    demo.ok(Operation::Get, vec![uid(&megabyte)]);
}
