//! Objects as rows.

use hsm_backend::KeyId;
use kmip_core::attribute::UniqueIdentifier;
use kmip_core::ttlv::DateTime;
use kmip_core::types::ObjectType;
use rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE;
use rusqlite::{Connection, OptionalExtension, Row, ToSql, params};

use super::{StoreError, attributes};
use crate::object::{Custody, Lease, ManagedObject, Phase, Scope, SealedForm};

/// Version of a row just inserted.
pub(super) const FIRST_VERSION: u64 = 1;

const PENDING: i64 = 0;
const LIVE: i64 = 1;
const DESTROYING: i64 = 2;
const FAILED: i64 = 3;

macro_rules! select_objects {
    ($condition:literal) => {
        concat!(
            "SELECT o.id, s.name AS scope, o.uid, o.version, o.phase, o.lease_owner, o.lease_until,
                    o.object_type, o.custody, o.key_id, o.kek_id, o.kcv, o.true_bits,
                    o.attributes, o.blob, o.form_kek_id, o.form, o.leftover
             FROM object o JOIN scope s ON s.id = o.scope WHERE ",
            $condition
        )
    };
}

pub(super) use select_objects;

const INSERT: &str = "INSERT INTO object
    (scope, uid, version, change_seq, phase, lease_owner, lease_until, object_type, state,
     destroyed, archived, custody, key_id, kek_id, kcv, true_bits, due_at, attributes, blob,
     form_kek_id, form, leftover)
    VALUES (:scope, :uid, :version, :seq, :phase, :lease_owner, :lease_until, :object_type, :state,
     :destroyed, :archived, :custody, :key_id, :kek_id, :kcv, :true_bits, :due_at, :attributes,
     :blob, :form_kek_id, :form, :leftover)";

const UPDATE: &str = "UPDATE object SET version = :version + 1, change_seq = :seq, phase = :phase,
     lease_owner = :lease_owner, lease_until = :lease_until, object_type = :object_type,
     state = :state, destroyed = :destroyed, archived = :archived, custody = :custody,
     key_id = :key_id, kek_id = :kek_id, kcv = :kcv, true_bits = :true_bits, due_at = :due_at,
     attributes = :attributes, blob = :blob, form_kek_id = :form_kek_id, form = :form,
     leftover = :leftover
    WHERE scope = :scope AND uid = :uid AND version = :version RETURNING id";

/// Whether an object of this phase may be seen outside the store.
pub(super) const fn is_visible(phase: &Phase) -> bool {
    matches!(phase, Phase::Live | Phase::Destroying(_))
}

/// Whether the key is gone or going.
pub(super) fn is_destroyed(object: &ManagedObject) -> bool {
    object.is_destroyed() || matches!(object.phase, Phase::Destroying(_))
}

/// Adds a row to the scope numbered `scope`, and returns its number.
pub(super) fn insert(
    transaction: &Connection,
    scope: i64,
    object: &ManagedObject,
) -> Result<i64, StoreError> {
    let columns = Columns::of(transaction, scope, FIRST_VERSION, object)?;
    let mut insert = transaction.prepare_cached(INSERT)?;
    insert.insert(&columns.params()[..]).map_err(|error| match error {
        // No other UNIQUE stands on the table.
        rusqlite::Error::SqliteFailure(failure, _)
            if failure.extended_code == SQLITE_CONSTRAINT_UNIQUE =>
        {
            StoreError::IdentifierTaken
        }
        other => other.into(),
    })
}

/// Replaces the row that still has the object's version, and returns its number.
pub(super) fn update(
    transaction: &Connection,
    scope: i64,
    object: &ManagedObject,
) -> Result<i64, StoreError> {
    let columns = Columns::of(transaction, scope, object.version, object)?;
    let mut update = transaction.prepare_cached(UPDATE)?;
    let id = update.query_row(&columns.params()[..], |row| row.get(0)).optional()?;
    id.ok_or(StoreError::Conflict)
}

/// The object `uid` of `scope`, unless it is pending or failed.
pub(super) fn load(
    connection: &Connection,
    scope: &Scope,
    uid: &UniqueIdentifier,
) -> Result<Option<ManagedObject>, StoreError> {
    let mut query = connection.prepare_cached(select_objects!(
        "o.scope = (SELECT id FROM scope WHERE name = ?1) AND o.uid = ?2 AND o.phase IN (1, 2)"
    ))?;
    let mut rows = query.query([scope.as_str(), uid.as_str()])?;
    rows.next()?.map(object).transpose()
}

/// The row called `uid` in `scope`, in whatever phase.
pub(super) fn occupant(
    connection: &Connection,
    scope: &Scope,
    uid: &UniqueIdentifier,
) -> Result<Option<ManagedObject>, StoreError> {
    let mut query = connection.prepare_cached(select_objects!(
        "o.scope = (SELECT id FROM scope WHERE name = ?1) AND o.uid = ?2"
    ))?;
    let mut rows = query.query([scope.as_str(), uid.as_str()])?;
    rows.next()?.map(object).transpose()
}

/// Rows in the middle of something, that `owner` does not hold or whose lease is over.
pub(super) fn unsettled(
    connection: &Connection,
    owner: &str,
    now: DateTime,
) -> Result<Vec<ManagedObject>, StoreError> {
    let mut query = connection.prepare_cached(select_objects!(
        "o.phase IN (0, 2) AND (o.lease_owner <> ?1 OR o.lease_until <= ?2) ORDER BY o.id"
    ))?;
    let mut rows = query.query(params![owner, now.0])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(object(row)?);
    }
    Ok(found)
}

/// Rows that name a token object to be destroyed.
pub(super) fn leftovers(
    connection: &Connection,
    limit: usize,
) -> Result<Vec<ManagedObject>, StoreError> {
    let mut query = connection
        .prepare_cached(select_objects!("o.leftover IS NOT NULL ORDER BY o.id LIMIT ?1"))?;
    let mut rows = query.query([i64::try_from(limit).unwrap_or(i64::MAX)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(object(row)?);
    }
    Ok(found)
}

/// Live objects of `scope` whose state is to change by `now`, the most overdue first.
pub(super) fn due(
    connection: &Connection,
    scope: &Scope,
    now: DateTime,
    limit: usize,
) -> Result<Vec<UniqueIdentifier>, StoreError> {
    let mut query = connection.prepare_cached(
        "SELECT uid FROM object
         WHERE scope = (SELECT id FROM scope WHERE name = ?1) AND due_at <= ?2
           AND phase = 1 AND destroyed = 0
         ORDER BY due_at LIMIT ?3",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = query.query_map(params![scope.as_str(), now.0, limit], |row| row.get(0))?;
    rows.map(|uid: Result<String, _>| Ok(UniqueIdentifier::new(uid?))).collect()
}

/// Live objects per scope.
pub(super) fn count(connection: &Connection) -> Result<Vec<(Scope, u64)>, StoreError> {
    let mut query = connection.prepare_cached(
        "SELECT s.name, n.objects
         FROM (SELECT scope, count(*) AS objects FROM object
               WHERE phase = 1 AND destroyed = 0 GROUP BY scope) n
         JOIN scope s ON s.id = n.scope ORDER BY s.name",
    )?;
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.map(|row| {
        let (scope, objects): (String, i64) = row?;
        Ok((Scope::new(scope), u64::try_from(objects).unwrap_or(0)))
    })
    .collect()
}

/// What an object's columns hold, where that is not simply a field of it.
struct Columns<'o> {
    object: &'o ManagedObject,
    scope: i64,
    uid: &'o str,
    version: i64,
    seq: i64,
    phase: i64,
    lease_owner: Option<&'o str>,
    lease_until: Option<i64>,
    state: Option<u32>,
    destroyed: bool,
    archived: bool,
    custody: i64,
    key_id: Option<&'o [u8]>,
    kek_id: Option<&'o [u8]>,
    due_at: Option<i64>,
    attributes: Vec<u8>,
    form_kek_id: Option<&'o [u8]>,
    form: Option<&'o [u8]>,
    leftover: Option<&'o [u8]>,
}

impl<'o> Columns<'o> {
    fn of(
        transaction: &Connection,
        scope: i64,
        version: u64,
        object: &'o ManagedObject,
    ) -> Result<Self, StoreError> {
        let (phase, lease) = match &object.phase {
            Phase::Pending(lease) => (PENDING, Some(lease)),
            Phase::Live => (LIVE, None),
            Phase::Destroying(lease) => (DESTROYING, Some(lease)),
            Phase::Failed => (FAILED, None),
        };
        Ok(Self {
            object,
            scope,
            uid: object.uid.as_str(),
            // No row ever had a version beyond this: an update with it finds none.
            version: i64::try_from(version).unwrap_or(-1),
            seq: next_change(transaction)?,
            phase,
            lease_owner: lease.map(|lease| lease.owner.as_str()),
            lease_until: lease.map(|lease| lease.until.0),
            state: object.state().map(|state| state.0),
            destroyed: is_destroyed(object),
            archived: object.is_archived(),
            custody: custody_number(object.custody),
            key_id: object.key_id.as_ref().map(|id| &id.0[..]),
            kek_id: object.kek_id.as_ref().map(|id| &id.0[..]),
            due_at: object.due_at().map(|date| date.0),
            attributes: attributes::encode(&object.attributes),
            form_kek_id: object.form.as_ref().map(|form| &form.key.0[..]),
            form: object.form.as_ref().map(|form| &form.bytes[..]),
            leftover: object.leftover.as_ref().map(|id| &id.0[..]),
        })
    }

    fn params(&self) -> [(&'static str, &dyn ToSql); 22] {
        [
            (":scope", &self.scope),
            (":uid", &self.uid),
            (":version", &self.version),
            (":seq", &self.seq),
            (":phase", &self.phase),
            (":lease_owner", &self.lease_owner),
            (":lease_until", &self.lease_until),
            (":object_type", &self.object.object_type.0),
            (":state", &self.state),
            (":destroyed", &self.destroyed),
            (":archived", &self.archived),
            (":custody", &self.custody),
            (":key_id", &self.key_id),
            (":kek_id", &self.kek_id),
            (":kcv", &self.object.kcv),
            (":true_bits", &self.object.true_bits),
            (":due_at", &self.due_at),
            (":attributes", &self.attributes),
            (":blob", &self.object.blob),
            (":form_kek_id", &self.form_kek_id),
            (":form", &self.form),
            (":leftover", &self.leftover),
        ]
    }
}

fn next_change(transaction: &Connection) -> Result<i64, StoreError> {
    let mut bump =
        transaction.prepare_cached("UPDATE change SET seq = seq + 1 WHERE id = 0 RETURNING seq")?;
    Ok(bump.query_row([], |row| row.get(0))?)
}

/// Reads a row of `select_objects!`.
pub(super) fn object(row: &Row<'_>) -> Result<ManagedObject, StoreError> {
    let encoded = row.get_ref("attributes")?.as_blob().map_err(corrupt)?;
    let mut object = ManagedObject {
        scope: Scope::new(row.get::<_, String>("scope")?),
        uid: UniqueIdentifier::new(row.get::<_, String>("uid")?),
        version: u64::try_from(row.get::<_, i64>("version")?).map_err(corrupt)?,
        phase: phase(row)?,
        object_type: ObjectType(row.get("object_type")?),
        attributes: attributes::decode(encoded)?,
        custody: custody(row.get("custody")?)?,
        key_id: key_id(row.get("key_id")?)?,
        kek_id: key_id(row.get("kek_id")?)?,
        blob: row.get("blob")?,
        kcv: row.get("kcv")?,
        true_bits: row.get("true_bits")?,
        form: form(row)?,
        leftover: key_id(row.get("leftover")?)?,
    };
    // Rows of the first schema do not say it yet.
    object.set_custody(object.custody);
    Ok(object)
}

fn form(row: &Row<'_>) -> Result<Option<SealedForm>, StoreError> {
    let (key, bytes) = (key_id(row.get("form_kek_id")?)?, row.get("form")?);
    Ok(key.zip(bytes).map(|(key, bytes)| SealedForm { key, bytes }))
}

fn phase(row: &Row<'_>) -> Result<Phase, StoreError> {
    let lease = || -> Result<Lease, StoreError> {
        Ok(Lease { owner: row.get("lease_owner")?, until: DateTime(row.get("lease_until")?) })
    };
    match row.get("phase")? {
        PENDING => Ok(Phase::Pending(lease()?)),
        LIVE => Ok(Phase::Live),
        DESTROYING => Ok(Phase::Destroying(lease()?)),
        FAILED => Ok(Phase::Failed),
        other => Err(corrupt(format!("phase {other}"))),
    }
}

const fn custody_number(custody: Custody) -> i64 {
    match custody {
        Custody::Public => 0,
        Custody::Token => 1,
        Custody::Sealed => 2,
        Custody::Wrapped => 3,
        Custody::Assisted => 4,
    }
}

fn custody(number: i64) -> Result<Custody, StoreError> {
    match number {
        0 => Ok(Custody::Public),
        1 => Ok(Custody::Token),
        2 => Ok(Custody::Sealed),
        3 => Ok(Custody::Wrapped),
        4 => Ok(Custody::Assisted),
        other => Err(corrupt(format!("custody {other}"))),
    }
}

pub(super) fn key_id(bytes: Option<Vec<u8>>) -> Result<Option<KeyId>, StoreError> {
    let read = |bytes: Vec<u8>| <[u8; 16]>::try_from(bytes).map(KeyId);
    bytes.map(read).transpose().map_err(|_| corrupt("key id of the wrong length"))
}

fn corrupt(what: impl ToString) -> StoreError {
    StoreError::Corrupt(what.to_string())
}
