//! Destroy, since KMIP 1.0.

use crate::attribute::UniqueIdentifier;

kmip_struct! {
    /// Asks to destroy an object's value; its attributes may stay.
    ///
    /// Spec: KMIP 1.4 §4.21.
    pub struct DestroyRequest {
        /// The object; absent means the ID Placeholder.
        opt UniqueIdentifier => unique_identifier: UniqueIdentifier,
    }
}

kmip_struct! {
    /// Names the object whose value is gone.
    ///
    /// Spec: KMIP 1.4 §4.21.
    pub struct DestroyResponse {
        /// The object.
        req UniqueIdentifier => unique_identifier: UniqueIdentifier,
    }
}
