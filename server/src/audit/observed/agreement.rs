//! The verbs of key agreement, each a line.

use hsm_backend::{
    Agreement, CallContext, Generated, HsmError, KeyAgreement, KeyId, KeyPolicy, KeyRef, Output,
    PublicKey, SecretValue, WrappedKey,
};

use super::Observed;
use crate::audit::notes;

impl KeyAgreement for Observed {
    fn derive_key(
        &self,
        call: &CallContext,
        id: KeyId,
        agreement: &Agreement,
        policy: &KeyPolicy,
    ) -> Result<Output<Generated>, HsmError> {
        notes::made(self.inner.derive_key(call, id, agreement, policy))
    }

    fn derive_wrapped(
        &self,
        call: &CallContext,
        kek: KeyId,
        agreement: &Agreement,
        policy: &KeyPolicy,
    ) -> Result<Output<WrappedKey>, HsmError> {
        notes::made(self.inner.derive_wrapped(call, kek, agreement, policy))
    }

    fn agree(
        &self,
        call: &CallContext,
        private: &KeyRef,
        peer: &PublicKey,
    ) -> Result<Output<SecretValue>, HsmError> {
        notes::made(self.inner.agree(call, private, peer))
    }
}
