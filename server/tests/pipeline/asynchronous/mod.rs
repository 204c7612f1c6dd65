//! Operations that go on after their request was answered: Asynchronous Indicator, Poll and Cancel.

mod bounds;
mod restart;

use std::collections::HashSet;
use std::sync::{Arc, mpsc};

use hsm_backend::HsmErrorKind;
use hsm_backend::fault::{Moment, Verb};
use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::ttlv::{Item, Value};
use kmip_core::types::{
    BatchErrorContinuationOption as Continuation, CancellationResult, CryptographicAlgorithm,
    CryptographicUsageMask as Mask, DerivationMethod, HashingAlgorithm, ObjectType, Operation,
    ProtocolVersion, QueryFunction, ResultReason as Reason, ResultStatus as Status, SplitKeyMethod,
    State, Tag,
};
use server::operation::{SERVED, may_be_later};
use server::worker::{Lane, MessageHandler, Served, Task};

use crate::support::answer::{Outcome, Reply};
use crate::support::ask::{
    CRYPT, Request, algorithm, create, create_pair, custom, length, mask, name, on, parameters, uid,
};
use crate::support::secrets::{derive, join, split};
use crate::support::tree::{Read, boolean, bytes, enumeration, structure, text};
use crate::support::{Client, World, keys};

/// A Create Key Pair whose private half is called `pair`.
fn pair() -> Vec<Item> {
    pair_called("pair")
}

fn pair_called(called: &str) -> Vec<Item> {
    let ec = vec![algorithm(CryptographicAlgorithm::ECDSA), length(256)];
    let (private, public) = (vec![name(called), mask(Mask::Sign)], vec![mask(Mask::Verify)]);
    create_pair(ec, private, public)
}

fn indicator(value: bool) -> Item {
    boolean(Tag::AsynchronousIndicator, value)
}

fn wish(client: &Client<'_>) -> Request {
    client.request().with(indicator(true)).named(b"mine", Operation::CreateKeyPair, pair())
}

/// Sends a request that is answered as pending; what to poll by, and the work that is left.
#[track_caller]
fn later(client: &Client<'_>, request: &Request) -> (Vec<u8>, Task) {
    let Served::Pending(answer, task) = client.begin(&request.bytes()) else {
        panic!("not answered as pending")
    };
    let reply = Reply::checked(answer, request.version);
    assert_eq!((reply.len(), reply.item(0).status), (1, Status::OperationPending));
    (reply.item(0).value.unwrap(), task)
}

fn by(value: &[u8]) -> Vec<Item> {
    vec![bytes(Tag::AsynchronousCorrelationValue, value)]
}

#[track_caller]
fn poll(client: &Client<'_>, value: &[u8]) -> Outcome {
    let reply = client.send(&client.request().named(b"poll", Operation::Poll, by(value)));
    assert_eq!((reply.len(), reply.item(0).id), (1, Some(b"poll".to_vec())));
    reply.item(0)
}

#[track_caller]
fn cancel(client: &Client<'_>, value: &[u8]) -> CancellationResult {
    let answer = client.ok(Operation::Cancel, by(value));
    assert_eq!(answer.get(Tag::AsynchronousCorrelationValue).as_bytes(), value);
    CancellationResult(answer.get(Tag::CancellationResult).as_number())
}

#[test]
fn pending_operation_is_polled_until_it_is_over() {
    for version in ProtocolVersion::SUPPORTED.iter().copied() {
        let world = World::new();
        let demo = world.demo().at(version);
        let (value, task) = later(&demo, &wish(&demo));
        assert_eq!(value.len(), 16);
        let pending = poll(&demo, &value);
        assert_eq!(pending.operation, Some(Operation::CreateKeyPair));
        assert_eq!(
            (pending.status, pending.value),
            (Status::OperationPending, Some(value.clone()))
        );
        assert_eq!(demo.locate(vec![name("pair")]), [] as [String; 0]);
        task();
        let over = poll(&demo, &value);
        assert_eq!(over.operation, Some(Operation::CreateKeyPair), "the operation polled");
        let private = over.clone().ok().text(Tag::PrivateKeyUniqueIdentifier);
        assert_eq!(demo.locate(vec![name("pair")]), [private.clone()]);
        assert_eq!(demo.state(&private), State::PreActive);
        // An answer may be lost: another connection, of another version, gets it as well.
        assert_eq!(poll(&world.demo(), &value), over);
    }
}

/// A request for every operation that may go on later, of objects made for it.
fn wishes(client: &Client<'_>) -> Vec<(Operation, Vec<Item>)> {
    let plain = || vec![algorithm(CryptographicAlgorithm::AES), length(128), mask(Mask::Encrypt)];
    let to_derive = vec![mask(Mask::DeriveKey), on(Kind::ActivationDate, 0)];
    let base = client.register(ObjectType::SymmetricKey, to_derive, keys::aes_key());
    let old = client.create(Vec::new());
    let old_pair = client.ok(Operation::CreateKeyPair, pair_called("old"));
    let whole = client.register(ObjectType::SymmetricKey, vec![mask(CRYPT)], keys::aes_key());
    let halves = |of| split(of, (2, 2), SplitKeyMethod::XOR, None, Vec::new());
    let parts = client.ok(Operation::CreateSplitKey, halves(Some(&whole)));
    let parts = parts.texts(Tag::UniqueIdentifier);
    let hash = enumeration(Tag::HashingAlgorithm, HashingAlgorithm::SHA_256.0);
    let by_hash = vec![parameters(vec![hash])];
    let kind = ObjectType::SymmetricKey;
    vec![
        (Operation::Create, create(Vec::new())),
        (Operation::CreateKeyPair, pair()),
        (Operation::ReKey, vec![uid(&old)]),
        (
            Operation::ReKeyKeyPair,
            vec![text(
                Tag::PrivateKeyUniqueIdentifier,
                &old_pair.text(Tag::PrivateKeyUniqueIdentifier),
            )],
        ),
        (Operation::DeriveKey, derive(kind, &[&base], DerivationMethod::HASH, by_hash, plain())),
        (Operation::CreateSplitKey, halves(Some(&whole))),
        (Operation::JoinSplitKey, join(&[&parts[0], &parts[1]], vec![mask(Mask::Encrypt)])),
    ]
}

/// The fields of an answer, in their order.
#[track_caller]
fn fields(outcome: Outcome) -> Vec<Tag> {
    outcome.ok().value.children().iter().map(|field| field.tag).collect()
}

#[test]
fn answer_is_the_one_that_a_client_gets_at_once() {
    let (at_once, world) = (World::assisted(), World::assisted());
    let demo = world.demo();
    let served: Vec<_> = SERVED.iter().map(|entry| entry.operation).collect();
    let wishes_at_once = wishes(&at_once.demo());
    assert_eq!(
        wishes_at_once.iter().map(|(operation, _)| *operation).collect::<HashSet<_>>(),
        served.into_iter().filter(|operation| may_be_later(*operation)).collect(),
    );
    for ((operation, now), (_, wish)) in wishes_at_once.into_iter().zip(wishes(&demo)) {
        let request = demo.request().with(indicator(true)).item(operation, wish);
        let (value, task) = later(&demo, &request);
        task();
        let polled = poll(&demo, &value);
        assert_eq!(polled.operation, Some(operation));
        assert_eq!(fields(polled), fields(at_once.demo().ask(operation, now)), "{operation:?}");
    }
}

#[test]
fn only_the_sole_item_of_a_small_message_goes_on_later() {
    let world = World::new();
    let demo = world.demo();
    let here = |request: &Request| {
        let bytes = request.bytes();
        match demo.begin(&bytes) {
            Served::Answer(answer) => Reply::sound(answer),
            Served::Elsewhere(lane) => {
                assert_eq!(lane, Lane::Slow);
                demo.send(request)
            }
            Served::Pending(..) => panic!("answered as pending"),
        }
    };
    let quick = demo.request().with(indicator(true)).item(Operation::Locate, Vec::new());
    let several = demo
        .request()
        .with(indicator(true))
        .next(Operation::Create, create(Vec::new()))
        .next(Operation::Get, Vec::new());
    let not_asked = demo.request().item(Operation::Create, create(Vec::new()));
    let not_wanted = not_asked.clone().with(indicator(false));
    let poll = demo.request().with(indicator(true)).item(Operation::Poll, by(&[1; 16]));
    let long = custom("x-long", &"x".repeat(65_536));
    let large = demo.request().with(indicator(true)).item(Operation::Create, create(vec![long]));
    for request in [quick, several, not_asked, not_wanted, large] {
        let statuses = here(&request).statuses();
        assert!(statuses.iter().all(|status| *status == Status::Success), "{statuses:?}");
    }
    assert_eq!(here(&poll).item(0).reason(), Reason::ItemNotFound);
    let extension = Item {
        tag: Tag::MessageExtension,
        value: Value::Structure(vec![
            text(Tag::VendorIdentification, "v"),
            boolean(Tag::CriticalityIndicator, true),
            structure(Tag::VendorExtension, Vec::new()),
        ]),
    };
    let mut critical = wish(&demo);
    if let Value::Structure(fields) = &mut critical.items[0].value {
        fields.push(extension);
    }
    assert_eq!(here(&critical).item(0).reason(), Reason::FeatureNotSupported);
}

#[test]
fn lane_of_what_may_go_on_later_is_not_the_slow_one() {
    let world = World::new();
    let demo = world.demo();
    let lane = |request: Request| world.handler().lane(&request.bytes());
    assert_eq!(lane(wish(&demo)), Lane::None);
    assert_eq!(lane(demo.request().item(Operation::CreateKeyPair, pair())), Lane::Slow);
    assert_eq!(lane(wish(&demo).next(Operation::Create, create(Vec::new()))), Lane::Slow);
    assert_eq!(lane(demo.request().item(Operation::Poll, by(&[0; 16]))), Lane::None);
}

#[test]
fn operation_that_has_not_begun_is_canceled() {
    let world = World::new();
    let demo = world.demo();
    let (value, task) = later(&demo, &wish(&demo));
    assert_eq!(cancel(&demo, &value), CancellationResult::Canceled);
    assert_eq!(cancel(&demo, &value), CancellationResult::Canceled, "as it was");
    task();
    assert_eq!(world.token.calls(Verb::GenerateKeyPair), 0);
    let over = poll(&demo, &value);
    assert_eq!(over.reason(), Reason::OperationCanceledByRequester);
    assert_eq!(over.operation, Some(Operation::CreateKeyPair));
    assert_eq!(demo.locate(Vec::new()), [] as [String; 0]);
}

#[test]
fn operation_that_runs_is_not_canceled() {
    let world = Arc::new(World::new());
    let demo = world.demo();
    let (value, task) = later(&demo, &wish(&demo));
    let (tell, told) = mpsc::channel();
    let inside = (world.clone(), value.clone());
    world.token.on_next(Verb::GenerateKeyPair, move || {
        let (world, value) = inside;
        let demo = world.demo();
        tell.send((cancel(&demo, &value), poll(&demo, &value).status)).unwrap();
    });
    task();
    let (canceled, polled) = told.recv().unwrap();
    assert_eq!(canceled, CancellationResult::UnableToCancel);
    assert_eq!(polled, Status::OperationPending);
    assert_eq!(cancel(&demo, &value), CancellationResult::Completed);
    poll(&demo, &value).ok();
}

#[test]
fn failure_is_polled_with_the_reason_it_had() {
    let world = World::new();
    let demo = world.demo();
    demo.create(vec![name("pair")]);
    let (value, task) = later(&demo, &wish(&demo));
    task();
    assert_eq!(cancel(&demo, &value), CancellationResult::Failed);
    let over = poll(&demo, &value);
    assert_eq!(
        (over.operation, over.reason()),
        (Some(Operation::CreateKeyPair), Reason::InvalidField)
    );

    world.token.fail_nth(Verb::GenerateKeyPair, 1, HsmErrorKind::Device(0x30), Moment::Before);
    let ec = vec![algorithm(CryptographicAlgorithm::ECDSA), length(256)];
    let other = create_pair(ec, Vec::new(), Vec::new());
    let request = demo.request().with(indicator(true)).item(Operation::CreateKeyPair, other);
    let (value, task) = later(&demo, &request);
    task();
    assert_eq!(poll(&demo, &value).reason(), Reason::GeneralFailure);
}

#[test]
fn failure_that_is_polled_fails_its_batch() {
    let world = World::new();
    let demo = world.demo();
    demo.create(vec![name("pair")]);
    let (failed, task) = later(&demo, &wish(&demo));
    task();
    let (canceled, _task) = later(&demo, &wish(&demo));
    cancel(&demo, &canceled);
    for (value, reason) in
        [(failed, Reason::InvalidField), (canceled, Reason::OperationCanceledByRequester)]
    {
        let batch = |option: Continuation| {
            let option = enumeration(Tag::BatchErrorContinuationOption, option.0);
            let batch = demo.request().with(option).next(Operation::Create, create(Vec::new()));
            let batch = batch.next(Operation::Poll, by(&value));
            demo.send(&batch.next(Operation::Locate, Vec::new()))
        };
        let stopped = batch(Continuation::Stop);
        assert_eq!(stopped.statuses(), [Status::Success, Status::OperationFailed]);
        assert_eq!(stopped.item(1).reason(), reason);
        let last = batch(Continuation::Continue).statuses();
        assert_eq!(last, [Status::Success, Status::OperationFailed, Status::Success]);
        let undone = batch(Continuation::Undo).statuses();
        assert_eq!(undone, [Status::OperationUndone, Status::OperationFailed]);
    }
}

#[test]
fn value_of_another_scope_answers_byte_for_byte_like_none() {
    let world = World::new();
    let (demo, other) = (world.demo(), world.other());
    let (value, task) = later(&demo, &wish(&demo));
    let ask = |operation, value: &[u8]| {
        other.raw(&other.request().named(b"id", operation, by(value)).bytes())
    };
    let none = ask(Operation::Poll, &[9; 16]);
    assert_eq!(Outcome::only(none.clone()).reason(), Reason::ItemNotFound);
    assert_eq!(ask(Operation::Poll, b"short"), none);
    let unavailable = |value: &[u8]| cancel(&other, value) == CancellationResult::Unavailable;
    assert!(unavailable(&[9; 16]) && unavailable(b"") && unavailable(&value));
    assert_eq!(ask(Operation::Poll, &value), none);
    task();
    assert_eq!(ask(Operation::Poll, &value), none);
    assert!(unavailable(&value));
    poll(&demo, &value).ok();
    let stranger = world.client("nowhere");
    assert_eq!(stranger.fails(Operation::Poll, by(&value)), Reason::PermissionDenied);
    assert_eq!(stranger.fails(Operation::Cancel, by(&value)), Reason::PermissionDenied);
    let refused = stranger.begin(&wish(&stranger).bytes());
    assert!(matches!(refused, Served::Elsewhere(Lane::Slow)), "to be refused there");
}

#[test]
fn query_says_so() {
    let world = World::new();
    let demo = world.demo();
    let asked = [QueryFunction::QueryOperations, QueryFunction::QueryCapabilities];
    let payload = asked.iter().map(|function| enumeration(Tag::QueryFunction, function.0));
    let answer = demo.ok(Operation::Query, payload.collect());
    let operations: Vec<u32> =
        answer.all(Tag::Operation).into_iter().map(Read::as_number).collect();
    assert!(operations.contains(&Operation::Poll.0) && operations.contains(&Operation::Cancel.0));
    let capability = answer.at(&[Tag::CapabilityInformation]);
    let expected = boolean(Tag::AsynchronousCapability, true);
    assert_eq!(capability.get(Tag::AsynchronousCapability), &expected);
}
