//! Get Attribute List, since KMIP 1.0.

use crate::attribute::{AttributeName, UniqueIdentifier};

kmip_struct! {
    /// Asks which attributes an object has.
    ///
    /// Spec: KMIP 1.4 §4.13.
    pub struct GetAttributeListRequest {
        /// The object; absent means the ID Placeholder.
        opt UniqueIdentifier => unique_identifier: UniqueIdentifier,
    }
}

kmip_struct! {
    /// Names the attributes.
    ///
    /// Spec: KMIP 1.4 §4.13.
    pub struct GetAttributeListResponse {
        /// The object.
        req UniqueIdentifier => unique_identifier: UniqueIdentifier,
        /// Names of attributes.
        many AttributeName => attribute_names: AttributeName,
    }
}
