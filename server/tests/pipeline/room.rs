//! Answers that do not fit: what was done for them is taken back, and what could not be is not done.

use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::ttlv::{Item, Value};
use kmip_core::types::{ObjectType, Operation, ResultReason as Reason, Tag};

use crate::support::ask::{flag, import, mask, uid};
use crate::support::tree::{Read, integer};
use crate::support::{Client, IN_TOKEN, WRAPPED, World, keys};
use kmip_core::types::CryptographicUsageMask as Mask;

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
