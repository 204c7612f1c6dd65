//! MACs, and the digest of a key.

use aes::{Aes128, Aes192, Aes256};
use cmac::{Cmac, KeyInit, Mac};

use super::keys::{NOT_PERMITTED, Store, UNSUPPORTED, secret_bytes};
use crate::backend::{KeyRef, Output};
use crate::capability::Capabilities;
use crate::error::HsmError;
use crate::job::{HashAlgorithm, KeyMaterial, MacAlgorithm, SecretKeyKind};
use crate::{limits, software};

pub(super) fn mac(
    store: &Store,
    capabilities: &Capabilities,
    key: &KeyRef,
    algorithm: MacAlgorithm,
    data: &[u8],
) -> Result<Output<Vec<u8>>, HsmError> {
    let mechanism = capabilities.mac(algorithm).ok_or(UNSUPPORTED)?.mechanism();
    limits::check_data(data)?;
    let material = store.usable(key, |usage| usage.sign)?;
    let value = match algorithm {
        MacAlgorithm::Hmac(hash) => {
            software::hmac(hash, secret_bytes(&material, SecretKeyKind::Generic)?, data)?
        }
        MacAlgorithm::AesCmac => {
            let key = secret_bytes(&material, SecretKeyKind::Aes)?;
            match key.len() {
                16 => run::<Cmac<Aes128>>(key, data)?,
                24 => run::<Cmac<Aes192>>(key, data)?,
                _ => run::<Cmac<Aes256>>(key, data)?,
            }
        }
    };
    Ok(Output { value, mechanism })
}

fn run<M: Mac + KeyInit>(key: &[u8], data: &[u8]) -> Result<Vec<u8>, HsmError> {
    let mut mac = <M as KeyInit>::new_from_slice(key).map_err(|_| NOT_PERMITTED)?;
    mac.update(data);
    Ok(mac.finalize().into_bytes().to_vec())
}

pub(super) fn digest_key(
    store: &Store,
    capabilities: &Capabilities,
    key: &KeyRef,
    hash: HashAlgorithm,
) -> Result<Vec<u8>, HsmError> {
    capabilities.digest(hash).ok_or(UNSUPPORTED)?;
    match &*store.get(key)?.material {
        KeyMaterial::Secret { value, .. } => software::digest(hash, value.expose()),
        KeyMaterial::RsaPrivate(_)
        | KeyMaterial::EcPrivate { .. }
        | KeyMaterial::EdwardsPrivate { .. } => Err(NOT_PERMITTED),
    }
}
