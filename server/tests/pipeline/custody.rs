//! Where keys live, and how that is told and kept.

use std::sync::Arc;

use hsm_backend::fault::{Moment, Verb};
use hsm_backend::memory::MemoryBackend;
use hsm_backend::{HsmErrorKind, Mechanism};
use kmip_core::attribute::{AttributeKind as Kind, UniqueIdentifier};
use kmip_core::ttlv::{Item, Value};
use kmip_core::types::{
    BlockCipherMode, CryptographicAlgorithm as Algorithm, CryptographicUsageMask as Mask,
    HashingAlgorithm, ObjectType, Operation, PaddingMethod, ResultReason as Reason, Tag,
};
use server::object::CustodyRules;
use server::object::{CUSTODY_ATTRIBUTE, Custody, Scope};
use server::operation::{OpContext, OpError, transfer};
use server::reconcile;
use server::rewrap::{self, Rewrapped};
use server::services::Bounds;
use server::store::SqliteStore;

use crate::support::ask::{
    CRYPT, algorithm, create, create_of, create_pair, custom, data, flag, length, mask, name,
    of_kind, on, padding, parameters, plain_mode, uid,
};
use crate::support::tree::{Read, boolean, bytes, enumeration, text};
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
    let rewrapped = || rewrap::run(&world.services, &|| true).unwrap();
    for kind in [HsmErrorKind::BadData, HsmErrorKind::BadKey, HsmErrorKind::Device(5)] {
        world.services.keyring.rotate_wrapping_key(&keys::call()).unwrap();
        world.token.fail_nth(Verb::Rewrap, 5, kind, Moment::Before);
        assert_eq!(rewrapped(), Rewrapped { done: 299, failed: 1 }, "{kind:?}");
        assert_eq!(rewrapped(), Rewrapped { done: 1, failed: 0 }, "{kind:?}");
    }
    assert_all_work(&world, &keys);
}

/// A server whose token lacks HMAC with SHA-3, where assisted mode is on in every scope, or off.
fn without_sha3(assisted: bool) -> World {
    let lacks = [Mechanism::SHA3_256_HMAC, Mechanism::RIPEMD160_HMAC];
    let capabilities = MemoryBackend::capabilities_of(|mechanism| !lacks.contains(&mechanism));
    let store = Arc::new(SqliteStore::in_memory().unwrap());
    let token = MemoryBackend::with_capabilities(capabilities);
    World::on(token, Bounds::default(), CustodyRules { assisted, ..WRAPPED }, store)
}

fn hmac_key(client: &Client<'_>, algorithm: Algorithm, value: &[u8]) -> String {
    let attributes =
        vec![mask(Mask::MACGenerate.union(Mask::MACVerify)), on(Kind::ActivationDate, 1)];
    client.register(ObjectType::SymmetricKey, attributes, keys::raw(algorithm, value))
}

#[test]
fn assisted_mode_makes_the_macs_that_the_token_lacks() {
    let world = without_sha3(true);
    let demo = world.demo();
    let value: Vec<u8> = (0..32).collect();
    let key = hmac_key(&demo, Algorithm::HMAC_SHA3_256, &value);
    assert_eq!(told(&demo, &key), [Value::TextString("assisted".to_owned())]);
    let sample = b"Sample message for keylen<blocklen";
    let made = demo.ok(Operation::MAC, vec![uid(&key), data(sample)]).bytes(Tag::MACData);
    // NIST's example for HMAC with SHA3-256.
    let nist = "4fe8e202c4f058e8dddc23d8c34e467343e23555e24fc2f025d598f558f67205";
    assert_eq!(made, keys::hex(nist));
    let verify = vec![uid(&key), data(sample), bytes(Tag::MACData, &made)];
    demo.ok(Operation::MACVerify, verify);
    // It is given back as it was brought, in the scope that may export only.
    let got = demo.ok(Operation::Get, vec![uid(&key)]);
    assert!(format!("{got:?}").contains("SymmetricKey"));
    let other = world.other();
    let shut = hmac_key(&other, Algorithm::HMAC_SHA3_256, &value);
    assert_eq!(other.fails(Operation::Get, vec![uid(&shut)]), Reason::NotExtractable);
    other.ok(Operation::MAC, vec![uid(&shut), data(sample)]);
    // A key the server makes, too, for a hash that has no HMAC of its name in KMIP.
    let hash = parameters(vec![enumeration(Tag::HashingAlgorithm, HashingAlgorithm::RIPEMD_160.0)]);
    let made = demo.ok(Operation::Create, create_hmac(&hash)).text(Tag::UniqueIdentifier);
    assert_eq!(told(&demo, &made), [Value::TextString("assisted".to_owned())]);
    demo.activate(&made);
    let mac = demo.ok(Operation::MAC, vec![uid(&made), data(b"x")]);
    assert_eq!(mac.bytes(Tag::MACData).len(), 20);
    let native = hmac_key(&demo, Algorithm::HMAC_SHA256, &value);
    assert_eq!(told(&demo, &native), [Value::TextString("wrapped".to_owned())]);
    let parts = vec![uid(&key), data(sample), boolean(Tag::InitIndicator, true)];
    assert_eq!(demo.fails(Operation::MAC, parts), Reason::OperationNotSupported);
    demo.revoke(&key, kmip_core::types::RevocationReasonCode::Superseded);
    demo.destroy(&key);
    assert_eq!(demo.fails(Operation::MAC, vec![uid(&key), data(sample)]), Reason::ItemNotFound);
}

fn create_hmac(parameters: &Item) -> Vec<Item> {
    let own = of_kind(Kind::CryptographicParameters, parameters.value.clone());
    let algorithm = algorithm(Algorithm::HMAC_SHA256);
    create_of(vec![algorithm, length(256), mask(Mask::MACGenerate), own])
}

#[test]
fn without_assisted_mode_the_refusal_is_clear() {
    let world = without_sha3(false);
    let demo = world.demo();
    let key = hmac_key(&demo, Algorithm::HMAC_SHA3_256, &[7; 32]);
    assert_ne!(told(&demo, &key), [Value::TextString("assisted".to_owned())]);
    let payload = vec![uid(&key), data(b"text")];
    assert_eq!(demo.fails(Operation::MAC, payload), Reason::OperationNotSupported);
}

fn move_to(world: &World, key: &str, target: Custody) -> Result<Custody, OpError> {
    let mut ctx = OpContext::for_operator(&world.services, &Scope::new("demo"));
    transfer::move_key(&mut ctx, &UniqueIdentifier::new(key), target).map(|row| row.custody)
}

#[test]
fn key_moves_between_custodies_and_stays_the_same_key() {
    let world = World::keeping(IN_TOKEN);
    let demo = world.demo();
    demo.register(ObjectType::OpaqueObject, Vec::new(), keys::opaque(b"makes the canary"));
    let made = demo.active(Vec::new());
    let attributes = vec![mask(CRYPT), on(Kind::ActivationDate, 1)];
    let brought = demo.register(ObjectType::SymmetricKey, attributes, keys::aes_key());
    for key in [made, brought] {
        let encrypt = || demo.ok(Operation::Encrypt, ecb(&key, &[3; 16])).bytes(Tag::Data);
        let (sealed, got) = (encrypt(), demo.ok(Operation::Get, vec![uid(&key)]));
        for (target, word) in [(Custody::Wrapped, "wrapped"), (Custody::Token, "token")] {
            assert_eq!(move_to(&world, &key, target).unwrap(), target);
            assert_eq!(move_to(&world, &key, target).unwrap(), target, "it is there already");
            assert_eq!(told(&demo, &key), [Value::TextString(word.to_owned())]);
            assert_eq!(
                (encrypt(), demo.ok(Operation::Get, vec![uid(&key)])),
                (sealed.clone(), got.clone())
            );
            let left = usize::from(target == Custody::Wrapped);
            assert_eq!(
                reconcile::run(&world.services).unwrap().destroyed,
                left,
                "the token object"
            );
            assert_eq!(encrypt(), sealed);
        }
        demo.revoke(&key, kmip_core::types::RevocationReasonCode::Superseded);
        demo.destroy(&key);
        assert!(matches!(move_to(&world, &key, Custody::Wrapped), Err(OpError::NotFound)));
    }
}

#[test]
fn move_that_fails_anywhere_leaves_the_key_where_it_was_and_nothing_stray() {
    for (rules, verb, target) in [
        (IN_TOKEN, Verb::MoveToBlob, Custody::Wrapped),
        (WRAPPED, Verb::MoveToToken, Custody::Token),
    ] {
        for moment in [Moment::Before, Moment::After] {
            let world = World::keeping(rules);
            let demo = world.demo();
            demo.register(ObjectType::OpaqueObject, Vec::new(), keys::opaque(b"canary"));
            let key = demo.active(Vec::new());
            let sealed = demo.ok(Operation::Encrypt, ecb(&key, &[3; 16]));
            world.token.fail_nth(verb, 1, HsmErrorKind::Device(0x30), moment);
            assert!(matches!(move_to(&world, &key, target), Err(OpError::Hsm(_))));
            assert_eq!(demo.ok(Operation::Encrypt, ecb(&key, &[3; 16])), sealed);
            // What was begun in the token is destroyed, and the way is free again.
            reconcile::run(&world.services).unwrap();
            assert_eq!(move_to(&world, &key, target).unwrap(), target);
            assert_eq!(demo.ok(Operation::Encrypt, ecb(&key, &[3; 16])), sealed);
        }
    }
}

#[test]
fn what_cannot_move_says_so() {
    let world = World::keeping(IN_TOKEN);
    let demo = world.demo();
    let locked = demo.create(vec![flag(Kind::Extractable, false)]);
    let refused = move_to(&world, &locked, Custody::Wrapped);
    assert!(matches!(refused, Err(OpError::NotExtractable)), "{refused:?}");
    let refused = move_to(&world, &locked, Custody::Assisted);
    assert!(matches!(refused, Err(OpError::PermissionDenied(_))), "assisted mode is off");
    let opaque = demo.register(ObjectType::OpaqueObject, Vec::new(), keys::opaque(b"o"));
    let refused = move_to(&world, &opaque, Custody::Wrapped);
    assert!(matches!(refused, Err(OpError::IllegalOperation(_))), "{refused:?}");
    assert!(matches!(move_to(&world, "nobody", Custody::Wrapped), Err(OpError::NotFound)));
}

#[test]
fn key_moves_into_assisted_custody_and_out_again() {
    let world = without_sha3(true);
    let demo = world.demo();
    let key = hmac_key(&demo, Algorithm::HMAC_SHA3_256, &[9; 20]);
    let mac = || demo.ok(Operation::MAC, vec![uid(&key), data(b"text")]).bytes(Tag::MACData);
    let first = mac();
    assert_eq!(move_to(&world, &key, Custody::Wrapped).unwrap(), Custody::Wrapped);
    let refused = demo.fails(Operation::MAC, vec![uid(&key), data(b"text")]);
    assert_eq!(refused, Reason::OperationNotSupported, "the token lacks it");
    assert_eq!(move_to(&world, &key, Custody::Assisted).unwrap(), Custody::Assisted);
    assert_eq!(mac(), first);
}

#[test]
fn private_keys_are_wrapped_where_the_scope_says_so() {
    for (rules, word) in [(WRAPPED, "wrapped"), (IN_TOKEN, "token")] {
        let world = World::keeping(rules);
        let demo = world.demo();
        let ec = vec![algorithm(Algorithm::ECDSA), length(256), on(Kind::ActivationDate, 1)];
        let pair = demo.ok(Operation::CreateKeyPair, create_pair(ec, Vec::new(), Vec::new()));
        let made = pair.text(Tag::PrivateKeyUniqueIdentifier);
        let attributes = vec![mask(Mask::Sign), on(Kind::ActivationDate, 1)];
        let brought = demo.register(ObjectType::PrivateKey, attributes, keys::rsa_private());
        for key in [&made, &brought] {
            assert_eq!(told(&demo, key), [Value::TextString(word.to_owned())]);
            demo.ok(Operation::Get, vec![uid(key)]);
        }
        let hash = enumeration(Tag::HashingAlgorithm, HashingAlgorithm::SHA_256.0);
        let sign = |key: &str| {
            let fields = match key == made {
                true => vec![hash.clone()],
                false => vec![padding(PaddingMethod::PKCS1V1_5), hash.clone()],
            };
            demo.ok(Operation::Sign, vec![uid(key), parameters(fields), data(b"text")])
        };
        let before = sign(&brought).bytes(Tag::SignatureData);
        sign(&made);
        let other = if word == "token" { Custody::Wrapped } else { Custody::Token };
        for key in [&made, &brought] {
            assert_eq!(move_to(&world, key, other).unwrap(), other);
            sign(key);
        }
        assert_eq!(sign(&brought).bytes(Tag::SignatureData), before, "the same key");
        let calls = world.token.calls(Verb::GenerateKeyPair);
        assert_eq!(calls, usize::from(word == "token"));
    }
}
