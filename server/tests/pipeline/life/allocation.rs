//! Usage allocations: exact, whoever takes them at once, and whatever is undone.

use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::ttlv::{DateTime, Item, Value};
use kmip_core::types::{
    BatchErrorContinuationOption as Continuation, CryptographicAlgorithm as Algorithm,
    CryptographicUsageMask as Mask, Operation, ResultReason as Reason, ResultStatus as Status,
    RevocationReasonCode, Tag, UsageLimitsUnit,
};

use crate::support::ask::{
    CRYPT, algorithm, create_of, custom, data, length, mask, of_kind, on, plain_mode, uid,
};
use crate::support::tree::{Read, enumeration, integer, long, structure};
use crate::support::{Client, START, World};

const DENIED: Option<Reason> = Some(Reason::PermissionDenied);

fn limits(total: i64, unit: UsageLimitsUnit) -> Item {
    let fields =
        vec![long(Tag::UsageLimitsTotal, total), enumeration(Tag::UsageLimitsUnit, unit.0)];
    of_kind(Kind::UsageLimits, Value::Structure(fields))
}

fn bytes(total: i64) -> Item {
    limits(total, UsageLimitsUnit::Byte)
}

fn allocation(key: &str, units: i64) -> Vec<Item> {
    vec![uid(key), long(Tag::UsageLimitsCount, units)]
}

fn allocate(client: &Client<'_>, key: &str, units: i64) -> Option<Reason> {
    client.ask(Operation::GetUsageAllocation, allocation(key, units)).reason
}

fn left(client: &Client<'_>, key: &str) -> i64 {
    let value = client.value(key, Kind::UsageLimits);
    let limits = structure(Tag::UsageLimits, value.children().to_vec());
    match limits.child(Tag::UsageLimitsCount).map(|count| &count.value) {
        Some(Value::LongInteger(count)) => *count,
        other => panic!("a count of {other:?}"),
    }
}

#[test]
fn allocation_is_granted_whole_or_not_at_all() {
    let world = World::new();
    let demo = world.demo();
    let key = demo.active(vec![bytes(100)]);
    world.clock.advance(5);
    let answer = demo.ok(Operation::GetUsageAllocation, allocation(&key, 60));
    assert_eq!(answer.value.children(), [uid(&key)]);
    assert_eq!(left(&demo, &key), 40);
    let changed = demo.value(&key, Kind::LastChangeDate);
    assert_eq!(changed, Value::DateTime(DateTime(START + 5)));
    for too_much in [41, i64::MAX] {
        assert_eq!(allocate(&demo, &key, too_much), DENIED);
    }
    assert_eq!(left(&demo, &key), 40, "a refusal costs nothing");
    assert_eq!(allocate(&demo, &key, 40), None);
    assert_eq!(allocate(&demo, &key, 1), DENIED);
}

#[test]
fn uses_and_allocations_draw_on_the_same_limits() {
    let world = World::new();
    let demo = world.demo();
    let key = demo.active(vec![bytes(64)]);
    let encrypt = || {
        let ecb = plain_mode(kmip_core::types::BlockCipherMode::ECB);
        demo.ask(Operation::Encrypt, vec![uid(&key), ecb, data(&[0; 32])]).reason
    };
    assert_eq!(allocate(&demo, &key, 32), None);
    assert_eq!(encrypt(), None);
    assert_eq!(encrypt(), DENIED);
    assert_eq!(allocate(&demo, &key, 1), DENIED);
}

#[test]
fn allocation_needs_an_active_key_before_its_protect_stop_date() {
    let world = World::new();
    let demo = world.demo();
    let stop = on(Kind::ProtectStopDate, START + 10);
    let key = demo.create(vec![bytes(9), stop]);
    assert_eq!(allocate(&demo, &key, 1), DENIED, "not active yet");
    demo.activate(&key);
    assert_eq!(allocate(&demo, &key, 1), None);
    world.clock.advance(10);
    assert_eq!(allocate(&demo, &key, 1), DENIED, "its Protect Stop Date is over");
    let key = demo.active(vec![bytes(9)]);
    demo.revoke(&key, RevocationReasonCode::Superseded);
    assert_eq!(allocate(&demo, &key, 1), DENIED, "deactivated");
    demo.revoke(&key, RevocationReasonCode::KeyCompromise);
    assert_eq!(allocate(&demo, &key, 1), DENIED, "compromised");
    demo.destroy(&key);
    assert_eq!(allocate(&demo, &key, 1), Some(Reason::ItemNotFound));
}

#[test]
fn allocation_needs_limits_and_a_count() {
    let world = World::new();
    let demo = world.demo();
    let free = demo.active(Vec::new());
    assert_eq!(allocate(&demo, &free, 1), Some(Reason::IllegalOperation));
    let key = demo.active(vec![bytes(9)]);
    for wrong in [0, -1, i64::MIN] {
        assert_eq!(allocate(&demo, &key, wrong), Some(Reason::InvalidField), "{wrong}");
    }
    let countless = demo.fails(Operation::GetUsageAllocation, vec![uid(&key)]);
    assert_eq!(countless, Reason::InvalidMessage);
    assert_eq!(allocate(&demo, "nobody", 1), Some(Reason::ItemNotFound));
    assert_eq!(left(&demo, &key), 9);
}

#[test]
fn limits_stay_as_they_are_after_the_first_allocation() {
    let world = World::new();
    let demo = world.demo();
    let key = demo.active(vec![bytes(9)]);
    assert_eq!(allocate(&demo, &key, 1), None);
    let modify = vec![uid(&key), bytes(100)];
    assert_eq!(demo.fails(Operation::ModifyAttribute, modify), Reason::PermissionDenied);
}

#[test]
fn allocations_are_exact_under_eight_threads_and_after_a_restart() {
    let world = World::new();
    let key = world.demo().active(vec![limits(100, UsageLimitsUnit::Object)]);
    let taken: i64 = std::thread::scope(|scope| {
        let threads = [1, 2, 3, 1, 2, 3, 1, 2].map(|units| {
            let (world, key) = (&world, key.as_str());
            scope.spawn(move || {
                let demo = world.demo();
                let granted = |_: &i32| match allocate(&demo, key, units) {
                    None => true,
                    // Too many at once: nothing was taken, and the client may try again.
                    Some(Reason::GeneralFailure | Reason::PermissionDenied) => false,
                    Some(other) => panic!("{other:?}"),
                };
                units * i64::try_from((0..10).filter(granted).count()).unwrap()
            })
        });
        threads.map(|thread| thread.join().unwrap()).iter().sum()
    });
    assert_eq!(taken + left(&world.demo(), &key), 100, "every unit is counted once");
    let later = world.restarted();
    let rest = left(&later.demo(), &key);
    assert_eq!(taken + rest, 100, "a restart forgets nothing");
    assert_eq!(allocate(&later.demo(), &key, rest + 1), DENIED);
}

/// A batch that is undone: `first`, then something that cannot be.
fn undone(
    client: &Client<'_>,
    first: (Operation, Vec<Item>),
    meanwhile: &[(Operation, Vec<Item>)],
) {
    let undo = enumeration(Tag::BatchErrorContinuationOption, Continuation::Undo.0);
    let mut request = client.request().with(undo).next(first.0, first.1);
    for (operation, payload) in meanwhile {
        request = request.next(*operation, payload.clone());
    }
    let reply = client.send(&request.next(Operation::GetAttributes, vec![uid("nobody")]));
    assert_eq!(reply.item(0).status, Status::OperationUndone);
}

#[test]
fn undo_gives_back_just_what_the_batch_took() {
    let world = World::new();
    let demo = world.demo();
    let key = demo.active(vec![bytes(100)]);
    assert_eq!(allocate(&demo, &key, 10), None);
    undone(&demo, (Operation::GetUsageAllocation, allocation(&key, 30)), &[]);
    assert_eq!(left(&demo, &key), 90);
    // A change that is undone puts no limits back that were drawn after it.
    let change = (Operation::AddAttribute, vec![uid(&key), custom("x-new", "1")]);
    undone(&demo, change, &[(Operation::GetUsageAllocation, allocation(&key, 30))]);
    assert_eq!(left(&demo, &key), 90);
    assert_eq!(demo.values(&key, "x-new"), []);
}

#[test]
fn allocation_whose_answer_does_not_fit_is_given_back() {
    let world = World::new();
    let demo = world.demo();
    let key = demo.active(vec![bytes(100)]);
    for option in [Continuation::Stop, Continuation::Undo] {
        let request = demo
            .request()
            .with(integer(Tag::MaximumResponseSize, 160))
            .with(enumeration(Tag::BatchErrorContinuationOption, option.0))
            .item(Operation::GetUsageAllocation, allocation(&key, 30));
        assert_eq!(demo.send(&request).item(0).reason(), Reason::ResponseTooLarge);
        assert_eq!(left(&demo, &key), 100, "{option:?}");
    }
}

#[test]
fn key_that_protects_nothing_has_nothing_to_allocate() {
    let world = World::new();
    let demo = world.demo();
    for (bits, reason) in [(Mask::Decrypt, Some(Reason::IllegalOperation)), (CRYPT, None)] {
        let aes = vec![algorithm(Algorithm::AES), length(128), mask(bits), bytes(100)];
        let active = [aes, vec![on(Kind::ActivationDate, 0)]].concat();
        let made = demo.ok(Operation::Create, create_of(active));
        let key = made.text(Tag::UniqueIdentifier);
        assert_eq!(allocate(&demo, &key, 1), reason, "{bits:?}");
    }
}
