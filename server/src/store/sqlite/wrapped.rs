//! Which rows are wrapped by which key.

use hsm_backend::KeyId;
use rusqlite::{Connection, params};

use super::{StoreError, row};
use crate::object::ManagedObject;

/// Live rows wrapped by `kek` whose number is above `after`, in the order of their numbers.
pub(super) fn wrapped_by(
    connection: &Connection,
    kek: KeyId,
    after: u64,
    limit: usize,
) -> Result<Vec<(u64, ManagedObject)>, StoreError> {
    let mut query = connection.prepare_cached(row::select_objects!(
        "o.custody = 3 AND o.blob IS NOT NULL AND o.kek_id = ?1 AND o.id > ?2 AND o.phase = 1
         ORDER BY o.id LIMIT ?3"
    ))?;
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut rows = query.query(params![&kek.0[..], number(after), limit])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let id: i64 = row.get("id")?;
        found.push((u64::try_from(id).unwrap_or(0), row::object(row)?));
    }
    Ok(found)
}

/// How many rows each key wraps.
pub(super) fn count(connection: &Connection) -> Result<Vec<(KeyId, u64)>, StoreError> {
    let mut query = connection.prepare_cached(
        "SELECT kek_id, count(*) FROM object
         WHERE custody = 3 AND blob IS NOT NULL AND kek_id IS NOT NULL AND phase = 1
         GROUP BY kek_id",
    )?;
    let mut rows = query.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let kek = row::key_id(row.get(0)?)?;
        let count: i64 = row.get(1)?;
        found.extend(kek.map(|kek| (kek, u64::try_from(count).unwrap_or(0))));
    }
    Ok(found)
}
