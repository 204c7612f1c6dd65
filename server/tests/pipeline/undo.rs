//! What could not be brought back, in a batch with Undo: a destroyed object is of no use at once, and
//! its key goes last; what is locked away would stay so, and is therefore not locked away there.

use hsm_backend::HsmErrorKind;
use hsm_backend::fault::{Moment, Verb};
use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::ttlv::Item;
use kmip_core::types::{
    BatchErrorContinuationOption, CryptographicUsageMask as Mask, ObjectType, Operation,
    ResultReason as Reason, ResultStatus as Status, State, Tag,
};
use server::object::CustodyRules;
use server::reconcile::{self, Settled};

use crate::support::ask::{Request, custom, flag, mask, name, uid};
use crate::support::tree::{Read, enumeration};
use crate::support::{Client, IN_TOKEN, WRAPPED, World, keys};

fn with_undo(client: &Client<'_>) -> Request {
    let undo = BatchErrorContinuationOption::Undo;
    client.request().with(enumeration(Tag::BatchErrorContinuationOption, undo.0))
}

fn about(key: &str) -> Vec<Item> {
    vec![uid(key)]
}

/// One object of every custody there is; two of them are keys of the token.
fn objects(client: &Client<'_>) -> Vec<String> {
    let anything = || vec![mask(Mask::Encrypt.union(Mask::Decrypt))];
    vec![
        client.create(vec![custom("x-of", "the token or its row")]),
        client.register(ObjectType::SymmetricKey, anything(), keys::aes_key()),
        client.register(ObjectType::SecretData, vec![mask(Mask::Verify)], keys::secret(b"word")),
        client.register(ObjectType::PublicKey, vec![mask(Mask::Verify)], keys::rsa_public()),
    ]
}

#[test]
fn destroyed_objects_are_whole_again_where_a_later_item_fails() {
    for custody in [CustodyRules::default(), IN_TOKEN] {
        let world = World::keeping(custody);
        let demo = world.demo();
        let objects = objects(&demo);
        let values = || objects.iter().map(|key| demo.ok(Operation::Get, about(key)));
        let fresh = |key: &String| demo.ok(Operation::Get, about(key));
        objects.iter().for_each(|key| drop(fresh(key)));
        let before: Vec<_> = values().zip(objects.iter().map(|key| demo.attributes(key))).collect();
        let mut request = with_undo(&demo);
        for key in &objects {
            request = request.next(Operation::Destroy, about(key));
        }
        let reply = demo.send(&request.next(Operation::Get, about(&objects[0])));
        assert_eq!(reply.statuses()[..4], [Status::OperationUndone; 4]);
        assert_eq!(reply.item(4).reason(), Reason::ItemNotFound, "within the batch it was gone");
        let after: Vec<_> = values().zip(objects.iter().map(|key| demo.attributes(key))).collect();
        assert_eq!(before, after);
        assert_eq!(world.token.calls(Verb::DestroyKey), 0);
        assert_eq!(reconcile::run(&world.services).unwrap(), Settled::default());
    }
}

#[test]
fn destroyed_objects_are_gone_where_nothing_fails() {
    for custody in [CustodyRules::default(), IN_TOKEN] {
        let world = World::keeping(custody);
        let demo = world.demo();
        let objects = objects(&demo);
        let mut request = with_undo(&demo);
        for key in &objects {
            request = request.next(Operation::Destroy, about(key));
        }
        assert_eq!(demo.send(&request).statuses(), [Status::Success; 4]);
        for key in &objects {
            assert_eq!(demo.state(key), State::Destroyed);
            assert_eq!(demo.fails(Operation::Get, about(key)), Reason::ItemNotFound);
        }
        assert_eq!(world.token.calls(Verb::DestroyKey), 2, "in the token, or live there");
        world.clock.advance(100_000);
        assert_eq!(reconcile::run(&world.services).unwrap(), Settled::default(), "nothing is left");
    }
}

#[test]
fn name_that_a_destroyed_object_gave_up_may_be_taken_within_the_batch() {
    let world = World::new();
    let demo = world.demo();
    let old = demo.create(vec![name("the one")]);
    let make = crate::support::ask::create(vec![name("the one")]);
    let request = with_undo(&demo)
        .next(Operation::Destroy, about(&old))
        .next(Operation::Create, make.clone())
        .next(Operation::Get, about("nobody"));
    let undone = Status::OperationUndone;
    assert_eq!(demo.send(&request).statuses(), [undone, undone, Status::OperationFailed]);
    assert_eq!(demo.locate(vec![name("the one")]), [old.clone()]);
    let request =
        with_undo(&demo).next(Operation::Destroy, about(&old)).next(Operation::Create, make);
    assert_eq!(demo.send(&request).statuses(), [Status::Success; 2]);
    assert_ne!(demo.locate(vec![name("the one")]), [old]);
}

#[test]
fn key_that_the_token_keeps_at_the_end_is_beyond_use_and_goes_later() {
    let world = World::keeping(IN_TOKEN);
    let demo = world.demo();
    let key = demo.active(Vec::new());
    demo.revoke(&key, kmip_core::types::RevocationReasonCode::Unspecified);
    world.token.fail_nth(Verb::DestroyKey, 1, HsmErrorKind::Unavailable, Moment::Before);
    let request = with_undo(&demo)
        .next(Operation::Create, crate::support::ask::create(Vec::new()))
        .next(Operation::Destroy, about(&key));
    let reply = demo.send(&request);
    assert_eq!(reply.statuses(), [Status::Success, Status::OperationFailed]);
    assert_eq!(reply.item(1).reason(), Reason::GeneralFailure, "as outside of a batch");
    assert_eq!(reply.item(1).id, Some(vec![0, 0, 0, 1]));
    assert_eq!(demo.fails(Operation::Get, about(&key)), Reason::ItemNotFound);
    assert!(
        demo.attributes(&key)
            .all(Tag::Attribute)
            .iter()
            .any(|attribute| { attribute.text(Tag::AttributeName) == Kind::DestroyDate.name() })
    );
    world.clock.advance(100_000);
    let settled = Settled { destroyed: 1, ..Settled::default() };
    assert_eq!(reconcile::run(&world.services).unwrap(), settled);
}

/// A Modify Attribute that locks `key` away, and an item that fails.
fn locked_and_undone(client: &Client<'_>, key: &str, lock: Item) -> Request {
    with_undo(client)
        .next(Operation::ModifyAttribute, vec![uid(key), lock])
        .next(Operation::Get, about("nobody"))
}

/// A token would not loosen its hold; and where a key lives is no client's business.
#[test]
fn nothing_is_locked_away_where_that_may_be_undone() {
    for custody in [WRAPPED, IN_TOKEN] {
        let world = World::keeping(custody);
        let demo = world.demo();
        for lock in [flag(Kind::Sensitive, true), flag(Kind::Extractable, false)] {
            for key in objects(&demo) {
                drop(demo.ok(Operation::Get, about(&key)));
                let before = (demo.ok(Operation::Get, about(&key)), demo.attributes(&key));
                let reply = demo.send(&locked_and_undone(&demo, &key, lock.clone()));
                assert_eq!(reply.statuses(), [Status::OperationFailed]);
                assert_eq!(reply.item(0).reason(), Reason::FeatureNotSupported);
                let after = (demo.ok(Operation::Get, about(&key)), demo.attributes(&key));
                assert_eq!(before, after);
                // What it is already, it may be told to be.
                demo.ok(Operation::ModifyAttribute, vec![uid(&key), lock.clone()]);
                let reply = demo.send(&locked_and_undone(&demo, &key, lock.clone()));
                assert_eq!(reply.statuses(), [Status::OperationUndone, Status::OperationFailed]);
            }
        }
    }
}
