//! Dates: they move states without anybody asking, and may be changed only while they lie ahead.

use std::sync::atomic::Ordering;

use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::ttlv::{DateTime, Item, Value};
use kmip_core::types::{
    BlockCipherMode, Operation, ResultReason as Reason, RevocationReasonCode, State, Tag,
};

use server::object::CustodyRules;

use crate::support::ask::{create, data, name, of_kind, on, plain_mode, uid};
use crate::support::tree::Read;
use crate::support::{Client, START, World};

fn in_state(client: &Client<'_>, state: State) -> Vec<String> {
    client.locate(vec![of_kind(Kind::State, Value::Enumeration(state.0))])
}

fn crypt(client: &Client<'_>, operation: Operation, key: &str) -> Option<Reason> {
    let ecb = plain_mode(BlockCipherMode::ECB);
    client.ask(operation, vec![uid(key), ecb, data(&[0; 16])]).reason
}

const DENIED: Option<Reason> = Some(Reason::PermissionDenied);

#[test]
fn activation_date_decides_the_first_state() {
    let world = World::new();
    let demo = world.demo();
    for (date, state) in [
        (i64::MIN, State::Active),
        (-1, State::Active),
        (0, State::Active),
        (START - 1, State::Active),
        (START, State::Active),
        (START + 1, State::PreActive),
        (i64::MAX, State::PreActive),
    ] {
        let key = demo.create(vec![on(Kind::ActivationDate, date)]);
        assert_eq!(demo.state(&key), state, "{date}");
        assert_eq!(demo.value(&key, Kind::ActivationDate), Value::DateTime(DateTime(date)));
    }
    assert_eq!(demo.state(&demo.create(Vec::new())), State::PreActive);
}

#[test]
fn time_moves_states_without_a_request() {
    let world = World::new();
    let demo = world.demo();
    let dates = vec![
        on(Kind::ActivationDate, START + 10),
        on(Kind::ProcessStartDate, START + 20),
        on(Kind::ProtectStopDate, START + 30),
        on(Kind::DeactivationDate, START + 40),
    ];
    let key = demo.create(dates);
    let (encrypt, decrypt) = (Operation::Encrypt, Operation::Decrypt);
    let can = || (crypt(&demo, encrypt, &key), crypt(&demo, decrypt, &key));
    assert_eq!(can(), (DENIED, DENIED), "not active yet");
    world.clock.advance(10);
    assert_eq!(in_state(&demo, State::Active), [key.clone()], "Locate sees it first");
    assert_eq!(can(), (DENIED, DENIED), "before the process start date");
    world.clock.advance(9);
    assert_eq!(can(), (DENIED, DENIED));
    world.clock.advance(1);
    assert_eq!(can(), (None, None));
    world.clock.advance(9);
    assert_eq!(can(), (None, None));
    world.clock.advance(1);
    assert_eq!(can(), (DENIED, None), "after the protect stop date");
    world.clock.advance(10);
    assert_eq!(in_state(&demo, State::Active), [] as [String; 0]);
    assert_eq!(in_state(&demo, State::Deactivated), [key.clone()]);
    assert_eq!(can(), (DENIED, None), "deactivated");
    let change = Value::DateTime(DateTime(START + 40));
    assert_eq!(demo.value(&key, Kind::LastChangeDate), change);
    demo.destroy(&key);
}

#[test]
fn both_dates_may_pass_while_nobody_looks() {
    let world = World::new();
    let demo = world.demo();
    let dates = vec![on(Kind::ActivationDate, START + 1), on(Kind::DeactivationDate, START + 2)];
    let key = demo.create(dates);
    world.clock.advance(1_000);
    assert_eq!(demo.state(&key), State::Deactivated);
    assert_eq!(demo.fails(Operation::Activate, vec![uid(&key)]), Reason::PermissionDenied);
}

#[test]
fn dates_out_of_order_are_refused() {
    let world = World::new();
    let demo = world.demo();
    for (first, second) in [
        (Kind::ActivationDate, Kind::ProcessStartDate),
        (Kind::ProtectStopDate, Kind::DeactivationDate),
        (Kind::ActivationDate, Kind::DeactivationDate),
    ] {
        let dates = vec![on(first, START + 20), on(second, START + 10)];
        assert_eq!(demo.fails(Operation::Create, create(dates)), Reason::InvalidField);
        let key = demo.create(vec![on(first, START + 20)]);
        let add = vec![uid(&key), on(second, START + 10)];
        assert_eq!(demo.fails(Operation::AddAttribute, add), Reason::InvalidField);
        assert_eq!(demo.values(&key, second.name()), []);
        let key = demo.create(vec![on(first, START + 20), on(second, START + 30)]);
        let modify = vec![uid(&key), on(second, START + 10)];
        assert_eq!(demo.fails(Operation::ModifyAttribute, modify), Reason::InvalidField);
    }
}

/// A key in each state that has every date, all of them ahead where they can be.
fn in_every_state(client: &Client<'_>) -> Vec<(State, String)> {
    let later = || {
        vec![
            on(Kind::ProcessStartDate, START + 100),
            on(Kind::ProtectStopDate, START + 200),
            on(Kind::DeactivationDate, START + 300),
        ]
    };
    let with = |activation: i64| {
        let mut dates = later();
        dates.push(on(Kind::ActivationDate, activation));
        client.create(dates)
    };
    let deactivated = with(START);
    client.revoke(&deactivated, RevocationReasonCode::Superseded);
    let compromised = with(START);
    client.revoke(&compromised, RevocationReasonCode::KeyCompromise);
    vec![
        (State::PreActive, with(START + 50)),
        (State::Active, with(START)),
        (State::Deactivated, deactivated),
        (State::Compromised, compromised),
    ]
}

#[test]
fn dates_are_modified_only_in_the_states_the_specification_names() {
    let world = World::new();
    let demo = world.demo();
    for (kind, new, allowed) in [
        (Kind::ActivationDate, START + 60, vec![State::PreActive]),
        (Kind::ProcessStartDate, START + 110, vec![State::PreActive, State::Active]),
        (Kind::ProtectStopDate, START + 210, vec![State::PreActive, State::Active]),
        (Kind::DeactivationDate, START + 310, vec![State::PreActive, State::Active]),
    ] {
        for (state, key) in in_every_state(&demo) {
            let outcome = demo.ask(Operation::ModifyAttribute, vec![uid(&key), on(kind, new)]);
            let expected = if allowed.contains(&state) { None } else { DENIED };
            assert_eq!(outcome.reason, expected, "{kind:?} {state:?}");
            let delete = vec![uid(&key), attribute_name(kind)];
            assert_eq!(demo.ask(Operation::DeleteAttribute, delete).reason, DENIED);
        }
    }
}

fn attribute_name(kind: Kind) -> Item {
    crate::support::tree::text(Tag::AttributeName, kind.name())
}

#[test]
fn dates_that_were_reached_are_not_modified() {
    let world = World::new();
    let demo = world.demo();
    let key = demo.active(vec![
        on(Kind::ProcessStartDate, START + 10),
        on(Kind::ProtectStopDate, START + 20),
    ]);
    world.clock.advance(10);
    let modify =
        |kind, date| demo.ask(Operation::ModifyAttribute, vec![uid(&key), on(kind, date)]).reason;
    assert_eq!(modify(Kind::ProcessStartDate, START + 15), DENIED);
    assert_eq!(modify(Kind::ProtectStopDate, START + 30), None);
    world.clock.advance(20);
    assert_eq!(modify(Kind::ProtectStopDate, START + 40), DENIED);
}

#[test]
fn modifying_a_date_to_the_past_moves_the_state_at_once() {
    let world = World::new();
    let demo = world.demo();
    let key = demo.create(vec![on(Kind::ActivationDate, START + 50)]);
    let modify = |kind, date| demo.ok(Operation::ModifyAttribute, vec![uid(&key), on(kind, date)]);
    modify(Kind::ActivationDate, START);
    assert_eq!(demo.state(&key), State::Active);
    demo.ok(Operation::AddAttribute, vec![uid(&key), on(Kind::DeactivationDate, START + 9)]);
    assert_eq!(demo.state(&key), State::Active);
    modify(Kind::DeactivationDate, START);
    assert_eq!(demo.state(&key), State::Deactivated);
}

#[test]
fn revocation_leaves_its_dates_and_reason() {
    let world = World::new();
    let demo = world.demo();
    let key = demo.active(Vec::new());
    world.clock.advance(7);
    demo.revoke(&key, RevocationReasonCode::KeyCompromise);
    let date = |seconds| Value::DateTime(DateTime(seconds));
    assert_eq!(demo.value(&key, Kind::CompromiseDate), date(START + 7));
    assert_eq!(demo.value(&key, Kind::CompromiseOccurrenceDate), date(START));
    assert_eq!(demo.values(&key, "Deactivation Date"), []);
    assert_eq!(demo.values(&key, "Revocation Reason").len(), 1);
    let key = demo.active(Vec::new());
    demo.revoke(&key, RevocationReasonCode::CessationOfOperation);
    assert_eq!(demo.value(&key, Kind::DeactivationDate), date(START + 7));
    assert_eq!(demo.values(&key, "Compromise Date"), []);
}

#[test]
fn last_change_date_is_the_second_in_which_a_date_moved_the_state() {
    let world = World::new();
    let demo = world.demo();
    let dates =
        || vec![on(Kind::ActivationDate, START + 10), on(Kind::DeactivationDate, START + 20)];
    let (watched, forgotten) = (demo.create(dates()), demo.create(dates()));
    let changed = |key: &str| demo.value(key, Kind::LastChangeDate);
    world.clock.advance(15);
    assert_eq!(changed(&watched), Value::DateTime(DateTime(START + 10)));
    world.clock.advance(85);
    // Who looks at it, and when, makes no difference.
    for key in [&watched, &forgotten] {
        assert_eq!(changed(key), Value::DateTime(DateTime(START + 20)));
    }
}

#[test]
fn key_whose_life_overtook_its_dates_is_changed_and_replaced_all_the_same() {
    let world = World::new();
    let demo = world.demo();
    let stopped = demo.active(vec![on(Kind::ProtectStopDate, START + 50)]);
    let late = demo.create(vec![on(Kind::ProcessStartDate, START + 5)]);
    world.clock.advance(10);
    demo.revoke(&stopped, RevocationReasonCode::Superseded);
    demo.activate(&late);
    for (key, called) in [(&stopped, "stopped"), (&late, "late")] {
        demo.ok(Operation::AddAttribute, vec![uid(key), name(called)]);
    }
    // The date that a client sets must still fit the others.
    let before_activation = vec![uid(&late), on(Kind::DeactivationDate, START)];
    assert_eq!(demo.fails(Operation::AddAttribute, before_activation), Reason::InvalidField);
    demo.ok(Operation::AddAttribute, vec![uid(&late), on(Kind::DeactivationDate, START + 60)]);
    let heir = |key: &str| demo.ok(Operation::ReKey, vec![uid(key)]).text(Tag::UniqueIdentifier);
    let ended = demo.value(&stopped, Kind::DeactivationDate);
    assert_eq!(demo.value(&heir(&stopped), Kind::ProtectStopDate), ended);
    let began = demo.value(&late, Kind::ActivationDate);
    assert_eq!(demo.value(&heir(&late), Kind::ProcessStartDate), began);
}

/// Many objects may be due at once: what is asked for does not wait until each has its own write.
#[test]
fn many_dates_that_have_come_delay_nobody() {
    let (world, left) = World::fragile(CustodyRules::default());
    let demo = world.demo();
    let keys: Vec<_> =
        (0..300).map(|_| demo.create(vec![on(Kind::ActivationDate, START + 10)])).collect();
    let named = demo.create(vec![name("named"), on(Kind::ActivationDate, START + 10)]);
    world.clock.advance(20);
    let calls_of = |criterion: Item| {
        let before = left.load(Ordering::SeqCst);
        let found = demo.locate(vec![criterion]);
        (before - left.load(Ordering::SeqCst), found.len())
    };
    let (of_name, found) = calls_of(name("named"));
    assert!(of_name <= 2 && found == 1, "{of_name}: its name has nothing to do with time");
    let active = of_kind(Kind::State, Value::Enumeration(State::Active.0));
    let (of_state, found) = calls_of(active);
    assert_eq!(found, keys.len() + 1);
    assert!(of_state <= found + 20, "{of_state}: the writes are made together");
    for key in keys.iter().chain([&named]) {
        let changed = Value::DateTime(DateTime(START + 10));
        assert_eq!(demo.value(key, Kind::LastChangeDate), changed, "when it was due");
    }
}
