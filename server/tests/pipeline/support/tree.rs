//! Messages as trees: items are written and read here by tag.

use kmip_core::secret::SecretBytes;
use kmip_core::ttlv::{BigInteger, DateTime, Interval, Item, Value};
use kmip_core::types::Tag;

pub(crate) fn item(tag: Tag, value: Value) -> Item {
    Item { tag, value }
}

pub(crate) fn structure(tag: Tag, items: Vec<Item>) -> Item {
    item(tag, Value::Structure(items))
}

pub(crate) fn text(tag: Tag, value: &str) -> Item {
    item(tag, Value::TextString(value.to_owned()))
}

pub(crate) fn integer(tag: Tag, value: i32) -> Item {
    item(tag, Value::Integer(value))
}

pub(crate) fn long(tag: Tag, value: i64) -> Item {
    item(tag, Value::LongInteger(value))
}

pub(crate) fn enumeration(tag: Tag, value: u32) -> Item {
    item(tag, Value::Enumeration(value))
}

pub(crate) fn boolean(tag: Tag, value: bool) -> Item {
    item(tag, Value::Boolean(value))
}

pub(crate) fn date(tag: Tag, seconds: i64) -> Item {
    item(tag, Value::DateTime(DateTime(seconds)))
}

pub(crate) fn interval(tag: Tag, seconds: u32) -> Item {
    item(tag, Value::Interval(Interval(seconds)))
}

pub(crate) fn bytes(tag: Tag, value: &[u8]) -> Item {
    item(tag, Value::ByteString(SecretBytes::new(value.to_vec())))
}

pub(crate) fn unsigned(tag: Tag, magnitude: &[u8]) -> Item {
    item(tag, Value::BigInteger(BigInteger::from_unsigned(magnitude)))
}

/// What is read from an item.
pub(crate) trait Read {
    /// Every child called `tag`.
    fn all(&self, tag: Tag) -> Vec<&Item>;
    /// The only child called `tag`.
    fn get(&self, tag: Tag) -> &Item;
    /// The item at the end of `path`, each step the first of its name.
    fn at(&self, path: &[Tag]) -> &Item;
    fn has(&self, tag: Tag) -> bool;
    /// The tags of the children, in order.
    fn tags(&self) -> Vec<Tag>;
    fn as_text(&self) -> String;
    fn as_bytes(&self) -> Vec<u8>;
    fn as_integer(&self) -> i32;
    fn as_number(&self) -> u32;
    /// The text of the child `tag`.
    fn text(&self, tag: Tag) -> String {
        self.get(tag).as_text()
    }
    /// The bytes of the child `tag`.
    fn bytes(&self, tag: Tag) -> Vec<u8> {
        self.get(tag).as_bytes()
    }
    /// The bytes of the child `tag`, none if it is not there.
    fn maybe_bytes(&self, tag: Tag) -> Vec<u8> {
        self.all(tag).first().map(|item| item.as_bytes()).unwrap_or_default()
    }
    /// The texts of every child `tag`.
    fn texts(&self, tag: Tag) -> Vec<String> {
        self.all(tag).into_iter().map(Read::as_text).collect()
    }
}

impl Read for Item {
    fn all(&self, tag: Tag) -> Vec<&Item> {
        self.value.children().iter().filter(|child| child.tag == tag).collect()
    }

    #[track_caller]
    fn get(&self, tag: Tag) -> &Item {
        match self.all(tag).as_slice() {
            [only] => only,
            found => panic!("{} times {tag:?} in {self:?}", found.len()),
        }
    }

    #[track_caller]
    fn at(&self, path: &[Tag]) -> &Item {
        path.iter().fold(self, |item, tag| {
            item.child(*tag).unwrap_or_else(|| panic!("no {tag:?} in {item:?}"))
        })
    }

    fn has(&self, tag: Tag) -> bool {
        self.child(tag).is_some()
    }

    fn tags(&self) -> Vec<Tag> {
        self.value.children().iter().map(|child| child.tag).collect()
    }

    #[track_caller]
    fn as_text(&self) -> String {
        match &self.value {
            Value::TextString(text) => text.clone(),
            other => panic!("no text: {other:?}"),
        }
    }

    #[track_caller]
    fn as_bytes(&self) -> Vec<u8> {
        match &self.value {
            Value::ByteString(bytes) => bytes.expose().to_vec(),
            other => panic!("no bytes: {other:?}"),
        }
    }

    #[track_caller]
    fn as_integer(&self) -> i32 {
        match &self.value {
            Value::Integer(number) => *number,
            other => panic!("no integer: {other:?}"),
        }
    }

    #[track_caller]
    fn as_number(&self) -> u32 {
        match &self.value {
            Value::Enumeration(number) => *number,
            other => panic!("no enumeration: {other:?}"),
        }
    }
}
