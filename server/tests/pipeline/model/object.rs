//! An object of the model, and what a client sees of it.

use std::collections::BTreeMap;

use kmip_core::ttlv::{DateTime, Interval, Value};
use kmip_core::types::{
    CryptographicAlgorithm as Algorithm, CryptographicUsageMask as Mask, NameType, ObjectType, Tag,
};

use super::step::{Date, Given, Kind, Unit, Who};
use crate::support::tree::{enumeration, long, text};

/// The states of the specification, by its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    PreActive = 1,
    Active,
    Deactivated,
    Compromised,
    Destroyed,
    DestroyedCompromised,
}

/// Everything that is known of an object but its value.
#[derive(Clone, Debug)]
pub(super) struct Object {
    pub(super) owner: Who,
    pub(super) kind: Kind,
    pub(super) state: State,
    /// By the name of the attribute.
    pub(super) dates: BTreeMap<&'static str, i64>,
    /// Index and number of each.
    pub(super) names: Vec<(i32, u8)>,
    /// Name, index and value of each.
    pub(super) customs: Vec<(u8, i32, u8)>,
    pub(super) contact: Option<u8>,
    pub(super) mask: Option<u32>,
    /// Total, what is left, and of what.
    pub(super) limits: Option<(i64, i64, Unit)>,
    pub(super) revoked_for: Option<u32>,
    /// Link type, and the number of the object linked.
    pub(super) links: Vec<(u32, usize)>,
    pub(super) fresh: bool,
    pub(super) sensitive: bool,
    pub(super) always_sensitive: bool,
    pub(super) extractable: bool,
    pub(super) never_extractable: bool,
}

impl Date {
    /// The name of the attribute.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Activation => "Activation Date",
            Self::ProcessStart => "Process Start Date",
            Self::ProtectStop => "Protect Stop Date",
            Self::Deactivation => "Deactivation Date",
        }
    }
}

impl Unit {
    pub(super) const fn number(self) -> u32 {
        match self {
            Self::Byte => 1,
            Self::Object => 2,
        }
    }
}

impl Kind {
    pub(super) const fn object_type(self) -> ObjectType {
        match self {
            Self::Aes | Self::Hmac => ObjectType::SymmetricKey,
            Self::Private => ObjectType::PrivateKey,
            Self::Public => ObjectType::PublicKey,
            Self::Secret => ObjectType::SecretData,
            Self::Opaque => ObjectType::OpaqueObject,
        }
    }

    /// The mask that every object of the kind is made with.
    pub(super) const fn mask(self) -> Option<u32> {
        match self {
            Self::Aes => Some(Mask::Encrypt.0 | Mask::Decrypt.0),
            Self::Hmac => Some(Mask::MACGenerate.0 | Mask::MACVerify.0),
            Self::Private => Some(Mask::Sign.0),
            Self::Public => Some(Mask::Verify.0),
            Self::Secret => Some(Mask::DeriveKey.0),
            Self::Opaque => None,
        }
    }

    fn algorithm(self) -> Option<(Algorithm, i32)> {
        match self {
            Self::Aes => Some((Algorithm::AES, 256)),
            Self::Hmac => Some((Algorithm::HMAC_SHA256, 256)),
            Self::Private | Self::Public => Some((Algorithm::EC, 256)),
            Self::Secret | Self::Opaque => None,
        }
    }
}

/// What a Name with this number says.
pub(super) fn name_value(number: u8) -> Value {
    Value::Structure(vec![
        text(Tag::NameValue, &format!("name {number}")),
        enumeration(Tag::NameType, NameType::UninterpretedTextString.0),
    ])
}

/// The name of a custom attribute.
pub(super) fn custom_name(number: u8) -> String {
    format!("x-{number}")
}

/// A text with a number in it.
pub(super) fn numbered(number: u8) -> Value {
    Value::TextString(format!("value {number}"))
}

/// Usage Limits; clients leave the count out.
pub(super) fn limits_value(total: i64, left: Option<i64>, unit: Unit) -> Value {
    let mut fields = vec![long(Tag::UsageLimitsTotal, total)];
    fields.extend(left.map(|left| long(Tag::UsageLimitsCount, left)));
    fields.push(enumeration(Tag::UsageLimitsUnit, unit.number()));
    Value::Structure(fields)
}

/// The name and value of an attribute as a client gives it at `now`.
pub(super) fn wire(given: Given, now: i64) -> (String, Value) {
    let (name, value) = match given {
        Given::Name(number) => ("Name", name_value(number)),
        Given::Custom(name, number) => return (custom_name(name), numbered(number)),
        Given::Contact(number) => ("Contact Information", numbered(number)),
        Given::Date(date, ahead) => (date.name(), Value::DateTime(DateTime(now + ahead))),
        Given::Limits(total, unit) => ("Usage Limits", limits_value(total, None, unit)),
        Given::Mask(mask) => {
            ("Cryptographic Usage Mask", Value::Integer(i32::try_from(mask).unwrap()))
        }
        Given::Sensitive(yes) => ("Sensitive", Value::Boolean(yes)),
        Given::Extractable(yes) => ("Extractable", Value::Boolean(yes)),
        Given::ServersOwn => ("y-servers", numbered(0)),
    };
    (name.to_owned(), value)
}

/// Attributes that the model does not tell.
const UNTOLD: &[&str] =
    &["Digest", "Random Number Generator", "Cryptographic Domain Parameters", "x-claviger-custody"];

/// Attributes as name, index and value, in order.
pub(super) type Shown = Vec<(String, i32, Value)>;

/// In order, without what the model does not tell.
pub(super) fn told(mut shown: Shown) -> Shown {
    shown.retain(|(name, ..)| !UNTOLD.contains(&name.as_str()));
    shown.sort_by(|one, two| (&one.0, one.1).cmp(&(&two.0, two.1)));
    shown
}

impl Object {
    pub(super) fn is_destroyed(&self) -> bool {
        matches!(self.state, State::Destroyed | State::DestroyedCompromised)
    }

    pub(super) fn is_archived(&self) -> bool {
        self.dates.contains_key("Archive Date")
    }

    pub(super) fn date(&self, date: Date) -> Option<i64> {
        self.dates.get(date.name()).copied()
    }

    /// What Get Attributes shows of it; `uids` has the identifier of every object.
    pub(super) fn shown(&self, number: usize, uids: &[String]) -> Shown {
        let mut shown = Shown::new();
        let mut once = |name: &str, value| shown.push((name.to_owned(), 0, value));
        once("Unique Identifier", Value::TextString(uids[number].clone()));
        once("Object Type", Value::Enumeration(self.kind.object_type().0));
        if let Some((algorithm, bits)) = self.kind.algorithm() {
            once("Cryptographic Algorithm", Value::Enumeration(algorithm.0));
            once("Cryptographic Length", Value::Integer(bits));
        }
        if let Some(mask) = self.mask {
            once("Cryptographic Usage Mask", Value::Integer(i32::try_from(mask).unwrap()));
        }
        once("State", Value::Enumeration(self.state as u32));
        once("Operation Policy Name", Value::TextString("default".to_owned()));
        once("Lease Time", Value::Interval(Interval(3_600)));
        once("Fresh", Value::Boolean(self.fresh));
        once("Sensitive", Value::Boolean(self.sensitive));
        once("Always Sensitive", Value::Boolean(self.always_sensitive));
        once("Extractable", Value::Boolean(self.extractable));
        once("Never Extractable", Value::Boolean(self.never_extractable));
        for (name, seconds) in &self.dates {
            once(name, Value::DateTime(DateTime(*seconds)));
        }
        if let Some(number) = self.contact {
            once("Contact Information", numbered(number));
        }
        if let Some((total, left, unit)) = self.limits {
            once("Usage Limits", limits_value(total, Some(left), unit));
        }
        if let Some(code) = self.revoked_for {
            let code = enumeration(Tag::RevocationReasonCode, code);
            once("Revocation Reason", Value::Structure(vec![code]));
        }
        for (index, number) in &self.names {
            shown.push(("Name".to_owned(), *index, name_value(*number)));
        }
        for (name, index, number) in &self.customs {
            shown.push((custom_name(*name), *index, numbered(*number)));
        }
        for (index, (link, to)) in self.links.iter().enumerate() {
            let to = text(Tag::LinkedObjectIdentifier, &uids[*to]);
            let value = Value::Structure(vec![enumeration(Tag::LinkType, *link), to]);
            shown.push(("Link".to_owned(), i32::try_from(index).unwrap(), value));
        }
        told(shown)
    }
}
