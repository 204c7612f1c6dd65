//! A store whose methods can be made to fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hsm_backend::KeyId;
use kmip_core::attribute::UniqueIdentifier;
use kmip_core::ttlv::DateTime;
use server::authz::{Grant, Housekeeping};
use server::object::{CustodyRules, ManagedObject, Scope};
use server::services::Bounds;
use server::store::{
    AsynchronousCorrelationValue, Ending, Filter, ObjectStore, OutboxStore, Outgoing, Page,
    Pending, PendingRoom, PendingStore, Progress, StoreError, Unfinished,
};

use super::World;

/// Lets calls through until a counter runs out, then fails them all.
struct FailingStore {
    inner: Arc<dyn ObjectStore>,
    calls_left: Arc<AtomicUsize>,
}

impl FailingStore {
    /// A store over `inner`, and the number of calls that will still succeed.
    fn new(inner: Arc<dyn ObjectStore>) -> (Self, Arc<AtomicUsize>) {
        let calls_left = Arc::new(AtomicUsize::new(usize::MAX));
        (Self { inner, calls_left: calls_left.clone() }, calls_left)
    }

    fn pass(&self) -> Result<&dyn ObjectStore, StoreError> {
        let count = |left: usize| left.checked_sub(1);
        match self.calls_left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, count) {
            Ok(_) => Ok(&*self.inner),
            Err(_) => Err(StoreError::Engine("disk /var/lib/secret-place is full".to_owned())),
        }
    }
}

impl World {
    /// A server whose store fails after as many more calls as the counter says.
    pub(crate) fn fragile(custody: CustodyRules) -> (Self, Arc<AtomicUsize>) {
        let mut counter = None;
        let world = Self::with(Bounds::default(), custody, |inner| {
            let (store, calls_left) = FailingStore::new(inner);
            counter = Some(calls_left);
            Arc::new(store)
        });
        (world, counter.unwrap())
    }
}

type Done<T> = Result<T, StoreError>;

impl ObjectStore for FailingStore {
    fn load(&self, grant: &Grant, uid: &UniqueIdentifier) -> Done<Option<Arc<ManagedObject>>> {
        self.pass()?.load(grant, uid)
    }

    fn occupant(&self, grant: &Grant, uid: &UniqueIdentifier) -> Done<Option<ManagedObject>> {
        self.pass()?.occupant(grant, uid)
    }

    fn insert(&self, grant: &Grant, objects: &[&ManagedObject], unique_names: bool) -> Done<()> {
        self.pass()?.insert(grant, objects, unique_names)
    }

    fn save(&self, grant: &Grant, objects: &[&ManagedObject], unique_names: bool) -> Done<()> {
        self.pass()?.save(grant, objects, unique_names)
    }

    fn insert_and_save(
        &self,
        grant: &Grant,
        new: &[&ManagedObject],
        changed: &[&ManagedObject],
        unique_names: bool,
    ) -> Done<()> {
        self.pass()?.insert_and_save(grant, new, changed, unique_names)
    }

    fn locate(&self, grant: &Grant, filter: &Filter) -> Done<Page> {
        self.pass()?.locate(grant, filter)
    }

    fn due(&self, grant: &Grant, now: DateTime, limit: usize) -> Done<Vec<UniqueIdentifier>> {
        self.pass()?.due(grant, now, limit)
    }

    fn unsettled(
        &self,
        housekeeping: Housekeeping,
        owner: &str,
        now: DateTime,
    ) -> Done<Vec<ManagedObject>> {
        self.pass()?.unsettled(housekeeping, owner, now)
    }

    fn leftovers(&self, housekeeping: Housekeeping, limit: usize) -> Done<Vec<ManagedObject>> {
        self.pass()?.leftovers(housekeeping, limit)
    }

    fn settle(&self, housekeeping: Housekeeping, objects: &[&ManagedObject]) -> Done<()> {
        self.pass()?.settle(housekeeping, objects)
    }

    fn wrapped_by(
        &self,
        housekeeping: Housekeeping,
        kek: KeyId,
        after: u64,
        limit: usize,
    ) -> Done<Vec<(u64, ManagedObject)>> {
        self.pass()?.wrapped_by(housekeeping, kek, after, limit)
    }

    fn count_wrapped(&self, housekeeping: Housekeeping) -> Done<Vec<(KeyId, u64)>> {
        self.pass()?.count_wrapped(housekeeping)
    }

    fn setting(&self, housekeeping: Housekeeping, name: &str) -> Done<Option<Vec<u8>>> {
        self.pass()?.setting(housekeeping, name)
    }

    fn set_setting(&self, housekeeping: Housekeeping, name: &str, value: &[u8]) -> Done<()> {
        self.pass()?.set_setting(housekeeping, name, value)
    }

    fn count(&self, housekeeping: Housekeeping) -> Done<Vec<(Scope, u64)>> {
        self.pass()?.count(housekeeping)
    }
}

impl PendingStore for FailingStore {
    fn pend(
        &self,
        grant: &Grant,
        value: AsynchronousCorrelationValue,
        now: DateTime,
        room: PendingRoom,
    ) -> Done<bool> {
        self.pass()?.pend(grant, value, now, room)
    }

    fn pending(
        &self,
        grant: &Grant,
        value: AsynchronousCorrelationValue,
        now: DateTime,
    ) -> Done<Option<Pending>> {
        self.pass()?.pending(grant, value, now)
    }

    fn begin_pending(&self, grant: &Grant, value: AsynchronousCorrelationValue) -> Done<bool> {
        self.pass()?.begin_pending(grant, value)
    }

    fn note_made(
        &self,
        grant: &Grant,
        value: AsynchronousCorrelationValue,
        made: &[&UniqueIdentifier],
    ) -> Done<()> {
        self.pass()?.note_made(grant, value, made)
    }

    fn end_pending(
        &self,
        grant: &Grant,
        value: AsynchronousCorrelationValue,
        from: Progress,
        ending: &Ending,
        keep_until: DateTime,
    ) -> Done<bool> {
        self.pass()?.end_pending(grant, value, from, ending, keep_until)
    }

    fn note_polled(&self, grant: &Grant, value: AsynchronousCorrelationValue) -> Done<()> {
        self.pass()?.note_polled(grant, value)
    }

    fn unfinished(&self, housekeeping: Housekeeping) -> Done<Vec<Unfinished>> {
        self.pass()?.unfinished(housekeeping)
    }

    fn forget_pending(&self, housekeeping: Housekeeping, now: DateTime) -> Done<()> {
        self.pass()?.forget_pending(housekeeping, now)
    }
}

impl OutboxStore for FailingStore {
    fn outgoing(&self, housekeeping: Housekeeping, scope: &Scope) -> Done<Option<Outgoing>> {
        self.pass()?.outgoing(housekeeping, scope)
    }

    fn delivered(&self, housekeeping: Housekeeping, number: i64) -> Done<()> {
        self.pass()?.delivered(housekeeping, number)
    }
}
