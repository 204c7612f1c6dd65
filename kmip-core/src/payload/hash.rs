//! Hash, since KMIP 1.2.

use crate::attribute::CryptographicParameters;
use crate::secret::SecretBytes;

kmip_struct! {
    /// Asks to hash data, or one part of a stream of it.
    ///
    /// Spec: KMIP 1.4 §4.37.
    pub struct HashRequest {
        /// How to do it; absent means the key's own first Cryptographic Parameters.
        req CryptographicParameters => cryptographic_parameters: CryptographicParameters,
        /// The data; wiped when dropped.
        opt Data => data: SecretBytes,
        /// Ties the parts of a stream together.
        opt CorrelationValue => correlation_value: Vec<u8> [since V1_3],
        /// Whether this is the first part of a stream.
        opt InitIndicator => init_indicator: bool [since V1_3],
        /// Whether this is the last part of a stream.
        opt FinalIndicator => final_indicator: bool [since V1_3],
    }
}

kmip_struct! {
    /// Holds the hash.
    ///
    /// Spec: KMIP 1.4 §4.37.
    pub struct HashResponse {
        /// The data; wiped when dropped.
        opt Data => data: SecretBytes,
        /// Ties the parts of a stream together.
        opt CorrelationValue => correlation_value: Vec<u8> [since V1_3],
    }
}
