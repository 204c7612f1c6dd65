//! What an operation may reach, and the only road to the store.

mod later;
mod record;
mod time;
mod undo;

pub use undo::UndoStep;

use std::sync::Arc;
use std::time::{Duration, Instant};

use hsm_backend::{CallContext, Capabilities, HsmBackend, HsmError, HsmErrorKind, TokenState};
use kmip_core::attribute::{AttributeKind as Kind, Name, UniqueIdentifier};
use kmip_core::ttlv::{DateTime, Value};
use kmip_core::types::{ObjectType, Operation, ProtocolVersion};

use super::OpError;
use crate::audit::{Facts, ItemRecord, notes};
use crate::authz::{self, Action, Grant, Rules, Subject};
use crate::object::{AttributeSet, ManagedObject};
use crate::services::Services;
use crate::store::{Criterion, Filter, Page, StoreError};
use crate::usage_limits;

/// How often a change that lost a race is tried again.
pub(super) const ATTEMPTS: usize = 64;

/// One batch as its operations see it.
pub struct OpContext<'a> {
    services: &'a Services,
    subject: Arc<Subject>,
    version: ProtocolVersion,
    request_id: u64,
    now: DateTime,
    grant: Option<Grant>,
    placeholder: Option<UniqueIdentifier>,
    undo: Vec<UndoStep>,
    later: later::Later,
    postpones_endings: bool,
    endings: Vec<UniqueIdentifier>,
    record: ItemRecord<'a>,
}

impl<'a> OpContext<'a> {
    /// A context for one batch of `subject`.
    #[must_use]
    pub fn new(services: &'a Services, subject: Arc<Subject>, version: ProtocolVersion) -> Self {
        Self {
            services,
            subject,
            version,
            request_id: services.next_request(),
            now: services.clock.now(),
            grant: None,
            placeholder: None,
            undo: Vec::new(),
            later: later::Later::default(),
            postpones_endings: false,
            endings: Vec::new(),
            record: ItemRecord::new(&services.audit, Facts::default()),
        }
    }

    /// A context for one act of the operator on this machine in `scope`.
    #[must_use]
    pub fn for_operator(services: &'a Services, scope: &crate::object::Scope) -> Self {
        let rules = services.directory.rules(scope);
        let subject = Arc::new(Subject::new(scope.clone(), None, Rules::default()));
        let mut context = Self::new(services, subject, ProtocolVersion::NEWEST);
        context.grant = Some(authz::operator(scope, &rules));
        context
    }

    /// An object as the operator sees it, or what is left of a destroyed one.
    ///
    /// # Errors
    ///
    /// [`OpError`]; `NotFound`.
    pub fn operators_object(
        &mut self,
        uid: UniqueIdentifier,
    ) -> Result<Arc<ManagedObject>, OpError> {
        self.object_or_remains(Some(uid))
    }

    /// Begins an item: from here on the context acts under the grant for `operation`.
    pub(super) fn begin(&mut self, operation: Operation, action: Action) -> Result<(), OpError> {
        self.now = self.services.clock.now();
        self.grant = None;
        self.grant = Some(authz::authorize(&self.subject, operation, action)?);
        if action.has_effect() {
            self.record.intend()?;
        }
        Ok(())
    }

    /// The grant of the item in hand.
    pub(super) fn grant(&self) -> Result<&Grant, OpError> {
        self.grant.as_ref().ok_or(OpError::NotFound)
    }

    /// The version of the request.
    #[must_use]
    pub const fn version(&self) -> ProtocolVersion {
        self.version
    }

    /// When the item began.
    pub(super) const fn now(&self) -> DateTime {
        self.now
    }

    /// Number of the request, for the log.
    #[must_use]
    pub const fn request_id(&self) -> u64 {
        self.request_id
    }

    /// What the server works with, the store left aside.
    pub(super) const fn services(&self) -> &'a Services {
        self.services
    }

    /// The rules that the item in hand is under.
    pub(super) fn rules(&self) -> Result<&Rules, OpError> {
        Ok(self.grant()?.rules())
    }

    /// Whether the subject may read key values.
    pub(super) fn may_export(&self) -> bool {
        self.grant.as_ref().is_some_and(Grant::may_export)
    }

    /// The token.
    pub(super) fn hsm(&self) -> &'a dyn HsmBackend {
        &*self.services.hsm
    }

    /// What the token can do; an error while it is not there.
    pub(super) fn capabilities(&self) -> Result<Arc<Capabilities>, OpError> {
        match self.services.hsm.state() {
            TokenState::Ready(capabilities) => Ok(capabilities),
            TokenState::Sealed | TokenState::Unavailable => {
                Err(HsmError::new(HsmErrorKind::Unavailable, "token state").into())
            }
        }
    }

    /// Circumstances for a token call of ordinary length.
    pub(super) fn call(&self) -> CallContext {
        self.call_within(self.services.bounds.operation_timeout)
    }

    /// Circumstances for making a key.
    pub(super) fn keygen_call(&self) -> CallContext {
        self.call_within(self.services.bounds.keygen_timeout)
    }

    fn call_within(&self, timeout: Duration) -> CallContext {
        CallContext {
            deadline: Instant::now() + timeout,
            scope: self.subject.scope().as_str().to_owned(),
            request_id: self.request_id,
        }
    }

    /// The identifier meant: the one given, else the batch's ID Placeholder (KMIP 1.4 §4).
    pub(super) fn identifier(
        &self,
        given: Option<UniqueIdentifier>,
    ) -> Result<UniqueIdentifier, OpError> {
        given.or_else(|| self.placeholder.clone()).ok_or(OpError::NotFound)
    }

    /// The ID Placeholder, if it is set.
    pub(crate) const fn placeholder(&self) -> Option<&UniqueIdentifier> {
        self.placeholder.as_ref()
    }

    /// Sets or empties the ID Placeholder.
    pub(super) fn set_placeholder(&mut self, uid: Option<UniqueIdentifier>) {
        self.placeholder = uid;
    }

    /// Loads an object that is neither destroyed nor archived.
    pub(super) fn object(
        &mut self,
        given: Option<UniqueIdentifier>,
    ) -> Result<Arc<ManagedObject>, OpError> {
        let object = self.object_or_remains(given)?;
        match (object.is_destroyed(), object.is_archived()) {
            (true, _) => Err(OpError::NotFound),
            (false, true) => Err(OpError::Archived),
            (false, false) => Ok(object),
        }
    }

    /// Loads an object, archived or not, or what is left of a destroyed one: of a Template, nothing.
    /// Dates that have passed take effect.
    pub(super) fn object_or_remains(
        &mut self,
        given: Option<UniqueIdentifier>,
    ) -> Result<Arc<ManagedObject>, OpError> {
        let uid = self.identifier(given)?;
        let object = self.row(&uid)?;
        let is_gone = object.object_type == ObjectType::Template && object.is_destroyed();
        if is_gone { Err(OpError::NotFound) } else { Ok(object) }
    }

    /// As [`object_or_remains`](Self::object_or_remains), for what the server itself has yet to do
    /// with a destroyed object.
    fn row(&mut self, uid: &UniqueIdentifier) -> Result<Arc<ManagedObject>, OpError> {
        for _ in 0..ATTEMPTS {
            let object = self.load(uid)?;
            let Some(changed) = self.advanced(&object) else { return Ok(object) };
            match self.write(&changed) {
                Ok(()) | Err(OpError::Store(StoreError::Conflict)) => {}
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::Conflict.into())
    }

    /// The row that holds an identifier, in whatever phase.
    pub(super) fn occupant(
        &self,
        uid: &UniqueIdentifier,
    ) -> Result<Option<ManagedObject>, OpError> {
        Ok(self.services.store.occupant(self.grant()?, uid)?)
    }

    fn load(&self, uid: &UniqueIdentifier) -> Result<Arc<ManagedObject>, OpError> {
        let object = self.services.store.load(self.grant()?, uid)?.ok_or(OpError::NotFound)?;
        notes::object(&object);
        Ok(object)
    }

    /// The Template of this name; the newest, where several may have it.
    ///
    /// # Errors
    ///
    /// `NotFound`; `Archived` where there is none but archived ones.
    pub(super) fn template(&self, name: &Name) -> Result<Arc<ManagedObject>, OpError> {
        let wanted = |kind: Kind, value| Criterion::equals(kind.into(), &value);
        let criteria = vec![
            wanted(Kind::Name, Value::of(name)),
            wanted(Kind::ObjectType, Value::of(&ObjectType::Template)),
        ];
        let mut filter = Filter { criteria, online: true, limit: 1, ..Filter::default() };
        let page = self.services.store.locate(self.grant()?, &filter)?;
        if let Some(uid) = page.identifiers.first() {
            return self.load(uid);
        }
        (filter.online, filter.archived) = (false, true);
        let archived = self.services.store.locate(self.grant()?, &filter)?;
        Err(if archived.identifiers.is_empty() { OpError::NotFound } else { OpError::Archived })
    }

    fn unique_names(&self) -> bool {
        self.grant.as_ref().is_none_or(|grant| grant.rules().unique_names)
    }

    fn write(&self, object: &ManagedObject) -> Result<(), OpError> {
        self.services.store.save(self.grant()?, &[object], self.unique_names())?;
        Ok(())
    }

    /// Changes an object that is not archived: `change` is run on a fresh copy, again if another
    /// change came between.
    ///
    /// Returns the changed object and what `change` returned.
    pub(super) fn change<T>(
        &mut self,
        given: Option<UniqueIdentifier>,
        mut change: impl FnMut(&mut ManagedObject, DateTime) -> Result<T, OpError>,
    ) -> Result<(ManagedObject, T), OpError> {
        let uid = self.identifier(given)?;
        self.change_archived(&uid, |object, now| {
            if object.is_archived() { Err(OpError::Archived) } else { change(object, now) }
        })
    }

    /// As [`change`](Self::change), for an object that may be archived.
    pub(super) fn change_archived<T>(
        &mut self,
        uid: &UniqueIdentifier,
        change: impl FnMut(&mut ManagedObject, DateTime) -> Result<T, OpError>,
    ) -> Result<(ManagedObject, T), OpError> {
        let (before, after, outcome) = self.update(uid, change)?;
        self.note_changed(before);
        Ok((after, outcome))
    }

    /// Draws on an object's Usage Limits as many units as `units` says of a fresh copy. Undo gives
    /// back just those, whatever others have drawn meanwhile.
    ///
    /// # Errors
    ///
    /// `UsageExhausted`, with nothing drawn, or what `units` says.
    pub(super) fn draw(
        &mut self,
        uid: &UniqueIdentifier,
        units: impl Fn(&ManagedObject, DateTime) -> Result<i64, OpError>,
    ) -> Result<(), OpError> {
        let (_, _, drawn) = self.update(uid, |object, now| {
            if object.is_archived() {
                return Err(OpError::Archived);
            }
            let units = units(object, now)?;
            let drawn = usage_limits::draw(&mut object.attributes, units);
            if drawn { Ok(units) } else { Err(OpError::UsageExhausted) }
        })?;
        self.undo.push(UndoStep::Drawn(uid.clone(), drawn));
        Ok(())
    }

    /// The object before and after, and what `change` returned.
    fn update<T>(
        &mut self,
        uid: &UniqueIdentifier,
        mut change: impl FnMut(&mut ManagedObject, DateTime) -> Result<T, OpError>,
    ) -> Result<(Arc<ManagedObject>, ManagedObject, T), OpError> {
        for _ in 0..ATTEMPTS {
            let before = self.row(uid)?;
            let mut after = (*before).clone();
            let outcome = change(&mut after, self.now)?;
            after.attributes.set(Kind::LastChangeDate, &self.now);
            match self.write(&after) {
                Ok(()) => {
                    after.version += 1;
                    return Ok((before, after, outcome));
                }
                Err(OpError::Store(StoreError::Conflict)) => {}
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::Conflict.into())
    }

    /// Changes what the server keeps for itself of an object. It is no change that a client asked
    /// for, so it leaves the Last Change Date alone and no Undo takes it back.
    pub(super) fn reserve<T>(
        &mut self,
        uid: &UniqueIdentifier,
        mut change: impl FnMut(&mut AttributeSet) -> Result<T, OpError>,
    ) -> Result<T, OpError> {
        for _ in 0..ATTEMPTS {
            let mut object = Arc::unwrap_or_clone(self.load(uid)?);
            let outcome = change(&mut object.attributes)?;
            match self.write(&object) {
                Ok(()) => return Ok(outcome),
                Err(OpError::Store(StoreError::Conflict)) => {}
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::Conflict.into())
    }

    /// Finds objects. Dates that have passed take effect first.
    pub(super) fn locate(&mut self, filter: &Filter) -> Result<Page, OpError> {
        self.let_time_pass()?;
        Ok(self.services.store.locate(self.grant()?, filter)?)
    }
}
