//! Get Attributes, since KMIP 1.0.

use crate::attribute::{Attribute, AttributeName, UniqueIdentifier};

kmip_struct! {
    /// Asks for some of an object's attributes, or all.
    ///
    /// Spec: KMIP 1.4 §4.12.
    pub struct GetAttributesRequest {
        /// The object; absent means the ID Placeholder.
        opt UniqueIdentifier => unique_identifier: UniqueIdentifier,
        /// Names of attributes.
        many AttributeName => attribute_names: AttributeName,
    }
}

kmip_struct! {
    /// Holds those attributes that the object has.
    ///
    /// Spec: KMIP 1.4 §4.12.
    pub struct GetAttributesResponse {
        /// The object.
        req UniqueIdentifier => unique_identifier: UniqueIdentifier,
        /// The attributes.
        many Attribute => attributes: Attribute,
    }
}
