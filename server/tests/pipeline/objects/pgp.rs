//! PGP keys: kept sealed, given back as they came, used for nothing.

use kmip_core::types::{
    CryptographicUsageMask as Mask, KeyFormatType, ObjectType, Operation, ProtocolVersion,
    QueryFunction, ResultReason as Reason, RevocationReasonCode, State, Tag,
};

use crate::support::ask::{data, mask, register, uid};
use crate::support::tree::{Read, enumeration};
use crate::support::{World, keys};

fn usage() -> Vec<kmip_core::ttlv::Item> {
    vec![mask(Mask::Sign.union(Mask::Verify))]
}

#[test]
fn pgp_key_lives_as_other_keys_do_but_is_used_for_nothing() {
    let world = World::new();
    let demo = world.demo();
    let key = demo.register(ObjectType::PGPKey, usage(), keys::pgp(4));
    assert_eq!(demo.state(&key), State::PreActive);
    demo.activate(&key);
    let sign = demo.fails(Operation::Sign, vec![uid(&key), data(b"text")]);
    assert_eq!(sign, Reason::IllegalOperation);
    let other = vec![uid(&key), enumeration(Tag::KeyFormatType, KeyFormatType::X_509.0)];
    assert_eq!(demo.fails(Operation::Get, other), Reason::KeyFormatTypeNotSupported);
    demo.revoke(&key, RevocationReasonCode::KeyCompromise);
    demo.destroy(&key);
    assert_eq!(demo.fails(Operation::Get, vec![uid(&key)]), Reason::ItemNotFound);
}

#[test]
fn pgp_key_does_not_leave_a_scope_without_export() {
    let world = World::new();
    let other = world.other();
    let key = other.register(ObjectType::PGPKey, usage(), keys::pgp(4));
    assert_eq!(other.fails(Operation::Get, vec![uid(&key)]), Reason::NotExtractable);
}

#[test]
fn pgp_keys_of_unknown_versions_are_refused() {
    let world = World::new();
    let demo = world.demo();
    for (version, taken) in [(1, false), (2, true), (3, true), (4, true), (5, false), (-4, false)] {
        let request = register(ObjectType::PGPKey, usage(), keys::pgp(version));
        let reason = demo.ask(Operation::Register, request).reason;
        assert_eq!(reason, (!taken).then_some(Reason::InvalidField), "{version}");
    }
}

#[test]
fn versions_without_pgp_keys_neither_take_nor_offer_them() {
    let world = World::new();
    let key = world.demo().register(ObjectType::PGPKey, usage(), keys::pgp(4));
    for version in ProtocolVersion::SUPPORTED {
        let client = world.demo().at(version);
        let knows = version >= ProtocolVersion::V1_2;
        let function = enumeration(Tag::QueryFunction, QueryFunction::QueryObjects.0);
        let offered = client.ok(Operation::Query, vec![function]);
        let types = offered.all(Tag::ObjectType);
        let offers = types.into_iter().any(|kind| kind.as_number() == ObjectType::PGPKey.0);
        assert_eq!(offers, knows, "{version}");
        let request = register(ObjectType::PGPKey, usage(), keys::pgp(4));
        let refused = (!knows).then_some(Reason::InvalidField);
        assert_eq!(client.ask(Operation::Register, request).reason, refused, "{version}");
        assert_eq!(client.ask(Operation::Get, vec![uid(&key)]).reason, refused, "{version}");
    }
}
