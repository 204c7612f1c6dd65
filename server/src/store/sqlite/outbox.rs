//! What clients are to be told of, as rows that are written with what they tell of.

use kmip_core::attribute::{AttributeKind as Kind, AttributeName, UniqueIdentifier};
use kmip_core::message::{ChangedAttribute, NotifyRequest};
use kmip_core::ttlv::{Codec, Reader, Writer};
use kmip_core::types::{ProtocolVersion, Tag};
use rusqlite::{Connection, OptionalExtension, params};

use super::{SqliteStore, StoreError, row};
use crate::authz::Housekeeping;
use crate::object::{Instance, ManagedObject, Scope, is_reserved};
use crate::store::outbox::{News, Outbox, OutboxStore, Outgoing};

/// Leaves the newest ?2 of the scope.
const FORGET: &str = "DELETE FROM outbox WHERE scope = ?1 AND id <=
    (SELECT id FROM outbox WHERE scope = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)";
const INSERT: &str = "INSERT INTO outbox (scope, uid, changes) VALUES (?1, ?2, ?3)";
const OLDEST: &str = "SELECT o.id, o.uid, o.changes FROM outbox o
    WHERE o.scope = (SELECT id FROM scope WHERE name = ?1) ORDER BY o.id LIMIT 1";

/// The object as clients saw it before it is written, where they are told of what changes.
pub(super) fn before(
    transaction: &Connection,
    outbox: Option<&Outbox>,
    object: &ManagedObject,
) -> Result<Option<ManagedObject>, StoreError> {
    match outbox {
        Some(_) => row::load(transaction, &object.scope, &object.uid),
        None => Ok(None),
    }
}

/// Notes what the clients of the scope numbered `scope` are to be told of a write.
pub(super) fn note(
    transaction: &Connection,
    outbox: &Outbox,
    scope: i64,
    before: Option<&ManagedObject>,
    after: &ManagedObject,
) -> Result<(), StoreError> {
    if !row::is_visible(&after.phase) {
        return Ok(());
    }
    let changes = match before {
        Some(before) => {
            let Some(changes) = changes(before, after) else { return Ok(()) };
            let mut w = Writer::new(ProtocolVersion::NEWEST);
            changes.encode(Tag::RequestPayload, &mut w);
            Some(w.into_bytes())
        }
        None if outbox.puts => None,
        None => return Ok(()),
    };
    let room = i64::try_from(outbox.max_waiting.saturating_sub(1)).unwrap_or(i64::MAX);
    let forgotten = transaction.prepare_cached(FORGET)?.execute([scope, room])?;
    if forgotten > 0 && outbox.lose() {
        tracing::warn!(scope = after.scope.as_str(), "a client will not be told of all");
    }
    let row = params![scope, after.uid.as_str(), changes];
    transaction.prepare_cached(INSERT)?.execute(row)?;
    Ok(())
}

/// What changed that clients are told of.
fn changes(before: &ManagedObject, after: &ManagedObject) -> Option<NotifyRequest> {
    let (old, new) = (&before.attributes, &after.attributes);
    let set = new.iter().filter(|now| old.at(&now.name, now.index) != Some(&now.value));
    let gone = old.iter().filter(|was| new.at(&was.name, was.index).is_none());
    let set = set.map(|now| changed(now, true));
    let mut attributes: Vec<_> = set.chain(gone.map(|was| changed(was, false))).collect();
    attributes.retain(|attribute| is_told(&attribute.name));
    let date = AttributeName::from(Kind::LastChangeDate);
    if attributes.iter().all(|attribute| attribute.name == date) {
        return None;
    }
    if attributes.iter().all(|attribute| attribute.name != date) {
        attributes.extend(new.all(Kind::LastChangeDate).map(|now| changed(now, true)));
    }
    Some(NotifyRequest { unique_identifier: after.uid.clone(), attributes })
}

fn changed(instance: &Instance, is_there: bool) -> ChangedAttribute {
    let attribute = instance.to_attribute();
    let value = is_there.then_some(attribute.value);
    ChangedAttribute { name: attribute.name, index: attribute.index, value }
}

/// Neither what the server keeps for itself nor what every use of an object changes.
fn is_told(name: &AttributeName) -> bool {
    !is_reserved(name) && name.kind() != Some(Kind::UsageLimits)
}

impl OutboxStore for SqliteStore {
    fn outgoing(&self, _: Housekeeping, scope: &Scope) -> Result<Option<Outgoing>, StoreError> {
        let found = self.read(|connection| {
            let columns = |row: &rusqlite::Row<'_>| {
                let uid = UniqueIdentifier::new(row.get::<_, String>(1)?);
                Ok((row.get(0)?, uid, row.get::<_, Option<Vec<u8>>>(2)?))
            };
            let mut query = connection.prepare_cached(OLDEST)?;
            let found = query.query_row([scope.as_str()], columns).optional()?;
            let read = |(number, uid, changes): (_, _, Option<Vec<u8>>)| {
                let news = changes.map_or(Ok(News::Born), |changes| notify(&changes))?;
                Ok(Outgoing { number, uid, news })
            };
            found.map(read).transpose()
        })?;
        if let (None, Some(outbox)) = (&found, self.outboxes.get(scope)) {
            outbox.catch_up();
        }
        Ok(found)
    }

    fn delivered(&self, _: Housekeeping, number: i64) -> Result<(), StoreError> {
        self.transact(|transaction| {
            transaction.prepare_cached("DELETE FROM outbox WHERE id = ?1")?.execute([number])?;
            Ok(())
        })
    }
}

fn notify(changes: &[u8]) -> Result<News, StoreError> {
    let mut r = Reader::new(changes, ProtocolVersion::NEWEST);
    NotifyRequest::decode(Tag::RequestPayload, &mut r)
        .map(News::Changed)
        .map_err(|error| StoreError::Corrupt(format!("what a client is to be told: {error}")))
}
