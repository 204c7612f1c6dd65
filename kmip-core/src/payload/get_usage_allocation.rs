//! Get Usage Allocation, since KMIP 1.0.

use crate::attribute::UniqueIdentifier;

kmip_struct! {
    /// Get Usage Allocation: what a client asks.
    ///
    /// Spec: KMIP 1.4 §4.18.
    pub struct GetUsageAllocationRequest {
        /// The object; in a request, absent means the ID Placeholder.
        opt UniqueIdentifier => unique_identifier: UniqueIdentifier,
        /// Usage Limits Count.
        req UsageLimitsCount => usage_limits_count: i64,
    }
}

kmip_struct! {
    /// Get Usage Allocation: what the server answers.
    ///
    /// Spec: KMIP 1.4 §4.18.
    pub struct GetUsageAllocationResponse {
        /// The object; in a request, absent means the ID Placeholder.
        req UniqueIdentifier => unique_identifier: UniqueIdentifier,
    }
}
