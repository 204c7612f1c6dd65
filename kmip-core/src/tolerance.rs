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
    /// The field is accepted in versions older than the one that brought it.
    BeforeItsVersion,
    /// The fields may come in any order.
    AnyOrder,
    /// Attributes may come wrapped in a Template-Attribute.
    InsideTemplateAttribute,
}

/// Every liberty we grant.
pub const TOLERANCES: &[Tolerance] = &[
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

/// Whether `field` of `structure` is accepted before its version.
pub(crate) fn admits_early(structure: &str, field: Tag) -> bool {
    TOLERANCES.iter().any(|t| {
        t.structure == structure
            && t.field == Some(field)
            && t.kind == ToleranceKind::BeforeItsVersion
    })
}

/// Whether `structure` as a whole is granted `kind`.
pub(crate) fn grants(structure: &str, kind: ToleranceKind) -> bool {
    TOLERANCES.iter().any(|t| t.structure == structure && t.kind == kind)
}
