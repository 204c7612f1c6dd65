//! The pool of long-lived sessions.

use std::sync::{Condvar, Mutex, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use cryptoki::session::{Session, SessionState};

use super::lock;
use super::rv::Fault;
use crate::error::{HsmError, HsmErrorKind};
use crate::observer::TokenUsage;

struct Sessions {
    /// Each with the time it was given back.
    idle: Vec<(Session, Instant)>,
    /// Idle and leased together.
    open: usize,
    leased: usize,
    /// As many as the token had to give when it was last asked for more, and when that was.
    most: Option<(usize, Instant)>,
    closed: bool,
    /// What was given back before is asked whether it is alive.
    doubted: Option<Instant>,
}

/// Sessions shared by all callers; each is opened when first needed and kept.
pub(super) struct Pool {
    sessions: Mutex<Sessions>,
    changed: Condvar,
    limit: usize,
    /// What the token said is believed for so long: that it has no more sessions to give, and that
    /// one which lies idle is alive.
    trust: Duration,
}

impl Pool {
    pub(super) fn new(limit: usize, trust: Duration) -> Self {
        let sessions = Sessions {
            idle: Vec::new(),
            open: 0,
            leased: 0,
            most: None,
            closed: false,
            doubted: None,
        };
        let (sessions, changed) = (Mutex::new(sessions), Condvar::new());
        Self { sessions, changed, limit: limit.max(1), trust }
    }

    /// How many sessions there may be now.
    fn most(&self, sessions: &Sessions) -> usize {
        match sessions.most {
            Some((most, since)) if since.elapsed() < self.trust => most,
            Some(_) | None => self.limit,
        }
    }

    /// A session was found closed; the idle ones may be as well.
    pub(super) fn doubt(&self) {
        lock(&self.sessions).doubted = Some(Instant::now());
    }

    /// How many sessions there are.
    pub(super) fn usage(&self) -> TokenUsage {
        let sessions = lock(&self.sessions);
        TokenUsage {
            sessions_idle: sessions.idle.len(),
            sessions_busy: sessions.leased,
            sessions_limit: self.most(&sessions),
            ..TokenUsage::default()
        }
    }

    /// A session of one's own until dropped; `open` makes one where none is idle.
    ///
    /// # Errors
    ///
    /// `Deadline` where that has passed already, `Busy` where it passes while waiting,
    /// `Unavailable` after `close`.
    pub(super) fn lease(
        &self,
        deadline: Instant,
        open: impl Fn() -> Result<Session, Fault>,
    ) -> Result<Lease<'_>, Fault> {
        if deadline <= Instant::now() {
            return Err(HsmError::new(HsmErrorKind::Deadline, "lease").into());
        }
        let mut refused = false;
        let mut sessions = lock(&self.sessions);
        loop {
            if sessions.closed {
                return Err(HsmError::new(HsmErrorKind::Unavailable, "lease").into());
            }
            if let Some((session, since)) = sessions.idle.pop() {
                sessions.leased += 1;
                let doubtful = sessions.doubted.is_some_and(|doubted| since <= doubted);
                drop(sessions);
                let lease = Lease { pool: self, session: Some(session) };
                if !(doubtful || since.elapsed() >= self.trust) || lease.is_alive() {
                    return Ok(lease);
                }
                lease.discard();
                sessions = lock(&self.sessions);
                continue;
            }
            if !refused && sessions.open < self.most(&sessions) {
                sessions.open += 1;
                sessions.leased += 1;
                drop(sessions);
                match self.open(&open)? {
                    Some(lease) => return Ok(lease),
                    None => refused = true,
                }
                sessions = lock(&self.sessions);
                continue;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(HsmError::new(HsmErrorKind::Busy, "lease").into());
            }
            let waited = self.changed.wait_timeout(sessions, left);
            sessions = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Opens a session already counted; `None` where the token has no more to give.
    fn open(&self, open: impl Fn() -> Result<Session, Fault>) -> Result<Option<Lease<'_>>, Fault> {
        let fault = match open() {
            Ok(session) => return Ok(Some(Lease { pool: self, session: Some(session) })),
            Err(fault) => fault,
        };
        let mut sessions = lock(&self.sessions);
        sessions.open -= 1;
        sessions.leased -= 1;
        self.changed.notify_all();
        if fault.error.kind == HsmErrorKind::Busy && sessions.open > 0 {
            // Other programs share the token: live with fewer sessions for a while, and queue.
            sessions.most = Some((sessions.open, Instant::now()));
            return Ok(None);
        }
        Err(fault)
    }

    /// Refuses new leases, waits for the running ones until `deadline`, and closes the rest.
    ///
    /// Returns whether all sessions are closed; if not, the library must not be finalised.
    pub(super) fn close(&self, deadline: Instant) -> bool {
        let mut sessions = lock(&self.sessions);
        sessions.closed = true;
        self.changed.notify_all();
        while sessions.leased > 0 {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let waited = self.changed.wait_timeout(sessions, left);
            sessions = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        sessions.open = 0;
        let idle = std::mem::take(&mut sessions.idle);
        drop(sessions);
        drop(idle);
        true
    }

    fn give_back(&self, session: Option<Session>) {
        let mut sessions = lock(&self.sessions);
        sessions.leased -= 1;
        match session {
            Some(session) => sessions.idle.push((session, Instant::now())),
            None => sessions.open -= 1,
        }
        drop(sessions);
        // Both a waiting caller and `close` may be listening.
        self.changed.notify_all();
    }
}

/// A session on loan.
pub(super) struct Lease<'a> {
    pool: &'a Pool,
    session: Option<Session>,
}

impl Lease<'_> {
    /// The session.
    pub(super) fn session(&self) -> Result<&Session, Fault> {
        let gone = HsmError::new(HsmErrorKind::Unavailable, "lease");
        self.session.as_ref().ok_or_else(|| gone.into())
    }

    fn is_alive(&self) -> bool {
        self.session.as_ref().is_some_and(|session| session.get_session_info().is_ok())
    }

    /// Closes the session instead of giving it back.
    pub(super) fn discard(mut self) {
        drop(self.session.take());
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        self.pool.give_back(self.session.take());
    }
}

/// The one session that makes the session objects; it is closed with the token only, for its
/// objects die with it.
pub(super) struct Owner {
    session: Mutex<Option<Session>>,
    /// As the token tells it of a session that is logged in.
    state: Option<SessionState>,
}

impl Owner {
    /// `session` is logged in.
    pub(super) fn new(session: Session) -> Self {
        let state = state_of(&session);
        Self { session: Mutex::new(Some(session)), state }
    }

    /// Whether the session is open and logged in as it was, as far as the token tells. One that
    /// is at work is believed to be.
    pub(super) fn is_alive(&self) -> bool {
        match self.session.try_lock() {
            Ok(session) => session.as_ref().and_then(state_of) == self.state,
            Err(TryLockError::WouldBlock | TryLockError::Poisoned(_)) => true,
        }
    }

    /// Whether nobody is at work with it.
    pub(super) fn is_free(&self) -> bool {
        self.session.try_lock().is_ok()
    }

    /// Does `work` with the session, one caller at a time.
    pub(super) fn with<T>(
        &self,
        work: impl FnOnce(&Session) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let session = lock(&self.session);
        let gone = HsmError::new(HsmErrorKind::Unavailable, "owner session");
        work(session.as_ref().ok_or_else(|| Fault::from(gone))?)
    }

    pub(super) fn close(&self) {
        drop(lock(&self.session).take());
    }
}

fn state_of(session: &Session) -> Option<SessionState> {
    session.get_session_info().ok().map(|info| info.session_state())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    const TRUST: Duration = Duration::from_secs(1);

    fn refused() -> Result<Session, Fault> {
        Err(HsmError::new(HsmErrorKind::Unavailable, "test").into())
    }

    #[test]
    fn lease_refuses_a_deadline_in_the_past() {
        let fault = Pool::new(1, TRUST).lease(Instant::now(), refused).err().unwrap();
        assert_eq!(fault.error.kind, HsmErrorKind::Deadline);
    }

    /// The token is asked for more again when what it said is old.
    #[test]
    fn pool_that_had_to_shrink_grows_again() {
        let asked = AtomicUsize::new(0);
        let exhausted = || {
            asked.fetch_add(1, Ordering::Relaxed);
            Err(HsmError::new(HsmErrorKind::Busy, "C_OpenSession").into())
        };
        let soon = || Instant::now() + Duration::from_millis(10);
        for (trust, asks) in [(Duration::from_secs(600), 1), (Duration::ZERO, 3)] {
            let pool = Pool::new(4, trust);
            // One is on loan, and stays so.
            lock(&pool.sessions).open = 1;
            asked.store(0, Ordering::Relaxed);
            for _ in 0..3 {
                let fault = pool.lease(soon(), exhausted).err().unwrap();
                assert_eq!(fault.error.kind, HsmErrorKind::Busy);
            }
            assert_eq!(asked.load(Ordering::Relaxed), asks);
        }
    }

    #[test]
    fn lease_counts_no_session_that_failed_to_open() {
        let pool = Pool::new(1, TRUST);
        let late = Instant::now() + Duration::from_secs(60);
        assert!(pool.lease(late, refused).is_err());
        assert!(pool.close(Instant::now()));
        let fault = pool.lease(late, refused).err().unwrap();
        assert_eq!((fault.error.kind, fault.error.function), (HsmErrorKind::Unavailable, "lease"));
    }
}
