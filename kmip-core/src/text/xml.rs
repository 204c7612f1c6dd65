//! KMIP in XML: one element per item, named by its tag.
//!
//! Spec: KMIP Additional Message Encodings 1.0 §3.

use core::fmt::Write as _;

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use wiping::WipingText;

use super::value::{
    attribute_named_by, date_text, enumeration_text, mask_text, parse, parse_tag, parse_type,
    push_hex, table_for, type_name,
};
use super::{TextError, max_text_bytes};
use crate::attribute::AttributeKind;
use crate::ttlv::{Item, ItemType, Limits, Value};
use crate::types::{EnumTable, Tag};

/// The XML form of `item`, on one line.
///
/// Text Strings may hold characters that XML 1.0 does not have; NUL becomes U+FFFD, the others are
/// kept by number.
#[must_use]
pub fn to_xml(item: &Item) -> WipingText {
    let mut out = WipingText::new(String::with_capacity(1024));
    write_item(item, None, &mut out);
    out
}

/// Reads one item with all it holds.
///
/// Comments and processing instructions are passed over; a document type is refused.
///
/// # Errors
///
/// [`TextError`]: the text is not well-formed, not an item, or outside the limits that hold for
/// TTLV (depth and number of items) and for text ([`max_text_bytes`]).
pub fn from_xml(text: &str, limits: &Limits) -> Result<Item, TextError> {
    if text.len() > max_text_bytes(limits) {
        return Err(TextError::Limit("message size"));
    }
    let mut reader = quick_xml::Reader::from_str(text);
    let mut tree = Tree { open: Vec::new(), root: None, items: 0, limits };
    loop {
        match reader.read_event().map_err(|_| TextError::Syntax("XML"))? {
            Event::Start(element) => tree.open(&element)?,
            Event::Empty(element) => {
                tree.open(&element)?;
                tree.close()?;
            }
            Event::End(_) => tree.close()?,
            Event::Text(blank) if blank.trim().is_empty() => {}
            Event::Comment(_) | Event::PI(_) | Event::Decl(_) => {}
            Event::Eof => break,
            Event::Text(_) | Event::CData(_) | Event::DocType(_) | Event::GeneralRef(_) => {
                return Err(TextError::Syntax("XML"));
            }
        }
    }
    tree.root.filter(|_| tree.open.is_empty()).ok_or(TextError::Syntax("XML"))
}

fn write_item(item: &Item, attribute: Option<AttributeKind>, out: &mut String) {
    let name = item.tag.name();
    out.push('<');
    out.push_str(name.unwrap_or("TTLV"));
    if name.is_none() {
        // Writing to a String does not fail.
        let _ = write!(out, " tag=\"0x{:06X}\"", item.tag.0);
    }
    if let Value::Structure(children) = &item.value {
        if children.is_empty() {
            out.push_str("/>");
            return;
        }
        out.push('>');
        let mut attribute = None;
        for child in children {
            write_item(child, attribute, out);
            attribute = attribute_named_by(child).or(attribute);
        }
        out.push_str("</");
        out.push_str(name.unwrap_or("TTLV"));
        out.push('>');
    } else {
        out.push_str(" type=\"");
        out.push_str(type_name(item.value.item_type()));
        out.push_str("\" value=\"");
        write_value(&item.value, table_for(item.tag, attribute), out);
        out.push_str("\"/>");
    }
}

fn write_value(value: &Value, table: Option<&EnumTable>, out: &mut String) {
    let text = match value {
        Value::Structure(_) => return,
        Value::ByteString(bytes) => return push_hex(out, bytes.expose()),
        Value::BigInteger(number) => return push_hex(out, number.wire_bytes()),
        Value::TextString(text) => return push_escaped(out, text),
        Value::Integer(number) => {
            mask_text(*number, table, " ").unwrap_or_else(|| number.to_string())
        }
        Value::LongInteger(number) => number.to_string(),
        Value::Enumeration(number) => enumeration_text(*number, table),
        Value::Boolean(truth) => truth.to_string(),
        Value::DateTime(at) => date_text(*at),
        Value::Interval(span) => span.0.to_string(),
    };
    out.push_str(&text);
}

/// Appends `text` so that it survives as an attribute's value: a bare line end would not.
fn push_escaped(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\0' => out.push(char::REPLACEMENT_CHARACTER),
            c if c.is_control() || c == '\u{2028}' => {
                let _ = write!(out, "&#x{:X};", u32::from(c));
            }
            c => out.push(c),
        }
    }
}

/// An element that is not closed yet.
struct Open {
    tag: Tag,
    /// The value, unless the element is a structure.
    scalar: Option<Value>,
    children: Vec<Item>,
    /// What an Attribute Value in here belongs to.
    attribute: Option<AttributeKind>,
}

/// The tree as far as it was read. Depth costs no stack.
struct Tree<'a> {
    open: Vec<Open>,
    root: Option<Item>,
    items: usize,
    limits: &'a Limits,
}

impl Tree<'_> {
    fn open(&mut self, element: &BytesStart<'_>) -> Result<(), TextError> {
        self.items += 1;
        if self.items > self.limits.max_items {
            return Err(TextError::Limit("number of items"));
        }
        let parent = self.open.last();
        match parent {
            Some(Open { scalar: Some(_), tag, .. }) => return Err(TextError::Misshapen(*tag)),
            None if self.root.is_some() => return Err(TextError::Syntax("XML")),
            _ => {}
        }
        let head = Head::read(element)?;
        let scalar = match head.kind {
            ItemType::Structure if self.open.len() >= self.limits.max_depth => {
                return Err(TextError::Limit("depth"));
            }
            ItemType::Structure => None,
            kind => {
                let table = table_for(head.tag, parent.and_then(|parent| parent.attribute));
                Some(parse(head.tag, kind, &head.value, table)?)
            }
        };
        self.open.push(Open { tag: head.tag, scalar, children: Vec::new(), attribute: None });
        Ok(())
    }

    fn close(&mut self) -> Result<(), TextError> {
        let Open { tag, scalar, children, .. } = self.open.pop().ok_or(TextError::Syntax("XML"))?;
        let item = Item { tag, value: scalar.unwrap_or(Value::Structure(children)) };
        if let Some(parent) = self.open.last_mut() {
            parent.attribute = attribute_named_by(&item).or(parent.attribute);
            parent.children.push(item);
        } else {
            self.root = Some(item);
        }
        Ok(())
    }
}

/// What an element's start says.
struct Head {
    tag: Tag,
    kind: ItemType,
    value: WipingText,
}

impl Head {
    fn read(element: &BytesStart<'_>) -> Result<Self, TextError> {
        let (mut tag, mut kind, mut value) = (None, None, None);
        // The reader's own check for doubles takes time in the square of their number.
        for attribute in element.attributes().with_checks(false) {
            let attribute = attribute.map_err(|_| TextError::Syntax("XML"))?;
            let place = match attribute.key.as_ref() {
                "tag" => &mut tag,
                "type" => &mut kind,
                "value" => &mut value,
                _ => continue,
            };
            let text = attribute
                .normalized_value(XmlVersion::Implicit1_0)
                .map_err(|_| TextError::Syntax("XML"))?;
            if place.replace(WipingText::new(text.into_owned())).is_some() {
                return Err(TextError::Syntax("XML"));
            }
        }
        let name = element.local_name();
        let tag = match (name.as_ref(), tag) {
            ("TTLV", Some(number)) => parse_tag(&number)?,
            (name, None) => parse_element_name(name)?,
            (_, Some(_)) => return Err(TextError::UnknownTag),
        };
        let kind = kind.map_or(Ok(ItemType::Structure), |name| parse_type(tag, &name))?;
        if kind == ItemType::Structure && value.is_some() {
            return Err(TextError::Misshapen(tag));
        }
        Ok(Self { tag, kind, value: value.unwrap_or_default() })
    }
}

/// Reads an element's name: a tag's, or its number behind `x`, since no element begins with a digit.
fn parse_element_name(name: &str) -> Result<Tag, TextError> {
    match name.strip_prefix('x') {
        Some(digits) if digits.len() == 6 => parse_tag(&format!("0x{digits}")),
        Some(_) | None => parse_tag(name),
    }
}

#[cfg(test)]
pub(crate) mod tests;
