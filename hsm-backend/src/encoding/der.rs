//! The little DER that keys and signatures need.

use der::Decode;
use der::asn1::{OctetStringRef, UintRef};

use super::{left_pad, strip_zeros};
use crate::job::{Curve, EdwardsCurve};

#[derive(der::Sequence)]
struct EcdsaSigValue<'a> {
    r: UintRef<'a>,
    s: UintRef<'a>,
}

/// r || s as a DER ECDSA-Sig-Value; `None` where the length is odd.
///
/// Spec: RFC 3279 §2.2.3.
pub(crate) fn ecdsa_to_der(raw: &[u8]) -> Option<Vec<u8>> {
    if raw.is_empty() || !raw.len().is_multiple_of(2) {
        return None;
    }
    let (r, s) = raw.split_at(raw.len() / 2);
    let signature = EcdsaSigValue { r: UintRef::new(r).ok()?, s: UintRef::new(s).ok()? };
    der::Encode::to_der(&signature).ok()
}

/// A signature in DER or as r || s, as r || s; `None` where it is neither.
pub(crate) fn ecdsa_to_raw(signature: &[u8], curve: Curve) -> Option<Vec<u8>> {
    let bytes = curve.bytes();
    if let Ok(EcdsaSigValue { r, s }) = EcdsaSigValue::from_der(signature) {
        let mut raw = left_pad(r.as_bytes(), bytes)?;
        raw.extend(left_pad(s.as_bytes(), bytes)?);
        return Some(raw);
    }
    (signature.len() == 2 * bytes).then(|| signature.to_vec())
}

/// CKA_EC_POINT as the uncompressed point; tokens give it bare or in a DER OCTET STRING.
pub(crate) fn ec_point(attribute: &[u8], curve: Curve) -> Option<Vec<u8>> {
    let is_point = |bytes: &[u8]| bytes.len() == 2 * curve.bytes() + 1 && bytes.first() == Some(&4);
    if is_point(attribute) {
        return Some(attribute.to_vec());
    }
    let inner = <&OctetStringRef>::from_der(attribute).ok()?;
    is_point(inner.as_bytes()).then(|| inner.as_bytes().to_vec())
}

/// CKA_EC_PARAMS of a curve: its DER object identifier.
pub(crate) const fn ec_params(curve: Curve) -> &'static [u8] {
    match curve {
        Curve::P256 => &[6, 8, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 3, 1, 7],
        Curve::P384 => &[6, 5, 0x2B, 0x81, 4, 0, 0x22],
        Curve::P521 => &[6, 5, 0x2B, 0x81, 4, 0, 0x23],
        Curve::Secp256k1 => &[6, 5, 0x2B, 0x81, 4, 0, 0x0A],
    }
}

/// The curve whose CKA_EC_PARAMS these are, if we know it.
pub(crate) fn curve_of(params: &[u8]) -> Option<Curve> {
    Curve::ALL.into_iter().find(|curve| ec_params(*curve) == params)
}

/// CKA_EC_PARAMS of a curve of Edwards form: the DER object identifier of RFC 8410.
pub(crate) const fn edwards_params(curve: EdwardsCurve) -> &'static [u8] {
    match curve {
        EdwardsCurve::Ed25519 => &[6, 3, 0x2B, 0x65, 0x70],
        EdwardsCurve::Ed448 => &[6, 3, 0x2B, 0x65, 0x71],
    }
}

/// The same as a DER PrintableString, which PKCS#11 3.0 §2.3.5 allows, too.
const fn edwards_name(curve: EdwardsCurve) -> &'static [u8] {
    match curve {
        EdwardsCurve::Ed25519 => b"\x13\x0Cedwards25519",
        EdwardsCurve::Ed448 => b"\x13\x0Aedwards448",
    }
}

/// The curve of Edwards form whose CKA_EC_PARAMS these are, if we know it.
pub(crate) fn edwards_of(params: &[u8]) -> Option<EdwardsCurve> {
    let is =
        |curve: &EdwardsCurve| [edwards_params(*curve), edwards_name(*curve)].contains(&params);
    EdwardsCurve::ALL.into_iter().find(is)
}

/// CKA_EC_POINT as the encoded point; tokens give it bare or in a DER OCTET STRING.
pub(crate) fn edwards_point(attribute: &[u8], curve: EdwardsCurve) -> Option<Vec<u8>> {
    if attribute.len() == curve.bytes() {
        return Some(attribute.to_vec());
    }
    let inner = <&OctetStringRef>::from_der(attribute).ok()?.as_bytes();
    (inner.len() == curve.bytes()).then(|| inner.to_vec())
}

/// The digest as ECDSA takes it: the leftmost bytes that fit the curve's order.
///
/// Spec: FIPS 186-5 §6.4.1. No hash reaches the 521 bits of P-521, so whole bytes are exact.
pub(crate) fn ecdsa_digest(digest: &[u8], curve: Curve) -> &[u8] {
    digest.get(..digest.len().min(curve.bytes())).unwrap_or(digest)
}

/// The digest as the `ecdsa` crates take it: they refuse those shorter than half the order, which the
/// standard does not (SHA-1 on P-521). Zeros in front leave the number the same.
pub(crate) fn ecdsa_prehash(digest: &[u8], curve: Curve) -> Vec<u8> {
    let least = digest.len().max(curve.bytes().div_ceil(2));
    left_pad(digest, least).unwrap_or_else(|| digest.to_vec())
}

/// Whether a number is zero.
pub(crate) fn is_zero(number: &[u8]) -> bool {
    strip_zeros(number).is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ecdsa_der_round_trips_with_high_bits_and_short_numbers() {
        let mut raw = vec![0xFF; 132];
        raw[..70].fill(0);
        raw[65] = 1;
        let der = ecdsa_to_der(&raw).unwrap();
        assert_eq!(ecdsa_to_raw(&der, Curve::P521).unwrap(), raw);
        assert_eq!(ecdsa_to_raw(&raw, Curve::P521).unwrap(), raw);
        assert_eq!(ecdsa_to_der(&[0, 0, 0, 0x80]).unwrap(), [0x30, 7, 2, 1, 0, 2, 2, 0, 0x80]);
        assert!(ecdsa_to_raw(&raw[1..], Curve::P521).is_none());
    }

    #[test]
    fn edwards_curves_are_known_by_either_name() {
        for curve in EdwardsCurve::ALL {
            assert_eq!(edwards_of(edwards_params(curve)), Some(curve));
            assert_eq!(edwards_of(edwards_name(curve)), Some(curve));
            assert_eq!(edwards_name(curve).len(), 2 + usize::from(edwards_name(curve)[1]));
            let point = vec![9; curve.bytes()];
            let wrapped = [&[4, point.len().to_le_bytes()[0]], point.as_slice()].concat();
            assert_eq!(edwards_point(&point, curve), Some(point.clone()));
            assert_eq!(edwards_point(&wrapped, curve), Some(point));
        }
        assert_eq!(edwards_of(ec_params(Curve::P256)), None);
    }

    #[test]
    fn ec_point_accepts_bare_and_wrapped() {
        let mut point = vec![4];
        point.extend([9; 64]);
        let mut wrapped = vec![4, 65];
        wrapped.extend(&point);
        assert_eq!(ec_point(&point, Curve::P256).as_deref(), Some(point.as_slice()));
        assert_eq!(ec_point(&wrapped, Curve::P256).as_deref(), Some(point.as_slice()));
        assert_eq!(ec_point(&wrapped, Curve::P384), None);
    }
}
