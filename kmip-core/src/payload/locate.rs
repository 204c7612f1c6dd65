//! Locate, since KMIP 1.0.

use crate::attribute::{Attribute, TemplateAttribute, UniqueIdentifier};
use crate::types::{ObjectGroupMember, StorageStatusMask};

kmip_struct! {
    /// Locate: what a client asks.
    ///
    /// Spec: KMIP 1.4 §4.9.
    pub struct LocateRequest {
        /// At most this many identifiers are wanted.
        opt MaximumItems => maximum_items: i32,
        /// How many matches to skip first.
        opt OffsetItems => offset_items: i32 [since V1_3],
        /// Storage Status Mask.
        opt StorageStatusMask => storage_status_mask: StorageStatusMask,
        /// Object Group Member.
        opt ObjectGroupMember => object_group_member: ObjectGroupMember [since V1_1],
        /// An attribute.
        many Attribute => attributes: Attribute,
        /// The same, wrapped: a tolerance, see [`crate::tolerance`].
        opt TemplateAttribute => template_attribute: TemplateAttribute,
    }
}

kmip_struct! {
    /// Locate: what the server answers.
    ///
    /// Spec: KMIP 1.4 §4.9.
    pub struct LocateResponse {
        /// How many objects match in all.
        opt LocatedItems => located_items: i32 [since V1_3],
        /// The object; in a request, absent means the ID Placeholder.
        many UniqueIdentifier => unique_identifiers: UniqueIdentifier,
    }
}
