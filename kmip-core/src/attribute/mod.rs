//! Attributes: their names, their two-part wire form, and the structures they carry.
//!
//! An attribute's value is kept as the tree the client sent: it is compared, stored and searched
//! without being understood, and read as a type ([`Value::to`]) where it must be. What the value
//! has to look like is in the table of [`rules`].

mod holders;
pub mod rules;
mod structures;

pub use rules::{AttributeKind, AttributeRule, AttributeType, Born, Changes, SetBy};
pub use structures::*;

use crate::ttlv::{Codec, DecodeError, Reader, Value, Writer};
use crate::types::{ProtocolVersion, Tag};

/// A server-assigned object name, unique in its scope.
///
/// Spec: KMIP 1.4 §3.1.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UniqueIdentifier(String);

impl UniqueIdentifier {
    /// An identifier made by us or read from our store.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl core::fmt::Debug for UniqueIdentifier {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::fmt::Display for UniqueIdentifier {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&self.0)
    }
}

impl Codec for UniqueIdentifier {
    fn encode(&self, tag: Tag, w: &mut Writer) {
        w.text_string(tag, &self.0);
    }
    fn decode(tag: Tag, r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        String::decode(tag, r).map(Self)
    }
}

/// Name of an attribute, as the 1.x wire has it.
///
/// Spec: KMIP 1.4 §2.1.1.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AttributeName(String);

impl AttributeName {
    /// Any name.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The line of the table, if it is a name of the specification.
    #[must_use]
    pub fn kind(&self) -> Option<AttributeKind> {
        AttributeKind::named(&self.0)
    }

    /// Whether it is a custom attribute: `x-` (the client's) or `y-` (the server's).
    #[must_use]
    pub fn is_custom(&self) -> bool {
        self.is_client_custom() || self.0.starts_with("y-")
    }

    /// Whether it is a custom attribute that clients may set.
    #[must_use]
    pub fn is_client_custom(&self) -> bool {
        self.0.starts_with("x-")
    }
}

impl From<AttributeKind> for AttributeName {
    fn from(kind: AttributeKind) -> Self {
        Self(kind.name().to_owned())
    }
}

impl core::fmt::Debug for AttributeName {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&self.0)
    }
}

impl Codec for AttributeName {
    fn encode(&self, tag: Tag, w: &mut Writer) {
        w.text_string(tag, &self.0);
    }
    fn decode(tag: Tag, r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        String::decode(tag, r).map(Self)
    }
}

kmip_struct! {
    /// One instance of an attribute.
    ///
    /// Spec: KMIP 1.4 §2.1.1.
    pub struct Attribute {
        /// Name.
        req AttributeName => name: AttributeName,
        /// Which instance; absent means 0.
        opt AttributeIndex => index: i32,
        /// The value; absent only in server-to-client Delete-like messages, which we do not send.
        req AttributeValue => value: Value,
    }
}

impl Attribute {
    /// Instance 0 of an attribute of the specification.
    #[must_use]
    pub fn new<T: Codec>(kind: AttributeKind, value: &T) -> Self {
        Self { name: kind.into(), index: None, value: Value::of(value) }
    }

    /// Checks the value against the table: its wire type, and the fields of a structure.
    ///
    /// Custom attributes may hold anything; names unknown in `version` are `Unknown`.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] saying what is wrong with the value.
    pub fn check(&self, version: ProtocolVersion) -> Result<(), DecodeError> {
        match self.name.kind().filter(|kind| kind.rule().since <= version) {
            Some(kind) => kind.check(&self.value, version),
            None if self.name.is_custom() => Ok(()),
            None => Err(DecodeError::Unknown(Tag::AttributeName)),
        }
    }
}

kmip_struct! {
    /// Attributes of a new object, by name of a template and one by one.
    ///
    /// Spec: KMIP 1.4 §2.1.8.
    pub struct TemplateAttribute {
        /// Templates to take attributes from.
        many Name => names: Name,
        /// Attributes.
        many Attribute => attributes: Attribute,
    }
}
