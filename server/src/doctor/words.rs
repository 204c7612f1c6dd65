//! What is examined, in KMIP's words.

use std::fmt;

use hsm_backend::{
    BlockCipher, Capabilities, CipherAlgorithm, Curve, EdwardsCurve, HashAlgorithm, MacAlgorithm,
    SecretKeyKind, SignAlgorithm, Wish, WrapAlgorithm,
};
use serde::Serialize;

use crate::bridge::{algorithm, cipher};

/// One thing that is examined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// A line of the capability table.
    Wish(Wish),
    /// Secret keys that live wrapped outside the token.
    WrappedCustody,
    /// The token's random numbers.
    Random,
}

/// Where a line stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Group {
    /// Keys made in the token.
    Keys,
    /// Encrypt and Decrypt.
    Encryption,
    /// Sign.
    Signatures,
    /// MAC.
    Macs,
    /// Key agreement.
    Agreement,
    /// Keys wrapped under other keys.
    Wrapping,
    /// What the server itself needs.
    Service,
}

impl Group {
    pub(super) const ALL: [Self; 7] = [
        Self::Keys,
        Self::Encryption,
        Self::Signatures,
        Self::Macs,
        Self::Agreement,
        Self::Wrapping,
        Self::Service,
    ];

    /// Its title, and what its rate counts.
    pub(super) const fn title(self) -> (&'static str, &'static str) {
        match self {
            Self::Keys => ("Create, Create Key Pair", "keys made and destroyed"),
            Self::Encryption => {
                ("Encrypt, Decrypt", "encryptions of 1 KiB; RSA: decryptions; key wrap: keys")
            }
            Self::Signatures => ("Sign, Signature Verify", "signatures of 1 KiB"),
            Self::Macs => ("MAC, MAC Verify", "MACs of 1 KiB"),
            Self::Agreement => ("Derive Key, Asymmetric Key", "shared secrets"),
            Self::Wrapping => ("Get with Key Wrapping Specification", "AES-256 keys wrapped"),
            Self::Service => ("Custody, Digest, RNG Retrieve", "calls"),
        }
    }
}

/// Everything to be examined that KMIP has a name for, by group, and kin beside kin.
pub(super) fn subjects(capabilities: &Capabilities) -> Vec<(Group, Subject, String)> {
    let wishes = capabilities.rows().into_iter().map(|row| Subject::Wish(row.wish));
    let mut all: Vec<_> = wishes
        .chain([Subject::WrappedCustody, Subject::Random])
        .filter_map(|subject| words(subject).map(|(group, name)| (group, subject, name)))
        .collect();
    let family = |name: &str| name.split(' ').take(2).map(str::to_owned).collect::<Vec<_>>();
    let mut families = Vec::new();
    for (group, _, name) in &all {
        let family = (*group, family(name));
        if !families.contains(&family) {
            families.push(family);
        }
    }
    let place = |(group, _, name): &(Group, Subject, String)| {
        let (group, family) = (*group, family(name));
        let at = families.iter().position(|of| *of == (group, family.clone()));
        (Group::ALL.iter().position(|of| *of == group), at)
    };
    all.sort_by_key(place);
    all
}

/// Group and name; `None` for what no KMIP client can ask for.
fn words(subject: Subject) -> Option<(Group, String)> {
    let wish = match subject {
        Subject::Wish(wish) => wish,
        Subject::WrappedCustody => {
            return Some((Group::Service, "wrapped custody of AES".to_owned()));
        }
        Subject::Random => return Some((Group::Service, "RNG Retrieve".to_owned())),
    };
    let (group, name) = match wish {
        Wish::Cipher(algorithm) => (Group::Encryption, cipher_name(algorithm)?),
        Wish::Sign(algorithm) => (Group::Signatures, sign_name(algorithm)?),
        Wish::Mac(algorithm) => (Group::Macs, mac_name(algorithm)?),
        Wish::Wrap(WrapAlgorithm::AesKeyWrap) => (Group::Wrapping, "AES NISTKeyWrap".to_owned()),
        Wish::Wrap(WrapAlgorithm::AesKeyWrapPad) => {
            (Group::Wrapping, "AES AESKeyWrapPadding".to_owned())
        }
        // The one hash of the attribute Digest.
        Wish::DigestKey(HashAlgorithm::Sha256) => {
            (Group::Service, "Digest of keys, SHA-256".to_owned())
        }
        Wish::DigestKey(_) => return None,
        Wish::GenerateSecret(kind) => (Group::Keys, secret_name(kind).to_owned()),
        Wish::GenerateRsa => (Group::Keys, "RSA".to_owned()),
        Wish::GenerateEc(curve) => (Group::Keys, format!("EC {}", curve_name(curve))),
        Wish::GenerateEdwards(curve) => (Group::Keys, edwards_name(curve)),
        Wish::Agree(curve) => (Group::Agreement, format!("ECDH {}", curve_name(curve))),
    };
    Some((group, name))
}

fn cipher_name(wish: CipherAlgorithm) -> Option<String> {
    match wish {
        CipherAlgorithm::Block { cipher, mode, padding } => {
            let cipher = match cipher {
                BlockCipher::Aes => "AES",
                BlockCipher::Des3 => "3DES",
            };
            let (mode, method) = cipher::block_names(mode, padding)?;
            Some(match padding {
                hsm_backend::Padding::None => format!("{cipher} {mode:?}"),
                _ => format!("{cipher} {mode:?} {method:?}"),
            })
        }
        CipherAlgorithm::AesGcm
        | CipherAlgorithm::AesCcm
        | CipherAlgorithm::AesXts
        | CipherAlgorithm::AesKeyWrap
        | CipherAlgorithm::AesKeyWrapPad => {
            cipher::unpadded_name(wish).map(|mode| format!("AES {mode:?}"))
        }
        CipherAlgorithm::RsaRaw => None,
        CipherAlgorithm::RsaPkcs1 => Some("RSA PKCS1V1_5".to_owned()),
        CipherAlgorithm::RsaOaep { hash, .. } => Some(format!("RSA OAEP {}", hash_name(hash)?)),
    }
}

fn sign_name(wish: SignAlgorithm) -> Option<String> {
    match wish {
        SignAlgorithm::RsaPkcs1(hash) => Some(format!("RSA PKCS1V1_5 {}", hash_name(hash)?)),
        SignAlgorithm::RsaPkcs1Raw | SignAlgorithm::EcdsaRaw => None,
        SignAlgorithm::RsaPss { hash, .. } => Some(format!("RSA PSS {}", hash_name(hash)?)),
        SignAlgorithm::Ecdsa(hash) => {
            Some(format!("ECDSA {} {}", curve_name(curve_for(hash)), hash_name(hash)?))
        }
        SignAlgorithm::EdDsa(curve) => Some(format!("EdDSA {}", edwards_name(curve))),
    }
}

fn edwards_name(curve: EdwardsCurve) -> String {
    spelt(algorithm::edwards_name(curve).0)
}

fn mac_name(wish: MacAlgorithm) -> Option<String> {
    match wish {
        MacAlgorithm::AesCmac => Some("AES CMAC".to_owned()),
        MacAlgorithm::Hmac(hash) => match algorithm::hmac_name(hash) {
            Some(name) => Some(spelt(name)),
            // Without an algorithm of its own in KMIP.
            None => hash_name(hash).map(|hash| format!("HMAC-{hash}")),
        },
    }
}

const fn secret_name(kind: SecretKeyKind) -> &'static str {
    match kind {
        SecretKeyKind::Aes => "AES",
        SecretKeyKind::Des3 => "3DES",
        SecretKeyKind::Generic => "HMAC",
    }
}

fn hash_name(hash: HashAlgorithm) -> Option<String> {
    algorithm::hash_name(hash).map(spelt)
}

fn curve_name(curve: Curve) -> String {
    spelt(algorithm::curve_name(curve).0)
}

/// The specification's XML spelling, with its hyphens.
fn spelt(name: impl fmt::Debug) -> String {
    format!("{name:?}").replace('_', "-")
}

/// The curve on which a hash is tried: the weakest one that does not shorten it, if there is one.
pub(super) fn curve_for(hash: HashAlgorithm) -> Curve {
    [Curve::P256, Curve::P384]
        .into_iter()
        .find(|c| hash.bytes() <= c.bytes())
        .unwrap_or(Curve::P521)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hsm_backend::memory::MemoryBackend;

    fn names() -> Vec<(Group, String)> {
        let all = subjects(&MemoryBackend::full_capabilities());
        all.into_iter().map(|(group, _, name)| (group, name)).collect()
    }

    #[test]
    fn subjects_are_named_once_each() {
        let names = names();
        let mut seen = Vec::new();
        for name in &names {
            assert!(!seen.contains(&name), "{name:?} stands there twice");
            seen.push(name);
        }
        assert!(names.len() > 100, "{}", names.len());
    }

    #[test]
    fn subjects_are_spelt_as_clients_ask_for_them() {
        let names = names();
        for (group, name) in [
            (Group::Encryption, "AES GCM"),
            (Group::Encryption, "AES CBC PKCS5"),
            (Group::Encryption, "RSA OAEP SHA-256"),
            (Group::Signatures, "RSA PSS SHA-3-256"),
            (Group::Signatures, "ECDSA P-384 SHA-384"),
            (Group::Macs, "HMAC-SHA3-256"),
            (Group::Macs, "HMAC-RIPEMD-160"),
            (Group::Keys, "EC P-521"),
        ] {
            assert!(names.contains(&(group, name.to_owned())), "{name}");
        }
        assert!(!names.iter().any(|(_, name)| name.contains("MD5")));
    }
}
