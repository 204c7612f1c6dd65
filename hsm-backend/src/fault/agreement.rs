//! The verbs of key agreement, each a line.

use super::{FaultyBackend, Verb};
use crate::backend::{
    Agreement, CallContext, Generated, KeyAgreement, KeyId, KeyRef, Output, WrappedKey,
};
use crate::error::HsmError;
use crate::job::{KeyPolicy, PublicKey, SecretValue};

impl KeyAgreement for FaultyBackend {
    fn derive_key(
        &self,
        call: &CallContext,
        id: KeyId,
        agreement: &Agreement,
        policy: &KeyPolicy,
    ) -> Result<Output<Generated>, HsmError> {
        self.run(Verb::DeriveKey, |inner| inner.derive_key(call, id, agreement, policy))
    }

    fn derive_wrapped(
        &self,
        call: &CallContext,
        kek: KeyId,
        agreement: &Agreement,
        policy: &KeyPolicy,
    ) -> Result<Output<WrappedKey>, HsmError> {
        self.run(Verb::DeriveWrapped, |inner| inner.derive_wrapped(call, kek, agreement, policy))
    }

    fn agree(
        &self,
        call: &CallContext,
        private: &KeyRef,
        peer: &PublicKey,
    ) -> Result<Output<SecretValue>, HsmError> {
        self.run(Verb::Agree, |inner| inner.agree(call, private, peer))
    }
}
