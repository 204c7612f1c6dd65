//! The server's own keys in the token: one that seals values, and those that wrap keys.
//!
//! Each is made on first use. Its identifier is on disk before the key is in the token, so that a
//! crash leaves no stray key behind.

use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

use hsm_backend::{
    CallContext, HsmBackend, HsmError, HsmErrorKind, KeyId, KeyPolicy, KeyRef, KeyUsage,
    SecretKeyKind, SecretKeySpec,
};

use crate::authz::Housekeeping;
use crate::store::{ObjectStore, StoreError};

/// The setting that names the sealing key.
const SEALING: &str = "sealing_key";
/// The setting that names the wrapping key in force.
const WRAPPING: &str = "wrapping_key";
/// The setting that names the wrapping keys that were in force before.
const RETIRED: &str = "wrapping_keys_retired";
/// What is added to a setting's name for a key that is being made.
const PENDING: &str = "_pending";

/// Why a key of the server's own cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// The token failed.
    #[error(transparent)]
    Hsm(#[from] HsmError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A key that the server's token has, if it was made yet: the sealing key, which stays in force for
/// good. A wrapping key may be retired and destroyed while the server runs.
///
/// # Errors
///
/// [`StoreError`].
pub fn expected_key(store: &dyn ObjectStore) -> Result<Option<KeyId>, StoreError> {
    named(store, SEALING)
}

fn named(store: &dyn ObjectStore, setting: &str) -> Result<Option<KeyId>, StoreError> {
    let stored = store.setting(Housekeeping::new(), setting)?;
    Ok(stored.and_then(|bytes| bytes.try_into().ok()).map(KeyId))
}

/// The server's own keys.
pub struct Keyring {
    store: Arc<dyn ObjectStore>,
    hsm: Arc<dyn HsmBackend>,
    sealing: Mutex<Option<KeyId>>,
    /// Held for writing while another key takes over: see [`WrappingKey`].
    wrapping: RwLock<Option<KeyId>>,
}

/// The wrapping key in force. It stays so while this is held, which is until the row that names
/// it is in the store: else a rotation could miss that row.
pub struct WrappingKey<'a> {
    guard: RwLockReadGuard<'a, Option<KeyId>>,
    id: KeyId,
}

impl WrappingKey<'_> {
    /// Its CKA_ID.
    #[must_use]
    pub fn id(&self) -> KeyId {
        debug_assert_eq!(*self.guard, Some(self.id));
        self.id
    }
}

impl Keyring {
    /// The keys named in `store`, which live in `hsm`.
    #[must_use]
    pub fn new(store: Arc<dyn ObjectStore>, hsm: Arc<dyn HsmBackend>) -> Self {
        Self { store, hsm, sealing: Mutex::new(None), wrapping: RwLock::new(None) }
    }

    /// The sealing key's identifier, if there is one yet: the token's canary.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn canary(&self) -> Result<Option<KeyId>, StoreError> {
        self.named(SEALING)
    }

    /// The sealing key.
    ///
    /// # Errors
    ///
    /// [`KeyringError`].
    pub fn sealing_key(&self, call: &CallContext) -> Result<KeyId, KeyringError> {
        let mut known = self.sealing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = *known {
            return Ok(key);
        }
        let key = match self.named(SEALING)? {
            Some(key) => key,
            None => self.make(call, SEALING, |id| self.make_sealing_key(call, id))?,
        };
        *known = Some(key);
        Ok(key)
    }

    /// The wrapping key in force.
    ///
    /// # Errors
    ///
    /// [`KeyringError`].
    pub fn wrapping_key(&self, call: &CallContext) -> Result<WrappingKey<'_>, KeyringError> {
        loop {
            let guard = self.wrapping.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(id) = *guard {
                return Ok(WrappingKey { guard, id });
            }
            drop(guard);
            let mut known = self.wrapping.write().unwrap_or_else(PoisonError::into_inner);
            if known.is_none() {
                *known = Some(match self.named(WRAPPING)? {
                    Some(key) => key,
                    None => self.make_wrapping_key(call)?,
                });
            }
        }
    }

    /// The wrapping key in force, if there is one yet.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn wrapping_key_in_force(&self) -> Result<Option<KeyId>, StoreError> {
        self.named(WRAPPING)
    }

    /// Puts a new wrapping key in force and returns it. What the old one wrapped stays as it is
    /// until it is wrapped anew; the old key stays in the token.
    ///
    /// # Errors
    ///
    /// [`KeyringError`]; the old key is then still in force.
    pub fn rotate_wrapping_key(&self, call: &CallContext) -> Result<KeyId, KeyringError> {
        let mut known = self.wrapping.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(old) = self.named(WRAPPING)? {
            let mut retired = self.retired_wrapping_keys()?;
            if !retired.contains(&old) {
                retired.push(old);
            }
            self.set_retired(&retired)?;
        }
        let key = self.make_wrapping_key(call)?;
        *known = Some(key);
        Ok(key)
    }

    /// The wrapping keys that were in force before, oldest first, as far as they are in the token.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    pub fn retired_wrapping_keys(&self) -> Result<Vec<KeyId>, StoreError> {
        let stored = self.store.setting(Housekeeping::new(), RETIRED)?.unwrap_or_default();
        let in_force = self.named(WRAPPING)?;
        let ids = stored.chunks_exact(16).filter_map(|id| id.try_into().ok()).map(KeyId);
        Ok(ids.filter(|id| Some(*id) != in_force).collect())
    }

    /// Destroys a wrapping key that is no longer in force. Whether any key is still wrapped by it,
    /// in the store or in a backup, is for the caller to know.
    ///
    /// # Errors
    ///
    /// [`KeyringError`]; `KeyNotFound` for what is no retired wrapping key.
    pub fn destroy_wrapping_key(&self, call: &CallContext, id: KeyId) -> Result<(), KeyringError> {
        let _no_rotation = self.wrapping.write().unwrap_or_else(PoisonError::into_inner);
        let mut retired = self.retired_wrapping_keys()?;
        if !retired.contains(&id) {
            return Err(HsmError::new(HsmErrorKind::KeyNotFound, "wrapping key").into());
        }
        match self.hsm.destroy_key(call, &KeyRef::Token(id)) {
            Err(error) if error.kind != HsmErrorKind::KeyNotFound => return Err(error.into()),
            _ => {}
        }
        retired.retain(|other| *other != id);
        Ok(self.set_retired(&retired)?)
    }

    fn set_retired(&self, keys: &[KeyId]) -> Result<(), StoreError> {
        let bytes: Vec<u8> = keys.iter().flat_map(|id| id.0).collect();
        self.store.set_setting(Housekeeping::new(), RETIRED, &bytes)
    }

    /// The key that `setting` names, if there is one yet.
    pub(crate) fn named(&self, setting: &str) -> Result<Option<KeyId>, StoreError> {
        named(&*self.store, setting)
    }

    /// What is kept beside the keys.
    pub(crate) fn setting(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.store.setting(Housekeeping::new(), name)
    }

    /// Keeps something beside the keys.
    pub(crate) fn set_setting(&self, name: &str, value: &[u8]) -> Result<(), StoreError> {
        self.store.set_setting(Housekeeping::new(), name, value)
    }

    fn make_wrapping_key(&self, call: &CallContext) -> Result<KeyId, KeyringError> {
        self.make(call, WRAPPING, |id| Ok::<_, KeyringError>(self.hsm.make_kek(call, id)?))
    }

    /// Puts the key in force under `setting` that `make` makes. The caller sees to it that this
    /// does not run twice at once.
    ///
    /// # Errors
    ///
    /// Those of `make`, or a failure of the token or the store; no key has come into force then.
    pub(crate) fn make<E: From<KeyringError>>(
        &self,
        call: &CallContext,
        setting: &str,
        make: impl FnOnce(KeyId) -> Result<(), E>,
    ) -> Result<KeyId, E> {
        let id = self.prepare(call, setting)?;
        make(id)?;
        self.set_setting(setting, &id.0).map_err(KeyringError::from)?;
        Ok(id)
    }

    /// An identifier for a key that is to be made, noted down before it is.
    fn prepare(&self, call: &CallContext, setting: &str) -> Result<KeyId, KeyringError> {
        let pending = format!("{setting}{PENDING}");
        let in_force = self.named(setting)?;
        // A key that was made and never came into force; the one in force was pending once, too.
        if let Some(stray) = self.named(&pending)?.filter(|stray| in_force != Some(*stray)) {
            match self.hsm.destroy_key(call, &KeyRef::Token(stray)) {
                Err(error) if error.kind != HsmErrorKind::KeyNotFound => return Err(error.into()),
                _ => {}
            }
        }
        let id = new_key_id(&*self.hsm, call)?;
        self.set_setting(&pending, &id.0)?;
        Ok(id)
    }

    fn make_sealing_key(&self, call: &CallContext, id: KeyId) -> Result<(), KeyringError> {
        let spec = SecretKeySpec { kind: SecretKeyKind::Aes, bits: 256 };
        let policy = KeyPolicy {
            usage: KeyUsage { encrypt: true, decrypt: true, ..KeyUsage::default() },
            sensitive: true,
            extractable: false,
            label: "claviger sealing key".to_owned(),
        };
        self.hsm.generate_key(call, id, spec, &policy)?;
        Ok(())
    }
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
