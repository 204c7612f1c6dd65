//! XTS: C_Encrypt of the tweak under one key, C_Encrypt or C_Decrypt of the blocks under another.

use super::block::BlockJob;
use super::cipher::{need_decrypt, need_secret};
use super::keys::{Key, KeyKind};
use super::token::{Doubt, Token};
use crate::backend::{CallContext, KeyRef};
use crate::capability::CipherPlan;
use crate::encoding::feedback::Way;
use crate::encoding::xts::{self, EQUAL_KEYS, Unit};
use crate::error::{HsmError, HsmErrorKind};
use crate::job::{BlockCipher, BlockMode, CipherParams, SecretKeyKind, SecretValue};

/// Encrypts or decrypts one data unit; lengths and parameters have been checked.
///
/// The tweak key's part is an encryption either way: that it may decrypt is asked for before one.
pub(super) fn run(
    token: &Token,
    call: &CallContext,
    key: &KeyRef,
    plan: CipherPlan,
    way: Way,
    params: &CipherParams,
    data: &[u8],
) -> Result<SecretValue, HsmError> {
    let no_key = HsmError::new(HsmErrorKind::BadParameter, "xts: tweak key");
    let tweak_key = params.tweak_key.as_ref().ok_or(no_key)?;
    if tweak_key == key {
        return Err(EQUAL_KEYS);
    }
    let none = CipherParams::default();
    let plan = CipherPlan::OnToken(plan.mechanism());
    let ecb =
        |way| BlockJob { cipher: BlockCipher::Aes, mode: BlockMode::Ecb, plan, way, params: &none };
    let (sealed_tweak, second) =
        token.use_key(call, tweak_key, Doubt::Device, |session, key| {
            need_secret(key, SecretKeyKind::Aes)?;
            if way == Way::Decrypt {
                need_decrypt(session, key)?;
            }
            let handle = token.working_handle(key)?;
            Ok((ecb(Way::Encrypt).carry_out(session, handle, &params.iv)?, bytes_of(key)))
        })?;
    let unit = Unit { tweak: &params.iv, data };
    xts::run(way, unit, sealed_tweak.expose(), |blocks| {
        token.use_key(call, key, Doubt::Device, |session, key| {
            need_secret(key, SecretKeyKind::Aes)?;
            xts::check_lengths(bytes_of(key), second)?;
            ecb(way).carry_out(session, token.working_handle(key)?, blocks)
        })
    })
}

/// The key's length, where the token tells it.
const fn bytes_of(key: &Key) -> Option<usize> {
    match key.kind {
        KeyKind::Secret { bytes, .. } => bytes,
        KeyKind::Rsa { .. } | KeyKind::Ec(_) | KeyKind::Edwards(_) => None,
    }
}
