//! Key values that a test makes for itself, and so knows.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING,
    EcdsaKeyPair, Ed25519KeyPair,
};
use kmip_core::types::CryptographicAlgorithm as Algorithm;

/// What kind of private key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum PrivateKind {
    Rsa2048,
    P256,
    P384,
    P521,
    Ed25519,
}

impl PrivateKind {
    /// KMIP's name of its algorithm.
    #[must_use]
    pub const fn algorithm(self) -> Algorithm {
        match self {
            Self::Rsa2048 => Algorithm::RSA,
            Self::P256 | Self::P384 | Self::P521 => Algorithm::ECDSA,
            Self::Ed25519 => Algorithm::Ed25519,
        }
    }

    /// A new key, as PKCS#8.
    ///
    /// # Panics
    ///
    /// If there is no randomness.
    #[must_use]
    pub fn generate(self) -> Vec<u8> {
        let ec = |curve| EcdsaKeyPair::generate(curve).unwrap().to_pkcs8v1().unwrap();
        match self {
            Self::Rsa2048 => {
                let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
                AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).unwrap().as_ref().to_vec()
            }
            Self::P256 => ec(&ECDSA_P256_SHA256_ASN1_SIGNING).as_ref().to_vec(),
            Self::P384 => ec(&ECDSA_P384_SHA384_ASN1_SIGNING).as_ref().to_vec(),
            Self::P521 => ec(&ECDSA_P521_SHA512_ASN1_SIGNING).as_ref().to_vec(),
            Self::Ed25519 => {
                let pair = Ed25519KeyPair::generate().unwrap();
                pair.to_pkcs8v1().unwrap().as_ref().to_vec()
            }
        }
    }
}

/// Random bytes.
///
/// # Panics
///
/// If there are none.
#[must_use]
pub fn random(bytes: usize) -> Vec<u8> {
    let mut value = vec![0; bytes];
    aws_lc_rs::rand::fill(&mut value).unwrap();
    value
}
