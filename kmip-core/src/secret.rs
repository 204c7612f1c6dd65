//! Bytes that must not leak.

use core::fmt;

use wiping::Wiping;

use crate::ttlv::{Codec, DecodeError, Reader, Writer};
use crate::types::Tag;

/// Secret bytes: wiped on drop, never printed. Encoded as a Byte String.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct SecretBytes(Wiping);

impl SecretBytes {
    /// Takes ownership of `bytes`.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Wiping::new(bytes))
    }

    /// The bytes; the one reader.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// Number of bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Vec<u8>> for SecretBytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self::new(bytes)
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretBytes({} bytes)", self.0.len())
    }
}

impl Codec for SecretBytes {
    fn encode(&self, tag: Tag, w: &mut Writer) {
        w.byte_string(tag, &self.0);
    }
    fn decode(tag: Tag, r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        r.byte_string(tag).map(|bytes| Self::new(bytes.to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_prints_length_only() {
        assert_eq!(format!("{:?}", SecretBytes::new(vec![7; 32])), "SecretBytes(32 bytes)");
    }
}
