//! Rules cut down to imagined tokens.

use super::*;
use crate::job::{BlockCipher, BlockMode, Padding};

fn everything(_: Mechanism) -> Option<MechanismTraits> {
    Some(MechanismTraits {
        encrypt: true,
        decrypt: true,
        digest: true,
        sign: true,
        generate: true,
        generate_pair: true,
        wrap: true,
        unwrap: true,
        derive: true,
        min_key: 0,
        max_key: 0,
    })
}

fn only(have: &'static [Mechanism]) -> Capabilities {
    let info = |m| if have.contains(&m) { everything(m) } else { None };
    Capabilities::resolve(&info, &|_| WrapProof::Exact, &|_| true)
}

const SHA256_PKCS1: SignAlgorithm = SignAlgorithm::RsaPkcs1(HashAlgorithm::Sha256);

#[test]
fn resolve_prefers_hashing_here() {
    let token = only(&[Mechanism::RSA_PKCS, Mechanism::SHA256_RSA_PKCS]);
    assert_eq!(token.sign(SHA256_PKCS1), Some(SignPlan::HashHere(Mechanism::RSA_PKCS)));
}

#[test]
fn resolve_falls_back_to_hashing_on_token() {
    let token = only(&[Mechanism::SHA256_RSA_PKCS]);
    assert_eq!(token.sign(SHA256_PKCS1), Some(SignPlan::OnToken(Mechanism::SHA256_RSA_PKCS)));
    assert_eq!(token.sign_digest(SHA256_PKCS1), None);
}

#[test]
fn resolve_omits_what_the_token_lacks() {
    assert_eq!(only(&[]), Capabilities::default());
    assert!(only(&[]).rows().iter().all(|row| row.mechanism.is_none()));
}

#[test]
fn resolve_pads_here_before_it_lets_the_token_pad() {
    let token = only(&[Mechanism::AES_CBC, Mechanism::AES_CBC_PAD]);
    let plan = token.cipher(CipherAlgorithm::aes(BlockMode::Cbc, Padding::Pkcs5));
    assert_eq!(plan, Some(CipherPlan::PadHere(Mechanism::AES_CBC)));
}

#[test]
fn resolve_composes_modes_the_token_lacks() {
    let composed = |mode, have| {
        let token = only(have);
        Padding::ALL.map(|padding| token.cipher(CipherAlgorithm::aes(mode, padding)))
    };
    let plan = |encrypt, decrypt| Some(CipherPlan::XorHere { encrypt, decrypt });
    let both = &[Mechanism::AES_ECB, Mechanism::AES_CBC];
    let cfb = plan(Mechanism::AES_CBC, Mechanism::AES_ECB);
    assert_eq!(composed(BlockMode::Cfb, both), [cfb; 6]);
    assert_eq!(composed(BlockMode::Cfb, &[Mechanism::AES_CBC]), [None; 6]);
    let ofb = plan(Mechanism::AES_CBC, Mechanism::AES_CBC);
    assert_eq!(composed(BlockMode::Ofb, both), [ofb; 6]);
    let native = composed(BlockMode::Ofb, &[Mechanism::AES_CBC, Mechanism::AES_OFB]);
    assert_eq!(native[0], Some(CipherPlan::OnToken(Mechanism::AES_OFB)));
    assert_eq!(native[1], Some(CipherPlan::PadHere(Mechanism::AES_OFB)));
}

#[test]
fn resolve_composes_ccm_only_where_the_token_lacks_it() {
    let ccm = |have| only(have).cipher(CipherAlgorithm::AesCcm);
    let (mac, stream) = (Mechanism::AES_CBC, Mechanism::AES_ECB);
    let native = Some(CipherPlan::OnToken(Mechanism::AES_CCM));
    assert_eq!(ccm(&[Mechanism::AES_CCM, Mechanism::AES_CBC, Mechanism::AES_ECB]), native);
    assert_eq!(
        ccm(&[Mechanism::AES_CBC, Mechanism::AES_ECB]),
        Some(CipherPlan::CcmHere { mac, stream })
    );
    assert_eq!(ccm(&[Mechanism::AES_CBC]), None);
    assert_eq!(ccm(&[Mechanism::AES_ECB]), None);
}

#[test]
fn resolve_drops_plans_that_give_a_wrong_answer() {
    let lies = |trial| match trial {
        Trial::Cipher(_, plan) => plan.mechanism() != Mechanism::AES_CTR,
        Trial::Sign(..) | Trial::Mac(..) | Trial::OaepLabel | Trial::Curve(_) | Trial::Agree(_) => {
            true
        }
    };
    let token = Capabilities::resolve(&everything, &|_| WrapProof::Exact, &lies);
    let ctr = token.cipher(CipherAlgorithm::aes(BlockMode::Ctr, Padding::None));
    assert_eq!(ctr.map(CipherPlan::mechanism), Some(Mechanism::AES_ECB));
}

#[test]
fn resolve_tells_two_key_from_three_key_generation() {
    let token = only(&[Mechanism::DES3_KEY_GEN]);
    assert!(token.generate_secret_of(SecretKeyKind::Des3, 192).is_some());
    assert!(token.generate_secret_of(SecretKeyKind::Des3, 128).is_none());
    let wish =
        |mode| CipherAlgorithm::Block { cipher: BlockCipher::Des3, mode, padding: Padding::None };
    assert!(BlockMode::ALL.into_iter().all(|mode| token.cipher(wish(mode)).is_none()));
}

#[test]
fn resolve_encodes_pss_here_where_the_token_fails() {
    let one_hash_only = |trial| match trial {
        Trial::Sign(SignAlgorithm::RsaPss { hash, mgf }, SignPlan::HashHere(_)) => hash == mgf,
        Trial::Cipher(..)
        | Trial::Sign(..)
        | Trial::Mac(..)
        | Trial::OaepLabel
        | Trial::Curve(_)
        | Trial::Agree(_) => true,
    };
    let token = Capabilities::resolve(&everything, &|_| WrapProof::Exact, &one_hash_only);
    let pss = |hash, mgf| token.sign(SignAlgorithm::RsaPss { hash, mgf });
    let (sha256, sha3, sha1) =
        (HashAlgorithm::Sha256, HashAlgorithm::Sha3T256, HashAlgorithm::Sha1);
    assert_eq!(pss(sha256, sha256), Some(SignPlan::HashHere(Mechanism::RSA_PKCS_PSS)));
    assert_eq!(pss(sha3, sha3), Some(SignPlan::HashHere(Mechanism::RSA_PKCS_PSS)));
    assert_eq!(pss(sha256, sha1), Some(SignPlan::EncodeHere(Mechanism::RSA_X_509)));
}

#[test]
fn resolve_unpads_oaep_here_where_the_token_fails() {
    let old = |trial| match trial {
        Trial::Cipher(CipherAlgorithm::RsaOaep { hash, .. }, CipherPlan::OnToken(_)) => {
            hash == HashAlgorithm::Sha1
        }
        Trial::Cipher(..) | Trial::Sign(..) | Trial::Mac(..) => true,
        Trial::OaepLabel | Trial::Curve(_) | Trial::Agree(_) => false,
    };
    let token = Capabilities::resolve(&everything, &|_| WrapProof::Exact, &old);
    let oaep = |hash| token.cipher(CipherAlgorithm::RsaOaep { hash, mgf: hash });
    let native = Some(CipherPlan::OnToken(Mechanism::RSA_PKCS_OAEP));
    assert_eq!(oaep(HashAlgorithm::Sha1), native);
    let here = Some(CipherPlan::UnpadHere(Mechanism::RSA_X_509));
    assert_eq!(oaep(HashAlgorithm::Sha256), here);
    assert!(!token.oaep_labels());
}

#[test]
fn resolve_takes_no_keys_that_nothing_can_be_done_with() {
    assert!(!only(&[Mechanism::AES_CBC]).takes(SecretKeyKind::Des3));
    assert!(only(&[Mechanism::DES3_CBC]).takes(SecretKeyKind::Des3));
    assert!(only(&[]).takes(SecretKeyKind::Generic));
}

#[test]
fn resolve_keeps_key_wrap_pad_to_what_is_proven() {
    let token = |proof| {
        let info = |m| (m == Mechanism::AES_KEY_WRAP_PAD).then(|| everything(m)).flatten();
        Capabilities::resolve(&info, &move |_| proof, &|_| true).wrap(WrapAlgorithm::AesKeyWrapPad)
    };
    let pad = Mechanism::AES_KEY_WRAP_PAD;
    assert_eq!(token(WrapProof::Exact), Some(WrapPlan::OnToken(pad)));
    assert_eq!(token(WrapProof::WholeBlocks), Some(WrapPlan::WholeBlocks(pad)));
    assert_eq!(token(WrapProof::Wrong), None);
}

#[test]
fn rows_name_every_wish_once() {
    let rows = Capabilities::resolve(&everything, &|_| WrapProof::Exact, &|_| true).rows();
    let unserved: Vec<_> = rows.iter().filter(|row| row.mechanism.is_none()).collect();
    // MD5 is not computed here, so the wishes that need it here have no plan.
    assert!(unserved.iter().all(|row| row.wish.to_string().contains("Md5")), "{unserved:?}");
    assert_eq!(Wish::GenerateRsa.to_string(), "generate RSA");
}
