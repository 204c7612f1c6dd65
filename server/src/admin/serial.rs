//! Serial numbers of certificates as Vault's tools write them: in decimal.

use crate::store::Serial;

/// Longest serial number, in bytes.
const MAX_BYTES: usize = 20;

/// The number in decimal.
pub(super) fn decimal(serial: &Serial) -> String {
    let mut digits = vec![0_u8];
    for byte in &serial.0 {
        let mut carry = u32::from(*byte);
        for digit in &mut digits {
            let value = u32::from(*digit) * 256 + carry;
            *digit = u8::try_from(value % 10).unwrap_or(0);
            carry = value / 10;
        }
        while carry > 0 {
            digits.push(u8::try_from(carry % 10).unwrap_or(0));
            carry /= 10;
        }
    }
    digits.iter().rev().map(|digit| char::from(b'0' + digit)).collect()
}

/// Reads a number in decimal, or in hexadecimal with colons between its bytes.
pub(super) fn parse(text: &str) -> Option<Serial> {
    let text = text.trim();
    let mut bytes = if text.contains(':') {
        let byte = |pair: &str| hex::decode(pair).ok().filter(|bytes| bytes.len() == 1);
        text.split(':').map(byte).collect::<Option<Vec<_>>>()?.concat()
    } else {
        let mut bytes = vec![0_u8];
        if text.is_empty() || text.len() > 3 * MAX_BYTES {
            return None;
        }
        for digit in text.chars() {
            let mut carry = digit.to_digit(10)?;
            for byte in bytes.iter_mut().rev() {
                let value = u32::from(*byte) * 10 + carry;
                *byte = u8::try_from(value % 256).unwrap_or(0);
                carry = value / 256;
            }
            if carry > 0 {
                bytes.insert(0, u8::try_from(carry).unwrap_or(0));
            }
        }
        bytes
    };
    // As in DER: no byte more than the sign needs.
    while bytes.len() > 1 && bytes[0] == 0 {
        bytes.remove(0);
    }
    if bytes.first().is_some_and(|first| *first >= 0x80) {
        bytes.insert(0, 0);
    }
    (bytes.len() <= MAX_BYTES + 1).then_some(Serial(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_is_the_same_in_decimal_and_back() {
        for (bytes, text) in [
            (vec![0], "0"),
            (vec![1], "1"),
            (vec![0x7F], "127"),
            (vec![0, 0x80], "128"),
            (vec![1, 0, 0], "65536"),
            (vec![0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], "18446744073709551615"),
        ] {
            let serial = Serial(bytes);
            assert_eq!(decimal(&serial), text);
            assert_eq!(parse(text), Some(serial));
        }
    }

    #[test]
    fn number_is_read_from_hexadecimal_with_colons() {
        assert_eq!(parse("01:00:00"), Some(Serial(vec![1, 0, 0])));
        assert_eq!(parse("80:00"), Some(Serial(vec![0, 0x80, 0])));
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in ["", "x", "-1", "1.0", "0x10", "1:x", "1:2", &"9".repeat(100)] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}
