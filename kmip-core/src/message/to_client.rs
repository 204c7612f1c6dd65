//! What a server sends to a client by itself: Notify and Put.
//!
//! Spec: KMIP 1.4 §5.

use super::RequestHeader;
use crate::attribute::{Attribute, AttributeName, UniqueIdentifier};
use crate::object::Object;
use crate::ttlv::{Codec, Value, Writer};
use crate::types::{Operation, PutFunction, Tag};

kmip_struct! {
    /// One instance of an attribute that changed.
    ///
    /// Spec: KMIP 1.4 §5.1.
    pub struct ChangedAttribute {
        /// Name.
        req AttributeName => name: AttributeName,
        /// Which instance; absent means 0.
        opt AttributeIndex => index: i32,
        /// What it is now; absent if it was deleted.
        opt AttributeValue => value: Value,
    }
}

kmip_struct! {
    /// Tells what changed of an object.
    ///
    /// Spec: KMIP 1.4 §5.1.
    pub struct NotifyRequest {
        /// The object.
        req UniqueIdentifier => unique_identifier: UniqueIdentifier,
        /// What changed; Last Change Date is always among it.
        many Attribute => attributes: ChangedAttribute,
    }
}

/// Gives an object to the client.
///
/// Spec: KMIP 1.4 §5.2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PutRequest {
    /// The object.
    pub unique_identifier: UniqueIdentifier,
    /// The object whose place it takes; without one it is new.
    pub replaced_unique_identifier: Option<UniqueIdentifier>,
    /// The object itself.
    pub object: Object,
    /// Its attributes.
    pub attributes: Vec<Attribute>,
}

impl PutRequest {
    fn encode(&self, w: &mut Writer) {
        let function = match self.replaced_unique_identifier {
            Some(_) => PutFunction::Replace,
            None => PutFunction::New,
        };
        w.structure(Tag::RequestPayload, |w| {
            self.unique_identifier.encode(Tag::UniqueIdentifier, w);
            function.encode(Tag::PutFunction, w);
            if let Some(replaced) = &self.replaced_unique_identifier {
                replaced.encode(Tag::ReplacedUniqueIdentifier, w);
            }
            self.object.encode_tagged(w);
            for attribute in &self.attributes {
                attribute.encode(Tag::Attribute, w);
            }
        });
    }
}

/// A message to a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToClient {
    /// Something changed.
    Notify(NotifyRequest),
    /// An object is new.
    Put(Box<PutRequest>),
}

impl ToClient {
    /// The operation it asks the client for.
    #[must_use]
    pub const fn operation(&self) -> Operation {
        match self {
            Self::Notify(_) => Operation::Notify,
            Self::Put(_) => Operation::Put,
        }
    }

    /// The request message in TTLV, under this header, whose Batch Count is 1.
    #[must_use]
    pub fn encode(&self, header: &RequestHeader) -> Vec<u8> {
        let mut w = Writer::new(header.protocol_version);
        w.structure(Tag::RequestMessage, |w| {
            header.encode(Tag::RequestHeader, w);
            w.structure(Tag::BatchItem, |w| {
                self.operation().encode(Tag::Operation, w);
                match self {
                    Self::Notify(notify) => notify.encode(Tag::RequestPayload, w),
                    Self::Put(put) => put.encode(w),
                }
            });
        });
        w.into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribute::AttributeKind;
    use crate::object::Certificate;
    use crate::ttlv::{DateTime, Item, Reader};
    use crate::types::{CertificateType, ProtocolVersion};

    #[test]
    fn deleted_attribute_has_no_value_and_reads_back() {
        let deleted =
            ChangedAttribute { name: AttributeName::new("x-a"), index: Some(2), value: None };
        let changed = ChangedAttribute {
            name: AttributeKind::LastChangeDate.into(),
            index: None,
            value: Some(Value::DateTime(DateTime(7))),
        };
        let notify = NotifyRequest {
            unique_identifier: UniqueIdentifier::new("key"),
            attributes: vec![deleted, changed],
        };
        let mut w = Writer::new(ProtocolVersion::NEWEST);
        notify.encode(Tag::RequestPayload, &mut w);
        let bytes = w.into_bytes();
        let mut r = Reader::new(&bytes, ProtocolVersion::NEWEST);
        assert_eq!(NotifyRequest::decode(Tag::RequestPayload, &mut r), Ok(notify));
    }

    #[test]
    fn put_says_whether_the_object_takes_anothers_place() {
        let put = |replaced: Option<&str>| {
            let put = PutRequest {
                unique_identifier: UniqueIdentifier::new("new"),
                replaced_unique_identifier: replaced.map(UniqueIdentifier::new),
                object: Object::Certificate(Certificate {
                    certificate_type: CertificateType::X_509,
                    certificate_value: vec![1, 2, 3],
                }),
                attributes: vec![Attribute::new(AttributeKind::LastChangeDate, &DateTime(7))],
            };
            let mut w = Writer::new(ProtocolVersion::NEWEST);
            put.encode(&mut w);
            let item = Item::from_bytes(&w.into_bytes()).unwrap();
            let Value::Structure(fields) = item.value else { panic!("{item:?}") };
            fields.iter().map(|field| field.tag).collect::<Vec<_>>()
        };
        let around = |replaced: &[Tag]| {
            let start = [Tag::UniqueIdentifier, Tag::PutFunction];
            [&start[..], replaced, &[Tag::Certificate, Tag::Attribute]].concat()
        };
        assert_eq!(put(None), around(&[]));
        assert_eq!(put(Some("old")), around(&[Tag::ReplacedUniqueIdentifier]));
    }
}
