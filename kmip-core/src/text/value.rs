//! What XML and JSON have in common: tags, names of numbers, and the text of each scalar.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::TextError;
use crate::attribute::AttributeKind;
use crate::secret::SecretBytes;
use crate::ttlv::{BigInteger, DateTime, Interval, Item, ItemType, Value};
use crate::types::{EnumTable, Tag, table_of};

/// Enumeration or mask that names the value of `tag`; an Attribute Value is named by the table of
/// the attribute it belongs to.
pub(super) fn table_for(tag: Tag, attribute: Option<AttributeKind>) -> Option<&'static EnumTable> {
    match attribute {
        Some(kind) if tag == Tag::AttributeValue => table_of(kind.rule().tag),
        _ => table_of(tag),
    }
}

/// The attribute that `item` names, if it is an Attribute Name of the specification.
pub(super) fn attribute_named_by(item: &Item) -> Option<AttributeKind> {
    match (&item.value, item.tag) {
        (Value::TextString(name), Tag::AttributeName) => AttributeKind::named(name),
        _ => None,
    }
}

/// Reads a tag: its name, or six hex digits behind `0x`.
pub(super) fn parse_tag(text: &str) -> Result<Tag, TextError> {
    let by_number = || {
        let digits = hex_digits(text).filter(|digits| digits.len() == 6)?;
        u32::from_str_radix(digits, 16).ok().map(Tag)
    };
    Tag::named(text).or_else(by_number).ok_or(TextError::UnknownTag)
}

/// Reads a wire type by its name.
pub(super) fn parse_type(tag: Tag, name: &str) -> Result<ItemType, TextError> {
    ItemType::ALL
        .iter()
        .find(|(_, spelled)| *spelled == name)
        .map(|(kind, _)| *kind)
        .ok_or(TextError::UnknownType(tag))
}

/// Name of a wire type.
pub(super) fn type_name(kind: ItemType) -> &'static str {
    ItemType::ALL.iter().find(|(other, _)| *other == kind).map_or("Structure", |(_, name)| name)
}

/// Reads the text of a scalar, in the spelling of either form.
pub(super) fn parse(
    tag: Tag,
    kind: ItemType,
    text: &str,
    table: Option<&EnumTable>,
) -> Result<Value, TextError> {
    let trimmed = text.trim();
    let value = match kind {
        ItemType::Structure => return Err(TextError::Misshapen(tag)),
        ItemType::TextString => Some(Value::TextString(text.to_owned())),
        ItemType::ByteString => {
            hex::decode(trimmed).ok().map(SecretBytes::new).map(Value::ByteString)
        }
        ItemType::BigInteger => parse_big_integer(trimmed).map(Value::BigInteger),
        ItemType::Integer => parse_integer(trimmed, table).map(Value::Integer),
        ItemType::LongInteger => parse_i64(trimmed).map(Value::LongInteger),
        ItemType::Enumeration => parse_enumeration(trimmed, table).map(Value::Enumeration),
        ItemType::Boolean => parse_boolean(trimmed).map(Value::Boolean),
        ItemType::DateTime => parse_date(trimmed).map(|at| Value::DateTime(DateTime(at))),
        ItemType::Interval => parse_u32(trimmed).map(|span| Value::Interval(Interval(span))),
    };
    value.ok_or(TextError::BadValue(tag))
}

/// What stands behind `0x`: hex digits only.
fn hex_digits(text: &str) -> Option<&str> {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"))?;
    digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then_some(digits)
}

fn parse_u32(text: &str) -> Option<u32> {
    match hex_digits(text) {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

fn parse_i64(text: &str) -> Option<i64> {
    match hex_digits(text) {
        Some(digits) => u64::from_str_radix(digits, 16).ok().map(u64::cast_signed),
        None => text.parse().ok(),
    }
}

fn parse_boolean(text: &str) -> Option<bool> {
    match text {
        "true" => Some(true),
        "false" => Some(false),
        number => match parse_i64(number)? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        },
    }
}

fn parse_enumeration(text: &str, table: Option<&EnumTable>) -> Option<u32> {
    table.and_then(|table| table.value_of(text)).or_else(|| parse_u32(text))
}

/// A decimal number, 32 bits in hex, or the names of a mask's bits joined by blanks or bars.
fn parse_integer(text: &str, table: Option<&EnumTable>) -> Option<i32> {
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    let table = table.filter(|table| table.is_mask);
    let mut words =
        text.split(|c: char| c == '|' || c.is_whitespace()).filter(|word| !word.is_empty());
    let first = mask_bits(words.next()?, table)?;
    words.try_fold(first, |bits, word| Some(bits | mask_bits(word, table)?)).map(u32::cast_signed)
}

fn mask_bits(word: &str, table: Option<&EnumTable>) -> Option<u32> {
    match hex_digits(word) {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => table?.value_of(word),
    }
}

/// Two's complement in hex, with or without `0x`, extended by its sign to a multiple of 8 bytes.
fn parse_big_integer(text: &str) -> Option<BigInteger> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    hex::decode(digits).ok().filter(|bytes| !bytes.is_empty()).map(BigInteger::from_wire)
}

/// Seconds since 1970 of an ISO 8601 date; without an offset it is taken as UTC.
fn parse_date(text: &str) -> Option<i64> {
    if hex_digits(text).is_some() {
        return parse_i64(text);
    }
    OffsetDateTime::parse(text, &Rfc3339)
        .or_else(|_| OffsetDateTime::parse(&format!("{text}Z"), &Rfc3339))
        .ok()
        .map(OffsetDateTime::unix_timestamp)
}

/// The ISO 8601 form in UTC; years outside 0 to 9999 as 64 bits in hex, which is read back too.
pub(super) fn date_text(at: DateTime) -> String {
    OffsetDateTime::from_unix_timestamp(at.0)
        .ok()
        .filter(|date| (0..=9999).contains(&date.year()))
        .and_then(|date| date.format(&Rfc3339).ok())
        .map_or_else(|| format!("0x{:016X}", at.0), |text| text.replace('Z', "+00:00"))
}

/// The name of an enumeration's value, else its number in hex.
pub(super) fn enumeration_text(number: u32, table: Option<&EnumTable>) -> String {
    table
        .and_then(|table| table.name_of(number))
        .map_or_else(|| format!("0x{number:08X}"), str::to_owned)
}

/// The names of a mask's bits joined by `separator`; `None` where `table` is not a mask's.
pub(super) fn mask_text(number: i32, table: Option<&EnumTable>, separator: &str) -> Option<String> {
    let table = table.filter(|table| table.is_mask && number != 0)?;
    Some(table.mask_text(number.cast_unsigned()).replace(' ', separator))
}

/// Appends `bytes` in hex: no copy of a secret is left behind on the way.
pub(super) fn push_hex(out: &mut String, bytes: &[u8]) {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    out.reserve(bytes.len() * 2);
    for byte in bytes {
        for nibble in [byte >> 4, byte & 0x0F] {
            out.extend(DIGITS.get(usize::from(nibble)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{CryptographicUsageMask, Operation};

    const TAG: Tag = Tag::AttributeValue;

    fn read(kind: ItemType, text: &str) -> Result<Value, TextError> {
        parse(TAG, kind, text, None)
    }

    #[test]
    fn tag_is_read_by_name_and_by_number() {
        assert_eq!(parse_tag("BatchItem"), Ok(Tag::BatchItem));
        assert_eq!(parse_tag("0x42000F"), Ok(Tag::BatchItem));
        assert_eq!(parse_tag("0x540001"), Ok(Tag(0x54_0001)));
        for wrong in ["", "Batch Item", "42000F", "0x4200", "0x+2000F", "0x042000F"] {
            assert_eq!(parse_tag(wrong), Err(TextError::UnknownTag), "{wrong}");
        }
    }

    #[test]
    fn integer_is_read_as_decimal_hex_or_mask() {
        let mask = Some(&CryptographicUsageMask::TABLE);
        for (text, number) in [
            ("-7", -7),
            ("0x0000000C", 12),
            ("0xFFFFFFFF", -1),
            ("Encrypt Decrypt", 12),
            ("Encrypt|Decrypt", 12),
            ("Encrypt | 0x80000000", i32::MIN + 4),
        ] {
            assert_eq!(parse(TAG, ItemType::Integer, text, mask), Ok(Value::Integer(number)));
        }
        for wrong in ["", "|", "Nonsense", "0x1FFFFFFFF", "1.5", "2147483648"] {
            assert_eq!(
                parse(TAG, ItemType::Integer, wrong, mask),
                Err(TextError::BadValue(TAG)),
                "{wrong}"
            );
        }
        assert_eq!(read(ItemType::Integer, "Encrypt"), Err(TextError::BadValue(TAG)));
    }

    #[test]
    fn enumeration_is_read_by_name_hex_or_decimal() {
        let table = Some(&Operation::TABLE);
        for text in ["Query", "0x00000018", "24"] {
            let read = parse(TAG, ItemType::Enumeration, text, table);
            assert_eq!(read, Ok(Value::Enumeration(0x18)), "{text}");
        }
        let read = parse(TAG, ItemType::Enumeration, "query", table);
        assert_eq!(read, Err(TextError::BadValue(TAG)));
    }

    #[test]
    fn big_integer_is_extended_by_its_sign() {
        for (text, bytes) in [
            ("01", [0, 0, 0, 0, 0, 0, 0, 1]),
            ("0xFF", [0xFF; 8]),
            ("0x0000000000000005", [0, 0, 0, 0, 0, 0, 0, 5]),
        ] {
            let expected = Value::BigInteger(BigInteger::from_wire(bytes.to_vec()));
            assert_eq!(read(ItemType::BigInteger, text), Ok(expected), "{text}");
        }
        for wrong in ["", "0x", "1", "zz"] {
            assert!(read(ItemType::BigInteger, wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn date_is_read_with_any_offset_or_none() {
        for text in [
            "2013-06-26T09:09:17+00:00",
            "2013-06-26T09:09:17Z",
            "2013-06-26T09:09:17",
            "2013-06-26T11:09:17+02:00",
            "2013-06-26T09:09:17.25Z",
            "0x51CAAFBD",
        ] {
            let read = read(ItemType::DateTime, text);
            assert_eq!(read, Ok(Value::DateTime(DateTime(1_372_237_757))), "{text}");
        }
        for wrong in ["", "2013-06-26", "1372237757", "2013-02-30T00:00:00Z"] {
            assert!(read(ItemType::DateTime, wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn date_of_any_size_reads_back() {
        for seconds in [
            0,
            -1,
            1_372_237_757,
            -62_167_219_200,
            -62_167_219_201,
            253_402_300_799,
            253_402_300_800,
            i64::MAX,
            i64::MIN,
        ] {
            let text = date_text(DateTime(seconds));
            assert_eq!(parse_date(&text), Some(seconds), "{text}");
        }
    }

    #[test]
    fn boolean_is_read_as_word_or_number() {
        for (text, value) in [("true", true), ("false", false), ("1", true), ("0x0", false)] {
            assert_eq!(read(ItemType::Boolean, text), Ok(Value::Boolean(value)));
        }
        assert!(read(ItemType::Boolean, "2").is_err());
        assert!(read(ItemType::Boolean, "TRUE").is_err());
    }

    #[test]
    fn every_name_of_every_table_reads_back() {
        for entry in crate::types::TAGS {
            let Some(table) = table_of(entry.tag) else { continue };
            for line in table.values {
                assert_eq!(table.value_of(line.name), Some(line.value), "{}", line.name);
                assert_eq!(table.name_of(line.value), Some(line.name));
            }
        }
    }
}
