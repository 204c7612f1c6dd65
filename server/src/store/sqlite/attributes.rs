//! The attributes of an object as one blob: a TTLV Attribute after the other, index included.
//!
//! Written as a tree, not by the protocol's own tables: the form stays when those change.

use kmip_core::attribute::AttributeName;
use kmip_core::ttlv::{Codec, Item, Reader, Value, Writer};
use kmip_core::types::{ProtocolVersion, Tag};

use super::StoreError;
use crate::object::{AttributeSet, Instance};

/// All instances, in their order.
pub(super) fn encode(attributes: &AttributeSet) -> Vec<u8> {
    let mut w = Writer::new(ProtocolVersion::NEWEST);
    for instance in attributes.iter() {
        w.structure(Tag::Attribute, |w| {
            w.text_string(Tag::AttributeName, instance.name.as_str());
            w.integer(Tag::AttributeIndex, instance.index);
            instance.value.encode(Tag::AttributeValue, w);
        });
    }
    w.into_bytes()
}

/// What [`encode`] wrote.
pub(super) fn decode(bytes: &[u8]) -> Result<AttributeSet, StoreError> {
    let mut r = Reader::new(bytes, ProtocolVersion::NEWEST);
    let mut instances = Vec::new();
    while !r.is_empty() {
        let item = Item::decode_next(&mut r)
            .map_err(|error| StoreError::Corrupt(format!("attributes: {error}")))?;
        let found = instance(item.value);
        instances.push(found.ok_or_else(|| StoreError::Corrupt("attributes".to_owned()))?);
    }
    Ok(instances.into_iter().collect())
}

fn instance(value: Value) -> Option<Instance> {
    let Value::Structure(fields) = value else { return None };
    let [name, index, value] = <[Item; 3]>::try_from(fields).ok()?;
    match (name.value, index.value) {
        (Value::TextString(name), Value::Integer(index)) => {
            Some(Instance { name: AttributeName::new(name), index, value: value.value })
        }
        _ => None,
    }
}
