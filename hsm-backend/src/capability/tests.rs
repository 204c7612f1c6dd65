//! Rules cut down to imagined tokens.

use super::*;

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
        min_key: 0,
        max_key: 0,
    })
}

fn only(have: &'static [Mechanism]) -> Capabilities {
    let info = |m| if have.contains(&m) { everything(m) } else { None };
    Capabilities::resolve(&info, &|_| WrapProof::Exact)
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
fn resolve_pads_here_where_cbc_pad_is_missing() {
    let token = only(&[Mechanism::AES_CBC]);
    let plan = token.cipher(CipherAlgorithm::AesCbcPkcs5);
    assert_eq!(plan, Some(CipherPlan::PadHere(Mechanism::AES_CBC)));
}

#[test]
fn resolve_encodes_pss_here_where_hashes_differ() {
    let token = only(&[Mechanism::RSA_PKCS_PSS, Mechanism::RSA_X_509]);
    let pss = |hash, mgf| token.sign(SignAlgorithm::RsaPss { hash, mgf });
    let (sha256, sha1) = (HashAlgorithm::Sha256, HashAlgorithm::Sha1);
    assert_eq!(pss(sha256, sha256), Some(SignPlan::HashHere(Mechanism::RSA_PKCS_PSS)));
    assert_eq!(pss(sha256, sha1), Some(SignPlan::EncodeHere(Mechanism::RSA_X_509)));
}

#[test]
fn resolve_keeps_key_wrap_pad_to_what_is_proven() {
    let token = |proof| {
        let info = |m| (m == Mechanism::AES_KEY_WRAP_PAD).then(|| everything(m)).flatten();
        Capabilities::resolve(&info, &move |_| proof).wrap(WrapAlgorithm::AesKeyWrapPad)
    };
    let pad = Mechanism::AES_KEY_WRAP_PAD;
    assert_eq!(token(WrapProof::Exact), Some(WrapPlan::OnToken(pad)));
    assert_eq!(token(WrapProof::WholeBlocks), Some(WrapPlan::WholeBlocks(pad)));
    assert_eq!(token(WrapProof::Wrong), None);
}

#[test]
fn rows_name_every_wish_once() {
    let rows = Capabilities::resolve(&everything, &|_| WrapProof::Exact).rows();
    let unserved: Vec<_> = rows.iter().filter(|row| row.mechanism.is_none()).collect();
    // MD5 is not computed here, so the wishes that need it here have no plan.
    assert!(unserved.iter().all(|row| row.wish.to_string().contains("Md5")), "{unserved:?}");
    assert_eq!(Wish::GenerateRsa.to_string(), "generate RSA");
}
