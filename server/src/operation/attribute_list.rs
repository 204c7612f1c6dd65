//! An object's attributes as a client of some version sees them.

use kmip_core::attribute::{Attribute, AttributeKind as Kind, CryptographicParameters, Digest};
use kmip_core::ttlv::{Codec, Reader, Value, Writer};
use kmip_core::types::{CryptographicAlgorithm, ProtocolVersion, Tag, table_of};

use crate::object::{Instance, ManagedObject};

/// The instances that exist in `version`, in that version's form.
pub(super) fn visible(
    object: &ManagedObject,
    version: ProtocolVersion,
) -> impl Iterator<Item = Attribute> {
    object.attributes.iter().filter_map(move |instance| shown(instance, version))
}

fn shown(instance: &Instance, version: ProtocolVersion) -> Option<Attribute> {
    let mut attribute = instance.to_attribute();
    if let Some(kind) = instance.name.kind() {
        if kind.rule().since > version {
            return None;
        }
        attribute.value = in_version(kind, attribute.value, version);
        if !numbers_are_in(version, kind.rule().tag, &attribute.value) {
            return None;
        }
    }
    Some(attribute)
}

/// The name of `algorithm` in `version`, if it has one there. What is EC today was ECDSA before.
pub(super) fn algorithm_in(
    version: ProtocolVersion,
    algorithm: CryptographicAlgorithm,
) -> Option<CryptographicAlgorithm> {
    let number = Value::Enumeration(algorithm.0);
    if numbers_are_in(version, Tag::CryptographicAlgorithm, &number) {
        return Some(algorithm);
    }
    (algorithm == CryptographicAlgorithm::EC).then_some(CryptographicAlgorithm::ECDSA)
}

/// Whether `version` has every named number in `value`; extension values belong to every version.
fn numbers_are_in(version: ProtocolVersion, tag: Tag, value: &Value) -> bool {
    match value {
        Value::Enumeration(number) => {
            let entry = table_of(tag).and_then(|table| table.entry(*number));
            entry.is_none_or(|entry| entry.since <= version)
        }
        Value::Structure(items) => {
            items.iter().all(|item| numbers_are_in(version, item.tag, &item.value))
        }
        _ => true,
    }
}

/// Two structures have grown over the versions: older clients get them without the newer fields.
fn in_version(kind: Kind, value: Value, version: ProtocolVersion) -> Value {
    if version == ProtocolVersion::NEWEST {
        return value;
    }
    match kind {
        Kind::Digest => projected::<Digest>(&value, version).unwrap_or(value),
        Kind::CryptographicParameters => {
            projected::<CryptographicParameters>(&value, version).unwrap_or(value)
        }
        Kind::CryptographicAlgorithm => match value {
            Value::Enumeration(number) => {
                let algorithm = CryptographicAlgorithm(number);
                let named = algorithm_in(version, algorithm).unwrap_or(algorithm);
                Value::Enumeration(named.0)
            }
            other => other,
        },
        _ => value,
    }
}

fn projected<T: Codec>(value: &Value, version: ProtocolVersion) -> Option<Value> {
    let typed: T = value.to(ProtocolVersion::NEWEST).ok()?;
    let mut w = Writer::new(version);
    typed.encode(Tag::AttributeValue, &mut w);
    let bytes = w.into_bytes();
    Value::decode(Tag::AttributeValue, &mut Reader::new(&bytes, ProtocolVersion::NEWEST)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::Scope;
    use crate::operation::birth;
    use kmip_core::attribute::UniqueIdentifier;
    use kmip_core::types::{KeyFormatType, ObjectType};

    #[test]
    fn visible_hides_what_the_version_lacks() {
        let uid = UniqueIdentifier::new("k");
        let mut object = ManagedObject::new(Scope::new("s"), uid, ObjectType::SymmetricKey);
        object.attributes.set(Kind::Fresh, &true);
        object.attributes.set(Kind::Sensitive, &true);
        object.attributes.set(Kind::Digest, &birth::digest(vec![1], KeyFormatType::Raw));
        let names = |version| -> Vec<String> {
            visible(&object, version).map(|a| a.name.as_str().to_owned()).collect()
        };
        assert_eq!(names(ProtocolVersion::V1_0), ["Digest"]);
        assert_eq!(names(ProtocolVersion::V1_1), ["Fresh", "Digest"]);
        assert_eq!(names(ProtocolVersion::V1_4), ["Fresh", "Sensitive", "Digest"]);
        let digest = visible(&object, ProtocolVersion::V1_0).next().unwrap();
        assert_eq!(digest.value.children().len(), 2);
    }
}
