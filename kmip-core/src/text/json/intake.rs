//! Turns JSON into items while it is read: no tree of JSON is built, so that what a text costs is
//! bounded by the items in it.
//!
//! The members of an object may come in any order: a value that is no structure is kept as it
//! stands until the object ends, and is read when its tag and type are known.

use core::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use wiping::WipingText;

use super::super::TextError;
use super::super::value::{attribute_named_by, parse, parse_tag, parse_type, table_for};
use crate::attribute::AttributeKind;
use crate::ttlv::{BigInteger, Item, ItemType, Limits, Value};
use crate::types::Tag;

/// What was read so far, and why reading stopped.
pub(super) struct Intake<'a> {
    items: usize,
    limits: &'a Limits,
    fault: Option<TextError>,
}

impl<'a> Intake<'a> {
    pub(super) const fn new(limits: &'a Limits) -> Self {
        Self { items: 0, limits, fault: None }
    }

    /// Reads one item with all it holds. What is wrong beyond JSON itself is in [`Self::fault`].
    pub(super) fn item<'de, D: Deserializer<'de>>(&mut self, json: D) -> Result<Item, D::Error> {
        ItemSeed { intake: self, attribute: None, depth: 0 }.deserialize(json)
    }

    pub(super) const fn fault(&self) -> Option<TextError> {
        self.fault
    }

    /// An error for the parser to stop at; the first one is the one that is told.
    fn stop<E: de::Error>(&mut self, fault: TextError) -> E {
        self.fault.get_or_insert(fault);
        E::custom(fault)
    }

    fn count<E: de::Error>(&mut self) -> Result<(), E> {
        self.items += 1;
        if self.items > self.limits.max_items {
            return Err(self.stop(TextError::Limit("number of items")));
        }
        Ok(())
    }
}

/// Reads an object as an item.
struct ItemSeed<'i, 'a> {
    intake: &'i mut Intake<'a>,
    /// What an Attribute Value here belongs to.
    attribute: Option<AttributeKind>,
    /// Structures around it.
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for ItemSeed<'_, '_> {
    type Value = Item;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Item, D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for ItemSeed<'_, '_> {
    type Value = Item;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an item")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Item, A::Error> {
        self.intake.count()?;
        let mut members = Members::default();
        while let Some(name) = object.next_key_seed(NameSeed)? {
            let place = match name {
                Name::Tag => &mut members.tag,
                Name::Type => &mut members.kind,
                Name::Value => &mut members.value,
                Name::Other => {
                    object.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            if place.is_some() {
                return Err(self.intake.stop(TextError::Syntax("JSON")));
            }
            let seed = LooseSeed { intake: &mut *self.intake, depth: self.depth };
            *place = Some(object.next_value_seed(seed)?);
        }
        members.item(self.attribute).map_err(|fault| self.intake.stop(fault))
    }
}

/// A member's name, as far as it means anything to us.
enum Name {
    Tag,
    Type,
    Value,
    Other,
}

struct NameSeed;

impl<'de> DeserializeSeed<'de> for NameSeed {
    type Value = Name;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Name, D::Error> {
        json.deserialize_str(self)
    }
}

impl Visitor<'_> for NameSeed {
    type Value = Name;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a member")
    }

    fn visit_str<E>(self, name: &str) -> Result<Name, E> {
        Ok(match name {
            "tag" => Name::Tag,
            "type" => Name::Type,
            "value" => Name::Value,
            _ => Name::Other,
        })
    }
}

/// A member's value before it is known what it is to be.
enum Loose<'de> {
    Text(&'de str),
    Escaped(WipingText),
    Whole(i128),
    Fraction,
    Truth(bool),
    Null,
    Object,
    Items(Vec<Item>),
}

struct LooseSeed<'i, 'a> {
    intake: &'i mut Intake<'a>,
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for LooseSeed<'_, '_> {
    type Value = Loose<'de>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Loose<'de>, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for LooseSeed<'_, '_> {
    type Value = Loose<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Loose<'de>, E> {
        Ok(Loose::Text(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Loose<'de>, E> {
        Ok(Loose::Escaped(WipingText::new(text.to_owned())))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Loose<'de>, E> {
        Ok(Loose::Whole(number.into()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Loose<'de>, E> {
        Ok(Loose::Whole(number.into()))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Loose<'de>, E> {
        Ok(Loose::Fraction)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Loose<'de>, E> {
        Ok(Loose::Truth(truth))
    }

    fn visit_unit<E>(self) -> Result<Loose<'de>, E> {
        Ok(Loose::Null)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Loose<'de>, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Loose::Object)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Loose<'de>, A::Error> {
        let depth = self.depth + 1;
        if depth > self.intake.limits.max_depth {
            return Err(self.intake.stop(TextError::Limit("depth")));
        }
        let (mut items, mut attribute) = (Vec::new(), None);
        loop {
            let seed = ItemSeed { intake: &mut *self.intake, attribute, depth };
            let Some(item) = array.next_element_seed(seed)? else { break };
            attribute = attribute_named_by(&item).or(attribute);
            items.push(item);
        }
        Ok(Loose::Items(items))
    }
}

/// The members of one object that matter.
#[derive(Default)]
struct Members<'de> {
    tag: Option<Loose<'de>>,
    kind: Option<Loose<'de>>,
    value: Option<Loose<'de>>,
}

impl Members<'_> {
    fn item(self, attribute: Option<AttributeKind>) -> Result<Item, TextError> {
        let tag = self.tag.as_ref().and_then(Loose::text).ok_or(TextError::UnknownTag)?;
        let tag = parse_tag(tag)?;
        let kind = match &self.kind {
            None => ItemType::Structure,
            Some(kind) => parse_type(tag, kind.text().ok_or(TextError::UnknownType(tag))?)?,
        };
        let value = match (kind, self.value) {
            (ItemType::Structure, Some(Loose::Items(items))) => Value::Structure(items),
            (ItemType::Structure, None | Some(Loose::Null)) => Value::Structure(Vec::new()),
            (ItemType::Structure, Some(_)) | (_, Some(Loose::Items(_) | Loose::Object)) => {
                return Err(TextError::Misshapen(tag));
            }
            (_, None) => return Err(TextError::BadValue(tag)),
            (_, Some(scalar)) => scalar.scalar(tag, kind, attribute)?,
        };
        Ok(Item { tag, value })
    }
}

impl Loose<'_> {
    fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Escaped(text) => Some(text.as_str()),
            Self::Whole(_)
            | Self::Fraction
            | Self::Truth(_)
            | Self::Null
            | Self::Object
            | Self::Items(_) => None,
        }
    }

    fn scalar(
        &self,
        tag: Tag,
        kind: ItemType,
        attribute: Option<AttributeKind>,
    ) -> Result<Value, TextError> {
        if let Some(text) = self.text() {
            return parse(tag, kind, text, table_for(tag, attribute));
        }
        match (self, kind) {
            (Self::Truth(truth), ItemType::Boolean) => Ok(Value::Boolean(*truth)),
            (
                Self::Whole(number),
                ItemType::Integer
                | ItemType::LongInteger
                | ItemType::Enumeration
                | ItemType::Interval,
            ) => parse(tag, kind, &number.to_string(), None),
            (Self::Whole(number), ItemType::BigInteger) => i64::try_from(*number)
                .map(|number| {
                    Value::BigInteger(BigInteger::from_wire(number.to_be_bytes().to_vec()))
                })
                .map_err(|_| TextError::BadValue(tag)),
            _ => Err(TextError::BadValue(tag)),
        }
    }
}
