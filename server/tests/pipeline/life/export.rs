//! Export: an object and all that is known of it.

use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::ttlv::{Item, Value};
use kmip_core::types::{
    CryptographicUsageMask as Mask, KeyFormatType, ObjectType, Operation, ProtocolVersion,
    ResultReason as Reason, State, Tag,
};

use crate::support::ask::{CRYPT, create, custom, flag, mask, name, uid};
use crate::support::tree::{Read, enumeration, structure};
use crate::support::{Client, World, keys};

#[track_caller]
fn export(client: &Client<'_>, key: &str, fields: Vec<Item>) -> Item {
    client.ok(Operation::Export, [vec![uid(key)], fields].concat())
}

fn attributes(answer: &Item) -> Vec<Item> {
    answer.all(Tag::Attribute).into_iter().cloned().collect()
}

#[test]
fn export_is_what_get_and_get_attributes_answer_together() {
    let world = World::new();
    let demo = world.demo();
    let own = |bits| vec![mask(bits), custom("x-own", "1"), custom("x-own", "2")];
    let objects = [
        demo.create(vec![name("k"), custom("x-own", "1")]),
        demo.register(ObjectType::PrivateKey, own(Mask::Sign), keys::rsa_private()),
        demo.register(ObjectType::PublicKey, own(Mask::Verify), keys::rsa_public()),
        demo.register(ObjectType::Certificate, own(Mask::Verify), keys::certificate()),
        demo.register(ObjectType::SecretData, own(CRYPT), keys::secret(b"s")),
        demo.register(ObjectType::OpaqueObject, Vec::new(), keys::opaque(b"o")),
    ];
    for object in &objects {
        let answer = export(&demo, object, Vec::new());
        assert_eq!(demo.value(object, Kind::Fresh), Value::Boolean(false), "it was given out");
        let got = demo.ok(Operation::Get, vec![uid(object)]);
        let known = demo.attributes(object);
        assert_eq!(attributes(&answer), attributes(&known));
        let rest = answer.value.children().iter().filter(|child| child.tag != Tag::Attribute);
        assert_eq!(rest.cloned().collect::<Vec<_>>(), got.value.children());
    }
    let pkcs8 = enumeration(Tag::KeyFormatType, KeyFormatType::PKCS_8.0);
    let got = demo.ok(Operation::Get, vec![uid(&objects[1]), pkcs8.clone()]);
    let answer = export(&demo, &objects[1], vec![pkcs8]);
    assert_eq!(answer.get(Tag::PrivateKey), got.get(Tag::PrivateKey));
}

#[test]
fn what_get_refuses_export_refuses() {
    let world = World::new();
    let (demo, other) = (world.demo(), world.other());
    let refused = |client: &Client<'_>, key: &str, fields: Vec<Item>| {
        let payload = [vec![uid(key)], fields].concat();
        let reason = client.fails(Operation::Export, payload.clone());
        assert_eq!(reason, client.fails(Operation::Get, payload), "as Get");
        reason
    };
    let sensitive = demo.create(vec![flag(Kind::Sensitive, true)]);
    assert_eq!(refused(&demo, &sensitive, Vec::new()), Reason::Sensitive);
    let locked = demo.create(vec![flag(Kind::Extractable, false)]);
    assert_eq!(refused(&demo, &locked, Vec::new()), Reason::NotExtractable);
    assert_eq!(refused(&other, &other.create(Vec::new()), Vec::new()), Reason::NotExtractable);
    let key = demo.create(Vec::new());
    let x509 = enumeration(Tag::KeyFormatType, KeyFormatType::X_509.0);
    assert_eq!(refused(&demo, &key, vec![x509]), Reason::KeyFormatTypeNotSupported);
    let packed = vec![enumeration(Tag::KeyCompressionType, 1)];
    assert_eq!(refused(&demo, &key, packed), Reason::KeyCompressionTypeNotSupported);
    let strange = vec![enumeration(Tag::KeyWrapType, 9)];
    assert_eq!(refused(&demo, &key, strange), Reason::InvalidField);
    assert_eq!(refused(&demo, "nobody", Vec::new()), Reason::ItemNotFound);
    demo.ok(Operation::Archive, vec![uid(&key)]);
    assert_eq!(refused(&demo, &key, Vec::new()), Reason::ObjectArchived);
    let old = demo.at(ProtocolVersion::V1_3);
    let unknown = old.fails(Operation::Export, vec![uid(&key)]);
    assert_eq!(unknown, Reason::OperationNotSupported, "1.3 has no Export");
}

#[test]
fn destroyed_key_is_exported_without_its_material() {
    let world = World::new();
    let demo = world.demo();
    let public = vec![mask(Mask::Verify)];
    for (key, tag) in [
        (demo.create(Vec::new()), Tag::SymmetricKey),
        (demo.register(ObjectType::PublicKey, public, keys::rsa_public()), Tag::PublicKey),
    ] {
        let before = export(&demo, &key, Vec::new());
        demo.destroy(&key);
        let answer = export(&demo, &key, Vec::new());
        let block = answer.at(&[tag, Tag::KeyBlock]);
        assert!(!block.has(Tag::KeyValue));
        let format = before.at(&[tag, Tag::KeyBlock]).get(Tag::KeyFormatType);
        assert_eq!(block.get(Tag::KeyFormatType), format);
        assert_eq!(attributes(&answer), attributes(&demo.attributes(&key)));
        assert_eq!(demo.state(&key), State::Destroyed);
        let other = vec![uid(&key), enumeration(Tag::KeyFormatType, KeyFormatType::PKCS_8.0)];
        let refused = demo.fails(Operation::Export, other);
        assert_eq!(refused, Reason::KeyFormatTypeNotSupported);
        let wrap = vec![enumeration(Tag::WrappingMethod, 1)];
        let wrap = vec![uid(&key), structure(Tag::KeyWrappingSpecification, wrap)];
        assert_eq!(demo.fails(Operation::Export, wrap), Reason::IllegalOperation);
    }
    let opaque = demo.register(ObjectType::OpaqueObject, Vec::new(), keys::opaque(b"o"));
    demo.destroy(&opaque);
    let nothing = demo.fails(Operation::Export, vec![uid(&opaque)]);
    assert_eq!(nothing, Reason::IllegalOperation);
}

#[test]
fn export_takes_the_placeholder_and_keeps_it() {
    let world = World::new();
    let demo = world.demo();
    let request = demo.request().next(Operation::Create, create(Vec::new()));
    let request = request.next(Operation::Export, Vec::new());
    let reply = demo.send(&request.next(Operation::Get, Vec::new()));
    let made = reply.item(0).ok().text(Tag::UniqueIdentifier);
    for place in [1, 2] {
        assert_eq!(reply.item(place).ok().text(Tag::UniqueIdentifier), made);
    }
    let key = demo.create(vec![name("k")]);
    let request = demo.request().next(Operation::Export, vec![uid(&key)]);
    let reply = demo.send(&request.next(Operation::GetAttributes, Vec::new()));
    assert_eq!(reply.item(1).ok().text(Tag::UniqueIdentifier), key);
}
