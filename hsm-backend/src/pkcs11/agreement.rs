//! C_DeriveKey: key agreement on a curve.

use cryptoki::mechanism::Mechanism as Call;
use cryptoki::mechanism::elliptic_curve::{EcKdf, Ecdh1DeriveParams};
use cryptoki::object::{Attribute, AttributeType, ObjectHandle};
use cryptoki::session::Session;

use super::gate::Side;
use super::generate::ulong;
use super::keys::{self, Key, KeyKind, check_value};
use super::rv::Fault;
use super::token::{Doubt, Token};
use super::{Pkcs11Backend, custody, template};
use crate::backend::{
    Agreement, CallContext, Generated, KeyAgreement, KeyId, KeyRef, Output, WrappedKey,
};
use crate::capability::Mechanism;
use crate::custody::Contents;
use crate::error::{HsmError, HsmErrorKind};
use crate::job::{
    Curve, KeyPolicy, KeyUsage, PublicKey, SecretKeyKind, SecretKeySpec, SecretValue,
};
use crate::observer::Verb;
use crate::{keycheck, limits};

const UNSUPPORTED: HsmError = HsmError::new(HsmErrorKind::Unsupported, "C_DeriveKey");
const ANOTHER_KEY: HsmError = HsmError::new(HsmErrorKind::NotPermitted, "C_DeriveKey");

impl KeyAgreement for Pkcs11Backend {
    fn derive_key(
        &self,
        call: &CallContext,
        id: KeyId,
        agreement: &Agreement,
        policy: &KeyPolicy,
    ) -> Result<Output<Generated>, HsmError> {
        derive_key(&*self.at(Verb::DeriveKey)?, call, id, agreement, policy)
    }

    fn derive_wrapped(
        &self,
        call: &CallContext,
        kek: KeyId,
        agreement: &Agreement,
        policy: &KeyPolicy,
    ) -> Result<Output<WrappedKey>, HsmError> {
        let token = self.at(Verb::DeriveWrapped)?;
        let peer = Peer::of(&token, &agreement.peer)?;
        keycheck::check_agreed(peer.curve, agreement.spec)?;
        let contents = Contents::Secret(agreement.spec);
        let template = with_length(custody::passing(contents), agreement.spec)?;
        let private = token.hold(call, &agreement.private)?;
        let (made, ()) = custody::wrap_passing(&token, call, kek, contents, policy, |session| {
            Ok((peer.derive(&token, session, &private, &template)?, ()))
        })?;
        Ok(Output { mechanism: peer.mechanism, ..made })
    }

    fn agree(
        &self,
        call: &CallContext,
        private: &KeyRef,
        peer: &PublicKey,
    ) -> Result<Output<SecretValue>, HsmError> {
        let token = self.at(Verb::Agree)?;
        let peer = Peer::of(&token, peer)?;
        let template = readable(peer.curve)?;
        let value = token.use_key(call, private, Doubt::Device, |session, key| {
            let secret = peer.derive(&token, session, key, &template)?;
            read_and_destroy(session, secret, peer.curve)
        })?;
        Ok(Output { value, mechanism: peer.mechanism })
    }
}

fn derive_key(
    token: &Token,
    call: &CallContext,
    id: KeyId,
    agreement: &Agreement,
    policy: &KeyPolicy,
) -> Result<Output<Generated>, HsmError> {
    let peer = Peer::of(token, &agreement.peer)?;
    let bytes = keycheck::check_agreed(peer.curve, agreement.spec)?;
    template::check_label(policy)?;
    let spec = agreement.spec;
    let template = with_length(template::secret(spec.kind, bytes, id, policy), spec)?;
    let (object, kcv) =
        token.use_key(call, &agreement.private, Doubt::Device, |session, key| {
            let pass = token.gate.enter(Side::Change, call.deadline)?;
            let object = peer.derive(token, session, key, &template)?;
            drop(pass);
            Ok((object, check_value(session, object)))
        })?;
    let kind = KeyKind::Secret { kind: spec.kind, bytes: Some(bytes) };
    token.remember(id, Key::new(kind, object));
    Ok(Output { value: Generated { kcv }, mechanism: peer.mechanism })
}

/// The other party's public key, and how its secret is agreed on.
struct Peer<'a> {
    curve: Curve,
    point: &'a [u8],
    mechanism: Mechanism,
}

impl<'a> Peer<'a> {
    fn of(token: &Token, peer: &'a PublicKey) -> Result<Self, HsmError> {
        let (curve, point) = keycheck::checked_peer(peer)?;
        let mechanism = token.capabilities.agree(curve).ok_or(UNSUPPORTED)?.mechanism();
        Ok(Self { curve, point, mechanism })
    }

    fn derive(
        &self,
        token: &Token,
        session: &Session,
        private: &Key,
        template: &[Attribute],
    ) -> Result<ObjectHandle, Fault> {
        if private.kind != KeyKind::Ec(self.curve) {
            return Err(ANOTHER_KEY.into());
        }
        derive(session, token.working_handle(private)?, self.point, template)
    }
}

/// C_DeriveKey with CKM_ECDH1_DERIVE and CKD_NULL; the point goes in as it is, which every token
/// must take.
pub(super) fn derive(
    session: &Session,
    private: ObjectHandle,
    point: &[u8],
    template: &[Attribute],
) -> Result<ObjectHandle, Fault> {
    let params = Ecdh1DeriveParams::new(EcKdf::null(), point);
    Ok(session.derive_key(&Call::Ecdh1Derive(params), private, template)?)
}

/// A secret that lives in the session, to be read.
pub(super) fn readable(curve: Curve) -> Result<Vec<Attribute>, HsmError> {
    let bits = u32::try_from(8 * curve.bytes()).map_err(|_| UNSUPPORTED)?;
    let spec = SecretKeySpec { kind: SecretKeyKind::Generic, bits };
    let template = template::in_session(Contents::Secret(spec), KeyUsage::default(), false, true);
    with_length(template, spec)
}

/// The secret, of which no object is left.
pub(super) fn read_and_destroy(
    session: &Session,
    secret: ObjectHandle,
    curve: Curve,
) -> Result<SecretValue, Fault> {
    let value = keys::read(session, secret, AttributeType::Value).map(SecretValue::new);
    session.destroy_object(secret)?;
    let value = value?;
    if value.expose().len() == curve.bytes() {
        return Ok(value);
    }
    Err(HsmError::new(HsmErrorKind::Device(0), "C_DeriveKey").into())
}

fn with_length(
    mut template: Vec<Attribute>,
    spec: SecretKeySpec,
) -> Result<Vec<Attribute>, HsmError> {
    template.push(Attribute::ValueLen(ulong(limits::spec_bytes(spec)?)?));
    Ok(template)
}
