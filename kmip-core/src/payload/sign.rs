//! Sign, since KMIP 1.2.

use crate::attribute::{CryptographicParameters, UniqueIdentifier};
use crate::secret::SecretBytes;

kmip_struct! {
    /// Sign: what a client asks.
    ///
    /// Spec: KMIP 1.4 §4.31.
    pub struct SignRequest {
        /// The object; in a request, absent means the ID Placeholder.
        opt UniqueIdentifier => unique_identifier: UniqueIdentifier,
        /// How to do it; absent means the key's own first Cryptographic Parameters.
        opt CryptographicParameters => cryptographic_parameters: CryptographicParameters,
        /// The data; wiped when dropped.
        opt Data => data: SecretBytes,
        /// Hash of the data, made by the client.
        opt DigestedData => digested_data: Vec<u8> [since V1_4],
        /// Ties the parts of a stream together.
        opt CorrelationValue => correlation_value: Vec<u8> [since V1_3],
        /// Whether this is the first part of a stream.
        opt InitIndicator => init_indicator: bool [since V1_3],
        /// Whether this is the last part of a stream.
        opt FinalIndicator => final_indicator: bool [since V1_3],
    }
}

kmip_struct! {
    /// Sign: what the server answers.
    ///
    /// Spec: KMIP 1.4 §4.31.
    pub struct SignResponse {
        /// The object; in a request, absent means the ID Placeholder.
        req UniqueIdentifier => unique_identifier: UniqueIdentifier,
        /// The signature.
        opt SignatureData => signature_data: Vec<u8>,
        /// Ties the parts of a stream together.
        opt CorrelationValue => correlation_value: Vec<u8> [since V1_3],
    }
}
