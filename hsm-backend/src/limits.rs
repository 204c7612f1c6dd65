//! Checks of lengths and parameters, made before any token is called.
//!
//! SoftHSM2 ends the process on some oversized inputs, and tokens differ in what they refuse.

use crate::error::{HsmError, HsmErrorKind};
use crate::job::{CipherAlgorithm, CipherParams, SecretKeyKind, SecretKeySpec};

/// Longest input of one call, in bytes.
pub(crate) const MAX_DATA_BYTES: usize = 64 << 20;
/// Most random bytes of one call.
pub(crate) const MAX_RANDOM_BYTES: usize = 1 << 20;
/// Longest generic secret, in bytes.
pub(crate) const MAX_GENERIC_BYTES: usize = 1024;
/// Longest CKA_LABEL, in bytes.
pub(crate) const MAX_LABEL_BYTES: usize = 255;

const BLOCK: usize = 16;
const MAX_GCM_IV_BYTES: usize = 256;

const BAD_LENGTH: HsmError = HsmError::new(HsmErrorKind::BadLength, "limits");
const BAD_PARAMETER: HsmError = HsmError::new(HsmErrorKind::BadParameter, "limits");

/// Checks the input of an encryption with a secret key.
pub(crate) fn check_encrypt(
    algorithm: CipherAlgorithm,
    params: &CipherParams,
    data: &[u8],
) -> Result<(), HsmError> {
    check_data(data)?;
    check_params(algorithm, params, params.tag_bytes)?;
    let whole_blocks = !data.is_empty() && data.len().is_multiple_of(BLOCK);
    match algorithm {
        CipherAlgorithm::AesEcb | CipherAlgorithm::AesCbc if !whole_blocks => Err(BAD_LENGTH),
        _ => Ok(()),
    }
}

/// Checks the input of a decryption; for RSA, `data` must be as long as the modulus, which the
/// caller checks.
pub(crate) fn check_decrypt(
    algorithm: CipherAlgorithm,
    params: &CipherParams,
    data: &[u8],
    tag: &[u8],
) -> Result<(), HsmError> {
    check_data(data)?;
    check_params(algorithm, params, tag.len())?;
    if params.tag_bytes != 0 && params.tag_bytes != tag.len() {
        return Err(HsmError::new(HsmErrorKind::BadData, "limits"));
    }
    let whole_blocks = !data.is_empty() && data.len().is_multiple_of(BLOCK);
    match algorithm {
        CipherAlgorithm::AesEcb | CipherAlgorithm::AesCbc if !whole_blocks => Err(BAD_LENGTH),
        CipherAlgorithm::AesEcbPkcs5 | CipherAlgorithm::AesCbcPkcs5 if !whole_blocks => {
            Err(HsmError::new(HsmErrorKind::BadData, "limits"))
        }
        _ => Ok(()),
    }
}

fn check_params(
    algorithm: CipherAlgorithm,
    params: &CipherParams,
    tag_bytes: usize,
) -> Result<(), HsmError> {
    let iv = params.iv.len();
    let good = match algorithm {
        CipherAlgorithm::AesEcb
        | CipherAlgorithm::AesEcbPkcs5
        | CipherAlgorithm::RsaRaw
        | CipherAlgorithm::RsaPkcs1 => iv == 0 && params.aad.is_empty() && tag_bytes == 0,
        CipherAlgorithm::AesCbc | CipherAlgorithm::AesCbcPkcs5 | CipherAlgorithm::AesCtr => {
            iv == BLOCK && params.aad.is_empty() && tag_bytes == 0
        }
        CipherAlgorithm::AesGcm => {
            (1..=MAX_GCM_IV_BYTES).contains(&iv) && matches!(tag_bytes, 4 | 8 | 12..=16)
        }
        CipherAlgorithm::RsaOaep { .. } => iv == 0 && tag_bytes == 0,
    };
    if good && params.aad.len() <= MAX_DATA_BYTES { Ok(()) } else { Err(BAD_PARAMETER) }
}

/// Refuses more than 64 MiB.
pub(crate) fn check_data(data: &[u8]) -> Result<(), HsmError> {
    if data.len() <= MAX_DATA_BYTES { Ok(()) } else { Err(BAD_LENGTH) }
}

/// Checks a secret key's length in bytes.
pub(crate) fn check_secret_bytes(kind: SecretKeyKind, bytes: usize) -> Result<(), HsmError> {
    let good = match kind {
        SecretKeyKind::Aes => matches!(bytes, 16 | 24 | 32),
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

    fn params(iv: usize, tag_bytes: usize) -> CipherParams {
        CipherParams { iv: vec![0; iv], aad: Vec::new(), tag_bytes }
    }

    #[test]
    fn check_encrypt_takes_gcm_tags_of_kmip_only() {
        let check = |tag| check_encrypt(CipherAlgorithm::AesGcm, &params(12, tag), b"");
        let taken: Vec<_> = (0..20).filter(|tag| check(*tag).is_ok()).collect();
        assert_eq!(taken, [4, 8, 12, 13, 14, 15, 16]);
    }

    #[test]
    fn check_encrypt_rejects_bad_iv_and_partial_blocks() {
        let check = |alg, iv, data: &[u8]| check_encrypt(alg, &params(iv, 0), data);
        assert_eq!(check(CipherAlgorithm::AesCbc, 15, &[0; 16]), Err(BAD_PARAMETER));
        assert_eq!(check(CipherAlgorithm::AesCbc, 16, &[0; 17]), Err(BAD_LENGTH));
        assert_eq!(check(CipherAlgorithm::AesCbcPkcs5, 16, &[0; 17]), Ok(()));
        assert_eq!(check(CipherAlgorithm::AesEcb, 16, &[0; 16]), Err(BAD_PARAMETER));
    }
}
