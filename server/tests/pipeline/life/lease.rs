//! Leases: how long a client may use its copy.

use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::ttlv::{DateTime, Interval, Value};
use kmip_core::types::{ObjectType, Operation, ResultReason as Reason, RevocationReasonCode, Tag};
use server::services::Bounds;

use crate::support::ask::{custom, uid};
use crate::support::tree::{Read, boolean};
use crate::support::{Client, START, World, keys};

/// The lease on an object, and when the object last changed.
#[track_caller]
fn lease(client: &Client<'_>, key: &str) -> (Value, Value) {
    let answer = client.ok(Operation::ObtainLease, vec![uid(key)]);
    assert_eq!(answer.text(Tag::UniqueIdentifier), key);
    let value = |tag| answer.get(tag).value.clone();
    (value(Tag::LeaseTime), value(Tag::LastChangeDate))
}

fn granted(seconds: u32, changed: i64) -> (Value, Value) {
    (Value::Interval(Interval(seconds)), Value::DateTime(DateTime(changed)))
}

#[test]
fn lease_is_granted_and_tells_when_the_object_changed() {
    let world = World::new();
    let demo = world.demo();
    let key = demo.create(Vec::new());
    assert_eq!(lease(&demo, &key), granted(3_600, START));
    assert_eq!(demo.value(&key, Kind::LeaseTime), Value::Interval(Interval(3_600)));
    world.clock.advance(100);
    assert_eq!(lease(&demo, &key), granted(3_600, START), "a lease changes nothing");
    demo.ok(Operation::AddAttribute, vec![uid(&key), custom("x-new", "1")]);
    assert_eq!(lease(&demo, &key), granted(3_600, START + 100));
    let certificate = demo.register(ObjectType::Certificate, Vec::new(), keys::certificate());
    assert_eq!(lease(&demo, &certificate), granted(3_600, START + 100));
}

#[test]
fn lease_is_never_longer_than_the_configuration_allows() {
    let bounds = |seconds| Bounds { max_lease: Interval(seconds), ..Bounds::default() };
    let world = World::bounded(bounds(50));
    let demo = world.demo();
    let key = demo.create(Vec::new());
    assert_eq!(demo.value(&key, Kind::LeaseTime), Value::Interval(Interval(50)));
    assert_eq!(lease(&demo, &key), granted(50, START));
    let stricter = world.bounded_again(bounds(20));
    assert_eq!(lease(&stricter.demo(), &key), granted(20, START), "older objects too");
    let laxer = world.bounded_again(bounds(900));
    assert_eq!(lease(&laxer.demo(), &key), granted(50, START), "the object's own Lease Time");
}

#[test]
fn lease_is_given_in_every_state_but_compromised_and_destroyed() {
    let world = World::new();
    let demo = world.demo();
    let key = demo.active(Vec::new());
    demo.ok(Operation::ObtainLease, vec![uid(&key)]);
    demo.revoke(&key, RevocationReasonCode::Superseded);
    demo.ok(Operation::ObtainLease, vec![uid(&key)]);
    demo.revoke(&key, RevocationReasonCode::KeyCompromise);
    let refused = || demo.fails(Operation::ObtainLease, vec![uid(&key)]);
    assert_eq!(refused(), Reason::PermissionDenied);
    demo.destroy(&key);
    assert_eq!(refused(), Reason::ItemNotFound);
}

#[test]
fn lease_takes_the_placeholder_and_refuses_what_it_does_not_know() {
    let world = World::new();
    let demo = world.demo();
    let request = demo.request().next(Operation::Create, crate::support::ask::create(Vec::new()));
    let reply = demo.send(&request.next(Operation::ObtainLease, Vec::new()));
    let made = reply.item(0).ok().text(Tag::UniqueIdentifier);
    assert_eq!(reply.item(1).ok().text(Tag::UniqueIdentifier), made);
    assert_eq!(demo.fails(Operation::ObtainLease, Vec::new()), Reason::ItemNotFound);
    assert_eq!(demo.fails(Operation::ObtainLease, vec![uid("nobody")]), Reason::ItemNotFound);
    let strange = vec![uid(&made), boolean(Tag::Sensitive, true)];
    assert_eq!(demo.fails(Operation::ObtainLease, strange), Reason::InvalidField);
}
