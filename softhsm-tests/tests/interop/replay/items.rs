//! The words of a request, one function each.

use kmip_core::ttlv::{Codec, DateTime, Item, Value};
use kmip_core::types::{
    CryptographicAlgorithm, CryptographicUsageMask, KeyFormatType, NameType, ObjectType,
    RevocationReasonCode, SecretDataType, Tag,
};

/// A structure.
pub(crate) const fn structure(tag: Tag, fields: Vec<Item>) -> Item {
    Item { tag, value: Value::Structure(fields) }
}

/// Whatever has a type.
pub(crate) fn item<T: Codec>(tag: Tag, value: &T) -> Item {
    Item { tag, value: Value::of(value) }
}

/// A Text String.
pub(crate) fn text(tag: Tag, value: &str) -> Item {
    Item { tag, value: Value::TextString(value.to_owned()) }
}

/// A Byte String.
pub(crate) fn bytes(tag: Tag, value: &[u8]) -> Item {
    Item { tag, value: Value::ByteString(value.to_vec().into()) }
}

/// An Integer.
pub(crate) const fn integer(tag: Tag, value: i32) -> Item {
    Item { tag, value: Value::Integer(value) }
}

/// A Boolean.
pub(crate) const fn boolean(tag: Tag, value: bool) -> Item {
    Item { tag, value: Value::Boolean(value) }
}

/// A Date-Time, in seconds since the epoch.
pub(crate) const fn date(tag: Tag, seconds: i64) -> Item {
    Item { tag, value: Value::DateTime(DateTime(seconds)) }
}

/// A Unique Identifier.
pub(crate) fn uid(id: &str) -> Item {
    text(Tag::UniqueIdentifier, id)
}

/// An Attribute.
pub(crate) fn attribute(name: &str, value: Value) -> Item {
    let value = Item { tag: Tag::AttributeValue, value };
    structure(Tag::Attribute, vec![text(Tag::AttributeName, name), value])
}

/// An Attribute of one of the types that have a number or a text.
pub(crate) fn with<T: Codec>(name: &str, value: &T) -> Item {
    attribute(name, Value::of(value))
}

/// An Attribute whose value is a text.
pub(crate) fn words(name: &str, value: &str) -> Item {
    attribute(name, Value::TextString(value.to_owned()))
}

/// The names of attributes that are asked for.
pub(crate) fn names(names: &[&str]) -> Vec<Item> {
    names.iter().map(|name| text(Tag::AttributeName, name)).collect()
}

/// The Name attribute.
pub(crate) fn name(value: &str) -> Item {
    let kind = item(Tag::NameType, &NameType::UninterpretedTextString);
    let value = text(Tag::NameValue, value);
    attribute("Name", Value::Structure(vec![value, kind]))
}

/// A Template-Attribute.
pub(crate) const fn template(attributes: Vec<Item>) -> Item {
    structure(Tag::TemplateAttribute, attributes)
}

/// What says which key is wanted.
pub(crate) fn key(
    algorithm: CryptographicAlgorithm,
    bits: i32,
    usage: CryptographicUsageMask,
) -> Vec<Item> {
    vec![
        with("Cryptographic Algorithm", &algorithm),
        with("Cryptographic Length", &bits),
        with("Cryptographic Usage Mask", &usage),
    ]
}

/// An AES key that encrypts and decrypts.
pub(crate) fn aes(bits: i32) -> Vec<Item> {
    let usage = CryptographicUsageMask::Encrypt.union(CryptographicUsageMask::Decrypt);
    key(CryptographicAlgorithm::AES, bits, usage)
}

/// The Object Type of a request.
pub(crate) fn kind(object_type: ObjectType) -> Item {
    item(Tag::ObjectType, &object_type)
}

/// A Symmetric Key. `more` stands behind the format, where a compression would be.
pub(crate) fn symmetric_key(algorithm: CryptographicAlgorithm, key: &[u8], more: &[Item]) -> Item {
    let bits = i32::try_from(key.len() * 8).unwrap();
    let mut block = vec![item(Tag::KeyFormatType, &KeyFormatType::Raw)];
    block.extend_from_slice(more);
    block.extend([
        structure(Tag::KeyValue, vec![bytes(Tag::KeyMaterial, key)]),
        item(Tag::CryptographicAlgorithm, &algorithm),
        integer(Tag::CryptographicLength, bits),
    ]);
    structure(Tag::SymmetricKey, vec![structure(Tag::KeyBlock, block)])
}

/// A password, as opaque Secret Data.
pub(crate) fn password(value: &[u8]) -> Item {
    let block = vec![
        item(Tag::KeyFormatType, &KeyFormatType::Opaque),
        structure(Tag::KeyValue, vec![bytes(Tag::KeyMaterial, value)]),
    ];
    let kind = item(Tag::SecretDataType, &SecretDataType::Password);
    structure(Tag::SecretData, vec![kind, structure(Tag::KeyBlock, block)])
}

/// The Authentication of a header: a user's name and password.
pub(crate) fn user(name: &str, password: &str) -> Item {
    let value = vec![text(Tag::Username, name), text(Tag::Password, password)];
    let credential = vec![
        // Username and Password
        item(Tag::CredentialType, &kmip_core::types::CredentialType::UsernameAndPassword),
        structure(Tag::CredentialValue, value),
    ];
    structure(Tag::Authentication, vec![structure(Tag::Credential, credential)])
}

/// A Revocation Reason with its words.
pub(crate) fn reason(code: RevocationReasonCode, words: &str) -> Item {
    let fields = vec![item(Tag::RevocationReasonCode, &code), text(Tag::RevocationMessage, words)];
    structure(Tag::RevocationReason, fields)
}
