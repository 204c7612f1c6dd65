//! Taking keys in.

use super::block::Aes;
use super::keys::Store;
use super::modes::BlockKey;
use crate::backend::{Generated, KeyId};
use crate::error::HsmError;
use crate::job::{BlockCipher, HashAlgorithm, KeyMaterial, KeyPolicy, SecretKeyKind, SecretValue};
use crate::{keycheck, software};

pub(super) fn import_key(
    store: &Store,
    id: KeyId,
    material: &KeyMaterial,
    policy: &KeyPolicy,
) -> Result<Generated, HsmError> {
    let material = prepared(material)?;
    let kcv = check_value(&material);
    store.insert(id, material, policy)?;
    Ok(Generated { kcv })
}

/// The key as a token keeps it.
pub(super) fn prepared(material: &KeyMaterial) -> Result<KeyMaterial, HsmError> {
    keycheck::checked(material).map(three_keys)
}

/// Two-key 3DES as three keys, as tokens keep it.
fn three_keys(material: KeyMaterial) -> KeyMaterial {
    match material {
        KeyMaterial::Secret { kind: SecretKeyKind::Des3, value } if value.expose().len() == 16 => {
            let mut keys = Vec::with_capacity(24);
            keys.extend_from_slice(value.expose());
            keys.extend(value.expose().iter().take(8));
            let value = SecretValue::new(keys);
            KeyMaterial::Secret { kind: SecretKeyKind::Des3, value }
        }
        KeyMaterial::Secret { .. }
        | KeyMaterial::RsaPrivate(_)
        | KeyMaterial::EcPrivate { .. }
        | KeyMaterial::EdwardsPrivate { .. } => material,
    }
}

/// CKA_CHECK_VALUE: three bytes of an encrypted zero block, or of the SHA-1 hash.
pub(super) fn check_value(material: &KeyMaterial) -> Vec<u8> {
    let whole = match material {
        KeyMaterial::Secret { kind: SecretKeyKind::Aes, value } => {
            Aes::new(value.expose()).map(|aes| aes.encrypt([0; 16]).to_vec())
        }
        KeyMaterial::Secret { kind: SecretKeyKind::Des3, value } => {
            BlockKey::new(BlockCipher::Des3, value.expose()).map(|des| des.encrypt(&[0; 8]))
        }
        KeyMaterial::Secret { kind: SecretKeyKind::Generic, value } => {
            software::digest(HashAlgorithm::Sha1, value.expose())
        }
        KeyMaterial::RsaPrivate(_)
        | KeyMaterial::EcPrivate { .. }
        | KeyMaterial::EdwardsPrivate { .. } => return Vec::new(),
    };
    let mut value = whole.unwrap_or_default();
    value.truncate(3);
    value
}
