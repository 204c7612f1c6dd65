//! Answers, each held against what every answer owes its reader.

use kmip_core::attribute::AttributeName;
use kmip_core::message::ResponseMessage;
use kmip_core::ttlv::{Item, Limits, Value};
use kmip_core::types::{Operation, ProtocolVersion, ResultReason, ResultStatus, Tag, table_of};

use super::tree::{Read, structure};

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) header: Item,
    pub(crate) bytes: Vec<u8>,
    items: Vec<Outcome>,
}

/// The answer to one item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) operation: Option<Operation>,
    pub(crate) id: Option<Vec<u8>>,
    pub(crate) status: ResultStatus,
    pub(crate) reason: Option<ResultReason>,
    pub(crate) message: Option<String>,
    pub(crate) payload: Option<Item>,
    /// What to poll by, of an item that is pending.
    pub(crate) value: Option<Vec<u8>>,
}

impl Reply {
    /// Reads an answer that must be in `version`.
    #[track_caller]
    pub(crate) fn checked(bytes: Vec<u8>, version: ProtocolVersion) -> Self {
        let reply = Self::sound(bytes);
        let found = reply.version();
        assert_eq!(found, version, "the answer is of another version than the request");
        reply
    }

    /// Reads an answer that must keep every rule, in whatever version.
    #[track_caller]
    pub(crate) fn sound(bytes: Vec<u8>) -> Self {
        let typed = ResponseMessage::decode(&bytes, &Limits::default()).expect("a sound answer");
        assert_eq!(typed.encode(), bytes, "the answer holds what the tables do not");
        let tree = Item::from_bytes(&bytes).unwrap();
        let version = typed.header.protocol_version;
        assert!(version.is_supported(), "answered in version {version}");
        assert_known(&tree, version);
        assert!(tree.at(&[Tag::ResponseHeader]).has(Tag::TimeStamp), "no time stamp");
        let items: Vec<Outcome> = tree.all(Tag::BatchItem).into_iter().map(Outcome::of).collect();
        let header = tree.at(&[Tag::ResponseHeader]).clone();
        assert_eq!(usize::try_from(typed.header.batch_count), Ok(items.len()));
        assert!(!items.is_empty(), "an answer without items");
        Self { header, bytes, items }
    }

    pub(crate) fn version(&self) -> ProtocolVersion {
        let version = self.header.get(Tag::ProtocolVersion);
        ProtocolVersion {
            major: version.get(Tag::ProtocolVersionMajor).as_integer(),
            minor: version.get(Tag::ProtocolVersionMinor).as_integer(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    #[track_caller]
    pub(crate) fn item(&self, place: usize) -> Outcome {
        self.items[place].clone()
    }

    /// How each item ended.
    pub(crate) fn statuses(&self) -> Vec<ResultStatus> {
        self.items.iter().map(|item| item.status).collect()
    }

    /// The reason of an answer to a message that cannot be processed as a whole.
    #[track_caller]
    pub(crate) fn message_failure(&self) -> ResultReason {
        assert_eq!(self.len(), 1);
        let item = self.item(0);
        assert_eq!((item.operation, item.id.clone()), (None, None));
        item.reason()
    }
}

impl Outcome {
    /// The only item of an answer.
    #[track_caller]
    pub(crate) fn only(bytes: Vec<u8>) -> Self {
        let reply = Reply::sound(bytes);
        assert_eq!(reply.len(), 1);
        reply.item(0)
    }

    #[track_caller]
    fn of(item: &Item) -> Self {
        let operation = item.child(Tag::Operation).map(|o| Operation(o.as_number()));
        let outcome = Self {
            operation,
            id: item.child(Tag::UniqueBatchItemID).map(Read::as_bytes),
            status: ResultStatus(item.get(Tag::ResultStatus).as_number()),
            reason: item.child(Tag::ResultReason).map(|r| ResultReason(r.as_number())),
            message: item.child(Tag::ResultMessage).map(Read::as_text),
            payload: item.child(Tag::ResponsePayload).cloned(),
            value: item.child(Tag::AsynchronousCorrelationValue).map(Read::as_bytes),
        };
        let pending = outcome.status == ResultStatus::OperationPending;
        assert_eq!(outcome.value.is_some(), pending, "what to poll by");
        match outcome.status {
            ResultStatus::Success => {
                assert!(outcome.payload.is_some(), "a success without payload");
                assert_eq!((outcome.reason, &outcome.message), (None, &None));
            }
            ResultStatus::OperationFailed => {
                // A Check that says no says what of.
                let check = outcome.operation == Some(Operation::Check);
                assert!(check || outcome.payload.is_none(), "a failure with payload");
                assert!(outcome.reason.is_some(), "a failure without reason");
                assert!(outcome.message.is_some_and_text(), "a failure without message");
            }
            ResultStatus::OperationPending => {
                assert_eq!((outcome.reason, &outcome.payload), (None, &None));
            }
            ResultStatus::OperationUndone => assert_eq!(outcome.payload, None),
            other => panic!("an item ended as {other:?}"),
        }
        outcome
    }

    /// The payload of a success.
    #[track_caller]
    pub(crate) fn ok(self) -> Item {
        assert_eq!(self.status, ResultStatus::Success, "{:?} {:?}", self.reason, self.message);
        self.payload.unwrap_or_else(|| structure(Tag::ResponsePayload, Vec::new()))
    }

    /// The reason of a failure.
    #[track_caller]
    pub(crate) fn reason(&self) -> ResultReason {
        assert_eq!(self.status, ResultStatus::OperationFailed, "{:?}", self.payload);
        self.reason.unwrap()
    }
}

trait SomeText {
    fn is_some_and_text(&self) -> bool;
}

impl SomeText for Option<String> {
    fn is_some_and_text(&self) -> bool {
        self.as_ref().is_some_and(|text| !text.is_empty())
    }
}

/// Everything in the answer exists in `version`: tags, values of enumerations, attributes.
#[track_caller]
fn assert_known(item: &Item, version: ProtocolVersion) {
    assert!(item.tag.name().is_some(), "unknown tag {:?}", item.tag);
    if item.tag == Tag::Attribute {
        assert_attribute_known(item, version);
        return;
    }
    assert_value_known(item.tag, &item.value, version);
    for child in item.value.children() {
        // What the client asked for is echoed, whether its version has it or not.
        if (item.tag, child.tag) != (Tag::BatchItem, Tag::Operation) {
            assert_known(child, version);
        }
    }
}

#[track_caller]
fn assert_value_known(tag: Tag, value: &Value, version: ProtocolVersion) {
    let (Value::Enumeration(number), Some(table)) = (value, table_of(tag)) else { return };
    // Extension values belong to every version.
    if number & 0x8000_0000 == 0 {
        let since = table.entry(*number).map(|entry| entry.since);
        assert!(since.is_some_and(|since| since <= version), "{tag:?} {number} in {version}");
    }
}

#[track_caller]
fn assert_attribute_known(attribute: &Item, version: ProtocolVersion) {
    let name = AttributeName::new(attribute.text(Tag::AttributeName));
    let value = attribute.get(Tag::AttributeValue);
    let Some(kind) = name.kind() else {
        assert!(name.is_custom(), "unknown attribute {name:?}");
        return;
    };
    assert!(kind.rule().since <= version, "attribute {name:?} in {version}");
    kind.check(&value.value, version).expect("the attribute's own type");
    assert_value_known(kind.rule().tag, &value.value, version);
    value.value.children().iter().for_each(|child| assert_known(child, version));
}
