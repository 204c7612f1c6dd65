//! C_GenerateKey and C_GenerateKeyPair.

use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectHandle};
use cryptoki::session::Session;
use cryptoki::types::Ulong;

use super::gate::Side;
use super::keys::{self, Key, KeyKind, check_value};
use super::mechanism::plain;
use super::rv::Fault;
use super::template;
use super::token::{Doubt, Token};
use crate::backend::{CallContext, Generated, GeneratedPair, KeyId, Output};
use crate::capability::Mechanism;
use crate::encoding::der::{ec_params, ec_point, edwards_params, edwards_point};
use crate::encoding::{bit_length, strip_zeros};
use crate::error::{HsmError, HsmErrorKind};
use crate::job::{
    Curve, EdwardsCurve, KeyPairSpec, KeyPolicy, PublicKey, SecretKeyKind, SecretKeySpec,
};
use crate::limits;

const UNSUPPORTED: HsmError = HsmError::new(HsmErrorKind::Unsupported, "generate");

/// Makes a secret key as a token object.
///
/// Spec: PKCS#11 2.40 §5.13, C_GenerateKey.
pub(super) fn generate_key(
    token: &Token,
    call: &CallContext,
    id: KeyId,
    spec: SecretKeySpec,
    policy: &KeyPolicy,
) -> Result<Output<Generated>, HsmError> {
    let bytes = limits::spec_bytes(spec)?;
    template::check_label(policy)?;
    let plan = token.capabilities.generate_secret_of(spec.kind, spec.bits).ok_or(UNSUPPORTED)?;
    let mut template = template::secret(spec.kind, bytes, id, policy);
    // DES keys have the length of their type.
    if spec.kind != SecretKeyKind::Des3 {
        template.push(Attribute::ValueLen(ulong(bytes)?));
    }
    let (object, kcv) = token.run(call, Doubt::Device, |session| {
        let pass = token.gate.enter(Side::Change, call.deadline)?;
        let object = session.generate_key(&plain(plan.mechanism), &template)?;
        drop(pass);
        Ok((object, check_value(session, object)))
    })?;
    let kind = KeyKind::Secret { kind: spec.kind, bytes: Some(bytes) };
    token.remember(id, Key::new(kind, object));
    Ok(Output { value: Generated { kcv }, mechanism: plan.mechanism })
}

/// What a pair's generation needs to know.
struct PairPlan {
    mechanism: Mechanism,
    key_type: KeyType,
    /// Parameters that go into the public template.
    parameters: Vec<Attribute>,
    private: Vec<Attribute>,
    kind: KeyKind,
}

/// Makes a key pair: the private half as a token object, the public half in the session only, to
/// be read and destroyed.
///
/// Spec: PKCS#11 2.40 §5.13, C_GenerateKeyPair.
pub(super) fn generate_key_pair(
    token: &Token,
    call: &CallContext,
    id: KeyId,
    spec: &KeyPairSpec,
    policy: &KeyPolicy,
) -> Result<Output<GeneratedPair>, HsmError> {
    template::check_label(policy)?;
    let plan = pair_plan(token, id, spec, policy)?;
    let (private, public) = token.run(call, Doubt::Device, |session| {
        let pass = token.gate.enter(Side::Change, call.deadline)?;
        let (public, private) = make_pair(session, id, &plan)?;
        let read = read_public(session, public, plan.kind);
        session.destroy_object(public)?;
        if read.is_err() {
            session.destroy_object(private)?;
        }
        drop(pass);
        Ok((private, read?))
    })?;
    token.remember(id, Key::new(plan.kind, private));
    Ok(Output { value: GeneratedPair { public }, mechanism: plan.mechanism })
}

fn pair_plan(
    token: &Token,
    id: KeyId,
    spec: &KeyPairSpec,
    policy: &KeyPolicy,
) -> Result<PairPlan, HsmError> {
    match spec {
        KeyPairSpec::Rsa { bits, public_exponent } => {
            rsa_plan(token, id, *bits, public_exponent, policy)
        }
        KeyPairSpec::Ec(curve) => ec_plan(token, id, *curve, policy),
        KeyPairSpec::Edwards(curve) => edwards_plan(token, id, *curve, policy),
    }
}

/// A pair both of whose halves live in the session.
pub(super) struct PassingPair {
    plan: PairPlan,
}

impl PassingPair {
    pub(super) fn plan(
        token: &Token,
        spec: &KeyPairSpec,
        policy: &KeyPolicy,
    ) -> Result<Self, HsmError> {
        let nobody = KeyId([0; 16]);
        let mut plan = pair_plan(token, nobody, spec, policy)?;
        plan.private = template::passing(plan.private);
        Ok(Self { plan })
    }

    pub(super) const fn mechanism(&self) -> Mechanism {
        self.plan.mechanism
    }

    /// The private half, and the public key; no object is left of that.
    pub(super) fn make(&self, session: &Session) -> Result<(ObjectHandle, PublicKey), Fault> {
        let mut public =
            template::passing(template::public(self.plan.key_type, KeyId([0; 16]), false));
        public.extend(self.plan.parameters.iter().cloned());
        let mechanism = plain(self.plan.mechanism);
        let (public, private) =
            session.generate_key_pair(&mechanism, &public, &self.plan.private)?;
        let read = read_public(session, public, self.plan.kind);
        session.destroy_object(public)?;
        match read {
            Ok(read) => Ok((private, read)),
            Err(fault) => {
                session.destroy_object(private)?;
                Err(fault)
            }
        }
    }
}

fn rsa_plan(
    token: &Token,
    id: KeyId,
    bits: u32,
    public_exponent: &[u8],
    policy: &KeyPolicy,
) -> Result<PairPlan, HsmError> {
    let range = token.capabilities.generate_rsa().ok_or(UNSUPPORTED)?;
    if !(range.min_bits..=range.max_bits).contains(&bits) || !bits.is_multiple_of(8) {
        return Err(UNSUPPORTED);
    }
    let exponent = check_exponent(public_exponent)?;
    Ok(PairPlan {
        mechanism: range.mechanism,
        key_type: KeyType::RSA,
        parameters: vec![
            Attribute::ModulusBits(Ulong::from(u64::from(bits))),
            Attribute::PublicExponent(exponent),
        ],
        private: template::rsa_private(id, policy),
        kind: KeyKind::Rsa { modulus_bits: usize::try_from(bits).unwrap_or_default() },
    })
}

/// An odd public exponent from 3 to 33 bits, without leading zeros.
fn check_exponent(public_exponent: &[u8]) -> Result<Vec<u8>, HsmError> {
    let odd = public_exponent.last().is_some_and(|last| last & 1 == 1);
    if odd && (2..=33).contains(&bit_length(public_exponent)) {
        return Ok(strip_zeros(public_exponent).to_vec());
    }
    Err(HsmError::new(HsmErrorKind::BadParameter, "public exponent"))
}

fn ec_plan(
    token: &Token,
    id: KeyId,
    curve: Curve,
    policy: &KeyPolicy,
) -> Result<PairPlan, HsmError> {
    let plan = token.capabilities.generate_ec(curve).ok_or(UNSUPPORTED)?;
    Ok(PairPlan {
        mechanism: plan.mechanism,
        key_type: KeyType::EC,
        parameters: vec![Attribute::EcParams(ec_params(curve).to_vec())],
        private: template::ec_private(id, policy),
        kind: KeyKind::Ec(curve),
    })
}

fn edwards_plan(
    token: &Token,
    id: KeyId,
    curve: EdwardsCurve,
    policy: &KeyPolicy,
) -> Result<PairPlan, HsmError> {
    let plan = token.capabilities.generate_edwards(curve).ok_or(UNSUPPORTED)?;
    Ok(PairPlan {
        mechanism: plan.mechanism,
        key_type: KeyType::EC_EDWARDS,
        parameters: vec![Attribute::EcParams(edwards_params(curve).to_vec())],
        private: template::edwards_private(id, policy),
        kind: KeyKind::Edwards(curve),
    })
}

/// Public and private object. A token that wants both in one place makes both persistent.
fn make_pair(
    session: &Session,
    id: KeyId,
    plan: &PairPlan,
) -> Result<(ObjectHandle, ObjectHandle), Fault> {
    let mechanism = plain(plan.mechanism);
    let make = |persistent| {
        let mut public = template::public(plan.key_type, id, persistent);
        public.extend(plan.parameters.iter().cloned());
        session.generate_key_pair(&mechanism, &public, &plan.private)
    };
    let refused_mix = Some(cryptoki::error::RvError::TemplateInconsistent);
    match make(false).map_err(Fault::from) {
        Err(fault) if fault.rv == refused_mix => Ok(make(true)?),
        made => made,
    }
}

fn read_public(session: &Session, public: ObjectHandle, kind: KeyKind) -> Result<PublicKey, Fault> {
    let bad = Fault::from(HsmError::new(HsmErrorKind::BadKey, "C_GetAttributeValue"));
    match kind {
        KeyKind::Rsa { modulus_bits } => {
            let modulus = keys::read(session, public, AttributeType::Modulus)?;
            let exponent = keys::read(session, public, AttributeType::PublicExponent)?;
            if bit_length(&modulus) != modulus_bits {
                return Err(bad);
            }
            let (modulus, public_exponent) = (strip_zeros(&modulus), strip_zeros(&exponent));
            let (modulus, public_exponent) = (modulus.to_vec(), public_exponent.to_vec());
            Ok(PublicKey::Rsa { modulus, public_exponent })
        }
        KeyKind::Ec(curve) => {
            let point = keys::read(session, public, AttributeType::EcPoint)?;
            let point = ec_point(&point, curve).ok_or(bad)?;
            Ok(PublicKey::Ec { curve, point })
        }
        KeyKind::Edwards(curve) => {
            let point = keys::read(session, public, AttributeType::EcPoint)?;
            let point = edwards_point(&point, curve).ok_or(bad)?;
            Ok(PublicKey::Edwards { curve, point })
        }
        KeyKind::Secret { .. } => Err(bad),
    }
}

/// A length as the interface wants it.
pub(super) fn ulong(number: usize) -> Result<Ulong, HsmError> {
    Ulong::try_from(number).map_err(|_| HsmError::new(HsmErrorKind::BadLength, "CK_ULONG"))
}
