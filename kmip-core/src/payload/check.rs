//! Check, since KMIP 1.0.

use crate::attribute::UniqueIdentifier;
use crate::ttlv::Interval;
use crate::types::CryptographicUsageMask;

kmip_struct! {
    /// Check: what a client asks.
    ///
    /// Spec: KMIP 1.4 §4.10.
    pub struct CheckRequest {
        /// The object; in a request, absent means the ID Placeholder.
        opt UniqueIdentifier => unique_identifier: UniqueIdentifier,
        /// Usage Limits Count.
        opt UsageLimitsCount => usage_limits_count: i64,
        /// Cryptographic Usage Mask.
        opt CryptographicUsageMask => cryptographic_usage_mask: CryptographicUsageMask,
        /// Lease, in seconds.
        opt LeaseTime => lease_time: Interval,
    }
}

kmip_struct! {
    /// Check: what the server answers.
    ///
    /// Spec: KMIP 1.4 §4.10.
    pub struct CheckResponse {
        /// The object; in a request, absent means the ID Placeholder.
        opt UniqueIdentifier => unique_identifier: UniqueIdentifier,
        /// Usage Limits Count.
        opt UsageLimitsCount => usage_limits_count: i64,
        /// Cryptographic Usage Mask.
        opt CryptographicUsageMask => cryptographic_usage_mask: CryptographicUsageMask,
        /// Lease, in seconds.
        opt LeaseTime => lease_time: Interval,
    }
}
