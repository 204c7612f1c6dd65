//! A store that fails.

use std::sync::atomic::Ordering;

use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::ttlv::Value;
use kmip_core::types::{ObjectType, Operation, QueryFunction, ResultReason as Reason, State, Tag};
use server::object::CustodyRules;

use super::{LATER, assert_clean, births, ecb, reconcile};
use crate::support::ask::{attribute, name, on, uid};
use crate::support::tree::{Read, enumeration};
use crate::support::{IN_TOKEN, WRAPPED, World, keys};

#[test]
fn store_that_fails_at_any_step_leaves_nothing_wrong() {
    let both = [IN_TOKEN, WRAPPED].into_iter().flat_map(|custody| {
        births(custody)
            .into_iter()
            .map(move |(operation, payload, _)| (custody, operation, payload))
    });
    for (custody, operation, payload) in both {
        for step in 0..12 {
            let (world, calls) = World::fragile(custody);
            let demo = world.demo();
            demo.register(ObjectType::OpaqueObject, Vec::new(), keys::opaque(b"first"));
            calls.store(step, Ordering::SeqCst);
            let outcome = demo.ask(operation, payload.clone());
            calls.store(usize::MAX, Ordering::SeqCst);
            if outcome.reason.is_none() {
                assert!(step > 1, "nothing was stored");
                continue;
            }
            assert_eq!(outcome.reason(), Reason::GeneralFailure);
            assert_eq!(outcome.message.as_deref(), Some("internal failure"));
            assert_eq!(demo.locate(vec![name("held")]), [] as [String; 0]);
            world.clock.advance(LATER);
            reconcile(&world);
            assert_clean(&demo);
        }
    }
}

#[test]
fn store_that_fails_is_a_general_failure_for_every_operation() {
    let (world, calls) = World::fragile(CustodyRules::default());
    let demo = world.demo();
    let key = demo.active(Vec::new());
    calls.store(0, Ordering::SeqCst);
    for (operation, payload) in [
        (Operation::Get, vec![uid(&key)]),
        (Operation::GetAttributes, vec![uid(&key)]),
        (Operation::Locate, Vec::new()),
        (Operation::Encrypt, ecb(&key)),
        (Operation::Destroy, vec![uid(&key)]),
        (Operation::Activate, vec![uid(&key)]),
    ] {
        assert_eq!(demo.fails(operation, payload), Reason::GeneralFailure, "{operation:?}");
    }
    let query = vec![enumeration(Tag::QueryFunction, QueryFunction::QueryOperations.0)];
    demo.ok(Operation::Query, query);
    calls.store(usize::MAX, Ordering::SeqCst);
    assert!(matches!(demo.value(&key, Kind::State), Value::Enumeration(2)));
}

#[test]
fn destroy_survives_a_store_that_fails_at_any_step() {
    let both = [IN_TOKEN, WRAPPED].into_iter();
    for (custody, step) in both.flat_map(|custody| (0..8).map(move |step| (custody, step))) {
        let (world, calls) = World::fragile(custody);
        let demo = world.demo();
        demo.register(ObjectType::OpaqueObject, Vec::new(), keys::opaque(b"first"));
        let key = demo.create(vec![name("held")]);
        calls.store(step, Ordering::SeqCst);
        let outcome = demo.ask(Operation::Destroy, vec![uid(&key)]);
        calls.store(usize::MAX, Ordering::SeqCst);
        world.clock.advance(LATER);
        reconcile(&world);
        match (outcome.reason, demo.state(&key)) {
            // Either it was not begun, and the key works, or it is done.
            (_, State::PreActive) => drop(demo.ok(Operation::Get, vec![uid(&key)])),
            (_, state) => assert_eq!(state, State::Destroyed),
        }
        if demo.state(&key) == State::PreActive {
            demo.destroy(&key);
        }
        assert_clean(&demo);
    }
}

/// Whatever step fails: the Name is with the old key or with the new one, and both work.
#[test]
fn re_key_survives_a_store_that_fails_at_any_step() {
    let both = [IN_TOKEN, WRAPPED].into_iter();
    for (custody, step) in both.flat_map(|custody| (0..10).map(move |step| (custody, step))) {
        let (world, calls) = World::fragile(custody);
        let demo = world.demo();
        demo.register(ObjectType::OpaqueObject, Vec::new(), keys::opaque(b"first"));
        let old = demo.create(vec![name("held")]);
        calls.store(step, Ordering::SeqCst);
        let outcome = demo.ask(Operation::ReKey, vec![uid(&old)]);
        calls.store(usize::MAX, Ordering::SeqCst);
        world.clock.advance(LATER);
        reconcile(&world);
        let holder = match outcome.reason {
            None => outcome.ok().text(Tag::UniqueIdentifier),
            Some(reason) => {
                assert_eq!(reason, Reason::GeneralFailure);
                assert_eq!(demo.values(&old, "Link"), []);
                old.clone()
            }
        };
        assert_eq!(demo.locate(vec![name("held")]), [holder.clone()]);
        demo.ok(Operation::Get, vec![uid(&holder)]);
        demo.ok(Operation::Get, vec![uid(&old)]);
        demo.destroy(&holder);
        assert_clean(&demo);
    }
}

#[test]
fn clients_that_look_at_once_find_everything_up_to_date() {
    let world = World::new();
    let demo = world.demo();
    let date = world.services.clock.now().0 + 10;
    for _ in 0..300 {
        demo.create(vec![on(Kind::ActivationDate, date)]);
    }
    world.clock.advance(10);
    let active = attribute("State", Value::Enumeration(State::Active.0));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(demo.locate(vec![active.clone()]).len(), 300));
        }
    });
}
