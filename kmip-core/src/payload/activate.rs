//! Activate, since KMIP 1.0.

use crate::attribute::UniqueIdentifier;

kmip_struct! {
    /// Asks to make a Pre-Active object Active.
    ///
    /// Spec: KMIP 1.4 §4.19.
    pub struct ActivateRequest {
        /// The object; absent means the ID Placeholder.
        opt UniqueIdentifier => unique_identifier: UniqueIdentifier,
    }
}

kmip_struct! {
    /// Names the object that is now Active.
    ///
    /// Spec: KMIP 1.4 §4.19.
    pub struct ActivateResponse {
        /// The object.
        req UniqueIdentifier => unique_identifier: UniqueIdentifier,
    }
}
