//! The verbs of wrapped custody.

use super::{CallContext, Generated, KeyId, KeyRef, Output, WrappedKey, WrappedPair};
use crate::error::HsmError;
use crate::job::{KeyMaterial, KeyPairSpec, KeyPolicy, SecretKeySpec, WrapAlgorithm};

/// A secret key that comes wrapped by a key of the token's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArrivingKey {
    /// What it is wrapped by.
    pub wrapping: KeyRef,
    /// The wrapped value.
    pub blob: Vec<u8>,
    /// How it is wrapped.
    pub algorithm: WrapAlgorithm,
    /// What it is.
    pub spec: SecretKeySpec,
}

/// What a token does for keys that live in blobs, wrapped by a key that never leaves it.
///
/// # Errors
///
/// As [`super::HsmBackend`].
#[allow(clippy::missing_errors_doc)]
pub trait WrappedCustody {
    /// Makes a wrapping key: AES-256, in the token for good, for wrapping and unwrapping only.
    fn make_kek(&self, call: &CallContext, id: KeyId) -> Result<(), HsmError>;

    /// Makes a secret key in the token that lives on in the returned blob only.
    ///
    /// `Unsupported` for lengths the token would not give back exactly; they need token custody.
    fn generate_wrapped(
        &self,
        call: &CallContext,
        kek: KeyId,
        spec: SecretKeySpec,
        policy: &KeyPolicy,
    ) -> Result<Output<WrappedKey>, HsmError>;

    /// Makes a key pair in the token whose private half lives on in the returned blob only.
    ///
    /// `Unsupported` where the token does not give such a key back: each blob is tried.
    fn generate_pair_wrapped(
        &self,
        call: &CallContext,
        kek: KeyId,
        spec: &KeyPairSpec,
        policy: &KeyPolicy,
    ) -> Result<Output<WrappedPair>, HsmError>;

    /// Wraps a secret or private key given in plaintext, after the checks and paddings of
    /// [`HsmBackend::import_key`](super::HsmBackend::import_key); `Unsupported` for what would not come
    /// back as it is.
    fn import_wrapped(
        &self,
        call: &CallContext,
        kek: KeyId,
        material: &KeyMaterial,
        policy: &KeyPolicy,
    ) -> Result<Output<WrappedKey>, HsmError>;

    /// Wraps anew a key that comes wrapped; its value stays in the token.
    ///
    /// `BadData` for what its wrapping key did not wrap.
    fn rewrap_arriving(
        &self,
        call: &CallContext,
        kek: KeyId,
        arriving: &ArrivingKey,
        policy: &KeyPolicy,
    ) -> Result<Output<WrappedKey>, HsmError>;

    /// Wraps a wrapped key under another wrapping key; its value stays in the token.
    fn rewrap(
        &self,
        call: &CallContext,
        key: &KeyRef,
        new_kek: KeyId,
    ) -> Result<Output<WrappedKey>, HsmError>;

    /// Wraps a token object's value for wrapped custody; the object stays.
    ///
    /// `spec` is believed where the token does not tell the length. `NotExtractable` where the
    /// object never lets its value out, `Unsupported` for lengths that would not come back exactly.
    fn move_to_blob(
        &self,
        call: &CallContext,
        key: &KeyRef,
        kek: KeyId,
        spec: SecretKeySpec,
        policy: &KeyPolicy,
    ) -> Result<Output<WrappedKey>, HsmError>;

    /// Unwraps a wrapped key into a token object with `id`; the blob stays good.
    ///
    /// The object is as the key was made to be: usage, Sensitive and Extractable are the blob's.
    fn move_to_token(
        &self,
        call: &CallContext,
        key: &KeyRef,
        id: KeyId,
        label: &str,
    ) -> Result<Output<Generated>, HsmError>;
}
