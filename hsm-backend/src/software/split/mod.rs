//! A secret split into parts, and joined from them.
//!
//! Spec: KMIP 1.4 §2.2.5; A. Shamir, "How to Share a Secret".

mod binary;
mod field;
mod prime;

use wiping::Wiping;

use crate::error::{HsmError, HsmErrorKind};
use crate::job::SecretValue;
use binary::{Gf256, Gf65536};
use field::Field;
pub use prime::PrimeField;

/// How a secret is split.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// All parts are needed; each as long as the secret.
    Xor,
    /// A polynomial for each byte.
    Gf256,
    /// A polynomial for each pair of bytes.
    Gf65536,
    /// One polynomial, over the whole secret as a number.
    Prime(PrimeField),
}

/// One part: its number, from 1 on, and its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its number.
    pub number: u32,
    /// Its bytes.
    pub value: SecretValue,
}

const UNFIT: HsmError = HsmError::new(HsmErrorKind::BadParameter, "split");
const AMISS: HsmError = HsmError::new(HsmErrorKind::BadData, "join");

/// Splits `secret` into `parts`, any `threshold` of which give it back; `random` makes as many
/// bytes as it is asked for.
///
/// # Errors
///
/// `BadParameter` for numbers or a length that the sharing does not take, and what `random` fails
/// with.
pub fn split<E: From<HsmError>>(
    sharing: &Sharing,
    secret: &SecretValue,
    parts: u32,
    threshold: u32,
    random: impl FnMut(usize) -> Result<SecretValue, E>,
) -> Result<Vec<Part>, E> {
    if threshold < 2 || threshold > parts || secret.expose().is_empty() {
        return Err(UNFIT.into());
    }
    match sharing {
        Sharing::Xor if threshold != parts => Err(UNFIT.into()),
        Sharing::Xor => split_xor(secret.expose(), parts, random),
        Sharing::Gf256 => split_in(&Gf256, secret.expose(), parts, threshold, random),
        Sharing::Gf65536 => split_in(&Gf65536, secret.expose(), parts, threshold, random),
        Sharing::Prime(field) => split_in(field, secret.expose(), parts, threshold, random),
    }
}

/// The secret of `bytes` bytes; parts beyond the threshold are held against the others.
///
/// # Errors
///
/// `BadData` for parts that do not belong together.
pub fn join(
    sharing: &Sharing,
    parts: &[Part],
    threshold: u32,
    bytes: usize,
) -> Result<SecretValue, HsmError> {
    let enough = u32::try_from(parts.len()).is_ok_and(|count| count >= threshold);
    let twice = parts
        .iter()
        .enumerate()
        .any(|(place, part)| parts.iter().skip(place + 1).any(|other| other.number == part.number));
    if !enough || twice || threshold < 2 || bytes == 0 {
        return Err(AMISS);
    }
    match sharing {
        Sharing::Xor => join_xor(parts, bytes),
        Sharing::Gf256 => join_in(&Gf256, parts, threshold, bytes),
        Sharing::Gf65536 => join_in(&Gf65536, parts, threshold, bytes),
        Sharing::Prime(field) => join_in(field, parts, threshold, bytes),
    }
}

fn split_xor<E: From<HsmError>>(
    secret: &[u8],
    parts: u32,
    mut random: impl FnMut(usize) -> Result<SecretValue, E>,
) -> Result<Vec<Part>, E> {
    let mut last = Wiping::new(secret.to_vec());
    let mut made = Vec::new();
    for number in 1..parts {
        let value = random(secret.len())?;
        if value.expose().len() != secret.len() {
            return Err(UNFIT.into());
        }
        last.iter_mut().zip(value.expose()).for_each(|(byte, mask)| *byte ^= mask);
        made.push(Part { number, value });
    }
    made.push(Part { number: parts, value: last.into() });
    Ok(made)
}

fn join_xor(parts: &[Part], bytes: usize) -> Result<SecretValue, HsmError> {
    let mut secret = Wiping::new(vec![0; bytes]);
    for part in parts {
        if part.value.expose().len() != bytes {
            return Err(AMISS);
        }
        secret.iter_mut().zip(part.value.expose()).for_each(|(byte, mask)| *byte ^= mask);
    }
    Ok(secret.into())
}

fn split_in<F: Field, E: From<HsmError>>(
    field: &F,
    secret: &[u8],
    parts: u32,
    threshold: u32,
    mut random: impl FnMut(usize) -> Result<SecretValue, E>,
) -> Result<Vec<Part>, E> {
    let places = (1..=parts).map(|number| field.place(number)).collect::<Option<Vec<_>>>();
    let places = places.ok_or(UNFIT)?;
    let mut values: Vec<Wiping> = places.iter().map(|_| Wiping::default()).collect();
    for piece in secret.chunks(field.piece_bytes(secret.len())) {
        let mut polynomial = vec![field.read(piece).ok_or(UNFIT)?];
        for _ in 1..threshold {
            polynomial.push(field.any(random(field.any_bytes())?.expose()));
        }
        for (value, place) in values.iter_mut().zip(&places) {
            let share = polynomial.iter().rev().fold(field.zero(), |sum, coefficient| {
                field.add(&field.multiply(&sum, place), coefficient)
            });
            let share = field.write(&share, field.share_bytes()).ok_or(UNFIT)?;
            value.extend_from_slice(share.expose());
        }
    }
    let made = (1..=parts).zip(values);
    Ok(made.map(|(number, value)| Part { number, value: value.into() }).collect())
}

fn join_in<F: Field>(
    field: &F,
    parts: &[Part],
    threshold: u32,
    bytes: usize,
) -> Result<SecretValue, HsmError> {
    let threshold = usize::try_from(threshold).map_err(|_| AMISS)?;
    let (needed, more) = parts.split_at_checked(threshold).ok_or(AMISS)?;
    let places = |parts: &[Part]| {
        parts.iter().map(|part| field.place(part.number)).collect::<Option<Vec<_>>>().ok_or(AMISS)
    };
    let (xs, others) = (places(needed)?, places(more)?);
    let piece_bytes = field.piece_bytes(bytes);
    let pieces = bytes.div_ceil(piece_bytes);
    let share_bytes = field.share_bytes();
    if parts.iter().any(|part| part.value.expose().len() != pieces * share_bytes) {
        return Err(AMISS);
    }
    let share = |part: &Part, piece: usize| {
        let share = part.value.expose().get(piece * share_bytes..(piece + 1) * share_bytes);
        share.and_then(|share| field.read(share)).ok_or(AMISS)
    };
    let at_zero = field.weights(&xs, &field.zero()).ok_or(AMISS)?;
    let at_others = others.iter().map(|x| field.weights(&xs, x)).collect::<Option<Vec<_>>>();
    let at_others = at_others.ok_or(AMISS)?;
    let mut secret = Wiping::new(Vec::with_capacity(bytes));
    for piece in 0..pieces {
        let ys = needed.iter().map(|part| share(part, piece)).collect::<Result<Vec<_>, _>>()?;
        for (part, weights) in more.iter().zip(&at_others) {
            if field.weighed(&ys, weights) != share(part, piece)? {
                return Err(AMISS);
            }
        }
        let left = piece_bytes.min(bytes - secret.len());
        let value = field.write(&field.weighed(&ys, &at_zero), left).ok_or(AMISS)?;
        secret.extend_from_slice(value.expose());
    }
    Ok(secret.into())
}

#[cfg(test)]
mod tests;
