//! DER forms of keys: PKCS#1, PKCS#8, SubjectPublicKeyInfo, SEC 1.

use der::asn1::{AnyRef, BitStringRef, ObjectIdentifier, OctetStringRef, UintRef};
use der::{Decode, Encode};
use hsm_backend::{
    Curve, EdwardsCurve, KeyMaterial, PublicKey, RsaCrtParts, RsaPrivateParts, SecretValue,
};
use pkcs8::PrivateKeyInfoRef;
use sec1::{EcParameters, EcPrivateKey};
use spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};

use super::BridgeError;

const EC_OIDS: &[(ObjectIdentifier, Curve, usize)] = &[
    (ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7"), Curve::P256, 32),
    (ObjectIdentifier::new_unwrap("1.3.132.0.34"), Curve::P384, 48),
    (ObjectIdentifier::new_unwrap("1.3.132.0.35"), Curve::P521, 66),
    (ObjectIdentifier::new_unwrap("1.3.132.0.10"), Curve::Secp256k1, 32),
];

const EDWARDS_OIDS: [(ObjectIdentifier, EdwardsCurve); 2] = [
    (ObjectIdentifier::new_unwrap("1.3.101.112"), EdwardsCurve::Ed25519),
    (ObjectIdentifier::new_unwrap("1.3.101.113"), EdwardsCurve::Ed448),
];

const MALFORMED: BridgeError = BridgeError::Invalid("the key material is malformed");

fn malformed<E>(_: E) -> BridgeError {
    MALFORMED
}

fn curve_of_oid(oid: ObjectIdentifier) -> Result<Curve, BridgeError> {
    EC_OIDS
        .iter()
        .find(|(known, ..)| *known == oid)
        .map(|(_, curve, _)| *curve)
        .ok_or(BridgeError::Unsupported("curve not supported"))
}

fn oid_of_curve(curve: Curve) -> ObjectIdentifier {
    // Every curve is in the table; the fallback only spares a panic path.
    EC_OIDS.iter().find(|(_, known, _)| *known == curve).map_or(sec1::ALGORITHM_OID, |(o, ..)| *o)
}

/// The curve that an algorithm of RFC 8410 names; such an algorithm has no parameters.
fn edwards_of(algorithm: &AlgorithmIdentifierRef<'_>) -> Option<EdwardsCurve> {
    let named = EDWARDS_OIDS.iter().find(|(oid, _)| *oid == algorithm.oid);
    named.filter(|_| algorithm.parameters.is_none()).map(|(_, curve)| *curve)
}

fn edwards_algorithm(curve: EdwardsCurve) -> AlgorithmIdentifierRef<'static> {
    let [(short, _), (long, _)] = EDWARDS_OIDS;
    let oid = match curve {
        EdwardsCurve::Ed25519 => short,
        EdwardsCurve::Ed448 => long,
    };
    AlgorithmIdentifierRef { oid, parameters: None }
}

/// Length of a scalar of the curve, in bytes.
#[must_use]
pub fn scalar_bytes(curve: Curve) -> usize {
    EC_OIDS.iter().find(|(_, known, _)| *known == curve).map_or(0, |(_, _, bytes)| *bytes)
}

/// `d` as long as the curve's scalars: leading zeros added or taken away.
///
/// # Errors
///
/// `Invalid` if it is longer.
pub fn fit_scalar(curve: Curve, d: &[u8]) -> Result<SecretValue, BridgeError> {
    let length = scalar_bytes(curve);
    let zeros = d.iter().take_while(|b| **b == 0).count();
    let digits = d.get(zeros..).unwrap_or_default();
    let pad = length.checked_sub(digits.len()).ok_or(MALFORMED)?;
    let mut fitted = vec![0; pad];
    fitted.extend_from_slice(digits);
    Ok(SecretValue::new(fitted))
}

/// Reads an RSA public key in PKCS#1 form.
///
/// # Errors
///
/// `Invalid`.
pub fn rsa_public_from_pkcs1(der: &[u8]) -> Result<PublicKey, BridgeError> {
    let key = pkcs1::RsaPublicKey::<UintRef<'_>>::from_der(der).map_err(malformed)?;
    Ok(PublicKey::Rsa {
        modulus: key.modulus.as_bytes().to_vec(),
        public_exponent: key.public_exponent.as_bytes().to_vec(),
    })
}

/// Writes an RSA public key in PKCS#1 form.
///
/// # Errors
///
/// `KeyFormat` for an EC key.
pub fn public_to_pkcs1(key: &PublicKey) -> Result<Vec<u8>, BridgeError> {
    let PublicKey::Rsa { modulus, public_exponent } = key else {
        return Err(BridgeError::KeyFormat);
    };
    let key = pkcs1::RsaPublicKey {
        modulus: UintRef::new(modulus).map_err(malformed)?,
        public_exponent: UintRef::new(public_exponent).map_err(malformed)?,
    };
    key.to_der().map_err(malformed)
}

/// Reads a SubjectPublicKeyInfo.
///
/// # Errors
///
/// `Invalid`, `Unsupported` for other algorithms than RSA and our curves.
pub fn public_from_spki(der: &[u8]) -> Result<PublicKey, BridgeError> {
    let info = SubjectPublicKeyInfoRef::from_der(der).map_err(malformed)?;
    let bits = info.subject_public_key.as_bytes().ok_or(MALFORMED)?;
    if info.algorithm.oid == pkcs1::ALGORITHM_OID {
        return rsa_public_from_pkcs1(bits);
    }
    if info.algorithm.oid == sec1::ALGORITHM_OID {
        let curve = curve_of_oid(info.algorithm.parameters_oid().map_err(malformed)?)?;
        return Ok(PublicKey::Ec { curve, point: bits.to_vec() });
    }
    if let Some(curve) = edwards_of(&info.algorithm) {
        return Ok(PublicKey::Edwards { curve, point: bits.to_vec() });
    }
    Err(BridgeError::Unsupported("public keys of this algorithm are not supported"))
}

/// Writes a SubjectPublicKeyInfo.
///
/// # Errors
///
/// `Invalid` for a key that cannot be encoded.
pub fn public_to_spki(key: &PublicKey) -> Result<Vec<u8>, BridgeError> {
    let encode = |algorithm, bits: &[u8]| {
        let subject_public_key = BitStringRef::from_bytes(bits).map_err(malformed)?;
        SubjectPublicKeyInfoRef { algorithm, subject_public_key }.to_der().map_err(malformed)
    };
    match key {
        PublicKey::Rsa { .. } => encode(pkcs1::ALGORITHM_ID, &public_to_pkcs1(key)?),
        PublicKey::Ec { curve, point } => {
            let oid = oid_of_curve(*curve);
            let parameters = Some(AnyRef::from(&oid));
            encode(AlgorithmIdentifierRef { oid: sec1::ALGORITHM_OID, parameters }, point)
        }
        PublicKey::Edwards { curve, point } => encode(edwards_algorithm(*curve), point),
    }
}

/// Reads an RSA private key in PKCS#1 form.
///
/// # Errors
///
/// `Invalid`.
pub fn rsa_private_from_pkcs1(der: &[u8]) -> Result<KeyMaterial, BridgeError> {
    let key = pkcs1::RsaPrivateKey::<UintRef<'_>>::from_der(der).map_err(malformed)?;
    if key.other_prime_infos.is_some() {
        return Err(BridgeError::Unsupported("multi-prime RSA keys are not supported"));
    }
    let secret = |part: &UintRef<'_>| SecretValue::new(part.as_bytes().to_vec());
    Ok(KeyMaterial::RsaPrivate(RsaPrivateParts {
        modulus: key.modulus.as_bytes().to_vec(),
        public_exponent: key.public_exponent.as_bytes().to_vec(),
        private_exponent: secret(&key.private_exponent),
        crt: Some(RsaCrtParts {
            prime_p: secret(&key.prime1),
            prime_q: secret(&key.prime2),
            exponent_p: secret(&key.exponent1),
            exponent_q: secret(&key.exponent2),
            coefficient: secret(&key.coefficient),
        }),
    }))
}

/// Writes an RSA private key in PKCS#1 form.
///
/// # Errors
///
/// `KeyFormat` for another key, or one whose CRT parts the token does not give.
pub fn private_to_pkcs1(material: &KeyMaterial) -> Result<SecretValue, BridgeError> {
    let KeyMaterial::RsaPrivate(RsaPrivateParts {
        modulus,
        public_exponent,
        private_exponent,
        crt: Some(crt),
    }) = material
    else {
        return Err(BridgeError::KeyFormat);
    };
    let number = |bytes| UintRef::new(bytes).map_err(malformed);
    let key = pkcs1::RsaPrivateKey {
        modulus: number(modulus)?,
        public_exponent: number(public_exponent)?,
        private_exponent: number(private_exponent.expose())?,
        prime1: number(crt.prime_p.expose())?,
        prime2: number(crt.prime_q.expose())?,
        exponent1: number(crt.exponent_p.expose())?,
        exponent2: number(crt.exponent_q.expose())?,
        coefficient: number(crt.coefficient.expose())?,
        other_prime_infos: None,
    };
    key.to_der().map(SecretValue::new).map_err(malformed)
}

/// Reads an EC private key in SEC 1 form; `curve` is known from around it, or else in it.
///
/// # Errors
///
/// `Invalid`, `Unsupported`.
pub fn ec_private_from_sec1(der: &[u8], curve: Option<Curve>) -> Result<KeyMaterial, BridgeError> {
    let key = EcPrivateKey::from_der(der).map_err(malformed)?;
    let named = key.parameters.and_then(EcParameters::named_curve).map(curve_of_oid).transpose()?;
    let curve = curve.or(named).ok_or(MALFORMED)?;
    Ok(KeyMaterial::EcPrivate { curve, d: fit_scalar(curve, key.private_key)? })
}

/// Writes an EC private key in SEC 1 form, with its curve.
///
/// # Errors
///
/// `KeyFormat` for another key.
pub fn private_to_sec1(material: &KeyMaterial) -> Result<SecretValue, BridgeError> {
    sec1_form(material, true)
}

fn sec1_form(material: &KeyMaterial, with_curve: bool) -> Result<SecretValue, BridgeError> {
    let KeyMaterial::EcPrivate { curve, d } = material else {
        return Err(BridgeError::KeyFormat);
    };
    let parameters = with_curve.then(|| EcParameters::NamedCurve(oid_of_curve(*curve)));
    let key = EcPrivateKey { private_key: d.expose(), parameters, public_key: None };
    key.to_der().map(SecretValue::new).map_err(malformed)
}

/// Reads an unencrypted PKCS#8 private key.
///
/// # Errors
///
/// `Invalid` (an encrypted one is that too), `Unsupported`.
pub fn private_from_pkcs8(der: &[u8]) -> Result<KeyMaterial, BridgeError> {
    let info = PrivateKeyInfoRef::from_der(der).map_err(malformed)?;
    let inner = info.private_key.as_bytes();
    if info.algorithm.oid == pkcs1::ALGORITHM_OID {
        return rsa_private_from_pkcs1(inner);
    }
    if info.algorithm.oid == sec1::ALGORITHM_OID {
        let curve = curve_of_oid(info.algorithm.parameters_oid().map_err(malformed)?)?;
        return ec_private_from_sec1(inner, Some(curve));
    }
    if let Some(curve) = edwards_of(&info.algorithm) {
        let seed = <&OctetStringRef>::from_der(inner).map_err(malformed)?.as_bytes();
        if seed.len() != curve.bytes() {
            return Err(MALFORMED);
        }
        return Ok(KeyMaterial::EdwardsPrivate { curve, seed: SecretValue::new(seed.to_vec()) });
    }
    Err(BridgeError::Unsupported("private keys of this algorithm are not supported"))
}

/// Writes an unencrypted PKCS#8 private key.
///
/// # Errors
///
/// `KeyFormat` for a secret key.
pub fn private_to_pkcs8(material: &KeyMaterial) -> Result<SecretValue, BridgeError> {
    let encode = |algorithm, inner: &SecretValue| {
        let private_key = OctetStringRef::new(inner.expose()).map_err(malformed)?;
        let info = PrivateKeyInfoRef::new(algorithm, private_key);
        info.to_der().map(SecretValue::new).map_err(malformed)
    };
    match material {
        KeyMaterial::RsaPrivate(_) => encode(pkcs1::ALGORITHM_ID, &private_to_pkcs1(material)?),
        KeyMaterial::EcPrivate { curve, .. } => {
            let oid = oid_of_curve(*curve);
            let parameters = Some(AnyRef::from(&oid));
            let algorithm = AlgorithmIdentifierRef { oid: sec1::ALGORITHM_OID, parameters };
            encode(algorithm, &sec1_form(material, false)?)
        }
        KeyMaterial::EdwardsPrivate { curve, seed } => {
            let seed = OctetStringRef::new(seed.expose()).map_err(malformed)?;
            let inner = seed.to_der().map(SecretValue::new).map_err(malformed)?;
            encode(edwards_algorithm(*curve), &inner)
        }
        KeyMaterial::Secret { .. } => Err(BridgeError::KeyFormat),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ec_key() -> KeyMaterial {
        KeyMaterial::EcPrivate { curve: Curve::P256, d: SecretValue::new(vec![7; 32]) }
    }

    #[test]
    fn ec_private_key_survives_sec1_and_pkcs8() {
        let key = ec_key();
        let sec1 = private_to_sec1(&key).unwrap();
        assert_eq!(ec_private_from_sec1(sec1.expose(), None), Ok(key.clone()));
        let pkcs8 = private_to_pkcs8(&key).unwrap();
        assert_eq!(private_from_pkcs8(pkcs8.expose()), Ok(key));
    }

    #[test]
    fn rsa_public_key_survives_pkcs1_and_spki() {
        let key = PublicKey::Rsa { modulus: vec![0xC5; 256], public_exponent: vec![1, 0, 1] };
        assert_eq!(rsa_public_from_pkcs1(&public_to_pkcs1(&key).unwrap()), Ok(key.clone()));
        assert_eq!(public_from_spki(&public_to_spki(&key).unwrap()), Ok(key));
    }

    /// RFC 8410 §10.1 and §10.3.
    #[test]
    fn edwards_keys_survive_pkcs8_and_spki() {
        let pkcs8 = hex::decode(
            "302e020100300506032b657004220420\
             d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44755842",
        );
        let pkcs8 = pkcs8.unwrap();
        let key = private_from_pkcs8(&pkcs8).unwrap();
        assert!(matches!(key, KeyMaterial::EdwardsPrivate { curve: EdwardsCurve::Ed25519, .. }));
        assert_eq!(private_to_pkcs8(&key).unwrap().expose(), pkcs8);
        assert_eq!(private_to_sec1(&key), Err(BridgeError::KeyFormat));
        let spki = hex::decode(
            "302a300506032b6570032100\
             19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1",
        );
        let spki = spki.unwrap();
        let key = public_from_spki(&spki).unwrap();
        assert_eq!(public_to_spki(&key), Ok(spki));
        assert_eq!(public_to_pkcs1(&key), Err(BridgeError::KeyFormat));
        let seed = SecretValue::new(vec![3; 57]);
        let long = KeyMaterial::EdwardsPrivate { curve: EdwardsCurve::Ed448, seed };
        assert_eq!(private_from_pkcs8(private_to_pkcs8(&long).unwrap().expose()), Ok(long));
    }

    #[test]
    fn fit_scalar_pads_short_and_refuses_long_scalars() {
        assert_eq!(fit_scalar(Curve::P256, &[1]).unwrap().expose().len(), 32);
        assert_eq!(fit_scalar(Curve::P256, &[0; 40]).unwrap().expose().len(), 32);
        assert!(fit_scalar(Curve::P256, &[1; 33]).is_err());
    }

    #[test]
    fn readers_refuse_garbage_without_panicking() {
        for bytes in [&[][..], &[0x30], &[0x30, 0x80, 0, 0], &[0xFF; 64]] {
            assert!(private_from_pkcs8(bytes).is_err());
            assert!(rsa_private_from_pkcs1(bytes).is_err());
            assert!(ec_private_from_sec1(bytes, None).is_err());
            assert!(public_from_spki(bytes).is_err());
        }
    }
}
