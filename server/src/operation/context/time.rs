//! What the dates of objects call for: it takes effect when somebody asks for them.

use std::sync::Arc;

use kmip_core::attribute::{AttributeKind as Kind, UniqueIdentifier};
use kmip_core::ttlv::DateTime;

use super::{ATTEMPTS, OpContext};
use crate::lifecycle;
use crate::object::ManagedObject;
use crate::operation::OpError;
use crate::store::{Filter, Page, StoreError};

/// Objects that are brought up to date in one write.
const AT_ONCE: usize = 256;
/// The attributes that time changes.
const MOVED: [Kind; 2] = [Kind::State, Kind::LastChangeDate];

/// The object as its dates have made it by `now`; `None` if they have changed nothing.
pub(super) fn advanced(object: &Arc<ManagedObject>, now: DateTime) -> Option<ManagedObject> {
    object.due_at().filter(|due| *due <= now)?;
    let mut changed = (**object).clone();
    // It changed when it was due, not when somebody looked.
    let changed_at = lifecycle::advance(&mut changed, now).unwrap_or(now);
    changed.attributes.set(Kind::LastChangeDate, &changed_at);
    Some(changed)
}

impl OpContext<'_> {
    /// Finds objects. Dates that have passed take effect first, where that makes a difference.
    pub(in crate::operation) fn locate(&mut self, filter: &Filter) -> Result<Page, OpError> {
        let is_moved = |name: &str| MOVED.iter().any(|kind| kind.name() == name);
        if filter.criteria.iter().any(|criterion| is_moved(criterion.name().as_str())) {
            self.let_time_pass()?;
        }
        Ok(self.services.store.locate(self.grant()?, filter)?)
    }

    /// Brings every object of the scope up to date whose dates have passed.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn let_time_pass(&mut self) -> Result<(), OpError> {
        let mut in_vain = 0;
        while in_vain < ATTEMPTS {
            let due = self.services.store.due(self.grant()?, self.now, AT_ONCE)?;
            if due.is_empty() {
                return Ok(());
            }
            let mut changed = Vec::with_capacity(due.len());
            for uid in &due {
                let object = self.services.store.load(self.grant()?, uid)?;
                changed.extend(object.and_then(|object| advanced(&object, self.now)));
            }
            // Another may have been quicker.
            in_vain = if changed.is_empty() { in_vain + 1 } else { 0 };
            let rows: Vec<_> = changed.iter().collect();
            match self.services.store.save(self.grant()?, &rows, self.unique_names()) {
                Ok(()) => {}
                // Somebody else is at one of them: each for itself.
                Err(StoreError::Conflict) => self.pass_one_by_one(due)?,
                Err(error) => return Err(error.into()),
            }
        }
        Err(StoreError::Conflict.into())
    }

    fn pass_one_by_one(&mut self, due: Vec<UniqueIdentifier>) -> Result<(), OpError> {
        for uid in due {
            match self.row(&uid) {
                Ok(_) | Err(OpError::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
