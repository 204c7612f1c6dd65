//! The capability table in words, for `doctor` and the documentation.

use core::fmt;

use super::rules::{self, HASHES};
use super::{Capabilities, CipherPlan, Mechanism, SignPlan, WrapPlan};
use crate::job::{
    CipherAlgorithm, Curve, EdwardsCurve, HashAlgorithm, MacAlgorithm, SecretKeyKind,
    SignAlgorithm, WrapAlgorithm,
};

/// One thing a caller may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Wish {
    Cipher(CipherAlgorithm),
    Sign(SignAlgorithm),
    Mac(MacAlgorithm),
    Wrap(WrapAlgorithm),
    DigestKey(HashAlgorithm),
    GenerateSecret(SecretKeyKind),
    GenerateRsa,
    GenerateEc(Curve),
    GenerateEdwards(EdwardsCurve),
    Agree(Curve),
}

impl fmt::Display for Wish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cipher(algorithm) => write!(f, "cipher {algorithm:?}"),
            Self::Sign(algorithm) => write!(f, "sign {algorithm:?}"),
            Self::Mac(algorithm) => write!(f, "mac {algorithm:?}"),
            Self::Wrap(algorithm) => write!(f, "wrap {algorithm:?}"),
            Self::DigestKey(hash) => write!(f, "digest key {hash:?}"),
            Self::GenerateSecret(kind) => write!(f, "generate {kind:?}"),
            Self::GenerateRsa => f.write_str("generate RSA"),
            Self::GenerateEc(curve) => write!(f, "generate EC {curve:?}"),
            Self::GenerateEdwards(curve) => write!(f, "generate {curve:?}"),
            Self::Agree(curve) => write!(f, "agree {curve:?}"),
        }
    }
}

/// One line of the table: a wish, and how this token serves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CapabilityRow {
    /// The wish.
    pub wish: Wish,
    /// The mechanism the token is asked for; none where the wish cannot be served.
    pub mechanism: Option<Mechanism>,
    /// What is done beside the token, or the range it serves; empty where it does all.
    pub note: String,
}

impl fmt::Display for CapabilityRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(mechanism) = self.mechanism else { return write!(f, "{}: none", self.wish) };
        write!(f, "{}: {mechanism}", self.wish)?;
        if self.note.is_empty() { Ok(()) } else { write!(f, " ({})", self.note) }
    }
}

impl Capabilities {
    /// Every wish with the mechanism that serves it, or none.
    ///
    /// Of the pairs of message hash and MGF hash only equal ones are listed.
    #[must_use]
    pub fn rows(&self) -> Vec<CapabilityRow> {
        wishes().map(|wish| self.row(wish)).collect()
    }

    /// How `wish` is served.
    #[must_use]
    pub fn row(&self, wish: Wish) -> CapabilityRow {
        let plain = |mechanism| (mechanism, String::new());
        let served = match wish {
            Wish::Cipher(algorithm) => self.cipher(algorithm).map(cipher_words),
            Wish::Sign(algorithm) => self.sign(algorithm).map(sign_words),
            Wish::Mac(algorithm) => self.mac(algorithm).map(|plan| plain(plan.mechanism())),
            Wish::Wrap(algorithm) => self.wrap(algorithm).map(wrap_words),
            Wish::DigestKey(hash) => self.digest(hash).map(|plan| plain(plan.mechanism())),
            Wish::GenerateSecret(kind) => self.generate_secret(kind).map(range_words),
            Wish::GenerateRsa => self.generate_rsa().map(range_words),
            Wish::GenerateEc(curve) => self.generate_ec(curve).map(|plan| plain(plan.mechanism)),
            Wish::GenerateEdwards(curve) => {
                self.generate_edwards(curve).map(|plan| plain(plan.mechanism))
            }
            Wish::Agree(curve) => self.agree(curve).map(|plan| plain(plan.mechanism())),
        };
        let (mechanism, note) = served.map_or((None, String::new()), |(m, note)| (Some(m), note));
        CapabilityRow { wish, mechanism, note }
    }
}

impl fmt::Display for Capabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rows().iter().try_for_each(|row| writeln!(f, "{row}"))
    }
}

fn cipher_words(plan: CipherPlan) -> (Mechanism, String) {
    let note = match plan {
        CipherPlan::OnToken(_) => "",
        CipherPlan::PadHere(_) => "padded here",
        CipherPlan::XorHere { .. } => "blocks encrypted there, XORed here",
        CipherPlan::CcmHere { .. } => "MAC and key stream made there, XORed here",
        CipherPlan::AsKey(_) => "as a secret of one call",
        CipherPlan::TweakHere(_) => "blocks encrypted there under two keys, tweaked here",
        CipherPlan::UnpadHere(_) => "unpadded here",
    };
    (plan.mechanism(), note.to_owned())
}

fn sign_words(plan: SignPlan) -> (Mechanism, String) {
    let note = match plan {
        SignPlan::OnToken(_) | SignPlan::Raw(_) => "",
        SignPlan::HashHere(_) => "hashed here",
        SignPlan::EncodeHere(_) => "hashed and encoded here",
    };
    (plan.mechanism(), note.to_owned())
}

fn wrap_words(plan: WrapPlan) -> (Mechanism, String) {
    let note = match plan {
        WrapPlan::OnToken(_) => "",
        WrapPlan::WholeBlocks(_) => "wraps lengths that are a multiple of 8",
    };
    (plan.mechanism(), note.to_owned())
}

fn range_words(plan: super::GeneratePlan) -> (Mechanism, String) {
    (plan.mechanism, format!("{} to {} bits", plan.min_bits, plan.max_bits))
}

fn wishes() -> impl Iterator<Item = Wish> {
    let listed = |hash: HashAlgorithm, mgf: HashAlgorithm| hash == mgf;
    let cipher_listed = move |wish: &CipherAlgorithm| match wish {
        CipherAlgorithm::RsaOaep { hash, mgf } => listed(*hash, *mgf),
        CipherAlgorithm::Block { .. }
        | CipherAlgorithm::AesGcm
        | CipherAlgorithm::AesCcm
        | CipherAlgorithm::AesXts
        | CipherAlgorithm::AesKeyWrap
        | CipherAlgorithm::AesKeyWrapPad
        | CipherAlgorithm::RsaRaw
        | CipherAlgorithm::RsaPkcs1 => true,
    };
    let sign_listed = move |wish: &SignAlgorithm| match wish {
        SignAlgorithm::RsaPss { hash, mgf } => listed(*hash, *mgf),
        SignAlgorithm::RsaPkcs1(_)
        | SignAlgorithm::RsaPkcs1Raw
        | SignAlgorithm::Ecdsa(_)
        | SignAlgorithm::EcdsaRaw
        | SignAlgorithm::EdDsa(_) => true,
    };
    let ciphers = rules::ciphers().into_iter().map(|(wish, _)| wish).filter(cipher_listed);
    let signs = rules::signs().into_iter().map(|(wish, _)| wish).filter(sign_listed);
    let macs = rules::macs().into_iter().map(|(wish, _)| Wish::Mac(wish));
    let wraps = rules::WRAPS.iter().map(|(wish, _)| Wish::Wrap(*wish));
    let digests = HASHES.iter().map(|row| Wish::DigestKey(row.hash));
    let kinds = [SecretKeyKind::Aes, SecretKeyKind::Des3, SecretKeyKind::Generic];
    let secrets = kinds.into_iter().map(Wish::GenerateSecret);
    let curves = rules::CURVES.iter().map(|(curve, _)| Wish::GenerateEc(*curve));
    let edwards = EdwardsCurve::ALL.into_iter().map(Wish::GenerateEdwards);
    let agree = rules::CURVES.iter().map(|(curve, _)| Wish::Agree(*curve));
    let generate = secrets.chain([Wish::GenerateRsa]).chain(curves).chain(edwards);
    ciphers
        .map(Wish::Cipher)
        .chain(signs.map(Wish::Sign))
        .chain(macs)
        .chain(wraps)
        .chain(digests)
        .chain(generate)
        .chain(agree)
}
