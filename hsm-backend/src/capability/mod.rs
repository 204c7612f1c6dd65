//! Which wish is served how: the rules, cut down to one token.

pub(crate) mod answers;
mod assisted;
mod keys;
mod mechanism;
pub(crate) mod rules;
mod service;
mod table;

use std::collections::HashMap;
use std::hash::Hash;

pub use answers::Trial;
pub use assisted::assists;
use keys::fits_edwards;
pub use mechanism::{Mechanism, MechanismTraits};
pub use service::Service;
pub use table::{CapabilityRow, Wish};

use crate::job::{
    CipherAlgorithm, Curve, EdwardsCurve, HashAlgorithm, MacAlgorithm, SecretKeyKind,
    SignAlgorithm, WrapAlgorithm,
};

/// How a cipher is carried out on one token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CipherPlan {
    /// The token does all of it.
    OnToken(Mechanism),
    /// The padding is put on and taken off here; the token does the rest.
    PadHere(Mechanism),
    /// The token encrypts blocks in one call, whichever way the data go; the data are XORed with
    /// the outcome, and padded, here.
    XorHere {
        /// What the blocks are encrypted with for an encryption.
        encrypt: Mechanism,
        /// What the blocks are encrypted with for a decryption.
        decrypt: Mechanism,
    },
    /// The token encrypts the tweak under one key and runs the blocks through another; the tweak
    /// is put on and taken off here.
    TweakHere(Mechanism),
    /// CCM: the token makes the MAC and the key stream, two encryptions whichever way the data go;
    /// they are put on and checked here.
    CcmHere {
        /// What chains the blocks of the MAC.
        mac: Mechanism,
        /// What encrypts the counter blocks.
        stream: Mechanism,
    },
    /// The data become a secret that lives for one call, which the token wraps or unwraps.
    AsKey(Mechanism),
    /// The token does the raw private operation; the OAEP padding is taken off here.
    UnpadHere(Mechanism),
}

/// How a signature is made on one token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SignPlan {
    /// The token hashes and signs; a finished digest cannot be signed this way.
    OnToken(Mechanism),
    /// We hash (and, for PKCS#1 v1.5, prefix a DigestInfo); the token signs that.
    HashHere(Mechanism),
    /// We hash and encode; the token does the raw private operation.
    EncodeHere(Mechanism),
    /// The caller has encoded; the token pads and signs.
    Raw(Mechanism),
}

/// How a MAC is made on one token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MacPlan {
    /// The token does all of it; the key cannot leave it, so there is no other way.
    OnToken(Mechanism),
}

/// How a key is wrapped and unwrapped by one token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WrapPlan {
    /// Any length the algorithm allows.
    OnToken(Mechanism),
    /// Wrapping is right only for lengths that are a multiple of 8; unwrapping is right always.
    WholeBlocks(Mechanism),
}

/// How the value of a key is hashed inside one token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DigestPlan {
    /// C_DigestKey.
    OnToken(Mechanism),
}

/// How a secret is agreed on with a private key in one token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AgreePlan {
    /// C_DeriveKey, whose outcome is a key in the token.
    OnToken(Mechanism),
}

/// How keys are made by one token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GeneratePlan {
    /// The generation mechanism.
    pub mechanism: Mechanism,
    /// Smallest key, in bits.
    pub min_bits: u32,
    /// Largest key, in bits.
    pub max_bits: u32,
}

macro_rules! plan_mechanism {
    ($($plan:ident: $($variant:ident)|+;)*) => {$(
        impl $plan {
            /// The mechanism the token is asked for.
            #[must_use]
            pub const fn mechanism(self) -> Mechanism {
                match self {
                    $(Self::$variant(mechanism))|+ => mechanism,
                }
            }
        }
    )*};
}

plan_mechanism! {
    SignPlan: OnToken | HashHere | EncodeHere | Raw;
    MacPlan: OnToken;
    WrapPlan: OnToken | WholeBlocks;
    DigestPlan: OnToken;
    AgreePlan: OnToken;
}

impl CipherPlan {
    /// The mechanism the token is asked for in an encryption; where there are two, that of the MAC.
    #[must_use]
    pub const fn mechanism(self) -> Mechanism {
        match self {
            Self::OnToken(mechanism)
            | Self::PadHere(mechanism)
            | Self::XorHere { encrypt: mechanism, .. }
            | Self::CcmHere { mac: mechanism, .. }
            | Self::TweakHere(mechanism)
            | Self::AsKey(mechanism)
            | Self::UnpadHere(mechanism) => mechanism,
        }
    }

    /// The mechanism the token is asked for in a decryption; where there are two, the first.
    #[must_use]
    pub const fn decrypt_mechanism(self) -> Mechanism {
        match self {
            Self::XorHere { decrypt: mechanism, .. }
            | Self::CcmHere { stream: mechanism, .. }
            | Self::OnToken(mechanism)
            | Self::PadHere(mechanism)
            | Self::TweakHere(mechanism)
            | Self::AsKey(mechanism)
            | Self::UnpadHere(mechanism) => mechanism,
        }
    }
}

/// What known-answer calls have shown of a key-wrap mechanism.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WrapProof {
    /// RFC 5649 for every length.
    Exact,
    /// RFC 5649 for lengths that are a multiple of 8, and for every unwrapping.
    WholeBlocks,
    /// Something else.
    Wrong,
}

/// The rules, cut down to one token. Resolved once, when the token is opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    ciphers: HashMap<CipherAlgorithm, Vec<CipherPlan>>,
    signs: HashMap<SignAlgorithm, Vec<SignPlan>>,
    macs: HashMap<MacAlgorithm, MacPlan>,
    wraps: HashMap<WrapAlgorithm, WrapPlan>,
    digests: HashMap<HashAlgorithm, DigestPlan>,
    secrets: HashMap<SecretKeyKind, Vec<GeneratePlan>>,
    curves: HashMap<Curve, GeneratePlan>,
    edwards: HashMap<EdwardsCurve, GeneratePlan>,
    rsa: Option<GeneratePlan>,
    agreements: HashMap<Curve, AgreePlan>,
    mac_min_bytes: usize,
    oaep_labels: bool,
}

impl Capabilities {
    /// Keeps, for each wish, the plans whose mechanism the token has with the flags needed.
    ///
    /// `info` asks the token for one mechanism; `proof` tells what known-answer calls showed of
    /// a key-wrap mechanism, `answers` whether a plan gave the known answer, if it was asked for
    /// one.
    #[must_use]
    pub fn resolve(
        info: &dyn Fn(Mechanism) -> Option<MechanismTraits>,
        proof: &dyn Fn(Mechanism) -> WrapProof,
        answers: &dyn Fn(Trial) -> bool,
    ) -> Self {
        let has =
            |m: Mechanism, need: fn(&MechanismTraits) -> bool| info(m).is_some_and(|t| need(&t));
        let cipher = |wish: &CipherAlgorithm, plan: &CipherPlan| {
            let there = match *plan {
                CipherPlan::OnToken(m) if wish.is_public_key() => has(m, |t| t.decrypt),
                CipherPlan::OnToken(m) | CipherPlan::PadHere(m) | CipherPlan::TweakHere(m) => {
                    has(m, |t| t.encrypt && t.decrypt)
                }
                CipherPlan::UnpadHere(m) => has(m, |t| t.decrypt),
                CipherPlan::XorHere { encrypt, decrypt } => {
                    has(encrypt, |t| t.encrypt) && has(decrypt, |t| t.encrypt)
                }
                CipherPlan::CcmHere { mac, stream } => {
                    has(mac, |t| t.encrypt) && has(stream, |t| t.encrypt)
                }
                CipherPlan::AsKey(m) => {
                    has(m, |t| t.wrap && t.unwrap) && proof(m) != WrapProof::Wrong
                }
            };
            there && answers(Trial::Cipher(*wish, *plan))
        };
        let wrap = |plan: &WrapPlan| {
            has(plan.mechanism(), |t| t.wrap && t.unwrap) && proven(*plan, proof(plan.mechanism()))
        };
        let sign = |wish: &SignAlgorithm, plan: &SignPlan| {
            let fits = |traits: MechanismTraits| match wish {
                SignAlgorithm::EdDsa(curve) => fits_edwards(traits, *curve),
                _ => true,
            };
            let there = info(plan.mechanism()).is_some_and(|traits| traits.sign && fits(traits));
            there && answers(Trial::Sign(*wish, *plan))
        };
        let mac = |wish: &MacAlgorithm, plan: &MacPlan| {
            has(plan.mechanism(), |t| t.sign) && answers(Trial::Mac(*wish, *plan))
        };
        let curves = keys::curves(info, answers);
        Self {
            ciphers: keep(rules::ciphers(), cipher),
            signs: keep(rules::signs(), sign),
            macs: first(keep(rules::macs(), mac)),
            wraps: first(keep(wrap_rules(), |_, plan| wrap(plan))),
            digests: first(keep(rules::digests(), |_, plan| has(plan.mechanism(), |t| t.digest))),
            secrets: keys::secrets(info),
            edwards: keys::edwards(info),
            rsa: keys::rsa(info),
            agreements: keys::agreements(info, answers, &curves),
            curves,
            mac_min_bytes: keys::mac_min_bytes(info),
            oaep_labels: has(Mechanism::RSA_PKCS_OAEP, |t| t.decrypt) && answers(Trial::OaepLabel),
        }
    }

    /// The best plan for `wish`, if this token has one.
    #[must_use]
    pub fn cipher(&self, wish: CipherAlgorithm) -> Option<CipherPlan> {
        self.cipher_plans(wish).first().copied()
    }

    /// Every plan for `wish`, best first.
    #[must_use]
    pub fn cipher_plans(&self, wish: CipherAlgorithm) -> &[CipherPlan] {
        self.ciphers.get(&wish).map_or(&[], Vec::as_slice)
    }

    /// The best plan for signing messages with `wish`, if this token has one.
    #[must_use]
    pub fn sign(&self, wish: SignAlgorithm) -> Option<SignPlan> {
        self.signs.get(&wish)?.first().copied()
    }

    /// The best plan for signing a finished digest with `wish`, if this token has one.
    #[must_use]
    pub fn sign_digest(&self, wish: SignAlgorithm) -> Option<SignPlan> {
        let plans = self.signs.get(&wish)?;
        plans.iter().copied().find(|plan| !matches!(plan, SignPlan::OnToken(_)))
    }

    /// The plan for `wish`, if this token has one.
    #[must_use]
    pub fn mac(&self, wish: MacAlgorithm) -> Option<MacPlan> {
        self.macs.get(&wish).copied()
    }

    /// The plan for `wish`, if this token has one.
    #[must_use]
    pub fn wrap(&self, wish: WrapAlgorithm) -> Option<WrapPlan> {
        self.wraps.get(&wish).copied()
    }

    /// How the token digests a key with `hash`, if it can.
    #[must_use]
    pub fn digest(&self, hash: HashAlgorithm) -> Option<DigestPlan> {
        self.digests.get(&hash).copied()
    }

    /// How a secret is agreed on with a private key on `curve`, if the token can do it.
    #[must_use]
    pub fn agree(&self, curve: Curve) -> Option<AgreePlan> {
        self.agreements.get(&curve).copied()
    }

    /// How the token makes secret keys of `kind`, if it can make any.
    #[must_use]
    pub fn generate_secret(&self, kind: SecretKeyKind) -> Option<GeneratePlan> {
        self.secrets.get(&kind)?.first().copied()
    }

    /// How the token makes secret keys of `kind` and this length, if it can.
    #[must_use]
    pub fn generate_secret_of(&self, kind: SecretKeyKind, bits: u32) -> Option<GeneratePlan> {
        let plans = self.secrets.get(&kind)?;
        plans.iter().copied().find(|plan| (plan.min_bits..=plan.max_bits).contains(&bits))
    }

    /// How the token makes RSA pairs, if it can; the range is the modulus length.
    #[must_use]
    pub const fn generate_rsa(&self) -> Option<GeneratePlan> {
        self.rsa
    }

    /// How the token makes pairs on `curve`, if it can.
    #[must_use]
    pub fn generate_ec(&self, curve: Curve) -> Option<GeneratePlan> {
        self.curves.get(&curve).copied()
    }

    /// Whether keys of `kind` are of any use on this token; others are refused on their way in.
    #[must_use]
    pub fn takes(&self, kind: SecretKeyKind) -> bool {
        let of_kind = |wish: &CipherAlgorithm| matches!(wish, CipherAlgorithm::Block { cipher, .. } if cipher.key_kind() == kind);
        // Some tokens have no 3DES at all; the other kinds are known to every token.
        kind != SecretKeyKind::Des3
            || self.secrets.contains_key(&kind)
            || self.ciphers.keys().any(of_kind)
    }

    /// Whether the token's own OAEP heeds a label.
    #[must_use]
    pub const fn oaep_labels(&self) -> bool {
        self.oaep_labels
    }

    /// How the token makes pairs on a `curve` of Edwards form, if it can.
    #[must_use]
    pub fn generate_edwards(&self, curve: EdwardsCurve) -> Option<GeneratePlan> {
        self.edwards.get(&curve).copied()
    }

    /// Length in bytes up to which shorter MAC keys are padded with zeros on import.
    ///
    /// HMAC pads its key with zeros itself, so the MAC stays the same. Zero where the token
    /// takes short keys.
    #[must_use]
    pub const fn mac_min_bytes(&self) -> usize {
        self.mac_min_bytes
    }
}

fn keep<W: Eq + Hash, P>(
    rules: Vec<(W, Vec<P>)>,
    usable: impl Fn(&W, &P) -> bool,
) -> HashMap<W, Vec<P>> {
    let cut = rules.into_iter().map(|(wish, plans)| {
        let plans: Vec<P> = plans.into_iter().filter(|plan| usable(&wish, plan)).collect();
        (wish, plans)
    });
    cut.filter(|(_, plans)| !plans.is_empty()).collect()
}

fn first<W: Eq + Hash, P>(plans: HashMap<W, Vec<P>>) -> HashMap<W, P> {
    plans.into_iter().filter_map(|(wish, plans)| Some((wish, plans.into_iter().next()?))).collect()
}

fn wrap_rules() -> Vec<(WrapAlgorithm, Vec<WrapPlan>)> {
    rules::WRAPS.iter().map(|(wish, plans)| (*wish, plans.to_vec())).collect()
}

/// Whether `plan` may be trusted.
fn proven(plan: WrapPlan, proof: WrapProof) -> bool {
    match plan {
        WrapPlan::OnToken(_) => proof == WrapProof::Exact,
        WrapPlan::WholeBlocks(_) => proof != WrapProof::Wrong,
    }
}

#[cfg(test)]
mod tests;
