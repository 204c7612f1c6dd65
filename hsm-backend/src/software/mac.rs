//! HMAC over a key that is at hand.

use hmac::{KeyInit, Mac, SimpleHmac};

use crate::error::{HsmError, HsmErrorKind};
use crate::job::HashAlgorithm;

/// The HMAC of `data` under `key`, of any length.
///
/// # Errors
///
/// `Unsupported` for MD5.
pub fn hmac(hash: HashAlgorithm, key: &[u8], data: &[u8]) -> Result<Vec<u8>, HsmError> {
    match hash {
        HashAlgorithm::Md5 => Err(HsmError::new(HsmErrorKind::Unsupported, "hmac")),
        HashAlgorithm::Sha1 => run::<SimpleHmac<sha1::Sha1>>(key, data),
        HashAlgorithm::Sha224 => run::<SimpleHmac<sha2::Sha224>>(key, data),
        HashAlgorithm::Sha256 => run::<SimpleHmac<sha2::Sha256>>(key, data),
        HashAlgorithm::Sha384 => run::<SimpleHmac<sha2::Sha384>>(key, data),
        HashAlgorithm::Sha512 => run::<SimpleHmac<sha2::Sha512>>(key, data),
        HashAlgorithm::Sha512T224 => run::<SimpleHmac<sha2::Sha512_224>>(key, data),
        HashAlgorithm::Sha512T256 => run::<SimpleHmac<sha2::Sha512_256>>(key, data),
        HashAlgorithm::Sha3T224 => run::<SimpleHmac<sha3::Sha3_224>>(key, data),
        HashAlgorithm::Sha3T256 => run::<SimpleHmac<sha3::Sha3_256>>(key, data),
        HashAlgorithm::Sha3T384 => run::<SimpleHmac<sha3::Sha3_384>>(key, data),
        HashAlgorithm::Sha3T512 => run::<SimpleHmac<sha3::Sha3_512>>(key, data),
        HashAlgorithm::Ripemd160 => run::<SimpleHmac<ripemd::Ripemd160>>(key, data),
    }
}

fn run<M: Mac + KeyInit>(key: &[u8], data: &[u8]) -> Result<Vec<u8>, HsmError> {
    let unfit = HsmError::new(HsmErrorKind::BadKey, "hmac");
    let mut mac = <M as KeyInit>::new_from_slice(key).map_err(|_| unfit)?;
    mac.update(data);
    Ok(mac.finalize().into_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231 test case 2.
    #[test]
    fn hmac_matches_a_known_answer() {
        let mac = hmac(HashAlgorithm::Sha256, b"Jefe", b"what do ya want for nothing?").unwrap();
        assert_eq!(mac.get(..4), Some([0x5B, 0xDC, 0xC1, 0x46].as_slice()));
    }
}
