//! Serial numbers of certificates, and how people write them.

use std::fmt;

/// Longest serial number that is read, in bytes: RFC 5280 §4.1.2.2 allows 20.
const MAX_BYTES: usize = 20;
/// Digits of 2^160 in decimal.
const MAX_DIGITS: usize = 49;

/// Serial number of a certificate: its DER content, big-endian, at most 20 bytes, and 21 with the zero
/// that keeps it positive. Written in decimal; read in decimal, or in hexadecimal with colons.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Serial(pub Vec<u8>);

impl Serial {
    /// The number that these big-endian bytes are.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Self {
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        let digits = bytes.get(zeros..).unwrap_or_default();
        let sign = digits.first().is_none_or(|first| first & 0x80 != 0);
        Self([if sign { &[0][..] } else { &[] }, digits].concat())
    }

    /// Reads what a person or a tool has written; `None` if it is no serial number.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.contains(':') {
            let bytes = hex::decode(text.replace(':', "")).ok()?;
            return (!bytes.is_empty() && bytes.len() <= MAX_BYTES).then(|| Self::new(&bytes));
        }
        let decimal = !text.is_empty() && text.len() <= MAX_DIGITS;
        if !decimal || !text.bytes().all(|digit| digit.is_ascii_digit()) {
            return None;
        }
        let bytes = text.bytes().fold(Vec::new(), |bytes, digit| times_ten(bytes, digit - b'0'));
        (bytes.len() <= MAX_BYTES).then(|| Self::new(&bytes))
    }
}

/// Ten times a big-endian number, and `digit`.
fn times_ten(mut number: Vec<u8>, digit: u8) -> Vec<u8> {
    let mut carry = u16::from(digit);
    for byte in number.iter_mut().rev() {
        let [high, low] = (u16::from(*byte) * 10 + carry).to_be_bytes();
        *byte = low;
        carry = u16::from(high);
    }
    let [_, first] = carry.to_be_bytes();
    if first > 0 {
        number.insert(0, first);
    }
    number
}

/// A tenth of a big-endian number, and the digit that is left.
fn tenth(number: &mut Vec<u8>) -> char {
    let mut rest = 0;
    for byte in number.iter_mut() {
        let value = u16::from_be_bytes([rest, *byte]);
        let [_, quotient] = (value / 10).to_be_bytes();
        let [_, left] = (value % 10).to_be_bytes();
        (*byte, rest) = (quotient, left);
    }
    if number.first() == Some(&0) {
        number.remove(0);
    }
    char::from(b'0' + rest)
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let zeros = self.0.iter().take_while(|byte| **byte == 0).count();
        let mut number = self.0.get(zeros..).unwrap_or_default().to_vec();
        let mut digits = vec![tenth(&mut number)];
        while !number.is_empty() {
            digits.push(tenth(&mut number));
        }
        f.write_str(&digits.iter().rev().collect::<String>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serial_numbers_are_written_in_decimal_and_read_back() {
        let serial = Serial::new(&[0, 0x01, 0xE2, 0x40]);
        assert_eq!(serial.to_string(), "123456");
        for bytes in [vec![], vec![1], vec![0xFF; 16], vec![0x10, 0, 0, 0], vec![0xFF; 20]] {
            let serial = Serial::new(&bytes);
            assert_eq!(Serial::parse(&serial.to_string()), Some(serial));
        }
        assert_eq!(Serial::new(&[0xFF; 16]).to_string(), u128::MAX.to_string());
    }

    #[test]
    fn serial_numbers_are_read_in_hexadecimal_with_colons() {
        assert_eq!(Serial::parse("01:e2:40"), Serial::parse("123456"));
        assert_eq!(Serial::parse("00:01:E2:40\n"), Serial::parse("123456"));
    }

    #[test]
    fn what_is_no_serial_number_is_refused() {
        for text in ["", ":", "12 34", "-1", "0x10", "1e2", &"9".repeat(50), &"ff:".repeat(21)] {
            assert_eq!(Serial::parse(text), None, "{text}");
        }
    }
}
