//! What an answer to each operation holds: these fields, in this order, and nothing else.

use kmip_core::ttlv::{Item, Value};
use kmip_core::types::{Operation, ProtocolVersion, Tag};

use super::answer::text;
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

/// Holds the payload of an answer to `operation` against the tables.
///
/// # Panics
///
/// If they differ.
pub(super) fn check(operation: Operation, version: ProtocolVersion, payload: &[Item]) {
    let row = PAYLOADS.iter().find(|(known, _)| *known == operation);
    let (_, fields) = row.unwrap_or_else(|| panic!("{operation:?} has no row here"));
    walk(fields, version, payload);
    for item in payload {
        match item.tag {
            Tag::Attribute => attribute_name(&item.value.children()[0].value, version),
            Tag::AttributeName => attribute_name(&item.value, version),
            _ => {}
        }
    }
}

fn walk(fields: &[Field], version: ProtocolVersion, items: &[Item]) {
    let mut rest = items;
    for field in fields {
        let (tag, least, most, since) = match *field {
            Must(tag) => (tag, 1, 1, 0),
            May(tag, since) => (tag, 0, 1, since),
            Many(tag, since) => (tag, 0, usize::MAX, since),
            Object => {
                let (object, after) = rest.split_first().expect("no object");
                the_object(object, version);
                rest = after;
                continue;
            }
        };
        let count = rest.iter().take_while(|item| item.tag == tag).count().min(most);
        assert!(count >= least, "no {tag:?} where it is expected, in {items:?}");
        assert!(count == 0 || since <= version.minor, "{tag:?} in {version}");
        rest = &rest[count..];
    }
    assert!(rest.is_empty(), "more than there is to be: {rest:?}");
}

fn the_object(object: &Item, version: ProtocolVersion) {
    let fields = object.value.children();
    let (first, block) = fields.split_last().unwrap();
    match object.tag {
        Tag::SymmetricKey | Tag::PublicKey | Tag::PrivateKey => assert!(block.is_empty()),
        Tag::SecretData => assert_eq!(block[0].tag, Tag::SecretDataType),
        Tag::OpaqueObject => {
            assert_eq!((block[0].tag, first.tag), (Tag::OpaqueDataType, Tag::OpaqueDataValue));
            return;
        }
        other => panic!("{other:?} is no object that was asked for"),
    }
    assert_eq!(first.tag, Tag::KeyBlock);
    walk(KEY_BLOCK, version, first.value.children());
    let value = first.child(Tag::KeyValue).unwrap().value.children();
    assert_eq!(value.iter().map(|item| item.tag).collect::<Vec<_>>(), [Tag::KeyMaterial]);
}

fn attribute_name(name: &Value, version: ProtocolVersion) {
    let later = LATER.iter().find(|(later, _)| *later == text(name));
    assert!(later.is_none_or(|(_, since)| *since <= version.minor), "{name:?} in {version}");
}
