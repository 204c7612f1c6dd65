//! Answers, read by the strictest of the clients' rules: what is not to be there is a failure, too.

use kmip_core::ttlv::{Item, Value};
use kmip_core::types::{Operation, ProtocolVersion, ResultReason, ResultStatus, Tag};

use super::fields;

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

/// Reads the answer to a request of `version` that asked for `asked`: to all of it, or to its beginning.
///
/// # Panics
///
/// If there is anything that a client of the version does not expect.
pub(crate) fn read_some(bytes: &[u8], version: ProtocolVersion, asked: &[Asked]) -> Vec<Outcome> {
    let message = Item::from_bytes(bytes).unwrap();
    assert_eq!(message.tag, Tag::ResponseMessage);
    let (first, items) = message.value.children().split_first().unwrap();
    header(first, version, items.len());
    assert!((1..=asked.len()).contains(&items.len()));
    items.iter().zip(asked).map(|(item, asked)| outcome(item, version, asked)).collect()
}

/// The fields that every version has, and no others: PyKMIP and kmippp know no more.
fn header(header: &Item, version: ProtocolVersion, items: usize) {
    assert_eq!(header.tag, Tag::ResponseHeader);
    let fields = header.value.children();
    let tags = fields.iter().map(|item| item.tag).collect::<Vec<_>>();
    assert_eq!(tags, [Tag::ProtocolVersion, Tag::TimeStamp, Tag::BatchCount]);
    assert_eq!(fields[0].value, Value::of(&version));
    assert!(matches!(fields[1].value, Value::DateTime(time) if time.0 > 1_700_000_000));
    assert_eq!(fields[2].value, Value::Integer(i32::try_from(items).unwrap()));
}

fn outcome(item: &Item, version: ProtocolVersion, asked: &Asked) -> Outcome {
    assert_eq!(item.tag, Tag::BatchItem);
    let mut fields = item.value.children().iter();
    let mut next = |tag: Tag| {
        let field = fields.next().unwrap_or_else(|| panic!("no {tag:?} in {item:?}"));
        assert_eq!(field.tag, tag, "{item:?}");
        field.value.clone()
    };
    assert_eq!(next(Tag::Operation), Value::of(&asked.operation));
    if let Some(id) = &asked.id {
        assert_eq!(&blob(&next(Tag::UniqueBatchItemID)), id);
    }
    let status = next(Tag::ResultStatus);
    let outcome = if status == Value::of(&ResultStatus::Success) {
        let payload = next(Tag::ResponsePayload).children().to_vec();
        fields::check(asked.operation, version, &payload);
        Ok(Payload(payload))
    } else {
        assert_eq!(status, Value::of(&ResultStatus::OperationFailed));
        let reason: ResultReason = next(Tag::ResultReason).to(version).unwrap();
        assert!(reason.is_in(version), "{reason:?} in {version}");
        let message = text(&next(Tag::ResultMessage)).to_owned();
        assert!(!message.is_empty());
        Err(Refusal { reason, message })
    };
    assert_eq!(fields.next(), None, "more than there is to be in {item:?}");
    outcome
}
