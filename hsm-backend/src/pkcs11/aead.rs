//! GCM and CCM: by the token's own mechanism, or CCM out of two encryptions in the token.

use cryptoki::object::ObjectHandle;
use cryptoki::session::Session;

use super::block::{decrypt_all, encrypt_all, encrypt_last, encrypt_secret};
use super::cipher::{Sealed, UNSUPPORTED, need_decrypt, need_secret};
use super::mechanism::{ccm, ccm_params, gcm, plain, with_iv};
use super::rv::Fault;
use super::token::{Doubt, Token};
use crate::backend::{CallContext, Encrypted, KeyRef, Output};
use crate::capability::{CipherPlan, Mechanism};
use crate::encoding::bad_data;
use crate::encoding::ccm::{self as format, Frame};
use crate::error::{HsmError, HsmErrorKind};
use crate::job::{CipherParams, SecretKeyKind, SecretValue};

/// The length of a tag that is not shortened.
const FULL_TAG_BYTES: usize = 16;
/// What a CBC-MAC begins with.
const NO_IV: [u8; 16] = [0; 16];

/// An authenticated cipher at work.
#[derive(Clone, Copy)]
pub(super) struct AeadJob<'a> {
    pub(super) plan: CipherPlan,
    pub(super) params: &'a CipherParams,
}

/// Encrypts; lengths and parameters have been checked.
pub(super) fn encrypt(
    token: &Token,
    call: &CallContext,
    key: &KeyRef,
    job: AeadJob<'_>,
    data: &[u8],
) -> Result<Output<Encrypted>, HsmError> {
    let value = token.use_key(call, key, Doubt::Device, |session, key| {
        need_secret(key, SecretKeyKind::Aes)?;
        job.seal(session, token.working_handle(key)?, data)
    })?;
    Ok(Output { value, mechanism: job.plan.mechanism() })
}

/// Decrypts; lengths and parameters have been checked.
///
/// A shortened tag of GCM only the token can check; one that does not know its length cannot.
pub(super) fn decrypt(
    token: &Token,
    call: &CallContext,
    key: &KeyRef,
    sealed: &Sealed<'_>,
) -> Result<Output<SecretValue>, HsmError> {
    let plan = token.capabilities.cipher(sealed.algorithm).ok_or(UNSUPPORTED)?;
    let job = AeadJob { plan, params: sealed.params };
    let composed = plan.decrypts_by_encrypting();
    let doubt = if composed { Doubt::Device } else { Doubt::Data };
    let opened = token.use_key(call, key, doubt, |session, key| {
        need_secret(key, SecretKeyKind::Aes)?;
        if composed {
            need_decrypt(session, key)?;
        }
        job.open(session, token.working_handle(key)?, sealed.data, sealed.tag)
    });
    let refused_length = |error: &HsmError| {
        error.kind == HsmErrorKind::BadParameter && sealed.tag.len() != FULL_TAG_BYTES
    };
    match opened {
        Ok(Some(value)) => Ok(Output { value, mechanism: plan.decrypt_mechanism() }),
        Ok(None) => Err(bad_data("tag")),
        Err(error) if refused_length(&error) => Err(UNSUPPORTED),
        Err(error) => Err(error),
    }
}

impl AeadJob<'_> {
    /// Ciphertext and tag.
    pub(super) fn seal(
        &self,
        session: &Session,
        handle: ObjectHandle,
        data: &[u8],
    ) -> Result<Encrypted, Fault> {
        match self.plan {
            CipherPlan::OnToken(mechanism) => self.seal_there(session, handle, mechanism, data),
            CipherPlan::CcmHere { mac, stream } => format::seal(
                Frame::new(self.params, self.params.tag_bytes),
                data,
                |counters| encrypt_secret(session, &plain(stream), handle, counters),
                |blocks| encrypt_last(session, &with_iv(mac, &NO_IV), handle, blocks),
            ),
            CipherPlan::PadHere(_)
            | CipherPlan::XorHere { .. }
            | CipherPlan::TweakHere(_)
            | CipherPlan::AsKey(_)
            | CipherPlan::UnpadHere(_) => Err(UNSUPPORTED.into()),
        }
    }

    /// The text; `None` or `BadData` where the tag is wrong.
    pub(super) fn open(
        &self,
        session: &Session,
        handle: ObjectHandle,
        data: &[u8],
        tag: &[u8],
    ) -> Result<Option<SecretValue>, Fault> {
        match self.plan {
            CipherPlan::OnToken(mechanism) => {
                self.open_there(session, handle, mechanism, data, tag).map(Some)
            }
            CipherPlan::CcmHere { mac, stream } => format::open(
                Frame::new(self.params, tag.len()),
                data,
                tag,
                |counters| encrypt_secret(session, &plain(stream), handle, counters),
                |blocks| encrypt_last(session, &with_iv(mac, &NO_IV), handle, blocks),
            ),
            CipherPlan::PadHere(_)
            | CipherPlan::XorHere { .. }
            | CipherPlan::TweakHere(_)
            | CipherPlan::AsKey(_)
            | CipherPlan::UnpadHere(_) => Err(UNSUPPORTED.into()),
        }
    }

    /// The tag of GCM is cut here: its first bytes are the shorter tag, and not every token makes
    /// that. The tag of CCM depends on its length.
    fn seal_there(
        &self,
        session: &Session,
        handle: ObjectHandle,
        mechanism: Mechanism,
        data: &[u8],
    ) -> Result<Encrypted, Fault> {
        let params = self.params;
        let is_gcm = mechanism == Mechanism::AES_GCM;
        let made = if is_gcm { FULL_TAG_BYTES } else { params.tag_bytes };
        let mut output = if is_gcm {
            let mut iv = params.iv.clone();
            encrypt_all(session, &gcm(&mut iv, &params.aad, made)?, handle, data)?
        } else {
            let counts = ccm_params(params, made, data.len())?;
            session.encrypt(&ccm(mechanism, &counts), handle, data)?
        };
        let short = HsmError::new(HsmErrorKind::Device(0), "C_Encrypt");
        let mut tag = output.split_off(output.len().checked_sub(made).ok_or(short)?);
        tag.truncate(params.tag_bytes);
        Ok(Encrypted { data: output, tag })
    }

    fn open_there(
        &self,
        session: &Session,
        handle: ObjectHandle,
        mechanism: Mechanism,
        data: &[u8],
        tag: &[u8],
    ) -> Result<SecretValue, Fault> {
        let params = self.params;
        let joined = [data, tag].concat();
        if mechanism == Mechanism::AES_GCM {
            let mut iv = params.iv.clone();
            let mechanism = gcm(&mut iv, &params.aad, tag.len())?;
            return decrypt_all(session, &mechanism, handle, &joined, true);
        }
        let counts = ccm_params(params, tag.len(), data.len())?;
        decrypt_all(session, &ccm(mechanism, &counts), handle, &joined, true)
    }
}
