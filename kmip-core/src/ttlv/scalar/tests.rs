use super::*;
use crate::secret::SecretBytes;
use crate::ttlv::{Limits, validate};
use crate::types::{CryptographicUsageMask, Operation, ProtocolVersion};

const TAG: Tag = Tag::AttributeValue;

fn encoded<T: Codec>(value: &T) -> Vec<u8> {
    let mut w = Writer::new(ProtocolVersion::NEWEST);
    value.encode(TAG, &mut w);
    w.into_bytes()
}

fn decoded<T: Codec>(bytes: &[u8]) -> Result<T, DecodeError> {
    T::decode(TAG, &mut Reader::new(bytes, ProtocolVersion::NEWEST))
}

/// Round trip, padding, truncation, and the wrong type, for one value.
fn check<T: Codec + PartialEq + core::fmt::Debug>(value: &T, kind: ItemType, length: u32) {
    let bytes = encoded(value);
    assert_eq!(bytes[..4], [0x42, 0x00, 0x0B, kind.code()]);
    assert_eq!(bytes[4..8], length.to_be_bytes(), "{value:?}");
    assert_eq!(bytes.len() % 8, 0, "{value:?} is not padded");
    assert_eq!(decoded::<T>(&bytes).as_ref(), Ok(value));
    assert_eq!(validate(&bytes, &Limits::default()), Ok(()));
    for end in 0..bytes.len() {
        assert!(decoded::<T>(&bytes[..end]).is_err(), "{value:?} cut to {end}");
    }
    let mut other = bytes;
    other[3] = 0x0B;
    assert_eq!(decoded::<T>(&other), Err(DecodeError::WrongType(TAG, 0x0B)));
}

#[test]
fn integers_round_trip() {
    for value in [0, 1, -1, 8, i32::MAX, i32::MIN] {
        check(&value, ItemType::Integer, 4);
        check(&i64::from(value), ItemType::LongInteger, 8);
    }
    for value in [i64::MAX, i64::MIN, 123_456_789_000_000_000] {
        check(&value, ItemType::LongInteger, 8);
    }
}

#[test]
fn enumerations_and_masks_round_trip() {
    for value in [0, 1, 0x8000_0001, u32::MAX] {
        check(&Operation(value), ItemType::Enumeration, 4);
        check(&CryptographicUsageMask(value), ItemType::Integer, 4);
    }
}

#[test]
fn booleans_dates_and_intervals_round_trip() {
    check(&true, ItemType::Boolean, 8);
    check(&false, ItemType::Boolean, 8);
    for seconds in [0, -1, 1_205_495_800, i64::MAX, i64::MIN] {
        check(&DateTime(seconds), ItemType::DateTime, 8);
    }
    for seconds in [0, 864_000, u32::MAX] {
        check(&Interval(seconds), ItemType::Interval, 4);
    }
}

#[test]
fn strings_of_every_length_round_trip() {
    for length in 0..18_u32 {
        let bytes: Vec<u8> = (0..length).map(|n| b'a' + u8::try_from(n).unwrap()).collect();
        check(&String::from_utf8(bytes.clone()).unwrap(), ItemType::TextString, length);
        check(&bytes, ItemType::ByteString, length);
        check(&SecretBytes::new(bytes), ItemType::ByteString, length);
    }
    check(&"naïve 鍵".to_owned(), ItemType::TextString, 10);
}

#[test]
fn big_integers_round_trip() {
    for magnitude in [&[][..], &[1], &[0x7F; 8], &[0x80; 8], &[0xFF; 9], &[1; 256]] {
        let number = BigInteger::from_unsigned(magnitude);
        let length = number.wire_bytes().len();
        check(&number, ItemType::BigInteger, u32::try_from(length).unwrap());
        assert_eq!(number.to_unsigned(), Some(magnitude));
    }
}

#[test]
fn big_integer_is_extended_by_its_sign() {
    assert_eq!(BigInteger::from_wire(vec![]).wire_bytes(), [0; 8]);
    assert_eq!(BigInteger::from_wire(vec![5]).wire_bytes(), [0, 0, 0, 0, 0, 0, 0, 5]);
    assert_eq!(
        BigInteger::from_wire(vec![0xFE; 3]).wire_bytes()[..6],
        [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFE]
    );
    assert_eq!(BigInteger::from_wire(vec![0x7F; 9]).wire_bytes().len(), 16);
}

#[test]
fn big_integer_with_top_bit_set_gets_a_sign_block() {
    let number = BigInteger::from_unsigned(&[0x80; 8]);
    assert_eq!(number.wire_bytes().len(), 16);
    assert_eq!(number.to_unsigned(), Some(&[0x80; 8][..]));
}

#[test]
fn big_integer_reads_negative_as_none() {
    assert_eq!(BigInteger::from_wire(vec![0xFF; 8]).to_unsigned(), None);
}

#[test]
fn big_integer_is_not_printed() {
    let printed = format!("{:?}", BigInteger::from_unsigned(&[0xAB; 4]));
    assert_eq!(printed, "BigInteger(8 bytes)");
}

#[test]
fn bad_values_are_refused() {
    let mut truth = encoded(&true);
    truth[15] = 2;
    assert_eq!(decoded::<bool>(&truth), Err(DecodeError::BadValue(TAG)));
    truth[15] = 1;
    truth[8] = 1;
    assert_eq!(decoded::<bool>(&truth), Err(DecodeError::BadValue(TAG)));
    let mut text = encoded(&"ab".to_owned());
    text[8] = 0xFF;
    assert_eq!(decoded::<String>(&text), Err(DecodeError::BadValue(TAG)));
}

#[test]
fn padding_is_tolerated_whatever_it_holds() {
    let mut number = encoded(&7_i32);
    number[12..].fill(0xFF);
    assert_eq!(decoded::<i32>(&number), Ok(7));
    let mut text = encoded(&"abc".to_owned());
    text[11..].fill(0xFF);
    assert_eq!(decoded::<String>(&text).as_deref(), Ok("abc"));
}
