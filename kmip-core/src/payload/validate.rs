//! Validate, since KMIP 1.0.

use crate::attribute::UniqueIdentifier;
use crate::object::Certificate;
use crate::ttlv::DateTime;
use crate::types::ValidityIndicator;

kmip_struct! {
    /// Asks whether a chain of certificates holds.
    ///
    /// Spec: KMIP 1.4 §4.24.
    pub struct ValidateRequest {
        /// The certificates of the chain, in any order.
        many Certificate => certificates: Certificate,
        /// The objects.
        many UniqueIdentifier => unique_identifiers: UniqueIdentifier,
        /// The moment to judge for; absent means now.
        opt ValidityDate => validity_date: DateTime,
    }
}

kmip_struct! {
    /// Holds the verdict.
    ///
    /// Spec: KMIP 1.4 §4.24.
    pub struct ValidateResponse {
        /// The verdict.
        req ValidityIndicator => validity_indicator: ValidityIndicator,
    }
}
