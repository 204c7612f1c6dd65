//! Delete Attribute, since KMIP 1.0.

use crate::attribute::{Attribute, AttributeName, UniqueIdentifier};

kmip_struct! {
    /// Asks to take one instance of an attribute away.
    ///
    /// Spec: KMIP 1.4 §4.16.
    pub struct DeleteAttributeRequest {
        /// The object; absent means the ID Placeholder.
        opt UniqueIdentifier => unique_identifier: UniqueIdentifier,
        /// Name of an attribute.
        req AttributeName => attribute_name: AttributeName,
        /// Which instance; absent means 0.
        opt AttributeIndex => attribute_index: i32,
    }
}

kmip_struct! {
    /// Repeats the attribute that is gone.
    ///
    /// Spec: KMIP 1.4 §4.16.
    pub struct DeleteAttributeResponse {
        /// The object.
        req UniqueIdentifier => unique_identifier: UniqueIdentifier,
        /// The attribute.
        req Attribute => attribute: Attribute,
    }
}
