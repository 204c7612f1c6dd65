//! Delete Attribute, since KMIP 1.0.

use crate::attribute::{Attribute, AttributeName, UniqueIdentifier};

kmip_struct! {
    /// Delete Attribute: what a client asks.
    ///
    /// Spec: KMIP 1.4 §4.16.
    pub struct DeleteAttributeRequest {
        /// The object; in a request, absent means the ID Placeholder.
        opt UniqueIdentifier => unique_identifier: UniqueIdentifier,
        /// Name of an attribute.
        req AttributeName => attribute_name: AttributeName,
        /// Attribute Index.
        opt AttributeIndex => attribute_index: i32,
    }
}

kmip_struct! {
    /// Delete Attribute: what the server answers.
    ///
    /// Spec: KMIP 1.4 §4.16.
    pub struct DeleteAttributeResponse {
        /// The object; in a request, absent means the ID Placeholder.
        req UniqueIdentifier => unique_identifier: UniqueIdentifier,
        /// An attribute.
        req Attribute => attribute: Attribute,
    }
}
