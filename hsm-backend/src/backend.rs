//! The one trait every token stands behind.

mod agreement;
mod custody;

use std::sync::Arc;
use std::time::Instant;

pub use agreement::{Agreement, KeyAgreement};
pub use custody::{ArrivingKey, WrappedCustody};

use crate::capability::{Capabilities, Mechanism};
use crate::error::HsmError;
use crate::job::{
    CipherAlgorithm, CipherParams, HashAlgorithm, KeyMaterial, KeyPairSpec, KeyPolicy,
    MacAlgorithm, PublicKey, SecretKeySpec, SecretValue, SignAlgorithm, SignInput, StreamEnd,
    StreamId, StreamWish, WrapAlgorithm,
};

/// CKA_ID of a token object: 16 random bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(pub [u8; 16]);

/// Which key a call is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum KeyRef {
    /// A persistent token object.
    Token(KeyId),
    /// A key wrapped by a token-resident KEK; unwrapped into the token for use.
    Wrapped {
        /// Name under which the live session object is cached.
        id: KeyId,
        /// The wrapping key.
        kek: KeyId,
        /// Key check value: proves that the right key was unwrapped.
        kcv: Vec<u8>,
        /// [`WrappedKey::blob`].
        blob: Vec<u8>,
    },
}

/// Circumstances of one call.
#[derive(Clone, Debug)]
pub struct CallContext {
    /// When the caller stops waiting.
    pub deadline: Instant,
    /// Scope on whose behalf the call is made, for fairness and audit.
    pub scope: String,
    /// Request number, for the log.
    pub request_id: u64,
}

/// Whether a token can be used now.
#[derive(Clone, Debug)]
pub enum TokenState {
    /// Logged in and probed.
    Ready(Arc<Capabilities>),
    /// Present, but nobody has logged in.
    Sealed,
    /// Absent, broken, or its PIN was refused.
    Unavailable,
}

/// What a token says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct TokenInfo {
    pub label: String,
    pub serial: String,
    pub manufacturer: String,
    pub model: String,
    pub firmware: String,
    /// Most sessions at once; absent where it does not tell, or knows no limit.
    pub max_sessions: Option<u64>,
}

/// A value, with the mechanism that made it (for the audit record).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output<T> {
    /// What was asked for.
    pub value: T,
    /// The mechanism used.
    pub mechanism: Mechanism,
}

/// Ciphertext, with the authentication tag apart where the mode makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encrypted {
    /// The ciphertext without the tag.
    pub data: Vec<u8>,
    /// The tag; empty where the mode makes none.
    pub tag: Vec<u8>,
}

/// What is known of a key made in the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generated {
    /// CKA_CHECK_VALUE, or empty where the token gives none.
    pub kcv: Vec<u8>,
}

/// A key that lives in this blob only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrappedKey {
    /// The wrapped value, with what its use needs to know. Opaque.
    pub blob: Vec<u8>,
    /// CKA_CHECK_VALUE, or empty where the token gives none.
    pub kcv: Vec<u8>,
}

/// A pair whose private half lives in a blob only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrappedPair {
    /// The private half.
    pub private: WrappedKey,
    /// The public half.
    pub public: PublicKey,
}

/// What is known of a key pair made in the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GeneratedPair {
    /// The public half, read back from the token; the token need not keep it.
    pub public: PublicKey,
}

/// A token, as the server sees it.
///
/// Every method but `state` and `info` may block on the token; none is called from async code.
/// Lengths are checked before the token is called. There are no default methods: a new verb must
/// be answered by every backend.
///
/// # Errors
///
/// Each verb fails with [`HsmError`]; `KeyNotFound` where no object carries the key's id,
/// `Unsupported` where the capability table has no plan for the wish, `BadLength`,
/// `BadParameter` or `BadData` for the caller's faults, a retryable kind for the token's.
#[allow(clippy::missing_errors_doc)]
pub trait HsmBackend: WrappedCustody + KeyAgreement + Send + Sync {
    /// Whether the token can be used now, and for what.
    fn state(&self) -> TokenState;

    /// The token's own description, if it is there.
    fn info(&self) -> Option<TokenInfo>;

    /// Makes a secret key whose CKA_ID is `id`.
    fn generate_key(
        &self,
        call: &CallContext,
        id: KeyId,
        spec: SecretKeySpec,
        policy: &KeyPolicy,
    ) -> Result<Output<Generated>, HsmError>;

    /// Makes a key pair; the private half's CKA_ID is `id`, the public half is returned.
    fn generate_key_pair(
        &self,
        call: &CallContext,
        id: KeyId,
        spec: &KeyPairSpec,
        policy: &KeyPolicy,
    ) -> Result<Output<GeneratedPair>, HsmError>;

    /// Puts a key given in plaintext into the token under `id`.
    ///
    /// The parts are checked for consistency first; `BadKey` where they are not. A generic secret
    /// for MACs that is shorter than the token's HMACs take is padded with zeros up to 64 bytes,
    /// which leaves every HMAC the same; exports and wraps then yield the padded value, and the
    /// caller keeps the true length.
    fn import_key(
        &self,
        call: &CallContext,
        id: KeyId,
        material: &KeyMaterial,
        policy: &KeyPolicy,
    ) -> Result<Generated, HsmError>;

    /// Reads a key's value; `NotExtractable` where it is sensitive or not extractable.
    fn export_key(&self, call: &CallContext, key: &KeyRef) -> Result<KeyMaterial, HsmError>;

    /// Makes a key sensitive and/or not extractable. There is no way back.
    fn restrict_key(
        &self,
        call: &CallContext,
        key: &KeyRef,
        sensitive: bool,
        not_extractable: bool,
    ) -> Result<(), HsmError>;

    /// Whether an object with this id is in the token now; asks the token, not a cache.
    fn key_exists(&self, call: &CallContext, id: KeyId) -> Result<bool, HsmError>;

    /// Encrypts with a secret key.
    fn encrypt(
        &self,
        call: &CallContext,
        key: &KeyRef,
        algorithm: CipherAlgorithm,
        params: &CipherParams,
        data: &[u8],
    ) -> Result<Output<Encrypted>, HsmError>;

    /// Decrypts with a secret or private key; `tag` is empty where the mode makes none.
    fn decrypt(
        &self,
        call: &CallContext,
        key: &KeyRef,
        algorithm: CipherAlgorithm,
        params: &CipherParams,
        data: &[u8],
        tag: &[u8],
    ) -> Result<Output<SecretValue>, HsmError>;

    /// Signs with a private key; `salt_bytes` is for PSS (absent: the hash's length).
    fn sign(
        &self,
        call: &CallContext,
        key: &KeyRef,
        algorithm: SignAlgorithm,
        salt_bytes: Option<usize>,
        input: SignInput<'_>,
    ) -> Result<Output<Vec<u8>>, HsmError>;

    /// Computes a full-length MAC with a secret key.
    fn mac(
        &self,
        call: &CallContext,
        key: &KeyRef,
        algorithm: MacAlgorithm,
        data: &[u8],
    ) -> Result<Output<Vec<u8>>, HsmError>;

    /// Begins an operation whose data come in parts.
    ///
    /// `Busy` where too many streams are open; `Unsupported` and `BadParameter` as the operation in
    /// one part answers. The stream belongs to the call's scope.
    fn stream_open(
        &self,
        call: &CallContext,
        key: &KeyRef,
        wish: &StreamWish,
    ) -> Result<StreamId, HsmError>;

    /// Takes the next part and returns what can be given out by now; a failure ends the stream.
    ///
    /// Nothing of a decryption is given out before its tag is verified. `StreamNotFound` for a
    /// stream that is unknown, another scope's, or was idle too long; `Busy` while another part of
    /// it is at work.
    fn stream_update(
        &self,
        call: &CallContext,
        stream: StreamId,
        part: &[u8],
    ) -> Result<SecretValue, HsmError>;

    /// Takes the last part, and the tag of a decryption that has one, and ends the stream.
    fn stream_finish(
        &self,
        call: &CallContext,
        stream: StreamId,
        last: &[u8],
        tag: &[u8],
    ) -> Result<Output<StreamEnd>, HsmError>;

    /// Ends a stream without an outcome.
    fn stream_abort(&self, call: &CallContext, stream: StreamId) -> Result<(), HsmError>;

    /// Hashes a secret key's value inside the token (C_DigestKey).
    fn digest_key(
        &self,
        call: &CallContext,
        key: &KeyRef,
        hash: HashAlgorithm,
    ) -> Result<Vec<u8>, HsmError>;

    /// Wraps `target` under `wrapping` inside the token.
    ///
    /// `BadLength` where the token would get the length wrong or does not tell it.
    fn wrap_key(
        &self,
        call: &CallContext,
        wrapping: &KeyRef,
        target: &KeyRef,
        algorithm: WrapAlgorithm,
    ) -> Result<Output<Vec<u8>>, HsmError>;

    /// Wraps `data` under `wrapping`, by way of a short-lived generic-secret session object.
    ///
    /// For bytes that no token knows as a key (the TTLV encoding of a Key Value).
    fn wrap_data(
        &self,
        call: &CallContext,
        wrapping: &KeyRef,
        data: &SecretValue,
        algorithm: WrapAlgorithm,
    ) -> Result<Output<Vec<u8>>, HsmError>;

    /// Unwraps `blob` inside the token into a persistent object with `id`.
    #[allow(clippy::too_many_arguments)] // Each is a thing of its own; C_UnwrapKey takes as many.
    fn unwrap_key(
        &self,
        call: &CallContext,
        wrapping: &KeyRef,
        blob: &[u8],
        algorithm: WrapAlgorithm,
        id: KeyId,
        spec: SecretKeySpec,
        policy: &KeyPolicy,
    ) -> Result<Output<Generated>, HsmError>;

    /// Random bytes from the token, at most 1 MiB.
    fn random(&self, call: &CallContext, bytes: usize) -> Result<SecretValue, HsmError>;

    /// Mixes `seed` into the token's generator; returns how many bytes were taken (0: none).
    fn seed(&self, call: &CallContext, seed: &[u8]) -> Result<usize, HsmError>;

    /// Destroys every object with the key's id. An absent key is `KeyNotFound`.
    fn destroy_key(&self, call: &CallContext, key: &KeyRef) -> Result<(), HsmError>;

    /// Logs out and closes the library; later calls are `Unavailable`.
    fn close(&self);
}
