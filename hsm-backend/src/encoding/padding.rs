//! Paddings to whole blocks of a cipher, put on and taken off here.

use subtle::{Choice, ConditionallySelectable, ConstantTimeEq, ConstantTimeLess};
use zeroize::Zeroize;

use super::bad_data;
use crate::error::{HsmError, HsmErrorKind};
use crate::job::{Padding, SecretValue};
use crate::software::fill_random;

/// `data` filled up to whole blocks of `block` bytes.
///
/// Spec: RFC 8018 §6.1.1 (PKCS#5); ANSI X9.23; ISO 10126; ISO 7816-4.
pub(crate) fn pad(padding: Padding, block: usize, data: &[u8]) -> Result<SecretValue, HsmError> {
    let missing = block - data.len() % block;
    let count = match padding {
        Padding::None => 0,
        Padding::Zeros => missing % block,
        Padding::Pkcs5 | Padding::AnsiX923 | Padding::Iso10126 | Padding::OneAndZeros => missing,
    };
    let number = u8::try_from(count).unwrap_or_default();
    let mut padded = Vec::with_capacity(data.len() + count);
    padded.extend_from_slice(data);
    let filler = if padding == Padding::Pkcs5 { number } else { 0 };
    padded.resize(data.len() + count, filler);
    let tail = padded.get_mut(data.len()..).unwrap_or_default();
    match (padding, tail) {
        (Padding::Iso10126, [random @ .., last]) => {
            *last = number;
            fill_random(random)?;
        }
        (Padding::AnsiX923, [.., last]) => *last = number,
        (Padding::OneAndZeros, [first, ..]) => *first = 0x80,
        (Padding::None | Padding::Zeros | Padding::Pkcs5, _)
        | (Padding::AnsiX923 | Padding::Iso10126 | Padding::OneAndZeros, []) => {}
    }
    Ok(SecretValue::new(padded))
}

/// Takes the padding off; `BadData` whatever is wrong with it, in time that does not tell.
///
/// # Errors
///
/// `BadData`; `Unsupported` for [`Padding::Zeros`], which nobody can tell from data.
pub(crate) fn unpad(
    padding: Padding,
    block: usize,
    mut padded: Vec<u8>,
) -> Result<SecretValue, HsmError> {
    let whole = Choice::from(u8::from(!padded.is_empty() && padded.len().is_multiple_of(block)));
    let (good, count) = match padding {
        Padding::None => return Ok(SecretValue::new(padded)),
        Padding::Zeros => {
            padded.zeroize();
            return Err(HsmError::new(HsmErrorKind::Unsupported, "zero padding"));
        }
        Padding::Pkcs5 => counted(&padded, block, |byte, count, _| byte.ct_eq(&count)),
        Padding::AnsiX923 => {
            counted(&padded, block, |byte, _, distance| byte.ct_eq(&0) | distance.ct_eq(&1))
        }
        Padding::Iso10126 => counted(&padded, block, |_, _, _| Choice::from(1)),
        Padding::OneAndZeros => marked(&padded, block),
    };
    if bool::from(good & whole) {
        padded.truncate(padded.len().saturating_sub(usize::from(count)));
        return Ok(SecretValue::new(padded));
    }
    padded.zeroize();
    Err(bad_data("padding"))
}

/// Paddings whose last byte tells their length; `fits` judges each byte of them, with its
/// distance from the end.
fn counted(padded: &[u8], block: usize, fits: impl Fn(u8, u8, u8) -> Choice) -> (Choice, u8) {
    let count = padded.last().copied().unwrap_or_default();
    let most = u8::try_from(block).unwrap_or(u8::MAX);
    let mut good = !count.ct_eq(&0) & !most.ct_lt(&count);
    for (distance, byte) in (1..=most).zip(padded.iter().rev()) {
        let outside = count.ct_lt(&distance);
        good &= outside | fits(*byte, count, distance);
    }
    (good, count)
}

/// The padding that begins with 80: looked for in the whole last block, wherever it is.
fn marked(padded: &[u8], block: usize) -> (Choice, u8) {
    let most = u8::try_from(block).unwrap_or(u8::MAX);
    let (mut found, mut good, mut count) = (Choice::from(0), Choice::from(1), 0);
    for (distance, byte) in (1..=most).zip(padded.iter().rev()) {
        let mark = byte.ct_eq(&0x80) & !found;
        count = u8::conditional_select(&count, &distance, mark);
        good &= found | mark | byte.ct_eq(&0);
        found |= mark;
    }
    (good & found, count)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TELLING: [Padding; 4] =
        [Padding::Pkcs5, Padding::AnsiX923, Padding::Iso10126, Padding::OneAndZeros];

    #[test]
    fn unpad_undoes_pad_at_every_length() {
        for (padding, block) in TELLING.into_iter().flat_map(|p| [(p, 16), (p, 8)]) {
            for length in 0..40 {
                let data = vec![0xA5; length];
                let padded = pad(padding, block, &data).unwrap();
                let added = padded.expose().len() - length;
                assert!(
                    padded.expose().len().is_multiple_of(block) && (1..=block).contains(&added)
                );
                let opened = unpad(padding, block, padded.expose().to_vec()).unwrap();
                assert_eq!(opened.expose(), data, "{padding:?} {block}");
            }
        }
    }

    #[test]
    fn pad_writes_what_the_standards_show() {
        let padded = |padding| pad(padding, 8, b"abcde").unwrap().expose().to_vec();
        assert_eq!(padded(Padding::Pkcs5), b"abcde\x03\x03\x03");
        assert_eq!(padded(Padding::AnsiX923), b"abcde\x00\x00\x03");
        assert_eq!(padded(Padding::Iso10126)[7], 3);
        assert_eq!(padded(Padding::Zeros), b"abcde\x00\x00\x00");
        assert_eq!(padded(Padding::OneAndZeros), b"abcde\x80\x00\x00");
        assert_eq!(padded(Padding::None), b"abcde");
        assert_eq!(pad(Padding::Zeros, 8, &[1; 8]).unwrap().expose(), [1; 8]);
    }

    #[test]
    fn unpad_rejects_malformed_padding() {
        let mut wrong = pad(Padding::Pkcs5, 16, &[1; 20]).unwrap().expose().to_vec();
        wrong[22] ^= 1;
        for bad in [vec![], vec![0; 16], vec![17; 32], wrong, vec![1; 15]] {
            assert!(unpad(Padding::Pkcs5, 16, bad).is_err());
        }
        let mut dirty = pad(Padding::AnsiX923, 16, &[1; 20]).unwrap().expose().to_vec();
        dirty[22] ^= 1;
        for bad in [vec![], vec![0; 16], dirty, [[1; 15].as_slice(), &[17]].concat()] {
            assert!(unpad(Padding::AnsiX923, 16, bad).is_err());
        }
        assert!(unpad(Padding::Iso10126, 16, vec![0; 16]).is_err());
        assert!(unpad(Padding::Iso10126, 8, vec![9; 16]).is_err());
        for bad in [vec![0; 16], vec![], vec![0x81; 16], [[0x80].as_slice(), &[0; 16]].concat()] {
            assert!(unpad(Padding::OneAndZeros, 16, bad).is_err());
        }
    }

    #[test]
    fn unpad_refuses_to_guess_zeros() {
        let refused = unpad(Padding::Zeros, 16, vec![0; 16]).unwrap_err();
        assert_eq!(refused.kind, HsmErrorKind::Unsupported);
    }
}
