//! The file: its lock, its settings, its tables and their migrations.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::StoreError;

/// Nobody but the readers and the writer of this process use the file; a wait is a checkpoint's.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How long the lock may be held by one who is about to let go: a process that is starting another
/// shares its locks with that for a moment.
const LOCK_PATIENCE: Duration = Duration::from_millis(200);
const LOCK_PAUSE: Duration = Duration::from_millis(5);

/// Pages the log holds before its content is moved into the file: an insert writes some thirty, most
/// of them again and again, and each move waits for the disk twice.
const CHECKPOINT_PAGES: i64 = 4000;

/// Prepared statements kept per connection; Locates of different shapes are different statements.
const CACHED_STATEMENTS: usize = 64;

/// Each takes the schema one version further; a released one never changes.
const MIGRATIONS: &[&str] = &[
    include_str!("0001.sql"),
    include_str!("0002.sql"),
    include_str!("0003.sql"),
    include_str!("0004.sql"),
    include_str!("0005.sql"),
    include_str!("0006.sql"),
    include_str!("0007.sql"),
];

/// The schema of this build.
#[cfg(test)]
pub(super) const VERSION: usize = MIGRATIONS.len();

/// The file that `path` means, symbolic links followed: all who open it meet at one lock.
pub(super) fn resolve(path: &Path) -> Result<PathBuf, StoreError> {
    match path.canonicalize() {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        found => return found.map_err(|error| io_error("open", path, &error)),
    }
    let Some(name) = path.file_name() else {
        return Err(StoreError::Engine(format!("{} is no file name", path.display())));
    };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let folder = folder.canonicalize().map_err(|error| io_error("open", folder, &error))?;
    Ok(folder.join(name))
}

/// Takes the lock beside the file at `path`; it is free again when the value is dropped, or its
/// process ends however it ends.
pub(super) fn lock(path: &Path) -> Result<File, StoreError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let path = PathBuf::from(name);
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(&path)
        .map_err(|error| io_error("open", &path, &error))?;
    let until = Instant::now() + LOCK_PATIENCE;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if Instant::now() < until => {
                std::thread::sleep(LOCK_PAUSE);
            }
            Err(TryLockError::WouldBlock) => return Err(StoreError::InUse),
            Err(TryLockError::Error(error)) => return Err(io_error("lock", &path, &error)),
        }
    }
}

/// Opens the file for writing. Call it only with the lock held.
pub(super) fn open_file(path: &Path) -> Result<Connection, StoreError> {
    // Made here, not by SQLite, for its mode; the log and its index inherit that. An existing file
    // is not touched: closing any descriptor of it would drop SQLite's own locks.
    match OpenOptions::new().create_new(true).write(true).mode(0o600).open(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            return Err(io_error("create", path, &error));
        }
        _ => {}
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    configure(&connection)?;
    let mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    if mode.eq_ignore_ascii_case("wal") {
        Ok(connection)
    } else {
        Err(StoreError::Engine(format!("the file system allows no WAL (journal mode {mode})")))
    }
}

/// Opens the file for reading.
pub(super) fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    configure(&connection)?;
    Ok(connection)
}

/// The settings that SQLite keeps per connection.
pub(super) fn configure(connection: &Connection) -> Result<(), StoreError> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    connection.execute_batch(
        "PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = ON;
         PRAGMA trusted_schema = OFF;
         PRAGMA temp_store = MEMORY;",
    )?;
    Ok(())
}

/// Asks SQLite whether the file is sound.
pub(super) fn check(connection: &Connection) -> Result<(), StoreError> {
    let verdict: Result<String, _> =
        connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0));
    match verdict {
        Ok(verdict) if verdict == "ok" => Ok(()),
        Ok(verdict) => Err(StoreError::Corrupt(verdict)),
        Err(error) => Err(StoreError::Corrupt(error.to_string())),
    }
}

/// Brings the tables up to this build's version.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let done = usize::try_from(found).unwrap_or(usize::MAX);
    let Some(missing) = MIGRATIONS.get(done..) else {
        return Err(StoreError::Engine(format!(
            "the file was written by a newer claviger: its schema is version {found}, and this one \
             knows those up to {}",
            MIGRATIONS.len()
        )));
    };
    for sql in missing {
        transaction.execute_batch(sql)?;
    }
    if !missing.is_empty() {
        let version = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
        transaction.pragma_update(None, "user_version", version)?;
    }
    transaction.commit()?;
    Ok(())
}

fn io_error(verb: &str, path: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Engine(format!("cannot {verb} {}: {error}", path.display()))
}
