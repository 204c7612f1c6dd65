//! The attributes that every server has.

use std::collections::BTreeSet;

use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::ttlv::{Item, Value};
use kmip_core::types::{
    AlternativeNameType, CryptographicAlgorithm, KeyFormatType, KeyValueLocationType, LinkType,
    ObjectType, Operation, RevocationReasonCode, Tag,
};
use server::profiles::PROFILES;

use crate::support::ask::{CRYPT, attribute, mask, mode, of_kind, on, uid};
use crate::support::tree::{Read, enumeration, integer, structure, text};
use crate::support::{Client, START, World};

/// The names of the attributes that `key` has.
fn names(client: &Client<'_>, key: &str) -> Vec<String> {
    let answer = client.attributes(key);
    let attributes = answer.all(Tag::Attribute).into_iter();
    attributes.map(|attribute| attribute.text(Tag::AttributeName)).collect()
}

fn words(value: Tag, words: &str, kind: Tag, number: u32) -> Value {
    Value::Structure(vec![text(value, words), enumeration(kind, number)])
}

/// What a client may say of a key at its birth.
fn all_there_is() -> Vec<Item> {
    let link = vec![
        enumeration(Tag::LinkType, LinkType::ParentLink.0),
        text(Tag::LinkedObjectIdentifier, "another"),
    ];
    let location = words(
        Tag::KeyValueLocationValue,
        "a safe",
        Tag::KeyValueLocationType,
        KeyValueLocationType::UninterpretedTextString.0,
    );
    let alternative = words(
        Tag::AlternativeNameValue,
        "barcode",
        Tag::AlternativeNameType,
        AlternativeNameType::UninterpretedTextString.0,
    );
    let said = |kind, words: &str| of_kind(kind, Value::TextString(words.to_owned()));
    vec![
        crate::support::ask::name("k"),
        attribute(
            "Cryptographic Parameters",
            Value::Structure(vec![mode(kmip_core::types::BlockCipherMode::CBC)]),
        ),
        on(Kind::ActivationDate, START),
        on(Kind::ProcessStartDate, START + 1),
        on(Kind::ProtectStopDate, START + 2),
        on(Kind::DeactivationDate, START + 3),
        said(Kind::ObjectGroup, "group"),
        of_kind(Kind::Link, Value::Structure(link)),
        of_kind(Kind::AlternativeName, alternative),
        of_kind(Kind::KeyValueLocation, location),
        said(Kind::Description, "what it is for"),
        said(Kind::Comment, "and more"),
    ]
}

#[test]
fn every_attribute_of_the_baseline_is_kept_and_told() {
    let world = World::new();
    let demo = world.demo();
    let made = demo.create(all_there_is());
    demo.revoke(&made, RevocationReasonCode::KeyCompromise);
    let block = vec![
        enumeration(Tag::KeyFormatType, KeyFormatType::Raw.0),
        enumeration(Tag::CryptographicAlgorithm, CryptographicAlgorithm::AES.0),
        integer(Tag::CryptographicLength, 256),
    ];
    let elsewhere = structure(Tag::SymmetricKey, vec![structure(Tag::KeyBlock, block)]);
    let brought = demo.register(ObjectType::SymmetricKey, vec![mask(CRYPT)], elsewhere);
    let told = [names(&demo, &made), names(&demo, &brought)].concat();
    let told = told.iter().map(String::as_str).collect::<BTreeSet<_>>();
    let asked = PROFILES.iter().flat_map(|profile| profile.attributes);
    // It has a test of its own: the namespace matters.
    let asked = asked.filter(|kind| **kind != Kind::ApplicationSpecificInformation);
    let missing = asked.filter(|kind| !told.contains(kind.name())).collect::<Vec<_>>();
    assert!(missing.is_empty(), "{missing:?}");
    for kind in [Kind::Description, Kind::AlternativeName, Kind::Link, Kind::KeyValueLocation] {
        let wanted =
            all_there_is().into_iter().find(|item| item.text(Tag::AttributeName) == kind.name());
        let wanted = wanted.unwrap().get(Tag::AttributeValue).value.clone();
        assert_eq!(demo.value(&made, kind), wanted, "{kind:?}");
    }
    let list = demo.ok(Operation::GetAttributeList, vec![uid(&made)]).texts(Tag::AttributeName);
    assert_eq!(
        list.into_iter().collect::<BTreeSet<_>>(),
        names(&demo, &made).into_iter().collect()
    );
}
