//! Checks of key material given in plaintext: tokens accept rubbish and fail at use.

use rsa::traits::PrivateKeyParts;
use rsa::{BoxedUint, RsaPrivateKey};

use crate::capability::rules::RSA_BITS;
use crate::encoding::{bit_length, der, left_pad, strip_zeros};
use crate::error::{HsmError, HsmErrorKind};
use crate::job::{
    Curve, KeyMaterial, PublicKey, RsaCrtParts, RsaPrivateParts, SecretKeyKind, SecretKeySpec,
    SecretValue,
};
use crate::limits;
use crate::software::modexp::number;

const BAD_KEY: HsmError = HsmError::new(HsmErrorKind::BadKey, "key check");

/// `material`, found consistent: RSA with all its CRT parts, numbers without leading zeros, an EC
/// scalar as long as its curve's order.
///
/// # Errors
///
/// `BadKey`; `Unsupported` for an RSA modulus outside 1024 to 4096 bits.
pub(crate) fn checked(material: &KeyMaterial) -> Result<KeyMaterial, HsmError> {
    match material {
        KeyMaterial::Secret { kind, value } => {
            limits::check_secret_bytes(*kind, value.expose().len())?;
            Ok(material.clone())
        }
        KeyMaterial::RsaPrivate(parts) => checked_rsa(parts).map(KeyMaterial::RsaPrivate),
        KeyMaterial::EdwardsPrivate { curve, seed } => {
            // Every seed of the right length is a key.
            if seed.expose().len() == curve.bytes() { Ok(material.clone()) } else { Err(BAD_KEY) }
        }
        KeyMaterial::EcPrivate { curve, d } => {
            let d = left_pad(d.expose(), curve.bytes()).map(SecretValue::new).ok_or(BAD_KEY)?;
            check_scalar(*curve, d.expose())?;
            Ok(KeyMaterial::EcPrivate { curve: *curve, d })
        }
    }
}

/// The curve and the point of somebody else's public key to agree with.
///
/// A point off its curve would tell its sender of the private key, and not every token looks.
///
/// # Errors
///
/// `BadKey`; `NotPermitted` for a key on no named curve.
pub(crate) fn checked_peer(peer: &PublicKey) -> Result<(Curve, &[u8]), HsmError> {
    let PublicKey::Ec { curve, point } = peer else {
        return Err(HsmError::new(HsmErrorKind::NotPermitted, "key agreement"));
    };
    let whole = point.len() == 1 + 2 * curve.bytes();
    let on_curve = match curve {
        Curve::P256 => p256::PublicKey::from_sec1_bytes(point).is_ok(),
        Curve::P384 => p384::PublicKey::from_sec1_bytes(point).is_ok(),
        Curve::P521 => p521::PublicKey::from_sec1_bytes(point).is_ok(),
        Curve::Secp256k1 => k256::PublicKey::from_sec1_bytes(point).is_ok(),
    };
    if whole && on_curve { Ok((*curve, point)) } else { Err(BAD_KEY) }
}

/// The length of a key that is all of the secret agreed on over `curve`.
///
/// # Errors
///
/// `Unsupported` for other lengths, and for keys whose bits are not all their own.
pub(crate) fn check_agreed(curve: Curve, spec: SecretKeySpec) -> Result<usize, HsmError> {
    let unsupported = HsmError::new(HsmErrorKind::Unsupported, "key agreement");
    let whole = usize::try_from(spec.bits).is_ok_and(|bits| bits == 8 * curve.bytes());
    match spec.kind {
        SecretKeyKind::Aes | SecretKeyKind::Generic if whole => {
            limits::spec_bytes(spec).map_err(|_| unsupported)
        }
        SecretKeyKind::Aes | SecretKeyKind::Generic | SecretKeyKind::Des3 => Err(unsupported),
    }
}

fn check_scalar(curve: Curve, d: &[u8]) -> Result<(), HsmError> {
    let in_range = match curve {
        Curve::P256 => p256::SecretKey::from_slice(d).is_ok(),
        Curve::P384 => p384::SecretKey::from_slice(d).is_ok(),
        Curve::P521 => p521::SecretKey::from_slice(d).is_ok(),
        Curve::Secp256k1 => k256::SecretKey::from_slice(d).is_ok(),
    };
    if in_range && !der::is_zero(d) { Ok(()) } else { Err(BAD_KEY) }
}

fn checked_rsa(parts: &RsaPrivateParts) -> Result<RsaPrivateParts, HsmError> {
    let key = rsa_key(parts)?;
    let crt = crt_parts(&key)?;
    if parts.crt.as_ref().is_some_and(|given| !same_crt(given, &crt)) {
        return Err(BAD_KEY);
    }
    Ok(RsaPrivateParts {
        modulus: strip_zeros(&parts.modulus).to_vec(),
        public_exponent: strip_zeros(&parts.public_exponent).to_vec(),
        private_exponent: secret(key.d()),
        crt: Some(crt),
    })
}

/// The key these parts make: n = p q and e d = 1 are checked, missing primes recovered.
pub(crate) fn rsa_key(parts: &RsaPrivateParts) -> Result<RsaPrivateKey, HsmError> {
    let bits = u32::try_from(bit_length(&parts.modulus)).unwrap_or(u32::MAX);
    if !RSA_BITS.contains(&bits) {
        return Err(HsmError::new(HsmErrorKind::Unsupported, "RSA modulus length"));
    }
    let d = parts.private_exponent.expose();
    let odd = |number: &[u8]| number.last().is_some_and(|byte| byte & 1 == 1);
    let long =
        bit_length(&parts.public_exponent) > 33 || bit_length(d) > bit_length(&parts.modulus);
    if long || !odd(&parts.modulus) || !odd(&parts.public_exponent) || der::is_zero(d) {
        return Err(BAD_KEY);
    }
    let primes = match &parts.crt {
        Some(crt) => vec![number(crt.prime_p.expose()), number(crt.prime_q.expose())],
        None => recover::primes(parts).ok_or(BAD_KEY)?,
    };
    if primes.iter().any(|prime| prime.bits_vartime() < 2) {
        return Err(BAD_KEY);
    }
    let (n, e) = (number(&parts.modulus), number(&parts.public_exponent));
    RsaPrivateKey::from_components(n, e, number(d), primes).map_err(|_| BAD_KEY)
}

fn crt_parts(key: &RsaPrivateKey) -> Result<RsaCrtParts, HsmError> {
    let [p, q] = key.primes() else { return Err(BAD_KEY) };
    Ok(RsaCrtParts {
        prime_p: secret(p.as_ref()),
        prime_q: secret(q.as_ref()),
        exponent_p: secret(key.dp().ok_or(BAD_KEY)?),
        exponent_q: secret(key.dq().ok_or(BAD_KEY)?),
        coefficient: secret(&key.crt_coefficient().ok_or(BAD_KEY)?),
    })
}

fn same_crt(given: &RsaCrtParts, found: &RsaCrtParts) -> bool {
    let same = |a: &SecretValue, b: &SecretValue| strip_zeros(a.expose()) == b.expose();
    same(&given.prime_p, &found.prime_p)
        && same(&given.prime_q, &found.prime_q)
        && same(&given.exponent_p, &found.exponent_p)
        && same(&given.exponent_q, &found.exponent_q)
        && same(&given.coefficient, &found.coefficient)
}

fn secret(number: &BoxedUint) -> SecretValue {
    SecretValue::new(number.to_be_bytes_trimmed_vartime().into_vec())
}

/// Recovery of p and q from n, e and d, for any e.
mod recover {
    use crypto_bigint::{ConcatenatingMul, Gcd, Resize};
    use rsa::traits::PublicKeyParts;
    use rsa::{BoxedUint, RsaPublicKey};

    use super::number;
    use crate::job::RsaPrivateParts;

    /// Each base splits n with a chance of a half at least.
    const BASES: [u64; 24] = [
        2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89,
    ];

    /// A square root of one other than 1 and -1 gives a factor.
    ///
    /// Spec: SP 800-56B Rev. 1 appendix C; e d - 1 is a multiple of the group's order.
    pub(super) fn primes(parts: &RsaPrivateParts) -> Option<Vec<BoxedUint>> {
        let (n, e) = (number(&parts.modulus), number(&parts.public_exponent));
        let d = number(parts.private_exponent.expose());
        let product = d.concatenating_mul(&e);
        let mut order = product.wrapping_sub(BoxedUint::one());
        let twos = order.trailing_zeros_vartime();
        if bool::from(order.is_zero()) || twos == 0 {
            return None;
        }
        order = order.shr(twos);
        let odd_power = RsaPublicKey::new_unchecked(n.clone(), order);
        BASES.iter().find_map(|base| split(&odd_power, &n, *base, twos))
    }

    fn split(
        odd_power: &RsaPublicKey,
        n: &BoxedUint,
        base: u64,
        twos: u32,
    ) -> Option<Vec<BoxedUint>> {
        let square = RsaPublicKey::new_unchecked(n.clone(), BoxedUint::from(2_u64));
        let base = BoxedUint::from(base).resize_unchecked(odd_power.n_bits_precision());
        let one = BoxedUint::one_with_precision(n.bits_precision());
        let minus_one = n.wrapping_sub(&one);
        let mut root = rsa::hazmat::rsa_encrypt(odd_power, &base).ok()?;
        for _ in 0..twos {
            if root == one || root == minus_one {
                return None;
            }
            let next = rsa::hazmat::rsa_encrypt(&square, &root).ok()?;
            if next == one {
                return factors(n, &root.wrapping_sub(&one));
            }
            root = next;
        }
        None
    }

    fn factors(n: &BoxedUint, multiple: &BoxedUint) -> Option<Vec<BoxedUint>> {
        let p = n.gcd(multiple);
        let (p, divisor) = (p.clone(), Option::from(p.to_nz())?);
        let q = n.wrapping_div(&divisor);
        // By custom the larger prime is p.
        Some(if p > q { vec![p, q] } else { vec![q, p] })
    }
}

#[cfg(test)]
mod tests;
