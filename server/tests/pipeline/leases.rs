//! Leases that run out while their work goes on: the clock was set, or a batch took its time. What the
//! housekeeping takes then is not there for its maker any more, and what its maker has acknowledged stays.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use hsm_backend::HsmErrorKind;
use hsm_backend::fault::{Moment, Verb};
use kmip_core::types::{
    BatchErrorContinuationOption, Operation, ResultReason as Reason, ResultStatus as Status, Tag,
};
use server::reconcile::{self, Settled};

use crate::support::ask::{create, name, uid};
use crate::support::tree::enumeration;
use crate::support::{IN_TOKEN, World};

/// Longer than any lease.
const LATER: i64 = 3_600;

/// A round of the housekeeping that was begun while a client's work went on, and is held where it
/// destroys a key.
struct Round {
    thread: Receiver<JoinHandle<Settled>>,
    go_on: Sender<()>,
}

impl Round {
    /// Has the next call of `verb` meet such a round, long after the lease of what is under way.
    fn beside(world: &Arc<World>, verb: Verb) -> Self {
        let (tell, thread) = channel();
        let (go_on, held) = channel();
        let own = Arc::clone(world);
        world.token.on_next(verb, move || {
            own.clock.advance(LATER);
            let (reached, at_the_key) = channel();
            own.token.on_next(Verb::DestroyKey, move || {
                reached.send(()).unwrap();
                held.recv().unwrap();
            });
            let round = Arc::clone(&own);
            let thread = move || reconcile::run(&round.services).unwrap();
            tell.send(std::thread::spawn(thread)).unwrap();
            at_the_key.recv().unwrap();
        });
        Self { thread, go_on }
    }

    /// Lets it go on, to its end.
    fn end(self) -> Settled {
        self.go_on.send(()).unwrap();
        self.thread.recv().unwrap().join().unwrap()
    }
}

#[test]
fn key_that_the_housekeeping_takes_back_is_not_acknowledged() {
    let world = Arc::new(World::keeping(IN_TOKEN));
    let demo = world.demo();
    let round = Round::beside(&world, Verb::GenerateKey);
    assert_eq!(demo.fails(Operation::Create, create(vec![name("k")])), Reason::GeneralFailure);
    assert_eq!(round.end(), Settled { failed: 1, ..Settled::default() });
    assert_eq!(demo.locate(Vec::new()), [] as [String; 0]);
    let made = demo.create(vec![name("k")]);
    demo.ok(Operation::Get, vec![uid(&made)]);
}

#[test]
fn destroy_that_the_housekeeping_ends_is_not_undone() {
    let world = Arc::new(World::keeping(IN_TOKEN));
    let demo = world.demo();
    let key = demo.create(Vec::new());
    world.token.fail_nth(Verb::GenerateKey, 1, HsmErrorKind::Device(0x30), Moment::Before);
    let round = Round::beside(&world, Verb::GenerateKey);
    let undo = BatchErrorContinuationOption::Undo;
    let request = demo
        .request()
        .with(enumeration(Tag::BatchErrorContinuationOption, undo.0))
        .next(Operation::Destroy, vec![uid(&key)])
        .next(Operation::Create, create(Vec::new()));
    let reply = demo.send(&request);
    assert_eq!(reply.statuses(), [Status::Success, Status::OperationFailed]);
    assert_eq!(round.end().destroyed, 1);
    assert_eq!(demo.fails(Operation::Get, vec![uid(&key)]), Reason::ItemNotFound);
}
