//! The records of a message's items: an intent where an item has an effect, then its outcome.

use std::sync::Arc;

use super::record::{Actor, Facts, Kind, Outcome};
use super::spool::Spool;
use super::{Audit, Refused, notes};
use crate::identity::Principal;

/// Who has sent a message, as its records tell it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// Who.
    pub actor: Actor,
    /// From where: address and port.
    pub peer: Option<String>,
}

impl Caller {
    /// The client of this certificate and connection.
    #[must_use]
    pub fn client(principal: &Principal) -> Self {
        let (issuer, serial) = (principal.issuer.clone(), hex::encode(&principal.serial));
        Self { actor: Actor::Client { issuer, serial }, peer: Some(principal.peer.to_string()) }
    }
}

/// The number of a record that no sink ever takes: what was not recorded is not answered.
const NEVER: u64 = u64::MAX;

/// The records of one message.
pub struct ItemRecord<'a> {
    audit: &'a Audit,
    /// What all its items have in common.
    common: Facts,
    item: Facts,
    number: u32,
    /// Whether an item is in hand.
    begun: bool,
    intent: Option<u64>,
    /// The last record that is not known to be taken.
    open: Option<u64>,
}

impl<'a> ItemRecord<'a> {
    /// The records of a message that `common` tells of.
    #[must_use]
    pub fn new(audit: &'a Audit, common: Facts) -> Self {
        let item = Facts::default();
        Self { audit, common, item, number: 0, begun: false, intent: None, open: None }
    }

    /// Whether anything is recorded.
    #[must_use]
    pub const fn is_on(&self) -> bool {
        self.audit.is_on()
    }

    /// Where the item in hand is recorded.
    fn spool(&self) -> Option<&'a Arc<Spool>> {
        self.audit.spool().filter(|_| self.begun)
    }

    /// Begins an item: `operation` as the client calls it, and the object that it names.
    pub fn begin(&mut self, operation: Option<String>, object: Option<&str>) {
        if !self.audit.is_on() {
            return;
        }
        self.number = self.number.saturating_add(1);
        (self.intent, self.begun) = (None, true);
        self.item = Facts {
            operation,
            item: Some(self.number),
            objects: object.map(notes::identifier).into_iter().collect(),
            ..self.common.clone()
        };
        notes::begin();
    }

    /// Begins what is done to all items of the batch at once.
    pub fn begin_again(&mut self) {
        (self.intent, self.begun) = (None, true);
        self.item = self.common.clone();
        notes::begin();
    }

    /// Records that the item is about to have an effect, and returns once that is taken.
    ///
    /// # Errors
    ///
    /// [`Refused`]: it must not have one.
    pub fn intend(&mut self) -> Result<(), Refused> {
        let Some(spool) = self.spool() else { return Ok(()) };
        if self.open == Some(NEVER) {
            // The message will not be answered, so nothing more of it is done.
            return Err(Refused);
        }
        let sequence = spool.append(Kind::Intent, &self.item.encoded())?;
        self.intent = Some(sequence);
        self.open = None;
        spool.settle(sequence)
    }

    /// Records which objects the item is about to store, and returns once that is taken.
    ///
    /// # Errors
    ///
    /// [`Refused`]: they must not be stored.
    pub fn making<'b>(&self, objects: impl Iterator<Item = &'b str>) -> Result<(), Refused> {
        let Some(spool) = self.spool() else { return Ok(()) };
        let facts = Facts {
            intent: self.intent,
            objects: objects.map(notes::identifier).collect(),
            ..self.item.clone()
        };
        let sequence = spool.append(Kind::Making, &facts.encoded())?;
        spool.settle(sequence)
    }

    /// Ends the item. Its outcome is taken at the latest with the next intent, or with the message.
    pub fn end(&mut self, outcome: Outcome, reason: Option<String>) {
        let Some(spool) = self.spool() else { return };
        self.begun = false;
        let mut facts = Facts {
            intent: self.intent.take(),
            result: Some(outcome),
            reason,
            ..std::mem::take(&mut self.item)
        };
        notes::end(&mut facts);
        let facts_text = facts.encoded();
        let sequence = match facts.intent {
            Some(_) => spool.append_always(Kind::Outcome, &facts_text),
            None => spool.append(Kind::Outcome, &facts_text).unwrap_or(NEVER),
        };
        // What is not recorded stays so, whatever of the message is recorded after it.
        self.open = self.open.max(Some(sequence));
    }

    /// Returns once every record of the message is taken.
    ///
    /// # Errors
    ///
    /// [`Refused`]: the message must not be answered.
    pub fn settle(&mut self) -> Result<(), Refused> {
        match (self.open.take(), self.audit.spool()) {
            (Some(NEVER), Some(_)) => Err(Refused),
            (Some(sequence), Some(spool)) => spool.settle(sequence),
            (Some(_) | None, Some(_) | None) => Ok(()),
        }
    }
}
