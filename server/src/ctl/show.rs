//! Answers as tables for people, and as JSON for scripts.

use serde_json::{Map, Value};

use crate::text::plain;

/// A value in one line.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) if text.is_empty() => "-".to_owned(),
        Value::String(text) if is_pem(text) => text.trim_end().to_owned(),
        Value::String(text) => plain(text.trim_end()),
        Value::Number(number) => number.to_string(),
        Value::Array(items) if items.is_empty() => "-".to_owned(),
        Value::Array(items) => items.iter().map(cell).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => {
            let field =
                |(name, value): (&String, &Value)| format!("{} {}", plain(name), cell(value));
            fields.iter().map(field).collect::<Vec<_>>().join(", ")
        }
    }
}

/// Whether it is a certificate in PEM, which has lines of its own.
fn is_pem(text: &str) -> bool {
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte);
    let is_bound =
        |line: &str| matches!(line, "-----BEGIN CERTIFICATE-----" | "-----END CERTIFICATE-----");
    text.split('\n').all(|line| is_bound(line) || line.bytes().all(is_base64))
}

/// A name and its value a line.
pub(super) fn fields(body: &Value) -> String {
    let Value::Object(fields) = body else { return cell(body) };
    let named = fields.iter().map(|(name, value)| (plain(&name.replace('_', " ")), value));
    let named: Vec<_> = named.collect();
    let width = named.iter().map(|(name, _)| name.len()).max().unwrap_or(0) + 2;
    let line = |(name, value): &(String, &Value)| format!("{name:<width$}{}", cell(value));
    named.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// What a list holds: a key a line, with what there is to know of it in columns.
pub(super) fn list(title: &str, body: &Value) -> String {
    let none = Map::new();
    let keys = body["keys"].as_array().map(Vec::as_slice).unwrap_or_default();
    let info = body["key_info"].as_object().unwrap_or(&none);
    let columns: Vec<_> = info
        .values()
        .next()
        .and_then(Value::as_object)
        .map(|first| first.keys().cloned().collect())
        .unwrap_or_default();
    let mut rows = vec![vec![title.to_owned()]];
    rows[0].extend(columns.iter().map(|column| column.replace('_', " ")));
    for key in keys {
        let known = info.get(key.as_str().unwrap_or_default());
        let cells =
            columns.iter().map(|column| cell(known.map_or(&Value::Null, |one| &one[column])));
        let cells = cells.collect::<Vec<_>>();
        rows.push([vec![cell(key)], cells].concat());
    }
    columns_of(&rows)
}

fn columns_of(rows: &[Vec<String>]) -> String {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |at: usize| {
        rows.iter().filter_map(|row| row.get(at)).map(String::len).max().unwrap_or(0) + 2
    };
    let widths: Vec<_> = (0..count).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<String>().trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn list_has_a_column_for_each_thing_known() {
        let body = json!({
            "keys": ["1", "22"],
            "key_info": {"1": {"revoked": false, "not_after": "x"}, "22": {"revoked": true, "not_after": null}}
        });
        let text = list("serial", &body);
        assert_eq!(text, "serial  revoked  not after\n1       no       x\n22      yes      -");
        assert_eq!(list("scope", &json!({"keys": ["a"]})), "scope\na");
    }

    #[test]
    fn what_a_terminal_obeys_is_shown_and_not_sent() {
        let evil = "a\u{1b}[31m\nb\u{9b}2J\u{202e}c\rd";
        let body = json!({ "keys": [evil], "key_info": { evil: { "name": evil } } });
        for text in [list("id", &body), fields(&json!({ evil: [{ evil: evil }] }))] {
            let obeyed = |letter: &char| letter.is_control() && *letter != '\n';
            assert!(text.chars().find(obeyed).is_none() && !text.contains('\u{202e}'), "{text:?}");
            assert!(text.contains(r"a\u{1b}[31m\nb\u{9b}2J\u{202e}c\rd"), "{text}");
        }
        assert_eq!(list("id", &body).lines().count(), 2);
        assert_eq!(fields(&json!({ "n": "it's \"Käse\" C:\\x" })), "n  it's \"Käse\" C:\\x");
    }

    #[test]
    fn certificates_keep_their_lines() {
        let pem = "-----BEGIN CERTIFICATE-----\nMIIB+/==\n-----END CERTIFICATE-----\n";
        assert_eq!(fields(&json!({ "c": pem })), format!("c  {}", pem.trim_end()));
        let forged = "-----BEGIN CERTIFICATE-----\nstate  active";
        assert_eq!(fields(&json!({ "c": forged })).lines().count(), 1);
    }

    #[test]
    fn fields_stand_below_one_another() {
        assert_eq!(fields(&json!({"a_b": true, "c": [1, 2]})), "a b  yes\nc    1, 2");
    }
}
