//! What an item did, noted step by step, and how each step is taken back.

use std::sync::Arc;

use kmip_core::attribute::UniqueIdentifier;

use super::OpContext;
use crate::object::ManagedObject;
use crate::operation::{OpError, destroy};
use crate::{invocations, usage_limits};

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
        self.update(&before.uid, |object, _| {
            let mut restored = before.attributes.clone();
            invocations::keep(&object.attributes, &mut restored);
            usage_limits::keep(&object.attributes, &mut restored);
            object.attributes = restored;
            Ok(())
        })?;
        Ok(())
    }
}
