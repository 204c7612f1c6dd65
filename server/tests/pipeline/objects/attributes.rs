//! Attributes: added, modified, deleted, and refused.

use kmip_core::attribute::{AttributeKind as Kind, SetBy};
use kmip_core::ttlv::{DateTime, Interval, Item, Value};
use kmip_core::types::{
    BlockCipherMode, CertificateType, NameType, ObjectType, Operation, RecommendedCurve,
    ResultReason as Reason, RevocationReasonCode, Tag,
};

use crate::support::ask::{
    attribute, attribute_at, create, create_pair, custom, name, of_kind, uid,
};
use crate::support::tree::{Read, bytes, enumeration, integer, text, unsigned};
use crate::support::{Client, START, World, keys};

fn delete(key: &str, name: &str, index: Option<i32>) -> Vec<Item> {
    let mut fields = vec![uid(key), text(Tag::AttributeName, name)];
    fields.extend(index.map(|index| integer(Tag::AttributeIndex, index)));
    fields
}

/// The indices and values of an attribute; the index 0 may be left out.
fn instances(client: &Client<'_>, key: &str, name: &str) -> Vec<(i32, Value)> {
    let asked = vec![uid(key), text(Tag::AttributeName, name)];
    let answer = client.ok(Operation::GetAttributes, asked);
    let read = |attribute: &Item| {
        let index = attribute.child(Tag::AttributeIndex).map_or(0, Read::as_integer);
        (index, attribute.get(Tag::AttributeValue).value.clone())
    };
    answer.all(Tag::Attribute).into_iter().map(read).collect()
}

#[test]
fn index_is_told_wherever_there_may_be_several_instances() {
    let world = World::new();
    let demo = world.demo();
    let key = demo.create(vec![name("one"), custom("x-one", "1")]);
    let index = |answer: &Item| {
        let attribute = answer.get(Tag::Attribute);
        attribute.child(Tag::AttributeIndex).map(Read::as_integer)
    };
    for (attribute, told) in [("Name", Some(0)), ("x-one", Some(0)), ("State", None)] {
        let asked = vec![uid(&key), text(Tag::AttributeName, attribute)];
        assert_eq!(index(&demo.ok(Operation::GetAttributes, asked)), told, "{attribute}");
    }
    let answer = demo.ok(Operation::AddAttribute, vec![uid(&key), name("two")]);
    assert_eq!(index(&answer), Some(1));
    for (attribute, told) in [("Name", Some(0)), ("x-one", Some(0))] {
        let answer = demo.ok(Operation::DeleteAttribute, delete(&key, attribute, None));
        assert_eq!(index(&answer), told, "{attribute}");
    }
}

#[test]
fn names_are_unique_while_their_object_lives() {
    let world = World::new();
    let demo = world.demo();
    let one = demo.create(vec![name("one")]);
    let two = demo.create(vec![name("two")]);
    let twice = create(vec![name("one")]);
    assert_eq!(demo.fails(Operation::Create, twice.clone()), Reason::InvalidField);
    let both = create(vec![name("same"), name("same")]);
    assert_eq!(demo.ask(Operation::Create, both).reason, None, "its own name is no other's");
    let add = vec![uid(&two), name("one")];
    assert_eq!(demo.fails(Operation::AddAttribute, add.clone()), Reason::IllegalOperation);
    let modify = vec![uid(&two), name("one")];
    assert_eq!(demo.fails(Operation::ModifyAttribute, modify), Reason::IllegalOperation);
    assert_eq!(instances(&demo, &two, "Name").len(), 1);
    demo.destroy(&one);
    demo.ok(Operation::AddAttribute, add);
    assert_eq!(demo.fails(Operation::Create, twice.clone()), Reason::InvalidField);
    demo.ok(Operation::DeleteAttribute, delete(&two, "Name", Some(1)));
    demo.ok(Operation::Create, twice);
}

#[test]
fn operation_policy_name_that_is_there_is_added_again_without_harm() {
    let world = World::new();
    let demo = world.demo();
    let key = demo.create(Vec::new());
    let policy = |value: &str| {
        let value = text(Tag::AttributeValue, value).value;
        vec![uid(&key), attribute("Operation Policy Name", value)]
    };
    let answer = demo.ok(Operation::AddAttribute, policy("default"));
    assert_eq!(answer.get(Tag::Attribute).get(Tag::AttributeValue).as_text(), "default");
    let refused = demo.fails(Operation::AddAttribute, policy("public"));
    assert_eq!(refused, Reason::IllegalOperation);
    let had = instances(&demo, &key, "Operation Policy Name");
    assert_eq!(had, [(0, Value::TextString("default".to_owned()))]);
}

#[test]
fn pair_whose_halves_share_a_name_is_refused_whole() {
    let world = World::new();
    let demo = world.demo();
    let ec = vec![
        crate::support::ask::algorithm(kmip_core::types::CryptographicAlgorithm::ECDSA),
        crate::support::ask::length(256),
    ];
    let pair = create_pair(ec, vec![name("pair")], vec![name("pair")]);
    assert_eq!(demo.fails(Operation::CreateKeyPair, pair), Reason::InvalidField);
    assert_eq!(demo.locate(Vec::new()), [] as [String; 0]);
    demo.create(vec![name("pair")]);
}

#[test]
fn custom_attributes_hold_values_of_any_type() {
    let world = World::new();
    let demo = world.demo();
    let values = [
        Value::Structure(vec![
            text(Tag::Comment, "inner"),
            Item { tag: Tag(0x54_0001), value: Value::Structure(vec![integer(Tag(0x54_0002), 3)]) },
        ]),
        Value::Structure(Vec::new()),
        Value::Integer(i32::MIN),
        Value::LongInteger(i64::MIN),
        unsigned(Tag::D, &[0xFF; 20]).value,
        Value::Enumeration(0x8000_0001),
        Value::Boolean(false),
        Value::TextString("\u{1F511} text \u{202E}".to_owned()),
        Value::TextString(String::new()),
        bytes(Tag::Data, &[0; 3]).value,
        Value::DateTime(DateTime(-5)),
        Value::Interval(Interval(u32::MAX)),
    ];
    let key = demo.create(Vec::new());
    for (place, value) in values.iter().enumerate() {
        let called = format!("x-{place}");
        let add = vec![uid(&key), attribute(&called, value.clone())];
        demo.raw(&demo.request().item(Operation::AddAttribute, add).bytes());
        let asked = vec![uid(&key), text(Tag::AttributeName, &called)];
        let request = demo.request().item(Operation::GetAttributes, asked);
        let answer = Item::from_bytes(&demo.raw(&request.bytes())).unwrap();
        let path = [Tag::BatchItem, Tag::ResponsePayload, Tag::Attribute, Tag::AttributeValue];
        assert_eq!(answer.at(&path).value, *value);
        if !matches!(value, Value::Structure(_)) {
            let found = demo.locate(vec![attribute(&called, value.clone())]);
            assert_eq!(found, [key.clone()], "{value:?}");
        }
    }
}

#[test]
fn indices_begin_at_0_and_never_shift() {
    let world = World::new();
    let demo = world.demo();
    let key = demo.create(vec![custom("x-n", "a"), custom("x-n", "b"), custom("x-n", "c")]);
    let value = |text: &str| Value::TextString(text.to_owned());
    let deleted = demo.ok(Operation::DeleteAttribute, delete(&key, "x-n", Some(1)));
    assert_eq!(deleted.at(&[Tag::Attribute, Tag::AttributeValue]).value, value("b"));
    assert_eq!(instances(&demo, &key, "x-n"), [(0, value("a")), (2, value("c"))]);
    let gone = demo.fails(Operation::DeleteAttribute, delete(&key, "x-n", Some(1)));
    assert_eq!(gone, Reason::ItemNotFound);
    demo.ok(Operation::ModifyAttribute, vec![uid(&key), attribute_at("x-n", 2, value("C"))]);
    demo.ok(Operation::ModifyAttribute, vec![uid(&key), custom("x-n", "A")]);
    assert_eq!(instances(&demo, &key, "x-n"), [(0, value("A")), (2, value("C"))]);
    let added = demo.ok(Operation::AddAttribute, vec![uid(&key), custom("x-n", "d")]);
    assert_eq!(added.at(&[Tag::Attribute, Tag::AttributeIndex]).as_integer(), 3);
    for index in [-1, 1, 4, i32::MIN, i32::MAX] {
        let modify = vec![uid(&key), attribute_at("x-n", index, value("z"))];
        assert_eq!(demo.fails(Operation::ModifyAttribute, modify), Reason::ItemNotFound);
        let absent = demo.fails(Operation::DeleteAttribute, delete(&key, "x-n", Some(index)));
        assert_eq!(absent, Reason::ItemNotFound, "{index}");
    }
    let indexed = vec![uid(&key), attribute_at("x-n", 7, value("z"))];
    assert_eq!(demo.fails(Operation::AddAttribute, indexed), Reason::InvalidField);
}

/// A value for each attribute of the specification that has the right type.
fn some_value(kind: Kind) -> Value {
    use kmip_core::attribute::rules::AttributeType as Type;
    match kind.rule().value {
        Type::Text => Value::TextString("t".to_owned()),
        Type::Integer | Type::Mask => Value::Integer(1),
        Type::Enumeration => Value::Enumeration(1),
        Type::Boolean => Value::Boolean(true),
        Type::DateTime => Value::DateTime(DateTime(START)),
        Type::Interval => Value::Interval(Interval(1)),
        Type::Structure(_) => Value::Structure(Vec::new()),
    }
}

#[test]
fn read_only_attributes_are_refused_in_every_way() {
    let world = World::new();
    let demo = world.demo();
    let key = demo.create(Vec::new());
    let before = demo.attributes(&key);
    for kind in Kind::ALL.iter().copied() {
        let rule = kind.rule();
        let value = || of_kind(kind, some_value(kind));
        if rule.set_by == SetBy::Server {
            let made = demo.ask(Operation::Create, create(vec![value()]));
            assert_eq!(made.reason(), Reason::InvalidField, "{kind:?}");
            let added = demo.ask(Operation::AddAttribute, vec![uid(&key), value()]);
            let known = matches!(added.reason(), Reason::PermissionDenied | Reason::InvalidField);
            assert!(known, "{kind:?}");
        }
        if !rule.client_may_modify {
            let modified = demo.ask(Operation::ModifyAttribute, vec![uid(&key), value()]);
            let refused = modified.reason();
            assert!(matches!(refused, Reason::PermissionDenied | Reason::InvalidField), "{kind:?}");
        }
        if !rule.client_may_delete {
            let deleted = demo.ask(Operation::DeleteAttribute, delete(&key, kind.name(), None));
            assert_eq!(deleted.reason(), Reason::PermissionDenied, "{kind:?}");
        }
    }
    assert_eq!(demo.attributes(&key), before);
}

#[test]
fn server_attributes_cannot_be_set_by_clients() {
    let world = World::new();
    let demo = world.demo();
    let key = demo.create(Vec::new());
    let own = || custom("y-own", "1");
    assert_eq!(demo.fails(Operation::Create, create(vec![own()])), Reason::InvalidField);
    for operation in [Operation::AddAttribute, Operation::ModifyAttribute] {
        assert_eq!(demo.fails(operation, vec![uid(&key), own()]), Reason::PermissionDenied);
    }
    let deleted = demo.fails(Operation::DeleteAttribute, delete(&key, "y-own", None));
    assert_eq!(deleted, Reason::PermissionDenied);
}

#[test]
fn attributes_that_are_not_there_are_neither_modified_nor_deleted() {
    let world = World::new();
    let demo = world.demo();
    let key = demo.create(Vec::new());
    let modify = vec![uid(&key), custom("x-none", "1")];
    assert_eq!(demo.fails(Operation::ModifyAttribute, modify), Reason::InvalidField);
    let gone = demo.fails(Operation::DeleteAttribute, delete(&key, "x-none", None));
    assert_eq!(gone, Reason::ItemNotFound);
    let unknown = demo.fails(Operation::DeleteAttribute, delete(&key, "Colour", None));
    assert_eq!(unknown, Reason::ItemNotFound);
    let single = |value: &str| of_kind(Kind::Description, Value::TextString(value.to_owned()));
    demo.ok(Operation::AddAttribute, vec![uid(&key), single("a")]);
    let again = demo.fails(Operation::AddAttribute, vec![uid(&key), single("b")]);
    assert_eq!(again, Reason::IllegalOperation);
}

#[test]
fn changes_are_told_and_dated() {
    let world = World::new();
    let demo = world.demo();
    let key = demo.create(vec![name("old")]);
    world.clock.advance(3);
    // Synology needs the attribute back, and Krill renames its keys like this.
    let answer = demo.ok(Operation::ModifyAttribute, vec![uid(&key), name("new")]);
    assert_eq!(answer.tags(), [Tag::UniqueIdentifier, Tag::Attribute]);
    let value = answer.at(&[Tag::Attribute, Tag::AttributeValue]);
    assert_eq!(value.text(Tag::NameValue), "new");
    let change = Value::DateTime(DateTime(START + 3));
    assert_eq!(demo.value(&key, Kind::LastChangeDate), change);
    assert_eq!(demo.locate(vec![name("old")]), [] as [String; 0]);
    assert_eq!(demo.locate(vec![name("new")]), [key]);
}

#[test]
fn free_attributes_change_in_every_state_but_the_last() {
    let world = World::new();
    let demo = world.demo();
    let active = demo.active(Vec::new());
    let deactivated = demo.active(Vec::new());
    demo.revoke(&deactivated, RevocationReasonCode::Superseded);
    let compromised = demo.create(Vec::new());
    demo.revoke(&compromised, RevocationReasonCode::KeyCompromise);
    for key in [demo.create(Vec::new()), active, deactivated, compromised] {
        demo.ok(Operation::AddAttribute, vec![uid(&key), custom("x-a", "1")]);
        demo.ok(Operation::ModifyAttribute, vec![uid(&key), custom("x-a", "2")]);
        demo.ok(Operation::DeleteAttribute, delete(&key, "x-a", None));
    }
    let gone = demo.create(vec![custom("x-a", "1")]);
    demo.destroy(&gone);
    let payload = vec![uid(&gone), custom("x-a", "2")];
    assert_eq!(demo.fails(Operation::ModifyAttribute, payload.clone()), Reason::ItemNotFound);
    assert_eq!(demo.fails(Operation::AddAttribute, payload), Reason::ItemNotFound);
    assert_eq!(instances(&demo, &gone, "x-a").len(), 1);
}

/// A Name of another type is another Name.
#[test]
fn names_are_uris_too() {
    let world = World::new();
    let demo = world.demo();
    let fields = vec![text(Tag::NameValue, "urn:k"), enumeration(Tag::NameType, NameType::URI.0)];
    let uri = of_kind(Kind::Name, Value::Structure(fields));
    let key = demo.create(vec![uri.clone()]);
    assert_eq!(demo.locate(vec![uri]), [key]);
    assert_eq!(demo.locate(vec![name("urn:k")]), [] as [String; 0]);
}

#[test]
fn object_takes_no_attribute_of_another_kind_of_object() {
    let world = World::new();
    let demo = world.demo();
    let key = demo.create(Vec::new());
    let opaque = demo.register(ObjectType::OpaqueObject, Vec::new(), keys::opaque(b"o"));
    let certificate = demo.register(ObjectType::Certificate, Vec::new(), keys::certificate());
    let cbc = vec![enumeration(Tag::BlockCipherMode, BlockCipherMode::CBC.0)];
    let curve = vec![enumeration(Tag::RecommendedCurve, RecommendedCurve::P_256.0)];
    for (object, kind, value) in [
        (&key, Kind::CertificateType, Value::Enumeration(CertificateType::X_509.0)),
        (&key, Kind::CertificateLength, Value::Integer(7)),
        (&key, Kind::CryptographicDomainParameters, Value::Structure(curve)),
        (&opaque, Kind::CryptographicParameters, Value::Structure(cbc)),
        (&opaque, Kind::CryptographicAlgorithm, Value::Enumeration(3)),
        (&certificate, Kind::ProtectStopDate, Value::DateTime(DateTime(START + 5))),
    ] {
        let before = demo.attributes(object);
        let added = demo.fails(Operation::AddAttribute, vec![uid(object), of_kind(kind, value)]);
        assert_eq!(added, Reason::PermissionDenied, "{kind:?}");
        assert_eq!(demo.attributes(object), before);
    }
}
