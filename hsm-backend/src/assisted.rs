//! Assisted mode: what a token lacks, computed here with the key in memory for one call.
//!
//! The key lies in memory of its own that is locked (never swapped), left out of core dumps,
//! fenced by guard pages, and wiped. This and `pkcs11/number.rs` are the places with `unsafe`.

#![allow(unsafe_code)]

use core::ptr::NonNull;

use crate::error::{HsmError, HsmErrorKind};
use crate::job::{MacAlgorithm, SecretValue};
use crate::{limits, software};

/// The full-length MAC of `data`; the key is wiped before this returns.
///
/// # Errors
///
/// `Unsupported` for what [`crate::assists`] denies, `BadLength` for too much data, `Device` where no memory
/// can be locked.
pub fn mac(algorithm: MacAlgorithm, key: SecretValue, data: &[u8]) -> Result<Vec<u8>, HsmError> {
    let MacAlgorithm::Hmac(hash) = algorithm else {
        return Err(HsmError::new(HsmErrorKind::Unsupported, "assisted"));
    };
    limits::check_data(data)?;
    let locked = Locked::holding(key.expose())?;
    drop(key);
    software::hmac(hash, locked.expose(), data)
}

/// Bytes in locked memory; wiped when dropped.
struct Locked(NonNull<[u8]>);

impl Locked {
    fn holding(secret: &[u8]) -> Result<Self, HsmError> {
        let failed = HsmError::new(HsmErrorKind::Device(0), "mlock");
        // SAFETY: any length may be asked for; what is returned is owned by `Locked` from here on.
        let memory = unsafe { memsec::malloc_sized(secret.len().max(1)) }.ok_or(failed.clone())?;
        let mut locked = Self(memory);
        // SAFETY: the pointer is valid for reads and writes of its length, and nobody else's.
        let bytes = unsafe { locked.0.as_mut() };
        // The allocation tries to lock and says nothing where it could not: asked again, aloud.
        // SAFETY: the range is the allocation's own.
        if !unsafe { memsec::mlock(bytes.as_mut_ptr(), bytes.len()) } {
            return Err(failed);
        }
        bytes.iter_mut().zip(secret).for_each(|(to, from)| *to = *from);
        if secret.is_empty() {
            return Err(HsmError::new(HsmErrorKind::BadKey, "assisted"));
        }
        Ok(locked)
    }

    fn expose(&self) -> &[u8] {
        // SAFETY: the pointer is valid for reads of its length as long as `self` lives.
        unsafe { self.0.as_ref() }
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        // SAFETY: it was made by `malloc_sized` and is freed once; this wipes and unlocks it.
        unsafe { memsec::free(self.0) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::HashAlgorithm;

    /// NIST's example: HMAC with SHA3-256, a key of 32 bytes.
    #[test]
    fn hmac_of_sha3_matches_the_example_of_nist() {
        let key = SecretValue::new((0..32).collect());
        let data = b"Sample message for keylen<blocklen";
        let mac = mac(MacAlgorithm::Hmac(HashAlgorithm::Sha3T256), key, data).unwrap();
        assert_eq!(mac[..8], [0x4F, 0xE8, 0xE2, 0x02, 0xC4, 0xF0, 0x58, 0xE8]);
    }

    #[test]
    fn mac_refuses_what_it_does_not_serve() {
        for algorithm in [MacAlgorithm::AesCmac, MacAlgorithm::Hmac(HashAlgorithm::Md5)] {
            assert!(mac(algorithm, SecretValue::new(vec![1; 16]), b"").is_err());
        }
        let hmac = MacAlgorithm::Hmac(HashAlgorithm::Sha3T256);
        assert!(mac(hmac, SecretValue::new(Vec::new()), b"").is_err());
    }
}
