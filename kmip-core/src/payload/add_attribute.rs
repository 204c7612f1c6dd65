//! Add Attribute, since KMIP 1.0.

use crate::attribute::{Attribute, UniqueIdentifier};

kmip_struct! {
    /// Asks to give an object one more attribute, or one more instance of one.
    ///
    /// Spec: KMIP 1.4 §4.14.
    pub struct AddAttributeRequest {
        /// The object; absent means the ID Placeholder.
        opt UniqueIdentifier => unique_identifier: UniqueIdentifier,
        /// The attribute.
        req Attribute => attribute: Attribute,
    }
}

kmip_struct! {
    /// Repeats the attribute as it was added, with its index.
    ///
    /// Spec: KMIP 1.4 §4.14.
    pub struct AddAttributeResponse {
        /// The object.
        req UniqueIdentifier => unique_identifier: UniqueIdentifier,
        /// The attribute.
        req Attribute => attribute: Attribute,
    }
}
