//! Check: what may be, and what may not.

use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::ttlv::{Interval, Item, Value};
use kmip_core::types::{
    BatchErrorContinuationOption as Continuation, CryptographicUsageMask as Mask, ObjectType,
    Operation, ResultReason as Reason, RevocationReasonCode, Tag, UsageLimitsUnit,
};

use crate::support::ask::{create, of_kind, on, uid};
use crate::support::tree::{Read, enumeration, integer, interval, long, structure};
use crate::support::{Client, START, World, keys};

fn limits(total: i64) -> Item {
    let unit = enumeration(Tag::UsageLimitsUnit, UsageLimitsUnit::Byte.0);
    let fields = vec![long(Tag::UsageLimitsTotal, total), unit];
    of_kind(Kind::UsageLimits, Value::Structure(fields))
}

fn count(units: i64) -> Item {
    long(Tag::UsageLimitsCount, units)
}

fn usage(bits: Mask) -> Item {
    integer(Tag::CryptographicUsageMask, i32::try_from(bits.0).unwrap())
}

fn lease(seconds: u32) -> Item {
    interval(Tag::LeaseTime, seconds)
}

/// The fields that a Check with `asked` is refused for; none if it is not refused.
#[track_caller]
fn refused(client: &Client<'_>, key: &str, asked: &[Item]) -> Vec<Item> {
    let outcome = client.ask(Operation::Check, [vec![uid(key)], asked.to_vec()].concat());
    if outcome.reason.is_none() {
        assert_eq!(outcome.ok().value.children(), [uid(key)]);
        return Vec::new();
    }
    assert_eq!(outcome.reason(), Reason::PermissionDenied);
    let payload = outcome.payload.expect("what is refused");
    assert!(!payload.value.children().is_empty());
    payload.value.children().to_vec()
}

#[test]
fn what_may_be_is_answered_with_the_identifier_alone() {
    let world = World::new();
    let demo = world.demo();
    let key = demo.active(vec![limits(100)]);
    for asked in [
        vec![],
        vec![count(0)],
        vec![count(100)],
        vec![usage(Mask::Encrypt)],
        vec![usage(Mask::Encrypt.union(Mask::Decrypt))],
        vec![usage(Mask(0))],
        vec![lease(0)],
        vec![lease(3_600)],
        vec![count(1), usage(Mask::Decrypt), lease(1)],
    ] {
        assert_eq!(refused(&demo, &key, &asked), [], "{asked:?}");
    }
    let counted = demo.value(&key, Kind::UsageLimits);
    assert_eq!(counted.children()[1], count(100), "a Check costs nothing");
}

#[test]
fn what_may_not_be_is_answered_with_that_alone() {
    let world = World::new();
    let demo = world.demo();
    let key = demo.active(vec![limits(100)]);
    let both = Mask::Encrypt.union(Mask::Sign);
    for (asked, denied) in [
        (vec![count(101)], vec![count(101)]),
        (vec![count(i64::MAX)], vec![count(i64::MAX)]),
        (vec![usage(Mask::Sign)], vec![usage(Mask::Sign)]),
        (vec![usage(both)], vec![usage(both)]),
        (vec![lease(3_601)], vec![lease(3_601)]),
        (vec![count(101), usage(Mask::Encrypt), lease(1)], vec![count(101)]),
        (vec![count(5), usage(both), lease(9_999)], vec![usage(both), lease(9_999)]),
        (
            vec![count(101), usage(Mask::MACGenerate), lease(u32::MAX)],
            vec![count(101), usage(Mask::MACGenerate), lease(u32::MAX)],
        ),
    ] {
        assert_eq!(refused(&demo, &key, &asked), denied);
    }
    assert_eq!(demo.value(&key, Kind::LeaseTime), Value::Interval(Interval(3_600)));
}

#[test]
fn protecting_is_refused_once_it_will_never_be_again() {
    let world = World::new();
    let demo = world.demo();
    let (encrypt, decrypt) = ([usage(Mask::Encrypt)], [usage(Mask::Decrypt)]);
    // Not yet active: a Check comes right after a Create.
    let key = demo.create(vec![on(Kind::ProtectStopDate, START + 10)]);
    assert_eq!(refused(&demo, &key, &encrypt), []);
    demo.activate(&key);
    assert_eq!(refused(&demo, &key, &encrypt), []);
    world.clock.advance(10);
    assert_eq!(refused(&demo, &key, &encrypt), encrypt, "its Protect Stop Date is over");
    assert_eq!(refused(&demo, &key, &decrypt), []);
    let key = demo.active(Vec::new());
    demo.revoke(&key, RevocationReasonCode::Superseded);
    assert_eq!(refused(&demo, &key, &encrypt), encrypt);
    assert_eq!(refused(&demo, &key, &decrypt), []);
    assert_eq!(refused(&demo, &key, &[lease(1)]), []);
    demo.revoke(&key, RevocationReasonCode::KeyCompromise);
    assert_eq!(refused(&demo, &key, &[lease(0)]), [lease(0)], "no lease on what is compromised");
    demo.destroy(&key);
    assert_eq!(demo.fails(Operation::Check, vec![uid(&key)]), Reason::ItemNotFound);
}

#[test]
fn what_the_object_does_not_have_cannot_be_checked() {
    let world = World::new();
    let demo = world.demo();
    let check = |key: &str, field| demo.fails(Operation::Check, vec![uid(key), field]);
    let key = demo.create(Vec::new());
    assert_eq!(check(&key, count(1)), Reason::IllegalOperation, "no usage limits");
    let opaque = demo.register(ObjectType::OpaqueObject, Vec::new(), keys::opaque(b"o"));
    assert_eq!(check(&opaque, usage(Mask::Encrypt)), Reason::IllegalOperation, "no usage mask");
    assert_eq!(refused(&demo, &opaque, &[lease(60)]), []);
    let limited = demo.create(vec![limits(5)]);
    assert_eq!(check(&limited, count(-1)), Reason::InvalidField);
    assert_eq!(check("nobody", count(1)), Reason::ItemNotFound);
    assert_eq!(demo.fails(Operation::Check, vec![count(1)]), Reason::ItemNotFound);
}

#[test]
fn refusal_empties_the_placeholder_and_success_keeps_it() {
    let world = World::new();
    let demo = world.demo();
    let on_failure =
        |option: Continuation| enumeration(Tag::BatchErrorContinuationOption, option.0);
    let batch = |mask: Mask, option| {
        let request = demo.request().with(on_failure(option));
        let request = request.next(Operation::Create, create(Vec::new()));
        let request = request.next(Operation::Check, vec![usage(mask)]);
        demo.send(&request.next(Operation::Get, Vec::new()))
    };
    let reply = batch(Mask::Encrypt, Continuation::Continue);
    let made = reply.item(0).ok().text(Tag::UniqueIdentifier);
    assert_eq!(reply.item(2).ok().text(Tag::UniqueIdentifier), made);
    let reply = batch(Mask::Sign, Continuation::Continue);
    assert_eq!(reply.item(1).reason(), Reason::PermissionDenied);
    assert_eq!(
        reply.item(1).payload.unwrap(),
        structure(Tag::ResponsePayload, vec![usage(Mask::Sign)])
    );
    assert_eq!(reply.item(2).reason(), Reason::ItemNotFound, "the placeholder is empty");
    assert_eq!(batch(Mask::Sign, Continuation::Stop).len(), 2);
    let before = demo.locate(Vec::new()).len();
    batch(Mask::Sign, Continuation::Undo);
    assert_eq!(demo.locate(Vec::new()).len(), before, "a refusal undoes the batch");
}
