//! A wrapper that fails chosen calls, for the server's tests.

mod agreement;
mod custodian;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

pub use crate::observer::Verb;

use crate::backend::{
    CallContext, Encrypted, Generated, GeneratedPair, HsmBackend, KeyId, KeyRef, Output, TokenInfo,
    TokenState,
};
use crate::error::{HsmError, HsmErrorKind};
use crate::job::{
    CipherAlgorithm, CipherParams, HashAlgorithm, KeyMaterial, KeyPairSpec, KeyPolicy,
    MacAlgorithm, SecretKeySpec, SecretValue, SignAlgorithm, SignInput, StreamEnd, StreamId,
    StreamWish, WrapAlgorithm,
};

/// When a planned failure strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// The call does not reach the backend.
    Before,
    /// The backend has done the work; its answer is lost.
    After,
}

#[derive(Clone, Copy, Debug)]
struct Plan {
    /// Calls still to let pass.
    pass: usize,
    /// Calls still to fail after that.
    fail: usize,
    kind: HsmErrorKind,
    moment: Moment,
}

/// What happens when a verb is called: a test looks on, or holds the call.
type Hook = Box<dyn FnOnce() + Send>;

#[derive(Debug, Default)]
struct Faults {
    plans: HashMap<Verb, Plan>,
    counts: HashMap<Verb, usize>,
    unavailable: bool,
}

/// A backend whose calls can be made to fail.
pub struct FaultyBackend {
    inner: Arc<dyn HsmBackend>,
    faults: Mutex<Faults>,
    hooks: Mutex<HashMap<Verb, Hook>>,
}

impl FaultyBackend {
    /// Wraps `inner`; nothing fails yet.
    #[must_use]
    pub fn new(inner: Arc<dyn HsmBackend>) -> Self {
        Self { inner, faults: Mutex::default(), hooks: Mutex::default() }
    }

    /// Makes the `nth` call of `verb` from now (1 is the next) fail with `kind`, once.
    pub fn fail_nth(&self, verb: Verb, nth: usize, kind: HsmErrorKind, moment: Moment) {
        self.plan(verb, Plan { pass: nth.saturating_sub(1), fail: 1, kind, moment });
    }

    /// Makes every call of `verb` fail with `kind` until [`Self::heal`].
    pub fn fail_always(&self, verb: Verb, kind: HsmErrorKind) {
        self.plan(verb, Plan { pass: 0, fail: usize::MAX, kind, moment: Moment::Before });
    }

    /// Has the next call of `verb` run `hook` before anything else.
    pub fn on_next(&self, verb: Verb, hook: impl FnOnce() + Send + 'static) {
        let mut hooks = self.hooks.lock().unwrap_or_else(PoisonError::into_inner);
        hooks.insert(verb, Box::new(hook));
    }

    /// Makes the state `Unavailable` and every call fail so, or ends that.
    pub fn set_unavailable(&self, unavailable: bool) {
        self.faults().unavailable = unavailable;
    }

    /// Forgets all planned failures, and is available again.
    pub fn heal(&self) {
        let mut faults = self.faults();
        faults.plans.clear();
        faults.unavailable = false;
    }

    /// How often `verb` was called, failures included.
    #[must_use]
    pub fn calls(&self, verb: Verb) -> usize {
        self.faults().counts.get(&verb).copied().unwrap_or_default()
    }

    fn plan(&self, verb: Verb, plan: Plan) {
        self.faults().plans.insert(verb, plan);
    }

    fn faults(&self) -> std::sync::MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The failure planned for this call of `verb`, if any.
    fn strike(&self, verb: Verb) -> Option<(HsmError, Moment)> {
        let mut faults = self.faults();
        *faults.counts.entry(verb).or_default() += 1;
        if faults.unavailable {
            return Some((HsmError::new(HsmErrorKind::Unavailable, "fault"), Moment::Before));
        }
        let plan = faults.plans.get_mut(&verb)?;
        if plan.pass > 0 {
            plan.pass -= 1;
            return None;
        }
        plan.fail = plan.fail.checked_sub(1)?;
        Some((HsmError::new(plan.kind, "fault"), plan.moment))
    }

    fn run<T>(
        &self,
        verb: Verb,
        work: impl FnOnce(&dyn HsmBackend) -> Result<T, HsmError>,
    ) -> Result<T, HsmError> {
        let mut hooks = self.hooks.lock().unwrap_or_else(PoisonError::into_inner);
        let hook = hooks.remove(&verb);
        drop(hooks);
        if let Some(hook) = hook {
            hook();
        }
        match self.strike(verb) {
            None => work(&*self.inner),
            Some((error, Moment::Before)) => Err(error),
            Some((error, Moment::After)) => work(&*self.inner).and(Err(error)),
        }
    }
}

impl core::fmt::Debug for FaultyBackend {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("FaultyBackend").field("faults", &self.faults()).finish_non_exhaustive()
    }
}

impl HsmBackend for FaultyBackend {
    fn state(&self) -> TokenState {
        if self.faults().unavailable { TokenState::Unavailable } else { self.inner.state() }
    }

    fn info(&self) -> Option<TokenInfo> {
        if self.faults().unavailable { None } else { self.inner.info() }
    }

    fn generate_key(
        &self,
        call: &CallContext,
        id: KeyId,
        spec: SecretKeySpec,
        policy: &KeyPolicy,
    ) -> Result<Output<Generated>, HsmError> {
        self.run(Verb::GenerateKey, |inner| inner.generate_key(call, id, spec, policy))
    }

    fn generate_key_pair(
        &self,
        call: &CallContext,
        id: KeyId,
        spec: &KeyPairSpec,
        policy: &KeyPolicy,
    ) -> Result<Output<GeneratedPair>, HsmError> {
        self.run(Verb::GenerateKeyPair, |inner| inner.generate_key_pair(call, id, spec, policy))
    }

    fn import_key(
        &self,
        call: &CallContext,
        id: KeyId,
        material: &KeyMaterial,
        policy: &KeyPolicy,
    ) -> Result<Generated, HsmError> {
        self.run(Verb::ImportKey, |inner| inner.import_key(call, id, material, policy))
    }

    fn export_key(&self, call: &CallContext, key: &KeyRef) -> Result<KeyMaterial, HsmError> {
        self.run(Verb::ExportKey, |inner| inner.export_key(call, key))
    }

    fn restrict_key(
        &self,
        call: &CallContext,
        key: &KeyRef,
        sensitive: bool,
        not_extractable: bool,
    ) -> Result<(), HsmError> {
        self.run(Verb::RestrictKey, |inner| {
            inner.restrict_key(call, key, sensitive, not_extractable)
        })
    }

    fn key_exists(&self, call: &CallContext, id: KeyId) -> Result<bool, HsmError> {
        self.run(Verb::KeyExists, |inner| inner.key_exists(call, id))
    }

    fn encrypt(
        &self,
        call: &CallContext,
        key: &KeyRef,
        algorithm: CipherAlgorithm,
        params: &CipherParams,
        data: &[u8],
    ) -> Result<Output<Encrypted>, HsmError> {
        self.run(Verb::Encrypt, |inner| inner.encrypt(call, key, algorithm, params, data))
    }

    fn decrypt(
        &self,
        call: &CallContext,
        key: &KeyRef,
        algorithm: CipherAlgorithm,
        params: &CipherParams,
        data: &[u8],
        tag: &[u8],
    ) -> Result<Output<SecretValue>, HsmError> {
        self.run(Verb::Decrypt, |inner| inner.decrypt(call, key, algorithm, params, data, tag))
    }

    fn sign(
        &self,
        call: &CallContext,
        key: &KeyRef,
        algorithm: SignAlgorithm,
        salt_bytes: Option<usize>,
        input: SignInput<'_>,
    ) -> Result<Output<Vec<u8>>, HsmError> {
        self.run(Verb::Sign, |inner| inner.sign(call, key, algorithm, salt_bytes, input))
    }

    fn mac(
        &self,
        call: &CallContext,
        key: &KeyRef,
        algorithm: MacAlgorithm,
        data: &[u8],
    ) -> Result<Output<Vec<u8>>, HsmError> {
        self.run(Verb::Mac, |inner| inner.mac(call, key, algorithm, data))
    }

    fn stream_open(
        &self,
        call: &CallContext,
        key: &KeyRef,
        wish: &StreamWish,
    ) -> Result<StreamId, HsmError> {
        self.run(Verb::StreamOpen, |inner| inner.stream_open(call, key, wish))
    }

    fn stream_update(
        &self,
        call: &CallContext,
        stream: StreamId,
        part: &[u8],
    ) -> Result<SecretValue, HsmError> {
        self.run(Verb::StreamUpdate, |inner| inner.stream_update(call, stream, part))
    }

    fn stream_finish(
        &self,
        call: &CallContext,
        stream: StreamId,
        last: &[u8],
        tag: &[u8],
    ) -> Result<Output<StreamEnd>, HsmError> {
        self.run(Verb::StreamFinish, |inner| inner.stream_finish(call, stream, last, tag))
    }

    fn stream_abort(&self, call: &CallContext, stream: StreamId) -> Result<(), HsmError> {
        self.run(Verb::StreamAbort, |inner| inner.stream_abort(call, stream))
    }

    fn digest_key(
        &self,
        call: &CallContext,
        key: &KeyRef,
        hash: HashAlgorithm,
    ) -> Result<Vec<u8>, HsmError> {
        self.run(Verb::DigestKey, |inner| inner.digest_key(call, key, hash))
    }

    fn wrap_key(
        &self,
        call: &CallContext,
        wrapping: &KeyRef,
        target: &KeyRef,
        algorithm: WrapAlgorithm,
    ) -> Result<Output<Vec<u8>>, HsmError> {
        self.run(Verb::WrapKey, |inner| inner.wrap_key(call, wrapping, target, algorithm))
    }

    fn wrap_data(
        &self,
        call: &CallContext,
        wrapping: &KeyRef,
        data: &SecretValue,
        algorithm: WrapAlgorithm,
    ) -> Result<Output<Vec<u8>>, HsmError> {
        self.run(Verb::WrapData, |inner| inner.wrap_data(call, wrapping, data, algorithm))
    }

    fn unwrap_key(
        &self,
        call: &CallContext,
        wrapping: &KeyRef,
        blob: &[u8],
        algorithm: WrapAlgorithm,
        id: KeyId,
        spec: SecretKeySpec,
        policy: &KeyPolicy,
    ) -> Result<Output<Generated>, HsmError> {
        self.run(Verb::UnwrapKey, |inner| {
            inner.unwrap_key(call, wrapping, blob, algorithm, id, spec, policy)
        })
    }

    fn random(&self, call: &CallContext, bytes: usize) -> Result<SecretValue, HsmError> {
        self.run(Verb::Random, |inner| inner.random(call, bytes))
    }

    fn seed(&self, call: &CallContext, seed: &[u8]) -> Result<usize, HsmError> {
        self.run(Verb::Seed, |inner| inner.seed(call, seed))
    }

    fn destroy_key(&self, call: &CallContext, key: &KeyRef) -> Result<(), HsmError> {
        self.run(Verb::DestroyKey, |inner| inner.destroy_key(call, key))
    }

    fn close(&self) {
        self.inner.close();
    }
}
