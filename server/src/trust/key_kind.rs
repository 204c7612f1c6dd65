//! The kinds of keys that stand behind certificates here, and those made outside the token.
//!
//! A client's key pair is made in software, since it leaves the server at once; so is the server's own,
//! which TLS needs while the token is away.

use hsm_backend::{Curve, EdwardsCurve, KeyPairSpec, PublicKey};
use kmip_core::secret::SecretBytes;
use pkcs8::PrivateKeyInfoRef;
use pkcs8::der::{Decode, Encode};
use rcgen::{KeyPair, RsaKeySize, SignatureAlgorithm};
use zeroize::Zeroizing;

use crate::bridge::key_format;
use crate::ca::CaError;

/// What a key is: its algorithm and length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// ECDSA on P-256.
    EcP256,
    /// ECDSA on P-384.
    EcP384,
    /// ECDSA on P-521.
    EcP521,
    /// EdDSA on edwards25519.
    Ed25519,
    /// RSA with 2,048 bits.
    Rsa2048,
    /// RSA with 3,072 bits.
    Rsa3072,
    /// RSA with 4,096 bits.
    Rsa4096,
}

/// Kind, its name in the configuration, its type and its bits in the administration interface. The bits
/// of a type of one size may be left out there.
const TABLE: &[(KeyKind, &str, &str, u32)] = &[
    (KeyKind::EcP256, "ec-p256", "ec", 256),
    (KeyKind::EcP384, "ec-p384", "ec", 384),
    (KeyKind::EcP521, "ec-p521", "ec", 521),
    (KeyKind::Ed25519, "ed25519", "ed25519", 0),
    (KeyKind::Rsa2048, "rsa-2048", "rsa", 2_048),
    (KeyKind::Rsa3072, "rsa-3072", "rsa", 3_072),
    (KeyKind::Rsa4096, "rsa-4096", "rsa", 4_096),
];

impl KeyKind {
    /// Every kind.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|(kind, ..)| *kind)
    }

    /// The kind of this type (`ec`, `rsa`, `ed25519`) with so many bits.
    #[must_use]
    pub fn of(key_type: &str, bits: u32) -> Option<Self> {
        let found = TABLE.iter().find(|(_, _, of, length)| *of == key_type && *length == bits);
        found.map(|(kind, ..)| *kind)
    }

    /// The kind of this name (`ec-p384`).
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        TABLE.iter().find(|(_, known, ..)| *known == name).map(|(kind, ..)| *kind)
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().map_or("", |(_, name, ..)| name)
    }

    /// Its type and its bits, 0 where the type has one size.
    #[must_use]
    pub fn type_and_bits(self) -> (&'static str, u32) {
        self.row().map_or(("", 0), |(_, _, key_type, bits)| (key_type, *bits))
    }

    fn row(self) -> Option<&'static (Self, &'static str, &'static str, u32)> {
        TABLE.iter().find(|(kind, ..)| *kind == self)
    }

    /// What a token is asked for.
    #[must_use]
    pub fn spec(self) -> KeyPairSpec {
        let rsa = |bits| KeyPairSpec::Rsa { bits, public_exponent: vec![1, 0, 1] };
        match self {
            Self::EcP256 => KeyPairSpec::Ec(Curve::P256),
            Self::EcP384 => KeyPairSpec::Ec(Curve::P384),
            Self::EcP521 => KeyPairSpec::Ec(Curve::P521),
            Self::Ed25519 => KeyPairSpec::Edwards(EdwardsCurve::Ed25519),
            Self::Rsa2048 => rsa(2_048),
            Self::Rsa3072 => rsa(3_072),
            Self::Rsa4096 => rsa(4_096),
        }
    }

    /// Whether `key` is of a kind that may stand in a certificate of the internal CA: one of these, or
    /// an RSA key of a length between or above them.
    #[must_use]
    pub fn admits(key: &PublicKey) -> bool {
        match key {
            PublicKey::Rsa { modulus, .. } => (256..=1_024).contains(&modulus.len()),
            PublicKey::Ec { curve, .. } => {
                matches!(curve, Curve::P256 | Curve::P384 | Curve::P521)
            }
            PublicKey::Edwards { curve, .. } => *curve == EdwardsCurve::Ed25519,
        }
    }

    fn generate(self) -> Result<KeyPair, rcgen::Error> {
        let rsa = |size| KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, size);
        let other = |algorithm: &'static SignatureAlgorithm| KeyPair::generate_for(algorithm);
        match self {
            Self::EcP256 => other(&rcgen::PKCS_ECDSA_P256_SHA256),
            Self::EcP384 => other(&rcgen::PKCS_ECDSA_P384_SHA384),
            Self::EcP521 => other(&rcgen::PKCS_ECDSA_P521_SHA512),
            Self::Ed25519 => other(&rcgen::PKCS_ED25519),
            Self::Rsa2048 => rsa(RsaKeySize::_2048),
            Self::Rsa3072 => rsa(RsaKeySize::_3072),
            Self::Rsa4096 => rsa(RsaKeySize::_4096),
        }
    }
}

/// A key pair made here, to be given away or kept in a file.
#[derive(Clone, Debug)]
pub struct SoftwareKey {
    /// The half that is certified.
    pub public: PublicKey,
    /// The other half: PKCS#8 in DER, version 1, which every client reads.
    pub private: SecretBytes,
}

impl SoftwareKey {
    /// Makes a pair.
    ///
    /// # Errors
    ///
    /// `Invalid` where the system gives no randomness.
    pub fn generate(kind: KeyKind) -> Result<Self, CaError> {
        use rcgen::PublicKeyData;
        let failed = CaError::Invalid("no key pair could be made");
        let Ok(pair) = kind.generate() else { return Err(failed) };
        let public = key_format::public_from_spki(&pair.subject_public_key_info())?;
        let pkcs8 = Zeroizing::new(pair.serialize_der());
        let mut info = PrivateKeyInfoRef::from_der(&pkcs8)?;
        // The public half of version 2 is what older readers stumble over.
        info.public_key = None;
        Ok(Self { public, private: SecretBytes::new(info.to_der()?) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_found_by_name_and_by_type_and_bits() {
        for kind in KeyKind::all() {
            let (key_type, bits) = kind.type_and_bits();
            assert_eq!(KeyKind::of(key_type, bits), Some(kind));
            assert_eq!(KeyKind::named(kind.name()), Some(kind));
        }
        assert_eq!(KeyKind::of("ec", 224), None);
        assert_eq!(KeyKind::of("dsa", 2_048), None);
    }

    #[test]
    fn keys_of_every_kind_are_made_and_admitted() {
        for kind in KeyKind::all().filter(|kind| *kind != KeyKind::Rsa4096) {
            let key = SoftwareKey::generate(kind).unwrap();
            assert!(KeyKind::admits(&key.public), "{kind:?}");
            let info = PrivateKeyInfoRef::from_der(key.private.expose()).unwrap();
            assert!(info.public_key.is_none());
        }
    }

    #[test]
    fn short_rsa_keys_and_strange_curves_are_not_admitted() {
        let modulus = vec![0xFF; 128];
        let rsa = PublicKey::Rsa { modulus, public_exponent: vec![1, 0, 1] };
        assert!(!KeyKind::admits(&rsa));
        let point = vec![4; 65];
        assert!(!KeyKind::admits(&PublicKey::Ec { curve: Curve::Secp256k1, point }));
    }
}
