//! Letting keys out.

use super::keys::Store;
use crate::backend::KeyRef;
use crate::error::{HsmError, HsmErrorKind};
use crate::job::KeyMaterial;

pub(super) fn export_key(store: &Store, key: &KeyRef) -> Result<KeyMaterial, HsmError> {
    let stored = store.get(key)?;
    if stored.policy.sensitive || !stored.policy.extractable {
        return Err(HsmError::new(HsmErrorKind::NotExtractable, "memory"));
    }
    Ok((*stored.material).clone())
}
