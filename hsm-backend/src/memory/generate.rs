//! Making keys.

use rsa::rand_core::UnwrapErr;
use rsa::traits::{PrivateKeyParts, PublicKeyParts};

use super::import::check_value;
use super::keys::{Store, UNSUPPORTED};
use super::sign::edwards_public;
use crate::backend::{Generated, GeneratedPair, KeyId, Output};
use crate::capability::{Capabilities, Mechanism};
use crate::encoding::{bit_length, strip_zeros};
use crate::error::{HsmError, HsmErrorKind};
use crate::job::{
    Curve, EdwardsCurve, KeyMaterial, KeyPairSpec, KeyPolicy, PublicKey, RsaPrivateParts,
    SecretKeySpec, SecretValue,
};
use crate::software::fill_random;
use crate::software::modexp::number;
use crate::{keycheck, limits};

const FAILED: HsmError = HsmError::new(HsmErrorKind::Device(0), "memory");

pub(super) fn generate_key(
    store: &Store,
    capabilities: &Capabilities,
    id: KeyId,
    spec: SecretKeySpec,
    policy: &KeyPolicy,
) -> Result<Output<Generated>, HsmError> {
    let (value, mechanism) = random_key(capabilities, spec)?;
    let material = KeyMaterial::Secret { kind: spec.kind, value };
    let kcv = check_value(&material);
    store.insert(id, material, policy)?;
    Ok(Output { value: Generated { kcv }, mechanism })
}

/// A fresh key's value.
pub(super) fn random_key(
    capabilities: &Capabilities,
    spec: SecretKeySpec,
) -> Result<(SecretValue, Mechanism), HsmError> {
    let mut value = vec![0; limits::spec_bytes(spec)?];
    let plan = capabilities.generate_secret_of(spec.kind, spec.bits).ok_or(UNSUPPORTED)?;
    fill_random(&mut value)?;
    Ok((SecretValue::new(value), plan.mechanism))
}

pub(super) fn generate_key_pair(
    store: &Store,
    capabilities: &Capabilities,
    id: KeyId,
    spec: &KeyPairSpec,
    policy: &KeyPolicy,
) -> Result<Output<GeneratedPair>, HsmError> {
    let (material, public, mechanism) = pair(capabilities, spec)?;
    store.insert(id, material, policy)?;
    Ok(Output { value: GeneratedPair { public }, mechanism })
}

/// A fresh pair.
pub(super) fn pair(
    capabilities: &Capabilities,
    spec: &KeyPairSpec,
) -> Result<(KeyMaterial, PublicKey, Mechanism), HsmError> {
    let (plan, made) = match spec {
        KeyPairSpec::Rsa { bits, public_exponent } => {
            let plan = capabilities.generate_rsa().ok_or(UNSUPPORTED)?;
            if !(plan.min_bits..=plan.max_bits).contains(bits) {
                return Err(UNSUPPORTED);
            }
            (plan, rsa_pair(*bits, public_exponent)?)
        }
        KeyPairSpec::Ec(curve) => {
            (capabilities.generate_ec(*curve).ok_or(UNSUPPORTED)?, ec_pair(*curve)?)
        }
        KeyPairSpec::Edwards(curve) => {
            let plan = capabilities.generate_edwards(*curve).ok_or(UNSUPPORTED)?;
            (plan, edwards_pair(*curve)?)
        }
    };
    let (material, public) = made;
    Ok((material, public, plan.mechanism))
}

fn rsa_pair(bits: u32, public_exponent: &[u8]) -> Result<(KeyMaterial, PublicKey), HsmError> {
    let odd = public_exponent.last().is_some_and(|last| last & 1 == 1);
    if !odd || !(2..=33).contains(&bit_length(public_exponent)) {
        return Err(HsmError::new(HsmErrorKind::BadParameter, "public exponent"));
    }
    let (bits, e) = (usize::try_from(bits).unwrap_or_default(), number(public_exponent));
    let mut rng = UnwrapErr(getrandom::SysRng);
    let key = rsa::RsaPrivateKey::new_with_exp(&mut rng, bits, e).map_err(|_| FAILED)?;
    let public_exponent = strip_zeros(public_exponent).to_vec();
    let bytes = |number: &rsa::BoxedUint| strip_zeros(&number.to_be_bytes()).to_vec();
    let modulus = bytes(key.n().as_ref());
    let parts = RsaPrivateParts {
        modulus: modulus.clone(),
        public_exponent: public_exponent.clone(),
        private_exponent: SecretValue::new(bytes(key.d())),
        crt: None,
    };
    let material = keycheck::checked(&KeyMaterial::RsaPrivate(parts))?;
    Ok((material, PublicKey::Rsa { modulus, public_exponent }))
}

macro_rules! pair_on {
    ($curve:ident, $d:expr) => {{
        use $curve::elliptic_curve::sec1::ToSec1Point;
        let key = $curve::SecretKey::from_slice($d).map_err(|_| FAILED)?;
        key.public_key().to_sec1_point(false).as_bytes().to_vec()
    }};
}

fn ec_pair(curve: Curve) -> Result<(KeyMaterial, PublicKey), HsmError> {
    let mut d = vec![0; curve.bytes()];
    let in_range = |d: &[u8]| {
        let d = SecretValue::new(d.to_vec());
        keycheck::checked(&KeyMaterial::EcPrivate { curve, d }).is_ok()
    };
    while !in_range(&d) {
        fill_random(&mut d)?;
        if let (Curve::P521, Some(top)) = (curve, d.first_mut()) {
            *top &= 1;
        }
    }
    let point = public_point(curve, &d)?;
    let material = KeyMaterial::EcPrivate { curve, d: SecretValue::new(d) };
    Ok((material, PublicKey::Ec { curve, point }))
}

fn edwards_pair(curve: EdwardsCurve) -> Result<(KeyMaterial, PublicKey), HsmError> {
    let mut seed = vec![0; curve.bytes()];
    fill_random(&mut seed)?;
    let point = edwards_public(curve, &seed)?;
    let seed = SecretValue::new(seed);
    Ok((KeyMaterial::EdwardsPrivate { curve, seed }, PublicKey::Edwards { curve, point }))
}

fn public_point(curve: Curve, d: &[u8]) -> Result<Vec<u8>, HsmError> {
    Ok(match curve {
        Curve::P256 => pair_on!(p256, d),
        Curve::P384 => pair_on!(p384, d),
        Curve::P521 => pair_on!(p521, d),
        Curve::Secp256k1 => pair_on!(k256, d),
    })
}
