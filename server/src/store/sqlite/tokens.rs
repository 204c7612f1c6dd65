//! Tokens of the administration interface, as rows.

use kmip_core::ttlv::DateTime;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{SqliteStore, StoreError};
use crate::authz::Housekeeping;
use crate::store::tokens::{Revocation, StoredToken, TokenStore};

/// The setting that says that there was a first token.
const INITIALISED: &str = "admin_initialised";

const TOKENS: &str = "SELECT hash, accessor, parent, policies, display_name, origin, made_at, ttl,
    expires_at, ends_at, renewable FROM admin_token";
const ADD: &str = "INSERT INTO admin_token (hash, accessor, parent, policies, display_name, origin,
    made_at, ttl, expires_at, ends_at, renewable)
    SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11
    WHERE ?3 IS NULL OR EXISTS (SELECT 1 FROM admin_token
        WHERE accessor = ?3 AND (expires_at IS NULL OR expires_at >= ?10))";
const RENEW: &str = "UPDATE admin_token SET expires_at = min(?2, coalesce(ends_at, ?2))
    WHERE accessor = ?1 RETURNING expires_at";
/// Those whose maker ends sooner from now on than they would.
const SHORTEN_CHILDREN: &str = "WITH RECURSIVE family (accessor) AS (
        SELECT accessor FROM admin_token WHERE parent = ?1
        UNION SELECT t.accessor FROM admin_token t JOIN family f ON t.parent = f.accessor)
    UPDATE admin_token SET expires_at = min(?2, coalesce(expires_at, ?2)),
        ends_at = min(?2, coalesce(ends_at, ?2))
    WHERE accessor IN family";
/// UNION ends a circle, too, should there ever be one.
const REVOKE_FAMILY: &str = "WITH RECURSIVE family (accessor) AS (
        SELECT accessor FROM admin_token WHERE accessor = ?1
        UNION SELECT t.accessor FROM admin_token t JOIN family f ON t.parent = f.accessor)
    DELETE FROM admin_token WHERE accessor IN family";
const REVOKE_BEARERS: &str = "WITH RECURSIVE family (accessor) AS (
        SELECT accessor FROM admin_token
            WHERE instr(',' || policies || ',', ',' || ?1 || ',') > 0
        UNION SELECT t.accessor FROM admin_token t JOIN family f ON t.parent = f.accessor)
    DELETE FROM admin_token WHERE accessor IN family";
const NOTE: &str = "INSERT INTO setting (name, value) VALUES (?1, ?2) ON CONFLICT DO NOTHING";

impl TokenStore for SqliteStore {
    fn token_by_hash(
        &self,
        _: Housekeeping,
        hash: &[u8; 32],
    ) -> Result<Option<StoredToken>, StoreError> {
        self.read(|connection| {
            let mut query = connection.prepare_cached(&format!("{TOKENS} WHERE hash = ?1"))?;
            Ok(query.query_row([hash], token).optional()?)
        })
    }

    fn token_by_accessor(
        &self,
        _: Housekeeping,
        accessor: &str,
    ) -> Result<Option<StoredToken>, StoreError> {
        self.read(|connection| {
            let mut query = connection.prepare_cached(&format!("{TOKENS} WHERE accessor = ?1"))?;
            Ok(query.query_row([accessor], token).optional()?)
        })
    }

    fn accessors(&self, _: Housekeeping, now: DateTime) -> Result<Vec<String>, StoreError> {
        self.read(|connection| {
            let mut query = connection.prepare_cached(
                "SELECT accessor FROM admin_token
                 WHERE expires_at IS NULL OR expires_at > ?1 ORDER BY made_at, accessor",
            )?;
            let rows = query.query_map([now.0], |row| row.get(0))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    fn add_token(&self, _: Housekeeping, token: &StoredToken) -> Result<bool, StoreError> {
        let mut added = false;
        self.transact(|rows| {
            added = add(rows, token)?;
            Ok(())
        })?;
        Ok(added)
    }

    fn renew_token(
        &self,
        _: Housekeeping,
        accessor: &str,
        expires_at: DateTime,
    ) -> Result<Option<DateTime>, StoreError> {
        let mut end = None;
        self.transact(|rows| {
            let new = params![accessor, expires_at.0];
            end = rows.prepare_cached(RENEW)?.query_row(new, |row| row.get(0)).optional()?;
            if let Some(end) = end {
                rows.execute(SHORTEN_CHILDREN, params![accessor, end])?;
            }
            Ok(())
        })?;
        Ok(end.map(DateTime))
    }

    fn revoke_tokens(&self, _: Housekeeping, which: Revocation<'_>) -> Result<usize, StoreError> {
        let (sql, key) = match which {
            Revocation::Family(accessor) => (REVOKE_FAMILY, accessor),
            Revocation::Bearers(policy) => (REVOKE_BEARERS, policy),
        };
        let mut revoked = 0;
        self.transact(|rows| {
            revoked = rows.execute(sql, [key])?;
            Ok(())
        })?;
        Ok(revoked)
    }

    fn initialise(&self, _: Housekeeping, root: &StoredToken) -> Result<bool, StoreError> {
        let mut first = false;
        self.transact(|rows| {
            first = rows.execute(NOTE, params![INITIALISED, [1_u8]])? == 1;
            if first {
                add(rows, root)?;
            }
            Ok(())
        })?;
        Ok(first)
    }

    fn is_initialised(&self, _: Housekeeping) -> Result<bool, StoreError> {
        self.read(|connection| {
            let sql = "SELECT EXISTS (SELECT 1 FROM setting WHERE name = ?1)";
            Ok(connection.prepare_cached(sql)?.query_row([INITIALISED], |row| row.get(0))?)
        })
    }

    fn replace_bearers(&self, _: Housekeeping, root: &StoredToken) -> Result<(), StoreError> {
        self.transact(|rows| {
            for policy in &root.policies {
                rows.execute(REVOKE_BEARERS, [policy])?;
            }
            rows.execute(NOTE, params![INITIALISED, [1_u8]])?;
            add(rows, root)?;
            Ok(())
        })
    }

    fn forget_tokens(&self, _: Housekeeping, date: DateTime) -> Result<usize, StoreError> {
        let mut forgotten = 0;
        self.transact(|rows| {
            forgotten = rows.execute("DELETE FROM admin_token WHERE expires_at < ?1", [date.0])?;
            Ok(())
        })?;
        Ok(forgotten)
    }
}

/// False for a token whose parent is gone, or may end before it.
fn add(rows: &Connection, token: &StoredToken) -> Result<bool, StoreError> {
    let added = rows.execute(
        ADD,
        params![
            token.hash,
            token.accessor,
            token.parent,
            token.policies.join(","),
            token.display_name,
            token.origin,
            token.made_at.0,
            token.ttl_seconds,
            token.expires_at.map(|date| date.0),
            token.ends_at.map(|date| date.0),
            token.renewable,
        ],
    )?;
    Ok(added == 1)
}

fn token(row: &Row<'_>) -> Result<StoredToken, rusqlite::Error> {
    let policies: String = row.get(3)?;
    Ok(StoredToken {
        hash: row.get(0)?,
        accessor: row.get(1)?,
        parent: row.get(2)?,
        policies: policies.split(',').map(str::to_owned).collect(),
        display_name: row.get(4)?,
        origin: row.get(5)?,
        made_at: DateTime(row.get(6)?),
        ttl_seconds: row.get(7)?,
        expires_at: row.get::<_, Option<i64>>(8)?.map(DateTime),
        ends_at: row.get::<_, Option<i64>>(9)?.map(DateTime),
        renewable: row.get(10)?,
    })
}
