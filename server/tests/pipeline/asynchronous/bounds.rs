//! How much is kept of operations that go on after their request was answered, and for how long.

use std::collections::HashSet;

use kmip_core::types::{
    CancellationResult, Operation, ResultReason as Reason, ResultStatus as Status, Tag,
};
use server::asynchronous;
use server::services::Bounds;
use server::worker::Served;

use super::{cancel, indicator, later, pair, poll, wish};
use crate::support::ask::{create, name};
use crate::support::tree::integer;
use crate::support::{Client, World};

fn bounded(per_scope: usize, total: usize) -> World {
    let bounds = Bounds { max_async_per_scope: per_scope, max_async: total, ..Bounds::default() };
    World::bounded(bounds)
}

#[test]
fn maximum_response_size_of_the_request_holds_for_its_answer() {
    let world = World::new();
    let demo = world.demo();
    let limit = integer(Tag::MaximumResponseSize, 210);
    let request = demo.request().with(limit).with(indicator(true));
    let (value, task) = later(&demo, &request.item(Operation::CreateKeyPair, pair()));
    task();
    assert_eq!(poll(&demo, &value).reason(), Reason::ResponseTooLarge);
    assert_eq!(demo.locate(Vec::new()), [] as [String; 0]);
    let tiny = demo.request().with(integer(Tag::MaximumResponseSize, 150)).with(indicator(true));
    let tiny = tiny.item(Operation::CreateKeyPair, pair());
    let served = demo.begin(&tiny.bytes());
    assert!(matches!(served, Served::Elsewhere(_)), "it could not even read what to poll by");
}

#[test]
fn values_never_repeat() {
    let world = World::new();
    let demo = world.demo();
    let values: HashSet<_> = (0..50).map(|_| later(&demo, &wish(&demo)).0).collect();
    assert_eq!(values.len(), 50);
}

#[test]
fn result_is_kept_for_its_time_and_forgotten() {
    let world = World::new();
    let demo = world.demo();
    let (value, task) = later(&demo, &wish(&demo));
    world.clock.advance(1_000_000);
    assert_eq!(poll(&demo, &value).status, Status::OperationPending, "however long it takes");
    task();
    world.clock.advance(3_599);
    poll(&demo, &value).ok();
    world.clock.advance(1);
    assert_eq!(poll(&demo, &value).reason(), Reason::ItemNotFound);
    assert_eq!(cancel(&demo, &value), CancellationResult::Unavailable);
    asynchronous::settle(&world.services).unwrap();
    assert_eq!(poll(&demo, &value).reason(), Reason::ItemNotFound);
    assert_eq!(demo.locate(vec![name("pair")]).len(), 1, "what was made stays");
}

#[test]
fn operations_beyond_the_room_are_carried_out_at_once() {
    for (world, of_scope) in [(bounded(2, 100), true), (bounded(100, 2), false)] {
        let (demo, other) = (world.demo(), world.other());
        let ask = |client: &Client<'_>| {
            let payload = create(Vec::new());
            client.request().with(indicator(true)).item(Operation::Create, payload)
        };
        let is_full = |client: &Client<'_>| {
            matches!(client.begin(&ask(client).bytes()), Served::Elsewhere(_))
        };
        let (first, first_task) = later(&demo, &ask(&demo));
        let (second, second_task) = later(&demo, &ask(&demo));
        assert!(is_full(&demo));
        assert_eq!(is_full(&other), !of_scope);
        first_task();
        second_task();
        assert!(is_full(&demo), "nobody has asked for the results yet");
        poll(&demo, &second).ok();
        let (third, task) = later(&demo, &ask(&demo));
        task();
        assert_eq!(poll(&demo, &second).reason(), Reason::ItemNotFound, "made room");
        poll(&demo, &first).ok();
        poll(&demo, &third).ok();
    }
}
