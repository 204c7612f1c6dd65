//! Archive and Recover: out of use, and back.

use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::ttlv::{DateTime, Item, Value};
use kmip_core::types::{
    BatchErrorContinuationOption as Continuation, ObjectType, Operation, ResultReason as Reason,
    ResultStatus as Status, State, Tag,
};
use server::operation::SERVED;

use crate::scopes::about;
use crate::support::ask::{create, custom, name, on, uid};
use crate::support::tree::{Read, enumeration, integer};
use crate::support::{Client, START, World, keys};

fn archive(client: &Client<'_>, key: &str) {
    let answer = client.ok(Operation::Archive, vec![uid(key)]);
    assert_eq!(answer.value.children(), [uid(key)]);
}

fn recover(client: &Client<'_>, key: &str) {
    let answer = client.ok(Operation::Recover, vec![uid(key)]);
    assert_eq!(answer.value.children(), [uid(key)]);
}

fn date(seconds: i64) -> Value {
    Value::DateTime(DateTime(seconds))
}

/// What a Locate of objects in this storage finds.
fn stored(client: &Client<'_>, mask: Option<i32>) -> Vec<String> {
    let mask: Option<Item> = mask.map(|mask| integer(Tag::StorageStatusMask, mask));
    client.locate(mask.into_iter().collect())
}

#[test]
fn archived_object_is_refused_by_every_operation_but_three() {
    let world = World::new();
    let demo = world.demo();
    let key = demo.active(vec![custom("x-own", "1")]);
    archive(&demo, &key);
    let before = demo.attributes(&key);
    for entry in SERVED {
        let Some(payload) = about(entry.operation, &key) else { continue };
        let outcome = demo.ask(entry.operation, payload);
        match entry.operation {
            Operation::GetAttributes => drop(outcome.ok()),
            Operation::Recover => {
                outcome.ok();
                archive(&demo, &key);
            }
            other => assert_eq!(outcome.reason(), Reason::ObjectArchived, "{other:?}"),
        }
    }
    assert_eq!(demo.attributes(&key), before, "nothing was changed");
}

#[test]
fn archive_date_says_since_when_and_is_gone_after_recovery() {
    let world = World::new();
    let demo = world.demo();
    let key = demo.create(Vec::new());
    world.clock.advance(10);
    archive(&demo, &key);
    assert_eq!(demo.value(&key, Kind::ArchiveDate), date(START + 10));
    assert_eq!(demo.value(&key, Kind::LastChangeDate), date(START + 10));
    let again = demo.fails(Operation::Archive, vec![uid(&key)]);
    assert_eq!(again, Reason::ObjectArchived);
    world.clock.advance(10);
    recover(&demo, &key);
    assert_eq!(demo.values(&key, "Archive Date"), []);
    assert_eq!(demo.value(&key, Kind::LastChangeDate), date(START + 20));
    world.clock.advance(10);
    recover(&demo, &key);
    let changed = demo.value(&key, Kind::LastChangeDate);
    assert_eq!(changed, date(START + 20), "what is in use is left alone");
    demo.ok(Operation::Get, vec![uid(&key)]);
    demo.destroy(&key);
    for operation in [Operation::Archive, Operation::Recover] {
        assert_eq!(demo.fails(operation, vec![uid(&key)]), Reason::ItemNotFound);
        assert_eq!(demo.fails(operation, vec![uid("nobody")]), Reason::ItemNotFound);
        assert_eq!(demo.fails(operation, Vec::new()), Reason::ItemNotFound);
    }
}

#[test]
fn archive_date_is_the_servers_to_set() {
    let world = World::new();
    let demo = world.demo();
    let key = demo.create(Vec::new());
    let own = || on(Kind::ArchiveDate, START);
    let add = vec![uid(&key), own()];
    assert_eq!(demo.fails(Operation::AddAttribute, add), Reason::PermissionDenied);
    assert_eq!(demo.fails(Operation::Create, create(vec![own()])), Reason::InvalidField);
}

#[test]
fn locate_finds_archived_objects_only_when_asked_for_them() {
    let world = World::new();
    let demo = world.demo();
    let (here, away) = (demo.create(Vec::new()), demo.create(vec![name("away")]));
    archive(&demo, &away);
    assert_eq!(stored(&demo, None), [here.clone()]);
    assert_eq!(stored(&demo, Some(1)), [here.clone()]);
    assert_eq!(stored(&demo, Some(2)), [away.clone()]);
    assert_eq!(stored(&demo, Some(3)), [away.clone(), here.clone()]);
    assert_eq!(stored(&demo, Some(0)), [] as [String; 0]);
    let taken = demo.fails(Operation::Create, create(vec![name("away")]));
    assert_eq!(taken, Reason::InvalidField, "an archived object keeps its Name");
    recover(&demo, &away);
    assert_eq!(stored(&demo, None), [away, here]);
}

#[test]
fn time_passes_for_archived_objects() {
    let world = World::new();
    let demo = world.demo();
    let dates = vec![on(Kind::ActivationDate, START), on(Kind::DeactivationDate, START + 10)];
    let key = demo.create(dates);
    archive(&demo, &key);
    world.clock.advance(20);
    assert_eq!(demo.state(&key), State::Deactivated);
    recover(&demo, &key);
    assert_eq!(demo.state(&key), State::Deactivated);
}

#[test]
fn every_kind_of_object_is_archived_and_comes_back_as_it_was() {
    let world = World::new();
    let demo = world.demo();
    let own = || vec![crate::support::ask::mask(crate::support::ask::CRYPT)];
    let objects = [
        demo.create(Vec::new()),
        demo.register(ObjectType::SymmetricKey, own(), keys::aes_key()),
        demo.register(ObjectType::PrivateKey, own(), keys::rsa_private()),
        demo.register(ObjectType::Certificate, own(), keys::certificate()),
        demo.register(ObjectType::SecretData, own(), keys::secret(b"s")),
        demo.register(ObjectType::OpaqueObject, Vec::new(), keys::opaque(b"o")),
    ];
    for object in &objects {
        let value = demo.ok(Operation::Get, vec![uid(object)]);
        archive(&demo, object);
        recover(&world.restarted().demo(), object);
        assert_eq!(demo.ok(Operation::Get, vec![uid(object)]), value);
    }
}

#[test]
fn recovery_fills_the_placeholder_and_both_are_undone() {
    let world = World::new();
    let demo = world.demo();
    let key = demo.create(Vec::new());
    archive(&demo, &key);
    let request = demo.request().next(Operation::Recover, vec![uid(&key)]);
    let reply = demo.send(&request.next(Operation::Get, Vec::new()));
    assert_eq!(reply.item(1).ok().text(Tag::UniqueIdentifier), key);
    let undo = || enumeration(Tag::BatchErrorContinuationOption, Continuation::Undo.0);
    let failing = (Operation::GetAttributes, vec![uid("nobody")]);
    let request = demo.request().with(undo()).next(Operation::Archive, vec![uid(&key)]);
    let reply = demo.send(&request.next(failing.0, failing.1.clone()));
    assert_eq!(reply.item(0).status, Status::OperationUndone);
    demo.ok(Operation::Get, vec![uid(&key)]);
    archive(&demo, &key);
    let request = demo.request().with(undo()).next(Operation::Recover, vec![uid(&key)]);
    demo.send(&request.next(failing.0, failing.1));
    assert_eq!(demo.fails(Operation::Get, vec![uid(&key)]), Reason::ObjectArchived);
}
