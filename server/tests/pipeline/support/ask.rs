//! Requests.

use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::ttlv::{DateTime, Item, Value};
use kmip_core::types::{
    BlockCipherMode, CryptographicAlgorithm, CryptographicUsageMask as Mask, NameType, ObjectType,
    Operation, PaddingMethod, ProtocolVersion, RevocationReasonCode, Tag,
};

use super::Client;
use super::tree::{Read, boolean, bytes, enumeration, integer, structure, text};

/// A request message in the making.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) version: ProtocolVersion,
    pub(crate) header: Vec<Item>,
    pub(crate) items: Vec<Item>,
    pub(crate) batch_count: Option<i32>,
}

impl Request {
    pub(crate) fn new(version: ProtocolVersion) -> Self {
        Self { version, header: Vec::new(), items: Vec::new(), batch_count: None }
    }

    /// Adds a field to the header, between version and batch count.
    pub(crate) fn with(mut self, field: Item) -> Self {
        self.header.push(field);
        self
    }

    /// Adds an item without identifier.
    pub(crate) fn item(mut self, operation: Operation, payload: Vec<Item>) -> Self {
        self.items.push(batch_item(operation, None, payload));
        self
    }

    /// Adds an item with an identifier.
    pub(crate) fn named(mut self, id: &[u8], operation: Operation, payload: Vec<Item>) -> Self {
        self.items.push(batch_item(operation, Some(id), payload));
        self
    }

    /// Adds an item whose identifier is its place.
    pub(crate) fn next(self, operation: Operation, payload: Vec<Item>) -> Self {
        let id = u32::try_from(self.items.len()).unwrap().to_be_bytes();
        self.named(&id, operation, payload)
    }

    pub(crate) fn tree(&self) -> Item {
        let count = i32::try_from(self.items.len()).unwrap();
        let mut header = vec![version_item(self.version)];
        header.extend(self.header.iter().cloned());
        header.push(integer(Tag::BatchCount, self.batch_count.unwrap_or(count)));
        let mut message = vec![structure(Tag::RequestHeader, header)];
        message.extend(self.items.iter().cloned());
        structure(Tag::RequestMessage, message)
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.tree().to_bytes()
    }
}

pub(crate) fn version_item(version: ProtocolVersion) -> Item {
    structure(
        Tag::ProtocolVersion,
        vec![
            integer(Tag::ProtocolVersionMajor, version.major),
            integer(Tag::ProtocolVersionMinor, version.minor),
        ],
    )
}

pub(crate) fn batch_item(operation: Operation, id: Option<&[u8]>, payload: Vec<Item>) -> Item {
    let mut fields = vec![enumeration(Tag::Operation, operation.0)];
    fields.extend(id.map(|id| bytes(Tag::UniqueBatchItemID, id)));
    fields.push(structure(Tag::RequestPayload, payload));
    structure(Tag::BatchItem, fields)
}

pub(crate) fn uid(value: &str) -> Item {
    text(Tag::UniqueIdentifier, value)
}

/// An attribute of any name and value.
pub(crate) fn attribute(name: &str, value: Value) -> Item {
    structure(
        Tag::Attribute,
        vec![text(Tag::AttributeName, name), Item { tag: Tag::AttributeValue, value }],
    )
}

/// An attribute with an index.
pub(crate) fn attribute_at(name: &str, index: i32, value: Value) -> Item {
    structure(
        Tag::Attribute,
        vec![
            text(Tag::AttributeName, name),
            integer(Tag::AttributeIndex, index),
            Item { tag: Tag::AttributeValue, value },
        ],
    )
}

pub(crate) fn of_kind(kind: Kind, value: Value) -> Item {
    attribute(kind.name(), value)
}

pub(crate) fn name(value: &str) -> Item {
    let fields = vec![
        text(Tag::NameValue, value),
        enumeration(Tag::NameType, NameType::UninterpretedTextString.0),
    ];
    of_kind(Kind::Name, Value::Structure(fields))
}

pub(crate) fn algorithm(algorithm: CryptographicAlgorithm) -> Item {
    of_kind(Kind::CryptographicAlgorithm, Value::Enumeration(algorithm.0))
}

pub(crate) fn length(bits: i32) -> Item {
    of_kind(Kind::CryptographicLength, Value::Integer(bits))
}

pub(crate) fn mask(bits: Mask) -> Item {
    of_kind(Kind::CryptographicUsageMask, Value::Integer(i32::try_from(bits.0).unwrap()))
}

/// A date attribute.
pub(crate) fn on(kind: Kind, seconds: i64) -> Item {
    of_kind(kind, Value::DateTime(DateTime(seconds)))
}

/// An attribute that is true or false.
pub(crate) fn flag(kind: Kind, value: bool) -> Item {
    of_kind(kind, Value::Boolean(value))
}

pub(crate) fn custom(name: &str, value: &str) -> Item {
    attribute(name, Value::TextString(value.to_owned()))
}

pub(crate) fn template(attributes: Vec<Item>) -> Item {
    structure(Tag::TemplateAttribute, attributes)
}

pub(crate) const CRYPT: Mask = Mask::Encrypt.union(Mask::Decrypt);
pub(crate) const MAC: Mask = Mask::MACGenerate.union(Mask::MACVerify);

/// A Create of an AES-256 key with these attributes besides.
pub(crate) fn create(extra: Vec<Item>) -> Vec<Item> {
    let mut attributes = vec![algorithm(CryptographicAlgorithm::AES), length(256), mask(CRYPT)];
    attributes.extend(extra);
    create_of(attributes)
}

/// A Create of a symmetric key with exactly these attributes.
pub(crate) fn create_of(attributes: Vec<Item>) -> Vec<Item> {
    let object_type = enumeration(Tag::ObjectType, ObjectType::SymmetricKey.0);
    vec![object_type, template(attributes)]
}

/// A Register.
pub(crate) fn register(object_type: ObjectType, attributes: Vec<Item>, object: Item) -> Vec<Item> {
    vec![enumeration(Tag::ObjectType, object_type.0), template(attributes), object]
}

/// An Import.
pub(crate) fn import(id: &str, replace: bool, attributes: Vec<Item>, object: Item) -> Vec<Item> {
    let mut payload = vec![uid(id)];
    payload.extend(replace.then(|| boolean(Tag::ReplaceExisting, true)));
    payload.extend(attributes);
    payload.push(object);
    payload
}

/// A Create Key Pair with these attributes in common, and for the private and the public half.
pub(crate) fn create_pair(common: Vec<Item>, private: Vec<Item>, public: Vec<Item>) -> Vec<Item> {
    vec![
        structure(Tag::CommonTemplateAttribute, common),
        structure(Tag::PrivateKeyTemplateAttribute, private),
        structure(Tag::PublicKeyTemplateAttribute, public),
    ]
}

pub(crate) fn revoke(key: &str, code: RevocationReasonCode) -> Vec<Item> {
    let reason = enumeration(Tag::RevocationReasonCode, code.0);
    vec![uid(key), structure(Tag::RevocationReason, vec![reason])]
}

/// Cryptographic Parameters.
pub(crate) fn parameters(fields: Vec<Item>) -> Item {
    structure(Tag::CryptographicParameters, fields)
}

pub(crate) fn mode(mode: BlockCipherMode) -> Item {
    enumeration(Tag::BlockCipherMode, mode.0)
}

pub(crate) fn padding(padding: PaddingMethod) -> Item {
    enumeration(Tag::PaddingMethod, padding.0)
}

/// What a client does all the time.
impl Client<'_> {
    /// Creates an AES-256 key.
    #[track_caller]
    pub(crate) fn create(&self, extra: Vec<Item>) -> String {
        self.ok(Operation::Create, create(extra)).text(Tag::UniqueIdentifier)
    }

    /// Creates an AES-256 key that is Active.
    #[track_caller]
    pub(crate) fn active(&self, mut extra: Vec<Item>) -> String {
        extra.push(on(Kind::ActivationDate, 0));
        self.create(extra)
    }

    #[track_caller]
    pub(crate) fn register(
        &self,
        object_type: ObjectType,
        attributes: Vec<Item>,
        object: Item,
    ) -> String {
        let payload = register(object_type, attributes, object);
        self.ok(Operation::Register, payload).text(Tag::UniqueIdentifier)
    }

    #[track_caller]
    pub(crate) fn activate(&self, key: &str) {
        self.ok(Operation::Activate, vec![uid(key)]);
    }

    #[track_caller]
    pub(crate) fn revoke(&self, key: &str, code: RevocationReasonCode) {
        self.ok(Operation::Revoke, revoke(key, code));
    }

    #[track_caller]
    pub(crate) fn destroy(&self, key: &str) {
        self.ok(Operation::Destroy, vec![uid(key)]);
    }

    /// Every attribute of an object.
    #[track_caller]
    pub(crate) fn attributes(&self, key: &str) -> Item {
        self.ok(Operation::GetAttributes, vec![uid(key)])
    }

    /// The values of an attribute of an object.
    #[track_caller]
    pub(crate) fn values(&self, key: &str, attribute: &str) -> Vec<Value> {
        let names = vec![uid(key), text(Tag::AttributeName, attribute)];
        let answer = self.ok(Operation::GetAttributes, names);
        let values = answer.all(Tag::Attribute).into_iter();
        values.map(|a| a.get(Tag::AttributeValue).value.clone()).collect()
    }

    /// The value of an attribute that the object has once.
    #[track_caller]
    pub(crate) fn value(&self, key: &str, kind: Kind) -> Value {
        let mut values = self.values(key, kind.name());
        assert_eq!(values.len(), 1, "{kind:?}");
        values.remove(0)
    }

    /// The state of an object.
    #[track_caller]
    pub(crate) fn state(&self, key: &str) -> kmip_core::types::State {
        match self.value(key, Kind::State) {
            Value::Enumeration(number) => kmip_core::types::State(number),
            other => panic!("a state of {other:?}"),
        }
    }

    /// The objects that a Locate with these fields finds.
    #[track_caller]
    pub(crate) fn locate(&self, fields: Vec<Item>) -> Vec<String> {
        self.ok(Operation::Locate, fields).texts(Tag::UniqueIdentifier)
    }

    /// Encrypts in one part.
    #[track_caller]
    pub(crate) fn encrypt(&self, key: &str, fields: Vec<Item>) -> Item {
        self.ok(Operation::Encrypt, [vec![uid(key)], fields].concat())
    }

    /// Decrypts in one part.
    #[track_caller]
    pub(crate) fn decrypt(&self, key: &str, fields: Vec<Item>) -> Vec<u8> {
        self.ok(Operation::Decrypt, [vec![uid(key)], fields].concat()).bytes(Tag::Data)
    }
}

/// Parameters for AES in `mode` without padding.
pub(crate) fn plain_mode(mode_: BlockCipherMode) -> Item {
    parameters(vec![mode(mode_)])
}

pub(crate) fn data(value: &[u8]) -> Item {
    bytes(Tag::Data, value)
}

pub(crate) fn iv(value: &[u8]) -> Item {
    bytes(Tag::IVCounterNonce, value)
}
