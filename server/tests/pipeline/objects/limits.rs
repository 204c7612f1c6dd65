//! Usage Limits: exact, whoever draws on them at once.

use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::ttlv::{Item, Value};
use kmip_core::types::{BlockCipherMode, Operation, ResultReason as Reason, Tag, UsageLimitsUnit};

use crate::support::ask::{data, of_kind, plain_mode, uid};
use crate::support::tree::{enumeration, long, structure};
use crate::support::{Client, World};

fn limits(total: i64, count: Option<i64>, unit: UsageLimitsUnit) -> Item {
    let mut fields = vec![long(Tag::UsageLimitsTotal, total)];
    fields.extend(count.map(|count| long(Tag::UsageLimitsCount, count)));
    fields.push(enumeration(Tag::UsageLimitsUnit, unit.0));
    of_kind(Kind::UsageLimits, Value::Structure(fields))
}

fn encrypt(client: &Client<'_>, key: &str, bytes: usize) -> Option<Reason> {
    let ecb = plain_mode(BlockCipherMode::ECB);
    client.ask(Operation::Encrypt, vec![uid(key), ecb, data(&vec![0; bytes])]).reason
}

fn left(client: &Client<'_>, key: &str) -> Value {
    let value = client.value(key, Kind::UsageLimits);
    structure(Tag::UsageLimits, value.children().to_vec())
        .child(Tag::UsageLimitsCount)
        .unwrap()
        .value
        .clone()
}

#[test]
fn bytes_and_objects_are_counted_exactly() {
    let world = World::new();
    let demo = world.demo();
    // What the client says of the count is ignored.
    let key = demo.active(vec![limits(100, Some(5_000), UsageLimitsUnit::Byte)]);
    assert_eq!(left(&demo, &key), Value::LongInteger(100));
    assert_eq!(encrypt(&demo, &key, 48), None);
    assert_eq!(left(&demo, &key), Value::LongInteger(52));
    assert_eq!(encrypt(&demo, &key, 64), Some(Reason::PermissionDenied));
    assert_eq!(left(&demo, &key), Value::LongInteger(52), "a refusal costs nothing");
    assert_eq!(encrypt(&demo, &key, 48), None);
    assert_eq!(encrypt(&demo, &key, 16), Some(Reason::PermissionDenied));
    let ecb = plain_mode(BlockCipherMode::ECB);
    demo.decrypt(&key, vec![ecb, data(&[0; 4_800])]);
    let key = demo.active(vec![limits(2, None, UsageLimitsUnit::Object)]);
    let results = [1_600, 16, 16].map(|bytes| encrypt(&demo, &key, bytes));
    assert_eq!(results, [None, None, Some(Reason::PermissionDenied)]);
}

#[test]
fn malformed_requests_cost_nothing() {
    let world = World::new();
    let demo = world.demo();
    let key = demo.active(vec![limits(2, None, UsageLimitsUnit::Object)]);
    let wrong = vec![uid(&key), plain_mode(BlockCipherMode::XTS), data(&[0; 16])];
    demo.fails(Operation::Encrypt, wrong);
    assert_eq!(left(&demo, &key), Value::LongInteger(2));
}

#[test]
fn limits_hold_under_eight_threads() {
    let world = World::new();
    let demo = world.demo();
    let key = demo.active(vec![limits(50, None, UsageLimitsUnit::Object)]);
    let world = &world;
    let key = key.as_str();
    let used: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(move || {
                    let demo = world.demo();
                    let mut done = 0;
                    for _ in 0..20 {
                        match encrypt(&demo, key, 16) {
                            None => done += 1,
                            // Too many at once: nothing was taken, and the client may try again.
                            Some(Reason::GeneralFailure | Reason::PermissionDenied) => {}
                            Some(other) => panic!("{other:?}"),
                        }
                    }
                    done
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    let Value::LongInteger(rest) = left(&demo, key) else { panic!("no count") };
    assert_eq!(i64::try_from(used).unwrap() + rest, 50, "every use is counted once");
    let rest = usize::try_from(rest).unwrap();
    for _ in 0..rest {
        assert_eq!(encrypt(&demo, key, 16), None);
    }
    assert_eq!(encrypt(&demo, key, 16), Some(Reason::PermissionDenied));
}

#[test]
fn limits_are_changed_before_the_first_use_only() {
    let world = World::new();
    let demo = world.demo();
    let key = demo.active(vec![limits(10, None, UsageLimitsUnit::Object)]);
    let modify = |total| {
        let new = limits(total, None, UsageLimitsUnit::Object);
        demo.ask(Operation::ModifyAttribute, vec![uid(&key), new]).reason
    };
    assert_eq!(modify(3), None);
    assert_eq!(left(&demo, &key), Value::LongInteger(3));
    for wrong in [0, -1, i64::MIN] {
        assert_eq!(modify(wrong), Some(Reason::InvalidField), "{wrong}");
    }
    assert_eq!(encrypt(&demo, &key, 16), None);
    assert_eq!(modify(100), Some(Reason::PermissionDenied));
    let delete = vec![uid(&key), crate::support::tree::text(Tag::AttributeName, "Usage Limits")];
    assert_eq!(demo.fails(Operation::DeleteAttribute, delete), Reason::PermissionDenied);
    assert_eq!(left(&demo, &key), Value::LongInteger(2));
    let fresh = demo.create(Vec::new());
    let add = vec![uid(&fresh), limits(-5, Some(7), UsageLimitsUnit::Byte)];
    assert_eq!(demo.fails(Operation::AddAttribute, add), Reason::InvalidField);
    let add = vec![uid(&fresh), limits(9, Some(7_000), UsageLimitsUnit::Byte)];
    demo.ok(Operation::AddAttribute, add);
    assert_eq!(left(&demo, &fresh), Value::LongInteger(9));
}
