//! A readable dump that is safe to log.

use core::fmt::Write as _;

use super::{ItemType, Limits, Reader};
use crate::types::{ProtocolVersion, Tag, table_of};

/// One line per item of `bytes`: its tag, type and length, indented by depth.
///
/// Values are not shown, except enumerations that the specification names (Operation, Result
/// Reason ...): no byte string, text or number of the sender's gets into a log. Malformed bytes
/// are dumped as far as they can be read, and the dump ends with what is wrong.
#[must_use]
pub fn dump(bytes: &[u8]) -> String {
    let limits = Limits::default();
    let mut out = String::new();
    // Structures we are in, outermost first: depth costs no stack.
    let mut open = vec![Reader::new(bytes, ProtocolVersion::NEWEST)];
    for _ in 0..limits.max_items {
        while open.last().is_some_and(Reader::is_empty) {
            open.pop();
        }
        let depth = open.len();
        let Some(reader) = open.last_mut() else { return out };
        match reader.take() {
            Ok((tag, kind, value)) => {
                write_line(&mut out, depth, tag, kind, value);
                if kind == ItemType::Structure && depth <= limits.max_depth {
                    open.push(Reader::new(value, ProtocolVersion::NEWEST));
                }
            }
            Err(error) => {
                // Writing to a String does not fail.
                let _ = writeln!(out, "{:1$}! {error}", "", indent(depth));
                return out;
            }
        }
    }
    out.push_str("! too many items\n");
    out
}

fn indent(depth: usize) -> usize {
    depth.saturating_sub(1) * 2
}

fn write_line(out: &mut String, depth: usize, tag: Tag, kind: ItemType, value: &[u8]) {
    let _ = write!(out, "{:1$}{tag:?} {kind:?} {2}", "", indent(depth), value.len());
    if let (ItemType::Enumeration, Some(number)) = (kind, value.first_chunk::<4>()) {
        let name = table_of(tag).and_then(|table| table.name_of(u32::from_be_bytes(*number)));
        let _ = write!(out, " {}", name.unwrap_or("(unnamed)"));
    }
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ttlv::{BigInteger, Codec, Item, Value};
    use crate::types::Operation;

    #[test]
    fn dump_shows_shape_but_no_values() {
        let item = |tag, value| Item { tag, value };
        let tree = item(
            Tag::BatchItem,
            Value::Structure(vec![
                item(Tag::Operation, Value::of(&Operation::Get)),
                item(Tag::Password, Value::TextString("open sesame".into())),
                item(Tag::Data, Value::ByteString(b"secret".to_vec().into())),
                item(Tag::Modulus, Value::BigInteger(BigInteger::from_unsigned(&[7]))),
                item(Tag::BatchCount, Value::Integer(1234)),
            ]),
        );
        let expected = "BatchItem Structure 88\n  Operation Enumeration 4 Get\n  \
            Password TextString 11\n  Data ByteString 6\n  Modulus BigInteger 8\n  \
            BatchCount Integer 4\n";
        assert_eq!(dump(&tree.to_bytes()), expected);
    }

    #[test]
    fn dump_says_where_malformed_bytes_end() {
        let mut w = super::super::Writer::new(ProtocolVersion::NEWEST);
        7_i32.encode(Tag::BatchCount, &mut w);
        let mut bytes = w.into_bytes();
        bytes.extend([0x42, 0x00, 0x0D, 0x02]);
        assert_eq!(dump(&bytes), "BatchCount Integer 4\n! bytes end inside BatchCount\n");
    }

    #[test]
    fn dump_of_endless_nesting_ends() {
        let mut bytes = Vec::new();
        for depth in (0..1000_u32).rev() {
            bytes.extend([0x42, 0, 0x20, 1]);
            bytes.extend((depth * 8).to_be_bytes());
        }
        assert!(dump(&bytes).lines().count() <= 34);
    }
}
