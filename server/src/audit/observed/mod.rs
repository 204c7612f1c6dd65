//! The token, with what every call tells of itself noted for the record.

mod agreement;
mod custodian;

use std::sync::Arc;

use hsm_backend::{
    CallContext, CipherAlgorithm, CipherParams, Encrypted, Generated, GeneratedPair, HashAlgorithm,
    HsmBackend, HsmError, KeyId, KeyMaterial, KeyPairSpec, KeyPolicy, KeyRef, MacAlgorithm, Output,
    SecretKeySpec, SecretValue, SignAlgorithm, SignInput, StreamEnd, StreamId, StreamWish,
    TokenInfo, TokenState, WrapAlgorithm,
};

use super::notes;

/// A token whose calls are noted: the mechanism of what succeeded, the return value of what failed.
pub struct Observed {
    inner: Arc<dyn HsmBackend>,
}

impl Observed {
    /// `inner`, observed.
    #[must_use]
    pub const fn new(inner: Arc<dyn HsmBackend>) -> Self {
        Self { inner }
    }
}

impl HsmBackend for Observed {
    fn state(&self) -> TokenState {
        self.inner.state()
    }

    fn info(&self) -> Option<TokenInfo> {
        self.inner.info()
    }

    fn generate_key(
        &self,
        call: &CallContext,
        id: KeyId,
        spec: SecretKeySpec,
        policy: &KeyPolicy,
    ) -> Result<Output<Generated>, HsmError> {
        notes::made(self.inner.generate_key(call, id, spec, policy))
    }

    fn generate_key_pair(
        &self,
        call: &CallContext,
        id: KeyId,
        spec: &KeyPairSpec,
        policy: &KeyPolicy,
    ) -> Result<Output<GeneratedPair>, HsmError> {
        notes::made(self.inner.generate_key_pair(call, id, spec, policy))
    }

    fn import_key(
        &self,
        call: &CallContext,
        id: KeyId,
        material: &KeyMaterial,
        policy: &KeyPolicy,
    ) -> Result<Generated, HsmError> {
        notes::asked(self.inner.import_key(call, id, material, policy))
    }

    fn export_key(&self, call: &CallContext, key: &KeyRef) -> Result<KeyMaterial, HsmError> {
        notes::asked(self.inner.export_key(call, key))
    }

    fn restrict_key(
        &self,
        call: &CallContext,
        key: &KeyRef,
        sensitive: bool,
        not_extractable: bool,
    ) -> Result<(), HsmError> {
        notes::asked(self.inner.restrict_key(call, key, sensitive, not_extractable))
    }

    fn key_exists(&self, call: &CallContext, id: KeyId) -> Result<bool, HsmError> {
        notes::asked(self.inner.key_exists(call, id))
    }

    fn encrypt(
        &self,
        call: &CallContext,
        key: &KeyRef,
        algorithm: CipherAlgorithm,
        params: &CipherParams,
        data: &[u8],
    ) -> Result<Output<Encrypted>, HsmError> {
        notes::made(self.inner.encrypt(call, key, algorithm, params, data))
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
        notes::made(self.inner.decrypt(call, key, algorithm, params, data, tag))
    }

    fn sign(
        &self,
        call: &CallContext,
        key: &KeyRef,
        algorithm: SignAlgorithm,
        salt_bytes: Option<usize>,
        input: SignInput<'_>,
    ) -> Result<Output<Vec<u8>>, HsmError> {
        notes::made(self.inner.sign(call, key, algorithm, salt_bytes, input))
    }

    fn mac(
        &self,
        call: &CallContext,
        key: &KeyRef,
        algorithm: MacAlgorithm,
        data: &[u8],
    ) -> Result<Output<Vec<u8>>, HsmError> {
        notes::made(self.inner.mac(call, key, algorithm, data))
    }

    fn stream_open(
        &self,
        call: &CallContext,
        key: &KeyRef,
        wish: &StreamWish,
    ) -> Result<StreamId, HsmError> {
        notes::asked(self.inner.stream_open(call, key, wish))
    }

    fn stream_update(
        &self,
        call: &CallContext,
        stream: StreamId,
        part: &[u8],
    ) -> Result<SecretValue, HsmError> {
        notes::asked(self.inner.stream_update(call, stream, part))
    }

    fn stream_finish(
        &self,
        call: &CallContext,
        stream: StreamId,
        last: &[u8],
        tag: &[u8],
    ) -> Result<Output<StreamEnd>, HsmError> {
        notes::made(self.inner.stream_finish(call, stream, last, tag))
    }

    fn stream_abort(&self, call: &CallContext, stream: StreamId) -> Result<(), HsmError> {
        notes::asked(self.inner.stream_abort(call, stream))
    }

    fn digest_key(
        &self,
        call: &CallContext,
        key: &KeyRef,
        hash: HashAlgorithm,
    ) -> Result<Vec<u8>, HsmError> {
        notes::asked(self.inner.digest_key(call, key, hash))
    }

    fn wrap_key(
        &self,
        call: &CallContext,
        wrapping: &KeyRef,
        target: &KeyRef,
        algorithm: WrapAlgorithm,
    ) -> Result<Output<Vec<u8>>, HsmError> {
        notes::made(self.inner.wrap_key(call, wrapping, target, algorithm))
    }

    fn wrap_data(
        &self,
        call: &CallContext,
        wrapping: &KeyRef,
        data: &SecretValue,
        algorithm: WrapAlgorithm,
    ) -> Result<Output<Vec<u8>>, HsmError> {
        notes::made(self.inner.wrap_data(call, wrapping, data, algorithm))
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
        notes::made(self.inner.unwrap_key(call, wrapping, blob, algorithm, id, spec, policy))
    }

    fn random(&self, call: &CallContext, bytes: usize) -> Result<SecretValue, HsmError> {
        notes::asked(self.inner.random(call, bytes))
    }

    fn seed(&self, call: &CallContext, seed: &[u8]) -> Result<usize, HsmError> {
        notes::asked(self.inner.seed(call, seed))
    }

    fn destroy_key(&self, call: &CallContext, key: &KeyRef) -> Result<(), HsmError> {
        notes::asked(self.inner.destroy_key(call, key))
    }

    fn close(&self) {
        self.inner.close();
    }
}
