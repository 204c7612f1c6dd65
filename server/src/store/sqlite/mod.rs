//! The embedded store: one SQLite file in WAL mode, one writer, many readers.
//!
//! A write is one transaction, on disk (`synchronous=FULL`) when the method returns; writes that come
//! at the same time share the wait for the disk (see [`writer`]). Reads never
//! wait for a write. Objects in use are answered from a cache that only a writer, or a reader
//! holding the object's stripe, may change (see [`cache`]).

mod attributes;
mod cache;
mod dictionary;
mod directory;
mod index;
mod locate;
mod outbox;
mod pending;
mod readers;
mod row;
mod schema;
#[cfg(test)]
mod tests;
mod tokens;
mod wrapped;
mod writer;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hsm_backend::KeyId;
use kmip_core::attribute::UniqueIdentifier;
use kmip_core::ttlv::DateTime;
use rusqlite::{Connection, OptionalExtension, params};

use self::cache::ObjectCache;
use self::index::Index;
use self::readers::Readers;
use self::writer::Writer;
use super::{Filter, ObjectStore, Outbox, Page, StoreError};
use crate::authz::{Grant, Housekeeping};
use crate::metrics::CommitMeter;
use crate::object::{ManagedObject, Scope};

/// What the cached objects may weigh together.
const MAX_CACHE_BYTES: u64 = 64 << 20;

/// The store in a SQLite file.
pub struct SqliteStore {
    cache: ObjectCache,
    /// Of the scopes whose clients are told of what happens.
    outboxes: BTreeMap<Scope, Outbox>,
    /// Absent for a store in memory: there the writer's connection is the only one.
    readers: Option<Readers>,
    // Closed after the readers, so that it is the one that checkpoints the log; the lock goes last.
    writer: Writer,
    _lock: Option<File>,
}

/// A value that the server keeps for itself in the file at `path`, whether it is running or not;
/// `None` where there is no such file.
///
/// # Errors
///
/// `Engine`.
pub fn read_setting(path: &Path, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
    if !path.exists() {
        return Ok(None);
    }
    let connection = schema::open_reader(path)?;
    let mut found = connection.prepare("SELECT value FROM setting WHERE name = ?1")?;
    Ok(found.query_row([name], |row| row.get(0)).optional()?)
}

impl SqliteStore {
    /// Opens the store at `path`, creating or migrating it as needed.
    ///
    /// # Errors
    ///
    /// `InUse` while another process (or another store of this one) has it open; `Corrupt` if the
    /// file fails SQLite's check; `Engine` if it cannot be opened, or was written by a newer build.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let path = schema::resolve(path)?;
        let lock = schema::lock(&path)?;
        let mut writer = schema::open_file(&path)?;
        schema::check(&writer)?;
        schema::migrate(&mut writer)?;
        Ok(Self {
            cache: ObjectCache::new(MAX_CACHE_BYTES),
            outboxes: BTreeMap::new(),
            readers: Some(Readers::new(path)),
            writer: Writer::new(writer),
            _lock: Some(lock),
        })
    }

    /// An empty store in memory, for tests: nothing outlives it.
    ///
    /// # Errors
    ///
    /// `Engine` if SQLite fails.
    pub fn in_memory() -> Result<Self, StoreError> {
        let mut writer = Connection::open_in_memory()?;
        schema::configure(&writer)?;
        schema::migrate(&mut writer)?;
        Ok(Self {
            cache: ObjectCache::new(MAX_CACHE_BYTES),
            outboxes: BTreeMap::new(),
            readers: None,
            writer: Writer::new(writer),
            _lock: None,
        })
    }

    /// Has commits measured.
    pub fn measure(&self, meter: CommitMeter) {
        self.writer.measure(meter);
    }

    /// The same store, which notes what the clients of these scopes are to be told of.
    #[must_use]
    pub fn with_outboxes(self, outboxes: BTreeMap<Scope, Outbox>) -> Self {
        Self { outboxes, ..self }
    }

    fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        match &self.readers {
            Some(readers) => readers.with(work),
            None => self.writer.read(work),
        }
    }

    /// Runs `work` as one transaction on the writer's connection; it may be committed with those of
    /// other threads.
    fn transact(
        &self,
        work: impl FnOnce(&Connection) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.writer.transact(work)
    }

    /// Writes `objects` by `work` and replaces them in the cache by copies of version
    /// `version_of`.
    fn write(
        &self,
        objects: &[&ManagedObject],
        version_of: impl Fn(&ManagedObject) -> u64,
        work: impl FnOnce(&Connection) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        // Stripes before the connection, here as in `load`.
        let held = self.cache.hold(objects.iter().map(|object| (&object.scope, &object.uid)));
        let result = self.transact(work);
        for object in objects {
            // After a failed commit nobody knows what is on disk: the next load finds out.
            if result.is_ok() && row::is_visible(&object.phase) {
                let stored = ManagedObject { version: version_of(object), ..(*object).clone() };
                held.put(Arc::new(stored));
            } else {
                held.forget(&object.scope, &object.uid);
            }
        }
        drop(held);
        let told = objects.iter().filter_map(|object| self.outboxes.get(&object.scope));
        told.for_each(|outbox| outbox.bell.ring());
        result
    }
}

impl ObjectStore for SqliteStore {
    fn load(
        &self,
        grant: &Grant,
        uid: &UniqueIdentifier,
    ) -> Result<Option<Arc<ManagedObject>>, StoreError> {
        let scope = grant.scope();
        if let Some(object) = self.cache.get(scope, uid) {
            return Ok(Some(object));
        }
        let held = self.cache.hold([(scope, uid)].into_iter());
        // Whoever held the stripe before may have filled it in.
        if let Some(object) = self.cache.get(scope, uid) {
            return Ok(Some(object));
        }
        let object = self.read(|connection| row::load(connection, scope, uid))?.map(Arc::new);
        if let Some(object) = &object {
            held.put(Arc::clone(object));
        }
        Ok(object)
    }

    fn occupant(
        &self,
        grant: &Grant,
        uid: &UniqueIdentifier,
    ) -> Result<Option<ManagedObject>, StoreError> {
        self.read(|connection| row::occupant(connection, grant.scope(), uid))
    }

    fn insert(
        &self,
        grant: &Grant,
        objects: &[&ManagedObject],
        unique_names: bool,
    ) -> Result<(), StoreError> {
        self.insert_and_save(grant, objects, &[], unique_names)
    }

    fn insert_and_save(
        &self,
        grant: &Grant,
        new: &[&ManagedObject],
        changed: &[&ManagedObject],
        unique_names: bool,
    ) -> Result<(), StoreError> {
        let all = [new, changed].concat();
        check_scope(grant, &all)?;
        let is_new = |object: &ManagedObject| new.iter().any(|one| one.uid == object.uid);
        let version = |object: &ManagedObject| {
            if is_new(object) { row::FIRST_VERSION } else { object.version.saturating_add(1) }
        };
        self.write(&all, version, |transaction| {
            let mut index = Index::new(transaction);
            for object in &all {
                let write = if is_new(object) { row::insert } else { row::update };
                self.write_one(transaction, &mut index, object, write)?;
            }
            index.finish(unique_names)
        })
    }

    fn save(
        &self,
        grant: &Grant,
        objects: &[&ManagedObject],
        unique_names: bool,
    ) -> Result<(), StoreError> {
        check_scope(grant, objects)?;
        self.replace(objects, unique_names)
    }

    fn locate(&self, grant: &Grant, filter: &Filter) -> Result<Page, StoreError> {
        self.read(|connection| locate::locate(connection, grant.scope(), filter))
    }

    fn due(
        &self,
        grant: &Grant,
        now: DateTime,
        limit: usize,
    ) -> Result<Vec<UniqueIdentifier>, StoreError> {
        self.read(|connection| row::due(connection, grant.scope(), now, limit))
    }

    fn unsettled(
        &self,
        _: Housekeeping,
        owner: &str,
        now: DateTime,
    ) -> Result<Vec<ManagedObject>, StoreError> {
        self.read(|connection| row::unsettled(connection, owner, now))
    }

    fn leftovers(&self, _: Housekeeping, limit: usize) -> Result<Vec<ManagedObject>, StoreError> {
        self.read(|connection| row::leftovers(connection, limit))
    }

    fn settle(&self, _: Housekeeping, objects: &[&ManagedObject]) -> Result<(), StoreError> {
        self.replace(objects, false)
    }

    fn wrapped_by(
        &self,
        _: Housekeeping,
        kek: KeyId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<(u64, ManagedObject)>, StoreError> {
        self.read(|connection| wrapped::wrapped_by(connection, kek, after, limit))
    }

    fn count_wrapped(&self, _: Housekeeping) -> Result<Vec<(KeyId, u64)>, StoreError> {
        self.read(wrapped::count)
    }

    fn setting(&self, _: Housekeeping, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(|connection| {
            let mut query =
                connection.prepare_cached("SELECT value FROM setting WHERE name = ?1")?;
            Ok(query.query_row([name], |row| row.get(0)).optional()?)
        })
    }

    fn set_setting(&self, _: Housekeeping, name: &str, value: &[u8]) -> Result<(), StoreError> {
        self.transact(|transaction| {
            transaction.execute(
                "INSERT INTO setting (name, value) VALUES (?1, ?2)
                 ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                params![name, value],
            )?;
            Ok(())
        })
    }

    fn count(&self, _: Housekeeping) -> Result<Vec<(Scope, u64)>, StoreError> {
        self.read(row::count)
    }
}

impl SqliteStore {
    fn replace(&self, objects: &[&ManagedObject], unique_names: bool) -> Result<(), StoreError> {
        let next = |object: &ManagedObject| object.version.saturating_add(1);
        self.write(objects, next, |transaction| {
            let mut index = Index::new(transaction);
            for object in objects {
                self.write_one(transaction, &mut index, object, row::update)?;
            }
            index.finish(unique_names)
        })
    }

    /// Writes one row by `write`, with what its scope's clients are to be told of that.
    fn write_one<'t>(
        &self,
        transaction: &'t Connection,
        index: &mut Index<'t>,
        object: &ManagedObject,
        write: impl FnOnce(&Connection, i64, &ManagedObject) -> Result<i64, StoreError>,
    ) -> Result<(), StoreError> {
        let scope = dictionary::enter_scope(transaction, &object.scope)?;
        let outbox = self.outboxes.get(&object.scope);
        let before = outbox::before(transaction, outbox, object)?;
        let id = write(transaction, scope, object)?;
        index.set(id, scope, object)?;
        match outbox {
            Some(outbox) => outbox::note(transaction, outbox, scope, before.as_ref(), object),
            None => Ok(()),
        }
    }
}

/// No grant reaches into another scope; whoever tries has mixed something up.
fn check_scope(grant: &Grant, objects: &[&ManagedObject]) -> Result<(), StoreError> {
    if objects.iter().all(|object| object.scope == *grant.scope()) {
        Ok(())
    } else {
        Err(StoreError::Engine("object of a scope that is not the grant's".to_owned()))
    }
}

/// A panic elsewhere leaves nothing half done here: SQLite rolls back what was not committed.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Engine(error.to_string())
    }
}
