//! Derive Key, since KMIP 1.0.

use crate::attribute::{CryptographicParameters, TemplateAttribute, UniqueIdentifier};
use crate::secret::SecretBytes;
use crate::types::{DerivationMethod, ObjectType};

kmip_struct! {
    /// Asks for a new key or secret, derived from others.
    ///
    /// Spec: KMIP 1.4 §4.6.
    pub struct DeriveKeyRequest {
        /// Kind of the object.
        req ObjectType => object_type: ObjectType,
        /// The objects.
        many UniqueIdentifier => unique_identifiers: UniqueIdentifier,
        /// How to derive.
        req DerivationMethod => derivation_method: DerivationMethod,
        /// What the method needs.
        req DerivationParameters => derivation_parameters: DerivationParameters,
        /// Attributes of the object.
        req TemplateAttribute => template_attribute: TemplateAttribute,
    }
}

kmip_struct! {
    /// Names the new object.
    ///
    /// Spec: KMIP 1.4 §4.6.
    pub struct DeriveKeyResponse {
        /// The object.
        req UniqueIdentifier => unique_identifier: UniqueIdentifier,
        /// Attributes of the object.
        opt TemplateAttribute => template_attribute: TemplateAttribute,
    }
}

kmip_struct! {
    /// What a key is derived from, beside the base objects.
    ///
    /// Spec: KMIP 1.4 §4.6.
    pub struct DerivationParameters {
        /// Which PRF, hash or cipher.
        opt CryptographicParameters => cryptographic_parameters: CryptographicParameters,
        /// IV of the ENCRYPT method.
        opt InitializationVector => initialization_vector: Vec<u8>,
        /// Label, context or data to be encrypted, hashed or MACed.
        opt DerivationData => derivation_data: SecretBytes,
        /// Salt of PBKDF2.
        opt Salt => salt: Vec<u8>,
        /// Iterations of PBKDF2.
        opt IterationCount => iteration_count: i32,
    }
}
