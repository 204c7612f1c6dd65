//! RSA tried with a key that everybody knows: what the token opens was sealed in software, what it
//! signs is verified there.

use cryptoki::object::{Attribute, ObjectHandle};
use cryptoki::session::Session;

use super::super::cipher::{Sealed, decrypt_rsa};
use super::super::mechanism::{plain, pss, pss_params};
use super::super::rv::Fault;
use super::super::template::rsa_parts;
use super::Prober;
use crate::backend::KeyId;
use crate::capability::answers::{Trial, rsa};
use crate::capability::{CipherPlan, Mechanism, SignPlan};
use crate::encoding::pss::{self as emsa_pss, Hashes};
use crate::encoding::{left_pad, pkcs1};
use crate::job::{
    CipherAlgorithm, CipherParams, HashAlgorithm as H, KeyPolicy, KeyUsage, SignAlgorithm,
    SignInput,
};
use crate::software::{digest_input, encrypt_public, verify};

const TEXT: &[u8] = b"known answer";
const MODULUS_BYTES: usize = rsa::MODULUS_BITS.div_ceil(8);

/// One pair of two hashes answers for all: with it, a token shows that it can have them differ.
const MIXED: (H, H) = (H::Sha256, H::Sha1);

/// The scheme that answers for `wish`, where all but the private operation is done here.
pub(super) const fn signed_alike(wish: SignAlgorithm, plan: SignPlan) -> SignAlgorithm {
    match (wish, plan) {
        (SignAlgorithm::RsaPss { .. }, SignPlan::EncodeHere(_)) => {
            SignAlgorithm::RsaPss { hash: H::Sha256, mgf: H::Sha256 }
        }
        (SignAlgorithm::RsaPkcs1(_), SignPlan::HashHere(_)) => SignAlgorithm::RsaPkcs1(H::Sha256),
        _ => wish,
    }
}

/// The trials from which this one follows: two hashes are good together where each is good alone,
/// and some two are good together.
pub(super) fn follows_from(trial: Trial) -> Option<[Trial; 3]> {
    let (first, second) = MIXED;
    let parts = |hash: H, mgf: H, pair: &dyn Fn(H, H) -> Trial| {
        let mixed = hash != mgf && (hash, mgf) != MIXED;
        mixed.then(|| [pair(first, second), pair(hash, hash), pair(mgf, mgf)])
    };
    match trial {
        Trial::Cipher(CipherAlgorithm::RsaOaep { hash, mgf }, plan @ CipherPlan::OnToken(_)) => {
            let oaep = |hash, mgf| Trial::Cipher(CipherAlgorithm::RsaOaep { hash, mgf }, plan);
            parts(hash, mgf, &oaep)
        }
        Trial::Sign(SignAlgorithm::RsaPss { hash, mgf }, plan @ SignPlan::HashHere(_)) => {
            parts(hash, mgf, &|hash, mgf| Trial::Sign(SignAlgorithm::RsaPss { hash, mgf }, plan))
        }
        Trial::Cipher(..)
        | Trial::Sign(..)
        | Trial::Mac(..)
        | Trial::OaepLabel
        | Trial::Curve(_)
        | Trial::Agree(_) => None,
    }
}

impl Prober<'_> {
    /// Whether the token opens what was sealed with the public half.
    pub(super) fn rsa_opens(
        &self,
        wish: CipherAlgorithm,
        plan: CipherPlan,
    ) -> Result<Option<bool>, Fault> {
        let Some(key) = self.rsa_key() else { return Ok(None) };
        self.attempt(|session| opens(session, key, wish, plan, [b"", b""])).map(Some)
    }

    /// Whether the token's OAEP opens with the right label and with no other.
    pub(super) fn oaep_heeds_labels(&self) -> Result<Option<bool>, Fault> {
        let Some(key) = self.rsa_key() else { return Ok(None) };
        let plan = CipherPlan::OnToken(Mechanism::RSA_PKCS_OAEP);
        let oaep = |hash| CipherAlgorithm::RsaOaep { hash, mgf: hash };
        let served = [H::Sha256, H::Sha1].map(oaep);
        let served = served.into_iter().find(|wish| self.holds(Trial::Cipher(*wish, plan)));
        let Some(wish) = served else { return Ok(Some(false)) };
        let with = |labels| self.attempt(|session| opens(session, key, wish, plan, labels));
        // Not to take a label at all is a way of not heeding it, and no fault.
        let right = with([b"label", b"label"]).is_ok_and(|opened| opened);
        Ok(Some(right && with([b"label", b"other"]).is_err()))
    }

    /// Whether the token makes a signature that verifies.
    pub(super) fn rsa_signs(
        &self,
        wish: SignAlgorithm,
        plan: SignPlan,
    ) -> Result<Option<bool>, Fault> {
        // What hashes in the token is the second choice, and believed; so are ECDSA and EdDSA.
        let tried = matches!(plan, SignPlan::HashHere(_) | SignPlan::EncodeHere(_));
        let of_rsa = !matches!(
            wish,
            SignAlgorithm::Ecdsa(_) | SignAlgorithm::EcdsaRaw | SignAlgorithm::EdDsa(_)
        );
        if !tried || !of_rsa {
            return Ok(None);
        }
        let Some(key) = self.rsa_key() else { return Ok(None) };
        self.attempt(|session| signs(session, key, wish, plan)).map(Some)
    }

    fn rsa_key(&self) -> Option<ObjectHandle> {
        let usage = KeyUsage { sign: true, decrypt: true, ..KeyUsage::default() };
        let policy =
            KeyPolicy { usage, sensitive: true, extractable: false, label: "probe".to_owned() };
        let mut template = rsa_parts(KeyId([0; 16]), &policy, &rsa::parts());
        for attribute in &mut template {
            if let Attribute::Token(persistent) = attribute {
                *persistent = false;
            }
        }
        self.key("RSA", &template)
    }
}

/// Whether what was sealed with one label is opened with the other.
fn opens(
    session: &Session,
    key: ObjectHandle,
    wish: CipherAlgorithm,
    plan: CipherPlan,
    labels: [&[u8]; 2],
) -> Result<bool, Fault> {
    let params =
        labels.map(|label| CipherParams { aad: label.to_vec(), ..CipherParams::default() });
    let [there, back] = &params;
    let sealed = encrypt_public(&rsa::public(), wish, there, TEXT)?;
    let sealed = Sealed { algorithm: wish, params: back, data: &sealed, tag: &[] };
    let opened = decrypt_rsa(session, key, plan, &sealed, MODULUS_BYTES)?;
    if wish == CipherAlgorithm::RsaRaw {
        return Ok(left_pad(TEXT, MODULUS_BYTES).is_some_and(|whole| whole == opened.expose()));
    }
    Ok(opened.expose() == TEXT)
}

fn signs(
    session: &Session,
    key: ObjectHandle,
    wish: SignAlgorithm,
    plan: SignPlan,
) -> Result<bool, Fault> {
    let input = SignInput::Message(TEXT);
    let mechanism = plan.mechanism();
    let signature = match wish {
        SignAlgorithm::RsaPss { hash, mgf } => {
            let (digest, salt) = (digest_input(hash, input)?, vec![1; hash.bytes()]);
            if let SignPlan::EncodeHere(_) = plan {
                let hashes = Hashes { message: hash, mgf };
                let block = emsa_pss::encode(hashes, &digest, &salt, rsa::MODULUS_BITS)?;
                session.sign(&plain(mechanism), key, &block)?
            } else {
                let params = pss_params(hash, mgf, salt.len())?;
                session.sign(&pss(mechanism, &params), key, &digest)?
            }
        }
        SignAlgorithm::RsaPkcs1(hash) => {
            let info = pkcs1::digest_info(hash, &digest_input(hash, input)?);
            session.sign(&plain(mechanism), key, &info)?
        }
        SignAlgorithm::RsaPkcs1Raw
        | SignAlgorithm::Ecdsa(_)
        | SignAlgorithm::EcdsaRaw
        | SignAlgorithm::EdDsa(_) => return Ok(true),
    };
    let signature = left_pad(&signature, MODULUS_BYTES).unwrap_or_default();
    Ok(verify(&rsa::public(), wish, None, input, &signature)?)
}
