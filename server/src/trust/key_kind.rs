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
use crate::directory::ClientKey;

/// What a token is asked for.
#[must_use]
pub fn spec_of(kind: ClientKey) -> KeyPairSpec {
    let rsa = |bits| KeyPairSpec::Rsa { bits, public_exponent: vec![1, 0, 1] };
    match kind {
        ClientKey::EcP256 => KeyPairSpec::Ec(Curve::P256),
        ClientKey::EcP384 => KeyPairSpec::Ec(Curve::P384),
        ClientKey::EcP521 => KeyPairSpec::Ec(Curve::P521),
        ClientKey::Ed25519 => KeyPairSpec::Edwards(EdwardsCurve::Ed25519),
        ClientKey::Rsa2048 => rsa(2_048),
        ClientKey::Rsa3072 => rsa(3_072),
        ClientKey::Rsa4096 => rsa(4_096),
    }
}

/// Whether `key` is of a kind that may stand in a certificate of the internal CA: one of these, or
/// an RSA key of a length between or above them.
#[must_use]
pub fn admits(key: &PublicKey) -> bool {
    match key {
        PublicKey::Rsa { modulus, public_exponent } => {
            let is_odd = public_exponent.last().is_some_and(|last| last & 1 == 1);
            // With 1 for an exponent anybody signs.
            let is_one = matches!(&public_exponent[..], [1]);
            (256..=1_024).contains(&modulus.len()) && is_odd && !is_one
        }
        PublicKey::Ec { curve, .. } => {
            matches!(curve, Curve::P256 | Curve::P384 | Curve::P521)
        }
        PublicKey::Edwards { curve, .. } => *curve == EdwardsCurve::Ed25519,
    }
}

fn pair(kind: ClientKey) -> Result<KeyPair, rcgen::Error> {
    let rsa = |size| KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, size);
    let other = |algorithm: &'static SignatureAlgorithm| KeyPair::generate_for(algorithm);
    match kind {
        ClientKey::EcP256 => other(&rcgen::PKCS_ECDSA_P256_SHA256),
        ClientKey::EcP384 => other(&rcgen::PKCS_ECDSA_P384_SHA384),
        ClientKey::EcP521 => other(&rcgen::PKCS_ECDSA_P521_SHA512),
        ClientKey::Ed25519 => other(&rcgen::PKCS_ED25519),
        ClientKey::Rsa2048 => rsa(RsaKeySize::_2048),
        ClientKey::Rsa3072 => rsa(RsaKeySize::_3072),
        ClientKey::Rsa4096 => rsa(RsaKeySize::_4096),
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
    pub fn generate(kind: ClientKey) -> Result<Self, CaError> {
        use rcgen::PublicKeyData;
        let failed = CaError::Invalid("no key pair could be made");
        let Ok(pair) = pair(kind) else { return Err(failed) };
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
    fn keys_of_every_kind_are_made_and_admitted() {
        for kind in [
            ClientKey::EcP256,
            ClientKey::EcP384,
            ClientKey::EcP521,
            ClientKey::Ed25519,
            ClientKey::Rsa2048,
        ] {
            let key = SoftwareKey::generate(kind).unwrap();
            assert!(admits(&key.public), "{kind:?}");
            let info = PrivateKeyInfoRef::from_der(key.private.expose()).unwrap();
            assert!(info.public_key.is_none());
        }
    }

    #[test]
    fn short_rsa_keys_and_strange_curves_are_not_admitted() {
        let rsa = |bytes, public_exponent: &[u8]| {
            let (modulus, public_exponent) = (vec![0xFF; bytes], public_exponent.to_vec());
            admits(&PublicKey::Rsa { modulus, public_exponent })
        };
        assert!(rsa(256, &[1, 0, 1]) && rsa(512, &[3]));
        assert!(!rsa(128, &[1, 0, 1]) && !rsa(255, &[1, 0, 1]));
        assert!(!rsa(256, &[1]) && !rsa(256, &[1, 0, 0]) && !rsa(256, &[]));
        let point = vec![4; 65];
        assert!(!admits(&PublicKey::Ec { curve: Curve::Secp256k1, point }));
    }
}
