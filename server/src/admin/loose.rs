//! Values as the command lines of Vault's dialect send them: `true` may come as `"true"`, a list as
//! words with commas between, a time as `"24h"` or as seconds.

use std::borrow::Cow;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, Error, Unexpected};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use zeroize::Zeroizing;

/// A JSON value of no settled type, for what follows.
fn value<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
    Value::deserialize(deserializer)
}

/// True or false.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(super) struct Flag(pub(super) bool);

impl Flag {
    pub(super) fn read(value: &Value) -> Option<Self> {
        match value {
            Value::Bool(flag) => Some(Self(*flag)),
            Value::String(text) => match text.to_ascii_lowercase().as_str() {
                "true" | "t" | "1" => Some(Self(true)),
                "false" | "f" | "0" => Some(Self(false)),
                _ => None,
            },
            Value::Number(number) => match number.as_u64() {
                Some(0) => Some(Self(false)),
                Some(1) => Some(Self(true)),
                Some(_) | None => None,
            },
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }
}

/// A whole number that is not negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(super) struct Whole(pub(super) u32);

impl Whole {
    fn read(value: &Value) -> Option<Self> {
        let number = match value {
            Value::Number(number) => number.as_u64(),
            Value::String(text) => text.parse().ok(),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        };
        number.and_then(|number| u32::try_from(number).ok()).map(Self)
    }
}

/// A length of time; said in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Period(pub(super) Duration);

impl Period {
    /// Whole seconds in it; the longest that fit, if it is longer.
    #[must_use]
    pub(super) fn seconds(self) -> u32 {
        u32::try_from(self.0.as_secs()).unwrap_or(u32::MAX)
    }

    fn read(value: &Value) -> Option<Self> {
        match value {
            Value::Number(number) => number.as_u64().map(Duration::from_secs).map(Self),
            Value::String(text) => Self::parse(text),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// Reads `3600`, `"1h30m"`, `"500ms"`, `"30d"`.
    #[must_use]
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self(Duration::ZERO));
        }
        if let Ok(seconds) = text.parse() {
            return Some(Self(Duration::from_secs(seconds)));
        }
        let mut rest = text;
        let mut sum = Duration::ZERO;
        while !rest.is_empty() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let number: u64 = rest.get(..digits)?.parse().ok()?;
            let tail = rest.get(digits..)?;
            let letters = tail.bytes().take_while(u8::is_ascii_alphabetic).count();
            let ms = match tail.get(..letters)? {
                "ms" => 1,
                "s" => 1_000,
                "m" => 60_000,
                "h" => 3_600_000,
                "d" => 86_400_000,
                _ => return None,
            };
            sum = sum.checked_add(Duration::from_millis(number.checked_mul(ms)?))?;
            rest = tail.get(letters..)?;
        }
        Some(Self(sum))
    }
}

impl Serialize for Period {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0.as_secs())
    }
}

/// A list of words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(super) struct Words(pub(super) Vec<String>);

impl Words {
    fn read(value: &Value) -> Option<Self> {
        match value {
            Value::String(text) => {
                let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
                Some(Self(words.map(str::to_owned).collect()))
            }
            Value::Array(items) => {
                let word = |item: &Value| item.as_str().map(str::to_owned);
                items.iter().map(word).collect::<Option<_>>().map(Self)
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
        }
    }
}

/// A text that is a secret: wiped when it is dropped, and of no refusal a part.
pub(super) struct SecretText(Zeroizing<String>);

impl SecretText {
    /// The text itself.
    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The reader's own words would repeat what was sent in its place: a PIN as a number, say.
        let text = String::deserialize(deserializer);
        text.map(|text| Self(Zeroizing::new(text)))
            .map_err(|_| D::Error::custom("invalid type, expected a string"))
    }
}

impl JsonSchema for SecretText {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "SecretText".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<String>()
    }
}

/// Gives a loose type its reading and its schema.
macro_rules! loose {
    ($type:ident, $expected:literal, $schema:tt) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let value = value(deserializer)?;
                Self::read(&value).ok_or_else(|| {
                    let text = value.to_string();
                    D::Error::invalid_value(Unexpected::Other(&text), &$expected)
                })
            }
        }

        impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    };
}

loose!(Flag, "true or false", {"type": ["boolean", "string"], "description": "true or false"});
loose!(Whole, "a whole number", {"type": ["integer", "string"], "description": "a whole number"});
loose!(Period, "seconds, or a time as 30s, 24h or 30d", {
    "type": ["integer", "string"], "description": "seconds, or a time as 30s, 24h or 30d"
});
loose!(Words, "a list of texts, or one text with commas", {
    "type": ["array", "string"], "items": {"type": "string"},
    "description": "a list, or one text with commas"
});

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read<T: for<'de> Deserialize<'de>>(value: Value) -> Option<T> {
        serde_json::from_value(value).ok()
    }

    #[test]
    fn flag_is_read_from_text_too() {
        for yes in [json!(true), json!("true"), json!("1"), json!(1), json!("True")] {
            assert_eq!(read(yes), Some(Flag(true)));
        }
        for no in [json!(false), json!("false"), json!(0)] {
            assert_eq!(read(no), Some(Flag(false)));
        }
        for wrong in [json!("yes"), json!(2), json!(null), json!([true])] {
            assert_eq!(read::<Flag>(wrong), None);
        }
    }

    #[test]
    fn period_is_read_as_seconds_or_with_units() {
        let seconds = |value| read::<Period>(value).map(|period| period.0.as_millis());
        for (text, ms) in [
            (json!(30), 30_000),
            (json!("30"), 30_000),
            (json!("1h30m"), 5_400_000),
            (json!("500ms"), 500),
            (json!("2d"), 172_800_000),
            (json!(""), 0),
            (json!("0s"), 0),
        ] {
            assert_eq!(seconds(text.clone()), Some(ms), "{text}");
        }
        for wrong in
            [json!("1x"), json!("h"), json!(-1), json!("99999999999999999999h"), json!("1 h")]
        {
            assert_eq!(seconds(wrong.clone()), None, "{wrong}");
        }
    }

    #[test]
    fn words_are_read_from_a_list_or_from_commas() {
        let words = |value| read::<Words>(value).map(|words| words.0);
        let both = vec!["a".to_owned(), "b".to_owned()];
        assert_eq!(words(json!(["a", "b"])), Some(both.clone()));
        assert_eq!(words(json!("a, b,")), Some(both));
        assert_eq!(words(json!("")), Some(Vec::new()));
        assert_eq!(words(json!([1])), None);
    }

    #[test]
    fn whole_number_is_read_from_text_too() {
        assert_eq!(read(json!("521")), Some(Whole(521)));
        assert_eq!(read(json!(521)), Some(Whole(521)));
        for wrong in [json!(-1), json!("x"), json!(1.5), json!(4_294_967_296_u64)] {
            assert_eq!(read::<Whole>(wrong), None);
        }
    }
}
