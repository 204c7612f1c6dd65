use super::*;
use crate::attribute::{Attribute, AttributeKind};
use crate::ttlv::{BigInteger, DateTime, Interval};
use crate::types::{CryptographicUsageMask, Operation};

fn from_xml(text: &str) -> Result<Item, TextError> {
    super::from_xml(text, &Limits::default())
}

fn item(tag: Tag, value: Value) -> Item {
    Item { tag, value }
}

const AWKWARD: &str = " <a> & \"b\" 'c'\r\n\té \u{7}\u{2028}";

/// One item of every type, known and unknown tags, awkward text.
pub(crate) fn menagerie() -> Item {
    let attribute =
        Attribute::new(AttributeKind::CryptographicUsageMask, &CryptographicUsageMask(0x8000_000C));
    let custom = Attribute {
        name: crate::attribute::AttributeName::new("x-kind"),
        index: Some(1),
        value: Value::Enumeration(3),
    };
    item(
        Tag::RequestMessage,
        Value::Structure(vec![
            item(Tag::Operation, Value::of(&Operation::Query)),
            item(Tag::Operation, Value::Enumeration(0x8000_0001)),
            item(Tag::Attribute, Value::of(&attribute)),
            item(Tag::Attribute, Value::of(&custom)),
            item(Tag::CryptographicUsageMask, Value::Integer(0)),
            item(Tag::BatchCount, Value::Integer(i32::MIN)),
            item(Tag::UsageLimitsTotal, Value::LongInteger(i64::MAX)),
            item(Tag::UsageLimitsTotal, Value::LongInteger(-(1 << 53))),
            item(Tag::Modulus, Value::BigInteger(BigInteger::from_unsigned(&[0xFF; 8]))),
            item(Tag::AsynchronousIndicator, Value::Boolean(true)),
            item(Tag(0x54_0001), Value::TextString(AWKWARD.into())),
            item(Tag::NameValue, Value::TextString(String::new())),
            item(Tag::Data, Value::ByteString(Vec::new().into())),
            item(Tag::Data, Value::ByteString(vec![0, 0x7F, 0xFF].into())),
            item(Tag::TimeStamp, Value::DateTime(DateTime(-1))),
            item(Tag::TimeStamp, Value::DateTime(DateTime(i64::MAX))),
            item(Tag::LeaseTime, Value::Interval(Interval(u32::MAX))),
            item(Tag(0x54_0002), Value::Structure(Vec::new())),
        ]),
    )
}

#[test]
fn xml_of_every_type_reads_back() {
    let tree = menagerie();
    let text = to_xml(&tree);
    assert_eq!(from_xml(&text).as_ref(), Ok(&tree), "{}", *text);
}

#[test]
fn xml_names_numbers_by_their_tables() {
    let text = to_xml(&menagerie());
    for part in [
        r#"<Operation type="Enumeration" value="Query"/>"#,
        r#"<Operation type="Enumeration" value="0x80000001"/>"#,
        r#"<AttributeValue type="Integer" value="Encrypt Decrypt 0x80000000"/>"#,
        r#"<AttributeValue type="Enumeration" value="0x00000003"/>"#,
        r#"<TTLV tag="0x540001" type="TextString""#,
        r#"<Modulus type="BigInteger" value="0000000000000000ffffffffffffffff"/>"#,
    ] {
        assert!(text.contains(part), "{part} is not in {}", *text);
    }
}

#[test]
fn xml_passes_over_comments_and_namespaces() {
    let text = "<?xml version=\"1.0\"?><!-- c --><k:BatchCount xmlns:k='urn:x' type='Integer' \
        value=' 3 '><!-- c --></k:BatchCount>";
    assert_eq!(from_xml(text), Ok(item(Tag::BatchCount, Value::Integer(3))));
}

#[test]
fn xml_reads_tags_by_number() {
    let extension = Tag(0x54_0001);
    for text in [
        "<TTLV tag='0x540001' name='SomeExtension' type='LongInteger' value='-2'/>",
        "<x540001 type='LongInteger' value='-2'/>",
    ] {
        assert_eq!(from_xml(text), Ok(item(extension, Value::LongInteger(-2))), "{text}");
    }
    for wrong in ["<x54000 type='LongInteger' value='2'/>", "<x54000g/>", "<X540001/>"] {
        assert_eq!(from_xml(wrong), Err(TextError::UnknownTag), "{wrong}");
    }
}

#[test]
fn xml_refuses_what_is_no_item() {
    let syntax = TextError::Syntax("XML");
    for (text, error) in [
        ("", syntax),
        ("<BatchItem>", syntax),
        ("<BatchItem></Operation>", syntax),
        ("<BatchItem/><BatchItem/>", syntax),
        ("<BatchItem>words</BatchItem>", syntax),
        ("<BatchItem><![CDATA[x]]></BatchItem>", syntax),
        ("<!DOCTYPE x [<!ENTITY a 'b'>]><BatchItem/>", syntax),
        ("<NameValue type='TextString' value='&a;'/>", syntax),
        ("<BatchCount type='Integer' value='1' value='2'/>", syntax),
        ("<Nonsense/>", TextError::UnknownTag),
        ("<TTLV/>", TextError::UnknownTag),
        ("<TTLV tag='Nonsense'/>", TextError::UnknownTag),
        ("<BatchItem tag='0x540001'/>", TextError::UnknownTag),
        ("<BatchItem type='Decimal'/>", TextError::UnknownType(Tag::BatchItem)),
        ("<BatchItem value='1'/>", TextError::Misshapen(Tag::BatchItem)),
        ("<BatchCount type='Integer'/>", TextError::BadValue(Tag::BatchCount)),
        (
            "<BatchCount type='Integer' value='1'><BatchCount/></BatchCount>",
            TextError::Misshapen(Tag::BatchCount),
        ),
        ("<Data type='ByteString' value='0'/>", TextError::BadValue(Tag::Data)),
    ] {
        assert_eq!(from_xml(text), Err(error), "{text}");
    }
}

#[test]
fn xml_caps_depth_items_and_size() {
    let nested =
        |depth: usize| format!("{}{}", "<BatchItem>".repeat(depth), "</BatchItem>".repeat(depth));
    assert!(from_xml(&nested(32)).is_ok());
    assert_eq!(from_xml(&nested(33)), Err(TextError::Limit("depth")));
    assert_eq!(from_xml(&"<BatchItem>".repeat(100_000)), Err(TextError::Limit("depth")));
    let wide = format!("<BatchItem>{}</BatchItem>", "<Name/>".repeat(65_536));
    assert_eq!(from_xml(&wide), Err(TextError::Limit("number of items")));
    assert_eq!(
        from_xml(&" ".repeat(max_text_bytes(&Limits::default()) + 1)),
        Err(TextError::Limit("message size"))
    );
}

#[test]
fn xml_rejects_truncation_at_every_byte() {
    let text = to_xml(&menagerie());
    for (end, _) in text.char_indices() {
        assert!(from_xml(&text[..end]).is_err(), "accepted {end} bytes");
    }
}

#[test]
fn xml_replaces_nul_and_errors_hold_no_text() {
    let nul = item(Tag::NameValue, Value::TextString("a\0b".into()));
    let read = from_xml(&to_xml(&nul));
    assert_eq!(read, Ok(item(Tag::NameValue, Value::TextString("a\u{FFFD}b".into()))));
    let error = from_xml("<Data type='ByteString' value='c0ffeeX'/>").unwrap_err();
    assert!(!error.to_string().contains("c0ffee"));
}
