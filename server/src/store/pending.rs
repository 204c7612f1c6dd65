//! Operations that go on after their request was answered, as the store keeps them.
//!
//! Spec: KMIP 1.4 §4.27, §4.28, §6.7 and §6.8.

use kmip_core::attribute::UniqueIdentifier;
use kmip_core::ttlv::DateTime;
use kmip_core::types::Operation;

use super::StoreError;
use crate::authz::{Grant, Housekeeping};
use crate::object::Scope;

/// What a client asks for such an operation by: 128 random bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct AsynchronousCorrelationValue([u8; 16]);

impl AsynchronousCorrelationValue {
    /// The value of these bits, which nobody must be able to guess.
    #[must_use]
    pub const fn new(bits: [u8; 16]) -> Self {
        Self(bits)
    }

    /// Reads what a client sent; `None` for what can be no value of ours.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl std::fmt::Debug for AsynchronousCorrelationValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Who knows it can ask for the answer.
        f.write_str("AsynchronousCorrelationValue(..)")
    }
}

/// How far an operation has come that is not over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Not begun.
    Waiting,
    /// Being carried out.
    Running,
}

/// What became of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It succeeded or failed: a Response Message of one item says how.
    Answered(Vec<u8>),
    /// It made these objects; nobody was left to write its answer down.
    Made(Vec<UniqueIdentifier>),
    /// The client canceled it before it began.
    Canceled,
    /// The server stopped before it was carried out.
    Interrupted,
}

/// How far an operation has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It is not over.
    Unfinished(Progress),
    /// It is over.
    Over(Ending),
}

/// An operation of the grant's scope that went on after its request was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// What was asked for.
    pub operation: Operation,
    /// How far it has come.
    pub stage: Stage,
}

/// An operation that is not over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfinished {
    /// Whose it is.
    pub scope: Scope,
    /// Its name.
    pub value: AsynchronousCorrelationValue,
    /// How far it has come.
    pub progress: Progress,
    /// What it makes, if it was about to.
    pub made: Vec<UniqueIdentifier>,
}

/// How many operations are kept, those that are over included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PendingRoom {
    /// Of one scope.
    pub per_scope: usize,
    /// Of all scopes.
    pub total: usize,
}

/// The operations that go on after their request was answered. As for [`ObjectStore`], every method
/// is one transaction, on disk when it returns, and each fails with `Engine` or `Corrupt`.
///
/// [`ObjectStore`]: super::ObjectStore
#[allow(clippy::missing_errors_doc)]
pub trait PendingStore: Send + Sync {
    /// Enters the operation of the grant as waiting; false if there is no room for it. What is over
    /// and was asked for already makes room, the oldest first.
    fn pend(
        &self,
        grant: &Grant,
        value: AsynchronousCorrelationValue,
        now: DateTime,
        room: PendingRoom,
    ) -> Result<bool, StoreError>;

    /// Looks an operation of the grant's scope up; `None` for one that never was, that belongs to
    /// another scope, or whose time is over.
    fn pending(
        &self,
        grant: &Grant,
        value: AsynchronousCorrelationValue,
        now: DateTime,
    ) -> Result<Option<Pending>, StoreError>;

    /// Makes a waiting operation a running one; false if it does not wait.
    fn begin_pending(
        &self,
        grant: &Grant,
        value: AsynchronousCorrelationValue,
    ) -> Result<bool, StoreError>;

    /// Notes what a running operation is about to make.
    fn note_made(
        &self,
        grant: &Grant,
        value: AsynchronousCorrelationValue,
        made: &[&UniqueIdentifier],
    ) -> Result<(), StoreError>;

    /// Ends an operation that has come as far as `from`; what became of it is kept until
    /// `keep_until`. False if it is elsewhere by now.
    fn end_pending(
        &self,
        grant: &Grant,
        value: AsynchronousCorrelationValue,
        from: Progress,
        ending: &Ending,
        keep_until: DateTime,
    ) -> Result<bool, StoreError>;

    /// Notes that the client was told what became of the operation.
    fn note_polled(
        &self,
        grant: &Grant,
        value: AsynchronousCorrelationValue,
    ) -> Result<(), StoreError>;

    /// The operations of all scopes that are not over.
    fn unfinished(&self, housekeeping: Housekeeping) -> Result<Vec<Unfinished>, StoreError>;

    /// Forgets operations whose time is over.
    fn forget_pending(&self, housekeeping: Housekeeping, now: DateTime) -> Result<(), StoreError>;
}
