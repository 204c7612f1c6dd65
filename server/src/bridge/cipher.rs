//! Cryptographic Parameters of Encrypt and Decrypt become a cipher and its parameters.
//!
//! What cannot be honoured is refused, never ignored.

use hsm_backend::{CipherAlgorithm, CipherParams, HashAlgorithm};
use kmip_core::attribute::CryptographicParameters;
use kmip_core::types::{BlockCipherMode, CryptographicAlgorithm, MaskGenerator, PaddingMethod};

use super::{BridgeError, algorithm};

/// Block length of AES in bytes.
const BLOCK_BYTES: usize = 16;
/// The length of a GCM IV, where the client leaves it to us.
const GCM_IV_BYTES: usize = 12;
/// The length of a GCM tag, where the client says nothing.
const GCM_TAG_BYTES: usize = 16;

/// A cipher, and what it needs besides key and data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cipher {
    /// Which one.
    pub algorithm: CipherAlgorithm,
    /// IV length in bytes where the server is to make it; 0 where the mode has none.
    pub iv_bytes: usize,
    /// Tag length in bytes; 0 where the mode makes none.
    pub tag_bytes: usize,
    /// Whether the client asks for an IV of the server's making.
    pub random_iv: bool,
    /// OAEP label.
    pub label: Vec<u8>,
}

impl Cipher {
    /// The parameters for the token.
    #[must_use]
    pub fn params(&self, iv: Vec<u8>, aad: Vec<u8>) -> CipherParams {
        let aad = if self.label.is_empty() { aad } else { self.label.clone() };
        CipherParams { iv, aad, tag_bytes: self.tag_bytes }
    }

    /// Whether the mode authenticates.
    #[must_use]
    pub fn is_aead(&self) -> bool {
        self.algorithm == CipherAlgorithm::AesGcm
    }
}

/// The cipher that `parameters` ask of a key of `key_algorithm`.
///
/// # Errors
///
/// [`BridgeError`].
pub fn cipher(
    key_algorithm: CryptographicAlgorithm,
    parameters: &CryptographicParameters,
) -> Result<Cipher, BridgeError> {
    if parameters.cryptographic_algorithm.is_some_and(|named| named != key_algorithm) {
        return Err(BridgeError::Invalid("the key is of another algorithm"));
    }
    match key_algorithm {
        CryptographicAlgorithm::AES => aes(parameters),
        CryptographicAlgorithm::RSA => rsa(parameters),
        _ => Err(BridgeError::Unsupported("keys of this algorithm do not encrypt")),
    }
}

fn aes(parameters: &CryptographicParameters) -> Result<Cipher, BridgeError> {
    let mode = parameters.block_cipher_mode.ok_or(BridgeError::Missing("no block cipher mode"))?;
    let padding = parameters.padding_method.unwrap_or(PaddingMethod::None);
    let padded = match padding {
        PaddingMethod::None => false,
        PaddingMethod::PKCS5 => true,
        _ => return Err(BridgeError::Unsupported("padding method not supported")),
    };
    let (algorithm, iv_bytes) = match (mode, padded) {
        (BlockCipherMode::ECB, false) => (CipherAlgorithm::AesEcb, 0),
        (BlockCipherMode::ECB, true) => (CipherAlgorithm::AesEcbPkcs5, 0),
        (BlockCipherMode::CBC, false) => (CipherAlgorithm::AesCbc, BLOCK_BYTES),
        (BlockCipherMode::CBC, true) => (CipherAlgorithm::AesCbcPkcs5, BLOCK_BYTES),
        (BlockCipherMode::CTR, false) => (CipherAlgorithm::AesCtr, BLOCK_BYTES),
        (BlockCipherMode::GCM | BlockCipherMode::AEAD, false) => {
            (CipherAlgorithm::AesGcm, GCM_IV_BYTES)
        }
        (BlockCipherMode::CTR | BlockCipherMode::GCM | BlockCipherMode::AEAD, true) => {
            return Err(BridgeError::Invalid("this mode takes no padding"));
        }
        _ => return Err(BridgeError::Unsupported("block cipher mode not supported")),
    };
    refuse_unserved(parameters)?;
    let tag_bytes = if algorithm == CipherAlgorithm::AesGcm { tag_bytes(parameters)? } else { 0 };
    Ok(Cipher {
        algorithm,
        iv_bytes: iv_length(parameters, algorithm, iv_bytes)?,
        tag_bytes,
        random_iv: parameters.random_iv.unwrap_or(false),
        label: Vec::new(),
    })
}

/// Parameters that would change the outcome and that we do not carry out.
fn refuse_unserved(parameters: &CryptographicParameters) -> Result<(), BridgeError> {
    if parameters.fixed_field_length.is_some() || parameters.invocation_field_length.is_some() {
        return Err(BridgeError::Unsupported("constructed IVs are not supported"));
    }
    if parameters.counter_length.is_some_and(|bits| bits != 128) {
        return Err(BridgeError::Unsupported("the counter has 128 bits here"));
    }
    if parameters.initial_counter_value.is_some() {
        return Err(BridgeError::Unsupported("the counter begins with the IV here"));
    }
    Ok(())
}

/// Tag Length is in bytes.
fn tag_bytes(parameters: &CryptographicParameters) -> Result<usize, BridgeError> {
    match parameters.tag_length {
        None => Ok(GCM_TAG_BYTES),
        Some(length @ (4 | 8 | 12..=16)) => {
            usize::try_from(length).map_err(|_| BridgeError::OutOfRange("invalid tag length"))
        }
        Some(_) => Err(BridgeError::OutOfRange("invalid tag length")),
    }
}

/// IV Length is in bits by the text of the specification; OpenBao and others send bytes.
fn iv_length(
    parameters: &CryptographicParameters,
    algorithm: CipherAlgorithm,
    default: usize,
) -> Result<usize, BridgeError> {
    let Some(length) = parameters.iv_length else { return Ok(default) };
    let length = usize::try_from(length).map_err(|_| BridgeError::Invalid("negative IV length"))?;
    let bytes = if length >= 64 && length.is_multiple_of(8) { length / 8 } else { length };
    let fits = match algorithm {
        CipherAlgorithm::AesGcm => (1..=256).contains(&bytes),
        _ => bytes == default,
    };
    if fits { Ok(bytes) } else { Err(BridgeError::Invalid("IV length does not fit the mode")) }
}

fn rsa(parameters: &CryptographicParameters) -> Result<Cipher, BridgeError> {
    if parameters.block_cipher_mode.is_some() {
        return Err(BridgeError::Invalid("RSA has no block cipher mode"));
    }
    let padding = parameters.padding_method.ok_or(BridgeError::Missing("no padding method"))?;
    let algorithm = match padding {
        PaddingMethod::PKCS1V1_5 => CipherAlgorithm::RsaPkcs1,
        PaddingMethod::OAEP => {
            let (hash, mgf) = oaep_hashes(parameters)?;
            CipherAlgorithm::RsaOaep { hash, mgf }
        }
        _ => return Err(BridgeError::Unsupported("padding method not supported")),
    };
    let label = parameters.p_source.clone().unwrap_or_default();
    if !label.is_empty() && padding != PaddingMethod::OAEP {
        return Err(BridgeError::Invalid("only OAEP has a P Source"));
    }
    Ok(Cipher { algorithm, iv_bytes: 0, tag_bytes: 0, random_iv: false, label })
}

/// Message hash and MGF1 hash; the defaults of the specification are SHA-1 for both.
fn oaep_hashes(
    parameters: &CryptographicParameters,
) -> Result<(HashAlgorithm, HashAlgorithm), BridgeError> {
    let hash = match parameters.hashing_algorithm {
        Some(name) => algorithm::hash(name)?,
        None => HashAlgorithm::Sha1,
    };
    Ok((hash, mgf_hash(parameters)?.unwrap_or(HashAlgorithm::Sha1)))
}

/// The MGF1 hash, if the client names one.
///
/// # Errors
///
/// `Unsupported` for a mask generator other than MGF1.
pub fn mgf_hash(
    parameters: &CryptographicParameters,
) -> Result<Option<HashAlgorithm>, BridgeError> {
    if parameters.mask_generator.is_some_and(|mask| mask != MaskGenerator::MGF1) {
        return Err(BridgeError::Unsupported("mask generator not supported"));
    }
    parameters.mask_generator_hashing_algorithm.map(algorithm::hash).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bridge::no_parameters;

    fn of_mode(mode: BlockCipherMode) -> CryptographicParameters {
        CryptographicParameters { block_cipher_mode: Some(mode), ..no_parameters() }
    }

    fn aes_cipher(parameters: &CryptographicParameters) -> Result<Cipher, BridgeError> {
        cipher(CryptographicAlgorithm::AES, parameters)
    }

    #[test]
    fn cipher_does_not_pad_unless_asked() {
        let cbc = of_mode(BlockCipherMode::CBC);
        assert_eq!(aes_cipher(&cbc).unwrap().algorithm, CipherAlgorithm::AesCbc);
        let padded = CryptographicParameters { padding_method: Some(PaddingMethod::PKCS5), ..cbc };
        assert_eq!(aes_cipher(&padded).unwrap().algorithm, CipherAlgorithm::AesCbcPkcs5);
    }

    #[test]
    fn cipher_refuses_what_it_cannot_honour() {
        let ctr = of_mode(BlockCipherMode::CTR);
        for refused in [
            CryptographicParameters { counter_length: Some(64), ..ctr.clone() },
            CryptographicParameters { initial_counter_value: Some(1), ..ctr.clone() },
            CryptographicParameters { fixed_field_length: Some(32), ..ctr.clone() },
            CryptographicParameters { invocation_field_length: Some(64), ..ctr.clone() },
            CryptographicParameters { iv_length: Some(12), ..ctr.clone() },
            CryptographicParameters { padding_method: Some(PaddingMethod::PKCS5), ..ctr },
            CryptographicParameters {
                padding_method: Some(PaddingMethod::SSL3),
                ..of_mode(BlockCipherMode::CBC)
            },
            of_mode(BlockCipherMode::PCBC),
            CryptographicParameters {
                cryptographic_algorithm: Some(CryptographicAlgorithm::RSA),
                ..of_mode(BlockCipherMode::CBC)
            },
            no_parameters(),
        ] {
            assert!(aes_cipher(&refused).is_err(), "{refused:?}");
        }
    }

    #[test]
    fn cipher_reads_iv_length_in_bits_and_in_bytes() {
        for length in [12, 96] {
            let gcm = of_mode(BlockCipherMode::GCM);
            let gcm = CryptographicParameters { iv_length: Some(length), ..gcm };
            assert_eq!(aes_cipher(&gcm).unwrap().iv_bytes, 12);
        }
    }

    #[test]
    fn cipher_answers_general_failure_to_tag_lengths_out_of_range() {
        for length in [0, 1, 17, 32, -1] {
            let gcm = of_mode(BlockCipherMode::GCM);
            let gcm = CryptographicParameters { tag_length: Some(length), ..gcm };
            assert!(matches!(aes_cipher(&gcm), Err(BridgeError::OutOfRange(_))), "{length}");
        }
    }

    #[test]
    fn cipher_keeps_the_mgf_hash_apart_from_the_message_hash() {
        use kmip_core::types::HashingAlgorithm;
        let oaep = CryptographicParameters {
            padding_method: Some(PaddingMethod::OAEP),
            hashing_algorithm: Some(HashingAlgorithm::SHA_256),
            mask_generator_hashing_algorithm: Some(HashingAlgorithm::SHA_384),
            ..no_parameters()
        };
        let cipher = cipher(CryptographicAlgorithm::RSA, &oaep).unwrap();
        let expected =
            CipherAlgorithm::RsaOaep { hash: HashAlgorithm::Sha256, mgf: HashAlgorithm::Sha384 };
        assert_eq!(cipher.algorithm, expected);
    }
}
