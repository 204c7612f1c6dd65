//! What clients are to be told of, until they were.
//!
//! Spec: KMIP 1.4 §5.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use kmip_core::attribute::UniqueIdentifier;
use kmip_core::message::NotifyRequest;

use super::StoreError;
use crate::authz::Housekeeping;
use crate::bell::Bell;
use crate::object::Scope;

/// What is noted of a scope whose clients are told.
#[derive(Clone, Debug)]
pub struct Outbox {
    /// Whether they are given new objects.
    pub puts: bool,
    /// How much may wait; beyond that the oldest is forgotten.
    pub max_waiting: usize,
    /// Rung when there is something to tell.
    pub bell: Arc<Bell>,
    /// Whether something was forgotten since all was told, which is logged once.
    lossy: Arc<AtomicBool>,
}

impl Outbox {
    /// One from which nothing was forgotten.
    #[must_use]
    pub fn new(puts: bool, max_waiting: usize, bell: Arc<Bell>) -> Self {
        Self { puts, max_waiting, bell, lossy: Arc::default() }
    }

    /// Notes that something was forgotten; true the first time.
    pub(super) fn lose(&self) -> bool {
        !self.lossy.swap(true, Ordering::Relaxed)
    }

    /// Notes that all was told.
    pub(super) fn catch_up(&self) {
        self.lossy.store(false, Ordering::Relaxed);
    }
}

/// Something to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// Its number; later ones have higher ones.
    pub number: i64,
    /// What it is about.
    pub uid: UniqueIdentifier,
    /// What happened.
    pub news: News,
}

/// What happened to an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// It is new.
    Born,
    /// Attributes changed.
    Changed(NotifyRequest),
}

/// What waits to be told. It is noted with the very write that it tells of.
///
/// As for [`ObjectStore`], each method fails with `Engine` or `Corrupt`.
///
/// [`ObjectStore`]: super::ObjectStore
#[allow(clippy::missing_errors_doc)]
pub trait OutboxStore: Send + Sync {
    /// The oldest that waits in `scope`.
    fn outgoing(
        &self,
        housekeeping: Housekeeping,
        scope: &Scope,
    ) -> Result<Option<Outgoing>, StoreError>;

    /// Forgets what was told.
    fn delivered(&self, housekeeping: Housekeeping, number: i64) -> Result<(), StoreError>;
}
