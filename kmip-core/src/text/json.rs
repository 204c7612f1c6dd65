//! KMIP in JSON: one object per item, with members `tag`, `type` and `value`.
//!
//! Spec: KMIP Additional Message Encodings 1.0 §4.

use core::fmt::Write as _;

use serde_json::{Map, Number, Value as Json};
use zeroize::Zeroizing;

use super::value::{
    attribute_named_by, date_text, enumeration_text, mask_text, parse, parse_tag, parse_type,
    push_hex, table_for, type_name,
};
use super::{MAX_TEXT_BYTES, TextError};
use crate::attribute::AttributeKind;
use crate::ttlv::{Interval, Item, ItemType, Limits, Value};
use crate::types::{EnumTable, Tag};

/// Largest number that every JSON reader keeps exactly: 2^53.
const MAX_EXACT: u64 = 1 << 53;

/// The JSON form of `item`, on one line.
///
/// The text holds the item's secrets in hex: the caller sees to it.
#[must_use]
pub fn to_json(item: &Item) -> String {
    let mut out = String::with_capacity(1024);
    write_item(item, None, &mut out);
    out
}

/// Reads one item with all it holds.
///
/// # Errors
///
/// [`TextError`]: the text is not well-formed, not an item, or outside the limits that hold for
/// TTLV (depth and number of items) and for text ([`MAX_TEXT_BYTES`]).
pub fn from_json(text: &str) -> Result<Item, TextError> {
    if text.len() > MAX_TEXT_BYTES {
        return Err(TextError::Limit("message size"));
    }
    // The parser's own depth limit, 128, is above ours: two levels of JSON to one of KMIP.
    let json = serde_json::from_str(text).map_err(|_| TextError::Syntax("JSON"))?;
    Intake { items: 0, limits: Limits::default() }.item(json, None, 0)
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
    let quoted = Zeroizing::new(serde_json::to_string(text).unwrap_or_else(|_| "\"\"".to_owned()));
    out.push_str(&quoted);
}

/// Turns parsed JSON into items, counting them.
struct Intake {
    items: usize,
    limits: Limits,
}

impl Intake {
    fn item(
        &mut self,
        json: Json,
        attribute: Option<AttributeKind>,
        depth: usize,
    ) -> Result<Item, TextError> {
        self.items += 1;
        if self.items > self.limits.max_items {
            return Err(TextError::Limit("number of items"));
        }
        let Json::Object(mut members) = json else { return Err(TextError::Syntax("JSON")) };
        let tag = match members.get("tag") {
            Some(Json::String(name)) => parse_tag(name)?,
            _ => return Err(TextError::UnknownTag),
        };
        let kind = type_of(tag, &members)?;
        let value = members.remove("value");
        let value = match (kind, value) {
            (ItemType::Structure, Some(Json::Array(children))) => {
                Value::Structure(self.children(children, depth + 1)?)
            }
            (ItemType::Structure, None) => Value::Structure(Vec::new()),
            (ItemType::Structure, Some(_)) | (_, Some(Json::Array(_) | Json::Object(_))) => {
                return Err(TextError::Misshapen(tag));
            }
            (_, Some(scalar)) => scalar_value(tag, kind, scalar, table_for(tag, attribute))?,
            (_, None) => return Err(TextError::BadValue(tag)),
        };
        Ok(Item { tag, value })
    }

    fn children(&mut self, children: Vec<Json>, depth: usize) -> Result<Vec<Item>, TextError> {
        if depth > self.limits.max_depth {
            return Err(TextError::Limit("depth"));
        }
        let mut attribute = None;
        let mut items = Vec::new();
        for child in children {
            let item = self.item(child, attribute, depth)?;
            attribute = attribute_named_by(&item).or(attribute);
            items.push(item);
        }
        Ok(items)
    }
}

fn type_of(tag: Tag, members: &Map<String, Json>) -> Result<ItemType, TextError> {
    match members.get("type") {
        None => Ok(ItemType::Structure),
        Some(Json::String(name)) => parse_type(tag, name),
        Some(_) => Err(TextError::UnknownType(tag)),
    }
}

fn scalar_value(
    tag: Tag,
    kind: ItemType,
    json: Json,
    table: Option<&EnumTable>,
) -> Result<Value, TextError> {
    match json {
        Json::String(text) => parse(tag, kind, &Zeroizing::new(text), table),
        Json::Bool(truth) if kind == ItemType::Boolean => Ok(Value::Boolean(truth)),
        Json::Number(number) => numeric_value(tag, kind, &number),
        Json::Bool(_) | Json::Null | Json::Array(_) | Json::Object(_) => {
            Err(TextError::BadValue(tag))
        }
    }
}

/// A JSON number, where the type is one of numbers; a fraction never is.
fn numeric_value(tag: Tag, kind: ItemType, number: &Number) -> Result<Value, TextError> {
    let numeric = matches!(
        kind,
        ItemType::Integer | ItemType::LongInteger | ItemType::Enumeration | ItemType::Interval
    );
    if !numeric {
        return Err(TextError::BadValue(tag));
    }
    parse(tag, kind, &number.to_string(), None)
}

#[cfg(test)]
mod tests;
