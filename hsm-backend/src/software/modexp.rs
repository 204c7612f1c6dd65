//! The raw RSA public operation.

use rsa::traits::PublicKeyParts;
use rsa::{BoxedUint, RsaPublicKey};

use crate::encoding::{bit_length, left_pad, strip_zeros};
use crate::error::{HsmError, HsmErrorKind};

/// Modulus lengths verified and encrypted with here, in bits; wider than what tokens hold.
const MODULUS_BITS: core::ops::RangeInclusive<usize> = 512..=8192;

/// An RSA public key, ready for use.
pub(crate) struct RawPublic {
    key: RsaPublicKey,
    pub(crate) bits: usize,
}

impl RawPublic {
    /// # Errors
    ///
    /// `BadKey` where modulus or exponent are out of range.
    pub(crate) fn new(modulus: &[u8], public_exponent: &[u8]) -> Result<Self, HsmError> {
        let bad_key = HsmError::new(HsmErrorKind::BadKey, "rsa public key");
        if strip_zeros(public_exponent).len() > 8 {
            return Err(bad_key);
        }
        let (n, e) = (number(modulus), number(public_exponent));
        let key = RsaPublicKey::new_with_size_limits(n, e, MODULUS_BITS);
        Ok(Self { key: key.map_err(|_| bad_key)?, bits: bit_length(modulus) })
    }

    /// Length of the modulus in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.bits.div_ceil(8)
    }

    /// `block`^e mod n, as long as the modulus; `None` where the block is not below n.
    pub(crate) fn apply(&self, block: &[u8]) -> Option<Vec<u8>> {
        let precision = self.key.n_bits_precision();
        let block = BoxedUint::from_be_slice(strip_zeros(block), precision).ok()?;
        if block >= *self.key.n().as_ref() {
            return None;
        }
        let result = rsa::hazmat::rsa_encrypt(&self.key, &block).ok()?;
        left_pad(&result.to_be_bytes(), self.bytes())
    }
}

/// A number from big-endian bytes.
pub(crate) fn number(bytes: &[u8]) -> BoxedUint {
    BoxedUint::from_be_slice_vartime(strip_zeros(bytes))
}
