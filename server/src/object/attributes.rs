//! The attributes of one object.

use kmip_core::attribute::{Attribute, AttributeKind, AttributeName};
use kmip_core::ttlv::{Codec, DateTime, Value};
use kmip_core::types::ProtocolVersion;

/// One instance of an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    /// Name.
    pub name: AttributeName,
    /// Index; never shifts when another instance is deleted.
    pub index: i32,
    /// Value.
    pub value: Value,
}

/// The attributes of one object in the order they came, the instances of one in that of their indices.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AttributeSet(Vec<Instance>);

impl AttributeSet {
    /// All instances.
    pub fn iter(&self) -> impl Iterator<Item = &Instance> {
        self.0.iter()
    }

    /// The instances called `name`.
    pub fn named<'a>(&'a self, name: &'a AttributeName) -> impl Iterator<Item = &'a Instance> {
        self.0.iter().filter(move |instance| instance.name == *name)
    }

    /// The instances of `kind`.
    pub fn all(&self, kind: AttributeKind) -> impl Iterator<Item = &Instance> {
        self.0.iter().filter(move |instance| instance.name.as_str() == kind.name())
    }

    /// The value of the first instance of `kind`.
    #[must_use]
    pub fn get(&self, kind: AttributeKind) -> Option<&Value> {
        self.all(kind).map(|instance| &instance.value).next()
    }

    /// The first instance of `kind`, read as a `T`.
    #[must_use]
    pub fn typed<T: Codec>(&self, kind: AttributeKind) -> Option<T> {
        self.get(kind).and_then(|value| value.to(ProtocolVersion::NEWEST).ok())
    }

    /// Every instance of `kind` that reads as a `T`.
    pub fn all_typed<T: Codec>(&self, kind: AttributeKind) -> impl Iterator<Item = T> {
        self.all(kind).filter_map(|instance| instance.value.to(ProtocolVersion::NEWEST).ok())
    }

    /// An enumeration's number.
    #[must_use]
    pub fn enumeration(&self, kind: AttributeKind) -> Option<u32> {
        if let Some(Value::Enumeration(number)) = self.get(kind) { Some(*number) } else { None }
    }

    /// An integer or mask.
    #[must_use]
    pub fn integer(&self, kind: AttributeKind) -> Option<i32> {
        if let Some(Value::Integer(number)) = self.get(kind) { Some(*number) } else { None }
    }

    /// A date.
    #[must_use]
    pub fn date(&self, kind: AttributeKind) -> Option<DateTime> {
        if let Some(Value::DateTime(date)) = self.get(kind) { Some(*date) } else { None }
    }

    /// A boolean.
    #[must_use]
    pub fn boolean(&self, kind: AttributeKind) -> Option<bool> {
        if let Some(Value::Boolean(yes)) = self.get(kind) { Some(*yes) } else { None }
    }

    /// Sets the only instance of `kind`, replacing what was there.
    pub fn set<T: Codec>(&mut self, kind: AttributeKind, value: &T) {
        self.set_value(&kind.into(), Value::of(value));
    }

    /// Sets instance 0 of `name`, replacing what was there.
    pub fn set_value(&mut self, name: &AttributeName, value: Value) {
        match self.0.iter_mut().find(|i| i.name == *name && i.index == 0) {
            Some(instance) => instance.value = value,
            None => drop(self.insert(name.clone(), 0, value)),
        }
    }

    /// Sets `kind` unless it is there already.
    pub fn set_default<T: Codec>(&mut self, kind: AttributeKind, value: &T) {
        if self.get(kind).is_none() {
            self.set(kind, value);
        }
    }

    /// Adds an instance of `name` and returns its index: the first never used by a higher one.
    pub fn add(&mut self, name: AttributeName, value: Value) -> i32 {
        let next = self.named(&name).map(|i| i.index + 1).max().unwrap_or(0);
        self.0.push(Instance { name, index: next, value });
        next
    }

    /// Adds an instance of `name` at `index`, before those of higher ones; false, with nothing added,
    /// if there is one.
    #[must_use]
    pub fn insert(&mut self, name: AttributeName, index: i32, value: Value) -> bool {
        let free = self.at(&name, index).is_none();
        if free {
            let higher = self.0.iter().position(|i| i.name == name && i.index > index);
            self.0.insert(higher.unwrap_or(self.0.len()), Instance { name, index, value });
        }
        free
    }

    /// The value at `index` of `name`.
    #[must_use]
    pub fn at(&self, name: &AttributeName, index: i32) -> Option<&Value> {
        self.0.iter().find(|i| i.name == *name && i.index == index).map(|i| &i.value)
    }

    /// Replaces the value at `index` of `name`; false if there is none.
    pub fn replace(&mut self, name: &AttributeName, index: i32, value: Value) -> bool {
        let found = self.0.iter_mut().find(|i| i.name == *name && i.index == index);
        found.map(|instance| instance.value = value).is_some()
    }

    /// Removes and returns the value at `index` of `name`.
    pub fn remove(&mut self, name: &AttributeName, index: i32) -> Option<Value> {
        let place = self.0.iter().position(|i| i.name == *name && i.index == index)?;
        Some(self.0.remove(place).value)
    }

    /// Removes every instance of `kind`.
    pub fn clear(&mut self, kind: AttributeKind) {
        self.0.retain(|instance| instance.name.as_str() != kind.name());
    }
}

impl Instance {
    /// The wire form. The index is told wherever there may be several: PyKMIP reads the one of a Name
    /// without asking whether it is there.
    #[must_use]
    pub fn to_attribute(&self) -> Attribute {
        let many = self.name.kind().is_none_or(|kind| kind.rule().many);
        let index = many.then_some(self.index);
        Attribute { name: self.name.clone(), index, value: self.value.clone() }
    }
}

impl FromIterator<Instance> for AttributeSet {
    fn from_iter<I: IntoIterator<Item = Instance>>(instances: I) -> Self {
        Self(instances.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &str) -> Value {
        Value::TextString(value.to_owned())
    }

    #[test]
    fn indices_do_not_shift_when_an_instance_is_removed() {
        let name = AttributeName::new("x-tag");
        let mut set = AttributeSet::default();
        assert_eq!(set.add(name.clone(), text("a")), 0);
        assert_eq!(set.add(name.clone(), text("b")), 1);
        assert_eq!(set.remove(&name, 0), Some(text("a")));
        assert_eq!(set.at(&name, 1), Some(&text("b")));
        assert_eq!(set.add(name.clone(), text("c")), 2);
    }

    #[test]
    fn insert_takes_a_free_index_only() {
        let name = AttributeName::new("x-tag");
        let mut set = AttributeSet::default();
        assert!(set.insert(name.clone(), 3, text("a")));
        assert!(!set.insert(name.clone(), 3, text("b")));
        assert_eq!(set.at(&name, 3), Some(&text("a")));
        assert_eq!(set.add(name.clone(), text("c")), 4);
    }

    #[test]
    fn instances_stand_in_the_order_of_their_indices() {
        let (name, other) = (AttributeName::new("x-tag"), AttributeName::new("x-other"));
        let mut set = AttributeSet::default();
        for index in [2, 4, 1] {
            assert!(set.insert(name.clone(), index, text("a")));
            assert!(set.insert(other.clone(), index, text("a")));
        }
        set.set_value(&name, text("first"));
        let indices: Vec<_> = set.named(&name).map(|instance| instance.index).collect();
        assert_eq!(indices, [0, 1, 2, 4]);
        assert_eq!(set.named(&name).next().map(|i| &i.value), Some(&text("first")));
    }

    #[test]
    fn set_replaces_the_only_instance() {
        let mut set = AttributeSet::default();
        set.set(AttributeKind::Comment, &"one".to_owned());
        set.set(AttributeKind::Comment, &"two".to_owned());
        assert_eq!(set.all(AttributeKind::Comment).count(), 1);
        assert_eq!(set.get(AttributeKind::Comment), Some(&text("two")));
    }
}
