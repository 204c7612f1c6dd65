//! Hash functions.

use sha2::digest::DynDigest;

use crate::error::{HsmError, HsmErrorKind};
use crate::job::{HashAlgorithm, SignInput};

/// A hash in the making, for data that comes in pieces.
pub struct Hasher(Box<dyn DynDigest + Send>);

impl Hasher {
    /// Starts a hash.
    ///
    /// # Errors
    ///
    /// `Unsupported` for MD5.
    pub fn new(hash: HashAlgorithm) -> Result<Self, HsmError> {
        let state: Box<dyn DynDigest + Send> = match hash {
            HashAlgorithm::Md5 => {
                return Err(HsmError::new(HsmErrorKind::Unsupported, "digest"));
            }
            HashAlgorithm::Sha1 => Box::<sha1::Sha1>::default(),
            HashAlgorithm::Sha224 => Box::<sha2::Sha224>::default(),
            HashAlgorithm::Sha256 => Box::<sha2::Sha256>::default(),
            HashAlgorithm::Sha384 => Box::<sha2::Sha384>::default(),
            HashAlgorithm::Sha512 => Box::<sha2::Sha512>::default(),
            HashAlgorithm::Sha512T224 => Box::<sha2::Sha512_224>::default(),
            HashAlgorithm::Sha512T256 => Box::<sha2::Sha512_256>::default(),
            HashAlgorithm::Sha3T224 => Box::<sha3::Sha3_224>::default(),
            HashAlgorithm::Sha3T256 => Box::<sha3::Sha3_256>::default(),
            HashAlgorithm::Sha3T384 => Box::<sha3::Sha3_384>::default(),
            HashAlgorithm::Sha3T512 => Box::<sha3::Sha3_512>::default(),
            HashAlgorithm::Ripemd160 => Box::<ripemd::Ripemd160>::default(),
        };
        Ok(Self(state))
    }

    /// Takes the next piece.
    pub fn update(&mut self, piece: &[u8]) {
        self.0.update(piece);
    }

    /// The hash of all pieces.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        self.0.finalize().into_vec()
    }
}

impl core::fmt::Debug for Hasher {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Hasher")
    }
}

/// The hash of `data`.
///
/// # Errors
///
/// `Unsupported` for MD5.
pub fn digest(hash: HashAlgorithm, data: &[u8]) -> Result<Vec<u8>, HsmError> {
    digest_parts(hash, &[data])
}

/// The hash of `parts`, one after the other.
pub(crate) fn digest_parts(hash: HashAlgorithm, parts: &[&[u8]]) -> Result<Vec<u8>, HsmError> {
    let mut hasher = Hasher::new(hash)?;
    parts.iter().for_each(|part| hasher.update(part));
    Ok(hasher.finish())
}

/// The digest to sign or verify: made here, or given and of the right length.
pub(crate) fn digest_input(hash: HashAlgorithm, input: SignInput<'_>) -> Result<Vec<u8>, HsmError> {
    match input {
        SignInput::Message(message) => digest(hash, message),
        SignInput::Digest(digest) if digest.len() == hash.bytes() => Ok(digest.to_vec()),
        SignInput::Digest(_) => Err(HsmError::new(HsmErrorKind::BadLength, "digest")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capability::rules::HASHES;

    #[test]
    fn digest_is_as_long_as_its_algorithm_says() {
        for row in HASHES.iter().filter(|row| row.here) {
            assert_eq!(digest(row.hash, b"abc").unwrap().len(), row.hash.bytes());
        }
        assert!(digest(HashAlgorithm::Md5, b"abc").is_err());
    }

    #[test]
    fn digest_matches_known_answers() {
        let starts = [
            (HashAlgorithm::Sha1, [0xA9, 0x99, 0x3E, 0x36]),
            (HashAlgorithm::Sha256, [0xBA, 0x78, 0x16, 0xBF]),
            (HashAlgorithm::Sha512T256, [0x53, 0x04, 0x8E, 0x26]),
            (HashAlgorithm::Sha3T256, [0x3A, 0x98, 0x5D, 0xA7]),
            (HashAlgorithm::Ripemd160, [0x8E, 0xB2, 0x08, 0xF7]),
        ];
        for (hash, start) in starts {
            assert!(digest(hash, b"abc").unwrap().starts_with(&start), "{hash:?}");
        }
    }
}
