//! The verbs of wrapped custody, each a line.

use super::{FaultyBackend, Verb};
use crate::backend::{
    ArrivingKey, CallContext, Generated, KeyId, KeyRef, Output, WrappedCustody, WrappedKey,
    WrappedPair,
};
use crate::error::HsmError;
use crate::job::{KeyMaterial, KeyPairSpec, KeyPolicy, SecretKeySpec};

impl WrappedCustody for FaultyBackend {
    fn make_kek(&self, call: &CallContext, id: KeyId) -> Result<(), HsmError> {
        self.run(Verb::MakeKek, |inner| inner.make_kek(call, id))
    }

    fn generate_wrapped(
        &self,
        call: &CallContext,
        kek: KeyId,
        spec: SecretKeySpec,
        policy: &KeyPolicy,
    ) -> Result<Output<WrappedKey>, HsmError> {
        self.run(Verb::GenerateWrapped, |inner| inner.generate_wrapped(call, kek, spec, policy))
    }

    fn generate_pair_wrapped(
        &self,
        call: &CallContext,
        kek: KeyId,
        spec: &KeyPairSpec,
        policy: &KeyPolicy,
    ) -> Result<Output<WrappedPair>, HsmError> {
        self.run(Verb::GeneratePairWrapped, |inner| {
            inner.generate_pair_wrapped(call, kek, spec, policy)
        })
    }

    fn import_wrapped(
        &self,
        call: &CallContext,
        kek: KeyId,
        material: &KeyMaterial,
        policy: &KeyPolicy,
    ) -> Result<Output<WrappedKey>, HsmError> {
        self.run(Verb::ImportWrapped, |inner| inner.import_wrapped(call, kek, material, policy))
    }

    fn rewrap_arriving(
        &self,
        call: &CallContext,
        kek: KeyId,
        arriving: &ArrivingKey,
        policy: &KeyPolicy,
    ) -> Result<Output<WrappedKey>, HsmError> {
        self.run(Verb::RewrapArriving, |inner| inner.rewrap_arriving(call, kek, arriving, policy))
    }

    fn rewrap(
        &self,
        call: &CallContext,
        key: &KeyRef,
        new_kek: KeyId,
    ) -> Result<Output<WrappedKey>, HsmError> {
        self.run(Verb::Rewrap, |inner| inner.rewrap(call, key, new_kek))
    }

    fn move_to_blob(
        &self,
        call: &CallContext,
        key: &KeyRef,
        kek: KeyId,
        spec: SecretKeySpec,
        policy: &KeyPolicy,
    ) -> Result<Output<WrappedKey>, HsmError> {
        self.run(Verb::MoveToBlob, |inner| inner.move_to_blob(call, key, kek, spec, policy))
    }

    fn move_to_token(
        &self,
        call: &CallContext,
        key: &KeyRef,
        id: KeyId,
        label: &str,
    ) -> Result<Output<Generated>, HsmError> {
        self.run(Verb::MoveToToken, |inner| inner.move_to_token(call, key, id, label))
    }
}
