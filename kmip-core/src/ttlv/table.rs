//! What the reader has to know of a structure's fields.

use crate::types::{ProtocolVersion, Tag};

/// The fields of a structure.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Table<'f> {
    /// Whether they may come in any order.
    pub(crate) any_order: bool,
    /// Their tags, in order, in one or more runs.
    pub(crate) fields: &'f [&'f [Tag]],
    /// Those that only some versions have.
    pub(crate) gates: &'f [Gate],
}

/// The versions that have a field.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gate {
    /// The field.
    pub(crate) tag: Tag,
    /// The first version.
    pub(crate) since: ProtocolVersion,
    /// The last version.
    pub(crate) until: ProtocolVersion,
}

impl<'f> Table<'f> {
    /// Fields that every version has, in this order.
    pub(crate) const fn new(fields: &'f [&'f [Tag]]) -> Self {
        Self { any_order: false, fields, gates: &[] }
    }

    /// Place of `tag` in the order, if it is a field in any version.
    pub(crate) fn place_of(&self, tag: Tag) -> Option<usize> {
        self.fields.iter().copied().flatten().position(|field| *field == tag)
    }

    /// Whether `tag` is a field in `version`.
    pub(crate) fn has(&self, tag: Tag, version: ProtocolVersion) -> bool {
        let mut gates = self.gates.iter().filter(|gate| gate.tag == tag);
        self.place_of(tag).is_some()
            && gates.all(|gate| (gate.since..=gate.until).contains(&version))
    }
}
