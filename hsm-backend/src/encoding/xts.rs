//! XTS made of block encryptions that the token does under two keys: the tweak under one, the data
//! under the other, XORed here before and after.
//!
//! The tweak's encryption is known here, and to nobody else; it opens nothing without the other key.

use zeroize::Zeroizing;

use super::bad_data;
use super::feedback::{Way, xor};
use crate::error::{HsmError, HsmErrorKind};
use crate::job::SecretValue;

const BLOCK: usize = 16;

/// Longest data unit in bytes: 2^20 blocks.
///
/// Spec: SP 800-38E §4.
pub(crate) const MAX_UNIT_BYTES: usize = BLOCK << 20;

/// Two equal keys are refused: an attacker who chooses texts could undo XTS (FIPS 140-3 IG C.I).
pub(crate) const EQUAL_KEYS: HsmError = HsmError::new(HsmErrorKind::BadKey, "xts: equal keys");

/// XTS-AES-128 and XTS-AES-256 are all there are; lengths that a token does not tell are let pass.
///
/// # Errors
///
/// `BadKey`.
pub(crate) fn check_lengths(first: Option<usize>, second: Option<usize>) -> Result<(), HsmError> {
    let odd = |bytes: Option<usize>| bytes.is_some_and(|bytes| !matches!(bytes, 16 | 32));
    let differ = first.is_some() && second.is_some() && first != second;
    if odd(first) || odd(second) || differ {
        return Err(HsmError::new(HsmErrorKind::BadKey, "xts: key lengths"));
    }
    Ok(())
}

/// A data unit, and where it stands.
#[derive(Clone, Copy)]
pub(crate) struct Unit<'a> {
    /// The tweak: the unit's number, 16 bytes.
    pub(crate) tweak: &'a [u8],
    /// 16 bytes at least.
    pub(crate) data: &'a [u8],
}

/// Encrypts or decrypts a unit: `sealed_tweak` is the tweak encrypted under the second key, `blocks`
/// runs whole blocks through the first key in ECB, the way the data go. It is called once, and once
/// more where the last block is not whole.
///
/// Spec: IEEE 1619-2007 §5.3 and §5.4.
///
/// # Errors
///
/// [`EQUAL_KEYS`]; those of `blocks`; `Device` where they are not as many as were given.
pub(crate) fn run<E: From<HsmError>>(
    way: Way,
    unit: Unit<'_>,
    sealed_tweak: &[u8],
    mut blocks: impl FnMut(&[u8]) -> Result<SecretValue, E>,
) -> Result<SecretValue, E> {
    let Unit { tweak, data } = unit;
    let short = bad_data("xts");
    let (whole, rest) = (data.len() / BLOCK, data.len() % BLOCK);
    let place = whole.checked_sub(1).ok_or(short.clone())?;
    let (head, tail) = data.split_at_checked(place * BLOCK).ok_or(short.clone())?;
    let (last, stolen) = tail.split_at_checked(BLOCK).ok_or(short)?;
    let masks = masks(sealed_tweak, whole + 1);
    let mask = |place: usize| masks.get(BLOCK * place..BLOCK * (place + 1)).unwrap_or_default();
    // Where the last block is not whole, a decryption takes the last two masks the other way round.
    let turned = rest > 0 && way == Way::Decrypt;
    let (own_mask, other_mask) =
        if turned { (mask(whole), mask(place)) } else { (mask(place), mask(whole)) };

    let (probe, same) = match way {
        Way::Encrypt => (tweak, sealed_tweak),
        Way::Decrypt => (sealed_tweak, tweak),
    };
    let mut given = Zeroizing::new(Vec::with_capacity(data.len() + BLOCK));
    given.extend_from_slice(&xor(head, &masks));
    given.extend_from_slice(&xor(last, own_mask));
    given.extend_from_slice(probe);
    let made = checked(blocks(&given)?, given.len())?;
    let (made, probed) = made.expose().split_at(BLOCK * whole);
    if probed == same {
        return Err(EQUAL_KEYS.into());
    }
    let (made_head, made_last) = made.split_at(head.len());
    let made_last = xor(made_last, own_mask);
    let mut output = Zeroizing::new(Vec::with_capacity(data.len()));
    output.extend_from_slice(&xor(made_head, &masks));
    if rest == 0 {
        output.extend_from_slice(&made_last);
        return Ok(SecretValue::new(std::mem::take(&mut output)));
    }
    // The short block takes the end of the one before it, and goes through the key in its place.
    let (kept, lent) = made_last.split_at(rest);
    let full = Zeroizing::new([stolen, lent].concat());
    let made = checked(blocks(&xor(&full, other_mask))?, BLOCK)?;
    output.extend_from_slice(&xor(made.expose(), other_mask));
    output.extend_from_slice(kept);
    Ok(SecretValue::new(std::mem::take(&mut output)))
}

fn checked(made: SecretValue, bytes: usize) -> Result<SecretValue, HsmError> {
    let device = HsmError::new(HsmErrorKind::Device(0), "xts");
    if made.expose().len() == bytes { Ok(made) } else { Err(device) }
}

/// The masks of `count` blocks: the sealed tweak times the powers of x in GF(2^128), little-endian.
fn masks(sealed_tweak: &[u8], count: usize) -> Zeroizing<Vec<u8>> {
    let first: [u8; BLOCK] = sealed_tweak.try_into().unwrap_or_default();
    let mut mask = u128::from_le_bytes(first);
    let mut masks = Zeroizing::new(Vec::with_capacity(BLOCK * count));
    for _ in 0..count {
        masks.extend_from_slice(&mask.to_le_bytes());
        let carry = mask >> 127;
        mask = (mask << 1) ^ (carry * 0x87);
    }
    masks
}
