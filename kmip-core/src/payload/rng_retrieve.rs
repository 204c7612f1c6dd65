//! RNG Retrieve, since KMIP 1.2.

use crate::secret::SecretBytes;

kmip_struct! {
    /// RNG Retrieve: what a client asks.
    ///
    /// Spec: KMIP 1.4 §4.35.
    pub struct RngRetrieveRequest {
        /// A length in bytes.
        req DataLength => data_length: i32,
    }
}

kmip_struct! {
    /// RNG Retrieve: what the server answers.
    ///
    /// Spec: KMIP 1.4 §4.35.
    pub struct RngRetrieveResponse {
        /// The data; wiped when dropped.
        req Data => data: SecretBytes,
    }
}
