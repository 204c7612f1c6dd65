//! The one table of liberties we grant to senders. Everything else is refused.

use crate::types::Tag;

/// A liberty, who needs it, and where it is granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tolerance {
    /// The structure it is about.
    pub structure: &'static str,
    /// The field it is about; `None` for the structure as a whole.
    pub field: Option<Tag>,
    /// What is granted.
    pub kind: ToleranceKind,
    /// Clients that need it.
    pub needed_by: &'static str,
}

/// What may deviate from the specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToleranceKind {
    /// The field, or the whole request, is accepted in versions older than the one that brought it.
    BeforeItsVersion,
    /// The fields may come in any order.
    AnyOrder,
    /// Attributes may come wrapped in a Template-Attribute.
    InsideTemplateAttribute,
}

/// Every liberty we grant.
pub const TOLERANCES: &[Tolerance] = &[
    Tolerance {
        structure: "DiscoverVersionsRequest",
        field: None,
        kind: ToleranceKind::BeforeItsVersion,
        needed_by: "clients of 1.0 that ask which newer versions there are",
    },
    Tolerance {
        structure: "LocateRequest",
        field: Some(Tag::OffsetItems),
        kind: ToleranceKind::BeforeItsVersion,
        needed_by: "kmippp sends the 1.3 field in 1.0 requests",
    },
    Tolerance {
        structure: "LocateRequest",
        field: Some(Tag::Attribute),
        kind: ToleranceKind::InsideTemplateAttribute,
        needed_by: "FortiGate, VAST",
    },
    Tolerance {
        structure: "RequestHeader",
        field: None,
        kind: ToleranceKind::AnyOrder,
        needed_by: "FortiGate sends Batch Order before Batch Error Continuation",
    },
];

/// Whether `field` of `structure` is accepted before its version. Asked at compile time.
pub(crate) const fn admits_early(structure: &str, field: Tag) -> bool {
    let mut rows = TOLERANCES;
    while let [row, rest @ ..] = rows {
        if let (Some(tag), ToleranceKind::BeforeItsVersion) = (row.field, row.kind)
            && tag.0 == field.0
            && same(row.structure, structure)
        {
            return true;
        }
        rows = rest;
    }
    false
}

/// Whether the request `structure` is accepted before its version. Asked at compile time.
pub(crate) const fn admits_whole_early(structure: &str) -> bool {
    let mut rows = TOLERANCES;
    while let [row, rest @ ..] = rows {
        if row.field.is_none()
            && matches!(row.kind, ToleranceKind::BeforeItsVersion)
            && same(row.structure, structure)
        {
            return true;
        }
        rows = rest;
    }
    false
}

/// Whether the fields of `structure` may come in any order. Asked at compile time.
pub(crate) const fn any_order(structure: &str) -> bool {
    let mut rows = TOLERANCES;
    while let [row, rest @ ..] = rows {
        if matches!(row.kind, ToleranceKind::AnyOrder) && same(row.structure, structure) {
            return true;
        }
        rows = rest;
    }
    false
}

/// `a == b`, which a `const fn` cannot say.
const fn same(a: &str, b: &str) -> bool {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    while let ([x, a_rest @ ..], [y, b_rest @ ..]) = (a, b) {
        if *x != *y {
            return false;
        }
        (a, b) = (a_rest, b_rest);
    }
    a.is_empty() && b.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{RequestHeader, ResponseHeader};
    use crate::payload::{GetAttributesRequest, LocateRequest, RequestPayload};
    use crate::ttlv::{Codec, DateTime, DecodeError, Item, Reader, Value};
    use crate::types::{Operation, ProtocolVersion};

    fn item(tag: Tag, value: Value) -> Item {
        Item { tag, value }
    }

    fn read<T: Codec>(version: ProtocolVersion, fields: Vec<Item>) -> Result<T, DecodeError> {
        let bytes = Value::Structure(fields).to_bytes(Tag::RequestPayload);
        T::decode(Tag::RequestPayload, &mut Reader::new(&bytes, version))
    }

    fn two_ways<T: Codec>(fields: Vec<Item>) -> [Result<T, DecodeError>; 2] {
        let turned = fields.iter().rev().cloned().collect();
        [read(ProtocolVersion::V1_0, fields), read(ProtocolVersion::V1_0, turned)]
    }

    fn field_before_its_version() {
        let one = |tag| vec![item(tag, Value::Integer(1))];
        let granted: Result<LocateRequest, _> = read(ProtocolVersion::V1_0, one(Tag::OffsetItems));
        assert_eq!(granted.unwrap().offset_items, Some(1));
        let group = vec![item(Tag::ObjectGroupMember, Value::Enumeration(1))];
        let refused: Result<LocateRequest, _> = read(ProtocolVersion::V1_0, group);
        assert_eq!(refused, Err(DecodeError::Unknown(Tag::ObjectGroupMember)));
    }

    fn request_before_its_version() {
        let empty = Value::Structure(Vec::new()).to_bytes(Tag::RequestPayload);
        let ask = |operation| {
            let mut r = Reader::new(&empty, ProtocolVersion::V1_0);
            RequestPayload::decode(operation, &mut r).unwrap()
        };
        assert!(ask(Operation::DiscoverVersions).is_some());
        assert_eq!(ask(Operation::ReKeyKeyPair), None);
    }

    fn attributes_inside_template_attribute() {
        let template = || vec![item(Tag::TemplateAttribute, Value::Structure(Vec::new()))];
        let granted: Result<LocateRequest, _> = read(ProtocolVersion::V1_4, template());
        assert!(granted.unwrap().template_attribute.is_some());
        let refused: Result<GetAttributesRequest, _> = read(ProtocolVersion::V1_4, template());
        assert_eq!(refused, Err(DecodeError::Unknown(Tag::TemplateAttribute)));
    }

    fn header_in_any_order() {
        let request = vec![
            item(Tag::ProtocolVersion, Value::of(&ProtocolVersion::V1_0)),
            item(Tag::BatchErrorContinuationOption, Value::Enumeration(1)),
            item(Tag::BatchOrderOption, Value::Boolean(true)),
            item(Tag::BatchCount, Value::Integer(1)),
        ];
        let [granted, turned] = two_ways::<RequestHeader>(request.clone());
        assert!(granted.is_ok());
        assert_eq!(granted, turned);
        let mut twice = request;
        twice.insert(0, item(Tag::BatchCount, Value::Integer(1)));
        let refused: Result<RequestHeader, _> = read(ProtocolVersion::V1_0, twice);
        assert_eq!(refused, Err(DecodeError::Misplaced(Tag::BatchCount)));
        let [granted, turned] = two_ways::<ResponseHeader>(vec![
            item(Tag::ProtocolVersion, Value::of(&ProtocolVersion::V1_0)),
            item(Tag::TimeStamp, Value::of(&DateTime(0))),
            item(Tag::BatchCount, Value::Integer(1)),
        ]);
        assert!(granted.is_ok());
        assert_eq!(turned, Err(DecodeError::Missing(Tag::ProtocolVersion)));
    }

    #[test]
    fn every_tolerance_is_granted_there_and_refused_elsewhere() {
        for row in TOLERANCES {
            match (row.structure, row.field, row.kind) {
                ("LocateRequest", Some(Tag::OffsetItems), ToleranceKind::BeforeItsVersion) => {
                    field_before_its_version();
                }
                ("DiscoverVersionsRequest", None, ToleranceKind::BeforeItsVersion) => {
                    request_before_its_version();
                }
                ("LocateRequest", Some(Tag::Attribute), ToleranceKind::InsideTemplateAttribute) => {
                    attributes_inside_template_attribute()
                }
                ("RequestHeader", None, ToleranceKind::AnyOrder) => header_in_any_order(),
                _ => panic!("no test for {row:?}"),
            }
            assert!(!row.needed_by.is_empty());
        }
    }

    #[test]
    fn same_compares_like_the_language() {
        for (a, b) in [("", ""), ("a", ""), ("ab", "ac"), ("ab", "abc"), ("abc", "abc")] {
            assert_eq!(same(a, b), a == b);
        }
    }
}
