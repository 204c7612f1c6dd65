//! Validate, since KMIP 1.0.

use crate::attribute::UniqueIdentifier;
use crate::object::Certificate;
use crate::ttlv::DateTime;
use crate::types::ValidityIndicator;

kmip_struct! {
    /// Validate: what a client asks.
    ///
    /// Spec: KMIP 1.4 §4.24.
    pub struct ValidateRequest {
        /// Certificate.
        many Certificate => certificates: Certificate,
        /// The object; in a request, absent means the ID Placeholder.
        many UniqueIdentifier => unique_identifiers: UniqueIdentifier,
        /// Validity Date.
        opt ValidityDate => validity_date: DateTime,
    }
}

kmip_struct! {
    /// Validate: what the server answers.
    ///
    /// Spec: KMIP 1.4 §4.24.
    pub struct ValidateResponse {
        /// The verdict.
        req ValidityIndicator => validity_indicator: ValidityIndicator,
    }
}
