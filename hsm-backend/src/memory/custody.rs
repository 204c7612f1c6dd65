//! Wrapped keys.

use super::keys::{Store, Stored, UNSUPPORTED};
use super::{generate, import, wrap};
use crate::backend::{Generated, KeyId, KeyRef, Output, WrappedKey};
use crate::capability::Capabilities;
use crate::custody::{Envelope, algorithm_for};
use crate::encoding::bad_data;
use crate::error::{HsmError, HsmErrorKind};
use crate::job::{KeyMaterial, KeyPolicy, SecretKeySpec, SecretValue};
use crate::limits;
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

pub(super) fn import_wrapped(
    store: &Store,
    capabilities: &Capabilities,
    kek: KeyId,
    material: &KeyMaterial,
    policy: &KeyPolicy,
) -> Result<Output<WrappedKey>, HsmError> {
    let material = import::prepared(material)?;
    let KeyMaterial::Secret { kind, value } = &material else { return Err(UNSUPPORTED) };
    let bytes = value.expose().len();
    let bits = u32::try_from(8 * bytes).map_err(|_| UNSUPPORTED)?;
    let algorithm = algorithm_for(capabilities, bytes).ok_or(UNSUPPORTED)?;
    let wrapped = wrap::wrap_data(store, capabilities, &KeyRef::Token(kek), value, algorithm)?;
    let spec = SecretKeySpec { kind: *kind, bits };
    let blob = Envelope::new(algorithm, spec, policy, wrapped.value).encode();
    let kcv = import::check_value(&material);
    Ok(Output { value: WrappedKey { blob, kcv }, mechanism: wrapped.mechanism })
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
    let bytes = limits::spec_bytes(envelope.spec)?;
    limits::check_wrapped(&envelope.wrapped, bytes)?;
    let kek = KeyRef::Token(kek);
    let value = wrap::open_under(store, &kek, &envelope.wrapped, envelope.algorithm)?;
    if value.len() != bytes {
        return Err(bad_data("unwrap"));
    }
    let value = SecretValue::new(value);
    let material = KeyMaterial::Secret { kind: envelope.spec.kind, value };
    if !kcv.is_empty() && import::check_value(&material) != kcv {
        return Err(bad_data("key check value"));
    }
    Ok(Stored { material: Arc::new(material), policy: envelope.policy() })
}
