//! Values that no token takes as a key are sealed with AES-256-GCM under a key in the token.

use std::sync::{Arc, Mutex, PoisonError};

use hsm_backend::{
    CallContext, CipherAlgorithm, CipherParams, HsmBackend, HsmError, HsmErrorKind, KeyId,
    KeyPolicy, KeyRef, KeyUsage, SecretKeyKind, SecretKeySpec, SecretValue,
};

use crate::authz::Housekeeping;
use crate::store::{ObjectStore, StoreError};

/// The setting that names the sealing key.
const SETTING: &str = "sealing_key";
/// The setting that names one being made: written first, so that a crash leaves no stray key.
const SETTING_PENDING: &str = "sealing_key_pending";
const IV_BYTES: usize = 12;
const TAG_BYTES: usize = 16;

/// Why a value could not be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The token failed.
    #[error(transparent)]
    Hsm(#[from] HsmError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Seals values under a token-resident key that is made on first use.
pub struct Sealer {
    store: Arc<dyn ObjectStore>,
    hsm: Arc<dyn HsmBackend>,
    key: Mutex<Option<KeyId>>,
}

impl Sealer {
    /// A sealer whose key is named in `store` and lives in `hsm`.
    #[must_use]
    pub fn new(store: Arc<dyn ObjectStore>, hsm: Arc<dyn HsmBackend>) -> Self {
        Self { store, hsm, key: Mutex::new(None) }
    }

    /// Seals `plaintext`; it opens only with the same `context` (scope and identifier).
    ///
    /// # Errors
    ///
    /// [`SealError`].
    pub fn seal(
        &self,
        call: &CallContext,
        context: &str,
        plaintext: &[u8],
    ) -> Result<(KeyId, Vec<u8>), SealError> {
        let key = self.sealing_key(call)?;
        let iv = self.hsm.random(call, IV_BYTES)?.expose().to_vec();
        let params = parameters(iv.clone(), context);
        let algorithm = CipherAlgorithm::AesGcm;
        let sealed =
            self.hsm.encrypt(call, &KeyRef::Token(key), algorithm, &params, plaintext)?.value;
        Ok((key, [iv, sealed.data, sealed.tag].concat()))
    }

    /// Opens what [`seal`](Self::seal) made under `key`.
    ///
    /// # Errors
    ///
    /// [`SealError`]; `BadData` where the value was altered or belongs elsewhere.
    pub fn open(
        &self,
        call: &CallContext,
        key: KeyId,
        context: &str,
        sealed: &[u8],
    ) -> Result<SecretValue, SealError> {
        let broken = HsmError::new(HsmErrorKind::BadData, "sealed value");
        let (iv, rest) = sealed.split_at_checked(IV_BYTES).ok_or(broken.clone())?;
        let cut = rest.len().checked_sub(TAG_BYTES).ok_or(broken.clone())?;
        let (data, tag) = rest.split_at_checked(cut).ok_or(broken)?;
        let params = parameters(iv.to_vec(), context);
        let algorithm = CipherAlgorithm::AesGcm;
        let opened = self.hsm.decrypt(call, &KeyRef::Token(key), algorithm, &params, data, tag)?;
        Ok(opened.value)
    }

    /// The key's identifier, if there is one yet: the token's canary.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn canary(&self) -> Result<Option<KeyId>, StoreError> {
        let stored = self.store.setting(Housekeeping::new(), SETTING)?;
        Ok(stored.and_then(|bytes| bytes.try_into().ok()).map(KeyId))
    }

    fn sealing_key(&self, call: &CallContext) -> Result<KeyId, SealError> {
        let mut known = self.key.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = *known {
            return Ok(key);
        }
        let key = match self.canary()? {
            Some(key) => key,
            None => self.make_key(call)?,
        };
        *known = Some(key);
        Ok(key)
    }

    /// Makes the key: its identifier is on disk before the key is in the token.
    fn make_key(&self, call: &CallContext) -> Result<KeyId, SealError> {
        let house = Housekeeping::new();
        let pending = self.store.setting(house, SETTING_PENDING)?;
        if let Some(stray) = pending.and_then(|bytes| bytes.try_into().ok()).map(KeyId) {
            match self.hsm.destroy_key(call, &KeyRef::Token(stray)) {
                Err(error) if error.kind != HsmErrorKind::KeyNotFound => return Err(error.into()),
                _ => {}
            }
        }
        let id = new_key_id(&*self.hsm, call)?;
        self.store.set_setting(house, SETTING_PENDING, &id.0)?;
        let spec = SecretKeySpec { kind: SecretKeyKind::Aes, bits: 256 };
        let policy = KeyPolicy {
            usage: KeyUsage { encrypt: true, decrypt: true, ..KeyUsage::default() },
            sensitive: true,
            extractable: false,
            label: "claviger sealing key".to_owned(),
        };
        self.hsm.generate_key(call, id, spec, &policy)?;
        self.store.set_setting(house, SETTING, &id.0)?;
        Ok(id)
    }
}

fn parameters(iv: Vec<u8>, context: &str) -> CipherParams {
    let aad = context.as_bytes().to_vec();
    CipherParams { iv, aad, tag_bytes: TAG_BYTES, ..CipherParams::default() }
}

/// A fresh CKA_ID: 16 bytes of the token's own randomness.
///
/// # Errors
///
/// [`HsmError`] of the token.
pub fn new_key_id(hsm: &dyn HsmBackend, call: &CallContext) -> Result<KeyId, HsmError> {
    let random = hsm.random(call, 16)?;
    let bytes = random.expose().try_into();
    bytes.map(KeyId).map_err(|_| HsmError::new(HsmErrorKind::Device(0), "C_GenerateRandom"))
}
