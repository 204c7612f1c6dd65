//! Paddings and encodings done here: shared by the plans, the software half and the stand-in.

pub(crate) mod ccm;
pub(crate) mod der;
pub(crate) mod feedback;
pub(crate) mod oaep;
pub(crate) mod padding;
pub(crate) mod pkcs1;
pub(crate) mod pss;
pub(crate) mod xts;

use zeroize::Zeroize;

use crate::error::{HsmError, HsmErrorKind};
use crate::job::HashAlgorithm;
use crate::software::digest_parts;

/// XORs MGF1(`seed`) onto `target`.
///
/// Spec: RFC 8017 B.2.1.
pub(crate) fn mgf1_xor(
    hash: HashAlgorithm,
    seed: &[u8],
    target: &mut [u8],
) -> Result<(), HsmError> {
    for (counter, block) in (0_u32..).zip(target.chunks_mut(hash.bytes())) {
        let mut mask = digest_parts(hash, &[seed, &counter.to_be_bytes()])?;
        block.iter_mut().zip(&mask).for_each(|(byte, mask)| *byte ^= mask);
        mask.zeroize();
    }
    Ok(())
}

/// `number` without leading zeros; empty for zero.
pub(crate) fn strip_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

/// `number` with zeros in front until it has `length` bytes; `None` where it is longer.
pub(crate) fn left_pad(number: &[u8], length: usize) -> Option<Vec<u8>> {
    let number = strip_zeros(number);
    let zeros = length.checked_sub(number.len())?;
    let mut padded = vec![0; zeros];
    padded.extend_from_slice(number);
    Some(padded)
}

/// Length of the big-endian `number` in bits.
pub(crate) fn bit_length(number: &[u8]) -> usize {
    let number = strip_zeros(number);
    number.first().map_or(0, |top| number.len() * 8 - top.leading_zeros() as usize)
}

pub(crate) const fn bad_length(check: &'static str) -> HsmError {
    HsmError::new(HsmErrorKind::BadLength, check)
}

pub(crate) const fn bad_parameter(check: &'static str) -> HsmError {
    HsmError::new(HsmErrorKind::BadParameter, check)
}

pub(crate) const fn bad_data(check: &'static str) -> HsmError {
    HsmError::new(HsmErrorKind::BadData, check)
}
