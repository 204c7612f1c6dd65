//! DigestInfo, EMSA-PKCS1-v1_5 and the encryption padding of the same name.

use crate::error::HsmError;
use crate::job::HashAlgorithm;

use super::bad_length;

/// The DER object identifier of a hash, tag and length included.
#[rustfmt::skip]
const fn oid(hash: HashAlgorithm) -> &'static [u8] {
    match hash {
        HashAlgorithm::Md5 => &[6, 8, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 2, 5],
        HashAlgorithm::Sha1 => &[6, 5, 0x2B, 0x0E, 3, 2, 0x1A],
        HashAlgorithm::Ripemd160 => &[6, 5, 0x2B, 0x24, 3, 2, 1],
        HashAlgorithm::Sha256 => &[6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1],
        HashAlgorithm::Sha384 => &[6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2],
        HashAlgorithm::Sha512 => &[6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3],
        HashAlgorithm::Sha224 => &[6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 4],
        HashAlgorithm::Sha512T224 => &[6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 5],
        HashAlgorithm::Sha512T256 => &[6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 6],
        HashAlgorithm::Sha3T224 => &[6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 7],
        HashAlgorithm::Sha3T256 => &[6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 8],
        HashAlgorithm::Sha3T384 => &[6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 9],
        HashAlgorithm::Sha3T512 => &[6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 10],
    }
}

/// `digest` in a DER DigestInfo.
///
/// Spec: RFC 8017 §9.2 note 1.
pub(crate) fn digest_info(hash: HashAlgorithm, digest: &[u8]) -> Vec<u8> {
    let oid = oid(hash);
    // No part reaches 128 bytes, so each length is one byte.
    let short = |length: usize| u8::try_from(length).unwrap_or_default();
    let mut der = vec![0x30, short(oid.len() + digest.len() + 6), 0x30, short(oid.len() + 2)];
    der.extend_from_slice(oid);
    der.extend_from_slice(&[5, 0, 4, short(digest.len())]);
    der.extend_from_slice(digest);
    der
}

/// 00 01 FF .. FF 00 `info`, `k` bytes long.
///
/// Spec: RFC 8017 §9.2.
pub(crate) fn emsa(info: &[u8], k: usize) -> Result<Vec<u8>, HsmError> {
    check_length(info, k)?;
    let mut encoded = vec![0, 1];
    encoded.resize(k - info.len() - 1, 0xFF);
    encoded.push(0);
    encoded.extend_from_slice(info);
    Ok(encoded)
}

/// 00 02 `filler` 00 `message`, `k` bytes long; `filler` yields bytes that are not zero.
///
/// Spec: RFC 8017 §7.2.1.
pub(crate) fn eme(
    message: &[u8],
    k: usize,
    filler: impl FnMut() -> Result<u8, HsmError>,
) -> Result<Vec<u8>, HsmError> {
    check_length(message, k)?;
    let mut encoded = vec![0, 2];
    let bytes = core::iter::repeat_with(filler).take(k - message.len() - 3);
    for byte in bytes {
        encoded.push(byte?);
    }
    encoded.push(0);
    encoded.extend_from_slice(message);
    Ok(encoded)
}

/// The message in an EME-PKCS1-v1_5 block, if the block is well formed.
#[cfg(feature = "memory")]
pub(crate) fn eme_decode(block: &[u8]) -> Option<&[u8]> {
    let [0, 2, rest @ ..] = block else { return None };
    let filler = rest.iter().position(|byte| *byte == 0)?;
    if filler < 8 { None } else { rest.get(filler + 1..) }
}

/// Refuses what leaves less than 11 bytes of padding in a modulus of `k` bytes.
pub(crate) fn check_length(message: &[u8], k: usize) -> Result<(), HsmError> {
    if message.len() + 11 <= k { Ok(()) } else { Err(bad_length("pkcs1")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digest_info_matches_rfc8017_prefix() {
        let prefix = [
            0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
            0x01, 0x05, 0x00, 0x04, 0x20,
        ];
        assert!(digest_info(HashAlgorithm::Sha256, &[7; 32]).starts_with(&prefix));
    }

    #[test]
    fn emsa_fills_the_modulus_and_rejects_long_input() {
        let encoded = emsa(&[9; 19], 64).unwrap();
        assert_eq!((encoded.len(), encoded[0], encoded[1], encoded[44]), (64, 0, 1, 0));
        assert!(emsa(&[9; 53], 64).is_ok());
        assert!(emsa(&[9; 54], 64).is_err());
    }
}
