//! Get Usage Allocation, since KMIP 1.0.

use crate::attribute::UniqueIdentifier;

kmip_struct! {
    /// Asks to set aside a part of what the Usage Limits still allow.
    ///
    /// Spec: KMIP 1.4 §4.18.
    pub struct GetUsageAllocationRequest {
        /// The object; absent means the ID Placeholder.
        opt UniqueIdentifier => unique_identifier: UniqueIdentifier,
        /// How many bytes or objects, as the unit of the Usage Limits says.
        req UsageLimitsCount => usage_limits_count: i64,
    }
}

kmip_struct! {
    /// Names the object; all that was asked for is granted.
    ///
    /// Spec: KMIP 1.4 §4.18.
    pub struct GetUsageAllocationResponse {
        /// The object.
        req UniqueIdentifier => unique_identifier: UniqueIdentifier,
    }
}
