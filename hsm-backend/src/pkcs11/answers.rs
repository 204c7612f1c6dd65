//! Ciphers tried by known answers at login: what a token says it can do, it shows.

use std::cell::RefCell;
use std::collections::HashMap;

use cryptoki::object::{Attribute, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;

use super::block::BlockJob;
use super::mechanism::{ccm, ccm_params, gcm};
use super::rv::Fault;
use crate::capability::CipherPlan;
use crate::capability::answers::{ANSWERS, Answer, bytes};
use crate::encoding::feedback::Way;
use crate::job::{BlockMode, CipherAlgorithm, Padding, SecretKeyKind};

/// Asks a token for known answers, each once.
pub(super) struct Prober<'a> {
    session: &'a Session,
    told: RefCell<HashMap<(CipherAlgorithm, CipherPlan), bool>>,
    keys: RefCell<HashMap<&'static str, Option<ObjectHandle>>>,
}

impl<'a> Prober<'a> {
    pub(super) fn new(session: &'a Session) -> Self {
        Self { session, told: RefCell::default(), keys: RefCell::default() }
    }

    /// Whether `plan` gives the known answer for `wish`; `true` where there is none, or where the
    /// token lets in no key to try it with.
    pub(super) fn holds(&self, wish: CipherAlgorithm, plan: CipherPlan) -> bool {
        let (wish, plan) = bare(wish, plan);
        if let Some(told) = self.told.borrow().get(&(wish, plan)) {
            return *told;
        }
        let answered = ANSWERS.iter().find(|answer| answer.algorithm == wish);
        let tried = !matches!(plan, CipherPlan::AsKey(_));
        let Some(answer) = answered.filter(|_| tried) else { return true };
        let Some(key) = self.key(answer) else { return true };
        let holds = match ask(self.session, key, answer, plan) {
            Ok(holds) => holds,
            Err(fault) => {
                tracing::debug!(?wish, error = %fault.error, "no known answer");
                false
            }
        };
        if !holds {
            tracing::warn!(?wish, mechanism = %plan.mechanism(), "the token fails a known answer");
        }
        self.told.borrow_mut().insert((wish, plan), holds);
        holds
    }

    fn key(&self, answer: &Answer) -> Option<ObjectHandle> {
        let mut keys = self.keys.borrow_mut();
        *keys.entry(answer.key).or_insert_with(|| {
            let made = self.session.create_object(&template(answer));
            if let Err(error) = &made {
                tracing::info!(%error, "the token lets in no key; its ciphers are not tried");
            }
            made.ok()
        })
    }
}

impl Drop for Prober<'_> {
    fn drop(&mut self) {
        for key in self.keys.borrow().values().flatten() {
            if let Err(error) = self.session.destroy_object(*key) {
                tracing::debug!(%error, "a probe key stays until the session closes");
            }
        }
    }
}

/// The wish and plan without the padding, where that is put on here.
const fn bare(wish: CipherAlgorithm, plan: CipherPlan) -> (CipherAlgorithm, CipherPlan) {
    if let (CipherAlgorithm::AesXts, CipherPlan::TweakHere(mechanism)) = (wish, plan) {
        // It is as good as the block encryptions it is made of.
        let blocks = CipherAlgorithm::aes(BlockMode::Ecb, Padding::None);
        return (blocks, CipherPlan::OnToken(mechanism));
    }
    let CipherAlgorithm::Block { cipher, mode, .. } = wish else { return (wish, plan) };
    let wish_bare = CipherAlgorithm::Block { cipher, mode, padding: Padding::None };
    match plan {
        CipherPlan::PadHere(mechanism) => (wish_bare, CipherPlan::OnToken(mechanism)),
        CipherPlan::XorHere { .. } => (wish_bare, plan),
        CipherPlan::OnToken(_)
        | CipherPlan::TweakHere(_)
        | CipherPlan::AsKey(_)
        | CipherPlan::UnpadHere(_) => (wish, plan),
    }
}

fn template(answer: &Answer) -> Vec<Attribute> {
    let des = matches!(
        answer.algorithm,
        CipherAlgorithm::Block { cipher, .. } if cipher.key_kind() == SecretKeyKind::Des3
    );
    vec![
        Attribute::Class(ObjectClass::SECRET_KEY),
        Attribute::KeyType(if des { KeyType::DES3 } else { KeyType::AES }),
        Attribute::Token(false),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Encrypt(true),
        Attribute::Decrypt(true),
        Attribute::Value(bytes(answer.key)),
    ]
}

fn ask(
    session: &Session,
    key: ObjectHandle,
    answer: &Answer,
    plan: CipherPlan,
) -> Result<bool, Fault> {
    let (params, plain) = (answer.params(), bytes(answer.plain));
    let sealed = [bytes(answer.sealed), bytes(answer.tag)].concat();
    match answer.algorithm {
        CipherAlgorithm::Block { cipher, mode, .. } => {
            let job = |way| BlockJob { cipher, mode, plan, way, params: &params };
            let there = job(Way::Encrypt).carry_out(session, key, &plain)?;
            let back = job(Way::Decrypt).carry_out(session, key, &sealed)?;
            Ok(there.expose() == sealed && back.expose() == plain)
        }
        CipherAlgorithm::AesGcm => {
            let (mut iv, mut again) = (params.iv.clone(), params.iv.clone());
            let there =
                session.encrypt(&gcm(&mut iv, &params.aad, params.tag_bytes)?, key, &plain)?;
            let back =
                session.decrypt(&gcm(&mut again, &params.aad, params.tag_bytes)?, key, &sealed)?;
            Ok(there == sealed && back == plain)
        }
        CipherAlgorithm::AesCcm => {
            let counts = ccm_params(&params, params.tag_bytes, plain.len())?;
            let mechanism = ccm(plan.mechanism(), &counts);
            let there = session.encrypt(&mechanism, key, &plain)?;
            Ok(there == sealed && session.decrypt(&mechanism, key, &sealed)? == plain)
        }
        // Key wrapping has a proof of its own.
        CipherAlgorithm::AesKeyWrap
        | CipherAlgorithm::AesKeyWrapPad
        | CipherAlgorithm::AesXts
        | CipherAlgorithm::RsaRaw
        | CipherAlgorithm::RsaPkcs1
        | CipherAlgorithm::RsaOaep { .. } => Ok(true),
    }
}
