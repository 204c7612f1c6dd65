//! The verbs of wrapped custody, each a line.

use super::{Pkcs11Backend, custody, moving};
use crate::backend::{
    ArrivingKey, CallContext, Generated, KeyId, KeyRef, Output, WrappedCustody, WrappedKey,
    WrappedPair,
};
use crate::error::HsmError;
use crate::job::{KeyMaterial, KeyPairSpec, KeyPolicy, SecretKeySpec};
use crate::observer::Verb;

impl WrappedCustody for Pkcs11Backend {
    fn make_kek(&self, call: &CallContext, id: KeyId) -> Result<(), HsmError> {
        custody::make_kek(&*self.at(Verb::MakeKek)?, call, id)
    }

    fn generate_wrapped(
        &self,
        call: &CallContext,
        kek: KeyId,
        spec: SecretKeySpec,
        policy: &KeyPolicy,
    ) -> Result<Output<WrappedKey>, HsmError> {
        custody::generate_wrapped(&*self.at(Verb::GenerateWrapped)?, call, kek, spec, policy)
    }

    fn generate_pair_wrapped(
        &self,
        call: &CallContext,
        kek: KeyId,
        spec: &KeyPairSpec,
        policy: &KeyPolicy,
    ) -> Result<Output<WrappedPair>, HsmError> {
        custody::generate_pair_wrapped(
            &*self.at(Verb::GeneratePairWrapped)?,
            call,
            kek,
            spec,
            policy,
        )
    }

    fn import_wrapped(
        &self,
        call: &CallContext,
        kek: KeyId,
        material: &KeyMaterial,
        policy: &KeyPolicy,
    ) -> Result<Output<WrappedKey>, HsmError> {
        custody::import_wrapped(&*self.at(Verb::ImportWrapped)?, call, kek, material, policy)
    }

    fn rewrap_arriving(
        &self,
        call: &CallContext,
        kek: KeyId,
        arriving: &ArrivingKey,
        policy: &KeyPolicy,
    ) -> Result<Output<WrappedKey>, HsmError> {
        moving::arriving_to_blob(&*self.at(Verb::RewrapArriving)?, call, kek, arriving, policy)
    }

    fn rewrap(
        &self,
        call: &CallContext,
        key: &KeyRef,
        new_kek: KeyId,
    ) -> Result<Output<WrappedKey>, HsmError> {
        custody::rewrap(&*self.at(Verb::Rewrap)?, call, key, new_kek)
    }

    fn move_to_blob(
        &self,
        call: &CallContext,
        key: &KeyRef,
        kek: KeyId,
        spec: SecretKeySpec,
        policy: &KeyPolicy,
    ) -> Result<Output<WrappedKey>, HsmError> {
        moving::to_blob(&*self.at(Verb::MoveToBlob)?, call, key, kek, spec, policy)
    }

    fn move_to_token(
        &self,
        call: &CallContext,
        key: &KeyRef,
        id: KeyId,
        label: &str,
    ) -> Result<Output<Generated>, HsmError> {
        moving::to_token(&*self.at(Verb::MoveToToken)?, call, key, id, label)
    }
}
