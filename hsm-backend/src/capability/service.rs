//! Who carries out a wish, and what a token would need to.

use super::rules::{self, HASHES};
use super::table::Wish;
use super::{Capabilities, CipherPlan, Mechanism, SignPlan};
use crate::custody;
use crate::job::WrapAlgorithm;

/// Who carries out a wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Service {
    /// The token; the hash of a message may be made here.
    Native,
    /// The token does another algorithm, out of which the wish is put together here.
    Composed,
    /// Nobody: the token lacks every mechanism that would serve.
    Missing,
}

impl Capabilities {
    /// Who carries out `wish`, by the plan that is taken.
    #[must_use]
    pub fn service(&self, wish: Wish) -> Service {
        let native = match wish {
            Wish::Cipher(algorithm) => self.cipher(algorithm).map(CipherPlan::is_native),
            Wish::Sign(algorithm) => self.sign(algorithm).map(SignPlan::is_native),
            Wish::Mac(algorithm) => self.mac(algorithm).map(|_| true),
            Wish::Wrap(algorithm) => self.wrap(algorithm).map(|_| true),
            Wish::DigestKey(hash) => self.digest(hash).map(|_| true),
            Wish::GenerateSecret(kind) => self.generate_secret(kind).map(|_| true),
            Wish::GenerateRsa => self.generate_rsa().map(|_| true),
            Wish::GenerateEc(curve) => self.generate_ec(curve).map(|_| true),
            Wish::GenerateEdwards(curve) => self.generate_edwards(curve).map(|_| true),
            Wish::Agree(curve) => self.agree(curve).map(|_| true),
        };
        match native {
            Some(true) => Service::Native,
            Some(false) => Service::Composed,
            None => Service::Missing,
        }
    }

    /// How secret keys of `bytes` are wrapped when they live outside the token; `None` where they
    /// would not come back exactly, so that they must live in it.
    #[must_use]
    pub fn wrapped_custody(&self, bytes: usize) -> Option<WrapAlgorithm> {
        custody::algorithm_for(self, bytes)
    }
}

impl CipherPlan {
    const fn is_native(self) -> bool {
        match self {
            Self::OnToken(_) => true,
            Self::PadHere(_)
            | Self::XorHere { .. }
            | Self::CcmHere { .. }
            | Self::TweakHere(_)
            | Self::AsKey(_)
            | Self::UnpadHere(_) => false,
        }
    }

    /// Whether all that the token does in a decryption are encryptions: it would let every key
    /// that may encrypt do it.
    pub(crate) const fn decrypts_by_encrypting(self) -> bool {
        match self {
            Self::XorHere { .. } | Self::CcmHere { .. } => true,
            Self::OnToken(_)
            | Self::PadHere(_)
            | Self::TweakHere(_)
            | Self::AsKey(_)
            | Self::UnpadHere(_) => false,
        }
    }

    fn mechanisms(self) -> Vec<Mechanism> {
        let mut both = vec![self.mechanism(), self.decrypt_mechanism()];
        both.dedup();
        both
    }
}

impl SignPlan {
    const fn is_native(self) -> bool {
        match self {
            Self::OnToken(_) | Self::HashHere(_) | Self::Raw(_) => true,
            Self::EncodeHere(_) => false,
        }
    }
}

impl Wish {
    /// The mechanisms that would serve it, as alternatives, best first; each alternative needs all
    /// of its own. None for what is served by no token.
    #[must_use]
    pub fn needs(self) -> Vec<Vec<Mechanism>> {
        let each = |mechanism| vec![vec![mechanism]];
        match self {
            Self::Cipher(wish) => of(rules::ciphers(), wish, CipherPlan::mechanisms),
            Self::Sign(wish) => of(rules::signs(), wish, |plan| vec![plan.mechanism()]),
            Self::Mac(wish) => of(rules::macs(), wish, |plan| vec![plan.mechanism()]),
            Self::Wrap(wish) => {
                let plans = rules::WRAPS.iter().map(|(wish, plans)| (*wish, plans.to_vec()));
                of(plans.collect(), wish, |plan| vec![plan.mechanism()])
            }
            Self::DigestKey(hash) => {
                HASHES.iter().find(|row| row.hash == hash).map_or(vec![], |row| each(row.digest))
            }
            Self::GenerateSecret(kind) => {
                let rows = rules::SECRETS.iter().filter(|(of, ..)| *of == kind);
                rows.map(|(_, mechanism, ..)| vec![*mechanism]).collect()
            }
            Self::GenerateRsa => each(Mechanism::RSA_PKCS_KEY_PAIR_GEN),
            Self::GenerateEc(_) => each(Mechanism::EC_KEY_PAIR_GEN),
            Self::GenerateEdwards(_) => each(Mechanism::EC_EDWARDS_KEY_PAIR_GEN),
            Self::Agree(_) => each(Mechanism::ECDH1_DERIVE),
        }
    }
}

fn of<W: PartialEq, P: Copy>(
    rules: Vec<(W, Vec<P>)>,
    wish: W,
    mechanisms: impl Fn(P) -> Vec<Mechanism>,
) -> Vec<Vec<Mechanism>> {
    let plans = rules.into_iter().find(|(of, _)| *of == wish).map_or(vec![], |(_, plans)| plans);
    let mut needs: Vec<_> = plans.into_iter().map(mechanisms).collect();
    needs.dedup();
    needs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capability::{MechanismTraits, WrapProof};
    use crate::job::{BlockMode, CipherAlgorithm, HashAlgorithm, Padding, SignAlgorithm};

    fn only(have: &'static [Mechanism]) -> Capabilities {
        let all =
            MechanismTraits { encrypt: true, sign: true, decrypt: true, ..Default::default() };
        let info = |m| have.contains(&m).then_some(all);
        Capabilities::resolve(&info, &|_| WrapProof::Exact, &|_| true)
    }

    const CFB: Wish = Wish::Cipher(CipherAlgorithm::aes(BlockMode::Cfb, Padding::None));

    #[test]
    fn service_tells_native_from_composed() {
        assert_eq!(only(&[Mechanism::AES_CFB128]).service(CFB), Service::Native);
        let blocks = only(&[Mechanism::AES_CBC, Mechanism::AES_ECB]);
        assert_eq!(blocks.service(CFB), Service::Composed);
        assert_eq!(only(&[]).service(CFB), Service::Missing);
        let sha3 = HashAlgorithm::Sha3T256;
        let pss = Wish::Sign(SignAlgorithm::RsaPss { hash: sha3, mgf: sha3 });
        assert_eq!(only(&[Mechanism::RSA_X_509]).service(pss), Service::Composed);
    }

    #[test]
    fn needs_name_every_way_that_would_serve() {
        let both = vec![Mechanism::AES_CBC, Mechanism::AES_ECB];
        assert_eq!(CFB.needs(), [vec![Mechanism::AES_CFB128], both]);
        let both = vec![Mechanism::AES_CBC, Mechanism::AES_ECB];
        let ccm = Wish::Cipher(CipherAlgorithm::AesCcm);
        assert_eq!(ccm.needs(), [vec![Mechanism::AES_CCM], both]);
    }

    #[test]
    fn every_row_that_is_missing_names_what_it_needs() {
        let nothing = only(&[]);
        let named = |wish: Wish| !wish.needs().is_empty() || wish.to_string().contains("Md5");
        assert!(nothing.rows().iter().all(|row| named(row.wish)));
        assert!(nothing.rows().iter().all(|row| nothing.service(row.wish) == Service::Missing));
    }
}
