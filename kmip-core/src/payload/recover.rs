//! Recover, since KMIP 1.0.

use crate::attribute::UniqueIdentifier;

kmip_struct! {
    /// Asks to bring an archived object back on line.
    ///
    /// Spec: KMIP 1.4 §4.23.
    pub struct RecoverRequest {
        /// The object; absent means the ID Placeholder.
        opt UniqueIdentifier => unique_identifier: UniqueIdentifier,
    }
}

kmip_struct! {
    /// Names the object that is on line, or soon will be.
    ///
    /// Spec: KMIP 1.4 §4.23.
    pub struct RecoverResponse {
        /// The object.
        req UniqueIdentifier => unique_identifier: UniqueIdentifier,
    }
}
