//! KMIP in JSON: one object per item, with members `tag`, `type` and `value`.
//!
//! Spec: KMIP Additional Message Encodings 1.0 §4.

mod intake;

use core::fmt::Write as _;

use serde_json::Deserializer;
use wiping::WipingText;

use super::value::{
    attribute_named_by, date_text, enumeration_text, mask_text, push_hex, table_for, type_name,
};
use super::{TextError, max_text_bytes};
use crate::attribute::AttributeKind;
use crate::ttlv::{Interval, Item, Limits, Value};
use crate::types::EnumTable;
use intake::Intake;

/// Largest number that every JSON reader keeps exactly: 2^53.
const MAX_EXACT: u64 = 1 << 53;

/// The JSON form of `item`, on one line.
#[must_use]
pub fn to_json(item: &Item) -> WipingText {
    let mut out = WipingText::new(String::with_capacity(1024));
    write_item(item, None, &mut out);
    out
}

/// Reads one item with all it holds.
///
/// # Errors
///
/// [`TextError`]: the text is not well-formed, not an item, or outside the limits that hold for
/// TTLV (depth and number of items) and for text ([`max_text_bytes`]).
pub fn from_json(text: &str, limits: &Limits) -> Result<Item, TextError> {
    if text.len() > max_text_bytes(limits) {
        return Err(TextError::Limit("message size"));
    }
    let mut intake = Intake::new(limits);
    let mut json = Deserializer::from_str(text);
    let read = intake.item(&mut json).and_then(|item| json.end().map(|()| item));
    read.map_err(|_| intake.fault().unwrap_or(TextError::Syntax("JSON")))
}

fn write_item(item: &Item, attribute: Option<AttributeKind>, out: &mut String) {
    out.push_str("{\"tag\":\"");
    match item.tag.name() {
        Some(name) => out.push_str(name),
        // Writing to a String does not fail.
        None => drop(write!(out, "0x{:06X}", item.tag.0)),
    }
    out.push('"');
    if let Value::Structure(children) = &item.value {
        out.push_str(",\"value\":[");
        let mut attribute = None;
        for (place, child) in children.iter().enumerate() {
            if place > 0 {
                out.push(',');
            }
            write_item(child, attribute, out);
            attribute = attribute_named_by(child).or(attribute);
        }
        out.push_str("]}");
    } else {
        out.push_str(",\"type\":\"");
        out.push_str(type_name(item.value.item_type()));
        out.push_str("\",\"value\":");
        write_value(&item.value, table_for(item.tag, attribute), out);
        out.push('}');
    }
}

fn write_value(value: &Value, table: Option<&EnumTable>, out: &mut String) {
    let text = match value {
        Value::Structure(_) => return,
        Value::ByteString(bytes) => return push_quoted_hex("", bytes.expose(), out),
        Value::BigInteger(number) => return push_quoted_hex("0x", number.wire_bytes(), out),
        Value::TextString(text) => return push_quoted(text, out),
        Value::Integer(number) => match mask_text(*number, table, "|") {
            Some(names) => return push_quoted(&names, out),
            None => number.to_string(),
        },
        Value::LongInteger(number) if number.unsigned_abs() > MAX_EXACT => {
            format!("\"0x{number:016X}\"")
        }
        Value::LongInteger(number) => number.to_string(),
        Value::Enumeration(number) => return push_quoted(&enumeration_text(*number, table), out),
        Value::Boolean(truth) => truth.to_string(),
        Value::DateTime(at) => return push_quoted(&date_text(*at), out),
        Value::Interval(Interval(seconds)) => seconds.to_string(),
    };
    out.push_str(&text);
}

fn push_quoted_hex(prefix: &str, bytes: &[u8], out: &mut String) {
    out.push('"');
    out.push_str(prefix);
    push_hex(out, bytes);
    out.push('"');
}

fn push_quoted(text: &str, out: &mut String) {
    // A string always has a JSON form: the fallback is never taken.
    let quoted = serde_json::to_string(text).unwrap_or_else(|_| "\"\"".to_owned());
    let quoted = WipingText::new(quoted);
    out.push_str(&quoted);
}

#[cfg(test)]
mod tests;
