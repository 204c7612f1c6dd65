//! What an item did, noted step by step, and how each step is taken back.

use std::sync::Arc;

use kmip_core::attribute::{AttributeKind as Kind, UniqueIdentifier};

use super::OpContext;
use crate::object::{ManagedObject, Phase};
use crate::operation::{OpError, destroy};
use crate::{invocations, pad, usage_limits};

/// What is not put back: a token does not loosen its hold on a key, and a row says what is so.
const LOCKS: [Kind; 2] = [Kind::Sensitive, Kind::Extractable];

/// What must be done to undo an item.
#[derive(Debug)]
pub enum UndoStep {
    /// The object was made: destroy it.
    Created(UniqueIdentifier),
    /// The object was changed: put this back.
    Changed(Box<ManagedObject>),
    /// So many units of the object's Usage Limits were drawn: give them back.
    Drawn(UniqueIdentifier, i64),
}

impl OpContext<'_> {
    /// Notes how an object was before it changed, for Undo.
    pub(in crate::operation) fn note_changed(&mut self, before: Arc<ManagedObject>) {
        self.undo.push(UndoStep::Changed(Box::new(Arc::unwrap_or_clone(before))));
    }

    /// Notes that an object was made, for Undo.
    pub(in crate::operation) fn note_created(&mut self, uid: &UniqueIdentifier) {
        self.undo.push(UndoStep::Created(uid.clone()));
    }

    /// From here on what a Destroy takes away stays until [`end_postponed`](Self::end_postponed), so
    /// that the item can be undone.
    pub(crate) const fn postpone_endings(&mut self) {
        self.postpones_endings = true;
    }

    /// Whether a Destroy leaves what is secret where it is, for now.
    pub(in crate::operation) const fn postpones_endings(&self) -> bool {
        self.postpones_endings
    }

    /// Notes an object whose secret is still there.
    pub(in crate::operation) fn postpone_ending(&mut self, uid: &UniqueIdentifier) {
        self.endings.push(uid.clone());
    }

    /// Destroys what is left of the objects that the batch destroyed, and tells of those that the
    /// token keeps: they are beyond use already, and the reconciler will end them.
    pub(crate) fn end_postponed(&mut self) -> Vec<(UniqueIdentifier, OpError)> {
        let mut kept = Vec::new();
        for uid in std::mem::take(&mut self.endings) {
            let row = self.row(&uid).map(Arc::unwrap_or_clone);
            if let Err(error) = row.and_then(|row| destroy::finish(self, row)) {
                kept.push((uid, error));
            }
        }
        kept
    }

    /// The steps that undo what was done since `mark` steps ago, last first.
    pub(crate) fn take_undo_since(&mut self, mark: usize) -> Vec<UndoStep> {
        let mut steps = self.undo.split_off(mark.min(self.undo.len()));
        steps.reverse();
        steps
    }

    /// How many steps there are to undo so far.
    pub(crate) fn undo_mark(&self) -> usize {
        self.undo.len()
    }

    /// Carries out one step of an Undo, which itself is never undone.
    ///
    /// # Errors
    ///
    /// [`OpError`]; the step is then left undone, and the caller says so.
    pub(crate) fn undo(&mut self, step: UndoStep) -> Result<(), OpError> {
        let mark = self.undo.len();
        let outcome = match step {
            UndoStep::Created(uid) => destroy::erase(self, &uid),
            UndoStep::Changed(before) => self.put_back(&before),
            UndoStep::Drawn(uid, units) => self
                .update(&uid, |object, _| {
                    usage_limits::give_back(&mut object.attributes, units);
                    Ok(())
                })
                .map(drop),
        };
        self.undo.truncate(mark);
        outcome
    }

    fn put_back(&mut self, before: &ManagedObject) -> Result<(), OpError> {
        self.endings.retain(|uid| *uid != before.uid);
        let own = &self.services.instance;
        let (_, after, ()) = self.update(&before.uid, |object, _| {
            if matches!(&object.phase, Phase::Destroying(lease) if lease.owner != *own) {
                return Err(OpError::GeneralFailure("the object is being destroyed"));
            }
            if before.has_value() && !object.has_value() {
                return Err(OpError::GeneralFailure("what was secret of the object is gone"));
            }
            object.phase = before.phase.clone();
            let mut restored = before.attributes.clone();
            invocations::keep(&object.attributes, &mut restored);
            pad::keep(&object.attributes, &mut restored);
            usage_limits::keep(&object.attributes, &mut restored);
            for kind in LOCKS {
                if let Some(now) = object.attributes.boolean(kind) {
                    restored.set(kind, &now);
                }
            }
            object.attributes = restored;
            Ok(())
        })?;
        let is_looser =
            |kind: &Kind| before.attributes.boolean(*kind) != after.attributes.boolean(*kind);
        if LOCKS.iter().any(is_looser) {
            return Err(OpError::GeneralFailure("what was locked away stays so"));
        }
        Ok(())
    }
}
