//! Readiness: what it rests on, and what it says when that fails. And what the metrics make of whole
//! batches.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::channel;

use hsm_backend::HsmErrorKind;
use hsm_backend::fault::Verb;
use hsm_backend::memory::MemoryBackend;
use kmip_core::types::{
    BatchErrorContinuationOption as Continuation, Operation, ProtocolVersion, Tag,
};
use server::metrics::Health;
use server::object::CustodyRules;
use server::services::Bounds;
use server::store::SqliteStore;

use crate::support::World;
use crate::support::ask::{create, uid};
use crate::support::tree::{enumeration, text};

/// What a prober is told now, by checks that were never made before.
fn verdicts(world: &World) -> BTreeMap<&'static str, Result<(), &'static str>> {
    asked(&Health::new(&world.services).unwrap())
}

fn asked(health: &Health) -> BTreeMap<&'static str, Result<(), &'static str>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(health.verdicts()).into_iter().collect()
}

const WELL: [(&str, Result<(), &str>); 3] =
    [("serving", Ok(())), ("store", Ok(())), ("token", Ok(()))];

#[test]
fn readiness_rests_on_what_the_token_does_with_a_key() {
    let world = World::new();
    assert_eq!(verdicts(&world), BTreeMap::from(WELL), "the first makes the key");
    let sealed = world.token.calls(Verb::Encrypt);
    assert_eq!(verdicts(&world), BTreeMap::from(WELL));
    assert_eq!(verdicts(&world.restarted()), BTreeMap::from(WELL));
    assert_eq!(world.token.calls(Verb::Encrypt), sealed, "sealed once, and opened ever after");
    for (kind, text) in [
        (HsmErrorKind::Unavailable, "the token is not available"),
        (HsmErrorKind::PinRejected, "the token refuses the PIN"),
        (HsmErrorKind::Busy, "the token is busy"),
        (HsmErrorKind::Device(0x30), "the token fails"),
        (HsmErrorKind::BadData, "the token does not open what it sealed"),
    ] {
        world.token.fail_always(Verb::Decrypt, kind);
        let said = verdicts(&world);
        assert_eq!((said["token"], said["store"]), (Err(text), Ok(())));
        world.token.heal();
    }
    assert_eq!(verdicts(&world), BTreeMap::from(WELL));
}

#[test]
fn another_token_is_not_taken_for_ours() {
    let rows = Arc::new(SqliteStore::in_memory().unwrap());
    let with =
        |token| World::on(token, Bounds::default(), CustodyRules::default(), Arc::clone(&rows));
    assert_eq!(verdicts(&with(MemoryBackend::new()))["token"], Ok(()));
    let stranger = with(MemoryBackend::new());
    let said = verdicts(&stranger)["token"];
    assert_eq!(said, Err("the token does not have the server's key"));
}

#[test]
fn token_that_hangs_is_no_answer_and_holds_up_nobody() {
    let world = World::new();
    assert_eq!(verdicts(&world)["token"], Ok(()));
    let health = Health::new(&world.services).unwrap();
    let (let_go, held) = channel::<()>();
    world.token.on_next(Verb::Decrypt, move || {
        let _ = held.recv();
    });
    let said = asked(&health);
    assert_eq!((said["token"], said["store"]), (Err("no answer in time"), Ok(())));
    let_go.send(()).unwrap();
    assert_eq!(asked(&health)["token"], Ok(()));
}

#[test]
fn store_that_fails_is_not_ready_and_says_nothing_of_itself() {
    let (world, calls) = World::fragile(CustodyRules::default());
    assert_eq!(verdicts(&world), BTreeMap::from(WELL));
    calls.store(0, Ordering::SeqCst);
    let said = verdicts(&world);
    assert_eq!((said["store"], said["token"]), (Err("the store fails"), Err("the store fails")));
}

#[test]
fn stop_and_other_parts_have_their_say() {
    let world = World::new();
    let health = Health::new(&world.services).unwrap();
    health.add("audit", || Err("no sink takes records")).unwrap();
    assert_eq!(asked(&health)["audit"], Err("no sink takes records"));
    health.stop();
    assert_eq!(asked(&health)["serving"], Err("the server is stopping"));
    let text = String::from_utf8(world.services.metrics.text().unwrap()).unwrap();
    for line in ["{check=\"audit\"} 0", "{check=\"serving\"} 0", "{check=\"store\"} 1"] {
        assert!(text.contains(&format!("claviger_ready{line}\n")), "{text}");
    }
}

/// The counters of items that are not at nought.
fn counted(world: &World) -> Vec<String> {
    let text = String::from_utf8(world.services.metrics.text().unwrap()).unwrap();
    let lines = text.lines().filter_map(|line| line.strip_prefix("claviger_operations_total"));
    lines.filter(|line| !line.ends_with(" 0")).map(str::to_owned).collect()
}

#[test]
fn items_taken_back_count_once_more() {
    let world = World::new();
    let undo = world.demo().request();
    let undo = undo.with(enumeration(Tag::BatchErrorContinuationOption, Continuation::Undo.0));
    let undo = undo.named(b"1", Operation::Create, create(Vec::new()));
    let undo = undo.named(b"2", Operation::Activate, vec![uid("none")]);
    world.demo().raw(&undo.bytes());
    assert_eq!(
        counted(&world),
        [
            "{operation=\"Activate\",reason=\"ItemNotFound\",result=\"failed\"} 1",
            "{operation=\"Create\",reason=\"\",result=\"success\"} 1",
            "{operation=\"Create\",reason=\"\",result=\"undone\"} 1",
        ]
    );
}

#[test]
fn messages_refused_as_a_whole_count_apart() {
    let world = World::new();
    let demo = world.demo();
    demo.raw(&demo.request().bytes());
    demo.raw(b"\x42\x00\x78\x01\x00\x00\x00\x00");
    let version = ProtocolVersion { major: 9, minor: 0 };
    let query = vec![text(Tag::QueryFunction, "none")];
    demo.raw(&demo.at(version).request().named(b"1", Operation::Query, query).bytes());
    let text = String::from_utf8(world.services.metrics.text().unwrap()).unwrap();
    for line in ["inadmissible\"} 1", "unreadable\"} 1", "version\"} 1", "authentication\"} 0"] {
        let line = format!("claviger_requests_refused_total{{reason=\"{line}\n");
        assert!(text.contains(&line), "{line}{text}");
    }
    assert_eq!(counted(&world), [] as [&str; 0], "no item was carried out");
}
