//! What an answer to each operation holds: these fields, in this order, and nothing else.

use kmip_core::ttlv::{Item, Value};
use kmip_core::types::{Operation, ProtocolVersion, Tag};

use super::reader::{Read, demand};
use Field::{Many, May, Must, Object};

/// A field of a payload.
#[derive(Clone, Copy)]
enum Field {
    /// Once.
    Must(Tag),
    /// Once or not at all; not before this minor version.
    May(Tag, i32),
    /// Any number of times; not before this minor version.
    Many(Tag, i32),
    /// An object.
    Object,
}

const ID: Field = Must(Tag::UniqueIdentifier);

/// The payloads, as the specification prints them, without what a server may add on its own.
const PAYLOADS: &[(Operation, &[Field])] = &[
    (Operation::Create, &[Must(Tag::ObjectType), ID]),
    (
        Operation::CreateKeyPair,
        &[Must(Tag::PrivateKeyUniqueIdentifier), Must(Tag::PublicKeyUniqueIdentifier)],
    ),
    (Operation::Register, &[ID]),
    (Operation::ReKey, &[ID]),
    (Operation::Locate, &[May(Tag::LocatedItems, 3), Many(Tag::UniqueIdentifier, 0)]),
    (Operation::Get, &[Must(Tag::ObjectType), ID, Object]),
    (Operation::GetAttributes, &[ID, Many(Tag::Attribute, 0)]),
    (Operation::GetAttributeList, &[ID, Many(Tag::AttributeName, 0)]),
    (Operation::AddAttribute, &[ID, Must(Tag::Attribute)]),
    (Operation::ModifyAttribute, &[ID, Must(Tag::Attribute)]),
    (Operation::Activate, &[ID]),
    (Operation::Revoke, &[ID]),
    (Operation::Destroy, &[ID]),
    (Operation::DiscoverVersions, &[Many(Tag::ProtocolVersion, 0)]),
    (
        Operation::Encrypt,
        &[
            ID,
            Must(Tag::Data),
            May(Tag::IVCounterNonce, 2),
            May(Tag::AuthenticatedEncryptionTag, 4),
        ],
    ),
    (Operation::Decrypt, &[ID, Must(Tag::Data)]),
    (
        Operation::Query,
        &[
            Many(Tag::Operation, 0),
            Many(Tag::ObjectType, 0),
            May(Tag::VendorIdentification, 0),
            May(Tag::ServerInformation, 0),
            Many(Tag::ApplicationNamespace, 0),
            Many(Tag::ExtensionInformation, 1),
        ],
    ),
];

/// What is around the material of a key or a secret that was asked for as it is, with a compression only
/// if it was brought with one. Attributes beside the material make Veeam fail.
const KEY_BLOCK: &[Field] = &[
    Must(Tag::KeyFormatType),
    May(Tag::KeyCompressionType, 0),
    Must(Tag::KeyValue),
    May(Tag::CryptographicAlgorithm, 0),
    May(Tag::CryptographicLength, 0),
];

/// Attributes that came after 1.0, with the minor version they came with.
const LATER: &[(&str, i32)] = &[
    ("Certificate Length", 1),
    ("Digital Signature Algorithm", 1),
    ("Fresh", 1),
    ("Alternative Name", 2),
    ("Key Value Present", 2),
    ("Key Value Location", 2),
    ("Original Creation Date", 2),
    ("Random Number Generator", 3),
    ("PKCS#12 Friendly Name", 4),
    ("Description", 4),
    ("Comment", 4),
    ("Sensitive", 4),
    ("Always Sensitive", 4),
    ("Extractable", 4),
    ("Never Extractable", 4),
];

/// The last number of each enumeration that Query lists, with the minor version it came with.
const LAST: &[(Tag, u32, i32)] = &[
    (Tag::Operation, 0x1C, 0),
    (Tag::Operation, 0x1E, 1),
    (Tag::Operation, 0x29, 2),
    (Tag::Operation, 0x2B, 4),
    (Tag::ObjectType, 0x08, 0),
    (Tag::ObjectType, 0x09, 2),
];

/// Holds the payload of an answer to `operation` against the tables.
///
/// # Errors
///
/// Where they differ.
pub(super) fn check(operation: Operation, version: ProtocolVersion, payload: &[Item]) -> Read {
    let row = PAYLOADS.iter().find(|(known, _)| *known == operation);
    let (_, fields) = row.ok_or_else(|| format!("{operation:?} has no row here"))?;
    walk(fields, version, payload)?;
    payload.iter().try_for_each(|item| match item.tag {
        Tag::Attribute => {
            let name = item.child(Tag::AttributeName).ok_or("an attribute has no name")?;
            attribute_name(&name.value, version)
        }
        Tag::AttributeName => attribute_name(&item.value, version),
        Tag::Operation | Tag::ObjectType => number(item, version),
        _ => Ok(()),
    })
}

fn walk(fields: &[Field], version: ProtocolVersion, items: &[Item]) -> Read {
    let mut rest = items;
    for field in fields {
        let (tag, least, most, since) = match *field {
            Must(tag) => (tag, 1, 1, 0),
            May(tag, since) => (tag, 0, 1, since),
            Many(tag, since) => (tag, 0, usize::MAX, since),
            Object => {
                let (object, after) = rest.split_first().ok_or("no object")?;
                the_object(object, version)?;
                rest = after;
                continue;
            }
        };
        let count = rest.iter().take_while(|item| item.tag == tag).count().min(most);
        demand(count >= least, || format!("no {tag:?} where it is expected, in {items:?}"))?;
        demand(count == 0 || since <= version.minor, || format!("{tag:?} in {version}"))?;
        rest = &rest[count..];
    }
    demand(rest.is_empty(), || format!("more than there is to be: {rest:?}"))
}

fn the_object(object: &Item, version: ProtocolVersion) -> Read {
    let tags = |item: &Item| item.value.children().iter().map(|item| item.tag).collect::<Vec<_>>();
    let expected: &[Tag] = match object.tag {
        Tag::SymmetricKey | Tag::PublicKey | Tag::PrivateKey => &[Tag::KeyBlock],
        Tag::SecretData => &[Tag::SecretDataType, Tag::KeyBlock],
        Tag::OpaqueObject => &[Tag::OpaqueDataType, Tag::OpaqueDataValue],
        _ => &[],
    };
    let well = !expected.is_empty() && tags(object) == expected;
    demand(well, || format!("this was not asked for: {object:?}"))?;
    let Some(block) = object.child(Tag::KeyBlock) else { return Ok(()) };
    walk(KEY_BLOCK, version, block.value.children())?;
    let value = block.child(Tag::KeyValue).ok_or("no key value")?;
    demand(tags(value) == [Tag::KeyMaterial], || format!("beside the material: {value:?}"))
}

fn attribute_name(name: &Value, version: ProtocolVersion) -> Read {
    let Value::TextString(text) = name else { return Err(format!("no name: {name:?}")) };
    let later = LATER.iter().find(|(later, _)| later == text);
    let known = later.is_none_or(|(_, since)| *since <= version.minor);
    demand(known, || format!("{text} in {version}"))
}

/// Whether `version` has the number at all.
fn number(item: &Item, version: ProtocolVersion) -> Read {
    let rows = LAST.iter().filter(|(tag, _, since)| *tag == item.tag && *since <= version.minor);
    let last = rows.map(|(_, last, _)| *last).max();
    let known = matches!(item.value, Value::Enumeration(number) if Some(number) <= last);
    demand(known, || format!("{item:?} in {version}"))
}
