//! The fields of bytes and of pairs of bytes. No step hangs on a secret bit.

use super::field::Field;
use crate::job::SecretValue;

/// GF(2^8) as AES has it: modulo x^8 + x^4 + x^3 + x + 1.
pub(super) struct Gf256;

/// GF(2^16) as an extension of that: pairs (u, v) for u y + v, modulo y^2 + y + {3A}.
pub(super) struct Gf65536;

/// The constant of y^2 + y + m.
const M: u8 = 0x3A;

/// The product of two bytes.
fn times(a: u8, b: u8) -> u8 {
    let mut shifted = a;
    let mut product = 0;
    for bit in 0..8 {
        product ^= shifted & 0_u8.wrapping_sub(b >> bit & 1);
        shifted = (shifted << 1) ^ (0x1B & 0_u8.wrapping_sub(shifted >> 7));
    }
    product
}

/// The inverse of a byte, zero of zero: its 254th power.
fn inverse(a: u8) -> u8 {
    // 254 = 2 + 4 + ... + 128.
    let mut square = a;
    let mut power = 1;
    for _ in 0..7 {
        square = times(square, square);
        power = times(power, square);
    }
    power
}

impl Field for Gf256 {
    type Element = u8;

    fn piece_bytes(&self, _total: usize) -> usize {
        1
    }
    fn share_bytes(&self) -> usize {
        1
    }
    fn any_bytes(&self) -> usize {
        1
    }
    fn place(&self, number: u32) -> Option<u8> {
        u8::try_from(number).ok().filter(|number| *number != 0)
    }
    fn read(&self, bytes: &[u8]) -> Option<u8> {
        if let [byte] = bytes { Some(*byte) } else { None }
    }
    fn any(&self, random: &[u8]) -> u8 {
        random.first().copied().unwrap_or_default()
    }
    fn write(&self, element: &u8, bytes: usize) -> Option<SecretValue> {
        (bytes == 1).then(|| SecretValue::new(vec![*element]))
    }
    fn zero(&self) -> u8 {
        0
    }
    fn one(&self) -> u8 {
        1
    }
    fn add(&self, a: &u8, b: &u8) -> u8 {
        a ^ b
    }
    fn subtract(&self, a: &u8, b: &u8) -> u8 {
        a ^ b
    }
    fn multiply(&self, a: &u8, b: &u8) -> u8 {
        times(*a, *b)
    }
    fn invert(&self, a: &u8) -> Option<u8> {
        (*a != 0).then(|| inverse(*a))
    }
}

impl Field for Gf65536 {
    type Element = (u8, u8);

    fn piece_bytes(&self, _total: usize) -> usize {
        2
    }
    fn share_bytes(&self) -> usize {
        2
    }
    fn any_bytes(&self) -> usize {
        2
    }
    fn place(&self, number: u32) -> Option<(u8, u8)> {
        let [u, v] = u16::try_from(number).ok().filter(|number| *number != 0)?.to_be_bytes();
        Some((u, v))
    }
    fn read(&self, bytes: &[u8]) -> Option<(u8, u8)> {
        if let [u, v] = bytes { Some((*u, *v)) } else { None }
    }
    fn any(&self, random: &[u8]) -> (u8, u8) {
        self.read(random).unwrap_or_default()
    }
    fn write(&self, (u, v): &(u8, u8), bytes: usize) -> Option<SecretValue> {
        (bytes == 2).then(|| SecretValue::new(vec![*u, *v]))
    }
    fn zero(&self) -> (u8, u8) {
        (0, 0)
    }
    fn one(&self) -> (u8, u8) {
        (0, 1)
    }
    fn add(&self, a: &(u8, u8), b: &(u8, u8)) -> (u8, u8) {
        (a.0 ^ b.0, a.1 ^ b.1)
    }
    fn subtract(&self, a: &(u8, u8), b: &(u8, u8)) -> (u8, u8) {
        self.add(a, b)
    }
    fn multiply(&self, &(r, s): &(u8, u8), &(u, v): &(u8, u8)) -> (u8, u8) {
        let low = times(s, v);
        (times(r ^ s, u ^ v) ^ low, times(times(r, u), M) ^ low)
    }
    fn invert(&self, &(u, v): &(u8, u8)) -> Option<(u8, u8)> {
        let norm = times(u ^ v, v) ^ times(M, times(u, u));
        let scale = inverse(norm);
        (norm != 0).then(|| (times(u, scale), times(u ^ v, scale)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIPS 197 §4.2: {57} times {83} is {c1}, {57} times {13} is {fe}.
    #[test]
    fn bytes_multiply_as_in_the_examples_of_fips_197() {
        assert_eq!(times(0x57, 0x83), 0xC1);
        assert_eq!(times(0x57, 0x13), 0xFE);
        assert!((1..=255).all(|a| times(a, inverse(a)) == 1));
    }

    #[test]
    fn every_pair_but_zero_has_an_inverse() {
        let one = Gf65536.one();
        for number in 1..=0xFFFF {
            let element = Gf65536.place(number).unwrap();
            let inverse = Gf65536.invert(&element).unwrap();
            assert_eq!(Gf65536.multiply(&element, &inverse), one, "{number:x}");
        }
        assert_eq!(Gf65536.invert(&(0, 0)), None);
        // y times y is y + m.
        assert_eq!(Gf65536.multiply(&(1, 0), &(1, 0)), (1, 0x3A));
    }
}
