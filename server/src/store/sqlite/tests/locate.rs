use kmip_core::attribute::{AttributeName, Link};
use kmip_core::ttlv::{Item, Value};
use kmip_core::types::{LinkType, Tag};

use super::*;
use crate::store::sqlite::locate::plan;
use crate::store::{Criterion, FieldMatch};

fn by(criteria: &[Criterion]) -> Filter {
    Filter { criteria: criteria.to_vec(), ..everything() }
}

fn found(store: &SqliteStore, criteria: &[Criterion]) -> Vec<String> {
    let page = locate(store, &by(criteria));
    assert_eq!(page.located, page.identifiers.len());
    page.identifiers.iter().map(ToString::to_string).collect()
}

fn field(tag: Tag, value: Value) -> Item {
    Item { tag, value }
}

fn equals(kind: AttributeKind, value: &Value) -> Criterion {
    Criterion::equals(kind.into(), value)
}

fn by_name(name: &str) -> Criterion {
    let value = Value::TextString(name.into());
    equals(AttributeKind::Name, &Value::Structure(vec![field(Tag::NameValue, value)]))
}

fn with(id: &str, kind: AttributeKind, value: Value) -> ManagedObject {
    let mut object = object(id);
    object.attributes.set_value(&kind.into(), value);
    object
}

#[test]
fn locate_returns_everything_in_either_order_a_page_at_a_time() {
    let store = store();
    for id in ["a", "b", "c", "d"] {
        insert(&store, &[&object(id)]);
    }
    assert_eq!(uids(&locate(&store, &everything())), ["d", "c", "b", "a"]);
    let state = equals(AttributeKind::State, &Value::Enumeration(State::PreActive.0));
    for criteria in [vec![], vec![state]] {
        let filter = Filter { criteria, offset: 1, limit: 2, ..everything() };
        let page = locate(&store, &filter);
        assert_eq!((uids(&page), page.located), (vec!["c", "b"], 4));
        let oldest = locate(&store, &Filter { order: Order::OldestFirst, ..filter.clone() });
        assert_eq!((uids(&oldest), oldest.located), (vec!["b", "c"], 4));
        let beyond = locate(&store, &Filter { offset: 9, ..filter.clone() });
        assert_eq!((uids(&beyond), beyond.located), (vec![], 4));
        let none = locate(&store, &Filter { limit: 0, ..filter });
        assert_eq!((uids(&none), none.located), (vec![], 4));
    }
}

#[test]
fn locate_compares_scalars_by_type_and_value() {
    let store = store();
    let tag = AttributeName::new("x-tag");
    let values = [Value::Integer(1), Value::LongInteger(1), Value::TextString("1".into())];
    for (id, value) in ["a", "b", "c"].into_iter().zip(&values) {
        let mut object = object(id);
        object.attributes.set_value(&tag, value.clone());
        insert(&store, &[&object]);
    }
    for (id, value) in ["a", "b", "c"].into_iter().zip(&values) {
        assert_eq!(found(&store, &[Criterion::equals(tag.clone(), value)]), [id]);
    }
    let other = Criterion::equals(tag, &Value::Integer(2));
    assert!(found(&store, &[other]).is_empty());
    let unknown = Criterion::equals(AttributeName::new("x-none"), &Value::Integer(1));
    assert!(found(&store, &[unknown]).is_empty());
}

#[test]
fn locate_matches_a_structure_on_the_fields_given_of_one_instance() {
    let store = store();
    let link = |kind, to: &str| {
        Value::of(&Link { link_type: kind, linked_object_identifier: UniqueIdentifier::new(to) })
    };
    let mut one = object("a");
    one.attributes.add(AttributeKind::Link.into(), link(LinkType::PublicKeyLink, "p"));
    one.attributes.add(AttributeKind::Link.into(), link(LinkType::CertificateLink, "c"));
    insert(&store, &[&one, &object("b")]);
    let kind = |kind: LinkType| field(Tag::LinkType, Value::Enumeration(kind.0));
    let to = |text: &str| field(Tag::LinkedObjectIdentifier, Value::TextString(text.to_owned()));
    let links = |fields: Vec<Item>| {
        found(&store, &[equals(AttributeKind::Link, &Value::Structure(fields))])
    };
    assert_eq!(links(vec![kind(LinkType::PublicKeyLink)]), ["a"]);
    assert_eq!(links(vec![to("c")]), ["a"]);
    assert_eq!(links(vec![kind(LinkType::CertificateLink), to("c")]), ["a"]);
    assert_eq!(links(vec![to("c"), kind(LinkType::CertificateLink)]), ["a"]);
    // Both are there, but not in one instance.
    assert!(links(vec![kind(LinkType::PublicKeyLink), to("c")]).is_empty());
    assert!(links(vec![to("p"), kind(LinkType::CertificateLink)]).is_empty());
    // No field given: the attribute is there.
    assert_eq!(links(vec![]), ["a"]);
    let empty = Criterion::Fields { name: AttributeKind::Link.into(), fields: vec![] };
    assert_eq!(found(&store, &[empty]), ["a"]);
    assert_eq!(found(&store, &[Criterion::Present { name: AttributeKind::State.into() }]).len(), 2);
}

#[test]
fn locate_meets_criteria_in_different_instances_but_all_of_them() {
    let store = store();
    let mut one = named("a", "n");
    add_name(&mut one, "m");
    insert(&store, &[&one, &named("b", "n")]);
    assert_eq!(found(&store, &[by_name("n"), by_name("m")]), ["a"]);
    assert_eq!(found(&store, &[by_name("n"), by_name("n")]), ["b", "a"]);
    assert!(found(&store, &[by_name("n"), by_name("x")]).is_empty());
    let active = equals(AttributeKind::State, &Value::Enumeration(State::Active.0));
    assert!(found(&store, &[by_name("n"), active]).is_empty());
}

#[test]
fn locate_finds_one_object_once_however_many_instances_match() {
    let store = store();
    let mut one = named("a", "n");
    add_name(&mut one, "m");
    insert(&store, &[&one]);
    assert_eq!(found(&store, &[Criterion::Present { name: AttributeKind::Name.into() }]), ["a"]);
}

#[test]
fn locate_finds_ranges_with_both_ends() {
    let store = store();
    let kind = AttributeKind::ActivationDate;
    for (id, date) in [("a", -10), ("b", 10), ("c", 20), ("d", 30)] {
        insert(&store, &[&with(id, kind, Value::DateTime(DateTime(date)))]);
    }
    let range = |low, high| found(&store, &[Criterion::Range { name: kind.into(), low, high }]);
    assert_eq!(range(10, 20), ["c", "b"]);
    assert_eq!(range(i64::MIN, 10), ["b", "a"]);
    assert_eq!(range(30, i64::MAX), ["d"]);
    assert!(range(20, 10).is_empty());
}

#[test]
fn locate_finds_masks_that_have_all_the_bits() {
    let store = store();
    let kind = AttributeKind::CryptographicUsageMask;
    for (id, bits) in [("a", 0b0001), ("b", 0b0111), ("c", i32::MIN | 0b0110)] {
        insert(&store, &[&with(id, kind, Value::Integer(bits))]);
    }
    let bits = |bits| Criterion::HasBits { name: kind.into(), bits };
    assert_eq!(found(&store, &[bits(0b0110)]), ["c", "b"]);
    assert_eq!(found(&store, &[bits(0b0011)]), ["b"]);
    assert_eq!(found(&store, &[bits(0x8000_0000)]), ["c"]);
    assert_eq!(found(&store, &[bits(0)]).len(), 3);
    let uid = equals(AttributeKind::UniqueIdentifier, &Value::TextString("b".into()));
    assert_eq!(found(&store, &[bits(0b0110), uid]), ["b"]);
}

#[test]
fn locate_takes_a_greater_number_where_at_least_is_asked() {
    let store = store();
    let kind = AttributeKind::UsageLimits;
    let limits = |total: i64, unit: u32| {
        Value::Structure(vec![
            field(Tag::UsageLimitsTotal, Value::LongInteger(total)),
            field(Tag::UsageLimitsUnit, Value::Enumeration(unit)),
        ])
    };
    insert(&store, &[&with("a", kind, limits(10, 1)), &with("b", kind, limits(20, 2))]);
    let total =
        |least: i64| FieldMatch::at_least(&field(Tag::UsageLimitsTotal, Value::LongInteger(least)));
    let search =
        |fields: Vec<FieldMatch>| found(&store, &[Criterion::Fields { name: kind.into(), fields }]);
    assert_eq!(search(vec![total(10)]), ["b", "a"]);
    assert_eq!(search(vec![total(11)]), ["b"]);
    assert!(search(vec![total(21)]).is_empty());
    let Criterion::Fields { fields, .. } = equals(kind, &limits(10, 1)) else { unreachable!() };
    assert_eq!(search(vec![total(5), fields[1].clone()]), ["a"]);
}

#[test]
fn locate_tells_objects_in_use_from_archived_ones() {
    let store = store();
    let put_by = with("b", AttributeKind::ArchiveDate, Value::DateTime(DateTime(1)));
    insert(&store, &[&object("a"), &put_by]);
    let search = |online, archived| locate(&store, &Filter { online, archived, ..everything() });
    assert_eq!(uids(&search(true, false)), ["a"]);
    assert_eq!(uids(&search(false, true)), ["b"]);
    assert_eq!(uids(&search(true, true)), ["b", "a"]);
    assert_eq!(search(false, false), Page::default());
}

#[test]
fn locate_follows_the_attributes_as_they_change() {
    let store = store();
    let mut one = named("a", "n");
    insert(&store, &[&one]);
    one.attributes.remove(&AttributeKind::Name.into(), 0);
    add_name(&mut one, "m");
    store.save(&grant(), &[&at(1, &one)], true).unwrap();
    assert!(found(&store, &[by_name("n")]).is_empty());
    assert_eq!(found(&store, &[by_name("m")]), ["a"]);
}

#[test]
fn locate_does_not_mix_up_text_and_statement() {
    let store = store();
    let odd = "x' OR '1'='1\" -- \0?1";
    insert(&store, &[&named("a", odd), &named("b", "n")]);
    assert_eq!(found(&store, &[by_name(odd)]), ["a"]);
    let name = AttributeName::new("x-' OR 1=1 --");
    assert!(found(&store, &[Criterion::Present { name }]).is_empty());
}

#[test]
fn locate_refuses_more_conditions_than_sqlite_could_nest() {
    let store = store();
    insert(&store, &[&named("a", "n")]);
    let names = |count: usize| -> Vec<Criterion> {
        (0..count).map(|number| by_name(&number.to_string())).collect()
    };
    assert!(found(&store, &names(256)).is_empty());
    let result = store.locate(&grant(), &by(&names(257)));
    assert!(matches!(result, Err(StoreError::Engine(_))));
    // The longest statement, with nothing to cut it short.
    let mut one = object("b");
    for number in 0..256 {
        add_name(&mut one, &number.to_string());
    }
    insert(&store, &[&one]);
    assert_eq!(found(&store, &names(256)), ["b"]);
}

#[test]
fn locate_drives_by_the_rarest_criterion() {
    let store = store();
    for number in 0..200 {
        let mut object = named(&format!("o{number}"), &format!("n{}", number % 100));
        object.attributes.set(AttributeKind::ObjectGroup, &format!("g{}", number / 10));
        insert(&store, &[&object]);
    }
    let text = |text: &str| Value::TextString(text.into());
    let criteria = [
        equals(AttributeKind::State, &Value::Enumeration(State::PreActive.0)),
        equals(AttributeKind::ObjectGroup, &text("g1")),
        by_name("n17"),
    ];
    assert_eq!(found(&store, &criteria), ["o17"]);
    let name = AttributeKind::Name.into();
    let both = [Criterion::Present { name }, criteria[1].clone()];
    assert_eq!(found(&store, &both).len(), 10);
    // All of them reach the first bound.
    let common = [criteria[0].clone(), equals(AttributeKind::ObjectType, &Value::Enumeration(2))];
    assert_eq!(found(&store, &common).len(), 200);
}

/// What SQLite makes of a Locate.
fn explain(store: &SqliteStore, criteria: &[Criterion]) -> Vec<String> {
    store
        .read(|connection| {
            let sql = plan(connection, &Scope::new("demo"), &by(criteria))?;
            Ok(sql.unwrap().explain(connection))
        })
        .unwrap()
}

#[test]
fn locate_never_scans() {
    let store = store();
    let mut one = with("a", AttributeKind::ActivationDate, Value::DateTime(DateTime(1)));
    one.attributes.set_value(&AttributeKind::CryptographicUsageMask.into(), Value::Integer(3));
    add_name(&mut one, "n");
    insert(&store, &[&one]);
    let name = AttributeKind::ActivationDate.into();
    let range = Criterion::Range { name, low: 0, high: 9 };
    let bits = Criterion::HasBits { name: AttributeKind::CryptographicUsageMask.into(), bits: 1 };
    let state = equals(AttributeKind::State, &Value::Enumeration(State::PreActive.0));
    let shapes = [
        vec![],
        vec![by_name("n")],
        vec![range.clone()],
        vec![bits.clone()],
        vec![by_name("n"), range, bits, state],
    ];
    for shape in &shapes {
        let plan = explain(&store, shape);
        assert!(!plan.iter().any(|line| line.contains("SCAN")), "{plan:#?}");
    }
    let plan = explain(&store, &[by_name("n")]);
    assert_eq!(
        plan,
        [
            "SEARCH a USING COVERING INDEX attribute_by_key \
             (scope=? AND name=? AND field=? AND key=?)",
            "SEARCH o USING COVERING INDEX object_found (scope=? AND id=?)",
        ]
    );
}
