//! Encryption with an RSA public key.

use super::modexp::RawPublic;
use crate::encoding::oaep::Oaep;
use crate::encoding::{left_pad, pkcs1};
use crate::error::{HsmError, HsmErrorKind};
use crate::job::{CipherAlgorithm, CipherParams, PublicKey, SecretValue};

/// Encrypts `data` with an RSA public key; the ciphertext is as long as the modulus.
///
/// Raw RSA takes at most as many bytes as the modulus has, as a number below it. `params.aad` is
/// the OAEP label.
///
/// # Errors
///
/// `BadLength` where the data does not fit, `BadKey`, `BadParameter` where the algorithm is not
/// RSA or the key is not, `Unsupported` for OAEP with MD5.
pub fn encrypt_public(
    key: &PublicKey,
    algorithm: CipherAlgorithm,
    params: &CipherParams,
    data: &[u8],
) -> Result<Vec<u8>, HsmError> {
    let PublicKey::Rsa { modulus, public_exponent } = key else {
        return Err(HsmError::new(HsmErrorKind::BadParameter, "encrypt_public"));
    };
    let key = RawPublic::new(modulus, public_exponent)?;
    let block = block(&key, algorithm, params, data)?;
    key.apply(block.expose()).ok_or(HsmError::new(HsmErrorKind::BadData, "encrypt_public"))
}

fn block(
    key: &RawPublic,
    algorithm: CipherAlgorithm,
    params: &CipherParams,
    data: &[u8],
) -> Result<SecretValue, HsmError> {
    let k = key.bytes();
    match algorithm {
        CipherAlgorithm::RsaRaw => {
            let fits = left_pad(data, k).filter(|_| data.len() <= k);
            let block = fits.ok_or(HsmError::new(HsmErrorKind::BadLength, "encrypt_public"))?;
            Ok(SecretValue::new(block))
        }
        CipherAlgorithm::RsaPkcs1 => pkcs1::eme(data, k, random_filler).map(SecretValue::new),
        CipherAlgorithm::RsaOaep { hash, mgf } => {
            let mut seed = vec![0; hash.bytes()];
            fill_random(&mut seed)?;
            Oaep { hash, mgf, label: &params.aad }.encode(data, &seed, k)
        }
        CipherAlgorithm::Block { .. }
        | CipherAlgorithm::AesGcm
        | CipherAlgorithm::AesCcm
        | CipherAlgorithm::AesXts
        | CipherAlgorithm::AesKeyWrap
        | CipherAlgorithm::AesKeyWrapPad => {
            Err(HsmError::new(HsmErrorKind::BadParameter, "encrypt_public"))
        }
    }
}

fn random_filler() -> Result<u8, HsmError> {
    let mut byte = [0];
    while byte == [0] {
        fill_random(&mut byte)?;
    }
    Ok(byte[0])
}

/// Random bytes from the operating system; they pad ciphertexts and make no key.
pub(crate) fn fill_random(bytes: &mut [u8]) -> Result<(), HsmError> {
    let failed = HsmError::new(HsmErrorKind::Unavailable, "getrandom");
    getrandom::fill(bytes).map_err(|_| failed)
}
