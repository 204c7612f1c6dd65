//! Notify and Put: a client that listens is told of what happens.

#[allow(unreachable_pub, dead_code, reason = "shared with the tests that need a token")]
#[path = "../../../softhsm-tests/src/endpoint.rs"]
mod endpoint;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use hsm_backend::memory::MemoryBackend;
use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::ttlv::{Item, Value};
use kmip_core::types::{
    BlockCipherMode, CryptographicAlgorithm, CryptographicUsageMask as Mask, ObjectType, Operation,
    PutFunction, RevocationReasonCode, State, Tag, UsageLimitsUnit,
};
use server::bell::Bell;
use server::messenger::{self, Messenger};
use server::object::{CustodyRules, Scope};
use server::services::Bounds;
use server::store::{Outbox, SqliteStore};

use self::endpoint::Endpoint;
use crate::support::ask::{
    algorithm, create, create_pair, custom, data, flag, length, mask, name, of_kind, on,
    plain_mode, revoke, uid,
};
use crate::support::tree::{Read, enumeration, long, text};
use crate::support::{START, World, keys};

/// A server that tells `scope`'s clients.
fn world(scope: &str, puts: bool, max_waiting: usize) -> World {
    let outbox = Outbox::new(puts, max_waiting, Arc::new(Bell::default()));
    let outboxes = BTreeMap::from([(Scope::new(scope), outbox)]);
    let store = SqliteStore::in_memory().unwrap().with_outboxes(outboxes);
    World::on(MemoryBackend::new(), Bounds::default(), CustodyRules::default(), Arc::new(store))
}

fn messenger(world: &World, scope: &str, endpoint: &Endpoint) -> Messenger {
    let endpoint = messenger::Endpoint {
        scope: Scope::new(scope),
        connector: endpoint.connector(),
        bell: Arc::new(Bell::default()),
    };
    Messenger::new(world.services.clone(), endpoint)
}

/// What a Notify tells of `object`: names, and whether there is a value.
#[track_caller]
fn notified(item: &Item, object: &str) -> Vec<(String, bool)> {
    assert_eq!(item.get(Tag::Operation).as_number(), Operation::Notify.0);
    let payload = item.get(Tag::RequestPayload);
    assert_eq!(payload.text(Tag::UniqueIdentifier), object);
    let told = |one: &&Item| (one.text(Tag::AttributeName), one.has(Tag::AttributeValue));
    let told: Vec<_> = payload.all(Tag::Attribute).iter().map(told).collect();
    assert!(told.contains(&("Last Change Date".to_owned(), true)), "{told:?}");
    told.into_iter().filter(|(name, _)| name != "Last Change Date").collect()
}

#[track_caller]
fn put(item: &Item) -> (PutFunction, &Item) {
    assert_eq!(item.get(Tag::Operation).as_number(), Operation::Put.0);
    let payload = item.get(Tag::RequestPayload);
    (PutFunction(payload.get(Tag::PutFunction).as_number()), payload)
}

fn set(name: &str) -> (String, bool) {
    (name.to_owned(), true)
}

#[test]
fn changes_are_told_in_their_order_and_once() {
    let (world, endpoint) = (world("demo", false, 100), Endpoint::new());
    let (demo, messenger) = (world.demo(), messenger(&world, "demo", &endpoint));
    let key = demo.create(Vec::new());
    demo.ok(Operation::AddAttribute, vec![uid(&key), custom("x-a", "1")]);
    demo.ok(Operation::ModifyAttribute, vec![uid(&key), custom("x-a", "2")]);
    let name = text(Tag::AttributeName, "x-a");
    demo.ok(Operation::DeleteAttribute, vec![uid(&key), name]);
    demo.ok(Operation::Activate, vec![uid(&key)]);
    assert_eq!(messenger.deliver().unwrap(), 4);
    let told = endpoint.told();
    assert_eq!(notified(&told[0], &key), [set("x-a")]);
    assert_eq!(notified(&told[1], &key), [set("x-a")]);
    assert_eq!(notified(&told[2], &key), [("x-a".to_owned(), false)], "deleted");
    let active = notified(&told[3], &key);
    assert!(active.contains(&set("State")) && active.contains(&set("Activation Date")));
    assert_eq!(messenger.deliver().unwrap(), 0);
    assert_eq!(endpoint.told(), []);
}

#[test]
fn use_of_an_object_and_what_the_server_keeps_for_itself_are_not_told() {
    let (world, endpoint) = (world("demo", false, 100), Endpoint::new());
    let (demo, messenger) = (world.demo(), messenger(&world, "demo", &endpoint));
    let unit = enumeration(Tag::UsageLimitsUnit, UsageLimitsUnit::Object.0);
    let limits = Value::Structure(vec![long(Tag::UsageLimitsTotal, 9), unit]);
    let key = demo.active(vec![of_kind(Kind::UsageLimits, limits)]);
    let ecb = plain_mode(BlockCipherMode::ECB);
    demo.ok(Operation::Encrypt, vec![uid(&key), ecb, data(&[7; 16])]);
    demo.locate(Vec::new());
    world.other().create(Vec::new());
    assert_eq!(messenger.deliver().unwrap(), 0);
}

#[test]
fn change_that_was_refused_is_not_told() {
    let (world, endpoint) = (world("demo", true, 100), Endpoint::new());
    let (demo, messenger) = (world.demo(), messenger(&world, "demo", &endpoint));
    demo.create(vec![name("taken")]);
    let key = demo.create(Vec::new());
    messenger.deliver().unwrap();
    messenger.deliver().unwrap();
    drop(endpoint.told());
    demo.fails(Operation::AddAttribute, vec![uid(&key), name("taken")]);
    demo.fails(Operation::Create, create(vec![name("taken")]));
    assert_eq!(messenger.deliver().unwrap(), 0);
}

#[test]
fn date_that_passes_is_told_without_a_request() {
    let (world, endpoint) = (world("demo", false, 100), Endpoint::new());
    let (demo, messenger) = (world.demo(), messenger(&world, "demo", &endpoint));
    let key = demo.active(vec![on(Kind::DeactivationDate, START + 60)]);
    assert_eq!(messenger.deliver().unwrap(), 0);
    world.clock.advance(60);
    assert_eq!(messenger.deliver().unwrap(), 1);
    let told = endpoint.told();
    assert_eq!(notified(&told[0], &key), [set("State")]);
    let attributes = told[0].get(Tag::RequestPayload).all(Tag::Attribute);
    let state = attributes.iter().find(|one| one.text(Tag::AttributeName) == "State").unwrap();
    assert_eq!(state.get(Tag::AttributeValue).as_number(), State::Deactivated.0);
}

#[test]
fn new_object_is_given_with_its_value_and_its_attributes() {
    let (world, endpoint) = (world("demo", true, 100), Endpoint::new());
    let (demo, messenger) = (world.demo(), messenger(&world, "demo", &endpoint));
    let key = demo.create(vec![custom("x-a", "1")]);
    messenger.deliver().unwrap();
    let told = endpoint.told();
    let (function, payload) = put(&told[0]);
    assert_eq!((function, payload.text(Tag::UniqueIdentifier)), (PutFunction::New, key.clone()));
    let got = demo.ok(Operation::Get, vec![uid(&key)]);
    assert_eq!(payload.get(Tag::SymmetricKey), got.get(Tag::SymmetricKey));
    let names: Vec<_> =
        payload.all(Tag::Attribute).iter().map(|one| one.text(Tag::AttributeName)).collect();
    assert!(names.contains(&"x-a".to_owned()) && names.contains(&"State".to_owned()), "{names:?}");

    let next = demo.ok(Operation::ReKey, vec![uid(&key)]).text(Tag::UniqueIdentifier);
    messenger.deliver().unwrap();
    let told = endpoint.told();
    let puts = told.iter().filter(|one| one.get(Tag::Operation).as_number() == Operation::Put.0);
    let puts: Vec<_> = puts.map(put).collect();
    let [(PutFunction::Replace, payload)] = puts[..] else { panic!("{puts:?}") };
    assert_eq!(payload.text(Tag::UniqueIdentifier), next);
    assert_eq!(payload.text(Tag::ReplacedUniqueIdentifier), key);
}

#[test]
fn object_that_no_get_gives_is_not_put() {
    let (world, endpoint) = (world("demo", true, 100), Endpoint::new());
    let (demo, messenger) = (world.demo(), messenger(&world, "demo", &endpoint));
    demo.create(vec![flag(Kind::Extractable, false)]);
    let destroyed = demo.create(Vec::new());
    demo.ok(Operation::Destroy, vec![uid(&destroyed)]);
    messenger.deliver().unwrap();
    let puts = |told: Vec<Item>| {
        told.iter().filter(|one| one.get(Tag::Operation).as_number() == Operation::Put.0).count()
    };
    assert_eq!(puts(endpoint.told()), 0);

    let world = self::world("other", true, 100);
    let (other, messenger) = (world.other(), self::messenger(&world, "other", &endpoint));
    other.create(Vec::new());
    let ec = vec![algorithm(CryptographicAlgorithm::ECDSA), length(256)];
    let halves = create_pair(ec, vec![mask(Mask::Sign)], vec![mask(Mask::Verify)]);
    let pair = other.ok(Operation::CreateKeyPair, halves);
    messenger.deliver().unwrap();
    let told = endpoint.told();
    let puts: Vec<_> =
        told.iter().filter(|one| one.get(Tag::Operation).as_number() == Operation::Put.0).collect();
    assert_eq!(puts.len(), 1, "the scope may not export: what is public alone");
    let payload = put(puts[0]).1;
    assert_eq!(payload.text(Tag::UniqueIdentifier), pair.text(Tag::PublicKeyUniqueIdentifier));
    assert!(payload.has(keys::tag_of(ObjectType::PublicKey)));
}

#[test]
fn what_was_not_answered_is_told_again_after_a_restart_too() {
    let (world, endpoint) = (world("demo", false, 100), Endpoint::new());
    let (demo, messenger) = (world.demo(), messenger(&world, "demo", &endpoint));
    let key = demo.create(Vec::new());
    demo.ok(Operation::Activate, vec![uid(&key)]);
    demo.ok(Operation::Revoke, revoke(&key, RevocationReasonCode::CessationOfOperation));
    endpoint.silences.store(1, Ordering::SeqCst);
    messenger.deliver().unwrap_err();
    let first = endpoint.told();
    assert_eq!(first.len(), 1);

    let next = world.restarted();
    let messenger = self::messenger(&next, "demo", &endpoint);
    assert_eq!(messenger.deliver().unwrap(), 2);
    let told = endpoint.told();
    assert_eq!(told[0], first[0], "again");
    assert!(notified(&told[1], &key).contains(&set("Revocation Reason")));
}

#[test]
fn object_that_the_token_cannot_give_just_now_waits() {
    let (world, endpoint) = (world("demo", true, 100), Endpoint::new());
    let (demo, messenger) = (world.demo(), messenger(&world, "demo", &endpoint));
    demo.create(Vec::new());
    world.token.set_unavailable(true);
    messenger.deliver().unwrap_err();
    assert_eq!(endpoint.told(), []);
    world.token.set_unavailable(false);
    assert!(messenger.deliver().unwrap() > 0);
    put(&endpoint.told()[0]);
}

#[test]
fn client_that_refuses_was_told() {
    let (world, endpoint) = (world("demo", false, 100), Endpoint::new());
    let (demo, messenger) = (world.demo(), messenger(&world, "demo", &endpoint));
    let key = demo.create(Vec::new());
    demo.ok(Operation::Activate, vec![uid(&key)]);
    endpoint.refusals.store(1, Ordering::SeqCst);
    assert_eq!(messenger.deliver().unwrap(), 1);
    assert_eq!(messenger.deliver().unwrap(), 0);
}

#[test]
fn endpoint_of_another_authority_is_told_nothing() {
    let (world, endpoint) = (world("demo", false, 100), Endpoint::new());
    let demo = world.demo();
    let key = demo.create(Vec::new());
    demo.ok(Operation::Activate, vec![uid(&key)]);
    let strangers = messenger::Endpoint {
        scope: Scope::new("demo"),
        connector: endpoint.connector_that_trusts("stranger.pem"),
        bell: Arc::new(Bell::default()),
    };
    Messenger::new(world.services.clone(), strangers).deliver().unwrap_err();
    assert_eq!(endpoint.told(), []);
    assert_eq!(messenger(&world, "demo", &endpoint).deliver().unwrap(), 1, "it waits");
}

#[test]
fn oldest_is_dropped_when_too_much_waits() {
    let (world, endpoint) = (world("demo", false, 2), Endpoint::new());
    let (demo, messenger) = (world.demo(), messenger(&world, "demo", &endpoint));
    let key = demo.create(Vec::new());
    for name in ["x-a", "x-b", "x-c"] {
        demo.ok(Operation::AddAttribute, vec![uid(&key), custom(name, "1")]);
    }
    assert_eq!(messenger.deliver().unwrap(), 2);
    let told = endpoint.told();
    assert_eq!(notified(&told[0], &key), [set("x-b")]);
    assert_eq!(notified(&told[1], &key), [set("x-c")]);
}
