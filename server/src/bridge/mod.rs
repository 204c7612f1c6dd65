//! Between KMIP and the token: parameters become wishes, key blocks become key material.

pub mod algorithm;
pub mod cipher;
pub mod constructed;
pub mod derivation;
pub mod fields;
pub mod key_format;
pub mod key_material;
pub mod key_spec;
pub mod pkcs12;
pub mod signature;

/// Why KMIP's words have no counterpart on the token's side. The texts may reach the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BridgeError {
    /// Legal, but nothing we can do.
    #[error("{0}")]
    Unsupported(&'static str),
    /// Contradictory, or out of range.
    #[error("{0}")]
    Invalid(&'static str),
    /// Something needed is not there.
    #[error("{0}")]
    Missing(&'static str),
    /// A value for which the specification's cases want General Failure.
    #[error("{0}")]
    OutOfRange(&'static str),
    /// The key cannot be read or given in this format.
    #[error("key format type not supported")]
    KeyFormat,
}

/// Cryptographic Parameters that say nothing.
#[must_use]
pub const fn no_parameters() -> kmip_core::attribute::CryptographicParameters {
    kmip_core::attribute::CryptographicParameters {
        block_cipher_mode: None,
        padding_method: None,
        hashing_algorithm: None,
        key_role_type: None,
        digital_signature_algorithm: None,
        cryptographic_algorithm: None,
        random_iv: None,
        iv_length: None,
        tag_length: None,
        fixed_field_length: None,
        invocation_field_length: None,
        counter_length: None,
        initial_counter_value: None,
        salt_length: None,
        mask_generator: None,
        mask_generator_hashing_algorithm: None,
        p_source: None,
        trailer_field: None,
    }
}
