//! Import where token or store fail, and where several come at once: what was there is there, or the
//! new object is, whole; and no key is left that no row names.

use std::sync::atomic::Ordering;

use hsm_backend::HsmErrorKind;
use hsm_backend::fault::{Moment, Verb};
use kmip_core::attribute::{AttributeKind as Kind, UniqueIdentifier};
use kmip_core::ttlv::Item;
use kmip_core::types::{
    BlockCipherMode as Mode, ObjectType, Operation, ResultReason as Reason, Tag,
};
use server::object::{Custody, CustodyRules, Scope};
use server::operation::{OpContext, transfer};
use server::reconcile::{self, Settled};

use crate::support::ask::{CRYPT, custom, data, import, mask, name, on, plain_mode, uid};
use crate::support::tree::Read;
use crate::support::{Client, IN_TOKEN, WRAPPED, World, keys};

/// Longer than any lease.
const LATER: i64 = 3_600;

fn ecb() -> Vec<Item> {
    vec![plain_mode(Mode::ECB), data(&[0; 16])]
}

fn brought(replace: bool) -> Vec<Item> {
    let attributes = vec![mask(CRYPT), name("held"), on(Kind::ActivationDate, 0)];
    import("k", replace, attributes, keys::aes_key())
}

/// What there is under the identifier before the import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    Nothing,
    Key,
    Remains,
    /// An import that failed.
    Failure,
}

const BEFORE: [Before; 4] = [Before::Nothing, Before::Key, Before::Remains, Before::Failure];

/// A wrapped key that fails leaves nothing at all.
fn may_be(custody: CustodyRules) -> impl Iterator<Item = Before> {
    BEFORE.into_iter().filter(move |before| custody == IN_TOKEN || *before != Before::Failure)
}

/// A server with such a thing, and what the key enciphers, if it is one.
fn prepared(world: &World, before: Before) -> Option<Vec<u8>> {
    let demo = world.demo();
    demo.destroy(&demo.register(ObjectType::OpaqueObject, Vec::new(), keys::opaque(b"first")));
    demo.destroy(&demo.create(Vec::new()));
    let old = |active: bool| {
        let dates = active.then(|| on(Kind::ActivationDate, 0));
        let attributes = [vec![mask(CRYPT), custom("x-old", "1")], dates.into_iter().collect()];
        let value = keys::raw(kmip_core::types::CryptographicAlgorithm::AES, &[3; 16]);
        demo.ok(Operation::Import, import("k", false, attributes.concat(), value));
    };
    match before {
        Before::Nothing => None,
        Before::Key => {
            old(true);
            Some(demo.encrypt("k", ecb()).bytes(Tag::Data))
        }
        Before::Remains => {
            old(false);
            demo.destroy("k");
            None
        }
        Before::Failure => {
            world.token.fail_nth(Verb::ImportKey, 1, HsmErrorKind::Device(0x30), Moment::Before);
            demo.ask(Operation::Import, brought(false));
            world.token.heal();
            None
        }
    }
}

/// What was there is as it was, and makes way for the import when it is tried again.
#[track_caller]
fn assert_as_before(world: &World, before: Before, enciphered: Option<&[u8]>) {
    let demo = world.demo();
    assert_eq!(demo.locate(vec![name("held")]), [] as [String; 0]);
    match before {
        Before::Key => {
            assert_eq!(Some(&demo.encrypt("k", ecb()).bytes(Tag::Data)[..]), enciphered);
            assert_eq!(demo.locate(vec![custom("x-old", "1")]), ["k"]);
        }
        Before::Remains => assert_eq!(demo.values("k", "x-old").len(), 1),
        Before::Nothing | Before::Failure => {
            assert_eq!(demo.fails(Operation::GetAttributes, vec![uid("k")]), Reason::ItemNotFound);
        }
    }
}

#[track_caller]
fn assert_imported(client: &Client<'_>) {
    assert_eq!(client.locate(vec![name("held")]), ["k"]);
    assert_eq!(client.locate(vec![custom("x-old", "1")]), [] as [String; 0]);
    let got = client.ok(Operation::Get, vec![uid("k")]);
    assert_eq!(got.get(Tag::SymmetricKey), &keys::aes_key());
    client.encrypt("k", ecb());
}

/// What the housekeeping finds to be settled, when no lease holds it up.
fn reconcile(world: &World) -> Settled {
    world.clock.advance(LATER);
    reconcile::run(&world.services).unwrap()
}

#[test]
fn import_that_fails_in_the_token_changes_nothing_and_may_be_tried_again() {
    for (custody, verb) in [(IN_TOKEN, Verb::ImportKey), (WRAPPED, Verb::ImportWrapped)] {
        for before in may_be(custody) {
            for moment in [Moment::Before, Moment::After] {
                let world = World::keeping(custody);
                let enciphered = prepared(&world, before);
                let demo = world.demo();
                let made = world.token.calls(Verb::DestroyKey);
                world.token.fail_nth(verb, 1, HsmErrorKind::Device(0x30), moment);
                let reason = demo.fails(Operation::Import, brought(true));
                assert_eq!(reason, Reason::GeneralFailure, "{before:?} {moment:?}");
                assert_as_before(&world, before, enciphered.as_deref());
                if verb == Verb::ImportKey {
                    assert_eq!(world.token.calls(Verb::DestroyKey), made + 1, "taken back at once");
                }
                assert_eq!(reconcile(&world), Settled::default());
                demo.ok(Operation::Import, brought(before == Before::Key));
                assert_imported(&demo);
                assert_eq!(reconcile(&world), Settled::default());
            }
        }
    }
}

/// The token goes away in the middle, and cannot even be asked to take the key back.
#[test]
fn import_cut_off_in_the_middle_is_settled_once_the_token_is_back() {
    for before in BEFORE {
        let world = World::keeping(IN_TOKEN);
        let enciphered = prepared(&world, before);
        let demo = world.demo();
        world.token.fail_nth(Verb::ImportKey, 1, HsmErrorKind::Unavailable, Moment::After);
        world.token.fail_always(Verb::DestroyKey, HsmErrorKind::Unavailable);
        assert_eq!(demo.fails(Operation::Import, brought(true)), Reason::GeneralFailure);
        assert_as_before(&world, before, enciphered.as_deref());
        // The row names a key that is yet to be destroyed: it is not free.
        assert_eq!(demo.fails(Operation::Import, brought(true)), Reason::GeneralFailure);
        assert_eq!(reconcile(&world).left, 1);
        world.token.heal();
        let destroyed = world.token.calls(Verb::DestroyKey);
        let settled = reconcile(&world);
        assert_eq!((settled.left, settled.failed + settled.destroyed), (0, 1), "{before:?}");
        assert_eq!(world.token.calls(Verb::DestroyKey), destroyed + 1);
        assert_eq!(reconcile(&world), Settled::default());
        assert_as_before(&world, before, enciphered.as_deref());
        demo.ok(Operation::Import, brought(before == Before::Key));
        assert_imported(&demo);
    }
}

#[test]
fn replaced_key_is_destroyed_at_once_or_when_the_token_is_back() {
    for outage in [false, true] {
        let world = World::keeping(IN_TOKEN);
        prepared(&world, Before::Key);
        let demo = world.demo();
        let destroyed = || world.token.calls(Verb::DestroyKey);
        let before = destroyed();
        if outage {
            world.token.fail_always(Verb::DestroyKey, HsmErrorKind::Unavailable);
        }
        demo.ok(Operation::Import, brought(true));
        world.token.heal();
        assert_eq!(destroyed(), before + 1);
        assert_imported(&demo);
        if outage {
            assert_eq!(reconcile(&world), Settled { destroyed: 1, ..Settled::default() });
        }
        assert_eq!(reconcile(&world), Settled::default());
        // By something that needs no token, and back.
        let secret = import("k", true, vec![mask(CRYPT), name("held")], keys::secret(b"s"));
        let before = destroyed();
        demo.ok(Operation::Import, secret);
        assert_eq!(destroyed(), before + 1);
        demo.ok(Operation::Import, brought(true));
        assert_imported(&demo);
        assert_eq!(reconcile(&world), Settled::default());
    }
}

#[test]
fn store_that_fails_at_any_step_leaves_the_one_or_the_other() {
    for custody in [IN_TOKEN, WRAPPED] {
        for (before, step) in may_be(custody).flat_map(|b| (0..12).map(move |step| (b, step))) {
            let (world, calls) = World::fragile(custody);
            let enciphered = prepared(&world, before);
            let demo = world.demo();
            calls.store(step, Ordering::SeqCst);
            let outcome = demo.ask(Operation::Import, brought(true));
            calls.store(usize::MAX, Ordering::SeqCst);
            let imported = demo.locate(vec![name("held")]).len() == 1;
            assert!(imported || outcome.reason.is_some(), "acknowledged, so it is there");
            for _ in 0..2 {
                if imported {
                    assert_imported(&demo);
                } else {
                    assert_as_before(&world, before, enciphered.as_deref());
                }
                reconcile(&world);
            }
            assert_eq!(reconcile(&world), Settled::default());
            demo.ok(Operation::Import, brought(true));
            assert_imported(&demo);
        }
    }
}

#[test]
fn one_of_several_takes_a_free_identifier() {
    for custody in [IN_TOKEN, WRAPPED] {
        let world = World::keeping(custody);
        prepared(&world, Before::Nothing);
        let demo = world.demo();
        for replace in [false, true] {
            let outcomes: Vec<_> = std::thread::scope(|scope| {
                let ask = || demo.ask(Operation::Import, brought(replace));
                let threads: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
                threads.into_iter().map(|thread| thread.join().unwrap().reason).collect()
            });
            let done = outcomes.iter().filter(|reason| reason.is_none()).count();
            assert!(if replace { done >= 1 } else { done == 1 }, "{outcomes:?}");
            // One that is being made is neither free nor there to be told of.
            let told = [None, Some(Reason::ObjectAlreadyExists), Some(Reason::GeneralFailure)];
            assert!(outcomes.iter().all(|reason| told.contains(reason)), "{outcomes:?}");
            assert_imported(&demo);
            assert_eq!(reconcile(&world), Settled::default());
        }
    }
}

/// An operator moves the key, and clients use it, while others replace it.
#[test]
fn key_that_is_moved_and_replaced_at_once_is_whole_in_the_end() {
    let world = World::keeping(IN_TOKEN);
    prepared(&world, Before::Key);
    let demo = world.demo();
    let moved = |target| {
        let mut ctx = OpContext::for_operator(&world.services, &Scope::new("demo"));
        // Where a client was faster, the move says so and leaves nothing.
        drop(transfer::move_key(&mut ctx, &UniqueIdentifier::new("k"), target));
    };
    std::thread::scope(|scope| {
        for target in [Custody::Wrapped, Custody::Token] {
            scope.spawn(move || (0..40).for_each(|_| moved(target)));
        }
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..20 {
                    let reason = demo.ask(Operation::Import, brought(true)).reason;
                    assert!([None, Some(Reason::GeneralFailure)].contains(&reason), "{reason:?}");
                }
            });
        }
        scope.spawn(|| (0..80).for_each(|_| drop(reconcile::run(&world.services))));
    });
    while reconcile(&world) != Settled::default() {}
    demo.ok(Operation::Import, brought(true));
    assert_imported(&demo);
    assert_eq!(reconcile(&world), Settled::default());
}
