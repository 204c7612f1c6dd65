//! Valid messages with something wrong in them, by the thousand.

use kmip_core::ttlv::{Item, Value};
use kmip_core::types::{Operation, ProtocolVersion, Tag, table_of};

use super::corpus::Objects;
use crate::support::World;
use crate::support::answer::{Outcome, Reply};
use crate::support::random::Random;

/// Calls `visit` with every variant of `item` in which one of its parts is replaced, and with the
/// name of that part.
fn each_variant(
    item: &Item,
    alter: &dyn Fn(&Item) -> Vec<Vec<Item>>,
    visit: &mut dyn FnMut(Item, Tag),
) {
    let Value::Structure(children) = &item.value else { return };
    for (place, child) in children.iter().enumerate() {
        let mut put = |replacement: Vec<Item>, part: Tag| {
            let mut altered = children.clone();
            altered.splice(place..=place, replacement);
            visit(Item { tag: item.tag, value: Value::Structure(altered) }, part);
        };
        alter(child).into_iter().for_each(|replacement| put(replacement, child.tag));
        each_variant(child, alter, &mut |variant, part| put(vec![variant], part));
    }
}

/// Sends every variant of every request; each must get a sound answer.
fn send_variants(alter: &dyn Fn(&Item) -> Vec<Vec<Item>>, check: &dyn Fn(&Outcome, Tag)) -> usize {
    let world = World::assisted();
    let mut sent = 0;
    for version in [ProtocolVersion::V1_0, ProtocolVersion::V1_4] {
        let demo = world.demo();
        let requests = Objects::of(&demo).requests(&demo.at(version));
        for request in requests {
            each_variant(&request.tree(), alter, &mut |variant, part| {
                sent += 1;
                check(&Outcome::only(demo.raw(&variant.to_bytes())), part);
            });
        }
    }
    // The server still works.
    world.demo().create(Vec::new());
    sent
}

fn anything(_: &Outcome, _: Tag) {}

/// A failure, or a Locate that found nothing.
fn refused(outcome: &Outcome, part: Tag) {
    let found = outcome.payload.as_ref().is_some_and(|p| p.child(Tag::UniqueIdentifier).is_some());
    let empty = outcome.operation == Some(Operation::Locate) && !found;
    assert!(outcome.reason.is_some() || empty, "{:?} with {part:?}", outcome.operation);
}

#[test]
fn field_missing_anywhere_is_answered() {
    assert!(send_variants(&|_| vec![Vec::new()], &anything) > 300);
}

#[test]
fn field_repeated_anywhere_is_answered() {
    let twice = |item: &Item| vec![vec![item.clone(), item.clone()]];
    assert!(send_variants(&twice, &anything) > 300);
}

#[test]
fn alien_field_anywhere_is_refused() {
    let alien = |item: &Item| {
        let field = crate::support::tree::text(Tag::PutFunction, "alien");
        vec![vec![item.clone(), field.clone()], vec![field, item.clone()]]
    };
    assert!(send_variants(&alien, &refused) > 600);
}

#[test]
fn field_of_another_type_anywhere_is_answered() {
    let others = |item: &Item| {
        let values = [
            Value::Structure(Vec::new()),
            Value::Integer(1),
            Value::LongInteger(1),
            Value::BigInteger(kmip_core::ttlv::BigInteger::from_unsigned(&[1])),
            Value::Enumeration(1),
            Value::Boolean(true),
            Value::TextString("x".to_owned()),
            Value::ByteString(vec![1].into()),
            Value::DateTime(kmip_core::ttlv::DateTime(1)),
            Value::Interval(kmip_core::ttlv::Interval(1)),
        ];
        let other = values.into_iter().filter(|v| v.item_type() != item.value.item_type());
        other.map(|value| vec![Item { tag: item.tag, value }]).collect()
    };
    assert!(send_variants(&others, &anything) > 3_000);
}

#[test]
fn extreme_values_anywhere_are_answered() {
    let extremes = |item: &Item| {
        let values: Vec<Value> = match &item.value {
            Value::Integer(_) => {
                [i32::MIN, -1, 0, i32::MAX].into_iter().map(Value::Integer).collect()
            }
            Value::LongInteger(_) => {
                [i64::MIN, -1, 0, i64::MAX].into_iter().map(Value::LongInteger).collect()
            }
            Value::DateTime(_) => [i64::MIN, -1, 0, i64::MAX]
                .into_iter()
                .map(|seconds| Value::DateTime(kmip_core::ttlv::DateTime(seconds)))
                .collect(),
            Value::BigInteger(_) => [vec![0; 8], vec![0xFF; 8], vec![0x7F; 1_024]]
                .into_iter()
                .map(|wire| Value::BigInteger(kmip_core::ttlv::BigInteger::from_wire(wire)))
                .collect(),
            Value::TextString(_) => ["", "\u{202E}x\u{0301}\u{1F600}", "a\nb\0c", "%' OR 1=1 --"]
                .into_iter()
                .map(|text| Value::TextString(text.to_owned()))
                .chain([Value::TextString("x".repeat(70_000))])
                .collect(),
            Value::ByteString(_) => [0, 1, 7, 15, 17, 255, 65_537]
                .into_iter()
                .map(|length| Value::ByteString(vec![0xA5; length].into()))
                .collect(),
            _ => Vec::new(),
        };
        values.into_iter().map(|value| vec![Item { tag: item.tag, value }]).collect()
    };
    assert!(send_variants(&extremes, &anything) > 500);
}

/// Every number with a name, replaced by every other one that has one, and by some without.
#[test]
fn enumerations_of_any_number_are_answered() {
    let numbers = |item: &Item| {
        let Value::Enumeration(own) = item.value else { return Vec::new() };
        let table = table_of(item.tag);
        let named = table.into_iter().flat_map(|table| table.values).map(|entry| entry.value);
        named
            .chain([0, 0x7FFF_FFFF, 0x8000_0001, u32::MAX])
            .filter(|number| *number != own)
            .map(|number| vec![Item { tag: item.tag, value: Value::Enumeration(number) }])
            .collect()
    };
    assert!(send_variants(&numbers, &anything) > 500);
}

#[test]
fn unknown_number_in_a_field_that_must_be_understood_fails() {
    let unknown = |item: &Item| match item.value {
        Value::Enumeration(_) if item.tag != Tag::AttributeValue => {
            vec![vec![Item { tag: item.tag, value: Value::Enumeration(0x0FFF_FFFF) }]]
        }
        _ => Vec::new(),
    };
    assert!(send_variants(&unknown, &refused) > 40);
}

#[test]
fn damaged_bytes_are_answered() {
    let world = World::assisted();
    let demo = world.demo();
    let requests = Objects::of(&demo).requests(&demo);
    let mut random = Random::new(0x00C1_A716);
    for request in requests {
        let whole = request.bytes();
        for _ in 0..400 {
            let mut damaged = whole.clone();
            for _ in 0..=random.below(4) {
                let place = random.below(damaged.len());
                damaged[place] = random.byte();
            }
            if random.below(8) == 0 {
                damaged.truncate(random.below(damaged.len()));
            }
            Reply::sound(demo.raw(&damaged));
        }
    }
}
