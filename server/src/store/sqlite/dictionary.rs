//! The numbers of scopes and attribute names. They are given once and never change.

use rusqlite::{Connection, OptionalExtension};

use super::StoreError;
use crate::object::Scope;

const FIND_SCOPE: &str = "SELECT id FROM scope WHERE name = ?1";
const ADD_SCOPE: &str = "INSERT INTO scope (name) VALUES (?1)";
const FIND_NAME: &str = "SELECT id FROM attribute_name WHERE name = ?1";
const ADD_NAME: &str = "INSERT INTO attribute_name (name) VALUES (?1)";

/// The scope's number, if it ever had an object.
pub(super) fn find_scope(
    connection: &Connection,
    scope: &Scope,
) -> Result<Option<i64>, StoreError> {
    find(connection, FIND_SCOPE, scope.as_str())
}

/// The scope's number; call it in a transaction.
pub(super) fn enter_scope(connection: &Connection, scope: &Scope) -> Result<i64, StoreError> {
    enter(connection, FIND_SCOPE, ADD_SCOPE, scope.as_str())
}

/// The attribute name's number, if an object ever had such an attribute.
pub(super) fn find_name(connection: &Connection, name: &str) -> Result<Option<i64>, StoreError> {
    find(connection, FIND_NAME, name)
}

/// The attribute name's number; call it in a transaction.
pub(super) fn enter_name(connection: &Connection, name: &str) -> Result<i64, StoreError> {
    enter(connection, FIND_NAME, ADD_NAME, name)
}

fn find(connection: &Connection, sql: &str, text: &str) -> Result<Option<i64>, StoreError> {
    Ok(connection.prepare_cached(sql)?.query_row([text], |row| row.get(0)).optional()?)
}

fn enter(
    connection: &Connection,
    find_sql: &str,
    add_sql: &str,
    text: &str,
) -> Result<i64, StoreError> {
    match find(connection, find_sql, text)? {
        Some(id) => Ok(id),
        None => Ok(connection.prepare_cached(add_sql)?.insert([text])?),
    }
}
