//! Sensitive and Extractable: who may read what.

use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::ttlv::Value;
use kmip_core::types::{
    CryptographicAlgorithm, KeyFormatType, ObjectType, Operation, ProtocolVersion,
    ResultReason as Reason, SecretDataType, Tag,
};

use crate::support::ask::{CRYPT, algorithm, flag, mask, uid};
use crate::support::tree::{Read, enumeration, structure};
use crate::support::{World, keys};

#[test]
fn keys_that_may_leave_are_read_and_others_say_why_not() {
    let world = World::new();
    let demo = world.demo();
    for (sensitive, extractable, new, old) in [
        (false, true, None, None),
        (true, true, Some(Reason::Sensitive), Some(Reason::PermissionDenied)),
        (false, false, Some(Reason::NotExtractable), Some(Reason::PermissionDenied)),
        (true, false, Some(Reason::NotExtractable), Some(Reason::PermissionDenied)),
    ] {
        let flags = || vec![flag(Kind::Sensitive, sensitive), flag(Kind::Extractable, extractable)];
        let registered = [flags(), vec![mask(CRYPT)]].concat();
        for key in [
            demo.create(flags()),
            demo.register(ObjectType::SymmetricKey, registered.clone(), keys::aes_key()),
            demo.register(ObjectType::PrivateKey, registered.clone(), keys::rsa_private()),
            demo.register(ObjectType::SecretData, registered, keys::secret(b"s")),
            demo.register(ObjectType::OpaqueObject, flags(), keys::opaque(b"o")),
        ] {
            assert_eq!(demo.ask(Operation::Get, vec![uid(&key)]).reason, new);
            for version in &ProtocolVersion::SUPPORTED[1..] {
                assert_eq!(demo.at(*version).ask(Operation::Get, vec![uid(&key)]).reason, old);
            }
            let is = |kind| demo.value(&key, kind);
            assert_eq!(is(Kind::Sensitive), Value::Boolean(sensitive));
            assert_eq!(is(Kind::AlwaysSensitive), Value::Boolean(sensitive));
            assert_eq!(is(Kind::Extractable), Value::Boolean(extractable));
            assert_eq!(is(Kind::NeverExtractable), Value::Boolean(!extractable));
        }
    }
}

#[test]
fn defaults_where_export_is_allowed_are_those_of_the_specification() {
    let world = World::new();
    let demo = world.demo();
    let key = demo.create(Vec::new());
    assert_eq!(demo.value(&key, Kind::Sensitive), Value::Boolean(false));
    assert_eq!(demo.value(&key, Kind::Extractable), Value::Boolean(true));
    let public = demo.register(ObjectType::PublicKey, vec![mask(CRYPT)], keys::rsa_public());
    assert_eq!(demo.value(&public, Kind::Sensitive), Value::Boolean(false));
}

/// There is no way back: a key that was shut stays shut, and its history is told truly.
#[test]
fn modifying_shuts_a_key_for_good() {
    let world = World::new();
    let demo = world.demo();
    let modify = |key: &str, kind, value| {
        demo.ask(Operation::ModifyAttribute, vec![uid(key), flag(kind, value)]).reason
    };
    for (kind, shut, reason, history) in [
        (Kind::Sensitive, true, Reason::Sensitive, Kind::AlwaysSensitive),
        (Kind::Extractable, false, Reason::NotExtractable, Kind::NeverExtractable),
    ] {
        let registered =
            demo.register(ObjectType::SymmetricKey, vec![mask(CRYPT)], keys::aes_key());
        let secret = demo.register(ObjectType::SecretData, vec![mask(CRYPT)], keys::secret(b"s"));
        for key in [demo.create(Vec::new()), registered, secret] {
            demo.ok(Operation::Get, vec![uid(&key)]);
            assert_eq!(modify(&key, kind, shut), None);
            assert_eq!(demo.fails(Operation::Get, vec![uid(&key)]), reason);
            assert_eq!(modify(&key, kind, !shut), Some(Reason::PermissionDenied));
            assert_eq!(modify(&key, kind, shut), None);
            // It was not so always.
            assert_eq!(demo.value(&key, history), Value::Boolean(false));
            assert_eq!(demo.fails(Operation::Get, vec![uid(&key)]), reason);
        }
    }
}

#[test]
fn fresh_ends_with_the_first_reading() {
    let world = World::new();
    let demo = world.demo();
    let key = demo.create(Vec::new());
    assert_eq!(demo.value(&key, Kind::Fresh), Value::Boolean(true));
    demo.attributes(&key);
    assert_eq!(demo.value(&key, Kind::Fresh), Value::Boolean(true));
    let got = demo.ok(Operation::Get, vec![uid(&key)]);
    assert!(got.has(Tag::SymmetricKey));
    assert_eq!(demo.value(&key, Kind::Fresh), Value::Boolean(false));
}

#[test]
fn object_whose_value_is_elsewhere_is_told_to_whoever_asks() {
    let block = |format: KeyFormatType| {
        structure(Tag::KeyBlock, vec![enumeration(Tag::KeyFormatType, format.0)])
    };
    let secret = structure(
        Tag::SecretData,
        vec![
            enumeration(Tag::SecretDataType, SecretDataType::Password.0),
            block(KeyFormatType::Opaque),
        ],
    );
    for world in [World::new(), World::assisted()] {
        // The scope `other` may not export, and a One Time Pad stays where it is used.
        for client in [world.demo(), world.other()] {
            for also in [Vec::new(), vec![algorithm(CryptographicAlgorithm::OneTimePad)]] {
                let given = [vec![mask(CRYPT)], also].concat();
                let key = client.register(ObjectType::SecretData, given, secret.clone());
                let told = client.ok(Operation::Get, vec![uid(&key)]);
                let told = told.at(&[Tag::SecretData, Tag::KeyBlock]);
                assert!(told.has(Tag::KeyFormatType) && !told.has(Tag::KeyValue));
            }
        }
    }
}
