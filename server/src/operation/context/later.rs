//! What an item has to do with operations that go on after their request was answered.

use super::OpContext;
use crate::object::ManagedObject;
use crate::operation::OpError;
use crate::operation::poll::Polled;
use crate::store::AsynchronousCorrelationValue;

/// The asynchronous side of a batch.
#[derive(Debug, Default)]
pub(super) struct Later {
    /// The operation that this context carries out after its request was answered.
    own: Option<AsynchronousCorrelationValue>,
    /// What a Poll found.
    polled: Option<Polled>,
}

impl OpContext<'_> {
    /// Makes this the context of the operation called `value`, whose request was answered already.
    pub(crate) fn carry_out_later(&mut self, value: AsynchronousCorrelationValue) {
        self.later.own = Some(value);
    }

    /// Notes which objects are about to become live: after a crash, the operation that made them is
    /// answered by what it made.
    pub(in crate::operation) fn announce(&self, objects: &[ManagedObject]) -> Result<(), OpError> {
        let Some(value) = self.later.own else { return Ok(()) };
        let made = objects.iter().map(|object| &object.uid).collect::<Vec<_>>();
        Ok(self.services.store.note_made(self.grant()?, value, &made)?)
    }

    /// Answers the item with what a Poll found, under the name of the operation polled.
    pub(in crate::operation) fn answer_with(&mut self, polled: Polled) {
        self.later.polled = Some(polled);
    }

    /// What the item found, if it was a Poll that found something.
    pub(crate) fn take_polled(&mut self) -> Option<Polled> {
        self.later.polled.take()
    }
}
