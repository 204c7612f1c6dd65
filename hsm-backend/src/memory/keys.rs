//! The stored keys.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::custody;
use crate::backend::{KeyId, KeyRef};
use crate::error::{HsmError, HsmErrorKind};
use crate::job::{KeyMaterial, KeyPolicy, KeyUsage, SecretKeyKind};
use crate::limits::MAX_LABEL_BYTES;

/// One key with its policy.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) material: Arc<KeyMaterial>,
    pub(super) policy: KeyPolicy,
}

/// All keys, by id.
#[derive(Debug, Default)]
pub(super) struct Store(Mutex<HashMap<KeyId, Stored>>);

impl Store {
    fn keys(&self) -> MutexGuard<'_, HashMap<KeyId, Stored>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn insert(
        &self,
        id: KeyId,
        material: KeyMaterial,
        policy: &KeyPolicy,
    ) -> Result<(), HsmError> {
        if policy.label.len() > MAX_LABEL_BYTES {
            return Err(HsmError::new(HsmErrorKind::BadParameter, "CKA_LABEL"));
        }
        let stored = Stored { material: Arc::new(material), policy: policy.clone() };
        self.keys().insert(id, stored);
        Ok(())
    }

    pub(super) fn contains(&self, id: KeyId) -> bool {
        self.keys().contains_key(&id)
    }

    pub(super) fn get(&self, key: &KeyRef) -> Result<Stored, HsmError> {
        match key {
            KeyRef::Token(id) => self.keys().get(id).cloned().ok_or(NOT_FOUND),
            KeyRef::Wrapped { kek, kcv, blob, .. } => custody::open(self, *kek, kcv, blob),
        }
    }

    /// The key, if its usage allows what is asked.
    pub(super) fn usable(
        &self,
        key: &KeyRef,
        allows: impl Fn(&KeyUsage) -> bool,
    ) -> Result<Arc<KeyMaterial>, HsmError> {
        let stored = self.get(key)?;
        if allows(&stored.policy.usage) { Ok(stored.material) } else { Err(NOT_PERMITTED) }
    }

    pub(super) fn restrict(
        &self,
        key: &KeyRef,
        sensitive: bool,
        not_extractable: bool,
    ) -> Result<(), HsmError> {
        let mut keys = self.keys();
        let stored = keys.get_mut(&token_id(key)?).ok_or(NOT_FOUND)?;
        stored.policy.sensitive |= sensitive;
        stored.policy.extractable &= !not_extractable;
        Ok(())
    }

    pub(super) fn destroy(&self, key: &KeyRef) -> Result<(), HsmError> {
        match key {
            KeyRef::Token(id) => self.keys().remove(id).map(drop).ok_or(NOT_FOUND),
            // There is nothing but the blob.
            KeyRef::Wrapped { .. } => Ok(()),
        }
    }
}

const NOT_FOUND: HsmError = HsmError::new(HsmErrorKind::KeyNotFound, "memory");

/// The answer to a use the key's type or usage forbids.
pub(super) const NOT_PERMITTED: HsmError = HsmError::new(HsmErrorKind::NotPermitted, "memory");

/// The answer to a wish without a plan.
pub(super) const UNSUPPORTED: HsmError = HsmError::new(HsmErrorKind::Unsupported, "memory");

fn token_id(key: &KeyRef) -> Result<KeyId, HsmError> {
    match key {
        KeyRef::Token(id) => Ok(*id),
        KeyRef::Wrapped { .. } => Err(UNSUPPORTED),
    }
}

/// The bytes of a secret key of `wanted` kind.
pub(super) fn secret_bytes(
    material: &KeyMaterial,
    wanted: SecretKeyKind,
) -> Result<&[u8], HsmError> {
    match material {
        KeyMaterial::Secret { kind, value } if *kind == wanted => Ok(value.expose()),
        KeyMaterial::Secret { .. }
        | KeyMaterial::RsaPrivate(_)
        | KeyMaterial::EcPrivate { .. }
        | KeyMaterial::EdwardsPrivate { .. } => Err(NOT_PERMITTED),
    }
}
