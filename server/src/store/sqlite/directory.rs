//! Scopes, roles and credentials, as rows.

use kmip_core::ttlv::DateTime;
use rusqlite::{Connection, ErrorCode, OptionalExtension, Params, Row, params};

use super::{SqliteStore, StoreError};
use crate::authz::{Housekeeping, RoleName};
use crate::object::Scope;
use crate::store::{Credential, DirectoryStore, Serial, StoredDirectory, StoredRole, StoredScope};

const SCOPES: &str = "SELECT name, unique_names FROM directory_scope ORDER BY name";
const ROLES: &str = "SELECT scope, name, document FROM role ORDER BY scope, name";
const CREDENTIALS: &str = "SELECT certificate_sha256, serial, scope, role, certificate, made_at,
    not_after, revoked_at FROM credential";
const OF_ROLE: &str = "WHERE scope = ?1 AND role = ?2 ORDER BY made_at, serial";
const REVOKED: &str = "WHERE revoked_at IS NOT NULL AND not_after >= ?1 ORDER BY made_at, serial";
const ADD_SCOPE: &str = "INSERT INTO directory_scope (name, made_at, unique_names)
    VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
const CHANGE_SCOPE: &str = "UPDATE directory_scope SET unique_names = ?2 WHERE name = ?1";
const PUT_ROLE: &str = "INSERT INTO role (scope, name, document) VALUES (?1, ?2, ?3)
    ON CONFLICT (scope, name) DO UPDATE SET document = excluded.document";
const ADD_CREDENTIAL: &str = "INSERT INTO credential (certificate_sha256, serial, scope, role,
    certificate, made_at, not_after, revoked_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
const REVOKE: &str =
    "UPDATE credential SET revoked_at = ?2 WHERE serial = ?1 AND revoked_at IS NULL";
/// What marks a retired scope, and no name of a scope has.
const RETIRED: char = '#';
/// Whoever comes later under the name gets another number, and none of the old objects.
const RETIRE: &str = "UPDATE scope SET name = name || '#' || id WHERE name = ?1";
const COUNT_OBJECTS: &str = "SELECT count(*) FROM object o JOIN scope s ON s.id = o.scope
    WHERE s.name = ?1 AND o.destroyed = 0 AND o.phase <> 3";
const RETIRED_SCOPES: &str = "SELECT s.name FROM scope s WHERE s.name LIKE '%#%' AND EXISTS
    (SELECT 1 FROM object o WHERE o.scope = s.id AND o.destroyed = 0 AND o.phase = 1)";
/// Of one role, or of all roles of the scope if that is NULL.
const REVOKE_ALL: &str = "UPDATE credential SET revoked_at = ?3
    WHERE scope = ?1 AND role = coalesce(?2, role) AND revoked_at IS NULL";

impl SqliteStore {
    /// Changes rows; true if any was.
    fn change_directory(
        &self,
        change: impl FnOnce(&Connection) -> Result<usize, rusqlite::Error>,
    ) -> Result<usize, StoreError> {
        let mut changed = 0;
        self.transact(|transaction| {
            changed = change(transaction)?;
            Ok(())
        })?;
        Ok(changed)
    }
}

impl DirectoryStore for SqliteStore {
    fn directory(&self, _: Housekeeping) -> Result<StoredDirectory, StoreError> {
        self.read(|connection| {
            Ok(StoredDirectory {
                scopes: all(connection, SCOPES, [], made_scope)?,
                roles: all(connection, ROLES, [], role)?,
                credentials: all(connection, CREDENTIALS, [], credential)?,
            })
        })
    }

    fn add_scope(
        &self,
        _: Housekeeping,
        new: &StoredScope,
        now: DateTime,
    ) -> Result<bool, StoreError> {
        let StoredScope { scope, unique_names } = new;
        let added = self.change_directory(|rows| {
            // A request that was under way when the last one of the name went may have left some.
            retire(rows, scope)?;
            rows.execute(ADD_SCOPE, params![scope.as_str(), now.0, unique_names])
        })?;
        self.cache.clear();
        Ok(added == 1)
    }

    fn change_scope(&self, _: Housekeeping, to: &StoredScope) -> Result<bool, StoreError> {
        let changed = self.change_directory(|rows| {
            rows.execute(CHANGE_SCOPE, params![to.scope.as_str(), to.unique_names])
        })?;
        Ok(changed == 1)
    }

    fn count_objects(&self, _: Housekeeping, scope: &Scope) -> Result<u64, StoreError> {
        self.read(|connection| {
            let mut query = connection.prepare_cached(COUNT_OBJECTS)?;
            let objects: i64 = query.query_row([scope.as_str()], |row| row.get(0))?;
            Ok(u64::try_from(objects).unwrap_or(0))
        })
    }

    fn retired_scopes(&self, _: Housekeeping) -> Result<Vec<Scope>, StoreError> {
        self.read(|connection| all(connection, RETIRED_SCOPES, [], scope_name))
    }

    fn remove_scope(
        &self,
        _: Housekeeping,
        scope: &Scope,
        now: DateTime,
    ) -> Result<bool, StoreError> {
        let removed = self.change_directory(|rows| {
            let name = scope.as_str();
            rows.execute(REVOKE_ALL, params![name, None::<&str>, now.0])?;
            rows.execute("DELETE FROM role WHERE scope = ?1", [name])?;
            retire(rows, scope)?;
            rows.execute("DELETE FROM directory_scope WHERE name = ?1", [name])
        })?;
        self.cache.clear();
        Ok(removed == 1)
    }

    fn put_role(&self, _: Housekeeping, role: &StoredRole) -> Result<(), StoreError> {
        let StoredRole { scope, name, document } = role;
        self.change_directory(|rows| {
            rows.execute(PUT_ROLE, params![scope.as_str(), name.as_str(), document])
        })?;
        Ok(())
    }

    fn remove_role(
        &self,
        _: Housekeeping,
        scope: &Scope,
        role: &RoleName,
        now: DateTime,
    ) -> Result<bool, StoreError> {
        let removed = self.change_directory(|rows| {
            let (scope, role) = (scope.as_str(), role.as_str());
            rows.execute(REVOKE_ALL, params![scope, role, now.0])?;
            rows.execute("DELETE FROM role WHERE scope = ?1 AND name = ?2", [scope, role])
        })?;
        Ok(removed == 1)
    }

    fn add_credential(&self, _: Housekeeping, new: &Credential) -> Result<(), StoreError> {
        self.transact(|rows| {
            let row = params![
                new.certificate_sha256,
                new.serial.0,
                new.scope.as_str(),
                new.role.as_str(),
                new.certificate,
                new.made_at.0,
                new.not_after.0,
                new.revoked_at.map(|date| date.0),
            ];
            match rows.execute(ADD_CREDENTIAL, row) {
                Ok(_) => Ok(()),
                Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
                    Err(StoreError::IdentifierTaken)
                }
                Err(error) => Err(error.into()),
            }
        })
    }

    fn credential(
        &self,
        _: Housekeeping,
        serial: &Serial,
    ) -> Result<Option<Credential>, StoreError> {
        self.read(|connection| {
            let sql = format!("{CREDENTIALS} WHERE serial = ?1");
            let mut query = connection.prepare_cached(&sql)?;
            Ok(query.query_row([&serial.0], credential).optional()?)
        })
    }

    fn credentials_of(
        &self,
        _: Housekeeping,
        scope: &Scope,
        role: &RoleName,
    ) -> Result<Vec<Credential>, StoreError> {
        let sql = format!("{CREDENTIALS} {OF_ROLE}");
        self.read(|connection| all(connection, &sql, [scope.as_str(), role.as_str()], credential))
    }

    fn revoked_credentials(
        &self,
        _: Housekeeping,
        now: DateTime,
    ) -> Result<Vec<Credential>, StoreError> {
        let sql = format!("{CREDENTIALS} {REVOKED}");
        self.read(|connection| all(connection, &sql, [now.0], credential))
    }

    fn revoke_credential(
        &self,
        _: Housekeeping,
        serial: &Serial,
        now: DateTime,
    ) -> Result<bool, StoreError> {
        let revoked =
            self.change_directory(|rows| rows.execute(REVOKE, params![serial.0, now.0]))?;
        Ok(revoked == 1)
    }

    fn forget_credentials(&self, _: Housekeeping, date: DateTime) -> Result<usize, StoreError> {
        self.change_directory(|rows| {
            rows.execute("DELETE FROM credential WHERE not_after < ?1", [date.0])
        })
    }
}

fn all<T>(
    connection: &Connection,
    sql: &str,
    parameters: impl Params,
    read: fn(&Row<'_>) -> Result<T, rusqlite::Error>,
) -> Result<Vec<T>, StoreError> {
    let mut query = connection.prepare_cached(sql)?;
    let rows = query.query_map(parameters, read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn retire(rows: &Connection, scope: &Scope) -> Result<usize, rusqlite::Error> {
    if scope.as_str().contains(RETIRED) {
        return Ok(0);
    }
    rows.execute(RETIRE, [scope.as_str()])
}

fn made_scope(row: &Row<'_>) -> Result<StoredScope, rusqlite::Error> {
    Ok(StoredScope { scope: scope_name(row)?, unique_names: row.get(1)? })
}

fn scope_name(row: &Row<'_>) -> Result<Scope, rusqlite::Error> {
    Ok(Scope::new(row.get::<_, String>(0)?))
}

fn role(row: &Row<'_>) -> Result<StoredRole, rusqlite::Error> {
    Ok(StoredRole {
        scope: Scope::new(row.get::<_, String>(0)?),
        name: role_name(row, 1)?,
        document: row.get(2)?,
    })
}

fn credential(row: &Row<'_>) -> Result<Credential, rusqlite::Error> {
    Ok(Credential {
        certificate_sha256: row.get(0)?,
        serial: Serial(row.get(1)?),
        scope: Scope::new(row.get::<_, String>(2)?),
        role: role_name(row, 3)?,
        certificate: row.get(4)?,
        made_at: DateTime(row.get(5)?),
        not_after: DateTime(row.get(6)?),
        revoked_at: row.get::<_, Option<i64>>(7)?.map(DateTime),
    })
}

fn role_name(row: &Row<'_>, column: usize) -> Result<RoleName, rusqlite::Error> {
    let text: String = row.get(column)?;
    RoleName::parse(&text).ok_or_else(|| {
        let why = "not the name of a role".into();
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, why)
    })
}
