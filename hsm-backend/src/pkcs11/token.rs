//! One open token: sessions, keys, and the way every call goes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Instant;

use cryptoki::context::Pkcs11;
use cryptoki::object::{Attribute, AttributeType, ObjectHandle};
use cryptoki::session::Session;
use cryptoki::slot::Slot;

use super::custody;
use super::gate::{Gate, Side};
use super::keys::{self, Key, Keys};
use super::module;
use super::rv::{Effect, Fault};
use super::session::{Owner, Pool};
use super::watch;
use crate::backend::{CallContext, KeyId, KeyRef, TokenInfo};
use crate::capability::Capabilities;
use crate::error::{HsmError, HsmErrorKind};
use crate::observer::Observer;

/// After so many strikes a token that says it is well is opened anew: some libraries fail for good
/// until they are.
const STRIKES: u32 = 5;

/// What a doubtful answer (CKR_GENERAL_ERROR and its like) of a token in good health means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doubt {
    /// The data were bad: decryptions and unwrappings.
    Data,
    /// The token failed.
    Device,
}

/// An open token.
pub(super) struct Token {
    pub(super) library: Pkcs11,
    pub(super) slot: Slot,
    pub(super) info: TokenInfo,
    pub(super) capabilities: Arc<Capabilities>,
    pub(super) pool: Pool,
    pub(super) owner: Owner,
    pub(super) gate: Gate,
    pub(super) keys: Keys,
    /// Wrapped keys that are live in the owner session.
    pub(super) unwrapped: Keys,
    /// Set when a call found the token gone; the link then opens it anew.
    pub(super) lost: AtomicBool,
    /// Failures since the last success at which the token failed at a trial as well.
    pub(super) strikes: AtomicU32,
    /// Learns of failures.
    pub(super) observer: Option<Arc<dyn Observer>>,
    /// Wakes the link.
    pub(super) wake: Box<dyn Fn() + Send + Sync>,
}

impl Token {
    /// Does `work` with a session of its own; the session is dropped where it may be stuck.
    pub(super) fn run<T>(
        &self,
        call: &CallContext,
        doubt: Doubt,
        work: impl FnOnce(&Session) -> Result<T, Fault>,
    ) -> Result<T, HsmError> {
        self.attempt(call, doubt, work).map_err(|fault| fault.error)
    }

    /// Does `work` with a session and the key; again where handle or session proved dead.
    ///
    /// The copy may have died with its session, so the second try uses the persistent object; only
    /// if that is dead too, the token is searched. Only for calls that may be repeated: nothing that makes an object.
    pub(super) fn use_key<T>(
        &self,
        call: &CallContext,
        key: &KeyRef,
        doubt: Doubt,
        mut work: impl FnMut(&Session, &Key) -> Result<T, Fault>,
    ) -> Result<T, HsmError> {
        let mut bare: Option<Key> = None;
        for last in [false, false, true] {
            let mut used = None;
            let done = self.attempt(call, doubt, |session| {
                if let Some(bare) = &bare {
                    return work(session, bare);
                }
                let key = used.insert(self.key(call, session, key)?);
                work(session, key)
            });
            let fault = match done {
                Ok(value) => return Ok(value),
                Err(fault) => fault,
            };
            match fault.effect {
                Effect::StaleHandle if !last => {
                    bare = self.forget_stale(key, used);
                }
                Effect::DeadSession if !last => {}
                Effect::StaleHandle => return Err(self.stale_to_the_end(call, fault, used)),
                Effect::None | Effect::DeadSession | Effect::TokenLost | Effect::Doubtful => {
                    return Err(fault.error);
                }
            }
        }
        Err(HsmError::new(HsmErrorKind::Unavailable, "use_key"))
    }

    /// The key, with a handle that is alive, for work that uses it beside another: only that other's
    /// is found anew when it proves dead. Held, so that its copy is not destroyed meanwhile.
    pub(super) fn hold(&self, call: &CallContext, key: &KeyRef) -> Result<Arc<Key>, HsmError> {
        self.use_key(call, key, Doubt::Device, |session, key| {
            let handle = self.working_handle(key)?;
            keys::read(session, handle, AttributeType::Class).map(drop)
        })?;
        let held = self.attempt(call, Doubt::Device, |session| self.key(call, session, key));
        held.map_err(|fault| fault.error)
    }

    /// A handle that is called invalid, but was found a moment ago and is alive: some tokens say so
    /// of a key that does not permit the use (Kryoptic of CKA_WRAP).
    fn stale_to_the_end(
        &self,
        call: &CallContext,
        fault: Fault,
        used: Option<Arc<Key>>,
    ) -> HsmError {
        let alive = used.is_some_and(|key| {
            let class = |session: &Session| keys::read(session, key.object, AttributeType::Class);
            self.attempt(call, Doubt::Device, class).is_ok()
        });
        let kind = if alive { HsmErrorKind::NotPermitted } else { fault.error.kind };
        HsmError { kind, ..fault.error }
    }

    fn attempt<T>(
        &self,
        call: &CallContext,
        doubt: Doubt,
        work: impl FnOnce(&Session) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let open = || Ok(self.library.open_rw_session(self.slot)?);
        let lease = self.pool.lease(call.deadline, open).inspect_err(|fault| {
            self.report(fault);
            if fault.effect == Effect::TokenLost {
                self.report_lost();
            }
        })?;
        let done = work(lease.session()?);
        self.bury();
        let fault = match done {
            Ok(value) => {
                if self.strikes.load(Ordering::Relaxed) > 0 {
                    self.strikes.store(0, Ordering::Relaxed);
                }
                return Ok(value);
            }
            Err(fault) => fault,
        };
        self.report(&fault);
        let settled = self.settle(fault, doubt, call, lease.session()?);
        if settled.poisons || settled.effect == Effect::DeadSession {
            lease.discard();
        }
        Err(settled)
    }

    /// Finds out what a doubtful fault means, and reports a lost token.
    ///
    /// Called with the lease held, so the library is not finalised meanwhile.
    fn settle(
        &self,
        mut fault: Fault,
        doubt: Doubt,
        call: &CallContext,
        session: &Session,
    ) -> Fault {
        if fault.effect == Effect::Doubtful {
            if !self.is_well() {
                fault.effect = Effect::TokenLost;
            } else if !self.serves(session) {
                if self.strikes.fetch_add(1, Ordering::Relaxed) + 1 >= STRIKES {
                    fault.effect = Effect::TokenLost;
                }
            } else if doubt == Doubt::Data {
                fault.error.kind = HsmErrorKind::BadData;
            }
        }
        if doubt == Doubt::Data && fault.is_of_opened_data() {
            fault.error.kind = HsmErrorKind::BadData;
        }
        if fault.is_of_closed_session() {
            self.pool.doubt();
            // The session objects have died with their session: only a new start makes others.
            if !self.owner.is_alive() {
                fault.effect = Effect::TokenLost;
            }
        }
        if fault.effect == Effect::TokenLost {
            fault.error.kind = HsmErrorKind::Unavailable;
            self.report_lost();
        }
        tracing::debug!(request = call.request_id, error = %fault.error, "token call failed");
        fault
    }

    /// Whether the token answers for itself, is the one that was opened, and knows of the login.
    /// C_GetSessionInfo alone would not do: SoftHSM goes on saying OK when the token's files are
    /// gone.
    pub(super) fn is_well(&self) -> bool {
        match self.library.get_token_info(self.slot) {
            Ok(info) => self.is_this(&module::describe(&info)) && self.owner.is_alive(),
            Err(error) => {
                self.report(&error.into());
                false
            }
        }
    }

    /// Whether a token that says it is well [serves] at all.
    pub(super) fn serves(&self, session: &Session) -> bool {
        serves(session).inspect_err(|fault| self.report(fault)).is_ok()
    }

    /// Another one may have come into the slot, and this one may have been initialised anew.
    fn is_this(&self, info: &TokenInfo) -> bool {
        info.serial == self.info.serial && info.label == self.info.label
    }

    fn report(&self, fault: &Fault) {
        if let Some(observer) = &self.observer {
            watch::report(&**observer, fault);
        }
    }

    pub(super) fn report_lost(&self) {
        if !self.lost.swap(true, Ordering::AcqRel) {
            (self.wake)();
        }
    }

    /// Forgets a key whose handle is dead; a persistent one is tried without its copy.
    fn forget_stale(&self, key: &KeyRef, used: Option<Arc<Key>>) -> Option<Key> {
        match key {
            KeyRef::Token(id) => {
                self.forget(*id);
                used.map(|key| key.bare())
            }
            KeyRef::Wrapped { id, kek, .. } => {
                self.unwrapped.remove(*id);
                self.forget(*kek);
                None
            }
        }
    }

    /// The key: remembered, or searched for or unwrapped once.
    pub(super) fn key(
        &self,
        call: &CallContext,
        session: &Session,
        key: &KeyRef,
    ) -> Result<Arc<Key>, Fault> {
        let id = match key {
            KeyRef::Token(id) => *id,
            KeyRef::Wrapped { id, kek, kcv, blob } => {
                return custody::unwrapped(self, call, session, (*id, *kek), (kcv, blob));
            }
        };
        if let Some(key) = self.keys.get(id) {
            return Ok(key);
        }
        let pass = self.gate.enter(Side::Search, call.deadline)?;
        let found = keys::search(session, id)?;
        drop(pass);
        let Some(key) = found else { return Err(self.not_found()) };
        Ok(self.remember(id, key))
    }

    /// An absent token looks like an empty one; only a healthy token's word counts.
    pub(super) fn not_found(&self) -> Fault {
        if self.is_well() {
            return HsmError::new(HsmErrorKind::KeyNotFound, "C_FindObjects").into();
        }
        let lost = HsmError::new(HsmErrorKind::Unavailable, "C_FindObjects");
        Fault { effect: Effect::TokenLost, ..lost.into() }
    }

    /// Remembers a key, so that it need not be searched for.
    pub(super) fn remember(&self, id: KeyId, key: Key) -> Arc<Key> {
        self.keys.insert(id, key)
    }

    /// Forgets a key; its copy is destroyed when the last user is done.
    pub(super) fn forget(&self, id: KeyId) {
        self.keys.remove(id);
    }

    /// Destroys what calls have left to the next, which may be long in coming.
    pub(super) fn tidy(&self) {
        if self.owner.is_free() {
            self.bury();
        }
    }

    /// Destroys the copies nobody uses any more.
    fn bury(&self) {
        for copy in self.keys.graveyard.take() {
            let destroyed = self.owner.with(|session| Ok(session.destroy_object(copy)?));
            if let Err(fault) = destroyed {
                tracing::debug!(error = %fault.error, "a session copy was gone already");
            }
        }
    }

    /// The handle to compute with; see [`Key::handle`].
    pub(super) fn working_handle(&self, key: &Key) -> Result<ObjectHandle, Fault> {
        key.handle(&self.keys.graveyard, |object| self.owner.with(|session| copy(session, object)))
    }

    /// Closes every session; `false` where a call still runs at `deadline`.
    pub(super) fn close(&self, deadline: Instant) -> bool {
        let drained = self.pool.close(deadline);
        if drained {
            self.owner.close();
        }
        drained
    }
}

/// A copy that lives in the session, tightened as far as the token allows.
fn copy(session: &Session, object: ObjectHandle) -> Result<ObjectHandle, Fault> {
    let tight = [
        Attribute::Token(false),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
    ];
    match session.copy_object(object, &tight).map_err(Fault::from) {
        Err(fault) if fault.effect == Effect::None => {
            Ok(session.copy_object(object, &[Attribute::Token(false)])?)
        }
        made => made,
    }
}

/// Has the token do the least there is: one that fails at that, too, says nothing of what it was asked
/// before.
pub(super) fn serves(session: &Session) -> Result<(), Fault> {
    match session.generate_random_slice(&mut [0]).map_err(Fault::from) {
        Err(fault) if matches!(fault.effect, Effect::Doubtful | Effect::TokenLost) => Err(fault),
        Ok(()) | Err(_) => Ok(()),
    }
}
