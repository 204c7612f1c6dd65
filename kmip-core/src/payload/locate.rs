//! Locate, since KMIP 1.0.

use crate::attribute::{Attribute, TemplateAttribute, UniqueIdentifier};
use crate::types::{ObjectGroupMember, StorageStatusMask};

kmip_struct! {
    /// Asks which objects have all these attributes.
    ///
    /// Spec: KMIP 1.4 §4.9.
    pub struct LocateRequest {
        /// At most this many identifiers are wanted.
        opt MaximumItems => maximum_items: i32,
        /// How many matches to skip first.
        opt OffsetItems => offset_items: i32 [since V1_3],
        /// Where to look: on line, archived or both; absent means on line.
        opt StorageStatusMask => storage_status_mask: StorageStatusMask,
        /// Which members of the Object Group asked for: fresh ones or the default.
        opt ObjectGroupMember => object_group_member: ObjectGroupMember [since V1_1],
        /// The attributes.
        many Attribute => attributes: Attribute,
        /// The same, wrapped: a tolerance, see [`crate::tolerance`].
        opt TemplateAttribute => template_attribute: TemplateAttribute,
    }
}

kmip_struct! {
    /// Names the objects found, a page of them if the client asked for one.
    ///
    /// Spec: KMIP 1.4 §4.9.
    pub struct LocateResponse {
        /// How many objects match in all.
        opt LocatedItems => located_items: i32 [since V1_3],
        /// The objects.
        many UniqueIdentifier => unique_identifiers: UniqueIdentifier,
    }
}
