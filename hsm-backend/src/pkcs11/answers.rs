//! Plans tried by known answers at login: what a token says it can do, it shows.

mod rsa;
mod wrap;

use std::cell::RefCell;
use std::collections::HashMap;

use cryptoki::context::Pkcs11;
use cryptoki::object::{Attribute, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use cryptoki::slot::Slot;

use super::aead::AeadJob;
use super::agreement;
use super::block::BlockJob;
use super::mechanism::plain;
use super::rv::{Effect, Fault};
use super::template;
use super::token;
use crate::backend::Encrypted;
use crate::backend::KeyId;
use crate::capability::answers::agreement::AgreedAnswer;
use crate::capability::answers::{ANSWERS, Answer, CMAC, HMAC_KEY, HMAC_TEXT, HMACS, Trial, bytes};
use crate::capability::{CipherPlan, Mechanism, WrapProof};
use crate::custody::Contents;
use crate::encoding::der::ec_params;
use crate::encoding::feedback::Way;
use crate::error::HsmErrorKind;
use crate::job::{
    BlockMode, CipherAlgorithm, Curve, KeyUsage, MacAlgorithm, Padding, SecretKeyKind,
};

/// Asks a token for known answers, each once.
pub(super) struct Prober<'a> {
    library: &'a Pkcs11,
    slot: Slot,
    /// Keeps the probe keys. No operation is begun in it: one that fails may stay open and block
    /// the session, and this one lives on.
    keeper: &'a Session,
    worker: RefCell<Option<Session>>,
    told: RefCell<HashMap<Trial, bool>>,
    proofs: RefCell<HashMap<Mechanism, WrapProof>>,
    keys: RefCell<HashMap<&'static str, Option<ObjectHandle>>>,
    /// The first failure that was not about what was asked.
    interruption: RefCell<Option<Fault>>,
}

impl<'a> Prober<'a> {
    pub(super) fn new(library: &'a Pkcs11, slot: Slot, keeper: &'a Session) -> Self {
        Self {
            library,
            slot,
            keeper,
            worker: RefCell::default(),
            told: RefCell::default(),
            proofs: RefCell::default(),
            keys: RefCell::default(),
            interruption: RefCell::default(),
        }
    }

    /// Why the answers cannot be believed, if they cannot: the token or its sessions were gone.
    pub(super) fn interruption(&self) -> Option<Fault> {
        self.interruption.borrow().clone()
    }

    /// Takes notice of a failure.
    pub(super) fn note(&self, fault: &Fault) {
        let gone = match fault.effect {
            Effect::TokenLost => true,
            Effect::Doubtful => token::serves(self.keeper).is_err(),
            Effect::None | Effect::StaleHandle | Effect::DeadSession => {
                fault.is_of_closed_session()
            }
        };
        if gone || fault.error.kind == HsmErrorKind::Busy {
            self.interruption.borrow_mut().get_or_insert_with(|| fault.clone());
        }
    }

    /// Whether the plan gives the known answer; where there is none, or where the token lets in no
    /// key to try it with, whether it is believed.
    pub(super) fn holds(&self, trial: Trial) -> bool {
        let trial = essence(trial);
        if let Some(parts) = rsa::follows_from(trial) {
            return parts.into_iter().all(|part| self.holds(part));
        }
        if let Some(told) = self.told.borrow().get(&trial) {
            return *told;
        }
        let holds = match self.ask(trial) {
            Ok(Some(holds)) => {
                if !holds && trial != Trial::OaepLabel {
                    tracing::warn!(?trial, "the token gives a wrong answer");
                }
                holds
            }
            Ok(None) => trial.is_believed_untried(),
            Err(fault) => {
                tell_failure(trial, &fault);
                false
            }
        };
        self.told.borrow_mut().insert(trial, holds);
        holds
    }

    fn ask(&self, trial: Trial) -> Result<Option<bool>, Fault> {
        match trial {
            Trial::Cipher(wish, plan) if wish.is_public_key() => self.rsa_opens(wish, plan),
            Trial::Cipher(wish, plan) => self.cipher(wish, plan),
            Trial::Sign(wish, plan) => self.rsa_signs(wish, plan),
            Trial::Mac(wish, plan) => self.mac(wish, plan.mechanism()),
            Trial::OaepLabel => self.oaep_heeds_labels(),
            Trial::Curve(curve) => self.makes_pairs(curve).map(Some),
            Trial::Agree(curve) => self.agrees(curve),
        }
    }

    /// Does `work` in a session of its own, which is dropped after a failure.
    fn attempt<T>(&self, work: impl FnOnce(&Session) -> Result<T, Fault>) -> Result<T, Fault> {
        let session = match self.worker.take() {
            Some(session) => Ok(session),
            None => self.library.open_rw_session(self.slot).map_err(Fault::from),
        };
        let done = session.and_then(|session| Ok((work(&session)?, session)));
        let (done, session) = done.inspect_err(|fault| self.note(fault))?;
        self.worker.replace(Some(session));
        Ok(done)
    }

    /// The probe key of that name, made once; `None` where the token does not take it.
    fn key(&self, name: &'static str, template: &[Attribute]) -> Option<ObjectHandle> {
        let mut keys = self.keys.borrow_mut();
        *keys.entry(name).or_insert_with(|| {
            let made = self.keeper.create_object(template).map_err(Fault::from);
            if let Err(fault) = &made {
                let error = &fault.error;
                tracing::info!(name, %error, "the token does not take a key to be tried with");
                self.note(fault);
            }
            made.ok()
        })
    }

    fn cipher(&self, wish: CipherAlgorithm, plan: CipherPlan) -> Result<Option<bool>, Fault> {
        // Key wrapping has a proof of its own.
        if matches!(plan, CipherPlan::AsKey(_)) {
            return Ok(None);
        }
        let mut told = None;
        for answer in ANSWERS.iter().filter(|answer| answer.algorithm == wish) {
            let Some(key) = self.key(answer.key, &cipher_key(answer)) else { return Ok(None) };
            if !self.attempt(|session| ask_cipher(session, key, answer, plan))? {
                return Ok(Some(false));
            }
            told = Some(true);
        }
        Ok(told)
    }

    /// A pair that lives for this question.
    fn makes_pairs(&self, curve: Curve) -> Result<bool, Fault> {
        let usage = KeyUsage { sign: true, ..KeyUsage::default() };
        let private = template::in_session(Contents::Ec(curve), usage, true, false);
        let nobody = KeyId([0; 16]);
        let mut public = template::passing(template::public(KeyType::EC, nobody, false));
        public.push(Attribute::EcParams(ec_params(curve).to_vec()));
        self.attempt(|session| {
            let mechanism = plain(Mechanism::EC_KEY_PAIR_GEN);
            let (public, private) = session.generate_key_pair(&mechanism, &public, &private)?;
            session.destroy_object(public)?;
            session.destroy_object(private)?;
            Ok(true)
        })
    }

    /// A private key that lives for this question, and the secret it shares with a known point.
    fn agrees(&self, curve: Curve) -> Result<Option<bool>, Fault> {
        let Some(answer) = AgreedAnswer::on(curve) else { return Ok(None) };
        let usage = KeyUsage { derive: true, ..KeyUsage::default() };
        let mut template = template::in_session(Contents::Ec(curve), usage, true, false);
        template.extend([
            Attribute::EcParams(ec_params(curve).to_vec()),
            Attribute::Value(answer.scalar()),
        ]);
        let readable = agreement::readable(curve)?;
        self.attempt(|session| {
            // Some let in no private key: they are believed.
            let Ok(private) = session.create_object(&template) else { return Ok(None) };
            let secret = agreement::derive(session, private, &answer.point(), &readable)
                .and_then(|secret| agreement::read_and_destroy(session, secret, curve));
            session.destroy_object(private)?;
            Ok(Some(secret?.expose() == answer.secret()))
        })
    }

    fn mac(&self, wish: MacAlgorithm, mechanism: Mechanism) -> Result<Option<bool>, Fault> {
        let (name, key_type, key, text, expected) = match wish {
            MacAlgorithm::Hmac(hash) => {
                let answer = HMACS.iter().find(|(known, _)| *known == hash);
                let Some((_, expected)) = answer else { return Ok(None) };
                // Tokens have their minima; zeros leave an HMAC as it is.
                let mut key = HMAC_KEY.to_vec();
                key.resize(64, 0);
                ("HMAC", KeyType::GENERIC_SECRET, key, HMAC_TEXT.to_vec(), *expected)
            }
            MacAlgorithm::AesCmac => {
                let (key, text, expected) = CMAC;
                ("CMAC", KeyType::AES, bytes(key), bytes(text), expected)
            }
        };
        let template = secret_key(key_type, key, &[Attribute::Sign(true)]);
        let Some(key) = self.key(name, &template) else { return Ok(None) };
        let made = self.attempt(|session| Ok(session.sign(&plain(mechanism), key, &text)?))?;
        Ok(Some(made == bytes(expected)))
    }
}

impl Drop for Prober<'_> {
    fn drop(&mut self) {
        for key in self.keys.borrow().values().flatten() {
            if let Err(error) = self.keeper.destroy_object(*key) {
                tracing::debug!(%error, "a probe key stays until the session closes");
            }
        }
    }
}

/// Parameters that a token says it does not take are no fault of it.
fn tell_failure(trial: Trial, fault: &Fault) {
    let error = &fault.error;
    match error.kind {
        HsmErrorKind::BadParameter | HsmErrorKind::Unsupported => {
            tracing::debug!(?trial, %error, "not taken by the token");
        }
        _ => tracing::warn!(?trial, %error, "listed by the token, but fails"),
    }
}

/// The trial that answers for this one: without the padding, where that is put on here; with one
/// hash for all, where that is computed here.
fn essence(trial: Trial) -> Trial {
    match trial {
        Trial::Cipher(CipherAlgorithm::Block { cipher, mode, padding }, plan) => {
            let whole = |padding| CipherAlgorithm::Block { cipher, mode, padding };
            match plan {
                CipherPlan::PadHere(mechanism) => {
                    Trial::Cipher(whole(Padding::None), CipherPlan::OnToken(mechanism))
                }
                CipherPlan::XorHere { .. } => Trial::Cipher(whole(Padding::None), plan),
                CipherPlan::OnToken(_)
                | CipherPlan::CcmHere { .. }
                | CipherPlan::TweakHere(_)
                | CipherPlan::AsKey(_)
                | CipherPlan::UnpadHere(_) => Trial::Cipher(whole(padding), plan),
            }
        }
        // It is as good as the block encryptions it is made of.
        Trial::Cipher(CipherAlgorithm::AesXts, CipherPlan::TweakHere(mechanism)) => {
            let blocks = CipherAlgorithm::aes(BlockMode::Ecb, Padding::None);
            Trial::Cipher(blocks, CipherPlan::OnToken(mechanism))
        }
        Trial::Cipher(_, CipherPlan::UnpadHere(mechanism)) => {
            Trial::Cipher(CipherAlgorithm::RsaRaw, CipherPlan::OnToken(mechanism))
        }
        Trial::Sign(wish, plan) => Trial::Sign(rsa::signed_alike(wish, plan), plan),
        Trial::Cipher(..)
        | Trial::Mac(..)
        | Trial::OaepLabel
        | Trial::Curve(_)
        | Trial::Agree(_) => trial,
    }
}

/// A secret key that lives in the session and may do what `usage` says.
fn secret_key(key_type: KeyType, value: Vec<u8>, usage: &[Attribute]) -> Vec<Attribute> {
    let mut template = vec![
        Attribute::Class(ObjectClass::SECRET_KEY),
        Attribute::KeyType(key_type),
        Attribute::Token(false),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Value(value),
    ];
    template.extend_from_slice(usage);
    template
}

fn cipher_key(answer: &Answer) -> Vec<Attribute> {
    let des = matches!(
        answer.algorithm,
        CipherAlgorithm::Block { cipher, .. } if cipher.key_kind() == SecretKeyKind::Des3
    );
    let key_type = if des { KeyType::DES3 } else { KeyType::AES };
    let usage = [Attribute::Encrypt(true), Attribute::Decrypt(true)];
    secret_key(key_type, bytes(answer.key), &usage)
}

fn ask_cipher(
    session: &Session,
    key: ObjectHandle,
    answer: &Answer,
    plan: CipherPlan,
) -> Result<bool, Fault> {
    let (params, plain) = (answer.params(), bytes(answer.plain));
    let sealed = bytes(answer.sealed);
    match answer.algorithm {
        CipherAlgorithm::Block { cipher, mode, .. } => {
            let job = |way| BlockJob { cipher, mode, plan, way, params: &params };
            let there = job(Way::Encrypt).carry_out(session, key, &plain)?;
            let back = job(Way::Decrypt).carry_out(session, key, &sealed)?;
            Ok(there.expose() == sealed && back.expose() == plain)
        }
        CipherAlgorithm::AesGcm | CipherAlgorithm::AesCcm => {
            let job = AeadJob { plan, params: &params };
            let sealed = Encrypted { data: sealed, tag: bytes(answer.tag) };
            let there = job.seal(session, key, &plain)?;
            let back = job.open(session, key, &sealed.data, &sealed.tag)?;
            Ok(there == sealed && back.is_some_and(|back| back.expose() == plain))
        }
        CipherAlgorithm::AesKeyWrap
        | CipherAlgorithm::AesKeyWrapPad
        | CipherAlgorithm::AesXts
        | CipherAlgorithm::RsaRaw
        | CipherAlgorithm::RsaPkcs1
        | CipherAlgorithm::RsaOaep { .. } => Ok(true),
    }
}
