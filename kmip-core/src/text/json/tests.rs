use super::*;
use crate::text::xml::tests::menagerie;
use crate::ttlv::{BigInteger, DateTime};
use crate::types::Tag;

fn from_json(text: &str) -> Result<Item, TextError> {
    super::from_json(text, &Limits::default())
}

fn item(tag: Tag, value: Value) -> Item {
    Item { tag, value }
}

#[test]
fn json_of_every_type_reads_back() {
    let tree = menagerie();
    let text = to_json(&tree);
    assert_eq!(from_json(&text).as_ref(), Ok(&tree), "{}", *text);
}

#[test]
fn json_names_numbers_by_their_tables() {
    let text = to_json(&menagerie());
    for part in [
        r#"{"tag":"Operation","type":"Enumeration","value":"Query"}"#,
        r#"{"tag":"AttributeValue","type":"Integer","value":"Encrypt|Decrypt|0x80000000"}"#,
        r#"{"tag":"UsageLimitsTotal","type":"LongInteger","value":"0x7FFFFFFFFFFFFFFF"}"#,
        r#"{"tag":"UsageLimitsTotal","type":"LongInteger","value":-9007199254740992}"#,
        r#"{"tag":"Modulus","type":"BigInteger","value":"0x0000000000000000ffffffffffffffff"}"#,
        r#"{"tag":"0x540002","value":[]}"#,
    ] {
        assert!(text.contains(part), "{part} is not in {}", *text);
    }
}

#[test]
fn json_reads_each_spelling_of_a_value() {
    let tag = Tag::AttributeValue;
    for (kind, text, value) in [
        ("Integer", "7", Value::Integer(7)),
        ("Integer", "\"0x00000007\"", Value::Integer(7)),
        ("LongInteger", "\"0xFFFFFFFFFFFFFFFF\"", Value::LongInteger(-1)),
        ("LongInteger", "\"-1\"", Value::LongInteger(-1)),
        ("Enumeration", "5", Value::Enumeration(5)),
        ("Enumeration", "\"0x00000005\"", Value::Enumeration(5)),
        ("Boolean", "\"0x0000000000000001\"", Value::Boolean(true)),
        ("DateTime", "\"0x0000000000000000\"", Value::DateTime(DateTime(0))),
        ("Interval", "\"0x0000003C\"", Value::Interval(Interval(60))),
        ("BigInteger", "-2", Value::BigInteger(BigInteger::from_wire(vec![0xFE]))),
        (
            "BigInteger",
            "\"0x0000000000000001\"",
            Value::BigInteger(BigInteger::from_unsigned(&[1])),
        ),
    ] {
        let json = format!(r#"{{"tag":"AttributeValue","type":"{kind}","value":{text}}}"#);
        assert_eq!(from_json(&json), Ok(item(tag, value)), "{json}");
    }
}

#[test]
fn json_reads_members_in_any_order_and_passes_over_others() {
    let count = item(Tag::BatchCount, Value::Integer(3));
    let batch = item(Tag::BatchItem, Value::Structure(vec![count]));
    for text in [
        r#"{"value":[{"value":3,"type":"Integer","tag":"BatchCount"}],"tag":"BatchItem"}"#,
        r#"{"tag":"0x42000F","name":"n","value":[{"name":[{}],"tag":"BatchCount","type":"Integer",
            "value":"0x00000003"}]}"#,
        r#"{"t\u0061g":"BatchItem","value":[{"tag":"Batch\u0043ount","type":"Integer","value":3}]}"#,
    ] {
        assert_eq!(from_json(text).as_ref(), Ok(&batch), "{text}");
    }
    let empty = item(Tag::BatchItem, Value::Structure(Vec::new()));
    assert_eq!(from_json(r#"{"tag":"BatchItem","type":"Structure","value":null}"#), Ok(empty));
}

#[test]
fn json_names_attribute_values_by_the_attribute_wherever_the_members_stand() {
    let text = r#"{"value":[
        {"tag":"AttributeName","type":"TextString","value":"Cryptographic Usage Mask"},
        {"value":"Encrypt|Decrypt","type":"Integer","tag":"AttributeValue"}],"tag":"Attribute"}"#;
    let mask = item(Tag::AttributeValue, Value::Integer(12));
    assert_eq!(from_json(text).unwrap().value.children().last(), Some(&mask));
}

#[test]
fn json_refuses_what_is_no_item() {
    let syntax = TextError::Syntax("JSON");
    let tag = Tag::BatchCount;
    for (text, error) in [
        ("", syntax),
        ("[]", syntax),
        ("{\"tag\":\"BatchItem\"} x", syntax),
        (r#"{"tag":"BatchItem","tag":"BatchItem"}"#, syntax),
        (r#"{"tag":"BatchItem","value":[],"value":[]}"#, syntax),
        (r#"{"tag":"BatchItem","value":{}}"#, TextError::Misshapen(Tag::BatchItem)),
        (r#"{"tag":"BatchItem","value":0}"#, TextError::Misshapen(Tag::BatchItem)),
        (r#"{"tag":"BatchCount","type":"BigInteger","value":1e30}"#, TextError::BadValue(tag)),
        (
            r#"{"tag":"BatchCount","type":"BigInteger","value":9223372036854775808}"#,
            TextError::BadValue(tag),
        ),
        (r#"{"tag":"BatchItem","value":["x"]}"#, syntax),
        (r#"{"value":[]}"#, TextError::UnknownTag),
        (r#"{"tag":5}"#, TextError::UnknownTag),
        (r#"{"tag":"Nonsense"}"#, TextError::UnknownTag),
        (r#"{"tag":"BatchCount","type":"Decimal"}"#, TextError::UnknownType(tag)),
        (r#"{"tag":"BatchCount","type":1}"#, TextError::UnknownType(tag)),
        (r#"{"tag":"BatchCount","value":1}"#, TextError::Misshapen(tag)),
        (r#"{"tag":"BatchCount","type":"Integer","value":[]}"#, TextError::Misshapen(tag)),
        (r#"{"tag":"BatchCount","type":"Integer"}"#, TextError::BadValue(tag)),
        (r#"{"tag":"BatchCount","type":"Integer","value":1.5}"#, TextError::BadValue(tag)),
        (r#"{"tag":"BatchCount","type":"Integer","value":true}"#, TextError::BadValue(tag)),
        (r#"{"tag":"BatchCount","type":"Integer","value":null}"#, TextError::BadValue(tag)),
        (r#"{"tag":"BatchCount","type":"Integer","value":4294967296}"#, TextError::BadValue(tag)),
        (r#"{"tag":"BatchCount","type":"TextString","value":1}"#, TextError::BadValue(tag)),
        (r#"{"tag":"BatchCount","type":"Boolean","value":1}"#, TextError::BadValue(tag)),
    ] {
        assert_eq!(from_json(text), Err(error), "{text}");
    }
}

#[test]
fn json_caps_depth_items_and_size() {
    let nested = |depth: usize| {
        format!("{}{}", r#"{"tag":"Name","value":["#.repeat(depth), "]}".repeat(depth))
    };
    assert!(from_json(&nested(32)).is_ok());
    assert_eq!(from_json(&nested(33)), Err(TextError::Limit("depth")));
    assert_eq!(from_json(&nested(100_000)), Err(TextError::Limit("depth")));
    let arrays = "[".repeat(100_000);
    let elsewhere = format!(r#"{{"tag":"Name","comment":{arrays}"#);
    assert_eq!(from_json(&elsewhere), Err(TextError::Syntax("JSON")));
    let wide =
        format!(r#"{{"tag":"Name","value":[{}]}}"#, vec![r#"{"tag":"Name"}"#; 65_536].join(","));
    assert_eq!(from_json(&wide), Err(TextError::Limit("number of items")));
    assert_eq!(
        from_json(&" ".repeat(max_text_bytes(&Limits::default()) + 1)),
        Err(TextError::Limit("message size"))
    );
}

#[test]
fn json_rejects_truncation_at_every_byte() {
    let text = to_json(&menagerie());
    for (end, _) in text.char_indices() {
        assert!(from_json(&text[..end]).is_err(), "accepted {end} bytes");
    }
}
