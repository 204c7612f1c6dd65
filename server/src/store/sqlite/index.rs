//! The rows under which objects are found, and the uniqueness of Names, which stands on them.

use std::collections::{BTreeSet, HashMap};

use kmip_core::attribute::{AttributeKind, AttributeName};
use kmip_core::ttlv::ItemType;
use kmip_core::types::Tag;
use rusqlite::{Connection, OptionalExtension, params};
use sha2::{Digest, Sha256};

use super::{StoreError, dictionary, row};
use crate::object::{ManagedObject, Phase};
use crate::store::index_rows;

/// Longer keys are hashed: an index entry is to stay small, and equality is all that is asked.
const MAX_PLAIN_KEY_BYTES: usize = 64;

/// First byte of a number's key; no TTLV type has this code.
const NUMBER: u8 = 0x00;

/// First byte of a hashed key; no TTLV type has this code either.
const HASHED: u8 = 0xFF;

/// An [`IndexRow::key`](crate::store::IndexRow::key) in the form it has in the index.
///
/// Numbers of all types sort by value first, so that one index serves equality and ranges.
pub(super) fn stored_key(key: &[u8]) -> Vec<u8> {
    if let Some((kind, number)) = number_in(key) {
        return number_key(number, kind);
    }
    if key.len() <= MAX_PLAIN_KEY_BYTES {
        return key.to_vec();
    }
    let mut short = vec![HASHED];
    short.extend_from_slice(&Sha256::digest(key));
    short
}

/// The least and the greatest key of numbers from `low` to `high`, whatever their type.
pub(super) fn key_range(low: i64, high: i64) -> (Vec<u8>, Vec<u8>) {
    (number_key(low, u8::MIN), number_key(high, u8::MAX))
}

fn number_key(number: i64, kind: u8) -> Vec<u8> {
    let mut key = vec![NUMBER];
    // With the sign turned, the order of the bytes is that of the numbers.
    key.extend_from_slice(&(number ^ i64::MIN).to_be_bytes());
    key.push(kind);
    key
}

/// Type code and value, if the key is a number's: one byte type, four length, then the value.
fn number_in(key: &[u8]) -> Option<(u8, i64)> {
    let (kind, rest) = key.split_first()?;
    let value = rest.get(4..)?;
    let number = match ItemType::from_code(*kind)? {
        ItemType::Integer => i64::from(i32::from_be_bytes(*value.first_chunk()?)),
        ItemType::Enumeration | ItemType::Interval => {
            i64::from(u32::from_be_bytes(*value.first_chunk()?))
        }
        ItemType::LongInteger | ItemType::Boolean | ItemType::DateTime => {
            i64::from_be_bytes(*value.first_chunk()?)
        }
        ItemType::Structure
        | ItemType::BigInteger
        | ItemType::TextString
        | ItemType::ByteString => return None,
    };
    Some((*kind, number))
}

/// One row of the table `attribute`, but for its object.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    name: i64,
    field: u32,
    key: Vec<u8>,
    idx: i32,
    number: Option<i64>,
}

/// A Name that an object did not hold before this transaction.
struct NewName {
    object: i64,
    scope: i64,
    name: i64,
    key: Vec<u8>,
}

/// Writes index rows within one transaction.
pub(super) struct Index<'t> {
    transaction: &'t Connection,
    names: HashMap<AttributeName, i64>,
    new_names: Vec<NewName>,
}

impl<'t> Index<'t> {
    /// Nothing written yet.
    pub(super) fn new(transaction: &'t Connection) -> Self {
        Self { transaction, names: HashMap::new(), new_names: Vec::new() }
    }

    /// Makes the rows of the object numbered `id` what they have to be, touching only those that
    /// differ.
    pub(super) fn set(
        &mut self,
        id: i64,
        scope: i64,
        object: &ManagedObject,
    ) -> Result<(), StoreError> {
        let wanted = self.entries(object)?;
        let present = self.present(id)?;
        for entry in present.difference(&wanted) {
            self.remove(id, entry)?;
        }
        for entry in wanted.difference(&present) {
            self.add(id, scope, entry)?;
        }
        Ok(())
    }

    /// Checks that nobody else in the scope holds the Names that came up, if they are to be
    /// unique. Names held before are not questioned: they may date from when this was not asked.
    pub(super) fn finish(self, unique_names: bool) -> Result<(), StoreError> {
        if !unique_names {
            return Ok(());
        }
        let mut query = self.transaction.prepare_cached(
            "SELECT 1 FROM attribute INDEXED BY attribute_by_key
             WHERE scope = ?1 AND name = ?2 AND field = ?3 AND key = ?4 AND object <> ?5 LIMIT 1",
        )?;
        for new in &self.new_names {
            let bound = params![new.scope, new.name, Tag::NameValue.0, new.key, new.object];
            if query.query_row(bound, |_| Ok(())).optional()?.is_some() {
                return Err(StoreError::NameTaken);
            }
        }
        Ok(())
    }

    /// The rows an object has to have.
    fn entries(&mut self, object: &ManagedObject) -> Result<BTreeSet<Entry>, StoreError> {
        let mut entries = BTreeSet::new();
        if !matches!(object.phase, Phase::Pending(_) | Phase::Live) || row::is_destroyed(object) {
            return Ok(entries);
        }
        for instance in object.attributes.iter() {
            let name = self.name(&instance.name)?;
            entries.extend(index_rows(instance).into_iter().map(|row| Entry {
                name,
                field: row.field,
                key: stored_key(&row.key),
                idx: row.index,
                number: row.number,
            }));
        }
        Ok(entries)
    }

    /// The rows it has.
    fn present(&self, id: i64) -> Result<BTreeSet<Entry>, StoreError> {
        let mut query = self.transaction.prepare_cached(
            "SELECT name, field, key, idx, number FROM attribute WHERE object = ?1",
        )?;
        let rows = query.query_map([id], |row| {
            Ok(Entry {
                name: row.get(0)?,
                field: row.get(1)?,
                key: row.get(2)?,
                idx: row.get(3)?,
                number: row.get(4)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn remove(&self, id: i64, entry: &Entry) -> Result<(), StoreError> {
        let mut delete = self.transaction.prepare_cached(
            "DELETE FROM attribute
             WHERE object = ?1 AND name = ?2 AND field = ?3 AND key = ?4 AND idx = ?5",
        )?;
        delete.execute(params![id, entry.name, entry.field, entry.key, entry.idx])?;
        Ok(())
    }

    fn add(&mut self, id: i64, scope: i64, entry: &Entry) -> Result<(), StoreError> {
        let mut insert = self.transaction.prepare_cached(
            "INSERT INTO attribute (object, name, field, key, idx, scope, number)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?;
        insert.execute(params![
            id,
            entry.name,
            entry.field,
            entry.key,
            entry.idx,
            scope,
            entry.number
        ])?;
        let names = self.names.get(&AttributeKind::Name.into());
        if names == Some(&entry.name) && entry.field == Tag::NameValue.0 {
            let (name, key) = (entry.name, entry.key.clone());
            self.new_names.push(NewName { object: id, scope, name, key });
        }
        Ok(())
    }

    fn name(&mut self, name: &AttributeName) -> Result<i64, StoreError> {
        if let Some(id) = self.names.get(name) {
            return Ok(*id);
        }
        let id = dictionary::enter_name(self.transaction, name.as_str())?;
        self.names.insert(name.clone(), id);
        Ok(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kmip_core::ttlv::{DateTime, Interval, Value};

    fn key(value: &Value) -> Vec<u8> {
        stored_key(&value.to_bytes(Tag::AttributeValue)[3..])
    }

    #[test]
    fn keys_of_numbers_sort_by_value_whatever_their_type() {
        let numbers = [
            Value::LongInteger(i64::MIN),
            Value::Integer(i32::MIN),
            Value::DateTime(DateTime(-1)),
            Value::Boolean(false),
            Value::Boolean(true),
            Value::Integer(2),
            Value::Enumeration(0x8000_0000),
            Value::Interval(Interval(u32::MAX)),
            Value::LongInteger(i64::MAX),
        ];
        assert!(numbers.windows(2).all(|pair| key(&pair[0]) < key(&pair[1])));
        let (low, high) = key_range(-1, 2);
        let within = numbers.iter().filter(|n| low <= key(n) && key(n) <= high).count();
        assert_eq!(within, 4);
    }

    #[test]
    fn keys_differ_where_type_or_value_differ() {
        let long = "x".repeat(100);
        let values = [
            Value::Integer(1),
            Value::LongInteger(1),
            Value::Enumeration(1),
            Value::Boolean(true),
            Value::TextString("1".into()),
            Value::ByteString(b"1".to_vec().into()),
            Value::TextString(long.clone()),
            Value::TextString(long.clone() + "x"),
            Value::ByteString(long.into_bytes().into()),
            Value::Structure(vec![]),
        ];
        let keys: BTreeSet<_> = values.iter().map(key).collect();
        assert_eq!(keys.len(), values.len());
        assert!(keys.iter().all(|key| key.len() <= MAX_PLAIN_KEY_BYTES));
    }
}
