//! The verbs of wrapped custody, each a line.

use hsm_backend::{
    ArrivingKey, CallContext, Generated, HsmError, KeyId, KeyMaterial, KeyPairSpec, KeyPolicy,
    KeyRef, Output, SecretKeySpec, WrappedCustody, WrappedKey, WrappedPair,
};

use super::Observed;
use crate::audit::notes;

impl WrappedCustody for Observed {
    fn make_kek(&self, call: &CallContext, id: KeyId) -> Result<(), HsmError> {
        notes::asked(self.inner.make_kek(call, id))
    }

    fn generate_wrapped(
        &self,
        call: &CallContext,
        kek: KeyId,
        spec: SecretKeySpec,
        policy: &KeyPolicy,
    ) -> Result<Output<WrappedKey>, HsmError> {
        notes::made(self.inner.generate_wrapped(call, kek, spec, policy))
    }

    fn generate_pair_wrapped(
        &self,
        call: &CallContext,
        kek: KeyId,
        spec: &KeyPairSpec,
        policy: &KeyPolicy,
    ) -> Result<Output<WrappedPair>, HsmError> {
        notes::made(self.inner.generate_pair_wrapped(call, kek, spec, policy))
    }

    fn import_wrapped(
        &self,
        call: &CallContext,
        kek: KeyId,
        material: &KeyMaterial,
        policy: &KeyPolicy,
    ) -> Result<Output<WrappedKey>, HsmError> {
        notes::made(self.inner.import_wrapped(call, kek, material, policy))
    }

    fn rewrap_arriving(
        &self,
        call: &CallContext,
        kek: KeyId,
        arriving: &ArrivingKey,
        policy: &KeyPolicy,
    ) -> Result<Output<WrappedKey>, HsmError> {
        notes::made(self.inner.rewrap_arriving(call, kek, arriving, policy))
    }

    fn rewrap(
        &self,
        call: &CallContext,
        key: &KeyRef,
        new_kek: KeyId,
    ) -> Result<Output<WrappedKey>, HsmError> {
        notes::made(self.inner.rewrap(call, key, new_kek))
    }

    fn move_to_blob(
        &self,
        call: &CallContext,
        key: &KeyRef,
        kek: KeyId,
        spec: SecretKeySpec,
        policy: &KeyPolicy,
    ) -> Result<Output<WrappedKey>, HsmError> {
        notes::made(self.inner.move_to_blob(call, key, kek, spec, policy))
    }

    fn move_to_token(
        &self,
        call: &CallContext,
        key: &KeyRef,
        id: KeyId,
        label: &str,
    ) -> Result<Output<Generated>, HsmError> {
        notes::made(self.inner.move_to_token(call, key, id, label))
    }
}
