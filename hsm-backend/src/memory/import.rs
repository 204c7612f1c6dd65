//! Taking keys in.

use super::block::Aes;
use super::keys::Store;
use crate::backend::{Generated, KeyId};
use crate::error::HsmError;
use crate::job::{HashAlgorithm, KeyMaterial, KeyPolicy, SecretKeyKind};
use crate::{keycheck, software};

pub(super) fn import_key(
    store: &Store,
    id: KeyId,
    material: &KeyMaterial,
    policy: &KeyPolicy,
) -> Result<Generated, HsmError> {
    let material = keycheck::checked(material)?;
    let kcv = check_value(&material);
    store.insert(id, material, policy)?;
    Ok(Generated { kcv })
}

/// CKA_CHECK_VALUE: three bytes of an encrypted zero block, or of the SHA-1 hash.
pub(super) fn check_value(material: &KeyMaterial) -> Vec<u8> {
    let whole = match material {
        KeyMaterial::Secret { kind: SecretKeyKind::Aes, value } => {
            Aes::new(value.expose()).map(|aes| aes.encrypt([0; 16]).to_vec())
        }
        KeyMaterial::Secret { kind: SecretKeyKind::Generic, value } => {
            software::digest(HashAlgorithm::Sha1, value.expose())
        }
        KeyMaterial::RsaPrivate(_) | KeyMaterial::EcPrivate { .. } => return Vec::new(),
    };
    let mut value = whole.unwrap_or_default();
    value.truncate(3);
    value
}
