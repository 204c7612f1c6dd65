//! Batches: what a failure means for the rest, and what passes from item to item.

use hsm_backend::fault::Verb;
use kmip_core::ttlv::{Item, Value};
use kmip_core::types::{
    BatchErrorContinuationOption as Option_, CryptographicAlgorithm, Operation, ProtocolVersion,
    QueryFunction, ResultReason, ResultStatus as Status, State, Tag,
};

use crate::support::ask::{
    Request, algorithm, create, create_pair, custom, length, name, register, uid,
};
use crate::support::tree::{Read, boolean, bytes, enumeration, integer, structure, text};
use crate::support::{Client, World, keys};
use kmip_core::types::ObjectType;

fn option(option: Option_) -> Item {
    enumeration(Tag::BatchErrorContinuationOption, option.0)
}

fn query() -> Vec<Item> {
    vec![enumeration(Tag::QueryFunction, QueryFunction::QueryObjects.0)]
}

fn get(key: &str) -> Vec<Item> {
    vec![uid(key)]
}

/// Create, a Get that fails, and another Create.
fn with_failure(client: &Client<'_>) -> Request {
    client
        .request()
        .next(Operation::Create, create(vec![name("first")]))
        .next(Operation::Get, get("nobody"))
        .next(Operation::Create, create(vec![name("last")]))
}

#[test]
fn stop_is_the_default_and_leaves_the_rest_unanswered() {
    let world = World::new();
    let demo = world.demo();
    for request in [with_failure(&demo), with_failure(&demo).with(option(Option_::Stop))] {
        let reply = demo.send(&request);
        assert_eq!(reply.statuses(), [Status::Success, Status::OperationFailed]);
        assert_eq!(reply.item(1).id, Some(vec![0, 0, 0, 1]));
        assert_eq!(demo.locate(vec![name("last")]), [] as [String; 0]);
        let first = demo.locate(vec![name("first")]);
        assert_eq!(first.len(), 1, "what was done before the failure stays");
        demo.destroy(&first[0]);
    }
}

#[test]
fn continue_answers_every_item() {
    let world = World::new();
    let demo = world.demo();
    let reply = demo.send(&with_failure(&demo).with(option(Option_::Continue)));
    assert_eq!(reply.statuses(), [Status::Success, Status::OperationFailed, Status::Success]);
    assert_eq!(demo.locate(vec![name("last")]).len(), 1);
}

#[test]
fn undo_takes_back_what_was_made_and_what_was_changed() {
    let world = World::new();
    let demo = world.demo();
    let old = demo.create(vec![custom("x-mark", "before")]);
    let before = demo.attributes(&old);
    let changed = crate::support::ask::attribute("x-mark", Value::TextString("after".to_owned()));
    let rsa = vec![algorithm(CryptographicAlgorithm::ECDSA), length(256)];
    let request = demo
        .request()
        .with(option(Option_::Undo))
        .next(Operation::Create, create(vec![name("gone")]))
        .next(Operation::CreateKeyPair, create_pair(rsa, vec![name("pair")], Vec::new()))
        .next(Operation::ModifyAttribute, vec![uid(&old), changed])
        .next(Operation::Activate, get(&old))
        .next(Operation::Get, get("nobody"))
        .next(Operation::Create, create(Vec::new()));
    let reply = demo.send(&request);
    let undone = Status::OperationUndone;
    assert_eq!(reply.statuses(), [undone, undone, undone, undone, Status::OperationFailed]);
    assert_eq!(reply.item(0).operation, Some(Operation::Create));
    assert_eq!(reply.item(0).id, Some(vec![0; 4]));
    assert_eq!(demo.locate(Vec::new()), [old.clone()]);
    assert_eq!(demo.state(&old), State::PreActive);
    assert_eq!(demo.attributes(&old), before);
    assert_eq!(world.token.calls(Verb::DestroyKey), 2, "the token's keys are gone too");
    // Their Names are free again.
    demo.create(vec![name("gone")]);
    demo.create(vec![name("pair")]);
}

#[test]
fn undo_that_never_fails_is_a_batch_like_any_other() {
    let world = World::new();
    let demo = world.demo();
    let request = demo
        .request()
        .with(option(Option_::Undo))
        .next(Operation::Create, create(vec![name("a")]))
        .next(Operation::Create, create(vec![name("b")]));
    assert_eq!(demo.send(&request).statuses(), [Status::Success, Status::Success]);
    assert_eq!(demo.locate(Vec::new()).len(), 2);
}

#[test]
fn undo_is_refused_up_front_where_an_item_cannot_be_undone() {
    let world = World::new();
    let demo = world.demo();
    let key = demo.create(Vec::new());
    let request = demo
        .request()
        .with(option(Option_::Undo))
        .next(Operation::Create, create(vec![name("never")]))
        .next(Operation::RNGSeed, vec![bytes(Tag::Data, b"seed")]);
    let reply = demo.send(&request);
    assert_eq!(reply.statuses(), [Status::OperationFailed, Status::OperationFailed]);
    assert_eq!(reply.item(0).reason(), ResultReason::FeatureNotSupported);
    assert_eq!(reply.item(1).id, Some(vec![0, 0, 0, 1]));
    assert_eq!(demo.locate(Vec::new()), [key]);
}

#[test]
fn unknown_continuation_option_is_refused() {
    let world = World::new();
    let demo = world.demo();
    let reply = demo.send(&with_failure(&demo).with(option(Option_(9))));
    assert_eq!(reply.statuses(), [Status::OperationFailed; 3]);
    assert_eq!(demo.locate(Vec::new()), [] as [String; 0]);
}

/// Which object an item without identifier is about, after `before`.
#[track_caller]
fn placeholder(
    client: &Client<'_>,
    before: (Operation, Vec<Item>),
) -> Result<String, ResultReason> {
    let request = client
        .request()
        .with(option(Option_::Continue))
        .next(before.0, before.1)
        .next(Operation::GetAttributes, Vec::new());
    let answer = client.send(&request).item(1);
    match answer.reason {
        Some(reason) => Err(reason),
        None => Ok(answer.ok().text(Tag::UniqueIdentifier)),
    }
}

#[test]
fn placeholder_is_set_by_what_makes_or_finds_one_object() {
    let world = World::new();
    let demo = world.demo();
    let find = |value: &str| demo.locate(vec![name(value)]).remove(0);
    let made = placeholder(&demo, (Operation::Create, create(vec![name("made")])));
    assert_eq!(made, Ok(find("made")));
    let ec = vec![algorithm(CryptographicAlgorithm::ECDSA), length(256)];
    let pair = create_pair(ec, vec![name("private")], vec![name("public")]);
    let private = placeholder(&demo, (Operation::CreateKeyPair, pair));
    assert_eq!(private, Ok(find("private")));
    let object = register(ObjectType::OpaqueObject, vec![name("blob")], keys::opaque(b"b"));
    assert_eq!(placeholder(&demo, (Operation::Register, object)), Ok(find("blob")));
    let found = placeholder(&demo, (Operation::Locate, vec![name("public")]));
    assert_eq!(found, Ok(find("public")));
    let first = vec![integer(Tag::MaximumItems, 1)];
    assert_eq!(placeholder(&demo, (Operation::Locate, first)), Ok(find("blob")));
}

#[test]
fn placeholder_is_empty_at_first_and_after_a_locate_of_none_or_many() {
    let world = World::new();
    let demo = world.demo();
    (0..2).for_each(|_| drop(demo.create(Vec::new())));
    let missing = Err(ResultReason::ItemNotFound);
    assert_eq!(placeholder(&demo, (Operation::Query, query())), missing);
    for criteria in [Vec::new(), vec![name("nobody")]] {
        let request = demo
            .request()
            .with(option(Option_::Continue))
            .next(Operation::Create, create(Vec::new()))
            .next(Operation::Locate, criteria)
            .next(Operation::Get, Vec::new());
        assert_eq!(demo.send(&request).item(2).reason(), ResultReason::ItemNotFound);
    }
    // It does not outlive its batch.
    demo.create(Vec::new());
    assert_eq!(demo.fails(Operation::Get, Vec::new()), ResultReason::ItemNotFound);
}

#[test]
fn placeholder_carries_a_key_through_its_life() {
    let world = World::new();
    let demo = world.demo();
    let reason = structure(Tag::RevocationReason, vec![enumeration(Tag::RevocationReasonCode, 1)]);
    let add = vec![custom("x-a", "1")];
    let mut request = demo.request().next(Operation::Create, create(vec![name("k")]));
    for (operation, payload) in [
        (Operation::AddAttribute, add),
        (Operation::ModifyAttribute, vec![custom("x-a", "2")]),
        (Operation::DeleteAttribute, vec![text(Tag::AttributeName, "x-a")]),
        (Operation::Activate, Vec::new()),
        (Operation::GetAttributeList, Vec::new()),
        (Operation::Get, Vec::new()),
        (
            Operation::Encrypt,
            vec![
                crate::support::ask::plain_mode(kmip_core::types::BlockCipherMode::ECB),
                bytes(Tag::Data, &[0; 16]),
            ],
        ),
        (Operation::Revoke, vec![reason]),
        (Operation::Destroy, Vec::new()),
    ] {
        request = request.next(operation, payload);
    }
    let reply = demo.send(&request);
    assert_eq!(reply.statuses(), [Status::Success; 10]);
    let first = reply.item(0).ok().text(Tag::UniqueIdentifier);
    for place in 1..10 {
        assert_eq!(reply.item(place).ok().text(Tag::UniqueIdentifier), first);
    }
}

#[test]
fn items_of_a_batch_without_identifier_are_refused() {
    let world = World::new();
    let demo = world.demo();
    let request = demo
        .request()
        .with(option(Option_::Continue))
        .item(Operation::Create, create(Vec::new()))
        .named(b"2", Operation::Query, query());
    let reply = demo.send(&request);
    assert_eq!(reply.item(0).reason(), ResultReason::InvalidMessage);
    assert_eq!(reply.item(1).status, Status::Success);
    assert_eq!(demo.locate(Vec::new()), [] as [String; 0]);
}

#[test]
fn batch_count_must_be_the_number_of_items() {
    let world = World::new();
    let demo = world.demo();
    for count in [0, 1, 3, -1, i32::MIN, i32::MAX] {
        let mut request = with_failure(&demo);
        request.items.pop();
        request.batch_count = Some(count);
        assert_eq!(demo.send(&request).message_failure(), ResultReason::InvalidMessage);
    }
    let none = demo.raw(&demo.request().bytes());
    let reply = crate::support::answer::Outcome::only(none);
    assert_eq!(reply.reason(), ResultReason::InvalidMessage);
    assert_eq!(demo.locate(Vec::new()), [] as [String; 0]);
}

#[test]
fn batch_of_more_items_than_allowed_is_refused_whole() {
    let bounds = server::services::Bounds { max_batch_items: 3, ..Default::default() };
    let world = World::bounded(bounds);
    let demo = world.demo();
    let mut request = demo.request();
    for _ in 0..3 {
        request = request.next(Operation::Create, create(Vec::new()));
    }
    assert_eq!(demo.send(&request).statuses(), [Status::Success; 3]);
    let over = request.next(Operation::Create, create(Vec::new()));
    assert_eq!(demo.send(&over).item(0).reason(), ResultReason::InvalidMessage);
    assert_eq!(demo.locate(Vec::new()).len(), 3);
}

fn limited(client: &Client<'_>, bytes: i32) -> Request {
    client.request().with(integer(Tag::MaximumResponseSize, bytes))
}

#[test]
fn answer_never_exceeds_the_maximum_response_size_it_can_keep() {
    let world = World::new();
    let demo = world.demo();
    for limit in (96..1_200).step_by(8) {
        let mut request = limited(&demo, limit).with(option(Option_::Continue));
        for _ in 0..4 {
            request = request.next(Operation::Query, query());
        }
        let reply = demo.send(&request);
        let failed = reply.statuses().contains(&Status::OperationFailed);
        let size = i32::try_from(reply.bytes.len()).unwrap();
        // Failures are told even where there is no room for them.
        assert!(size <= limit || failed, "{size} of {limit}");
        for place in 0..reply.len() {
            let item = reply.item(place);
            assert_eq!(item.operation, Some(Operation::Query));
            assert!(item.reason.is_none_or(|reason| reason == ResultReason::ResponseTooLarge));
        }
    }
}

#[test]
fn answer_of_exactly_the_maximum_size_is_sent() {
    let world = World::new();
    let demo = world.demo();
    for version in ProtocolVersion::SUPPORTED {
        let client = demo.at(version);
        let whole = client.send(&client.request().item(Operation::Query, query())).bytes.len();
        let size = i32::try_from(whole).unwrap();
        let fits = client.send(&limited(&client, size).item(Operation::Query, query()));
        assert_eq!(fits.statuses(), [Status::Success], "{version}");
        let short = client.send(&limited(&client, size - 1).item(Operation::Query, query()));
        assert_eq!(short.item(0).reason(), ResultReason::ResponseTooLarge);
    }
}

#[test]
fn effect_of_an_answer_that_does_not_fit_is_taken_back() {
    let world = World::new();
    let demo = world.demo();
    for size in [i32::MIN, -1, 0, 1, 7, 100, 150] {
        let request = limited(&demo, size).item(Operation::Create, create(vec![name("n")]));
        let reply = demo.send(&request);
        assert_eq!(reply.item(0).reason(), ResultReason::ResponseTooLarge, "{size}");
        assert_eq!(demo.locate(Vec::new()), [] as [String; 0]);
    }
    demo.create(vec![name("n")]);
}

/// A cryptographic result that cannot be sent must cost no more than its usage.
#[test]
fn key_read_into_an_answer_that_does_not_fit_stays_fresh() {
    let world = World::new();
    let demo = world.demo();
    let key = demo.create(Vec::new());
    demo.send(&limited(&demo, 120).item(Operation::Get, get(&key))).item(0).reason();
    assert_eq!(demo.values(&key, "Fresh"), [Value::Boolean(true)]);
    demo.ok(Operation::Get, get(&key));
    assert_eq!(demo.values(&key, "Fresh"), [Value::Boolean(false)]);
}

fn extended(request: Request, critical: bool) -> Request {
    let mut request = request;
    let extension = structure(
        Tag::MessageExtension,
        vec![
            text(Tag::VendorIdentification, "vendor"),
            boolean(Tag::CriticalityIndicator, critical),
            structure(Tag::VendorExtension, vec![text(Tag::Comment, "anything")]),
        ],
    );
    let Some(Item { value: Value::Structure(fields), .. }) = request.items.last_mut() else {
        panic!("no item")
    };
    fields.push(extension);
    request
}

#[test]
fn critical_extension_refuses_the_message_and_another_is_ignored() {
    let world = World::new();
    let demo = world.demo();
    let request = demo.request().next(Operation::Create, create(Vec::new()));
    let request = request.next(Operation::Query, query());
    let reply = demo.send(&extended(request.clone(), true));
    assert_eq!(reply.statuses(), [Status::OperationFailed; 2]);
    assert_eq!(reply.item(0).reason(), ResultReason::FeatureNotSupported);
    assert_eq!(demo.locate(Vec::new()), [] as [String; 0]);
    let reply = demo.send(&extended(request, false));
    assert_eq!(reply.statuses(), [Status::Success; 2]);
}

#[test]
fn asynchronous_indicator_is_only_a_permission() {
    let world = World::new();
    let demo = world.demo();
    for indicator in [true, false] {
        let field = boolean(Tag::AsynchronousIndicator, indicator);
        let reply = demo.send(&demo.request().with(field).item(Operation::Query, query()));
        assert_eq!(reply.statuses(), [Status::Success]);
    }
}

#[test]
fn undone_creation_leaves_no_key_in_the_token() {
    let world = World::keeping(crate::support::IN_TOKEN);
    let demo = world.demo();
    let request = limited(&demo, 8).item(Operation::Create, create(Vec::new()));
    demo.send(&request);
    assert_eq!(world.token.calls(Verb::GenerateKey), 1);
    assert_eq!(world.token.calls(Verb::DestroyKey), 1);
}
