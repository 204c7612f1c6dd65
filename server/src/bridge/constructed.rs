//! Constructed IVs: a fixed field that tells the context, and an invocation field that counts.
//!
//! Spec: SP 800-38D §8.2.1; KMIP 1.4 §3.6, Fixed Field Length and Invocation Field Length.

use hsm_backend::{HashAlgorithm, HsmError, software};
use kmip_core::attribute::CryptographicParameters;

use super::BridgeError;

/// Shortest fixed field of an IV that is made here, in bits: a shorter one could not tell this
/// server's IVs from those of one that was restored from an older state.
const MIN_FIXED_BITS: u32 = 32;
/// Longest, in bits: what the hash of the context gives.
const MAX_FIXED_BITS: u32 = 256;

const CONTRADICTION: BridgeError =
    BridgeError::Invalid("the fields of the IV do not fill it exactly");

/// The layout of a constructed IV; lengths in bits. What follows the two fields is CTR's counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fields {
    /// Length of the fixed field; may be 0 where the client makes the IV.
    pub fixed_bits: u32,
    /// Length of the invocation field; 1 at least.
    pub invocation_bits: u32,
}

impl Fields {
    /// The fields that `parameters` name, if any; one that is not named fills what the other leaves
    /// of `room`, which is in bits. Both together are the room where it is not known.
    ///
    /// # Errors
    ///
    /// `Invalid` where they do not fill the room exactly, `Missing` where one field and the room
    /// are unknown.
    pub fn of(
        parameters: &CryptographicParameters,
        room: Option<u32>,
    ) -> Result<Option<Self>, BridgeError> {
        let bits = |length: Option<i32>| length.map(u32::try_from).transpose();
        let (fixed, invocation) =
            match (bits(parameters.fixed_field_length), bits(parameters.invocation_field_length)) {
                (Ok(None), Ok(None)) => return Ok(None),
                (Ok(fixed), Ok(invocation)) => (fixed, invocation),
                _ => return Err(BridgeError::Invalid("negative field length")),
            };
        let rest = |told: u32| match room {
            Some(room) => room.checked_sub(told).ok_or(CONTRADICTION),
            None => Err(BridgeError::Missing("the length of one field is missing")),
        };
        let fixed_bits = fixed.map_or_else(|| rest(invocation.unwrap_or(0)), Ok)?;
        let invocation_bits = invocation.map_or_else(|| rest(fixed_bits), Ok)?;
        let fields = Self { fixed_bits, invocation_bits };
        if invocation_bits == 0 || room.is_some_and(|room| fields.bits() != Some(room)) {
            return Err(CONTRADICTION);
        }
        Ok(Some(fields))
    }

    /// Both fields together, in bits; `None` for lengths that no IV has.
    #[must_use]
    pub const fn bits(self) -> Option<u32> {
        self.fixed_bits.checked_add(self.invocation_bits)
    }

    /// Whether an IV with these fields may be made here.
    ///
    /// # Errors
    ///
    /// `Invalid` for a fixed field that is too short to be a context, or too long to be filled.
    pub fn check_made_here(self) -> Result<(), BridgeError> {
        if (MIN_FIXED_BITS..=MAX_FIXED_BITS).contains(&self.fixed_bits) {
            return Ok(());
        }
        Err(BridgeError::Invalid("the fixed field of an IV made here has 32 to 256 bits"))
    }

    /// Whether the invocation field can hold this number.
    #[must_use]
    pub const fn holds(self, invocation: u64) -> bool {
        self.invocation_bits >= 64 || invocation >> self.invocation_bits == 0
    }

    /// An IV of `bytes`: the fixed field from the hash of `context`, the invocation's number, and
    /// zeros for a counter.
    ///
    /// # Errors
    ///
    /// None today; the hash is one that is always there.
    pub fn fill(self, context: &str, invocation: u64, bytes: usize) -> Result<Vec<u8>, HsmError> {
        let hash = software::digest(HashAlgorithm::Sha256, context.as_bytes())?;
        let number = invocation.to_be_bytes();
        let mut iv = vec![0; bytes];
        copy_bits(&mut iv, 0, &hash, 0, self.fixed_bits);
        let count = self.invocation_bits.min(64);
        let start = self.fixed_bits + (self.invocation_bits - count);
        copy_bits(&mut iv, start, &number, 64 - count, count);
        Ok(iv)
    }
}

/// Copies `count` bits of `from`, which begin at bit `from_start`, into the zeros at `to_start`;
/// bit 0 is the first byte's highest.
fn copy_bits(to: &mut [u8], to_start: u32, from: &[u8], from_start: u32, count: u32) {
    let place = |bit: u32| (usize::try_from(bit / 8).unwrap_or(usize::MAX), 7 - bit % 8);
    for bit in 0..count {
        let ((source, low), (target, shift)) = (place(from_start + bit), place(to_start + bit));
        let value = from.get(source).map_or(0, |byte| byte >> low & 1);
        if let Some(byte) = to.get_mut(target) {
            *byte |= value << shift;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bridge::no_parameters;

    fn of(fixed: Option<i32>, invocation: Option<i32>, room: Option<u32>) -> Option<Fields> {
        let parameters = CryptographicParameters {
            fixed_field_length: fixed,
            invocation_field_length: invocation,
            ..no_parameters()
        };
        Fields::of(&parameters, room).unwrap_or(None)
    }

    #[test]
    fn fields_fill_the_room_exactly() {
        let whole = Some(Fields { fixed_bits: 32, invocation_bits: 64 });
        assert_eq!(of(Some(32), Some(64), Some(96)), whole);
        assert_eq!(of(Some(32), None, Some(96)), whole);
        assert_eq!(of(None, Some(64), Some(96)), whole);
        assert_eq!(of(Some(32), Some(64), None), whole);
        for (fixed, invocation, room) in [
            (Some(32), Some(65), Some(96)),
            (Some(96), None, Some(96)),
            (Some(97), None, Some(96)),
            (Some(-1), Some(97), Some(96)),
            (Some(i32::MAX), Some(i32::MAX), Some(96)),
            (Some(32), None, None),
            (Some(32), Some(0), None),
        ] {
            assert_eq!(of(fixed, invocation, room), None, "{fixed:?} {invocation:?} {room:?}");
        }
    }

    #[test]
    fn fill_puts_the_fields_side_by_side() {
        let iv = Fields { fixed_bits: 32, invocation_bits: 64 }.fill("a", 0x0102, 12).unwrap();
        assert_eq!(iv[4..], [0, 0, 0, 0, 0, 0, 1, 2]);
        let other = Fields { fixed_bits: 32, invocation_bits: 64 }.fill("b", 0x0102, 12).unwrap();
        assert_ne!(iv[..4], other[..4]);
        // Fields need not end with a byte, and CTR's counter follows them.
        let odd = Fields { fixed_bits: 36, invocation_bits: 20 }.fill("a", 0xA_BCDE, 16).unwrap();
        assert_eq!(odd[..4], iv[..4]);
        assert_eq!((odd[4] & 0x0F, &odd[5..7], &odd[7..]), (0x0A, &[0xBC, 0xDE][..], &[0; 9][..]));
    }

    #[test]
    fn holds_knows_the_last_number() {
        let of = |invocation_bits| Fields { fixed_bits: 32, invocation_bits };
        assert!(of(8).holds(255) && !of(8).holds(256) && of(64).holds(u64::MAX));
        assert!(of(1).holds(1) && !of(1).holds(2) && of(1000).holds(u64::MAX));
    }
}
