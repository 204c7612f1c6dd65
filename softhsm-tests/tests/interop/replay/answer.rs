//! What a client finds in an answer that has been read.

use kmip_core::ttlv::{Item, Value};
use kmip_core::types::{Operation, ResultReason, Tag};

/// What an item was asked for.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) operation: Operation,
    pub(crate) id: Option<Vec<u8>>,
}

/// The payload of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Payload(pub(crate) Vec<Item>);

/// Why something was not done.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) reason: ResultReason,
    pub(crate) message: String,
}

/// What became of an item.
pub(crate) type Outcome = Result<Payload, Refusal>;

impl Payload {
    /// The one field of this name.
    pub(crate) fn only(&self, tag: Tag) -> &Value {
        let mut found = self.all(tag);
        let value = found.next().unwrap_or_else(|| panic!("no {tag:?} in {self:?}"));
        assert!(found.next().is_none(), "more than one {tag:?} in {self:?}");
        value
    }

    /// Every field of this name.
    pub(crate) fn all(&self, tag: Tag) -> impl Iterator<Item = &Value> {
        self.0.iter().filter(move |item| item.tag == tag).map(|item| &item.value)
    }

    /// The identifier in it.
    pub(crate) fn id(&self) -> String {
        text(self.only(Tag::UniqueIdentifier)).to_owned()
    }

    /// All identifiers in it.
    pub(crate) fn ids(&self) -> Vec<String> {
        self.all(Tag::UniqueIdentifier).map(|id| text(id).to_owned()).collect()
    }

    /// The attributes in it, by name.
    pub(crate) fn attributes(&self) -> Vec<(String, Value)> {
        self.all(Tag::Attribute).map(named).collect()
    }

    /// The value of the one attribute of this name.
    pub(crate) fn attribute(&self, name: &str) -> Value {
        let mut found = self.attributes();
        found.retain(|(given, _)| given == name);
        assert_eq!(found.len(), 1, "{name} in {self:?}");
        found.pop().unwrap().1
    }

    /// The material of the key in it. The rest of its block has been checked already.
    pub(crate) fn material(&self) -> Vec<u8> {
        let object = self.0.last().unwrap();
        let at = [Tag::KeyBlock, Tag::KeyValue, Tag::KeyMaterial];
        let material = at.iter().fold(object, |item, tag| item.child(*tag).unwrap());
        blob(&material.value)
    }

    /// The data of a cryptographic operation.
    pub(crate) fn data(&self) -> Vec<u8> {
        blob(self.only(Tag::Data))
    }
}

/// A Text String.
pub(crate) fn text(value: &Value) -> &str {
    let Value::TextString(text) = value else { panic!("no text: {value:?}") };
    text
}

/// A Byte String.
pub(crate) fn blob(value: &Value) -> Vec<u8> {
    let Value::ByteString(bytes) = value else { panic!("no bytes: {value:?}") };
    bytes.expose().to_vec()
}

/// Name and value of an Attribute.
fn named(attribute: &Value) -> (String, Value) {
    let mut fields = attribute.children().to_vec();
    let value = fields.pop().unwrap();
    assert_eq!(value.tag, Tag::AttributeValue);
    (text(&fields.first().unwrap().value).to_owned(), value.value)
}
