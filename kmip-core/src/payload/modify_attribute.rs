//! Modify Attribute, since KMIP 1.0.

use crate::attribute::{Attribute, UniqueIdentifier};

kmip_struct! {
    /// Asks to give an instance of an attribute another value.
    ///
    /// Spec: KMIP 1.4 §4.15.
    pub struct ModifyAttributeRequest {
        /// The object; absent means the ID Placeholder.
        opt UniqueIdentifier => unique_identifier: UniqueIdentifier,
        /// The attribute.
        req Attribute => attribute: Attribute,
    }
}

kmip_struct! {
    /// Repeats the attribute as it is now.
    ///
    /// Spec: KMIP 1.4 §4.15.
    pub struct ModifyAttributeResponse {
        /// The object.
        req UniqueIdentifier => unique_identifier: UniqueIdentifier,
        /// The attribute.
        req Attribute => attribute: Attribute,
    }
}
