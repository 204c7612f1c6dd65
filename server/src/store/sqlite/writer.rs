//! The one writer. Transactions of several threads share a commit, and with it one wait for the
//! disk: whoever finds others waiting leaves the commit to the last of them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Instant;

use rusqlite::Connection;

use super::{StoreError, locked};
use crate::metrics::CommitMeter;

/// Most transactions in one commit: none waits for longer than these take.
const MAX_GROUP: usize = 128;

/// Transactions that are committed together.
#[derive(Debug, Default)]
struct Group {
    /// How the commit went, once it is over.
    outcome: Mutex<Option<Result<(), String>>>,
    over: Condvar,
}

impl Group {
    fn end(&self, outcome: Result<(), String>) {
        *locked(&self.outcome) = Some(outcome);
        self.over.notify_all();
    }

    fn wait(&self) -> Result<(), StoreError> {
        let waited = self.over.wait_while(locked(&self.outcome), |outcome| outcome.is_none());
        let outcome = waited.unwrap_or_else(PoisonError::into_inner);
        outcome.clone().unwrap_or(Ok(())).map_err(StoreError::Engine)
    }
}

struct State {
    connection: Connection,
    /// The transactions carried out and not yet committed, and their number.
    open: Option<(Arc<Group>, usize)>,
    meter: Option<CommitMeter>,
}

/// The writing connection, shared by all threads.
pub(super) struct Writer {
    state: Mutex<State>,
    /// Threads that are about to carry out a transaction.
    waiting: AtomicUsize,
}

impl Writer {
    pub(super) fn new(connection: Connection) -> Self {
        Self {
            state: Mutex::new(State { connection, open: None, meter: None }),
            waiting: AtomicUsize::new(0),
        }
    }

    /// Has commits measured.
    pub(super) fn measure(&self, meter: CommitMeter) {
        locked(&self.state).meter = Some(meter);
    }

    /// Carries out `work` as one transaction, which is on disk when this returns.
    pub(super) fn transact(
        &self,
        work: impl FnOnce(&Connection) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let mut state = locked(&self.state);
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        let (group, done) = state.join(work)?;
        // Who waits holds nothing that any of this group waits for, so it comes and commits.
        state.commit_unless(self.waiting.load(Ordering::SeqCst) > 0);
        drop(state);
        done?;
        group.wait()
    }

    /// Reads by the writing connection, which sees what is not yet committed, too.
    pub(super) fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        work(&locked(&self.state).connection)
    }
}

impl State {
    /// Carries out `work` beside what is open; what fails undoes nothing else.
    #[allow(clippy::type_complexity, reason = "the group, and how its newest member fared")]
    fn join(
        &mut self,
        work: impl FnOnce(&Connection) -> Result<(), StoreError>,
    ) -> Result<(Arc<Group>, Result<(), StoreError>), StoreError> {
        let group = match &mut self.open {
            Some((group, members)) => {
                *members += 1;
                Arc::clone(group)
            }
            None => {
                self.connection.execute_batch("BEGIN IMMEDIATE")?;
                let group = Arc::<Group>::default();
                self.open = Some((Arc::clone(&group), 1));
                group
            }
        };
        let guard = Unwinding(self);
        let done = in_savepoint(&guard.0.connection, work);
        drop(guard);
        // An error of the disk rolls everything back, whatever the savepoint.
        if self.connection.is_autocommit() {
            self.end(Err("the transaction was rolled back".to_owned()));
        }
        Ok((group, done))
    }

    fn commit_unless(&mut self, others_come: bool) {
        let Some((_, members)) = &self.open else { return };
        if others_come && *members < MAX_GROUP {
            return;
        }
        let begun = Instant::now();
        let outcome = self.connection.execute_batch("COMMIT").map_err(|error| error.to_string());
        if let Some(meter) = &self.meter {
            meter.took(begun.elapsed());
        }
        if outcome.is_err() && !self.connection.is_autocommit() {
            // What cannot be rolled back either fails the next BEGIN.
            let _ = self.connection.execute_batch("ROLLBACK");
        }
        self.end(outcome);
    }

    fn end(&mut self, outcome: Result<(), String>) {
        if let Some((group, _)) = self.open.take() {
            group.end(outcome);
        }
    }
}

fn in_savepoint(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    connection.execute_batch("SAVEPOINT member")?;
    let done = work(connection);
    if done.is_err() && !connection.is_autocommit() {
        connection.execute_batch("ROLLBACK TO member")?;
    }
    if !connection.is_autocommit() {
        connection.execute_batch("RELEASE member")?;
    }
    done
}

/// Ends the group if its newest member panics, so that nobody waits for ever.
struct Unwinding<'a>(&'a mut State);

impl Drop for Unwinding<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let _ = self.0.connection.execute_batch("ROLLBACK");
            self.0.end(Err("a transaction panicked".to_owned()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Barrier;

    fn numbers() -> Writer {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE number (n INTEGER UNIQUE)").unwrap();
        Writer::new(connection)
    }

    fn insert(writer: &Writer, n: i64) -> Result<(), StoreError> {
        writer.transact(|connection| {
            connection.execute("INSERT INTO number VALUES (?1)", [n])?;
            Ok(())
        })
    }

    fn all(writer: &Writer) -> Vec<i64> {
        let read = writer.read(|connection| {
            let mut query = connection.prepare("SELECT n FROM number ORDER BY n")?;
            let rows = query.query_map([], |row| row.get(0))?;
            Ok(rows.collect::<Result<_, _>>()?)
        });
        read.unwrap()
    }

    #[test]
    fn failing_member_undoes_nobody_elses_work() {
        let writer = numbers();
        let barrier = Barrier::new(8);
        std::thread::scope(|scope| {
            for thread in 0..8_i64 {
                let (writer, barrier) = (&writer, &barrier);
                scope.spawn(move || {
                    for round in 0..50 {
                        barrier.wait();
                        insert(writer, 100 * round + thread).unwrap();
                        // Half done, then refused.
                        let refused = writer.transact(|connection| {
                            connection
                                .execute("INSERT INTO number VALUES (?1)", [100_000 + thread])?;
                            Err(StoreError::Conflict)
                        });
                        assert!(matches!(refused, Err(StoreError::Conflict)));
                    }
                });
            }
        });
        assert_eq!(all(&writer).len(), 400);
        assert!(all(&writer).iter().all(|n| *n < 100_000));
    }

    #[test]
    fn members_share_a_commit_when_others_wait() {
        let writer = numbers();
        let group = {
            let mut state = locked(&writer.state);
            let (group, done) = state.join(|_| Ok(())).unwrap();
            done.unwrap();
            state.commit_unless(true);
            assert!(state.open.is_some(), "left to those who come");
            group
        };
        insert(&writer, 1).unwrap();
        group.wait().unwrap();
        assert!(locked(&writer.state).open.is_none());
    }

    #[test]
    fn panicking_member_ends_the_group_and_the_writer_goes_on() {
        let writer = numbers();
        let group = {
            let mut state = locked(&writer.state);
            state.join(|_| Ok(())).unwrap().0
        };
        let died = std::thread::scope(|scope| {
            let thread = scope.spawn(|| writer.transact(|_| panic!("on purpose")));
            thread.join().is_err()
        });
        assert!(died && group.wait().is_err());
        insert(&writer, 2).unwrap();
        assert_eq!(all(&writer), [2]);
    }
}
