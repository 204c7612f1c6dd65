//! A software stand-in for a token: same trait, same contract, keys in plain memory.
//!
//! For tests. It refuses to build in release.

#[cfg(not(debug_assertions))]
compile_error!("the feature `memory` keeps keys in plain memory: it is for tests, not for release");

mod agreement;
mod block;
mod ccm;
mod cipher;
mod custodian;
mod custody;
mod export;
mod gcm;
mod generate;
mod import;
mod keys;
mod mac;
mod modes;
mod sign;
mod wrap;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use crate::backend::{
    CallContext, Encrypted, Generated, GeneratedPair, HsmBackend, KeyId, KeyRef, Output, TokenInfo,
    TokenState,
};
use crate::capability::{Capabilities, Mechanism, MechanismTraits, WrapProof};
use crate::error::{HsmError, HsmErrorKind};
use crate::job::{
    CipherAlgorithm, CipherParams, HashAlgorithm, KeyMaterial, KeyPairSpec, KeyPolicy,
    MacAlgorithm, SecretKeySpec, SecretValue, SignAlgorithm, SignInput, StreamEnd, StreamId,
    StreamWish, WrapAlgorithm,
};
use crate::limits;
use crate::software::fill_random;
use crate::streams::{StreamLimits, Streams};
use keys::Store;

/// A token in memory.
#[derive(Debug)]
pub struct MemoryBackend {
    capabilities: Mutex<Arc<Capabilities>>,
    available: AtomicBool,
    store: Store,
    streams: Streams,
}

impl Default for MemoryBackend {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryBackend {
    /// An empty token that can do all this crate knows, save what MD5 is needed for.
    #[must_use]
    pub fn new() -> Self {
        Self::with_capabilities(Self::full_capabilities())
    }

    /// An empty token that can do `capabilities`, as far as [`Self::new`] can.
    #[must_use]
    pub fn with_capabilities(capabilities: Capabilities) -> Self {
        Self {
            capabilities: Mutex::new(Arc::new(capabilities)),
            available: AtomicBool::new(true),
            store: Store::default(),
            streams: Streams::new(StreamLimits::default()),
        }
    }

    /// What [`Self::new`] can do.
    #[must_use]
    pub fn full_capabilities() -> Capabilities {
        Self::capabilities_of(|_| true)
    }

    /// What a token with those of our mechanisms can do that `has` lets pass.
    #[must_use]
    pub fn capabilities_of(has: impl Fn(Mechanism) -> bool) -> Capabilities {
        let can = |m: Mechanism| m.name().is_some_and(|name| !name.contains("MD5")) && has(m);
        let all = MechanismTraits {
            encrypt: true,
            decrypt: true,
            digest: true,
            sign: true,
            generate: true,
            generate_pair: true,
            wrap: true,
            unwrap: true,
            derive: true,
            min_key: 0,
            max_key: 0,
        };
        Capabilities::resolve(&|m| can(m).then_some(all), &|_| WrapProof::Exact, &|_| true)
    }

    /// The same with other bounds for streams.
    #[must_use]
    pub fn with_stream_limits(mut self, limits: StreamLimits) -> Self {
        self.streams = Streams::new(limits);
        self
    }

    /// Makes the token absent or present; its keys stay.
    pub fn set_available(&self, available: bool) {
        self.available.store(available, Ordering::Release);
    }

    /// Replaces what the token can do.
    pub fn set_capabilities(&self, capabilities: Capabilities) {
        *self.capabilities.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(capabilities);
    }

    fn capabilities(&self) -> Arc<Capabilities> {
        Arc::clone(&self.capabilities.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What every call checks first.
    fn enter(&self, call: &CallContext) -> Result<(&Store, Arc<Capabilities>), HsmError> {
        if !self.available.load(Ordering::Acquire) {
            return Err(HsmError::new(HsmErrorKind::Unavailable, "memory"));
        }
        if call.deadline <= Instant::now() {
            return Err(HsmError::new(HsmErrorKind::Deadline, "memory"));
        }
        Ok((&self.store, self.capabilities()))
    }
}

impl HsmBackend for MemoryBackend {
    fn state(&self) -> TokenState {
        if self.available.load(Ordering::Acquire) {
            TokenState::Ready(self.capabilities())
        } else {
            TokenState::Unavailable
        }
    }

    fn info(&self) -> Option<TokenInfo> {
        self.available.load(Ordering::Acquire).then(|| TokenInfo {
            label: "memory".to_owned(),
            serial: "0".to_owned(),
            manufacturer: "Claviger".to_owned(),
            model: "stand-in for tests".to_owned(),
            firmware: env!("CARGO_PKG_VERSION").to_owned(),
            max_sessions: None,
        })
    }

    fn generate_key(
        &self,
        call: &CallContext,
        id: KeyId,
        spec: SecretKeySpec,
        policy: &KeyPolicy,
    ) -> Result<Output<Generated>, HsmError> {
        let (store, capabilities) = self.enter(call)?;
        generate::generate_key(store, &capabilities, id, spec, policy)
    }

    fn generate_key_pair(
        &self,
        call: &CallContext,
        id: KeyId,
        spec: &KeyPairSpec,
        policy: &KeyPolicy,
    ) -> Result<Output<GeneratedPair>, HsmError> {
        let (store, capabilities) = self.enter(call)?;
        generate::generate_key_pair(store, &capabilities, id, spec, policy)
    }

    fn import_key(
        &self,
        call: &CallContext,
        id: KeyId,
        material: &KeyMaterial,
        policy: &KeyPolicy,
    ) -> Result<Generated, HsmError> {
        import::import_key(self.enter(call)?.0, id, material, policy)
    }

    fn export_key(&self, call: &CallContext, key: &KeyRef) -> Result<KeyMaterial, HsmError> {
        export::export_key(self.enter(call)?.0, key)
    }

    fn restrict_key(
        &self,
        call: &CallContext,
        key: &KeyRef,
        sensitive: bool,
        not_extractable: bool,
    ) -> Result<(), HsmError> {
        self.enter(call)?.0.restrict(key, sensitive, not_extractable)
    }

    fn key_exists(&self, call: &CallContext, id: KeyId) -> Result<bool, HsmError> {
        Ok(self.enter(call)?.0.contains(id))
    }

    fn encrypt(
        &self,
        call: &CallContext,
        key: &KeyRef,
        algorithm: CipherAlgorithm,
        params: &CipherParams,
        data: &[u8],
    ) -> Result<Output<Encrypted>, HsmError> {
        let (store, capabilities) = self.enter(call)?;
        cipher::encrypt(store, &capabilities, key, algorithm, params, data)
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
        let (store, capabilities) = self.enter(call)?;
        cipher::decrypt(store, &capabilities, key, algorithm, params, data, tag)
    }

    fn sign(
        &self,
        call: &CallContext,
        key: &KeyRef,
        algorithm: SignAlgorithm,
        salt_bytes: Option<usize>,
        input: SignInput<'_>,
    ) -> Result<Output<Vec<u8>>, HsmError> {
        let (store, capabilities) = self.enter(call)?;
        sign::sign(store, &capabilities, key, algorithm, salt_bytes, input)
    }

    fn mac(
        &self,
        call: &CallContext,
        key: &KeyRef,
        algorithm: MacAlgorithm,
        data: &[u8],
    ) -> Result<Output<Vec<u8>>, HsmError> {
        let (store, capabilities) = self.enter(call)?;
        mac::mac(store, &capabilities, key, algorithm, data)
    }

    fn stream_open(
        &self,
        call: &CallContext,
        key: &KeyRef,
        wish: &StreamWish,
    ) -> Result<StreamId, HsmError> {
        let (_, capabilities) = self.enter(call)?;
        self.streams.open(&capabilities, call, key, wish)
    }

    fn stream_update(
        &self,
        call: &CallContext,
        stream: StreamId,
        part: &[u8],
    ) -> Result<SecretValue, HsmError> {
        self.enter(call)?;
        self.streams.update(self, call, stream, part)
    }

    fn stream_finish(
        &self,
        call: &CallContext,
        stream: StreamId,
        last: &[u8],
        tag: &[u8],
    ) -> Result<Output<StreamEnd>, HsmError> {
        self.enter(call)?;
        self.streams.finish(self, call, stream, last, tag)
    }

    fn stream_abort(&self, call: &CallContext, stream: StreamId) -> Result<(), HsmError> {
        self.enter(call)?;
        self.streams.abort(call, stream)
    }

    fn digest_key(
        &self,
        call: &CallContext,
        key: &KeyRef,
        hash: HashAlgorithm,
    ) -> Result<Vec<u8>, HsmError> {
        let (store, capabilities) = self.enter(call)?;
        mac::digest_key(store, &capabilities, key, hash)
    }

    fn wrap_key(
        &self,
        call: &CallContext,
        wrapping: &KeyRef,
        target: &KeyRef,
        algorithm: WrapAlgorithm,
    ) -> Result<Output<Vec<u8>>, HsmError> {
        let (store, capabilities) = self.enter(call)?;
        wrap::wrap_key(store, &capabilities, wrapping, target, algorithm)
    }

    fn wrap_data(
        &self,
        call: &CallContext,
        wrapping: &KeyRef,
        data: &SecretValue,
        algorithm: WrapAlgorithm,
    ) -> Result<Output<Vec<u8>>, HsmError> {
        let (store, capabilities) = self.enter(call)?;
        wrap::wrap_data(store, &capabilities, wrapping, data, algorithm)
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
        let (store, capabilities) = self.enter(call)?;
        let value = wrap::unwrap(store, &capabilities, wrapping, blob, algorithm, spec)?;
        let mechanism = value.mechanism;
        let material = KeyMaterial::Secret { kind: spec.kind, value: value.value };
        let value = import::import_key(store, id, &material, policy)?;
        Ok(Output { value, mechanism })
    }

    fn random(&self, call: &CallContext, bytes: usize) -> Result<SecretValue, HsmError> {
        self.enter(call)?;
        if bytes > limits::MAX_RANDOM_BYTES {
            return Err(HsmError::new(HsmErrorKind::BadLength, "random"));
        }
        let mut value = vec![0; bytes];
        fill_random(&mut value)?;
        Ok(SecretValue::new(value))
    }

    fn seed(&self, call: &CallContext, seed: &[u8]) -> Result<usize, HsmError> {
        self.enter(call)?;
        limits::check_data(seed)?;
        Ok(0)
    }

    fn destroy_key(&self, call: &CallContext, key: &KeyRef) -> Result<(), HsmError> {
        self.enter(call)?.0.destroy(key)
    }

    fn close(&self) {
        self.streams.clear();
        self.set_available(false);
    }
}
