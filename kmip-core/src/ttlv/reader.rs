//! Bounds-checked cursor over the items of one structure.

use wiping::Wiping;

use super::frame::padded_length;
use super::{Codec, DecodeError, FRAME_HEADER_BYTES, Item, ItemType, Limits, Table};
use crate::tolerance;
use crate::types::{ProtocolVersion, Tag};

/// Reads items one after the other; never past the structure it stands in.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
    version: ProtocolVersion,
    depth: usize,
    /// The sender's minor version is newer than ours: fields we do not know are skipped.
    skip_unknown: bool,
}

impl<'a> Reader<'a> {
    /// A reader over `bytes`, by the rules of `version`.
    #[must_use]
    pub fn new(bytes: &'a [u8], version: ProtocolVersion) -> Self {
        let skip_unknown = version > ProtocolVersion::NEWEST;
        Self { rest: bytes, version, depth: 0, skip_unknown }
    }

    /// The version whose rules apply.
    #[must_use]
    pub const fn version(&self) -> ProtocolVersion {
        self.version
    }

    /// Applies the rules of `version` from here on (the header says which they are).
    pub fn set_version(&mut self, version: ProtocolVersion) {
        self.version = version;
        self.skip_unknown = version > ProtocolVersion::NEWEST;
    }

    /// Whether nothing is left.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Tag of the next item, if there is one.
    #[must_use]
    pub fn peek_tag(&self) -> Option<Tag> {
        self.rest.first_chunk::<3>().map(|[a, b, c]| Tag(u32::from_be_bytes([0, *a, *b, *c])))
    }

    /// Wire type of the next item, if it is one we know.
    #[must_use]
    pub fn peek_type(&self) -> Option<ItemType> {
        self.rest.get(3).copied().and_then(ItemType::from_code)
    }

    /// Whether the next item is named `tag`.
    #[must_use]
    pub fn next_is(&self, tag: Tag) -> bool {
        self.peek_tag() == Some(tag)
    }

    /// The next item whole, header included, and its value; the cursor moves behind it.
    pub(super) fn take(&mut self) -> Result<(Tag, ItemType, &'a [u8]), DecodeError> {
        let Some((head, rest)) = self.rest.split_first_chunk::<FRAME_HEADER_BYTES>() else {
            return Err(DecodeError::Truncated(self.peek_tag().unwrap_or(Tag(0))));
        };
        let [t0, t1, t2, code, l0, l1, l2, l3] = *head;
        let tag = Tag(u32::from_be_bytes([0, t0, t1, t2]));
        let kind = ItemType::from_code(code).ok_or(DecodeError::WrongType(tag, code))?;
        let length = usize::try_from(u32::from_be_bytes([l0, l1, l2, l3]))
            .map_err(|_| DecodeError::Truncated(tag))?;
        let padded = padded_length(tag, kind, length)?;
        let (Some(value), Some(after)) = (rest.get(..length), rest.get(padded..)) else {
            return Err(DecodeError::Truncated(tag));
        };
        self.rest = after;
        Ok((tag, kind, value))
    }

    /// Reads the item named `tag` if it is next.
    pub(crate) fn optional<T: Codec>(&mut self, tag: Tag) -> Result<Option<T>, DecodeError> {
        if self.next_is(tag) { T::decode(tag, self).map(Some) } else { Ok(None) }
    }

    /// Passes over the item `tag`, whatever it holds.
    pub(crate) fn skip(&mut self, tag: Tag) -> Result<(), DecodeError> {
        if self.next_is(tag) { self.take().map(drop) } else { Err(DecodeError::Missing(tag)) }
    }

    /// The bytes of the next item, header and padding included; the cursor moves behind it.
    ///
    /// # Errors
    ///
    /// As for any malformed item.
    pub fn take_raw(&mut self) -> Result<&'a [u8], DecodeError> {
        let before = self.rest;
        self.take()?;
        let used = before.len() - self.rest.len();
        Ok(before.get(..used).unwrap_or_default())
    }

    /// The value of the next item, which must be `tag` of type `kind`.
    pub(super) fn value(&mut self, tag: Tag, kind: ItemType) -> Result<&'a [u8], DecodeError> {
        if !self.next_is(tag) {
            return Err(DecodeError::Missing(tag));
        }
        let (_, found, value) = self.take()?;
        if found == kind { Ok(value) } else { Err(DecodeError::WrongType(tag, found.code())) }
    }

    /// Reads a structure named `tag` whose fields are `fields`, in that order.
    ///
    /// # Errors
    ///
    /// What `read` fails with, or `Misplaced` / `Unknown` for what `read` left over.
    pub fn structure<T>(
        &mut self,
        tag: Tag,
        fields: &[&[Tag]],
        read: impl for<'b> FnOnce(&mut Reader<'b>) -> Result<T, DecodeError>,
    ) -> Result<T, DecodeError> {
        self.structure_by(&Table::new(fields), tag, read)
    }

    /// As [`structure`](Self::structure), for the structure called `name`: where the table of
    /// tolerances grants it, its fields may come in any order.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn structure_of<T>(
        &mut self,
        name: &str,
        tag: Tag,
        fields: &[&[Tag]],
        read: impl for<'b> FnOnce(&mut Reader<'b>) -> Result<T, DecodeError>,
    ) -> Result<T, DecodeError> {
        let any_order = tolerance::any_order(name);
        self.structure_by(&Table { any_order, ..Table::new(fields) }, tag, read)
    }

    /// As [`structure`](Self::structure), by a whole table.
    pub(crate) fn structure_by<T>(
        &mut self,
        table: &Table<'_>,
        tag: Tag,
        read: impl for<'b> FnOnce(&mut Reader<'b>) -> Result<T, DecodeError>,
    ) -> Result<T, DecodeError> {
        let inner = self.enter(tag)?;
        match inner.arranged(table)? {
            None => inner.read_whole(table, read),
            Some(bytes) => inner.over(&bytes).read_whole(table, read),
        }
    }

    /// Reads every child of the structure `tag`, whatever they mean.
    pub(super) fn children(&mut self, tag: Tag) -> Result<Vec<Item>, DecodeError> {
        let mut inner = self.enter(tag)?;
        let mut items = Vec::new();
        while !inner.is_empty() {
            items.push(Item::decode_next(&mut inner)?);
        }
        Ok(items)
    }

    /// A reader of the structure `tag`, one level deeper.
    pub(crate) fn enter(&mut self, tag: Tag) -> Result<Self, DecodeError> {
        let value = self.value(tag, ItemType::Structure)?;
        if self.depth >= Limits::default().max_depth {
            return Err(DecodeError::Limit("depth"));
        }
        Ok(Self { rest: value, depth: self.depth + 1, ..*self })
    }

    /// A reader of what stands behind the next item's head, whatever its length says.
    pub(crate) fn behind_head(&self) -> Option<Self> {
        self.rest.get(FRAME_HEADER_BYTES..).map(|rest| Self { rest, ..*self })
    }

    /// A reader of other bytes by the same rules.
    pub(crate) fn over<'b>(&self, bytes: &'b [u8]) -> Reader<'b> {
        Reader { rest: bytes, ..*self }
    }

    fn read_whole<T>(
        mut self,
        table: &Table<'_>,
        read: impl FnOnce(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<T, DecodeError> {
        let result = read(&mut self).map_err(|error| self.explain(error, table))?;
        self.finish(table)?;
        Ok(result)
    }

    /// Nothing may be left: what is, comes twice or out of order, or is no field at all.
    pub(crate) fn finish(&self, table: &Table<'_>) -> Result<(), DecodeError> {
        match self.peek_tag() {
            None if self.rest.is_empty() => Ok(()),
            None => Err(DecodeError::Truncated(Tag(0))),
            Some(tag) if table.has(tag, self.version) => Err(DecodeError::Misplaced(tag)),
            Some(tag) => Err(DecodeError::Unknown(tag)),
        }
    }

    /// Where a field is missing because another item stands in its place, that one is the fault.
    pub(crate) fn explain(&self, error: DecodeError, table: &Table<'_>) -> DecodeError {
        match (error, self.peek_tag()) {
            (DecodeError::Missing(_), Some(next)) if !table.has(next, self.version) => {
                DecodeError::Unknown(next)
            }
            (DecodeError::Missing(field), Some(next))
                if table.place_of(next) < table.place_of(field) =>
            {
                DecodeError::Misplaced(next)
            }
            _ => error,
        }
    }

    /// The items left in the order of `table`, if it lets them come in any, and without those it
    /// does not have, if the sender's version is newer than ours; `None` if they are so already.
    ///
    /// # Errors
    ///
    /// `Unknown` for an item that `table` does not have, where any order is granted.
    pub(crate) fn arranged(&self, table: &Table<'_>) -> Result<Option<Wiping>, DecodeError> {
        if !table.any_order && !self.skip_unknown {
            return Ok(None);
        }
        let mut cursor = self.clone();
        let (mut as_is, mut last) = (true, 0);
        while let Some(tag) = cursor.peek_tag() {
            cursor.take()?;
            match self.place_in(table, tag) {
                Some(place) => {
                    as_is &= place >= last || !table.any_order;
                    last = place;
                }
                None if self.skip_unknown => as_is = false,
                None => return Err(DecodeError::Unknown(tag)),
            }
        }
        if as_is { Ok(None) } else { self.rearranged(table).map(Some) }
    }

    /// Place of a field; a newer sender's items of other versions are skipped like unknown ones.
    fn place_in(&self, table: &Table<'_>, tag: Tag) -> Option<usize> {
        table.place_of(tag).filter(|_| !self.skip_unknown || table.has(tag, self.version))
    }

    /// As [`arranged`](Self::arranged), where there is something to do.
    fn rearranged(&self, table: &Table<'_>) -> Result<Wiping, DecodeError> {
        let mut cursor = self.clone();
        let mut found: Vec<(usize, &[u8])> = Vec::new();
        while let Some(tag) = cursor.peek_tag() {
            let raw = cursor.take_raw()?;
            found.extend(self.place_in(table, tag).map(|place| (place, raw)));
        }
        if table.any_order {
            found.sort_by_key(|(place, _)| *place);
        }
        // In one allocation: a growing buffer would leave secrets behind.
        let mut bytes = Wiping::new(Vec::with_capacity(self.rest.len()));
        found.into_iter().for_each(|(_, raw)| bytes.extend_from_slice(raw));
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ttlv::{Codec, Value, Writer};

    const V1_4: ProtocolVersion = ProtocolVersion::V1_4;

    fn nested(depth: usize) -> Vec<u8> {
        let mut value = Value::Structure(Vec::new());
        for _ in 1..depth {
            value = Value::Structure(vec![Item { tag: Tag::AttributeValue, value }]);
        }
        value.to_bytes(Tag::AttributeValue)
    }

    #[test]
    fn reader_caps_depth_by_itself() {
        let read = |bytes: &[u8]| Value::decode(Tag::AttributeValue, &mut Reader::new(bytes, V1_4));
        assert!(read(&nested(32)).is_ok());
        assert_eq!(read(&nested(33)), Err(DecodeError::Limit("depth")));
        assert_eq!(read(&nested(1000)), Err(DecodeError::Limit("depth")));
    }

    #[test]
    fn reader_never_leaves_its_structure() {
        // A structure of 8 bytes whose child claims 8 more, which are there, but outside.
        let mut w = Writer::new(V1_4);
        w.structure(Tag::BatchItem, |w| w.byte_string(Tag::Data, &[]));
        w.raw(&[0; 8]);
        let mut bytes = w.into_bytes();
        bytes[15] = 8;
        let mut r = Reader::new(&bytes, V1_4);
        let mut inner = r.enter(Tag::BatchItem).unwrap();
        assert_eq!(inner.byte_string(Tag::Data), Err(DecodeError::Truncated(Tag::Data)));
        assert_eq!(r.take_raw(), Err(DecodeError::WrongType(Tag(0), 0)));
    }

    #[test]
    fn reader_names_the_first_fault() {
        let mut w = Writer::new(V1_4);
        w.integer(Tag::BatchCount, 1);
        let bytes = w.into_bytes();
        let reader = || Reader::new(&bytes, V1_4);
        assert_eq!(reader().integer(Tag::Offset), Err(DecodeError::Missing(Tag::Offset)));
        let wrong = Err(DecodeError::WrongType(Tag::BatchCount, 2));
        assert_eq!(reader().enumeration(Tag::BatchCount), wrong);
        assert_eq!(reader().integer(Tag::BatchCount), Ok(1));
        let mut empty = Reader::new(&[], V1_4);
        assert_eq!(empty.take_raw(), Err(DecodeError::Truncated(Tag(0))));
    }

    #[test]
    fn structure_tells_missing_from_misplaced_and_unknown() {
        let fields = [Tag::Username, Tag::Password];
        let read = |tags: &[Tag]| {
            let mut w = Writer::new(V1_4);
            w.structure(Tag::Credential, |w| tags.iter().for_each(|tag| w.text_string(*tag, "x")));
            let bytes = w.into_bytes();
            Reader::new(&bytes, V1_4).structure(Tag::Credential, &[&fields], |r| {
                Ok((String::decode(Tag::Username, r)?, String::decode(Tag::Password, r)?))
            })
        };
        assert!(read(&fields).is_ok());
        assert_eq!(read(&[]), Err(DecodeError::Missing(Tag::Username)));
        assert_eq!(read(&[Tag::Password]), Err(DecodeError::Missing(Tag::Username)));
        let twice = [Tag::Username, Tag::Username, Tag::Password];
        assert_eq!(read(&twice), Err(DecodeError::Misplaced(Tag::Username)));
        let alien = [Tag::Username, Tag::Comment, Tag::Password];
        assert_eq!(read(&alien), Err(DecodeError::Unknown(Tag::Comment)));
    }
}
