//! The verbs of key agreement.

use super::{CallContext, Generated, KeyId, KeyRef, Output, WrappedKey};
use crate::error::HsmError;
use crate::job::{KeyPolicy, PublicKey, SecretKeySpec, SecretValue};

/// A secret key to be agreed on: all of the shared secret, as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// The private key, on a named curve.
    pub private: KeyRef,
    /// The other party's public key, on the same curve.
    pub peer: PublicKey,
    /// What the secret becomes: AES or generic, exactly as long as a coordinate. C_DeriveKey cuts a
    /// secret at its front, where every other derivation cuts at the end.
    pub spec: SecretKeySpec,
}

/// What a token does with a private key and somebody else's public key.
///
/// The shared secret is the x-coordinate, without a derivation function (CKD_NULL).
///
/// Spec: PKCS#11 2.40 §2.3.8, CKM_ECDH1_DERIVE.
///
/// # Errors
///
/// As [`super::HsmBackend`]; `BadKey` for a point that is not on its curve, `NotPermitted` for a
/// private key of another kind or curve, or one that may not derive.
#[allow(clippy::missing_errors_doc)]
pub trait KeyAgreement {
    /// Agrees on a key that becomes a token object with `id`, and never leaves the token.
    fn derive_key(
        &self,
        call: &CallContext,
        id: KeyId,
        agreement: &Agreement,
        policy: &KeyPolicy,
    ) -> Result<Output<Generated>, HsmError>;

    /// Agrees on a key that lives on in the returned blob only, and leaves the token in no other way.
    fn derive_wrapped(
        &self,
        call: &CallContext,
        kek: KeyId,
        agreement: &Agreement,
        policy: &KeyPolicy,
    ) -> Result<Output<WrappedKey>, HsmError>;

    /// The shared secret itself, as long as a coordinate.
    fn agree(
        &self,
        call: &CallContext,
        private: &KeyRef,
        peer: &PublicKey,
    ) -> Result<Output<SecretValue>, HsmError>;
}
