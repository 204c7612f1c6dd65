//! Application Specific Information: data that the server makes.

use std::collections::BTreeSet;

use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::ttlv::{Item, Value};
use kmip_core::types::{Operation, QueryFunction, ResultReason as Reason, Tag};

use crate::support::World;
use crate::support::ask::{attribute, attribute_at, create, uid};
use crate::support::tree::{Read, enumeration, text};

const ATTRIBUTE: &str = "Application Specific Information";

fn value(namespace: &str, data: Option<&str>) -> Value {
    let mut fields = vec![text(Tag::ApplicationNamespace, namespace)];
    fields.extend(data.map(|data| text(Tag::ApplicationData, data)));
    Value::Structure(fields)
}

fn of(namespace: &str, data: Option<&str>) -> Item {
    attribute(ATTRIBUTE, value(namespace, data))
}

/// The Application Data of a value; there must be some.
fn made(value: &Value) -> String {
    let Value::Structure(fields) = value else { panic!("{value:?}") };
    let data = fields.iter().find(|field| field.tag == Tag::ApplicationData).unwrap();
    let Value::TextString(data) = &data.value else { panic!("{data:?}") };
    data.clone()
}

#[test]
fn library_gets_a_key_identifier_where_it_names_none() {
    let world = World::new();
    let demo = world.demo();
    let namespaces = ["LIBRARY-LTO", "LIBRARY-LTO4", "LIBRARY-LTO5", "LIBRARY-LTO6"];
    let asked = vec![enumeration(Tag::QueryFunction, QueryFunction::QueryApplicationNamespaces.0)];
    let told = demo.ok(Operation::Query, asked).texts(Tag::ApplicationNamespace);
    assert_eq!(told, namespaces);
    let mut identifiers = BTreeSet::new();
    for namespace in namespaces {
        let key = demo.create(vec![of(namespace, None)]);
        identifiers.insert(made(&demo.value(&key, Kind::ApplicationSpecificInformation)));
        let added = demo.ok(Operation::AddAttribute, vec![uid(&key), of(namespace, None)]);
        let added = added.get(Tag::Attribute).get(Tag::AttributeValue).value.clone();
        identifiers.insert(made(&added));
        let again = attribute_at(ATTRIBUTE, 0, value(namespace, None));
        let modified = demo.ok(Operation::ModifyAttribute, vec![uid(&key), again]);
        let modified = modified.get(Tag::Attribute).get(Tag::AttributeValue).value.clone();
        identifiers.insert(made(&modified));
        let values = demo.values(&key, ATTRIBUTE);
        assert_eq!(values.len(), 2);
        assert!(values.contains(&added) && values.contains(&modified));
    }
    assert_eq!(identifiers.len(), 3 * namespaces.len(), "one like another");
    // Bytes of tape format, two upper-case digits each; LTO4 has room for 12 beside what it encrypts.
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'A'..=b'F').contains(&byte);
    assert!(identifiers.iter().all(|one| one.len() == 24 && one.bytes().all(is_digit)));
}

#[test]
fn data_of_other_namespaces_are_their_clients_to_make() {
    let world = World::new();
    let demo = world.demo();
    let refused = Reason::ApplicationNamespaceNotSupported;
    assert_eq!(demo.fails(Operation::Create, create(vec![of("ssl", None)])), refused);
    let key = demo.create(vec![of("ssl", Some("www.example.com"))]);
    assert_eq!(demo.fails(Operation::AddAttribute, vec![uid(&key), of("ssl", None)]), refused);
    let without = attribute_at(ATTRIBUTE, 0, value("ssl", None));
    assert_eq!(demo.fails(Operation::ModifyAttribute, vec![uid(&key), without]), refused);
    let kept = value("ssl", Some("www.example.com"));
    assert_eq!(demo.values(&key, ATTRIBUTE), [kept]);
    // Data that a client brings are kept in every namespace.
    let key = demo.create(vec![of("LIBRARY-LTO", Some("0A"))]);
    assert_eq!(demo.values(&key, ATTRIBUTE), [value("LIBRARY-LTO", Some("0A"))]);
}
