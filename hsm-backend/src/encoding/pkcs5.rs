//! PKCS#5 padding to AES blocks.

use subtle::{Choice, ConditionallySelectable, ConstantTimeEq, ConstantTimeLess};
use zeroize::Zeroize;

use super::bad_data;
use crate::error::HsmError;
use crate::job::SecretValue;

const BLOCK: usize = 16;

/// `data` with 1 to 16 bytes of padding.
///
/// Spec: RFC 8018 §6.1.1, with blocks of 16 bytes.
pub(crate) fn pad(data: &[u8]) -> SecretValue {
    let padding = BLOCK - data.len() % BLOCK;
    let mut padded = Vec::with_capacity(data.len() + padding);
    padded.extend_from_slice(data);
    padded.resize(data.len() + padding, u8::try_from(padding).unwrap_or_default());
    SecretValue::new(padded)
}

/// Takes the padding off; `BadData` whatever is wrong with it, in time that does not tell.
pub(crate) fn unpad(mut padded: Vec<u8>) -> Result<SecretValue, HsmError> {
    let last = padded.last().copied().unwrap_or_default();
    let mut good =
        Choice::from(u8::from(padded.len() >= BLOCK && padded.len().is_multiple_of(BLOCK)));
    good &= !last.ct_eq(&0) & last.ct_lt(&17);
    for (distance, byte) in (1_u8..=16).zip(padded.iter().rev()) {
        let inside = !last.ct_lt(&distance);
        let expected = u8::conditional_select(byte, &last, inside);
        good &= byte.ct_eq(&expected);
    }
    if bool::from(good) {
        padded.truncate(padded.len() - usize::from(last));
        return Ok(SecretValue::new(padded));
    }
    padded.zeroize();
    Err(bad_data("pkcs5"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unpad_undoes_pad_at_every_length() {
        for length in 0..40 {
            let data = vec![0xA5; length];
            let padded = pad(&data);
            assert_eq!(padded.expose().len() % BLOCK, 0);
            assert_eq!(unpad(padded.expose().to_vec()).unwrap().expose(), data);
        }
    }

    #[test]
    fn unpad_rejects_malformed_padding() {
        let mut wrong = pad(&[1; 20]).expose().to_vec();
        wrong[22] ^= 1;
        for bad in [vec![], vec![0; 16], vec![17; 32], wrong, vec![1; 15]] {
            assert!(unpad(bad).is_err());
        }
    }
}
