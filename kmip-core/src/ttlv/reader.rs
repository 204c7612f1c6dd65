//! Bounds-checked cursor over the items of one structure.

use zeroize::Zeroizing;

use super::frame::padded_length;
use super::{DecodeError, FRAME_HEADER_BYTES, Item, ItemType, Limits};
use crate::tolerance::{self, ToleranceKind};
use crate::types::{ProtocolVersion, Tag};

/// The fields of a structure, in order, in one or more runs.
type Fields<'f> = &'f [&'f [Tag]];

fn known(fields: Fields<'_>, tag: Tag) -> bool {
    fields.iter().any(|run| run.contains(&tag))
}

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

    /// Whether items we do not know are to be passed over (the sender is newer than we are).
    pub(crate) const fn skips_unknown(&self) -> bool {
        self.skip_unknown
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
        fields: Fields<'_>,
        read: impl for<'b> FnOnce(&mut Reader<'b>) -> Result<T, DecodeError>,
    ) -> Result<T, DecodeError> {
        let inner = self.enter(tag)?;
        if self.skip_unknown {
            let known = inner.sorted(fields, false)?;
            Reader { rest: &known, ..inner }.read_whole(fields, read)
        } else {
            inner.read_whole(fields, read)
        }
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
        fields: Fields<'_>,
        read: impl for<'b> FnOnce(&mut Reader<'b>) -> Result<T, DecodeError>,
    ) -> Result<T, DecodeError> {
        if !tolerance::grants(name, ToleranceKind::AnyOrder) {
            return self.structure(tag, fields, read);
        }
        let inner = self.enter(tag)?;
        let ordered = inner.sorted(fields, true)?;
        Reader { rest: &ordered, ..inner }.read_whole(fields, read)
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

    fn read_whole<T>(
        mut self,
        fields: Fields<'_>,
        read: impl FnOnce(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<T, DecodeError> {
        let result = read(&mut self).map_err(|error| self.explain(error, fields))?;
        match self.peek_tag() {
            None if self.rest.is_empty() => Ok(result),
            None => Err(DecodeError::Truncated(Tag(0))),
            Some(tag) if known(fields, tag) => Err(DecodeError::Misplaced(tag)),
            Some(tag) => Err(DecodeError::Unknown(tag)),
        }
    }

    /// A missing field with something unknown in its place: the unknown field is the fault.
    fn explain(&self, error: DecodeError, fields: Fields<'_>) -> DecodeError {
        match (error, self.peek_tag()) {
            (DecodeError::Missing(_), Some(next)) if !known(fields, next) => {
                DecodeError::Unknown(next)
            }
            _ => error,
        }
    }

    /// The items left, those in `fields` only; in the order of `fields` if `reorder`.
    ///
    /// Unknown items are skipped where the sender's version is newer than ours, else an error.
    fn sorted(&self, fields: Fields<'_>, reorder: bool) -> Result<Zeroizing<Vec<u8>>, DecodeError> {
        let mut cursor = self.clone();
        let mut found: Vec<(usize, &[u8])> = Vec::new();
        while let Some(tag) = cursor.peek_tag() {
            let raw = cursor.take_raw()?;
            match fields.iter().copied().flatten().position(|field| *field == tag) {
                Some(place) => found.push((place, raw)),
                None if self.skip_unknown => {}
                None => return Err(DecodeError::Unknown(tag)),
            }
        }
        if reorder {
            found.sort_by_key(|(place, _)| *place);
        }
        Ok(Zeroizing::new(found.into_iter().flat_map(|(_, raw)| raw).copied().collect()))
    }
}
