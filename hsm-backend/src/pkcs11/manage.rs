//! Reading, tightening, finding and destroying keys.

use cryptoki::object::{Attribute, AttributeType, ObjectHandle};
use cryptoki::session::Session;

use super::custody::{Openness, with_passing};
use super::gate::Side;
use super::keys::{self, Key, KeyKind};
use super::rv::Fault;
use super::token::{Doubt, Token};
use crate::backend::{CallContext, KeyId, KeyRef};
use crate::encoding::{left_pad, strip_zeros};
use crate::error::{HsmError, HsmErrorKind};
use crate::job::{
    Curve, EdwardsCurve, KeyMaterial, RsaCrtParts, RsaPrivateParts, SecretKeyKind, SecretValue,
};

/// Reads a key's value where the token lets it go.
///
/// Spec: PKCS#11 2.40 §5.7, C_GetAttributeValue.
pub(super) fn export_key(
    token: &Token,
    call: &CallContext,
    key: &KeyRef,
) -> Result<KeyMaterial, HsmError> {
    match key {
        KeyRef::Token(_) => token.use_key(call, key, Doubt::Device, read),
        KeyRef::Wrapped { .. } => with_passing(token, call, key, Openness::Readable, read),
    }
}

fn read(session: &Session, key: &Key) -> Result<KeyMaterial, Fault> {
    if !is_readable(session, key)? {
        return Err(HsmError::new(HsmErrorKind::NotExtractable, "export_key").into());
    }
    match key.kind {
        KeyKind::Secret { kind, .. } => read_secret(session, key, kind),
        KeyKind::Rsa { .. } => read_rsa(session, key).map(KeyMaterial::RsaPrivate),
        KeyKind::Ec(curve) => read_ec(session, key, curve),
        KeyKind::Edwards(curve) => read_edwards(session, key, curve),
    }
}

fn is_readable(session: &Session, key: &Key) -> Result<bool, Fault> {
    let wanted = [AttributeType::Sensitive, AttributeType::Extractable];
    let attributes = session.get_attributes(key.object, &wanted)?;
    let has = |attribute: Attribute| attributes.contains(&attribute);
    Ok(has(Attribute::Sensitive(false)) && has(Attribute::Extractable(true)))
}

fn read_part(session: &Session, key: &Key, part: AttributeType) -> Result<SecretValue, Fault> {
    let bytes = SecretValue::new(keys::read(session, key.object, part)?);
    let stripped = strip_zeros(bytes.expose());
    if stripped.is_empty() {
        return Err(HsmError::new(HsmErrorKind::NotExtractable, "C_GetAttributeValue").into());
    }
    Ok(SecretValue::new(stripped.to_vec()))
}

fn read_secret(session: &Session, key: &Key, kind: SecretKeyKind) -> Result<KeyMaterial, Fault> {
    let value = SecretValue::new(keys::read(session, key.object, AttributeType::Value)?);
    if value.expose().is_empty() {
        return Err(HsmError::new(HsmErrorKind::NotExtractable, "C_GetAttributeValue").into());
    }
    Ok(KeyMaterial::Secret { kind, value })
}

fn read_rsa(session: &Session, key: &Key) -> Result<RsaPrivateParts, Fault> {
    let part = |attribute| read_part(session, key, attribute);
    let public = |attribute| part(attribute).map(|number| number.expose().to_vec());
    Ok(RsaPrivateParts {
        modulus: public(AttributeType::Modulus)?,
        public_exponent: public(AttributeType::PublicExponent)?,
        private_exponent: part(AttributeType::PrivateExponent)?,
        crt: Some(RsaCrtParts {
            prime_p: part(AttributeType::Prime1)?,
            prime_q: part(AttributeType::Prime2)?,
            exponent_p: part(AttributeType::Exponent1)?,
            exponent_q: part(AttributeType::Exponent2)?,
            coefficient: part(AttributeType::Coefficient)?,
        }),
    })
}

fn read_ec(session: &Session, key: &Key, curve: Curve) -> Result<KeyMaterial, Fault> {
    let d = read_part(session, key, AttributeType::Value)?;
    let bad_key = HsmError::new(HsmErrorKind::BadKey, "C_GetAttributeValue");
    let d = left_pad(d.expose(), curve.bytes()).map(SecretValue::new).ok_or(bad_key)?;
    Ok(KeyMaterial::EcPrivate { curve, d })
}

/// A seed is no number: its zeros count.
fn read_edwards(session: &Session, key: &Key, curve: EdwardsCurve) -> Result<KeyMaterial, Fault> {
    let seed = SecretValue::new(keys::read(session, key.object, AttributeType::Value)?);
    if seed.expose().len() != curve.bytes() {
        return Err(HsmError::new(HsmErrorKind::BadKey, "C_GetAttributeValue").into());
    }
    Ok(KeyMaterial::EdwardsPrivate { curve, seed })
}

/// Sets CKA_SENSITIVE and clears CKA_EXTRACTABLE, as asked; the copy is that tight already.
///
/// Spec: PKCS#11 2.40 §5.7, C_SetAttributeValue.
pub(super) fn restrict_key(
    token: &Token,
    call: &CallContext,
    key: &KeyRef,
    sensitive: bool,
    not_extractable: bool,
) -> Result<(), HsmError> {
    if matches!(key, KeyRef::Wrapped { .. }) {
        // The blob says how the key lives.
        return Err(HsmError::new(HsmErrorKind::Unsupported, "wrapped custody"));
    }
    let mut wanted = Vec::new();
    if sensitive {
        wanted.push(Attribute::Sensitive(true));
    }
    if not_extractable {
        wanted.push(Attribute::Extractable(false));
    }
    token.use_key(call, key, Doubt::Device, |session, key| {
        let template = not_yet(session, key, &wanted)?;
        if template.is_empty() {
            return Ok(());
        }
        let pass = token.gate.enter(Side::Change, call.deadline)?;
        session.update_attributes(key.object, &template)?;
        drop(pass);
        Ok(())
    })
}

/// What of `wanted` the object does not have: tokens refuse to set what can no longer be changed, even
/// to what it is (CKR_ATTRIBUTE_READ_ONLY of SoftHSM2).
fn not_yet(session: &Session, key: &Key, wanted: &[Attribute]) -> Result<Vec<Attribute>, Fault> {
    let kinds = wanted.iter().map(Attribute::attribute_type).collect::<Vec<_>>();
    let has = session.get_attributes(key.object, &kinds)?;
    Ok(wanted.iter().filter(|attribute| !has.contains(attribute)).cloned().collect())
}

/// Whether the token holds an object with this id; an absent token does not count as an empty one.
///
/// Spec: PKCS#11 2.40 §5.7, C_FindObjects.
pub(super) fn key_exists(token: &Token, call: &CallContext, id: KeyId) -> Result<bool, HsmError> {
    token.run(call, Doubt::Device, |session| {
        let pass = token.gate.enter(Side::Search, call.deadline)?;
        let found = keys::objects(session, id)?;
        drop(pass);
        if !found.is_empty() {
            return Ok(true);
        }
        let absent = token.not_found();
        if absent.error.kind == HsmErrorKind::KeyNotFound { Ok(false) } else { Err(absent) }
    })
}

/// Destroys the key's objects and its copy.
///
/// Spec: PKCS#11 2.40 §5.7, C_DestroyObject.
pub(super) fn destroy_key(token: &Token, call: &CallContext, key: &KeyRef) -> Result<(), HsmError> {
    let id = match key {
        KeyRef::Token(id) => *id,
        // There is nothing in the token but what is live now.
        KeyRef::Wrapped { id, .. } => {
            token.unwrapped.remove(*id);
            return Ok(());
        }
    };
    let destroyed = token.use_key(call, key, Doubt::Device, |session, key| {
        destroy_all(token, call, session, &key.all)?;
        token.forget(id);
        Ok(())
    });
    match destroyed {
        // Half a pair, or half an object: what is no key of ours any more goes as well.
        Err(error)
            if matches!(error.kind, HsmErrorKind::KeyNotFound | HsmErrorKind::Unsupported) =>
        {
            destroy_rest(token, call, id, error)
        }
        done => done,
    }
}

/// Destroys what has the id and is no key to be used; answers `absent` where there is nothing.
fn destroy_rest(
    token: &Token,
    call: &CallContext,
    id: KeyId,
    absent: HsmError,
) -> Result<(), HsmError> {
    token.run(call, Doubt::Device, |session| {
        let pass = token.gate.enter(Side::Search, call.deadline)?;
        let rest = keys::objects(session, id)?;
        drop(pass);
        if rest.is_empty() { Err(absent.into()) } else { destroy_all(token, call, session, &rest) }
    })
}

fn destroy_all(
    token: &Token,
    call: &CallContext,
    session: &Session,
    objects: &[ObjectHandle],
) -> Result<(), Fault> {
    let _pass = token.gate.enter(Side::Change, call.deadline)?;
    for object in objects {
        session.destroy_object(*object)?;
    }
    Ok(())
}
