//! AES key wrap.

use super::block::Aes;
use super::keys::{Store, UNSUPPORTED, secret_bytes};
use crate::backend::{KeyRef, Output};
use crate::capability::Capabilities;
use crate::encoding::{bad_data, bad_length};
use crate::error::{HsmError, HsmErrorKind};
use crate::job::{KeyMaterial, SecretKeyKind, SecretKeySpec, SecretValue, WrapAlgorithm};
use crate::limits;

/// The integrity check value of RFC 3394.
const ICV: u64 = 0xA6A6_A6A6_A6A6_A6A6;
/// The first half of the one of RFC 5649; the length is the second.
const ALTERNATIVE_ICV: u64 = 0xA659_59A6;

pub(super) fn wrap_key(
    store: &Store,
    capabilities: &Capabilities,
    wrapping: &KeyRef,
    target: &KeyRef,
    algorithm: WrapAlgorithm,
) -> Result<Output<Vec<u8>>, HsmError> {
    let stored = store.get(target)?;
    if !stored.policy.extractable {
        return Err(HsmError::new(HsmErrorKind::NotExtractable, "memory"));
    }
    match &*stored.material {
        KeyMaterial::Secret { value, .. } => {
            wrap_data(store, capabilities, wrapping, value, algorithm)
        }
        // Real tokens wrap PKCS#8, whose length is seldom right for the plain algorithm.
        KeyMaterial::RsaPrivate(_)
        | KeyMaterial::EcPrivate { .. }
        | KeyMaterial::EdwardsPrivate { .. } => Err(bad_length("wrap")),
    }
}

pub(super) fn wrap_data(
    store: &Store,
    capabilities: &Capabilities,
    wrapping: &KeyRef,
    data: &SecretValue,
    algorithm: WrapAlgorithm,
) -> Result<Output<Vec<u8>>, HsmError> {
    let mechanism = capabilities.wrap(algorithm).ok_or(UNSUPPORTED)?.mechanism();
    let data = data.expose();
    limits::check_data(data)?;
    let material = store.usable(wrapping, |usage| usage.wrap)?;
    let aes = Aes::new(secret_bytes(&material, SecretKeyKind::Aes)?)?;
    let whole = data.len() >= 16 && data.len().is_multiple_of(8);
    let value = match algorithm {
        WrapAlgorithm::AesKeyWrap if whole => wrap(&aes, ICV, data),
        WrapAlgorithm::AesKeyWrapPad if !data.is_empty() => wrap_padded(&aes, data),
        WrapAlgorithm::AesKeyWrap | WrapAlgorithm::AesKeyWrapPad => return Err(bad_length("wrap")),
    };
    Ok(Output { value, mechanism })
}

fn padded_icv(bytes: usize) -> u64 {
    ALTERNATIVE_ICV << 32 | u64::try_from(bytes).unwrap_or_default()
}

fn join(high: u64, low: u64) -> [u8; 16] {
    (u128::from(high) << 64 | u128::from(low)).to_be_bytes()
}

fn split(block: [u8; 16]) -> (u64, u64) {
    let number = u128::from_be_bytes(block);
    let half = |number: u128| u64::try_from(number & u128::from(u64::MAX)).unwrap_or_default();
    (half(number >> 64), half(number))
}

/// Half-blocks of `data`, the last filled with zeros.
fn halves(data: &[u8]) -> Vec<u64> {
    let half = |chunk: &[u8]| {
        let mut bytes = [0; 8];
        bytes.iter_mut().zip(chunk).for_each(|(to, from)| *to = *from);
        u64::from_be_bytes(bytes)
    };
    data.chunks(8).map(half).collect()
}

/// Spec: RFC 3394 §2.2.1.
fn wrap(aes: &Aes, icv: u64, data: &[u8]) -> Vec<u8> {
    let (mut check, mut registers, mut count) = (icv, halves(data), 0);
    for _ in 0..6 {
        for register in &mut registers {
            count += 1;
            let (high, low) = split(aes.encrypt(join(check, *register)));
            (check, *register) = (high ^ count, low);
        }
    }
    [check].iter().chain(&registers).flat_map(|half| half.to_be_bytes()).collect()
}

/// Spec: RFC 5649 §4.1.
fn wrap_padded(aes: &Aes, data: &[u8]) -> Vec<u8> {
    let icv = padded_icv(data.len());
    match halves(data).as_slice() {
        [only] => aes.encrypt(join(icv, *only)).to_vec(),
        _ => wrap(aes, icv, data),
    }
}

/// Check value and data. Spec: RFC 3394 §2.2.2.
fn open(aes: &Aes, blob: &[u8]) -> (u64, Vec<u8>) {
    let mut registers = halves(blob);
    let mut check = registers.remove(0);
    if let [only] = registers.as_slice() {
        let (check, data) = split(aes.decrypt(join(check, *only)));
        return (check, data.to_be_bytes().to_vec());
    }
    let mut count = 6 * u64::try_from(registers.len()).unwrap_or_default();
    for _ in 0..6 {
        for register in registers.iter_mut().rev() {
            (check, *register) = split(aes.decrypt(join(check ^ count, *register)));
            count -= 1;
        }
    }
    (check, registers.iter().flat_map(|half| half.to_be_bytes()).collect())
}

/// The value in `blob`, whose length it tells itself (RFC 5649) or is whole (RFC 3394).
pub(super) fn unwrap_data(
    store: &Store,
    capabilities: &Capabilities,
    wrapping: &KeyRef,
    blob: &[u8],
    algorithm: WrapAlgorithm,
) -> Result<Output<SecretValue>, HsmError> {
    let mechanism = capabilities.wrap(algorithm).ok_or(UNSUPPORTED)?.mechanism();
    let value = open_under(store, wrapping, blob, algorithm).map(SecretValue::new)?;
    Ok(Output { value, mechanism })
}

/// The value in `blob`, whatever this token says of its capabilities.
pub(super) fn open_under(
    store: &Store,
    wrapping: &KeyRef,
    blob: &[u8],
    algorithm: WrapAlgorithm,
) -> Result<Vec<u8>, HsmError> {
    let material = store.usable(wrapping, |usage| usage.unwrap)?;
    let aes = Aes::new(secret_bytes(&material, SecretKeyKind::Aes)?)?;
    let (check, mut data) = open(&aes, blob);
    let bytes = match algorithm {
        WrapAlgorithm::AesKeyWrap => data.len(),
        WrapAlgorithm::AesKeyWrapPad => {
            usize::try_from(check & u64::from(u32::MAX)).unwrap_or(usize::MAX)
        }
    };
    let expected = match algorithm {
        WrapAlgorithm::AesKeyWrap => ICV,
        WrapAlgorithm::AesKeyWrapPad => padded_icv(bytes),
    };
    let zeros =
        data.get(bytes..).is_some_and(|rest| rest.len() < 8 && rest.iter().all(|byte| *byte == 0));
    if check != expected || !zeros {
        return Err(bad_data("unwrap"));
    }
    data.truncate(bytes);
    Ok(data)
}

pub(super) fn unwrap(
    store: &Store,
    capabilities: &Capabilities,
    wrapping: &KeyRef,
    blob: &[u8],
    algorithm: WrapAlgorithm,
    spec: SecretKeySpec,
) -> Result<Output<SecretValue>, HsmError> {
    let bytes = limits::spec_bytes(spec)?;
    limits::check_wrapped(blob, bytes)?;
    if algorithm == WrapAlgorithm::AesKeyWrap && (bytes < 16 || !bytes.is_multiple_of(8)) {
        return Err(bad_length("wrap"));
    }
    let found = unwrap_data(store, capabilities, wrapping, blob, algorithm)?;
    if found.value.expose().len() == bytes { Ok(found) } else { Err(bad_data("unwrap")) }
}
