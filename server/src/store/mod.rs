//! Where managed objects live. One trait; SQLite stands behind it.

mod directory;
mod filter;
mod outbox;
mod pending;
mod serial;
mod sqlite;
pub mod tokens;

use std::sync::Arc;

pub use directory::{Credential, DirectoryStore, StoredDirectory, StoredRole, StoredScope};
pub use filter::{Criterion, FieldMatch, Filter, IndexRow, MAX_TESTS, Order, index_rows};
pub use outbox::{News, Outbox, OutboxStore, Outgoing};
pub use pending::{
    AsynchronousCorrelationValue, Ending, Pending, PendingRoom, PendingStore, Progress, Stage,
    Unfinished,
};
pub use serial::Serial;
pub use sqlite::{SqliteStore, read_setting};
pub use tokens::{Revocation, StoredToken, TokenStore};

use hsm_backend::KeyId;
use kmip_core::attribute::UniqueIdentifier;
use kmip_core::ttlv::DateTime;

use crate::authz::{Grant, Housekeeping};
use crate::object::{ManagedObject, Scope};

/// Why the store could not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The row changed since it was read; read again.
    #[error("the object was changed meanwhile")]
    Conflict,
    /// An object with this identifier is there already.
    #[error("the identifier is taken")]
    IdentifierTaken,
    /// Another live object of the scope has one of the Names, and names are unique there.
    #[error("the name is taken")]
    NameTaken,
    /// The engine failed; the text is for the log alone.
    #[error("store engine: {0}")]
    Engine(String),
    /// What was stored cannot be read back.
    #[error("what is stored cannot be read: {0}")]
    Corrupt(String),
    /// Another server uses this store.
    #[error("another process uses the store")]
    InUse,
}

/// One page of a Locate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Identifiers, in the order of the filter.
    pub identifiers: Vec<UniqueIdentifier>,
    /// Matches in all, offset and limit left aside.
    pub located: usize,
}

/// The object store. Every method is one transaction; a successful write is on disk when the method
/// returns.
///
/// # Errors
///
/// Every method fails with [`StoreError`]; `Engine` and `Corrupt` may come from any of them.
#[allow(clippy::missing_errors_doc)]
pub trait ObjectStore: PendingStore + OutboxStore + Send + Sync {
    /// Loads an object of the grant's scope; `None` for one that never was, that is still being
    /// made, or that belongs to another scope. Destroyed objects are loaded: their metadata stays.
    fn load(
        &self,
        grant: &Grant,
        uid: &UniqueIdentifier,
    ) -> Result<Option<Arc<ManagedObject>>, StoreError>;

    /// The row that holds an identifier of the grant's scope, in whatever phase; `None` where
    /// [`insert`](Self::insert) would find it free.
    fn occupant(
        &self,
        grant: &Grant,
        uid: &UniqueIdentifier,
    ) -> Result<Option<ManagedObject>, StoreError>;

    /// Stores new objects, all or none, in whatever phase they are.
    ///
    /// `IdentifierTaken`, or `NameTaken` if `unique_names` and a live or pending object of the
    /// scope has one of the Names (a pending row holds its Names).
    fn insert(
        &self,
        grant: &Grant,
        objects: &[&ManagedObject],
        unique_names: bool,
    ) -> Result<(), StoreError>;

    /// Replaces objects read (or inserted: version 1) earlier, all or none, if their versions are
    /// still current; each new version is one higher. `Conflict` if one is not; `NameTaken` as for
    /// `insert`. Destroyed and failed objects hold no Names.
    fn save(
        &self,
        grant: &Grant,
        objects: &[&ManagedObject],
        unique_names: bool,
    ) -> Result<(), StoreError>;

    /// `insert` of `new` and `save` of `changed` in one: all or none. A Name may pass from one
    /// object to another.
    fn insert_and_save(
        &self,
        grant: &Grant,
        new: &[&ManagedObject],
        changed: &[&ManagedObject],
        unique_names: bool,
    ) -> Result<(), StoreError>;

    /// Finds objects of the grant's scope: live, not destroyed.
    fn locate(&self, grant: &Grant, filter: &Filter) -> Result<Page, StoreError>;

    /// Objects of the grant's scope whose dates call for a change of state by `now`; at most `limit`.
    fn due(
        &self,
        grant: &Grant,
        now: DateTime,
        limit: usize,
    ) -> Result<Vec<UniqueIdentifier>, StoreError>;

    /// Rows in phase Pending or Destroying that `owner` does not hold, or whose lease is over; all
    /// scopes.
    fn unsettled(
        &self,
        housekeeping: Housekeeping,
        owner: &str,
        now: DateTime,
    ) -> Result<Vec<ManagedObject>, StoreError>;

    /// Rows that name a token object which a move between custodies left, at most `limit`.
    fn leftovers(
        &self,
        housekeeping: Housekeeping,
        limit: usize,
    ) -> Result<Vec<ManagedObject>, StoreError>;

    /// Replaces rows for the server itself, all or none, conditional on their versions.
    fn settle(
        &self,
        housekeeping: Housekeeping,
        objects: &[&ManagedObject],
    ) -> Result<(), StoreError>;

    /// Live objects whose key is wrapped by `kek`, at most `limit`, in a fixed order from behind
    /// `after` (0 to begin); each with its place in that order.
    fn wrapped_by(
        &self,
        housekeeping: Housekeeping,
        kek: KeyId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<(u64, ManagedObject)>, StoreError>;

    /// Every key that wraps live objects, and how many.
    fn count_wrapped(&self, housekeeping: Housekeeping) -> Result<Vec<(KeyId, u64)>, StoreError>;

    /// A value the server keeps for itself (its sealing key's identifier).
    fn setting(
        &self,
        housekeeping: Housekeeping,
        name: &str,
    ) -> Result<Option<Vec<u8>>, StoreError>;

    /// Stores such a value.
    fn set_setting(
        &self,
        housekeeping: Housekeeping,
        name: &str,
        value: &[u8],
    ) -> Result<(), StoreError>;

    /// Number of live objects, destroyed ones left aside, per scope.
    fn count(&self, housekeeping: Housekeeping) -> Result<Vec<(Scope, u64)>, StoreError>;
}
