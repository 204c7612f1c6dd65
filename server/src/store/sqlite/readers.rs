//! Connections that only read.

use std::path::PathBuf;
use std::sync::Mutex;

use rusqlite::Connection;

use super::{StoreError, locked, schema};

/// Connections kept open between reads. The callers are the server's worker threads, so no more
/// than those are ever open at once.
const MAX_IDLE: usize = 16;

/// Connections to one file, lent out one read at a time.
pub(super) struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    /// Readers of the file at `path`; none is open yet.
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, idle: Mutex::new(Vec::new()) }
    }

    /// Runs `work` on a connection that nobody else uses meanwhile.
    pub(super) fn with<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        // The one used last: its page cache is the warmest.
        let last = locked(&self.idle).pop();
        let connection = last.map_or_else(|| schema::open_reader(&self.path), Ok)?;
        let result = work(&connection);
        let mut idle = locked(&self.idle);
        if idle.len() < MAX_IDLE {
            idle.push(connection);
        }
        result
    }
}
