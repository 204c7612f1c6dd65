//! Secrets made of others: derived, split and joined.

mod agreement;
mod derive;
mod derive_refusals;
mod split;

use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::ttlv::{Item, Value};
use kmip_core::types::{CryptographicUsageMask as Mask, LinkType, ObjectType, Operation, Tag};

use crate::support::ask::{mask, on, uid};
use crate::support::tree::{Read, structure};
use crate::support::{Client, keys};

/// May be derived from, and Active.
fn to_derive() -> Vec<Item> {
    vec![mask(Mask::DeriveKey), on(Kind::ActivationDate, 0)]
}

/// The bytes of an object that may be read.
#[track_caller]
fn value(client: &Client<'_>, object: &str) -> Vec<u8> {
    let answer = client.ok(Operation::Get, vec![uid(object)]);
    let kind = ObjectType(answer.get(Tag::ObjectType).as_number());
    let path = [keys::tag_of(kind), Tag::KeyBlock, Tag::KeyValue, Tag::KeyMaterial];
    answer.at(&path).as_bytes()
}

/// The objects that `object` is linked to in this way.
#[track_caller]
fn linked(client: &Client<'_>, object: &str, link_type: LinkType) -> Vec<String> {
    let links = client.values(object, Kind::Link.name()).into_iter();
    let links = links.map(|value| structure(Tag::AttributeValue, children(value)));
    links
        .filter(|link| link.get(Tag::LinkType).as_number() == link_type.0)
        .map(|link| link.text(Tag::LinkedObjectIdentifier))
        .collect()
}

fn children(value: Value) -> Vec<Item> {
    match value {
        Value::Structure(items) => items,
        other => panic!("no structure: {other:?}"),
    }
}
