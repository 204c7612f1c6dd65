//! Attributes of a wanted key become what the token is asked to make.

use hsm_backend::{EdwardsCurve, KeyPairSpec, KeyUsage, SecretKeyKind, SecretKeySpec};
use kmip_core::attribute::{AttributeKind as Kind, CryptographicDomainParameters};
use kmip_core::types::{CryptographicAlgorithm, CryptographicUsageMask as Mask};

use super::{BridgeError, algorithm};
use crate::object::AttributeSet;

/// Longest generic secret a token is asked for, in bits.
const MAX_GENERIC_BITS: u32 = 8_192;

fn algorithm_of(attributes: &AttributeSet) -> Result<CryptographicAlgorithm, BridgeError> {
    attributes
        .enumeration(Kind::CryptographicAlgorithm)
        .map(CryptographicAlgorithm)
        .ok_or(BridgeError::Missing("no cryptographic algorithm"))
}

fn length_of(attributes: &AttributeSet) -> Result<Option<u32>, BridgeError> {
    attributes
        .integer(Kind::CryptographicLength)
        .map(|bits| u32::try_from(bits).map_err(|_| BridgeError::Invalid("negative length")))
        .transpose()
}

/// The secret key that `attributes` describe.
///
/// # Errors
///
/// [`BridgeError`].
pub fn secret_key(
    attributes: &AttributeSet,
    allow_3des: bool,
) -> Result<SecretKeySpec, BridgeError> {
    let wanted = algorithm_of(attributes)?;
    let bits = length_of(attributes)?;
    if wanted == CryptographicAlgorithm::AES {
        return match bits {
            Some(bits @ (128 | 192 | 256)) => Ok(SecretKeySpec { kind: SecretKeyKind::Aes, bits }),
            Some(_) => Err(BridgeError::Invalid("AES keys have 128, 192 or 256 bits")),
            None => Err(BridgeError::Missing("no cryptographic length")),
        };
    }
    if wanted == CryptographicAlgorithm::DES3 && allow_3des {
        // With and without the parity bits.
        let bits = match bits {
            Some(112 | 128) => 128,
            Some(168 | 192) => 192,
            Some(_) => return Err(BridgeError::Invalid("3DES keys have 112 or 168 bits")),
            None => return Err(BridgeError::Missing("no cryptographic length")),
        };
        return Ok(SecretKeySpec { kind: SecretKeyKind::Des3, bits });
    }
    if algorithm::hmac_hash(wanted).is_some() {
        let bits = bits.ok_or(BridgeError::Missing("no cryptographic length"))?;
        if bits == 0 || !bits.is_multiple_of(8) || bits > MAX_GENERIC_BITS {
            return Err(BridgeError::Invalid("HMAC keys have 8 to 8192 bits, in steps of 8"));
        }
        return Ok(SecretKeySpec { kind: SecretKeyKind::Generic, bits });
    }
    Err(BridgeError::Invalid("no symmetric key of this algorithm can be made here"))
}

/// The key pair that `attributes` describe, and its length in bits.
///
/// # Errors
///
/// [`BridgeError`].
pub fn key_pair(
    attributes: &AttributeSet,
    rsa_bits: std::ops::RangeInclusive<u32>,
) -> Result<(KeyPairSpec, u32), BridgeError> {
    let wanted = algorithm_of(attributes)?;
    let bits = length_of(attributes)?;
    if wanted == CryptographicAlgorithm::RSA {
        let bits = bits.ok_or(BridgeError::Missing("no cryptographic length"))?;
        if !rsa_bits.contains(&bits) || !bits.is_multiple_of(8) {
            return Err(BridgeError::Invalid("RSA length is not allowed here"));
        }
        return Ok((KeyPairSpec::Rsa { bits, public_exponent: vec![1, 0, 1] }, bits));
    }
    if algorithm::is_ec(wanted) {
        let domain: Option<CryptographicDomainParameters> =
            attributes.typed(Kind::CryptographicDomainParameters);
        let named = domain.and_then(|d| d.recommended_curve).map(algorithm::curve).transpose()?;
        let curve = named.or_else(|| bits.and_then(algorithm::curve_of_bits));
        let curve = curve.ok_or(BridgeError::Missing("no curve"))?;
        let (_, length) = algorithm::curve_name(curve);
        if bits.is_some_and(|bits| bits != length) {
            return Err(BridgeError::Invalid("length and curve contradict each other"));
        }
        return Ok((KeyPairSpec::Ec(curve), length));
    }
    if let Some(curve) = algorithm::edwards(wanted) {
        return edwards_pair(attributes, curve, bits);
    }
    Err(BridgeError::Invalid("no key pair of this algorithm can be made here"))
}

/// An EdDSA pair: the algorithm tells the curve, and what is said besides must agree.
fn edwards_pair(
    attributes: &AttributeSet,
    curve: EdwardsCurve,
    bits: Option<u32>,
) -> Result<(KeyPairSpec, u32), BridgeError> {
    let (_, name, length) = algorithm::edwards_name(curve);
    let domain: Option<CryptographicDomainParameters> =
        attributes.typed(Kind::CryptographicDomainParameters);
    let named = domain.and_then(|domain| domain.recommended_curve);
    if named.is_some_and(|told| told != name) || bits.is_some_and(|told| told != length) {
        return Err(BridgeError::Invalid("algorithm, length and curve contradict each other"));
    }
    Ok((KeyPairSpec::Edwards(curve), length))
}

/// What a secret key is for, where its maker does not say: what such keys usually do.
#[must_use]
pub const fn default_secret_mask(kind: SecretKeyKind) -> Mask {
    match kind {
        SecretKeyKind::Aes | SecretKeyKind::Des3 => Mask::Encrypt.union(Mask::Decrypt),
        SecretKeyKind::Generic => Mask::MACGenerate.union(Mask::MACVerify),
    }
}

/// What the token lets a secret key do: no more than the usage mask says. A key to derive from does
/// so by encrypting or by making MACs, which the server asks of it for Derive Key alone.
#[must_use]
pub const fn secret_usage(mask: Mask) -> KeyUsage {
    let derives = mask.contains(Mask::DeriveKey);
    KeyUsage {
        encrypt: derives || mask.contains(Mask::Encrypt),
        decrypt: mask.contains(Mask::Decrypt),
        // A MAC is C_Sign; verification recomputes it.
        sign: derives
            || mask.contains(Mask::MACGenerate)
            || mask.contains(Mask::MACVerify)
            || mask.contains(Mask::Sign)
            || mask.contains(Mask::Verify),
        verify: false,
        wrap: mask.contains(Mask::WrapKey),
        // What is registered wrapped by it is unwrapped, too.
        unwrap: mask.contains(Mask::UnwrapKey) || mask.contains(Mask::WrapKey),
        derive: derives,
    }
}

/// What the token lets a private key do.
#[must_use]
pub const fn private_usage(mask: Mask) -> KeyUsage {
    KeyUsage {
        encrypt: false,
        decrypt: mask.contains(Mask::Decrypt),
        sign: mask.contains(Mask::Sign)
            || mask.contains(Mask::CertificateSign)
            || mask.contains(Mask::CRLSign)
            || mask.contains(Mask::ContentCommitmentNonRepudiation),
        verify: false,
        wrap: false,
        unwrap: mask.contains(Mask::UnwrapKey),
        derive: mask.contains(Mask::DeriveKey) || mask.contains(Mask::KeyAgreement),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hsm_backend::Curve;
    use kmip_core::types::RecommendedCurve;

    fn attributes(algorithm: CryptographicAlgorithm, bits: Option<i32>) -> AttributeSet {
        let mut set = AttributeSet::default();
        set.set(Kind::CryptographicAlgorithm, &algorithm);
        if let Some(bits) = bits {
            set.set(Kind::CryptographicLength, &bits);
        }
        set
    }

    #[test]
    fn secret_key_refuses_odd_aes_lengths() {
        assert!(secret_key(&attributes(CryptographicAlgorithm::AES, Some(256)), false).is_ok());
        for bits in [Some(512), Some(-128), Some(0), None] {
            let set = attributes(CryptographicAlgorithm::AES, bits);
            assert!(secret_key(&set, true).is_err(), "{bits:?}");
        }
    }

    #[test]
    fn secret_key_takes_3des_lengths_with_and_without_parity() {
        let of = |bits, allowed| {
            secret_key(&attributes(CryptographicAlgorithm::DES3, Some(bits)), allowed)
        };
        for (bits, expected) in [(112, 128), (128, 128), (168, 192), (192, 192)] {
            assert_eq!(of(bits, true).map(|spec| spec.bits), Ok(expected));
            assert!(of(bits, false).is_err());
        }
        assert!(of(64, true).is_err());
    }

    #[test]
    fn key_pair_takes_the_curve_from_domain_parameters_or_length() {
        let by_length = attributes(CryptographicAlgorithm::ECDSA, Some(384));
        assert_eq!(key_pair(&by_length, 2048..=4096), Ok((KeyPairSpec::Ec(Curve::P384), 384)));
        let mut by_name = attributes(CryptographicAlgorithm::EC, None);
        let domain = CryptographicDomainParameters {
            q_length: None,
            recommended_curve: Some(RecommendedCurve::P_521),
        };
        by_name.set(Kind::CryptographicDomainParameters, &domain);
        assert_eq!(key_pair(&by_name, 2048..=4096), Ok((KeyPairSpec::Ec(Curve::P521), 521)));
        by_name.set(Kind::CryptographicLength, &256);
        assert!(key_pair(&by_name, 2048..=4096).is_err());
    }

    #[test]
    fn key_pair_takes_edwards_curves_by_their_algorithm() {
        let bare = attributes(CryptographicAlgorithm::Ed448, None);
        let spec = KeyPairSpec::Edwards(EdwardsCurve::Ed448);
        assert_eq!(key_pair(&bare, 2048..=4096), Ok((spec, 456)));
        let short = attributes(CryptographicAlgorithm::Ed25519, Some(255));
        assert!(key_pair(&short, 2048..=4096).is_err());
        let mut other = attributes(CryptographicAlgorithm::Ed25519, Some(256));
        let domain = CryptographicDomainParameters {
            q_length: None,
            recommended_curve: Some(RecommendedCurve::P_256),
        };
        other.set(Kind::CryptographicDomainParameters, &domain);
        assert!(key_pair(&other, 2048..=4096).is_err());
    }

    #[test]
    fn key_pair_keeps_rsa_within_the_configured_bounds() {
        let small = attributes(CryptographicAlgorithm::RSA, Some(1024));
        assert!(key_pair(&small, 2048..=4096).is_err());
        assert!(key_pair(&small, 1024..=4096).is_ok());
    }

    #[test]
    fn secret_usage_never_widens_the_mask() {
        assert_eq!(secret_usage(Mask(0)), KeyUsage::default());
        let usage = secret_usage(Mask::Encrypt);
        assert!(usage.encrypt && !usage.decrypt && !usage.wrap);
    }
}
