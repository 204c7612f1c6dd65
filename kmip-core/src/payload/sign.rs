//! Sign, since KMIP 1.2.

use crate::attribute::{CryptographicParameters, UniqueIdentifier};
use crate::secret::SecretBytes;

kmip_struct! {
    /// Asks to sign data or its hash, or one part of a stream of it.
    ///
    /// Spec: KMIP 1.4 §4.31.
    pub struct SignRequest {
        /// The object; absent means the ID Placeholder.
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
    /// Holds the signature.
    ///
    /// Spec: KMIP 1.4 §4.31.
    pub struct SignResponse {
        /// The object.
        req UniqueIdentifier => unique_identifier: UniqueIdentifier,
        /// The signature.
        opt SignatureData => signature_data: Vec<u8>,
        /// Ties the parts of a stream together.
        opt CorrelationValue => correlation_value: Vec<u8> [since V1_3],
    }
}
