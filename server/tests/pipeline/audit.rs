//! The audit record: every item leaves one, before it has an effect; and none holds what is secret.

use std::path::{Path, PathBuf};

use hsm_backend::HsmErrorKind;
use hsm_backend::fault::{Moment, Verb};
use kmip_core::types::{
    BatchErrorContinuationOption, BlockCipherMode, CryptographicAlgorithm,
    CryptographicUsageMask as Mask, ObjectType, Operation, ResultReason as Reason,
    ResultStatus as Status, Tag,
};
use server::audit::verify::{Knowledge, verify};
use server::audit::{Kind, Outcome, Record, files};
use server::operation::SERVED;
use server::reconcile;
use server::worker::{Lane, MessageHandler, Refusal, Served};

use crate::bad_input::corpus::Objects;
use crate::roles::bearer;
use crate::support::ask::{CRYPT, create, custom, data, mask, name, plain_mode, register, uid};
use crate::support::tree::{boolean, enumeration};
use crate::support::{IN_TOKEN, World, keys};

struct Log {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

impl Log {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.log");
        Self { _folder: folder, path }
    }

    /// What was recorded, once it was found to be whole.
    fn records(&self) -> Vec<Record> {
        let report = verify(&[self.path.clone()], &Knowledge::default()).unwrap();
        assert_eq!(report.findings, []);
        read(&self.path)
    }

    /// The records of this kind that tell of `operation`.
    fn of(&self, kind: Kind, operation: &str) -> Vec<Record> {
        let of = |it: &Record| it.kind == kind && it.facts.operation.as_deref() == Some(operation);
        self.records().into_iter().filter(of).collect()
    }
}

fn read(path: &Path) -> Vec<Record> {
    let lines = files::Lines::open(path).unwrap();
    lines.map(|line| Record::read(line.unwrap().text()).unwrap()).collect()
}

fn recorded(log: &Log) -> World {
    World::new().recorded(&log.path)
}

#[test]
fn item_leaves_intent_making_and_outcome_with_what_was_used() {
    let log = Log::new();
    let world = recorded(&log);
    let key = world.demo().active(vec![]);
    let (intent, making) = (log.of(Kind::Intent, "Create"), log.of(Kind::Making, "Create"));
    let outcome = log.of(Kind::Outcome, "Create");
    assert_eq!((intent.len(), making.len(), outcome.len()), (1, 1, 1));
    assert_eq!(making[0].facts.objects, [key.clone()]);
    for record in [&making[0], &outcome[0]] {
        assert_eq!(record.facts.intent, Some(intent[0].sequence));
    }
    let facts = &outcome[0].facts;
    assert_eq!(facts.objects, [key.clone()]);
    assert_eq!((facts.scope.as_deref(), facts.item), (Some("demo"), Some(1)));
    assert_eq!(
        (facts.algorithm.as_deref(), facts.custody.as_deref()),
        (Some("AES"), Some("wrapped"))
    );
    assert_eq!(facts.mechanisms, ["CKM_AES_KEY_WRAP"]);
    assert_eq!((facts.result, facts.reason.as_deref()), (Some(Outcome::Success), None));

    world
        .demo()
        .ok(Operation::Encrypt, vec![uid(&key), plain_mode(BlockCipherMode::ECB), data(&[0; 16])]);
    let encrypt = &log.of(Kind::Outcome, "Encrypt")[0].facts;
    assert_eq!(encrypt.mechanisms, ["CKM_AES_ECB"]);
    assert_eq!(encrypt.objects, [key]);
}

/// One rule over the table: what changes something, or uses or gives away a secret, is an effect.
#[test]
fn every_operation_with_an_effect_has_its_intent_and_no_other_one() {
    let log = Log::new();
    let world = World::assisted().recorded(&log.path);
    let client = world.demo();
    for request in Objects::of(&client).requests(&client) {
        client.send(&request);
    }
    for entry in SERVED {
        let name = Operation::TABLE.entry(entry.operation.0).unwrap().name;
        let outcomes = log.of(Kind::Outcome, name);
        assert!(!outcomes.is_empty(), "{name} is on no record");
        let intents = log.of(Kind::Intent, name);
        assert_eq!(!intents.is_empty(), entry.action.has_effect(), "{name}");
        for outcome in outcomes {
            let with = outcome.facts.intent.is_some();
            // What is carried out later has its intent then.
            let yet_to_come = outcome.facts.result == Some(Outcome::Pending);
            assert!(with == entry.action.has_effect() || yet_to_come, "{name}: {outcome:?}");
        }
    }
}

#[test]
fn refused_items_and_messages_are_on_record() {
    let log = Log::new();
    let world = recorded(&log);
    let demo = world.demo();
    let stranger = world.under(server::authz::Rules::default());
    assert_eq!(stranger.fails(Operation::Create, create(vec![])), Reason::PermissionDenied);
    assert_eq!(log.of(Kind::Intent, "Create"), []);
    let denied = &log.of(Kind::Outcome, "Create")[0].facts;
    assert_eq!(denied.result, Some(Outcome::Failed));
    assert_eq!(denied.reason.as_deref(), Some("PermissionDenied"));

    assert_eq!(demo.fails(Operation::Get, vec![uid("nobody")]), Reason::ItemNotFound);
    let missing = &log.of(Kind::Outcome, "Get")[0].facts;
    assert_eq!(missing.objects, ["nobody"]);
    assert_eq!(missing.reason.as_deref(), Some("ItemNotFound"));

    let before = log.records().len();
    demo.raw(b"no message at all");
    world
        .handler()
        .refuse(&demo.request().item(Operation::Query, vec![]).bytes(), Refusal::Overloaded);
    let undo = BatchErrorContinuationOption::Undo;
    let impossible = demo.request().with(enumeration(Tag::BatchErrorContinuationOption, undo.0));
    demo.send(&impossible.item(Operation::RNGSeed, vec![data(b"seed")]));
    let reasons: Vec<_> =
        log.records()[before..].iter().map(|it| it.facts.reason.clone()).collect();
    let expected = ["InvalidMessage", "GeneralFailure", "FeatureNotSupported"];
    assert_eq!(reasons, expected.map(|reason| Some(reason.to_owned())));
}

/// Nobody fills the disk with connections that lead to nothing.
#[test]
fn peers_that_are_turned_away_are_on_record_a_few_at_a_time() {
    let log = Log::new();
    let world = recorded(&log);
    for port in 1..=100 {
        world.handler().turned_away(([127, 0, 0, 1], port).into(), "certificate");
    }
    // What is waited for comes behind what is not.
    world.demo().ask(Operation::Query, vec![]);
    let away = log.of(Kind::Outcome, "Connect");
    assert!((1..=20).contains(&away.len()), "{}", away.len());
    assert_eq!(away[0].facts.peer.as_deref(), Some("127.0.0.1:1"));
    assert_eq!(away[0].facts.reason.as_deref(), Some("certificate"));
}

#[test]
fn token_failure_is_on_record_with_its_outcome() {
    let log = Log::new();
    let world = recorded(&log);
    world.token.fail_nth(Verb::GenerateWrapped, 1, HsmErrorKind::Device(0x30), Moment::Before);
    assert_eq!(world.demo().fails(Operation::Create, create(vec![])), Reason::GeneralFailure);
    let facts = &log.of(Kind::Outcome, "Create")[0].facts;
    assert_eq!(facts.reason.as_deref(), Some("GeneralFailure"));
    assert!(facts.mechanisms.is_empty());
}

#[test]
fn items_of_a_batch_are_numbered_and_what_is_undone_says_so() {
    let log = Log::new();
    let world = recorded(&log);
    let demo = world.demo();
    let undo = BatchErrorContinuationOption::Undo;
    let request = demo.request().with(enumeration(Tag::BatchErrorContinuationOption, undo.0));
    let request = request.next(Operation::Create, create(vec![]));
    let reply = demo.send(&request.next(Operation::Get, vec![uid("nobody")]));
    assert_eq!(reply.item(0).status, Status::OperationUndone);
    let items: Vec<_> =
        log.records().iter().filter(|it| it.kind == Kind::Outcome).cloned().collect();
    let told: Vec<_> = items.iter().map(|it| (it.facts.item, it.facts.result)).collect();
    assert_eq!(
        told,
        [
            (Some(1), Some(Outcome::Success)),
            (Some(2), Some(Outcome::Failed)),
            (None, Some(Outcome::Undone)),
        ]
    );
    assert_eq!(items[0].facts.objects, items[2].facts.objects);
    assert!(items.windows(2).all(|pair| pair[0].facts.request == pair[1].facts.request));
}

#[test]
fn operation_that_goes_on_later_has_records_of_one_request() {
    let log = Log::new();
    let world = recorded(&log);
    let demo = world.demo();
    let request = demo.request().with(boolean(Tag::AsynchronousIndicator, true));
    let request = request.named(b"1", Operation::Create, create(vec![]));
    let Served::Pending(_, task) = demo.begin(&request.bytes()) else { panic!("not pending") };
    assert_eq!(log.of(Kind::Intent, "Create"), [], "nothing is done yet");
    task();
    let outcomes = log.of(Kind::Outcome, "Create");
    let results: Vec<_> = outcomes.iter().map(|it| it.facts.result).collect();
    assert_eq!(results, [Some(Outcome::Pending), Some(Outcome::Success)]);
    assert_eq!(outcomes[0].facts.request, outcomes[1].facts.request);
    assert_eq!(log.of(Kind::Intent, "Create").len(), 1);
}

#[test]
fn what_the_server_does_by_itself_is_on_record() {
    let log = Log::new();
    let world = World::keeping(IN_TOKEN).recorded(&log.path);
    world.token.fail_nth(Verb::DestroyKey, 1, HsmErrorKind::Unavailable, Moment::Before);
    let key = world.demo().create(vec![]);
    world.demo().ask(Operation::Destroy, vec![uid(&key)]);
    world.clock.advance(3_600);
    reconcile::run(&world.services).unwrap();
    let settled = log.of(Kind::Intent, "Settle");
    assert_eq!(settled.len(), 1);
    assert_eq!(settled[0].facts.objects, [key]);
    assert_eq!(settled[0].facts.principal, Some(server::audit::Actor::Server));
}

#[test]
fn nothing_is_done_that_cannot_be_recorded() {
    let world = World::new().recorded(Path::new("/dev/full"));
    let demo = world.demo();
    for (operation, payload) in [
        (Operation::Create, create(vec![name("nothing")])),
        (Operation::Query, vec![]),
        (Operation::Locate, vec![]),
    ] {
        let answer = demo.ask(operation, payload);
        assert_eq!(answer.reason(), Reason::GeneralFailure);
        assert_eq!(answer.message.as_deref(), Some("the audit log cannot be written"));
    }
    assert_eq!(world.token.calls(Verb::GenerateWrapped), 0);
    assert_eq!(world.restarted().demo().locate(vec![]), Vec::<String>::new());
}

/// Whatever clients send, none of what is secret or merely theirs gets into the log.
#[test]
fn log_holds_no_secret_name_or_value() {
    const CANARY: &[u8; 32] = b"canary-Zq7-what-nobody-must-read";
    let log = Log::new();
    let world = recorded(&log);
    let demo = world.demo();
    let word = std::str::from_utf8(CANARY).unwrap();
    let key = demo.register(
        ObjectType::SymmetricKey,
        vec![mask(CRYPT), name(word), custom("x-note", word)],
        keys::raw(CryptographicAlgorithm::AES, CANARY),
    );
    demo.register(ObjectType::SecretData, vec![mask(Mask::Verify)], keys::secret(CANARY));
    demo.activate(&key);
    let ecb = || plain_mode(BlockCipherMode::ECB);
    demo.ok(Operation::Encrypt, vec![uid(&key), ecb(), data(CANARY)]);
    demo.ask(Operation::Decrypt, vec![uid(&key), ecb(), data(CANARY)]);
    demo.ask(Operation::Hash, vec![crate::support::ask::parameters(vec![]), data(CANARY)]);
    demo.ok(Operation::Get, vec![uid(&key)]);
    demo.ask(Operation::Locate, vec![name(word)]);
    demo.ask(Operation::Create, vec![name(word)]);
    demo.ask(
        Operation::Register,
        register(ObjectType::Certificate, vec![name(word)], keys::secret(CANARY)),
    );
    demo.raw(&[b"B\0x\x01\0\0\0\x20".as_slice(), CANARY].concat());
    let message = demo.request().item(Operation::Query, vec![]).bytes();
    world.handler().serve(&bearer([0; 32]), &message, Lane::None);
    let text = std::fs::read(&log.path).unwrap();
    let has = |needle: &[u8]| text.windows(needle.len()).any(|window| window == needle);
    assert!(has(b"Register") && has(key.as_bytes()), "the log is where it is looked for");
    assert!(has(b"\"serial\""), "who it was");
    assert!(!has(&CANARY[..8]), "as it is");
    assert!(!has(hex::encode(&CANARY[..8]).as_bytes()), "in hexadecimal");
}
