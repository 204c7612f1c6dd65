//! The rows under which objects are found, and the uniqueness of Names, which stands on them.

use std::collections::{BTreeSet, HashMap};

use kmip_core::attribute::{AttributeKind, AttributeName};
use kmip_core::types::Tag;
use rusqlite::{OptionalExtension, Transaction, params};
use sha2::{Digest, Sha256};

use super::{StoreError, dictionary, row};
use crate::object::{ManagedObject, Phase};
use crate::store::index_rows;

/// Longer keys are hashed: an index entry is to stay small, and equality is all that is asked.
const MAX_PLAIN_KEY_BYTES: usize = 64;

/// First byte of a hashed key; no TTLV type has this code.
const HASHED: u8 = 0xFF;

/// A key in the form it has in the index.
pub(super) fn stored_key(key: Vec<u8>) -> Vec<u8> {
    if key.len() <= MAX_PLAIN_KEY_BYTES {
        return key;
    }
    let mut short = vec![HASHED];
    short.extend_from_slice(&Sha256::digest(&key));
    short
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
    transaction: &'t Transaction<'t>,
    names: HashMap<AttributeName, i64>,
    new_names: Vec<NewName>,
}

impl<'t> Index<'t> {
    /// Nothing written yet.
    pub(super) fn new(transaction: &'t Transaction<'t>) -> Self {
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
                key: stored_key(row.key),
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
