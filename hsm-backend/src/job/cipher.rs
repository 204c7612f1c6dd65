//! Ciphers: which block cipher, in which mode, with which padding.

use super::{HashAlgorithm, SecretKeyKind};
use crate::backend::KeyRef;

/// A block cipher.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum BlockCipher {
    Aes,
    Des3,
}

/// A mode of operation of a block cipher.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BlockMode {
    /// Electronic codebook.
    Ecb,
    /// Cipher block chaining.
    Cbc,
    /// Cipher feedback of whole blocks: CFB128 of AES, CFB64 of 3DES.
    Cfb,
    /// Output feedback of whole blocks.
    Ofb,
    /// Counter.
    Ctr,
}

/// What fills the last block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Padding {
    /// Nothing: ECB and CBC take whole blocks only.
    None,
    /// 1 to a block of bytes, each telling their number.
    Pkcs5,
    /// Zeros, and a last byte that tells the number.
    AnsiX923,
    /// Random bytes, and a last byte that tells the number.
    Iso10126,
    /// Zeros up to a whole block, none where it is whole. Nobody can tell them from data, so
    /// nobody is asked to take them off: decrypt without padding.
    Zeros,
    /// A one bit and zeros (ISO 7816-4).
    OneAndZeros,
}

/// A cipher with its mode and padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CipherAlgorithm {
    /// A block cipher in a mode that does not authenticate.
    Block {
        /// The cipher.
        cipher: BlockCipher,
        /// The mode.
        mode: BlockMode,
        /// The padding.
        padding: Padding,
    },
    /// AES-GCM.
    AesGcm,
    /// AES-CCM.
    AesCcm,
    /// XTS-AES, with a second key for the tweak.
    AesXts,
    /// RFC 3394 over given data.
    AesKeyWrap,
    /// RFC 5649 over given data.
    AesKeyWrapPad,
    /// RSA without padding.
    RsaRaw,
    /// RSAES-PKCS1-v1_5.
    RsaPkcs1,
    /// RSAES-OAEP.
    RsaOaep {
        /// Hash of the label.
        hash: HashAlgorithm,
        /// Hash of MGF1.
        mgf: HashAlgorithm,
    },
}

/// The parameters of one encryption or decryption.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CipherParams {
    /// IV, counter block, nonce or tweak; empty where the algorithm takes none.
    pub iv: Vec<u8>,
    /// Additional authenticated data (GCM, CCM), or the OAEP label.
    pub aad: Vec<u8>,
    /// Authentication tag length in bytes (GCM, CCM).
    pub tag_bytes: usize,
    /// How many of the last bits of the counter block count (CTR); absent: all of them.
    pub counter_bits: Option<u32>,
    /// The key of the tweak (XTS): another one than the data's, and as long.
    pub tweak_key: Option<KeyRef>,
}

impl BlockCipher {
    /// Length of a block in bytes.
    #[must_use]
    pub const fn block_bytes(self) -> usize {
        match self {
            Self::Aes => 16,
            Self::Des3 => 8,
        }
    }

    /// The kind of key it takes.
    #[must_use]
    pub const fn key_kind(self) -> SecretKeyKind {
        match self {
            Self::Aes => SecretKeyKind::Aes,
            Self::Des3 => SecretKeyKind::Des3,
        }
    }
}

impl BlockMode {
    /// Every mode.
    pub const ALL: [Self; 5] = [Self::Ecb, Self::Cbc, Self::Cfb, Self::Ofb, Self::Ctr];

    /// Whether the mode takes whole blocks only.
    #[must_use]
    pub const fn needs_whole_blocks(self) -> bool {
        match self {
            Self::Ecb | Self::Cbc => true,
            Self::Cfb | Self::Ofb | Self::Ctr => false,
        }
    }

    /// Whether the mode begins with an IV or a counter block.
    #[must_use]
    pub const fn has_iv(self) -> bool {
        match self {
            Self::Ecb => false,
            Self::Cbc | Self::Cfb | Self::Ofb | Self::Ctr => true,
        }
    }
}

impl Padding {
    /// Every padding, none among them.
    pub const ALL: [Self; 6] =
        [Self::None, Self::Pkcs5, Self::AnsiX923, Self::Iso10126, Self::Zeros, Self::OneAndZeros];
}

impl CipherAlgorithm {
    /// AES in `mode` with `padding`.
    #[must_use]
    pub const fn aes(mode: BlockMode, padding: Padding) -> Self {
        Self::Block { cipher: BlockCipher::Aes, mode, padding }
    }

    /// Whether this is a public-key cipher: encrypted with the public half, in software.
    #[must_use]
    pub const fn is_public_key(self) -> bool {
        match self {
            Self::RsaRaw | Self::RsaPkcs1 | Self::RsaOaep { .. } => true,
            Self::Block { .. }
            | Self::AesGcm
            | Self::AesCcm
            | Self::AesXts
            | Self::AesKeyWrap
            | Self::AesKeyWrapPad => false,
        }
    }

    /// Whether it makes a tag, and takes additional data.
    #[must_use]
    pub const fn is_aead(self) -> bool {
        match self {
            Self::AesGcm | Self::AesCcm => true,
            Self::Block { .. }
            | Self::AesXts
            | Self::AesKeyWrap
            | Self::AesKeyWrapPad
            | Self::RsaRaw
            | Self::RsaPkcs1
            | Self::RsaOaep { .. } => false,
        }
    }
}
