//! Wrapped keys.

use super::keys::{Store, Stored, UNSUPPORTED};
use super::{generate, import, wrap};
use crate::backend::{ArrivingKey, Generated, KeyId, KeyRef, Output, WrappedKey, WrappedPair};
use crate::capability::Capabilities;
use crate::custody::{Contents, Envelope};
use crate::encoding::bad_data;
use crate::error::{HsmError, HsmErrorKind};
use crate::job::{
    KeyMaterial, KeyPairSpec, KeyPolicy, RsaPrivateParts, SecretKeySpec, SecretValue,
};
use crate::{keycheck, limits};
use std::sync::Arc;

pub(super) fn generate_wrapped(
    store: &Store,
    capabilities: &Capabilities,
    kek: KeyId,
    spec: SecretKeySpec,
    policy: &KeyPolicy,
) -> Result<Output<WrappedKey>, HsmError> {
    let value = generate::random_key(capabilities, spec)?.0;
    let material = KeyMaterial::Secret { kind: spec.kind, value };
    import_wrapped(store, capabilities, kek, &material, policy)
}

pub(super) fn generate_pair_wrapped(
    store: &Store,
    capabilities: &Capabilities,
    kek: KeyId,
    spec: &KeyPairSpec,
    policy: &KeyPolicy,
) -> Result<Output<WrappedPair>, HsmError> {
    let (material, public, mechanism) = generate::pair(capabilities, spec)?;
    let private = import_wrapped(store, capabilities, kek, &material, policy)?.value;
    Ok(Output { value: WrappedPair { private, public }, mechanism })
}

pub(super) fn import_wrapped(
    store: &Store,
    capabilities: &Capabilities,
    kek: KeyId,
    material: &KeyMaterial,
    policy: &KeyPolicy,
) -> Result<Output<WrappedKey>, HsmError> {
    let material = import::prepared(material)?;
    let (contents, bytes) = laid_out(&material)?;
    let algorithm = contents.algorithm(capabilities).ok_or(UNSUPPORTED)?;
    let kek = KeyRef::Token(kek);
    let wrapped = wrap::wrap_data(store, capabilities, &kek, &bytes, algorithm)?;
    let blob = Envelope::new(algorithm, contents, policy, wrapped.value).encode();
    let kcv = import::check_value(&material);
    Ok(Output { value: WrappedKey { blob, kcv }, mechanism: wrapped.mechanism })
}

/// What is wrapped: the bytes of a secret key, or the parts of a private one in PKCS#1 and SEC1 order,
/// each behind its length. Real tokens wrap PKCS#8.
fn laid_out(material: &KeyMaterial) -> Result<(Contents, SecretValue), HsmError> {
    let bits = |bytes: usize| u32::try_from(8 * bytes).map_err(|_| UNSUPPORTED);
    Ok(match material {
        KeyMaterial::Secret { kind, value } => {
            let spec = SecretKeySpec { kind: *kind, bits: bits(value.expose().len())? };
            (Contents::Secret(spec), value.clone())
        }
        KeyMaterial::RsaPrivate(parts) => {
            let private = parts.private_exponent.expose();
            let fields = [parts.modulus.as_slice(), parts.public_exponent.as_slice(), private];
            let modulus_bits = bits(parts.modulus.len())?;
            (Contents::Rsa { modulus_bits }, joined(&fields)?)
        }
        KeyMaterial::EcPrivate { curve, d } => (Contents::Ec(*curve), joined(&[d.expose()])?),
        KeyMaterial::EdwardsPrivate { curve, seed } => {
            (Contents::Edwards(*curve), joined(&[seed.expose()])?)
        }
    })
}

/// Fields, each behind two bytes of length, filled up to whole half-blocks with zeros.
fn joined(fields: &[&[u8]]) -> Result<SecretValue, HsmError> {
    let mut bytes = Vec::with_capacity(4096);
    for field in fields {
        let length = u16::try_from(field.len()).map_err(|_| UNSUPPORTED)?;
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(field);
    }
    bytes.resize(bytes.len().next_multiple_of(8).max(16), 0);
    Ok(SecretValue::new(bytes))
}

fn split(mut bytes: &[u8]) -> Result<Vec<Vec<u8>>, HsmError> {
    let mut fields = Vec::new();
    while let [high, low, rest @ ..] = bytes {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        if length == 0 {
            break;
        }
        let (field, rest) = rest.split_at_checked(length).ok_or(bad_data("unwrap"))?;
        fields.push(field.to_vec());
        bytes = rest;
    }
    Ok(fields)
}

fn read_back(contents: Contents, bytes: Vec<u8>) -> Result<KeyMaterial, HsmError> {
    let bad = || bad_data("unwrap");
    Ok(match contents {
        Contents::Secret(spec) => {
            if bytes.len() != limits::spec_bytes(spec)? {
                return Err(bad());
            }
            KeyMaterial::Secret { kind: spec.kind, value: SecretValue::new(bytes) }
        }
        Contents::Rsa { .. } => {
            let fields: [Vec<u8>; 3] = split(&bytes)?.try_into().map_err(|_| bad())?;
            let [modulus, public_exponent, private_exponent] = fields;
            let private_exponent = SecretValue::new(private_exponent);
            let parts = RsaPrivateParts { modulus, public_exponent, private_exponent, crt: None };
            keycheck::checked(&KeyMaterial::RsaPrivate(parts))?
        }
        Contents::Ec(curve) => {
            let [d]: [Vec<u8>; 1] = split(&bytes)?.try_into().map_err(|_| bad())?;
            KeyMaterial::EcPrivate { curve, d: SecretValue::new(d) }
        }
        Contents::Edwards(curve) => {
            let [seed]: [Vec<u8>; 1] = split(&bytes)?.try_into().map_err(|_| bad())?;
            KeyMaterial::EdwardsPrivate { curve, seed: SecretValue::new(seed) }
        }
    })
}

pub(super) fn rewrap_arriving(
    store: &Store,
    capabilities: &Capabilities,
    kek: KeyId,
    arriving: &ArrivingKey,
    policy: &KeyPolicy,
) -> Result<Output<WrappedKey>, HsmError> {
    let ArrivingKey { wrapping, blob, algorithm, spec } = arriving;
    let value = wrap::unwrap(store, capabilities, wrapping, blob, *algorithm, *spec)?.value;
    let material = KeyMaterial::Secret { kind: spec.kind, value };
    import_wrapped(store, capabilities, kek, &material, policy)
}

pub(super) fn rewrap(
    store: &Store,
    capabilities: &Capabilities,
    key: &KeyRef,
    new_kek: KeyId,
) -> Result<Output<WrappedKey>, HsmError> {
    let KeyRef::Wrapped { kek, kcv, blob, .. } = key else { return Err(UNSUPPORTED) };
    let stored = open(store, *kek, kcv, blob)?;
    import_wrapped(store, capabilities, new_kek, &stored.material, &stored.policy)
}

pub(super) fn move_to_blob(
    store: &Store,
    capabilities: &Capabilities,
    key: &KeyRef,
    kek: KeyId,
    policy: &KeyPolicy,
) -> Result<Output<WrappedKey>, HsmError> {
    let KeyRef::Token(_) = key else { return Err(UNSUPPORTED) };
    let stored = store.get(key)?;
    if !stored.policy.extractable {
        return Err(HsmError::new(HsmErrorKind::NotExtractable, "memory"));
    }
    import_wrapped(store, capabilities, kek, &stored.material, policy)
}

pub(super) fn move_to_token(
    store: &Store,
    capabilities: &Capabilities,
    key: &KeyRef,
    id: KeyId,
    label: &str,
) -> Result<Output<Generated>, HsmError> {
    let KeyRef::Wrapped { kek, kcv, blob, .. } = key else { return Err(UNSUPPORTED) };
    let stored = open(store, *kek, kcv, blob)?;
    let envelope = Envelope::decode(blob)?;
    let mechanism = capabilities.wrap(envelope.algorithm).ok_or(UNSUPPORTED)?.mechanism();
    let policy = KeyPolicy { label: label.to_owned(), ..stored.policy };
    let kcv = import::check_value(&stored.material);
    store.insert(id, (*stored.material).clone(), &policy)?;
    Ok(Output { value: Generated { kcv }, mechanism })
}

/// The key in `blob`.
pub(super) fn open(store: &Store, kek: KeyId, kcv: &[u8], blob: &[u8]) -> Result<Stored, HsmError> {
    let envelope = Envelope::decode(blob)?;
    let kek = KeyRef::Token(kek);
    let value = wrap::open_under(store, &kek, &envelope.wrapped, envelope.algorithm);
    let material = value.and_then(|value| read_back(envelope.contents, value));
    let material = material.map_err(HsmError::about_stored)?;
    if !kcv.is_empty() && import::check_value(&material) != kcv {
        return Err(HsmError::new(HsmErrorKind::Damaged, "key check value"));
    }
    Ok(Stored { material: Arc::new(material), policy: envelope.policy() })
}
