//! The link to the token: opened, watched and opened again by one thread.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use cryptoki::context::Pkcs11;

use super::keys::Keys;
use super::module::{self, Refusal};
use super::session::{Owner, Pool};
use super::token::Token;
use super::{Pkcs11Config, lock, probe};
use crate::error::{HsmError, HsmErrorKind};
use crate::observer::Observer;
use crate::streams::Streams;

/// Whether the token can be used.
enum Phase {
    Down { pin_rejected: bool },
    Up(Arc<Token>),
    Closed,
}

struct State {
    phase: Phase,
    status: String,
    /// Counts attempts, so that one can wait for the first.
    attempts: u64,
    stop: bool,
    woken: bool,
}

/// Shared between the backend and its thread.
pub(super) struct Link {
    config: Pkcs11Config,
    state: Mutex<State>,
    changed: Condvar,
    pub(super) streams: Streams,
}

impl Link {
    pub(super) fn new(config: Pkcs11Config) -> Self {
        let state = State {
            phase: Phase::Down { pin_rejected: false },
            status: "connecting".to_owned(),
            attempts: 0,
            stop: false,
            woken: false,
        };
        let streams = Streams::new(config.streams);
        Self { config, state: Mutex::new(state), changed: Condvar::new(), streams }
    }

    /// Who watches the calls.
    pub(super) fn observer(&self) -> Option<&dyn Observer> {
        self.config.observer.as_deref()
    }

    /// The open token.
    pub(super) fn token(&self) -> Result<Arc<Token>, HsmError> {
        let kind = match &lock(&self.state).phase {
            Phase::Up(token) if !token.lost.load(Ordering::Acquire) => {
                return Ok(Arc::clone(token));
            }
            Phase::Down { pin_rejected: true } => HsmErrorKind::PinRejected,
            Phase::Up(_) | Phase::Down { pin_rejected: false } | Phase::Closed => {
                HsmErrorKind::Unavailable
            }
        };
        Err(HsmError::new(kind, "link"))
    }

    pub(super) fn status(&self) -> String {
        lock(&self.state).status.clone()
    }

    /// Waits until the token is open, or `deadline`.
    pub(super) fn wait_until_up(&self, deadline: Instant) {
        self.wait(deadline, |state| match &state.phase {
            Phase::Up(token) => !token.lost.load(Ordering::Acquire),
            Phase::Down { .. } => false,
            Phase::Closed => true,
        });
    }

    /// Waits until the first attempt to open the token is over, or `deadline`.
    pub(super) fn wait_for_attempt(&self, deadline: Instant) {
        self.wait(deadline, |state| state.attempts > 0);
    }

    fn wait(&self, deadline: Instant, done: impl Fn(&State) -> bool) {
        let mut state = lock(&self.state);
        while !done(&state) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            let waited = self.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    pub(super) fn stop(&self) {
        lock(&self.state).stop = true;
        self.changed.notify_all();
    }

    fn wake(&self) {
        lock(&self.state).woken = true;
        self.changed.notify_all();
    }

    fn set(&self, phase: Phase, status: String) {
        let mut state = lock(&self.state);
        state.phase = phase;
        state.attempts += 1;
        state.status = status;
        drop(state);
        self.changed.notify_all();
    }

    /// Sleeps for `period`, or until stopped or woken; `true` to go on.
    fn pause(&self, period: Duration) -> bool {
        let until = Instant::now() + period;
        self.wait(until, |state| state.stop || state.woken);
        let mut state = lock(&self.state);
        state.woken = false;
        !state.stop
    }
}

/// The thread: opens the token, watches it, and opens it anew when it was lost.
///
/// SoftHSM and others do not heal by themselves; C_Finalize and C_Initialize do it, and the
/// former kills the process if any call is still running. So it is called here only, after all
/// sessions have come back; while a call hangs, the token stays unavailable.
pub(super) fn keep(link: &Arc<Link>) {
    let mut library = None;
    let mut open: Option<Arc<Token>> = None;
    loop {
        link.streams.reap();
        if let Some(token) = &open {
            if token.is_well() && !token.lost.load(Ordering::Acquire) {
                token.tidy();
                if link.pause(link.config.retry_period) {
                    continue;
                }
            } else {
                tracing::warn!(label = token.info.label, "token lost");
                token.lost.store(true, Ordering::Release);
            }
            let stopping = lock(&link.state).stop;
            let phase = if stopping { Phase::Closed } else { Phase::Down { pin_rejected: false } };
            link.set(phase, "token lost; reconnecting".to_owned());
            if shut(link, token) {
                open = None;
            } else if stopping || !link.pause(link.config.retry_period) {
                tracing::warn!("a token call hangs; the library is left as it is");
                break;
            }
            continue;
        }
        if lock(&link.state).stop {
            break;
        }
        open = connect(link, &mut library);
        if open.is_none() && !link.pause(link.config.retry_period) {
            break;
        }
    }
    link.set(Phase::Closed, "closed".to_owned());
}

/// Closes the sessions and finalises the library; `false` where a call still runs.
fn shut(link: &Link, token: &Arc<Token>) -> bool {
    if !token.close(Instant::now() + link.config.drain_timeout) {
        return false;
    }
    finalize(&token.library);
    true
}

fn finalize(library: &Pkcs11) {
    if let Err(error) = library.clone().finalize() {
        tracing::debug!(%error, "C_Finalize failed");
    }
}

fn connect(link: &Arc<Link>, library: &mut Option<Pkcs11>) -> Option<Arc<Token>> {
    match open(link, library) {
        Ok(token) => {
            let token = Arc::new(token);
            tracing::info!(label = token.info.label, serial = token.info.serial, "token ready");
            for row in token.capabilities.rows() {
                tracing::debug!(row = %row, "capability");
            }
            link.set(Phase::Up(Arc::clone(&token)), "ready".to_owned());
            Some(token)
        }
        Err(Refusal { reason, pin_rejected }) => {
            if lock(&link.state).status != reason {
                tracing::warn!(reason, "token unavailable");
            }
            link.set(Phase::Down { pin_rejected }, reason);
            None
        }
    }
}

fn open(link: &Arc<Link>, library: &mut Option<Pkcs11>) -> Result<Token, Refusal> {
    let loaded = match library {
        Some(loaded) => loaded,
        None => library.insert(module::load(&link.config.module)?),
    };
    module::initialize(loaded)?;
    let opened = open_token(link, loaded);
    if opened.is_err() {
        // Sessions are closed by now; a slot list is fresh only after a new C_Initialize.
        finalize(loaded);
    }
    opened
}

fn open_token(link: &Arc<Link>, library: &Pkcs11) -> Result<Token, Refusal> {
    let config = &link.config;
    let (slot, info) = module::find_token(library, config)?;
    let session = library.open_rw_session(slot)?;
    module::login(&session, &info, &config.pin)?;
    if let Some(id) = config.expected_key {
        module::expect_key(&session, &info, id)?;
    }
    let capabilities = Arc::new(probe::capabilities(library, slot, &session)?);
    let keys = Keys::new(config.max_cached_keys);
    let unwrapped = Keys::beside(&keys, config.max_unwrapped_keys);
    let weak: Weak<Link> = Arc::downgrade(link);
    Ok(Token {
        library: library.clone(),
        slot,
        info: module::describe(&info),
        capabilities,
        pool: Pool::new(
            session_limit(config.max_sessions, info.max_rw_session_count()),
            config.retry_period,
        ),
        owner: Owner::new(session),
        gate: super::gate::Gate::default(),
        keys,
        unwrapped,
        lost: AtomicBool::new(false),
        strikes: AtomicU32::new(0),
        observer: config.observer.clone(),
        wake: Box::new(move || {
            if let Some(link) = weak.upgrade() {
                link.wake();
            }
        }),
    })
}

/// Two of the token's sessions are left to others: the owner session and an administrator's tool.
fn session_limit(wanted: usize, told: cryptoki::slot::Limit) -> usize {
    let most = match told {
        cryptoki::slot::Limit::Max(most) => usize::try_from(most).unwrap_or(usize::MAX),
        cryptoki::slot::Limit::Unavailable | cryptoki::slot::Limit::Infinite => usize::MAX,
    };
    wanted.min(most.saturating_sub(2)).max(1)
}
