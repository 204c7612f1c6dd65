//! What the items of a batch leave in the audit log: first of all, which rows they are about to store.

use super::OpContext;
use crate::audit::{Facts, ItemRecord, notes};
use crate::object::ManagedObject;
use crate::operation::OpError;

impl<'a> OpContext<'a> {
    /// Tells what all records of the batch have in common.
    pub(crate) fn record_as(&mut self, common: Facts) {
        self.record = ItemRecord::new(&self.services.audit, common);
    }

    /// The records of the batch.
    pub(crate) const fn record(&mut self) -> &mut ItemRecord<'a> {
        &mut self.record
    }

    /// Stores new objects, all or none.
    pub(in crate::operation) fn insert(
        &mut self,
        objects: &[&ManagedObject],
    ) -> Result<(), OpError> {
        self.record_making(objects)?;
        self.services.store.insert(self.grant()?, objects, self.unique_names())?;
        Ok(())
    }

    /// Replaces rows whose version the caller holds, all or none.
    pub(in crate::operation) fn replace(&self, objects: &[&ManagedObject]) -> Result<(), OpError> {
        self.services.store.save(self.grant()?, objects, self.unique_names())?;
        Ok(())
    }

    /// Stores rows, new ones and ones whose version the caller holds, all or none.
    pub(in crate::operation) fn store(
        &mut self,
        objects: &[&ManagedObject],
    ) -> Result<(), OpError> {
        let (new, held): (Vec<_>, Vec<_>) = objects.iter().partition(|object| object.version == 0);
        self.record_making(&new)?;
        let (grant, unique) = (self.grant()?, self.unique_names());
        self.services.store.insert_and_save(grant, &new, &held, unique)?;
        Ok(())
    }

    /// Records the identifiers of new objects before they are stored.
    fn record_making(&self, objects: &[&ManagedObject]) -> Result<(), OpError> {
        if objects.is_empty() {
            return Ok(());
        }
        objects.iter().for_each(|object| notes::object(object));
        Ok(self.record.making(objects.iter().map(|object| object.uid.as_str()))?)
    }
}
