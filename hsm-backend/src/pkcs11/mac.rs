//! MACs, and the digest of a key.

use super::keys::KeyKind;
use super::mechanism::plain;
use super::sign::sign_message;
use super::token::{Doubt, Token};
use crate::backend::{CallContext, KeyRef, Output};
use crate::error::{HsmError, HsmErrorKind};
use crate::job::{HashAlgorithm, MacAlgorithm, SecretKeyKind};
use crate::limits;

const UNSUPPORTED: HsmError = HsmError::new(HsmErrorKind::Unsupported, "mac");
const WRONG_KEY: HsmError = HsmError::new(HsmErrorKind::NotPermitted, "key type");

/// The full-length MAC of `data`.
///
/// Spec: PKCS#11 2.40 §5.11.
pub(super) fn mac(
    token: &Token,
    call: &CallContext,
    key: &KeyRef,
    algorithm: MacAlgorithm,
    data: &[u8],
) -> Result<Output<Vec<u8>>, HsmError> {
    let mechanism = token.capabilities.mac(algorithm).ok_or(UNSUPPORTED)?.mechanism();
    limits::check_data(data)?;
    let wanted = match algorithm {
        MacAlgorithm::Hmac(_) => SecretKeyKind::Generic,
        MacAlgorithm::AesCmac => SecretKeyKind::Aes,
    };
    let value = token.use_key(call, key, Doubt::Device, |session, key| {
        if !matches!(key.kind, KeyKind::Secret { kind, .. } if kind == wanted) {
            return Err(WRONG_KEY.into());
        }
        let handle = token.working_handle(key)?;
        sign_message(session, &plain(mechanism), handle, data)
    })?;
    Ok(Output { value, mechanism })
}

/// The hash of a secret key's value, made in the token.
///
/// Spec: PKCS#11 2.40 §5.10, C_DigestKey.
pub(super) fn digest_key(
    token: &Token,
    call: &CallContext,
    key: &KeyRef,
    hash: HashAlgorithm,
) -> Result<Vec<u8>, HsmError> {
    let mechanism = token.capabilities.digest(hash).ok_or(UNSUPPORTED)?.mechanism();
    token.use_key(call, key, Doubt::Device, |session, key| {
        if !matches!(key.kind, KeyKind::Secret { .. }) {
            return Err(WRONG_KEY.into());
        }
        session.digest_init(&plain(mechanism))?;
        session.digest_key(key.object)?;
        Ok(session.digest_final()?)
    })
}
