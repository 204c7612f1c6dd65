//! C_CreateObject of keys given in plaintext.

use cryptoki::object::Attribute;

use super::gate::Side;
use super::keys::{Key, KeyKind, check_value};
use super::template;
use super::token::{Doubt, Token};
use crate::backend::{CallContext, Generated, KeyId};
use crate::encoding::bit_length;
use crate::error::{HsmError, HsmErrorKind};
use crate::job::{EdwardsCurve, KeyMaterial, KeyPolicy, SecretKeyKind, SignAlgorithm};
use crate::keycheck;

/// Puts a key into the token, after checking it: SoftHSM accepts rubbish and fails at use.
///
/// Two-key 3DES becomes three keys, of which the first comes again, which is the same cipher.
/// A MAC key shorter than the token's HMACs take is padded with zeros, which HMAC does itself, so
/// the MAC is the same. Exports and wraps then yield the padded value; the caller keeps the
/// true length and cuts.
///
/// Spec: PKCS#11 2.40 §5.7, C_CreateObject.
pub(super) fn import_key(
    token: &Token,
    call: &CallContext,
    id: KeyId,
    material: &KeyMaterial,
    policy: &KeyPolicy,
) -> Result<Generated, HsmError> {
    template::check_label(policy)?;
    let material = keycheck::checked(material)?;
    match &material {
        KeyMaterial::Secret { kind, .. } => need_use_for(token, *kind)?,
        KeyMaterial::EdwardsPrivate { curve, .. } => need_eddsa(token, *curve)?,
        KeyMaterial::RsaPrivate(_) | KeyMaterial::EcPrivate { .. } => {}
    }
    let (kind, mut template) = template_of(token, id, &material, policy);
    let made = token.run(call, Doubt::Device, |session| {
        let pass = token.gate.enter(Side::Change, call.deadline)?;
        let object = session.create_object(&template)?;
        drop(pass);
        let secret = matches!(kind, KeyKind::Secret { .. });
        Ok((object, if secret { check_value(session, object) } else { Vec::new() }))
    });
    template::wipe(&mut template);
    let (object, kcv) = made?;
    token.remember(id, Key::new(kind, object));
    Ok(Generated { kcv })
}

/// What the key is, and the template of its token object.
pub(super) fn template_of(
    token: &Token,
    id: KeyId,
    material: &KeyMaterial,
    policy: &KeyPolicy,
) -> (KeyKind, Vec<Attribute>) {
    match material {
        KeyMaterial::Secret { kind, value } => {
            let bytes = token_bytes(token, *kind, value.expose(), policy);
            let key_kind = KeyKind::Secret { kind: *kind, bytes: Some(bytes.len()) };
            let mut template = template::secret(*kind, bytes.len(), id, policy);
            template.push(Attribute::Value(bytes));
            (key_kind, template)
        }
        KeyMaterial::RsaPrivate(parts) => {
            let kind = KeyKind::Rsa { modulus_bits: bit_length(&parts.modulus) };
            (kind, template::rsa_parts(id, policy, parts))
        }
        KeyMaterial::EcPrivate { curve, d } => {
            (KeyKind::Ec(*curve), template::ec_parts(id, policy, *curve, d.expose()))
        }
        KeyMaterial::EdwardsPrivate { curve, seed } => {
            (KeyKind::Edwards(*curve), template::edwards_parts(id, policy, *curve, seed.expose()))
        }
    }
}

/// Refuses kinds of keys the token knows nothing to do with; it would say that the key is bad.
pub(super) fn need_use_for(token: &Token, kind: SecretKeyKind) -> Result<(), HsmError> {
    if token.capabilities.takes(kind) {
        return Ok(());
    }
    Err(HsmError::new(HsmErrorKind::Unsupported, "key type"))
}

/// As [`need_use_for`], for the one thing that is done with a key on a curve of Edwards form.
fn need_eddsa(token: &Token, curve: EdwardsCurve) -> Result<(), HsmError> {
    if token.capabilities.sign(SignAlgorithm::EdDsa(curve)).is_some() {
        return Ok(());
    }
    Err(HsmError::new(HsmErrorKind::Unsupported, "key type"))
}

/// A secret key's bytes as the token is to have them.
pub(super) fn token_bytes(
    token: &Token,
    kind: SecretKeyKind,
    value: &[u8],
    policy: &KeyPolicy,
) -> Vec<u8> {
    let bytes = value.to_vec();
    let is_mac_key = policy.usage.sign || policy.usage.verify;
    if kind == SecretKeyKind::Generic && is_mac_key {
        // Reserve first: growing would leave a copy of the key in freed memory.
        let padded = bytes.len().max(token.capabilities.mac_min_bytes());
        return zero_padded(bytes, padded);
    }
    if kind == SecretKeyKind::Des3 && bytes.len() == 16 {
        return three_keys(bytes);
    }
    bytes
}

/// Two-key 3DES as three keys, of which the first comes again.
fn three_keys(mut bytes: Vec<u8>) -> Vec<u8> {
    use zeroize::Zeroize;
    let mut whole = Vec::with_capacity(24);
    whole.extend_from_slice(&bytes);
    whole.extend(bytes.iter().take(8));
    bytes.zeroize();
    whole
}

fn zero_padded(mut bytes: Vec<u8>, length: usize) -> Vec<u8> {
    use zeroize::Zeroize;
    let mut padded = Vec::with_capacity(length);
    padded.extend_from_slice(&bytes);
    padded.resize(length, 0);
    bytes.zeroize();
    padded
}
