//! Operations whose data come in parts.

use super::{CipherAlgorithm, CipherParams, MacAlgorithm, SecretValue, SignAlgorithm};

/// Names a stream: random, so that nobody guesses another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StreamId(pub [u8; 16]);

/// What a stream is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamWish {
    /// Encrypt with a secret key.
    Encrypt {
        /// The cipher.
        algorithm: CipherAlgorithm,
        /// Its parameters.
        params: CipherParams,
    },
    /// Decrypt; the tag comes with the last part.
    Decrypt {
        /// The cipher.
        algorithm: CipherAlgorithm,
        /// Its parameters.
        params: CipherParams,
    },
    /// Sign a message with a private key.
    Sign {
        /// The scheme.
        algorithm: SignAlgorithm,
        /// PSS salt length in bytes; absent: the hash's length.
        salt_bytes: Option<usize>,
    },
    /// Compute a MAC.
    Mac(MacAlgorithm),
}

/// The end of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamEnd {
    /// The rest of the ciphertext or plaintext; or the signature, or the MAC.
    pub data: SecretValue,
    /// The tag, where an encryption makes one.
    pub tag: Vec<u8>,
}
