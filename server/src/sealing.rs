//! Values that no token takes as a key are sealed with AES-256-GCM under a key in the token.

use std::sync::Arc;

use hsm_backend::{
    CallContext, CipherAlgorithm, CipherParams, HsmBackend, HsmError, HsmErrorKind, KeyId, KeyRef,
    SecretValue,
};

use crate::keyring::{Keyring, KeyringError};

const IV_BYTES: usize = 12;
const TAG_BYTES: usize = 16;

/// Seals values under the token's sealing key.
pub struct Sealer {
    keyring: Arc<Keyring>,
    hsm: Arc<dyn HsmBackend>,
}

impl Sealer {
    /// A sealer whose key is in `keyring` and lives in `hsm`.
    #[must_use]
    pub fn new(keyring: Arc<Keyring>, hsm: Arc<dyn HsmBackend>) -> Self {
        Self { keyring, hsm }
    }

    /// Seals `plaintext`; it opens only with the same `context` (scope and identifier).
    ///
    /// # Errors
    ///
    /// [`KeyringError`].
    pub fn seal(
        &self,
        call: &CallContext,
        context: &str,
        plaintext: &[u8],
    ) -> Result<(KeyId, Vec<u8>), KeyringError> {
        let key = self.keyring.sealing_key(call)?;
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
    /// [`HsmError`]; `Damaged` where the value was altered or belongs elsewhere.
    pub fn open(
        &self,
        call: &CallContext,
        key: KeyId,
        context: &str,
        sealed: &[u8],
    ) -> Result<SecretValue, HsmError> {
        let broken = HsmError::new(HsmErrorKind::Damaged, "sealed value");
        let (iv, rest) = sealed.split_at_checked(IV_BYTES).ok_or(broken.clone())?;
        let cut = rest.len().checked_sub(TAG_BYTES).ok_or(broken.clone())?;
        let (data, tag) = rest.split_at_checked(cut).ok_or(broken)?;
        let params = parameters(iv.to_vec(), context);
        let algorithm = CipherAlgorithm::AesGcm;
        let opened = self.hsm.decrypt(call, &KeyRef::Token(key), algorithm, &params, data, tag);
        Ok(opened.map_err(HsmError::about_stored)?.value)
    }
}

fn parameters(iv: Vec<u8>, context: &str) -> CipherParams {
    let aad = context.as_bytes().to_vec();
    CipherParams { iv, aad, tag_bytes: TAG_BYTES, ..CipherParams::default() }
}
