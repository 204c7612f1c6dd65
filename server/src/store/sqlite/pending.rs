//! Operations that go on after their request was answered, as rows.

use kmip_core::attribute::UniqueIdentifier;
use kmip_core::ttlv::DateTime;
use kmip_core::types::Operation;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{SqliteStore, StoreError, dictionary};
use crate::authz::{Grant, Housekeeping};
use crate::object::Scope;
use crate::store::pending::{
    AsynchronousCorrelationValue as Value, Ending, Pending, PendingRoom, PendingStore, Progress,
    Stage, Unfinished,
};

const WAITING: i64 = 0;
const RUNNING: i64 = 1;
const ANSWERED: i64 = 2;
const MADE: i64 = 3;
const CANCELED: i64 = 4;
const INTERRUPTED: i64 = 5;

/// No identifier of ours has it: they are hexadecimal.
const BETWEEN: char = '\n';

const FORGET: &str = "DELETE FROM pending WHERE until <= ?1";
const COUNT: &str = "SELECT count(*), count(*) FILTER (WHERE scope = ?1) FROM pending";
/// Of one scope, or of any if that is NULL.
const MAKE_ROOM: &str = "DELETE FROM pending WHERE value =
    (SELECT value FROM pending WHERE polled = 1 AND scope = coalesce(?1, scope)
     ORDER BY until LIMIT 1)";
const INSERT: &str = "INSERT INTO pending (value, scope, operation, stage) VALUES (?1, ?2, ?3, 0)";
const FIND: &str = "SELECT operation, stage, made, answer FROM pending
    WHERE value = ?1 AND scope = ?2 AND coalesce(until > ?3, TRUE)";
const BEGIN: &str = "UPDATE pending SET stage = 1 WHERE value = ?1 AND stage = 0";
const NOTE_MADE: &str = "UPDATE pending SET made = ?2 WHERE value = ?1 AND stage = 1";
const END: &str = "UPDATE pending SET stage = ?3, answer = ?4, until = ?5
    WHERE value = ?1 AND stage = ?2";
const NOTE_POLLED: &str = "UPDATE pending SET polled = 1 WHERE value = ?1 AND stage >= 2";
const UNFINISHED: &str = "SELECT s.name, p.value, p.stage, p.made
    FROM pending p JOIN scope s ON s.id = p.scope WHERE p.until IS NULL";

impl SqliteStore {
    /// Changes one row of the grant's scope; false if `sql` found none.
    fn change_pending(
        &self,
        grant: &Grant,
        value: Value,
        change: impl FnOnce(&Connection) -> Result<usize, rusqlite::Error>,
    ) -> Result<bool, StoreError> {
        let mut changed = false;
        self.transact(|transaction| {
            let own = "SELECT 1 FROM pending p JOIN scope s ON s.id = p.scope
                       WHERE p.value = ?1 AND s.name = ?2";
            let own = transaction
                .prepare_cached(own)?
                .exists(params![value.as_bytes(), grant.scope().as_str()])?;
            changed = own && change(transaction)? == 1;
            Ok(())
        })?;
        Ok(changed)
    }
}

impl PendingStore for SqliteStore {
    fn pend(
        &self,
        grant: &Grant,
        value: Value,
        now: DateTime,
        room: PendingRoom,
    ) -> Result<bool, StoreError> {
        let mut entered = false;
        self.transact(|transaction| {
            let scope = dictionary::enter_scope(transaction, grant.scope())?;
            transaction.prepare_cached(FORGET)?.execute([now.0])?;
            let lacks = |lack: Lack| {
                let scope = if lack == Lack::Total { None } else { Some(scope) };
                transaction.prepare_cached(MAKE_ROOM)?.execute([scope])
            };
            if let Some(lack) = lacking(transaction, scope, room)? {
                lacks(lack)?;
            }
            if lacking(transaction, scope, room)?.is_none() {
                let row = params![value.as_bytes(), scope, grant.operation().0];
                entered = transaction.prepare_cached(INSERT)?.execute(row)? == 1;
            }
            Ok(())
        })?;
        Ok(entered)
    }

    fn pending(
        &self,
        grant: &Grant,
        value: Value,
        now: DateTime,
    ) -> Result<Option<Pending>, StoreError> {
        self.read(|connection| {
            let Some(scope) = dictionary::find_scope(connection, grant.scope())? else {
                return Ok(None);
            };
            let key = params![value.as_bytes(), scope, now.0];
            let found = connection.prepare_cached(FIND)?.query_row(key, columns).optional()?;
            found.map(pending).transpose()
        })
    }

    fn begin_pending(&self, grant: &Grant, value: Value) -> Result<bool, StoreError> {
        self.change_pending(grant, value, |transaction| {
            transaction.prepare_cached(BEGIN)?.execute([value.as_bytes()])
        })
    }

    fn note_made(
        &self,
        grant: &Grant,
        value: Value,
        made: &[&UniqueIdentifier],
    ) -> Result<(), StoreError> {
        let made = made.iter().map(ToString::to_string).collect::<Vec<_>>();
        let made = made.join(&BETWEEN.to_string());
        let noted = self.change_pending(grant, value, |transaction| {
            transaction.prepare_cached(NOTE_MADE)?.execute(params![value.as_bytes(), made])
        })?;
        if noted { Ok(()) } else { Err(StoreError::Conflict) }
    }

    fn end_pending(
        &self,
        grant: &Grant,
        value: Value,
        from: Progress,
        ending: &Ending,
        keep_until: DateTime,
    ) -> Result<bool, StoreError> {
        let from = stage_of(from);
        let (stage, answer) = match ending {
            Ending::Answered(answer) => (ANSWERED, Some(answer)),
            // The row says already what.
            Ending::Made(_) => (MADE, None),
            Ending::Canceled => (CANCELED, None),
            Ending::Interrupted => (INTERRUPTED, None),
        };
        self.change_pending(grant, value, |transaction| {
            let row = params![value.as_bytes(), from, stage, answer, keep_until.0];
            transaction.prepare_cached(END)?.execute(row)
        })
    }

    fn note_polled(&self, grant: &Grant, value: Value) -> Result<(), StoreError> {
        self.change_pending(grant, value, |transaction| {
            transaction.prepare_cached(NOTE_POLLED)?.execute([value.as_bytes()])
        })
        .map(drop)
    }

    fn unfinished(&self, _: Housekeeping) -> Result<Vec<Unfinished>, StoreError> {
        self.read(|connection| {
            let mut query = connection.prepare_cached(UNFINISHED)?;
            let rows = query.query_map([], |row| {
                Ok((
                    row.get::<_, String>(0)?,
                    row.get::<_, [u8; 16]>(1)?,
                    row.get::<_, i64>(2)?,
                    row.get::<_, Option<String>>(3)?,
                ))
            })?;
            let mut found = Vec::new();
            for row in rows {
                let (scope, value, stage, made) = row?;
                let progress = progress(stage).ok_or_else(|| corrupt(stage))?;
                let (scope, value) = (Scope::new(scope), Value::new(value));
                found.push(Unfinished { scope, value, progress, made: identifiers(made) });
            }
            Ok(found)
        })
    }

    fn forget_pending(&self, _: Housekeeping, now: DateTime) -> Result<(), StoreError> {
        let any = "SELECT 1 FROM pending WHERE until <= ?1";
        if !self.read(|connection| Ok(connection.prepare_cached(any)?.exists([now.0])?))? {
            return Ok(());
        }
        self.transact(|transaction| {
            transaction.prepare_cached(FORGET)?.execute([now.0])?;
            Ok(())
        })
    }
}

/// Where there is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lack {
    Scope,
    Total,
}

fn lacking(
    transaction: &Connection,
    scope: i64,
    room: PendingRoom,
) -> Result<Option<Lack>, StoreError> {
    let counts = |row: &Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?));
    let (all, own) = transaction.prepare_cached(COUNT)?.query_row([scope], counts)?;
    let full = |count: i64, limit| usize::try_from(count).is_ok_and(|count| count >= limit);
    Ok(if full(own, room.per_scope) {
        Some(Lack::Scope)
    } else if full(all, room.total) {
        Some(Lack::Total)
    } else {
        None
    })
}

const fn stage_of(progress: Progress) -> i64 {
    match progress {
        Progress::Waiting => WAITING,
        Progress::Running => RUNNING,
    }
}

const fn progress(stage: i64) -> Option<Progress> {
    match stage {
        WAITING => Some(Progress::Waiting),
        RUNNING => Some(Progress::Running),
        _ => None,
    }
}

type Columns = (u32, i64, Option<String>, Option<Vec<u8>>);

fn columns(row: &Row<'_>) -> Result<Columns, rusqlite::Error> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
}

fn pending((operation, stage, made, answer): Columns) -> Result<Pending, StoreError> {
    let over = match (stage, answer) {
        (ANSWERED, Some(answer)) => Some(Ending::Answered(answer)),
        (MADE, _) => Some(Ending::Made(identifiers(made))),
        (CANCELED, _) => Some(Ending::Canceled),
        (INTERRUPTED, _) => Some(Ending::Interrupted),
        _ => None,
    };
    let stage = match (over, progress(stage)) {
        (Some(ending), _) => Stage::Over(ending),
        (None, Some(progress)) => Stage::Unfinished(progress),
        (None, None) => return Err(corrupt(stage)),
    };
    Ok(Pending { operation: Operation(operation), stage })
}

fn identifiers(made: Option<String>) -> Vec<UniqueIdentifier> {
    made.iter().flat_map(|made| made.split(BETWEEN)).map(UniqueIdentifier::new).collect()
}

fn corrupt(stage: i64) -> StoreError {
    StoreError::Corrupt(format!("pending operation at stage {stage}"))
}
