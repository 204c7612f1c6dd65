//! The verbs of wrapped custody, each a line.

use super::{MemoryBackend, custody, generate};
use crate::backend::{
    ArrivingKey, CallContext, Generated, KeyId, KeyRef, Output, WrappedCustody, WrappedKey,
    WrappedPair,
};
use crate::custody::{KEK_SPEC, kek_policy};
use crate::error::HsmError;
use crate::job::{KeyMaterial, KeyPairSpec, KeyPolicy, SecretKeySpec};

impl WrappedCustody for MemoryBackend {
    fn make_kek(&self, call: &CallContext, id: KeyId) -> Result<(), HsmError> {
        let (store, capabilities) = self.enter(call)?;
        let (spec, policy) = (KEK_SPEC, kek_policy());
        generate::generate_key(store, &capabilities, id, spec, &policy).map(drop)
    }

    fn generate_wrapped(
        &self,
        call: &CallContext,
        kek: KeyId,
        spec: SecretKeySpec,
        policy: &KeyPolicy,
    ) -> Result<Output<WrappedKey>, HsmError> {
        let (store, capabilities) = self.enter(call)?;
        custody::generate_wrapped(store, &capabilities, kek, spec, policy)
    }

    fn generate_pair_wrapped(
        &self,
        call: &CallContext,
        kek: KeyId,
        spec: &KeyPairSpec,
        policy: &KeyPolicy,
    ) -> Result<Output<WrappedPair>, HsmError> {
        let (store, capabilities) = self.enter(call)?;
        custody::generate_pair_wrapped(store, &capabilities, kek, spec, policy)
    }

    fn import_wrapped(
        &self,
        call: &CallContext,
        kek: KeyId,
        material: &KeyMaterial,
        policy: &KeyPolicy,
    ) -> Result<Output<WrappedKey>, HsmError> {
        let (store, capabilities) = self.enter(call)?;
        custody::import_wrapped(store, &capabilities, kek, material, policy)
    }

    fn rewrap_arriving(
        &self,
        call: &CallContext,
        kek: KeyId,
        arriving: &ArrivingKey,
        policy: &KeyPolicy,
    ) -> Result<Output<WrappedKey>, HsmError> {
        let (store, capabilities) = self.enter(call)?;
        custody::rewrap_arriving(store, &capabilities, kek, arriving, policy)
    }

    fn rewrap(
        &self,
        call: &CallContext,
        key: &KeyRef,
        new_kek: KeyId,
    ) -> Result<Output<WrappedKey>, HsmError> {
        let (store, capabilities) = self.enter(call)?;
        custody::rewrap(store, &capabilities, key, new_kek)
    }

    fn move_to_blob(
        &self,
        call: &CallContext,
        key: &KeyRef,
        kek: KeyId,
        _: SecretKeySpec,
        policy: &KeyPolicy,
    ) -> Result<Output<WrappedKey>, HsmError> {
        let (store, capabilities) = self.enter(call)?;
        custody::move_to_blob(store, &capabilities, key, kek, policy)
    }

    fn move_to_token(
        &self,
        call: &CallContext,
        key: &KeyRef,
        id: KeyId,
        label: &str,
    ) -> Result<Output<Generated>, HsmError> {
        let (store, capabilities) = self.enter(call)?;
        custody::move_to_token(store, &capabilities, key, id, label)
    }
}
