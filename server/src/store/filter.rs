//! What a Locate asks for, as data, and the index rows that answer it.

use kmip_core::attribute::AttributeName;
use kmip_core::ttlv::{Item, Value};
use kmip_core::types::Tag;

use crate::object::Instance;

/// Most tests in one filter: SQLite nests expressions 1,000 deep at most, and nobody needs a tenth of
/// that.
pub const MAX_TESTS: usize = 256;

/// A Locate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// All must hold.
    pub criteria: Vec<Criterion>,
    /// Whether objects in use (not archived) are wanted.
    pub online: bool,
    /// Whether archived objects are wanted.
    pub archived: bool,
    /// Which come first.
    pub order: Order,
    /// Matches to skip.
    pub offset: usize,
    /// Matches to return at most.
    pub limit: usize,
}

/// By when the objects came into being.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Order {
    #[default]
    NewestFirst,
    OldestFirst,
}

/// One condition on an object's attributes; some instance of the attribute must meet it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Criterion {
    /// One instance has all these fields. A scalar has the one field 0.
    Fields {
        /// The attribute.
        name: AttributeName,
        /// What its fields must be.
        fields: Vec<FieldMatch>,
    },
    /// Every bit of `bits` is set.
    HasBits {
        /// The attribute.
        name: AttributeName,
        /// The bits.
        bits: u32,
    },
    /// The number or date lies in a closed range.
    Range {
        /// The attribute.
        name: AttributeName,
        /// Least.
        low: i64,
        /// Greatest.
        high: i64,
    },
    /// The attribute is there at all (a structure with no field given).
    Present {
        /// The attribute.
        name: AttributeName,
    },
}

/// A field of a structure, and the value it must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldMatch {
    /// Tag number of the field; 0 for a scalar attribute.
    pub field: u32,
    /// Its value in the form of [`IndexRow::key`].
    pub key: Vec<u8>,
    /// Whether a greater number matches too (Usage Limits).
    pub at_least: Option<i64>,
}

/// One searchable field of one instance of an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexRow {
    /// The attribute.
    pub name: AttributeName,
    /// Instance.
    pub index: i32,
    /// Tag number of the field; 0 for a scalar attribute, or for a structure as a whole.
    pub field: u32,
    /// Type code and value: equal exactly if type and value are.
    pub key: Vec<u8>,
    /// The value of whole numbers, dates, masks and enumerations.
    pub number: Option<i64>,
}

/// The rows under which an instance is found.
#[must_use]
pub fn index_rows(instance: &Instance) -> Vec<IndexRow> {
    let row = |field: u32, value: &Value| IndexRow {
        name: instance.name.clone(),
        index: instance.index,
        field,
        key: key_of(value),
        number: number_of(value),
    };
    let mut rows = vec![row(0, &instance.value)];
    rows.extend(instance.value.children().iter().map(|child| row(child.tag.0, &child.value)));
    rows
}

/// Type and value as bytes. The tag under which the value stands does not count.
fn key_of(value: &Value) -> Vec<u8> {
    let mut bytes = value.to_bytes(Tag::AttributeValue);
    bytes.drain(..3);
    bytes
}

fn number_of(value: &Value) -> Option<i64> {
    match value {
        Value::Integer(number) => Some(i64::from(*number)),
        Value::LongInteger(number) => Some(*number),
        Value::Enumeration(number) => Some(i64::from(*number)),
        Value::Boolean(yes) => Some(i64::from(*yes)),
        Value::DateTime(date) => Some(date.0),
        Value::Interval(seconds) => Some(i64::from(seconds.0)),
        Value::Structure(_)
        | Value::BigInteger(_)
        | Value::TextString(_)
        | Value::ByteString(_) => None,
    }
}

impl Criterion {
    /// The attribute has exactly this value; of a structure, exactly the fields given.
    #[must_use]
    pub fn equals(name: AttributeName, value: &Value) -> Self {
        if let Value::Structure(items) = value {
            if items.is_empty() {
                return Self::Present { name };
            }
            return Self::Fields { name, fields: items.iter().map(FieldMatch::of).collect() };
        }
        let whole = FieldMatch { field: 0, key: key_of(value), at_least: None };
        Self::Fields { name, fields: vec![whole] }
    }

    /// How many tests it is.
    #[must_use]
    pub fn tests(&self) -> usize {
        match self {
            Self::Fields { fields, .. } => fields.len().max(1),
            Self::HasBits { .. } | Self::Range { .. } | Self::Present { .. } => 1,
        }
    }
}

impl FieldMatch {
    /// Exactly the value in `item`.
    #[must_use]
    pub fn of(item: &Item) -> Self {
        Self { field: item.tag.0, key: key_of(&item.value), at_least: None }
    }

    /// The number in `item`, or a greater one.
    #[must_use]
    pub fn at_least(item: &Item) -> Self {
        Self { at_least: number_of(&item.value), ..Self::of(item) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kmip_core::attribute::Name;
    use kmip_core::types::NameType;

    #[test]
    fn index_rows_hold_the_whole_and_each_field_of_a_structure() {
        let name = Name { name_value: "k".into(), name_type: NameType::URI };
        let instance =
            Instance { name: AttributeName::new("Name"), index: 2, value: Value::of(&name) };
        let rows = index_rows(&instance);
        assert_eq!(rows.len(), 3);
        assert_eq!(rows[2].field, Tag::NameType.0);
        assert_eq!(rows[2].number, Some(2));
    }

    #[test]
    fn key_tells_types_apart() {
        assert_ne!(key_of(&Value::Integer(1)), key_of(&Value::Enumeration(1)));
    }
}
