//! RNG Retrieve, since KMIP 1.2.

use crate::secret::SecretBytes;

kmip_struct! {
    /// Asks for random bytes.
    ///
    /// Spec: KMIP 1.4 §4.35.
    pub struct RngRetrieveRequest {
        /// How many bytes.
        req DataLength => data_length: i32,
    }
}

kmip_struct! {
    /// Holds the random bytes.
    ///
    /// Spec: KMIP 1.4 §4.35.
    pub struct RngRetrieveResponse {
        /// The data; wiped when dropped.
        req Data => data: SecretBytes,
    }
}
