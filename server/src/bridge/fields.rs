//! Which fields of Cryptographic Parameters a wish has a use for: all others are refused, so that
//! none is passed over.

use hsm_backend::{BlockMode, CipherAlgorithm, MacAlgorithm, SignAlgorithm};
use kmip_core::attribute::CryptographicParameters;
use kmip_core::types::PaddingMethod;

use super::BridgeError;

/// The fields but for Cryptographic Algorithm and Key Role Type, which are held against the key
/// whatever it is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Field {
    BlockCipherMode,
    PaddingMethod,
    HashingAlgorithm,
    DigitalSignatureAlgorithm,
    RandomIv,
    IvLength,
    TagLength,
    FixedFieldLength,
    InvocationFieldLength,
    CounterLength,
    InitialCounterValue,
    SaltLength,
    MaskGenerator,
    MaskGeneratorHashingAlgorithm,
    PSource,
    TrailerField,
}

use Field as F;

/// Refuses what `parameters` say beside `taken`. Padding Method None and Random IV false ask for
/// nothing, and may stand anywhere.
///
/// # Errors
///
/// `Invalid`.
pub fn only(parameters: &CryptographicParameters, taken: &[Field]) -> Result<(), BridgeError> {
    if said(parameters).into_iter().any(|(field, said)| said && !taken.contains(&field)) {
        return Err(BridgeError::Invalid("a parameter has no meaning here"));
    }
    Ok(())
}

/// Every field, and whether it says something.
fn said(parameters: &CryptographicParameters) -> [(Field, bool); 16] {
    let p = parameters;
    let padded = !matches!(p.padding_method, None | Some(PaddingMethod::None));
    [
        (F::BlockCipherMode, p.block_cipher_mode.is_some()),
        (F::PaddingMethod, padded),
        (F::HashingAlgorithm, p.hashing_algorithm.is_some()),
        (F::DigitalSignatureAlgorithm, p.digital_signature_algorithm.is_some()),
        (F::RandomIv, p.random_iv == Some(true)),
        (F::IvLength, p.iv_length.is_some()),
        (F::TagLength, p.tag_length.is_some()),
        (F::FixedFieldLength, p.fixed_field_length.is_some()),
        (F::InvocationFieldLength, p.invocation_field_length.is_some()),
        (F::CounterLength, p.counter_length.is_some()),
        (F::InitialCounterValue, p.initial_counter_value.is_some()),
        (F::SaltLength, p.salt_length.is_some()),
        (F::MaskGenerator, p.mask_generator.is_some()),
        (F::MaskGeneratorHashingAlgorithm, p.mask_generator_hashing_algorithm.is_some()),
        (F::PSource, p.p_source.is_some()),
        (F::TrailerField, p.trailer_field.is_some()),
    ]
}

/// What a cipher takes.
#[must_use]
pub const fn of_cipher(algorithm: CipherAlgorithm) -> &'static [Field] {
    match algorithm {
        CipherAlgorithm::Block { mode: BlockMode::Ecb, .. } => {
            &[F::BlockCipherMode, F::PaddingMethod]
        }
        CipherAlgorithm::Block { mode: BlockMode::Ctr, .. } => &[
            F::BlockCipherMode,
            F::PaddingMethod,
            F::RandomIv,
            F::IvLength,
            F::FixedFieldLength,
            F::InvocationFieldLength,
            F::CounterLength,
            F::InitialCounterValue,
        ],
        CipherAlgorithm::Block { .. } => {
            &[F::BlockCipherMode, F::PaddingMethod, F::RandomIv, F::IvLength]
        }
        CipherAlgorithm::AesGcm => &[
            F::BlockCipherMode,
            F::RandomIv,
            F::IvLength,
            F::TagLength,
            F::FixedFieldLength,
            F::InvocationFieldLength,
            F::CounterLength,
        ],
        CipherAlgorithm::AesCcm => &[
            F::BlockCipherMode,
            F::RandomIv,
            F::IvLength,
            F::TagLength,
            F::FixedFieldLength,
            F::InvocationFieldLength,
        ],
        CipherAlgorithm::AesXts => &[F::BlockCipherMode, F::IvLength],
        CipherAlgorithm::AesKeyWrap | CipherAlgorithm::AesKeyWrapPad => &[F::BlockCipherMode],
        CipherAlgorithm::RsaOaep { .. } => &[
            F::PaddingMethod,
            F::HashingAlgorithm,
            F::MaskGenerator,
            F::MaskGeneratorHashingAlgorithm,
            F::PSource,
        ],
        CipherAlgorithm::RsaPkcs1 | CipherAlgorithm::RsaRaw => &[F::PaddingMethod],
    }
}

/// What a signature scheme takes.
#[must_use]
pub const fn of_signature(algorithm: SignAlgorithm) -> &'static [Field] {
    match algorithm {
        SignAlgorithm::RsaPkcs1(_) | SignAlgorithm::RsaPkcs1Raw => {
            &[F::PaddingMethod, F::HashingAlgorithm, F::DigitalSignatureAlgorithm]
        }
        SignAlgorithm::RsaPss { .. } => &[
            F::PaddingMethod,
            F::HashingAlgorithm,
            F::DigitalSignatureAlgorithm,
            F::SaltLength,
            F::MaskGenerator,
            F::MaskGeneratorHashingAlgorithm,
            F::TrailerField,
        ],
        SignAlgorithm::Ecdsa(_) => &[F::HashingAlgorithm, F::DigitalSignatureAlgorithm],
        SignAlgorithm::EcdsaRaw | SignAlgorithm::EdDsa(_) => &[],
    }
}

/// What a MAC takes. A MAC has its whole length: a Tag Length is not among it.
#[must_use]
pub const fn of_mac(algorithm: MacAlgorithm) -> &'static [Field] {
    match algorithm {
        MacAlgorithm::Hmac(_) => &[F::HashingAlgorithm],
        MacAlgorithm::AesCmac => &[F::BlockCipherMode],
    }
}

/// What Hash takes.
pub const OF_HASH: &[Field] = &[F::HashingAlgorithm];
