//! Where keys live, and how that is told and kept.

use hsm_backend::HsmErrorKind;
use hsm_backend::fault::{Moment, Verb};
use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::ttlv::{Item, Value};
use kmip_core::types::{BlockCipherMode, ObjectType, Operation, ResultReason as Reason, Tag};
use server::object::CUSTODY_ATTRIBUTE;
use server::rewrap::{self, Rewrapped};

use crate::support::ask::{CRYPT, create, custom, data, flag, mask, name, plain_mode, uid};
use crate::support::tree::{Read, text};
use crate::support::{Client, IN_TOKEN, WRAPPED, World, keys};

fn ecb(key: &str, block: &[u8]) -> Vec<Item> {
    vec![uid(key), plain_mode(BlockCipherMode::ECB), data(block)]
}

fn told(client: &Client<'_>, key: &str) -> Vec<Value> {
    client.values(key, CUSTODY_ATTRIBUTE)
}

#[test]
fn attribute_tells_the_custody_and_finds_by_it() {
    for (rules, word) in [(IN_TOKEN, "token"), (WRAPPED, "wrapped")] {
        let world = World::keeping(rules);
        let demo = world.demo();
        let made = demo.create(Vec::new());
        let brought = demo.register(ObjectType::SymmetricKey, vec![mask(CRYPT)], keys::aes_key());
        for key in [&made, &brought] {
            assert_eq!(told(&demo, key), [Value::TextString(word.to_owned())]);
        }
        let mut found = demo.locate(vec![custom(CUSTODY_ATTRIBUTE, word)]);
        found.sort();
        let mut both = [made, brought];
        both.sort();
        assert_eq!(found, both);
        let opaque = demo.register(ObjectType::OpaqueObject, Vec::new(), keys::opaque(b"o"));
        assert_eq!(told(&demo, &opaque), [Value::TextString("sealed".to_owned())]);
    }
}

#[test]
fn attribute_is_the_servers_alone() {
    let world = World::keeping(WRAPPED);
    let demo = world.demo();
    let key = demo.create(Vec::new());
    let claim = || custom(CUSTODY_ATTRIBUTE, "token");
    assert_eq!(demo.fails(Operation::Create, create(vec![claim()])), Reason::InvalidField);
    let other = || custom("x-claviger-other", "1");
    for (operation, attribute) in
        [(Operation::AddAttribute, other()), (Operation::AddAttribute, claim())]
    {
        assert_eq!(demo.fails(operation, vec![uid(&key), attribute]), Reason::PermissionDenied);
    }
    assert_eq!(
        demo.fails(Operation::ModifyAttribute, vec![uid(&key), claim()]),
        Reason::PermissionDenied
    );
    let delete = vec![uid(&key), text(Tag::AttributeName, CUSTODY_ATTRIBUTE)];
    assert_eq!(demo.fails(Operation::DeleteAttribute, delete), Reason::PermissionDenied);
    assert_eq!(told(&demo, &key), [Value::TextString("wrapped".to_owned())]);
}

#[test]
fn wrapped_keys_take_no_room_in_the_token() {
    let world = World::keeping(WRAPPED);
    let demo = world.demo();
    for _ in 0..5 {
        let key = demo.active(Vec::new());
        demo.ok(Operation::Encrypt, ecb(&key, &[0; 16]));
        demo.register(ObjectType::SymmetricKey, vec![mask(CRYPT)], keys::aes_key());
    }
    assert_eq!(world.token.calls(Verb::ImportKey), 0);
    assert_eq!(world.token.calls(Verb::MakeKek), 1);
    // The sealing key, for the form in which a readable key was registered.
    assert_eq!(world.token.calls(Verb::GenerateKey), 1);
}

#[test]
fn locked_key_of_wrapped_custody_stays_locked() {
    let world = World::keeping(WRAPPED);
    let demo = world.demo();
    let key = demo.active(Vec::new());
    demo.ok(Operation::Get, vec![uid(&key)]);
    demo.ok(Operation::ModifyAttribute, vec![uid(&key), flag(Kind::Sensitive, true)]);
    assert_eq!(demo.fails(Operation::Get, vec![uid(&key)]), Reason::Sensitive);
    demo.ok(Operation::ModifyAttribute, vec![uid(&key), flag(Kind::Extractable, false)]);
    assert_eq!(demo.fails(Operation::Get, vec![uid(&key)]), Reason::NotExtractable);
    demo.ok(Operation::Encrypt, ecb(&key, &[0; 16]));
}

/// Keys of both scopes with what each makes of a block.
fn population(world: &World) -> Vec<(String, Vec<u8>)> {
    let demo = world.demo();
    (0..300)
        .map(|number| {
            let key = demo.active(vec![name(&format!("key {number}"))]);
            let sealed = demo.ok(Operation::Encrypt, ecb(&key, &[7; 16]));
            let sealed = sealed.bytes(Tag::Data);
            (key, sealed)
        })
        .collect()
}

#[track_caller]
fn assert_all_work(world: &World, population: &[(String, Vec<u8>)]) {
    let demo = world.demo();
    for (key, sealed) in population {
        let opened = demo.ok(Operation::Decrypt, ecb(key, sealed));
        assert_eq!(opened.bytes(Tag::Data), [7; 16]);
    }
}

#[test]
fn rotation_wraps_every_key_anew_and_resumes_where_it_was_cut_off() {
    let world = World::keeping(WRAPPED);
    let keys = population(&world);
    let keyring = &world.services.keyring;
    let call = keys::call();
    let old = keyring.wrapping_key(&call).unwrap().id();
    let new = keyring.rotate_wrapping_key(&call).unwrap();
    assert_eq!(keyring.retired_wrapping_keys().unwrap(), [old]);
    assert_all_work(&world, &keys[..3]);
    // Cut off by the token in the middle of a batch, by a stop between batches, then let through.
    world.token.fail_nth(Verb::Rewrap, 200, HsmErrorKind::Unavailable, Moment::After);
    assert!(rewrap::run(&world.services, &|| true).is_err());
    world.token.heal();
    let counts = || rewrap::status(&world.services).unwrap().keys;
    assert_eq!(counts().iter().map(|(_, keys)| keys).sum::<u64>(), 300);
    assert!(counts().len() == 2, "{:?}", counts());
    assert_eq!(rewrap::run(&world.services, &|| false).unwrap(), Rewrapped::default());
    let rest = rewrap::run(&world.services, &|| true).unwrap();
    assert_eq!((rest.failed, counts()), (0, vec![(old, 0), (new, 300)]));
    assert_eq!(rewrap::run(&world.services, &|| true).unwrap(), Rewrapped::default());
    keyring.destroy_wrapping_key(&call, old).unwrap();
    assert!(keyring.destroy_wrapping_key(&call, new).is_err(), "it is in force");
    assert_eq!(keyring.retired_wrapping_keys().unwrap(), []);
    assert_all_work(&world, &keys);
}

#[test]
fn key_that_cannot_be_wrapped_anew_stays_as_it_was_and_holds_up_nobody() {
    let world = World::keeping(WRAPPED);
    let keys = population(&world);
    world.services.keyring.rotate_wrapping_key(&keys::call()).unwrap();
    world.token.fail_nth(Verb::Rewrap, 5, HsmErrorKind::BadData, Moment::Before);
    let run = rewrap::run(&world.services, &|| true).unwrap();
    assert_eq!(run, Rewrapped { done: 299, failed: 1 });
    assert_all_work(&world, &keys);
    assert_eq!(rewrap::run(&world.services, &|| true).unwrap(), Rewrapped { done: 1, failed: 0 });
}
