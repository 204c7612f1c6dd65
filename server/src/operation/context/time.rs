//! What the dates of objects call for: it is done when somebody looks at them.

use kmip_core::attribute::{AttributeKind as Kind, UniqueIdentifier};

use super::OpContext;
use crate::lifecycle;
use crate::object::ManagedObject;
use crate::operation::OpError;
use crate::store::StoreError;

/// Objects brought up to date in one transaction: each costs a wait for the disk, and many may have
/// the same date.
const PAGE: usize = 256;

impl OpContext<'_> {
    /// What becomes of the object by its dates, where they call for anything by now.
    pub(super) fn advanced(&self, object: &ManagedObject) -> Option<ManagedObject> {
        object.due_at().filter(|due| *due <= self.now)?;
        let mut changed = object.clone();
        // It changed when it was due, not when somebody looked.
        let changed_at = lifecycle::advance(&mut changed, self.now).unwrap_or(self.now);
        changed.attributes.set(Kind::LastChangeDate, &changed_at);
        Some(changed)
    }

    /// Brings every object of the scope up to date whose dates have passed.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn let_time_pass(&mut self) -> Result<(), OpError> {
        loop {
            let due = self.services.store.due(self.grant()?, self.now, PAGE)?;
            if due.is_empty() {
                return Ok(());
            }
            match self.advance(&due) {
                // Somebody is at one of them: the others need not wait for that.
                Err(OpError::Store(StoreError::Conflict)) => self.advance_each(due)?,
                done => done?,
            }
        }
    }

    fn advance(&self, due: &[UniqueIdentifier]) -> Result<(), OpError> {
        let mut changed = Vec::with_capacity(due.len());
        for uid in due {
            match self.load(uid) {
                Ok(object) => changed.extend(self.advanced(&object)),
                Err(OpError::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
        self.replace(&changed.iter().collect::<Vec<_>>())
    }

    fn advance_each(&mut self, due: Vec<UniqueIdentifier>) -> Result<(), OpError> {
        for uid in due {
            match self.row(&uid) {
                Ok(_) | Err(OpError::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
