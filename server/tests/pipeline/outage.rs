//! Outages: a token or a store that fails, at every step, leaves nothing wrong behind.

mod store;

use hsm_backend::HsmErrorKind;
use hsm_backend::fault::{Moment, Verb};
use kmip_core::ttlv::Item;
use kmip_core::types::{
    BlockCipherMode, CryptographicAlgorithm, CryptographicUsageMask as Mask, ObjectType, Operation,
    ResultReason as Reason, State, Tag,
};
use server::object::{CustodyMode, CustodyRules};
use server::reconcile::{self, Settled};

use crate::support::ask::{
    CRYPT, algorithm, create, create_pair, data, length, mask, name, plain_mode, register, uid,
};
use crate::support::tree::{Read, enumeration, integer};
use crate::support::{Client, IN_TOKEN, WRAPPED, World, keys};

/// Longer than any lease.
const LATER: i64 = 3_600;

fn ecb(key: &str) -> Vec<Item> {
    vec![uid(key), plain_mode(BlockCipherMode::ECB), data(&[0; 16])]
}

#[test]
fn metadata_operations_answer_while_the_token_is_away() {
    let world = World::new();
    let demo = world.demo();
    let key = demo.create(vec![name("k")]);
    let active = demo.active(Vec::new());
    let public = demo.register(ObjectType::PublicKey, vec![mask(Mask::Verify)], keys::rsa_public());
    world.token.set_unavailable(true);
    let everything = (1..=0xC).map(|n| enumeration(Tag::QueryFunction, n)).collect();
    demo.ok(Operation::Query, everything);
    demo.ok(Operation::DiscoverVersions, Vec::new());
    assert_eq!(demo.locate(vec![name("k")]), [key.clone()]);
    demo.attributes(&key);
    demo.ok(Operation::GetAttributeList, vec![uid(&key)]);
    demo.ok(Operation::AddAttribute, vec![uid(&key), crate::support::ask::custom("x-a", "1")]);
    demo.activate(&key);
    demo.ok(Operation::Get, vec![uid(&public)]);
    for (operation, payload) in [
        (Operation::Create, create(vec![name("new")])),
        (Operation::Get, vec![uid(&key)]),
        (Operation::Encrypt, ecb(&active)),
        (Operation::Decrypt, ecb(&active)),
        (Operation::RNGRetrieve, vec![integer(Tag::DataLength, 8)]),
        (Operation::Register, aes_register()),
    ] {
        assert_eq!(demo.fails(operation, payload), Reason::GeneralFailure, "{operation:?}");
    }
    world.token.heal();
    demo.ok(Operation::Get, vec![uid(&key)]);
    demo.ok(Operation::Encrypt, ecb(&active));
}

#[test]
fn destroy_without_token_leaves_the_object_as_it_was() {
    let world = World::keeping(IN_TOKEN);
    let demo = world.demo();
    let key = demo.create(Vec::new());
    world.token.set_unavailable(true);
    assert_eq!(demo.fails(Operation::Destroy, vec![uid(&key)]), Reason::GeneralFailure);
    assert_eq!(demo.state(&key), State::PreActive);
    world.token.heal();
    demo.ok(Operation::Get, vec![uid(&key)]);
    demo.destroy(&key);
}

fn aes_register() -> Vec<Item> {
    register(ObjectType::SymmetricKey, vec![mask(CRYPT), name("held")], keys::aes_key())
}

/// Everything that makes an object called `held`, with the token's verb that does it.
fn births(custody: CustodyRules) -> Vec<(Operation, Vec<Item>, Verb)> {
    let ec = vec![algorithm(CryptographicAlgorithm::ECDSA), length(256)];
    let pair = create_pair(ec, vec![name("held")], Vec::new());
    let (generate, generate_pair, import) = match custody.symmetric {
        CustodyMode::Token => (Verb::GenerateKey, Verb::GenerateKeyPair, Verb::ImportKey),
        CustodyMode::Wrapped => {
            (Verb::GenerateWrapped, Verb::GeneratePairWrapped, Verb::ImportWrapped)
        }
    };
    vec![
        (Operation::Create, create(vec![name("held")]), generate),
        (Operation::Create, create(vec![name("held")]), Verb::DigestKey),
        (Operation::CreateKeyPair, pair, generate_pair),
        (Operation::Register, aes_register(), import),
        (Operation::Register, aes_register(), Verb::Encrypt),
        (Operation::Register, aes_register(), Verb::Random),
    ]
}

/// A server whose sealing key, and with it the canary, is there, and its wrapping key.
fn settled_world(custody: CustodyRules) -> World {
    let world = World::keeping(custody);
    let demo = world.demo();
    let any = demo.create(Vec::new());
    demo.destroy(&any);
    let first = demo.register(ObjectType::OpaqueObject, Vec::new(), keys::opaque(b"first"));
    demo.destroy(&first);
    world
}

fn reconcile(world: &World) -> Settled {
    reconcile::run(&world.services).unwrap()
}

/// Every object that is found has a key that works; none is called `held`, and one can be.
#[track_caller]
fn assert_clean(client: &Client<'_>) {
    assert_eq!(client.locate(vec![name("held")]), [] as [String; 0]);
    for object in client.locate(Vec::new()) {
        client.ok(Operation::Get, vec![uid(&object)]);
    }
    let made = client.create(vec![name("held")]);
    client.destroy(&made);
}

#[test]
fn birth_that_fails_in_the_token_leaves_nothing() {
    let both = [IN_TOKEN, WRAPPED].into_iter().flat_map(|custody| {
        births(custody)
            .into_iter()
            .map(move |(operation, payload, verb)| (custody, operation, payload, verb))
    });
    for (custody, operation, payload, verb) in both {
        for moment in [Moment::Before, Moment::After] {
            let (payload, world) = (payload.clone(), settled_world(custody));
            let demo = world.demo();
            world.token.fail_nth(verb, 1, HsmErrorKind::Device(0x30), moment);
            let outcome = demo.ask(operation, payload);
            if verb == Verb::DigestKey {
                // A token that cannot hash leaves the key without Digest.
                let key = outcome.ok().text(Tag::UniqueIdentifier);
                assert_eq!(demo.values(&key, "Digest"), []);
                continue;
            }
            assert_eq!(outcome.reason(), Reason::GeneralFailure, "{verb:?} {moment:?}");
            assert_clean(&demo);
            world.clock.advance(LATER);
            assert_eq!(reconcile(&world), Settled::default(), "{verb:?} {moment:?}");
        }
    }
}

/// The token goes away in the middle and cannot even be asked to take the key back.
#[test]
fn birth_cut_off_in_the_middle_is_settled_once_the_token_is_back() {
    for (operation, payload, verb) in births(IN_TOKEN) {
        if matches!(verb, Verb::DigestKey | Verb::Encrypt | Verb::Random) {
            continue;
        }
        let world = settled_world(IN_TOKEN);
        let demo = world.demo();
        world.token.fail_nth(verb, 1, HsmErrorKind::Unavailable, Moment::After);
        world.token.fail_always(Verb::DestroyKey, HsmErrorKind::Unavailable);
        assert_eq!(demo.fails(operation, payload), Reason::GeneralFailure);
        assert_eq!(demo.locate(Vec::new()), [] as [String; 0], "never acknowledged, never found");
        // Its lease runs: nobody touches the row yet.
        assert_eq!(reconcile(&world), Settled::default());
        world.clock.advance(LATER);
        // The row that names the token's key waits for the token.
        let before = reconcile(&world);
        assert_eq!((before.left, before.destroyed), (1, 0), "{verb:?}");
        world.token.set_unavailable(true);
        assert_eq!(reconcile(&world), Settled { left: 1, ..Settled::default() });
        world.token.heal();
        assert_eq!(reconcile(&world), Settled { failed: 1, ..Settled::default() });
        let pair = operation == Operation::CreateKeyPair;
        assert_eq!(before.failed, usize::from(pair), "the public half has nothing in the token");
        assert_eq!(reconcile(&world), Settled::default());
        assert_clean(&demo);
    }
}

/// A wrapped key is gone with its row's blob: the token need not be there.
#[test]
fn wrapped_key_is_destroyed_without_the_token() {
    let world = settled_world(WRAPPED);
    let demo = world.demo();
    let key = demo.active(vec![name("held")]);
    demo.revoke(&key, kmip_core::types::RevocationReasonCode::Superseded);
    world.token.set_unavailable(true);
    demo.destroy(&key);
    world.token.heal();
    assert_eq!(demo.state(&key), State::Destroyed);
    assert_eq!(demo.fails(Operation::Decrypt, ecb(&key)), Reason::ItemNotFound);
    assert_clean(&demo);
}

#[test]
fn destroy_cut_off_in_the_middle_is_finished_once_the_token_is_back() {
    for moment in [Moment::Before, Moment::After] {
        let world = settled_world(IN_TOKEN);
        let demo = world.demo();
        let key = demo.active(vec![name("held")]);
        demo.revoke(&key, kmip_core::types::RevocationReasonCode::Superseded);
        world.token.fail_nth(Verb::DestroyKey, 1, HsmErrorKind::Unavailable, moment);
        assert_eq!(demo.fails(Operation::Destroy, vec![uid(&key)]), Reason::GeneralFailure);
        // Unusable already, and never usable again.
        assert_eq!(demo.fails(Operation::Get, vec![uid(&key)]), Reason::ItemNotFound);
        assert_eq!(demo.fails(Operation::Decrypt, ecb(&key)), Reason::ItemNotFound);
        world.clock.advance(LATER);
        assert_eq!(reconcile(&world), Settled { destroyed: 1, ..Settled::default() });
        assert_eq!(demo.state(&key), State::Destroyed, "its row stays");
        assert_eq!(reconcile(&world), Settled::default());
        assert_clean(&demo);
    }
}

/// An absent or wrong token reads as an empty one: it is believed only if it shows the canary.
#[test]
fn empty_token_is_not_believed() {
    let world = settled_world(IN_TOKEN);
    let demo = world.demo();
    let key = demo.create(Vec::new());
    world.token.fail_nth(Verb::DestroyKey, 1, HsmErrorKind::Unavailable, Moment::Before);
    demo.fails(Operation::Destroy, vec![uid(&key)]);
    world.clock.advance(LATER);
    let canary = world.services.keyring.canary().unwrap().unwrap();
    world.lose(&hsm_backend::KeyRef::Token(canary));
    // Every key is said to be unknown, as by a token that was put in the wrong slot.
    world.token.fail_always(Verb::DestroyKey, HsmErrorKind::KeyNotFound);
    assert_eq!(reconcile(&world), Settled { left: 1, ..Settled::default() });
}

#[test]
fn key_that_the_token_does_not_let_go_holds_up_nobody() {
    let world = settled_world(IN_TOKEN);
    let demo = world.demo();
    let keys = [demo.create(Vec::new()), demo.create(Vec::new())];
    for key in &keys {
        world.token.fail_nth(Verb::DestroyKey, 1, HsmErrorKind::Unavailable, Moment::Before);
        demo.fails(Operation::Destroy, vec![uid(key)]);
    }
    world.clock.advance(LATER);
    world.token.fail_nth(Verb::DestroyKey, 1, HsmErrorKind::Device(5), Moment::Before);
    let first = Settled { destroyed: 1, left: 1, ..Settled::default() };
    assert_eq!(reconcile(&world), first);
    assert_eq!(reconcile(&world), Settled { destroyed: 1, ..Settled::default() });
}

#[test]
fn lost_key_fails_and_its_row_stays() {
    let world = World::new();
    let demo = world.demo();
    let key = demo.active(Vec::new());
    world.token.fail_always(Verb::Encrypt, HsmErrorKind::KeyNotFound);
    assert_eq!(demo.fails(Operation::Encrypt, ecb(&key)), Reason::GeneralFailure);
    assert_eq!(demo.state(&key), State::Active);
    assert_eq!(demo.locate(Vec::new()), [key.clone()]);
    world.token.heal();
    demo.ok(Operation::Encrypt, ecb(&key));
}
