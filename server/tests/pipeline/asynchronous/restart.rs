//! What a stop, a crash and a store that fails leave of operations that go on after their request
//! was answered.

use std::sync::atomic::Ordering;

use kmip_core::types::{
    CancellationResult, Operation, ResultReason as Reason, ResultStatus as Status, Tag,
};
use server::asynchronous;
use server::object::CustodyRules;

use super::{cancel, fields, indicator, later, poll, wish, wishes};
use crate::support::answer::Outcome;
use crate::support::ask::name;
use crate::support::tree::Read;
use crate::support::{IN_TOKEN, World};

/// What the client gets of an operation that this server began, from the next one.
fn after_restart(world: &World, value: &[u8]) -> Outcome {
    let next = world.restarted();
    asynchronous::settle(&next.services).unwrap();
    assert_eq!(asynchronous::settle(&next.services).unwrap(), 0, "settled once");
    poll(&next.demo(), value)
}

#[test]
fn operation_that_never_began_is_interrupted_by_a_restart() {
    let world = World::new();
    let (value, task) = later(&world.demo(), &wish(&world.demo()));
    // As it is lost with its process.
    std::mem::forget(task);
    let over = after_restart(&world, &value);
    assert_eq!(
        (over.operation, over.reason()),
        (Some(Operation::CreateKeyPair), Reason::GeneralFailure)
    );
    assert_eq!(world.demo().locate(Vec::new()), [] as [String; 0]);
}

#[test]
fn operation_that_is_dropped_before_it_began_is_interrupted() {
    let world = World::new();
    let demo = world.demo();
    let (value, task) = later(&demo, &wish(&demo));
    drop(task);
    assert_eq!(poll(&demo, &value).reason(), Reason::GeneralFailure);
    assert_eq!(cancel(&demo, &value), CancellationResult::Failed);
}

#[test]
fn result_outlives_a_restart() {
    let world = World::new();
    let (value, task) = later(&world.demo(), &wish(&world.demo()));
    task();
    let before = poll(&world.demo(), &value);
    assert_eq!(after_restart(&world, &value), before);
}

/// A server that dies, or whose store does, at any step of a pending operation: what is polled
/// afterwards is what is there.
#[test]
fn operation_cut_off_at_any_step_is_answered_by_what_it_made() {
    let mut ends = std::collections::BTreeSet::new();
    for calls in 0..40 {
        let (world, left) = World::fragile(IN_TOKEN);
        let (value, task) = later(&world.demo(), &wish(&world.demo()));
        left.store(calls, Ordering::SeqCst);
        task();
        let whole = left.load(Ordering::SeqCst) > 0;
        left.store(usize::MAX, Ordering::SeqCst);
        let over = after_restart(&world, &value);
        let found = world.demo().locate(vec![name("pair")]);
        match over.status {
            Status::Success => {
                let private = over.clone().ok().text(Tag::PrivateKeyUniqueIdentifier);
                assert_eq!(found, [private], "after {calls} calls");
                ends.insert(if whole { "answered" } else { "made" });
            }
            _ => {
                assert_eq!(over.reason(), Reason::GeneralFailure);
                assert_eq!(found, [] as [String; 0], "after {calls} calls");
                ends.insert("interrupted");
            }
        }
        if whole {
            assert_eq!(ends.into_iter().collect::<Vec<_>>(), ["answered", "interrupted", "made"]);
            return;
        }
    }
    panic!("the operation never came to its end");
}

/// The fields of the answer to the `nth` of what may go on later, by a server that dies after
/// `calls` of its store, and whether it did.
fn fields_after(nth: usize, calls: usize) -> (Option<Vec<Tag>>, bool) {
    let custody = CustodyRules { assisted: true, ..CustodyRules::default() };
    let (world, left) = World::fragile(custody);
    let demo = world.demo();
    let (operation, wish) = wishes(&demo).swap_remove(nth);
    let request = demo.request().with(indicator(true)).item(operation, wish);
    let (value, task) = later(&demo, &request);
    left.store(calls, Ordering::SeqCst);
    task();
    let died = left.swap(usize::MAX, Ordering::SeqCst) == 0;
    let over = after_restart(&world, &value);
    assert_eq!(over.operation, Some(operation));
    let answer = (over.status == Status::Success).then(|| fields(over));
    (answer, died)
}

#[test]
fn answer_that_was_lost_is_made_of_what_is_there() {
    for nth in 0..wishes(&World::assisted().demo()).len() {
        let (whole, died) = fields_after(nth, 1_000);
        assert!(whole.is_some() && !died);
        let mut made = 0;
        for calls in 0.. {
            let (answer, died) = fields_after(nth, calls);
            if !died {
                break;
            }
            made += usize::from(answer.is_some());
            assert!(answer.is_none() || answer == whole, "{nth}: {answer:?}");
        }
        assert!(made > 0, "{nth}: never between the objects and their answer");
    }
}
