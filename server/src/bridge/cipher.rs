//! Cryptographic Parameters of Encrypt and Decrypt become a cipher and its parameters.
//!
//! What cannot be honoured is refused, never ignored.

mod layout;

use hsm_backend::{BlockCipher, BlockMode, CipherAlgorithm, CipherParams, HashAlgorithm, Padding};
use kmip_core::attribute::CryptographicParameters;
use kmip_core::types::{BlockCipherMode, CryptographicAlgorithm, MaskGenerator, PaddingMethod};

use super::constructed::Fields;
use super::{BridgeError, algorithm, fields};

pub use layout::Counter;
use layout::Layout;

/// The length of a GCM or CCM tag, where the client says nothing.
const TAG_BYTES: usize = 16;

/// KMIP's CFB and OFB have no segment length: whole blocks.
const MODES: &[(BlockCipherMode, BlockMode)] = &[
    (BlockCipherMode::ECB, BlockMode::Ecb),
    (BlockCipherMode::CBC, BlockMode::Cbc),
    (BlockCipherMode::CFB, BlockMode::Cfb),
    (BlockCipherMode::OFB, BlockMode::Ofb),
    (BlockCipherMode::CTR, BlockMode::Ctr),
];

/// Modes of AES that take no padding.
const UNPADDED: &[(BlockCipherMode, CipherAlgorithm)] = &[
    (BlockCipherMode::GCM, CipherAlgorithm::AesGcm),
    (BlockCipherMode::AEAD, CipherAlgorithm::AesGcm),
    (BlockCipherMode::CCM, CipherAlgorithm::AesCcm),
    (BlockCipherMode::XTS, CipherAlgorithm::AesXts),
    (BlockCipherMode::NISTKeyWrap, CipherAlgorithm::AesKeyWrap),
    (BlockCipherMode::AESKeyWrapPadding, CipherAlgorithm::AesKeyWrapPad),
];

const PADDINGS: &[(PaddingMethod, Padding)] = &[
    (PaddingMethod::None, Padding::None),
    (PaddingMethod::PKCS5, Padding::Pkcs5),
    (PaddingMethod::Zeros, Padding::Zeros),
    (PaddingMethod::ANSIX9_23, Padding::AnsiX923),
    (PaddingMethod::ISO10126, Padding::Iso10126),
];

/// A cipher, and what it needs besides key and data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cipher {
    /// Which one.
    pub algorithm: CipherAlgorithm,
    /// IV length in bytes where the server is to make it; 0 where the mode has none.
    pub iv_bytes: usize,
    /// Whether the client told the IV's length, so that one it gives must have it.
    pub exact_iv: bool,
    /// How the IV is constructed, where it is.
    pub fields: Option<Fields>,
    /// Tag length in bytes; 0 where the mode makes none.
    pub tag_bytes: usize,
    /// Whether the client told the tag's length, so that one it gives must have it.
    pub exact_tag: bool,
    /// Whether the client asks for an IV of the server's making, or for none.
    pub random_iv: Option<bool>,
    /// OAEP label.
    pub label: Vec<u8>,
    /// How CTR counts.
    pub counter: Counter,
}

impl Cipher {
    /// The parameters for the token.
    ///
    /// # Errors
    ///
    /// `Invalid` where the IV, the counter's length and its first value do not make one block, or
    /// the IV is not as long as the client said.
    pub fn params(&self, iv: Vec<u8>, aad: Vec<u8>) -> Result<CipherParams, BridgeError> {
        if self.exact_iv && iv.len() != self.iv_bytes {
            return Err(BridgeError::Invalid("the IV is not as long as the parameters say"));
        }
        let aad = if self.label.is_empty() { aad } else { self.label.clone() };
        let (iv, counter_bits) = self.counter_block(iv)?;
        Ok(CipherParams { iv, aad, tag_bytes: self.tag_bytes, counter_bits, tweak_key: None })
    }

    fn counter_block(&self, mut iv: Vec<u8>) -> Result<(Vec<u8>, Option<u32>), BridgeError> {
        let (CipherAlgorithm::Block { cipher, .. }, Some(first)) =
            (self.algorithm, self.counter.first)
        else {
            return Ok((iv, self.counter.bits));
        };
        let unfit = BridgeError::Invalid("IV and counter do not make a block");
        let bytes = cipher.block_bytes().checked_sub(iv.len()).filter(|bytes| *bytes > 0);
        let bytes = bytes.ok_or(unfit)?;
        let bits = u32::try_from(8 * bytes).map_err(|_| unfit)?;
        if self.counter.bits.is_some_and(|told| told != bits)
            || u128::from(first) >> bits.min(127) > 0
        {
            return Err(unfit);
        }
        let value = u128::from(first).to_be_bytes();
        iv.extend_from_slice(value.get(value.len() - bytes..).unwrap_or_default());
        Ok((iv, Some(bits)))
    }

    /// Whether the mode authenticates.
    #[must_use]
    pub const fn is_aead(&self) -> bool {
        self.algorithm.is_aead()
    }
}

/// KMIP's names of a block mode and a padding, where it has both.
#[must_use]
pub fn block_names(mode: BlockMode, padding: Padding) -> Option<(BlockCipherMode, PaddingMethod)> {
    let (mode, _) = MODES.iter().find(|(_, ours)| *ours == mode)?;
    let (padding, _) = PADDINGS.iter().find(|(_, ours)| *ours == padding)?;
    Some((*mode, *padding))
}

/// KMIP's name of the mode of a cipher that takes no padding.
#[must_use]
pub fn unpadded_name(algorithm: CipherAlgorithm) -> Option<BlockCipherMode> {
    UNPADDED.iter().find(|(_, ours)| *ours == algorithm).map(|(kmip, _)| *kmip)
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
        CryptographicAlgorithm::AES => symmetric(BlockCipher::Aes, parameters),
        CryptographicAlgorithm::DES3 => symmetric(BlockCipher::Des3, parameters),
        CryptographicAlgorithm::RSA => rsa(parameters),
        _ => Err(BridgeError::Unsupported("keys of this algorithm do not encrypt")),
    }
}

/// Checks the parameters of a One Time Pad, which has none.
///
/// # Errors
///
/// `Invalid`.
pub fn one_time_pad(parameters: &CryptographicParameters) -> Result<(), BridgeError> {
    let named = parameters.cryptographic_algorithm;
    if named.is_some_and(|named| named != CryptographicAlgorithm::OneTimePad) {
        return Err(BridgeError::Invalid("the key is of another algorithm"));
    }
    fields::only(parameters, &[])
}

fn symmetric(
    cipher: BlockCipher,
    parameters: &CryptographicParameters,
) -> Result<Cipher, BridgeError> {
    let algorithm = symmetric_algorithm(cipher, parameters)?;
    fields::only(parameters, fields::of_cipher(algorithm))?;
    check_counter(algorithm, parameters)?;
    let layout = Layout::of(algorithm, parameters)?;
    let random_iv = parameters.random_iv;
    if layout.fields.is_some() && random_iv == Some(true) {
        return Err(BridgeError::Invalid("an IV is either random or constructed"));
    }
    Ok(Cipher {
        algorithm,
        iv_bytes: layout.iv_bytes,
        exact_iv: parameters.iv_length.is_some() || layout.fields.is_some(),
        fields: layout.fields,
        tag_bytes: if algorithm.is_aead() { tag_bytes(algorithm, parameters)? } else { 0 },
        exact_tag: parameters.tag_length.is_some(),
        random_iv,
        label: Vec::new(),
        counter: layout.counter,
    })
}

fn symmetric_algorithm(
    cipher: BlockCipher,
    parameters: &CryptographicParameters,
) -> Result<CipherAlgorithm, BridgeError> {
    let mode = parameters.block_cipher_mode.ok_or(BridgeError::Missing("no block cipher mode"))?;
    let method = parameters.padding_method.unwrap_or(PaddingMethod::None);
    let padding = PADDINGS.iter().find(|(kmip, _)| *kmip == method).map(|(_, ours)| *ours);
    let padding = padding.ok_or(BridgeError::Unsupported("padding method not supported"))?;
    if let Some((_, mode)) = MODES.iter().find(|(kmip, _)| *kmip == mode) {
        return Ok(CipherAlgorithm::Block { cipher, mode: *mode, padding });
    }
    let unpadded = UNPADDED.iter().find(|(kmip, _)| *kmip == mode && cipher == BlockCipher::Aes);
    match unpadded {
        Some((_, algorithm)) if padding == Padding::None => Ok(*algorithm),
        Some(_) => Err(BridgeError::Invalid("this mode takes no padding")),
        None => Err(BridgeError::Unsupported("block cipher mode not supported")),
    }
}

/// GCM counts in 32 bits, and in no other way.
fn check_counter(
    algorithm: CipherAlgorithm,
    parameters: &CryptographicParameters,
) -> Result<(), BridgeError> {
    let other = parameters.counter_length.is_some_and(|bits| bits != 32);
    if algorithm == CipherAlgorithm::AesGcm && other {
        return Err(BridgeError::Invalid("GCM has a counter of 32 bits"));
    }
    Ok(())
}

/// Tag Length is in bytes.
fn tag_bytes(
    algorithm: CipherAlgorithm,
    parameters: &CryptographicParameters,
) -> Result<usize, BridgeError> {
    let is_ccm = algorithm == CipherAlgorithm::AesCcm;
    match parameters.tag_length {
        None => Ok(TAG_BYTES),
        Some(length @ (4 | 6 | 8 | 10 | 12 | 14 | 16)) if is_ccm => Ok(usize_of(length)),
        Some(length @ (4 | 8 | 12..=16)) if !is_ccm => Ok(usize_of(length)),
        Some(_) => Err(BridgeError::OutOfRange("invalid tag length")),
    }
}

fn usize_of(length: i32) -> usize {
    usize::try_from(length).unwrap_or(0)
}

fn rsa(parameters: &CryptographicParameters) -> Result<Cipher, BridgeError> {
    let padding = parameters.padding_method.ok_or(BridgeError::Missing("no padding method"))?;
    let algorithm = match padding {
        PaddingMethod::PKCS1V1_5 => CipherAlgorithm::RsaPkcs1,
        PaddingMethod::OAEP => {
            let (hash, mgf) = oaep_hashes(parameters)?;
            CipherAlgorithm::RsaOaep { hash, mgf }
        }
        _ => return Err(BridgeError::Unsupported("padding method not supported")),
    };
    fields::only(parameters, fields::of_cipher(algorithm))?;
    let label = parameters.p_source.clone().unwrap_or_default();
    Ok(Cipher {
        algorithm,
        iv_bytes: 0,
        exact_iv: false,
        fields: None,
        tag_bytes: 0,
        exact_tag: false,
        random_iv: None,
        label,
        counter: Counter::default(),
    })
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
mod tests;
