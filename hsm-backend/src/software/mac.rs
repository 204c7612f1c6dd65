//! HMAC over a key that is at hand.

use hmac::{KeyInit, Mac, SimpleHmac};

use crate::error::{HsmError, HsmErrorKind};
use crate::job::HashAlgorithm;

/// Evaluates an expression with `$digest` standing for the type of a hash.
macro_rules! per_hash {
    ($hash:expr, $digest:ident => $run:expr) => {
        per_hash!(@ $hash, $digest, $run,
            Sha1 sha1::Sha1, Sha224 sha2::Sha224, Sha256 sha2::Sha256, Sha384 sha2::Sha384,
            Sha512 sha2::Sha512, Sha512T224 sha2::Sha512_224, Sha512T256 sha2::Sha512_256,
            Sha3T224 sha3::Sha3_224, Sha3T256 sha3::Sha3_256, Sha3T384 sha3::Sha3_384,
            Sha3T512 sha3::Sha3_512, Ripemd160 ripemd::Ripemd160)
    };
    (@ $hash:expr, $digest:ident, $run:expr, $($name:ident $type:ty),*) => {
        match $hash {
            HashAlgorithm::Md5 => Err(HsmError::new(HsmErrorKind::Unsupported, "hmac")),
            $( HashAlgorithm::$name => { type $digest = $type; $run } )*
        }
    };
}

pub(super) use per_hash;

/// The HMAC of `data` under `key`, of any length.
///
/// # Errors
///
/// `Unsupported` for MD5.
pub fn hmac(hash: HashAlgorithm, key: &[u8], data: &[u8]) -> Result<Vec<u8>, HsmError> {
    per_hash!(hash, H => run::<SimpleHmac<H>>(key, data))
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
