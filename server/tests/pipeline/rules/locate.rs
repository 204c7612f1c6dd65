//! Rules 10 to 12: Locate finds what was asked for, and nothing else.

use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::ttlv::{Item, Value};
use kmip_core::types::{
    CryptographicAlgorithm, CryptographicUsageMask as Mask, NameType, ObjectType, Operation,
    ProtocolVersion, ResultReason, State, Tag,
};

use crate::support::ask::{CRYPT, attribute, custom, length, mask, name, of_kind, on, template};
use crate::support::tree::{Read, boolean, enumeration, integer, structure, text};
use crate::support::{START, World, keys};

fn offset(items: i32) -> Item {
    integer(Tag::OffsetItems, items)
}

fn at_most(items: i32) -> Item {
    integer(Tag::MaximumItems, items)
}

/// Rule 10.
#[test]
fn locate_matches_exactly_on_every_attribute() {
    let world = World::new();
    let demo = world.demo();
    let one = demo.create(vec![
        name("alpha"),
        of_kind(Kind::ObjectGroup, Value::TextString("group".to_owned())),
        custom("x-id", "17"),
    ]);
    let two = demo.create(vec![name("alphabet"), custom("x-id", "17a")]);
    let find = |criteria: Vec<Item>| demo.locate(criteria);
    assert_eq!(find(vec![name("alpha")]), [one.clone()]);
    assert_eq!(find(vec![name("Alpha")]), [] as [String; 0]);
    assert_eq!(find(vec![name("alph")]), [] as [String; 0]);
    assert_eq!(find(vec![name("")]), [] as [String; 0]);
    assert_eq!(find(vec![custom("x-id", "17")]), [one.clone()]);
    assert_eq!(find(vec![custom("x-id", "17"), name("alphabet")]), [] as [String; 0]);
    assert_eq!(find(vec![custom("x-ID", "17")]), [] as [String; 0]);
    assert_eq!(find(vec![attribute("x-id", Value::Integer(17))]), [] as [String; 0]);
    let group = |value: &str| of_kind(Kind::ObjectGroup, Value::TextString(value.to_owned()));
    assert_eq!(find(vec![group("group")]), [one.clone()]);
    assert_eq!(find(vec![group("")]), [] as [String; 0]);
    assert_eq!(find(vec![length(256)]), [two.clone(), one.clone()]);
    assert_eq!(find(vec![length(128)]), [] as [String; 0]);
    let id = |value: &str| of_kind(Kind::UniqueIdentifier, Value::TextString(value.to_owned()));
    assert_eq!(find(vec![id(&two)]), [two.clone()]);
    assert_eq!(find(vec![id(&two.to_uppercase())]), [] as [String; 0]);
    let state = |state: State| of_kind(Kind::State, Value::Enumeration(state.0));
    assert_eq!(find(vec![state(State::PreActive)]), [two, one]);
    assert_eq!(find(vec![state(State::Active)]), [] as [String; 0]);
}

/// Rule 10: masks match by subset, structures by the fields given, dates by value or range.
#[test]
fn locate_matches_masks_structures_and_dates_as_the_specification_says() {
    let world = World::new();
    let demo = world.demo();
    let one = demo.create(vec![name("n")]);
    world.clock.advance(10);
    let none: [String; 0] = [];
    assert_eq!(demo.locate(vec![mask(Mask::Encrypt)]), [one.clone()]);
    assert_eq!(demo.locate(vec![mask(CRYPT)]), [one.clone()]);
    assert_eq!(demo.locate(vec![mask(CRYPT.union(Mask::Sign))]), none);
    let named =
        |fields: Vec<Item>| demo.locate(vec![of_kind(Kind::Name, Value::Structure(fields))]);
    let value = text(Tag::NameValue, "n");
    let kind = |kind: NameType| enumeration(Tag::NameType, kind.0);
    assert_eq!(named(vec![value.clone()]), [one.clone()]);
    assert_eq!(named(vec![kind(NameType::UninterpretedTextString)]), [one.clone()]);
    assert_eq!(named(vec![value, kind(NameType::URI)]), none);
    let born = |dates: &[i64]| {
        demo.locate(dates.iter().map(|date| on(Kind::InitialDate, *date)).collect())
    };
    assert_eq!(born(&[START]), [one.clone()]);
    assert_eq!(born(&[START + 1]), none);
    assert_eq!(born(&[START - 1, START]), [one.clone()]);
    assert_eq!(born(&[START + 10, START]), [one]);
    assert_eq!(born(&[START + 1, START + 10]), none);
}

/// Rule 10.
#[test]
fn locate_refuses_what_it_cannot_use() {
    let world = World::new();
    let demo = world.demo();
    demo.create(vec![name("n")]);
    let refused = |criterion: Item| demo.fails(Operation::Locate, vec![criterion]);
    let unknown = attribute("Colour", Value::TextString("red".to_owned()));
    assert_eq!(refused(unknown), ResultReason::InvalidField);
    let mistyped = of_kind(Kind::State, Value::TextString("Active".to_owned()));
    assert_eq!(refused(mistyped), ResultReason::InvalidField);
    let bare = of_kind(Kind::Name, Value::TextString("n".to_owned()));
    assert_eq!(refused(bare), ResultReason::InvalidField);
    assert_eq!(refused(at_most(-1)), ResultReason::InvalidField);
    assert_eq!(refused(offset(i32::MIN)), ResultReason::InvalidField);
    let newer = of_kind(Kind::Comment, Value::TextString("c".to_owned()));
    let old = demo.at(ProtocolVersion::V1_2);
    assert_eq!(old.fails(Operation::Locate, vec![newer]), ResultReason::InvalidField);
    let foreign = of_kind(Kind::Name, Value::Structure(vec![text(Tag::Comment, "n")]));
    assert_eq!(demo.locate(vec![foreign]), [] as [String; 0]);
}

/// Rule 10: keys the server keeps for itself, and rows that never were, are not found.
#[test]
fn locate_does_not_leak_the_servers_own_keys() {
    let world = World::new();
    let demo = world.demo();
    // Sealing it makes the server's own key.
    let opaque = demo.register(ObjectType::OpaqueObject, Vec::new(), keys::opaque(b"value"));
    assert_eq!(demo.locate(Vec::new()), [opaque.clone()]);
    demo.destroy(&opaque);
    assert_eq!(demo.locate(Vec::new()), [] as [String; 0]);
    let destroyed = of_kind(Kind::State, Value::Enumeration(State::Destroyed.0));
    assert_eq!(demo.locate(vec![destroyed]), [] as [String; 0]);
}

/// Rule 11.
#[test]
fn locate_pages_in_any_version_and_in_stable_order() {
    let world = World::new();
    let demo = world.demo();
    // All within one second.
    let mut made: Vec<String> = (0..7).map(|_| demo.create(Vec::new())).collect();
    made.reverse();
    for version in ProtocolVersion::SUPPORTED {
        let client = demo.at(version);
        // The specifications leave the order open; the OASIS cases of 1.3 have the oldest first.
        let mut made = made.clone();
        if version == ProtocolVersion::V1_3 {
            made.reverse();
        }
        assert_eq!(client.locate(Vec::new()), made, "{version}");
        let mut seen = Vec::new();
        loop {
            let skip = i32::try_from(seen.len()).unwrap();
            let page = client.locate(vec![at_most(3), offset(skip)]);
            if page.is_empty() {
                break;
            }
            seen.extend(page);
        }
        assert_eq!(seen, made, "{version}");
        assert_eq!(client.locate(vec![at_most(0)]), [] as [String; 0]);
        assert_eq!(client.locate(vec![offset(i32::MAX)]), [] as [String; 0]);
        assert_eq!(client.locate(vec![at_most(i32::MAX)]), made);
    }
}

/// Rule 11.
#[test]
fn located_items_counts_all_matches_not_the_page() {
    let world = World::new();
    let demo = world.demo();
    (0..5).for_each(|_| drop(demo.create(vec![custom("x-a", "1")])));
    demo.create(Vec::new());
    let count = |fields: Vec<Item>| {
        let answer = demo.ok(Operation::Locate, fields);
        (answer.get(Tag::LocatedItems).as_integer(), answer.all(Tag::UniqueIdentifier).len())
    };
    assert_eq!(count(vec![custom("x-a", "1")]), (5, 5));
    assert_eq!(count(vec![at_most(2), custom("x-a", "1")]), (5, 2));
    assert_eq!(count(vec![at_most(2), offset(4), custom("x-a", "1")]), (5, 1));
    assert_eq!(count(vec![custom("x-a", "2")]), (0, 0));
}

/// Rule 12.
#[test]
fn locate_takes_criteria_inside_a_template_attribute() {
    let world = World::new();
    let demo = world.demo().at(ProtocolVersion::V1_0);
    let one = demo.create(vec![name("one")]);
    demo.create(vec![name("two")]);
    assert_eq!(demo.locate(vec![at_most(1), template(vec![name("one")])]), [one.clone()]);
    assert_eq!(demo.locate(vec![template(vec![name("three")])]), [] as [String; 0]);
    let both = vec![name("one"), template(vec![name("two")])];
    assert_eq!(demo.locate(both), [] as [String; 0], "criteria inside and outside both count");
    let unknown = template(vec![attribute("Colour", Value::Integer(1))]);
    assert_eq!(demo.fails(Operation::Locate, vec![unknown]), ResultReason::InvalidField);
}

/// Four Locates in one message, as FortiGate sends them.
#[test]
fn locates_in_one_batch_answer_each_for_itself() {
    let world = World::new();
    let demo = world.demo().at(ProtocolVersion::V1_0);
    let ids: Vec<String> = (0..4).map(|n| demo.create(vec![name(&format!("k{n}"))])).collect();
    let mut request = demo
        .request()
        .with(integer(Tag::MaximumResponseSize, 65_536))
        .with(enumeration(Tag::BatchErrorContinuationOption, 1))
        .with(boolean(Tag::BatchOrderOption, true));
    for n in 0..4 {
        let criteria = template(vec![name(&format!("k{n}"))]);
        request = request.next(Operation::Locate, vec![at_most(1), criteria]);
    }
    let reply = demo.send(&request);
    for (place, id) in ids.iter().enumerate() {
        assert_eq!(reply.item(place).ok().texts(Tag::UniqueIdentifier), [id.clone()]);
    }
}

/// Names of algorithms and types, and what a Scylla or MySQL asks for at start.
#[test]
fn locate_combines_type_algorithm_and_state() {
    let world = World::new();
    let demo = world.demo();
    let active = demo.active(Vec::new());
    demo.create(Vec::new());
    let secret = demo.register(ObjectType::SecretData, vec![mask(Mask(0))], keys::secret(b"s"));
    let kind = |kind: ObjectType| of_kind(Kind::ObjectType, Value::Enumeration(kind.0));
    let aes = crate::support::ask::algorithm(CryptographicAlgorithm::AES);
    let state = of_kind(Kind::State, Value::Enumeration(State::Active.0));
    let found = demo.locate(vec![kind(ObjectType::SymmetricKey), aes, length(256), state]);
    assert_eq!(found, [active]);
    assert_eq!(demo.locate(vec![kind(ObjectType::SecretData)]), [secret]);
    let empty = structure(Tag::Attribute, vec![text(Tag::AttributeName, "Name")]);
    assert_eq!(demo.fails(Operation::Locate, vec![empty]), ResultReason::InvalidMessage);
}

/// What is too much is the client's mistake, and costs no more than reading it.
#[test]
fn locate_takes_so_many_criteria_and_no_more() {
    let world = World::new();
    let demo = world.demo();
    let group = |number| of_kind(Kind::ObjectGroup, Value::TextString(format!("group {number}")));
    let all: Vec<Item> = (0..200).map(group).collect();
    let key = demo.create(all.clone());
    assert_eq!(demo.locate(all), [key]);
    for criteria in [(0..256).map(group).collect(), (0..12_000).map(group).collect(), {
        let names = (0..130).map(|number| name(&number.to_string()));
        names.collect::<Vec<_>>()
    }] {
        assert_eq!(demo.fails(Operation::Locate, criteria), ResultReason::InvalidField);
    }
}

/// Two dates are a range; what a third would make of it, the specification does not say.
#[test]
fn locate_refuses_a_range_of_three_dates() {
    let world = World::new();
    let demo = world.demo();
    let key = demo.create(Vec::new());
    let created = |seconds: [i64; 2]| seconds.map(|at| on(Kind::InitialDate, START + at)).to_vec();
    for range in [[-5, 0], [0, -5], [-1, 1], [0, 0]] {
        assert_eq!(demo.locate(created(range)), [key.clone()], "{range:?}");
    }
    let mut three = created([-5, -4]);
    three.push(on(Kind::InitialDate, START + 5));
    assert_eq!(demo.fails(Operation::Locate, three), ResultReason::InvalidField);
}
