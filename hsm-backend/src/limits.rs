//! Checks of lengths and parameters, made before any token is called.
//!
//! SoftHSM2 ends the process on some oversized inputs, and tokens differ in what they refuse.

use crate::encoding::xts;
use crate::error::{HsmError, HsmErrorKind};
use crate::job::{
    BlockCipher, BlockMode, CipherAlgorithm, CipherParams, Padding, SecretKeyKind, SecretKeySpec,
};

/// Longest input of one call, in bytes.
pub(crate) const MAX_DATA_BYTES: usize = 64 << 20;
/// Most random bytes of one call.
pub(crate) const MAX_RANDOM_BYTES: usize = 1 << 20;
/// Longest generic secret, in bytes.
pub(crate) const MAX_GENERIC_BYTES: usize = 1024;
/// Longest CKA_LABEL, in bytes.
pub(crate) const MAX_LABEL_BYTES: usize = 255;

/// Longest data to be wrapped as if they were a key, in bytes.
pub(crate) const MAX_WRAPPED_DATA_BYTES: usize = 64 << 10;

/// Longest IV of GCM, in bytes: of a longer one SoftHSM2 uses the first 12 bytes, and says nothing.
const MAX_GCM_IV_BYTES: usize = 128;

const BAD_LENGTH: HsmError = HsmError::new(HsmErrorKind::BadLength, "limits");
const BAD_PARAMETER: HsmError = HsmError::new(HsmErrorKind::BadParameter, "limits");
const BAD_DATA: HsmError = HsmError::new(HsmErrorKind::BadData, "limits");

/// Checks the input of an encryption with a secret key.
pub(crate) fn check_encrypt(
    algorithm: CipherAlgorithm,
    params: &CipherParams,
    data: &[u8],
) -> Result<(), HsmError> {
    check_data(data)?;
    check_params(algorithm, params, params.tag_bytes)?;
    if let CipherAlgorithm::Block { cipher, padding, .. } = algorithm {
        check_counter(cipher, params, bytes_of(data) + u64::from(padding != Padding::None))?;
    }
    let fits = match algorithm {
        CipherAlgorithm::Block { cipher, mode, padding: Padding::None } => {
            !mode.needs_whole_blocks() || are_whole(data, cipher)
        }
        CipherAlgorithm::AesCcm => fits_ccm(params, data),
        CipherAlgorithm::AesXts => fits_xts(data),
        CipherAlgorithm::AesKeyWrap => {
            data.len() >= 16 && data.len().is_multiple_of(8) && data.len() <= MAX_WRAPPED_DATA_BYTES
        }
        CipherAlgorithm::AesKeyWrapPad => (1..=MAX_WRAPPED_DATA_BYTES).contains(&data.len()),
        CipherAlgorithm::Block { .. }
        | CipherAlgorithm::AesGcm
        | CipherAlgorithm::RsaRaw
        | CipherAlgorithm::RsaPkcs1
        | CipherAlgorithm::RsaOaep { .. } => true,
    };
    if fits { Ok(()) } else { Err(BAD_LENGTH) }
}

/// Checks the input of a decryption; for RSA, `data` must be as long as the modulus, which the
/// caller checks.
///
/// Zeros as padding are refused: what pads and what is data, nobody can tell.
pub(crate) fn check_decrypt(
    algorithm: CipherAlgorithm,
    params: &CipherParams,
    data: &[u8],
    tag: &[u8],
) -> Result<(), HsmError> {
    check_data(data)?;
    check_params(algorithm, params, tag.len())?;
    if params.tag_bytes != 0 && params.tag_bytes != tag.len() {
        return Err(BAD_DATA);
    }
    if let CipherAlgorithm::Block { cipher, .. } = algorithm {
        check_counter(cipher, params, bytes_of(data))?;
    }
    let (fits, error) = match algorithm {
        CipherAlgorithm::Block { padding: Padding::Zeros, .. } => {
            (false, HsmError::new(HsmErrorKind::Unsupported, "zero padding"))
        }
        CipherAlgorithm::Block { cipher, mode, padding: Padding::None } => {
            (!mode.needs_whole_blocks() || are_whole(data, cipher), BAD_LENGTH)
        }
        CipherAlgorithm::Block { cipher, .. } => (are_whole(data, cipher), BAD_DATA),
        CipherAlgorithm::AesCcm => (fits_ccm(params, data), BAD_LENGTH),
        CipherAlgorithm::AesXts => (fits_xts(data), BAD_LENGTH),
        CipherAlgorithm::AesKeyWrap | CipherAlgorithm::AesKeyWrapPad => {
            let least = if algorithm == CipherAlgorithm::AesKeyWrap { 24 } else { 16 };
            let most = MAX_WRAPPED_DATA_BYTES + 8;
            (data.len().is_multiple_of(8) && (least..=most).contains(&data.len()), BAD_DATA)
        }
        CipherAlgorithm::AesGcm
        | CipherAlgorithm::RsaRaw
        | CipherAlgorithm::RsaPkcs1
        | CipherAlgorithm::RsaOaep { .. } => (true, BAD_LENGTH),
    };
    if fits { Ok(()) } else { Err(error) }
}

/// A length to count with.
pub(crate) fn bytes_of(data: &[u8]) -> u64 {
    u64::try_from(data.len()).unwrap_or(u64::MAX >> 1)
}

fn are_whole(data: &[u8], cipher: BlockCipher) -> bool {
    !data.is_empty() && data.len().is_multiple_of(cipher.block_bytes())
}

/// XTS takes a whole block at least, and one data unit at most.
fn fits_xts(data: &[u8]) -> bool {
    (16..=xts::MAX_UNIT_BYTES).contains(&data.len())
}

/// CCM writes the length into what the nonce leaves of 15 bytes.
fn fits_ccm(params: &CipherParams, data: &[u8]) -> bool {
    let bytes = 15_usize.saturating_sub(params.iv.len());
    bytes >= size_of::<usize>() || data.len() < 1 << (8 * bytes)
}

/// Checks IV, additional data, tag length, counter and whether there is a second key.
pub(crate) fn check_params(
    algorithm: CipherAlgorithm,
    params: &CipherParams,
    tag_bytes: usize,
) -> Result<(), HsmError> {
    let (iv, bits) = (params.iv.len(), params.counter_bits);
    let no_aad = params.aad.is_empty() && tag_bytes == 0;
    let good = match algorithm {
        CipherAlgorithm::Block { cipher, mode, .. } => {
            let block = cipher.block_bytes();
            let most = if block == 16 { 128 } else { 64 };
            let counts = bits.is_none_or(|b| mode == BlockMode::Ctr && (1..=most).contains(&b));
            iv == if mode.has_iv() { block } else { 0 } && counts && no_aad
        }
        CipherAlgorithm::RsaRaw
        | CipherAlgorithm::RsaPkcs1
        | CipherAlgorithm::AesKeyWrap
        | CipherAlgorithm::AesKeyWrapPad => iv == 0 && bits.is_none() && no_aad,
        CipherAlgorithm::AesGcm => {
            let tag = matches!(tag_bytes, 4 | 8 | 12..=16);
            (1..=MAX_GCM_IV_BYTES).contains(&iv) && bits.is_none() && tag
        }
        CipherAlgorithm::AesCcm => {
            let tag = (4..=16).contains(&tag_bytes) && tag_bytes.is_multiple_of(2);
            (7..=13).contains(&iv) && bits.is_none() && tag
        }
        CipherAlgorithm::RsaOaep { .. } => iv == 0 && bits.is_none() && tag_bytes == 0,
        CipherAlgorithm::AesXts => iv == 16 && bits.is_none() && no_aad,
    };
    let two_keys = algorithm == CipherAlgorithm::AesXts;
    let good = good && params.tweak_key.is_some() == two_keys;
    if good && params.aad.len() <= MAX_DATA_BYTES { Ok(()) } else { Err(BAD_PARAMETER) }
}

/// Refuses to let CTR's counter come round: the key stream would repeat, within one message.
///
/// `bytes` are those since the first counter block.
///
/// Spec: SP 800-38A §6.5 and appendix B.
pub(crate) fn check_counter(
    cipher: BlockCipher,
    params: &CipherParams,
    bytes: u64,
) -> Result<(), HsmError> {
    let block = u64::try_from(cipher.block_bytes()).unwrap_or(u64::MAX);
    let bits = params.counter_bits.filter(|bits| *bits < 64);
    let fits = bits.is_none_or(|bits| bytes.div_ceil(block) <= 1 << bits);
    if fits { Ok(()) } else { Err(BAD_LENGTH) }
}

/// Refuses more than 64 MiB.
pub(crate) fn check_data(data: &[u8]) -> Result<(), HsmError> {
    if data.len() <= MAX_DATA_BYTES { Ok(()) } else { Err(BAD_LENGTH) }
}

/// Refuses a digest of no hash's length: MD5 has 16 bytes, SHA-512 has 64.
pub(crate) fn check_digest(digest: &[u8]) -> Result<(), HsmError> {
    if (16..=64).contains(&digest.len()) { Ok(()) } else { Err(BAD_LENGTH) }
}

/// Checks a secret key's length in bytes.
pub(crate) fn check_secret_bytes(kind: SecretKeyKind, bytes: usize) -> Result<(), HsmError> {
    let good = match kind {
        SecretKeyKind::Aes => matches!(bytes, 16 | 24 | 32),
        SecretKeyKind::Des3 => matches!(bytes, 16 | 24),
        SecretKeyKind::Generic => (1..=MAX_GENERIC_BYTES).contains(&bytes),
    };
    if good { Ok(()) } else { Err(HsmError::new(HsmErrorKind::BadKey, "key length")) }
}

/// The length in bytes of the key `spec` describes.
pub(crate) fn spec_bytes(spec: SecretKeySpec) -> Result<usize, HsmError> {
    let bytes = usize::try_from(spec.bits / 8).unwrap_or(usize::MAX);
    if !spec.bits.is_multiple_of(8) {
        return Err(HsmError::new(HsmErrorKind::BadKey, "key length"));
    }
    check_secret_bytes(spec.kind, bytes).map(|()| bytes)
}

/// Checks the wrapped form of a key of `key_bytes`: 8 bytes more, in whole half-blocks.
pub(crate) fn check_wrapped(blob: &[u8], key_bytes: usize) -> Result<(), HsmError> {
    if blob.len() == key_bytes.next_multiple_of(8) + 8 { Ok(()) } else { Err(BAD_LENGTH) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use CipherAlgorithm as C;

    fn params(iv: usize, tag_bytes: usize) -> CipherParams {
        CipherParams { iv: vec![0; iv], tag_bytes, ..CipherParams::default() }
    }

    #[test]
    fn check_encrypt_takes_gcm_tags_of_kmip_only() {
        let check = |tag| check_encrypt(CipherAlgorithm::AesGcm, &params(12, tag), b"");
        let taken: Vec<_> = (0..20).filter(|tag| check(*tag).is_ok()).collect();
        assert_eq!(taken, [4, 8, 12, 13, 14, 15, 16]);
    }

    #[test]
    fn check_encrypt_rejects_gcm_ivs_that_a_token_would_cut() {
        let check = |iv| check_encrypt(C::AesGcm, &params(iv, 16), b"");
        assert_eq!((check(1), check(128)), (Ok(()), Ok(())));
        assert_eq!((check(0), check(129)), (Err(BAD_PARAMETER), Err(BAD_PARAMETER)));
    }

    #[test]
    fn check_encrypt_lets_no_counter_come_round() {
        let check = |padding, bytes| {
            let params = CipherParams { counter_bits: Some(2), ..params(16, 0) };
            check_encrypt(C::aes(BlockMode::Ctr, padding), &params, &vec![0; bytes])
        };
        assert_eq!(check(Padding::None, 64), Ok(()));
        assert_eq!(check(Padding::None, 65), Err(BAD_LENGTH));
        assert_eq!(check(Padding::Pkcs5, 63), Ok(()));
        assert_eq!(check(Padding::Pkcs5, 64), Err(BAD_LENGTH));
    }

    #[test]
    fn check_encrypt_rejects_bad_iv_and_partial_blocks() {
        let check = |alg, iv, data: &[u8]| check_encrypt(alg, &params(iv, 0), data);
        assert_eq!(check(C::aes(BlockMode::Cbc, Padding::None), 15, &[0; 16]), Err(BAD_PARAMETER));
        assert_eq!(check(C::aes(BlockMode::Cbc, Padding::None), 16, &[0; 17]), Err(BAD_LENGTH));
        assert_eq!(check(C::aes(BlockMode::Cbc, Padding::Pkcs5), 16, &[0; 17]), Ok(()));
        assert_eq!(check(C::aes(BlockMode::Ecb, Padding::None), 16, &[0; 16]), Err(BAD_PARAMETER));
    }
}
