//! A token behind a PKCS#11 library.

mod aead;
mod agreement;
mod answers;
mod block;
mod cipher;
mod custodian;
mod custody;
mod gate;
mod generate;
mod import;
mod keys;
mod link;
mod mac;
mod manage;
mod mechanism;
mod module;
mod moving;
mod number;
mod private;
mod probe;
mod random;
mod rv;
mod session;
mod sign;
mod template;
mod token;
mod watch;
mod wrap;
mod xts;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

pub use keys::CacheUse;
pub use module::provision_token;

use crate::backend::{
    CallContext, Encrypted, Generated, GeneratedPair, HsmBackend, KeyId, KeyRef, Output, TokenInfo,
    TokenState,
};
use crate::error::HsmError;
use crate::job::{
    CipherAlgorithm, CipherParams, HashAlgorithm, KeyMaterial, KeyPairSpec, KeyPolicy,
    MacAlgorithm, SecretKeySpec, SecretValue, SignAlgorithm, SignInput, StreamEnd, StreamId,
    StreamWish, WrapAlgorithm,
};
use crate::observer::{Observer, Verb};
use crate::streams::StreamLimits;
use link::Link;
use token::Token;

/// Which token, and how to use it.
#[derive(Clone, Debug)]
pub struct Pkcs11Config {
    /// Path of the PKCS#11 library.
    pub module: PathBuf,
    /// CKA label of the token; with no serial either, the library must show one token only.
    pub label: Option<String>,
    /// Serial number of the token.
    pub serial: Option<String>,
    /// A key that the token must have: one without it is another token, whatever its label. Absent
    /// where none was made yet.
    pub expected_key: Option<KeyId>,
    /// The user PIN. A wrong one is tried once per process.
    pub pin: SecretValue,
    /// Most sessions in use at once; the token's own limit less 2 applies too.
    pub max_sessions: usize,
    /// Most keys whose handles are remembered; on SoftHSM some 10 kB each.
    pub max_cached_keys: usize,
    /// Most wrapped keys that are live in the token at once.
    pub max_unwrapped_keys: usize,
    /// How many streams there may be, and how long one may lie idle.
    pub streams: StreamLimits,
    /// How often an absent token is tried, and an open one asked for its health.
    pub retry_period: Duration,
    /// How long calls may still run when the token is closed or opened anew.
    pub drain_timeout: Duration,
    /// Learns what becomes of the calls.
    pub observer: Option<Arc<dyn Observer>>,
}

impl Pkcs11Config {
    /// The defaults: 16 sessions, 10,000 keys, 3 s between tries, 10 s to drain.
    #[must_use]
    pub fn new(module: impl Into<PathBuf>, pin: SecretValue) -> Self {
        Self {
            module: module.into(),
            label: None,
            serial: None,
            expected_key: None,
            pin,
            max_sessions: 16,
            max_cached_keys: 10_000,
            max_unwrapped_keys: 10_000,
            streams: StreamLimits::default(),
            retry_period: Duration::from_secs(3),
            drain_timeout: Duration::from_secs(10),
            observer: None,
        }
    }
}

/// A token behind a PKCS#11 library.
///
/// One per library and process: login and objects belong to the process, not to the session.
pub struct Pkcs11Backend {
    link: Arc<Link>,
    keeper: Mutex<Option<JoinHandle<()>>>,
}

impl Pkcs11Backend {
    /// Starts to open the token and returns at once; see [`Self::wait_ready`].
    ///
    /// Never fails for want of a token: the state is then `Unavailable`, [`Self::status_text`]
    /// says why, and the token is tried again every `retry_period`.
    #[must_use]
    pub fn new(config: Pkcs11Config) -> Arc<Self> {
        let link = Arc::new(Link::new(config));
        let kept = Arc::clone(&link);
        let builder = std::thread::Builder::new().name("hsm-link".to_owned());
        let keeper = builder.spawn(move || link::keep(&kept));
        if let Err(error) = &keeper {
            tracing::error!(%error, "cannot start the token's thread");
        }
        Arc::new(Self { link, keeper: Mutex::new(keeper.ok()) })
    }

    /// Waits until the token is open, or until `deadline`; returns the state then.
    pub fn wait_ready(&self, deadline: Instant) -> TokenState {
        self.link.wait_until_up(deadline);
        self.state()
    }

    /// Waits until the first attempt to open the token is over, or until `deadline`; returns the
    /// state then.
    pub fn wait_first_attempt(&self, deadline: Instant) -> TokenState {
        self.link.wait_for_attempt(deadline);
        self.state()
    }

    /// Why the token is in its state, for the operator.
    #[must_use]
    pub fn status_text(&self) -> String {
        self.link.status()
    }

    /// How often a wrapped key was live in the token when it was wanted, since the token was
    /// opened; nothing while it is not open.
    #[must_use]
    pub fn unwrapped_uses(&self) -> CacheUse {
        self.token().map(|token| token.unwrapped.uses()).unwrap_or_default()
    }

    fn token(&self) -> Result<Arc<Token>, HsmError> {
        self.link.token()
    }
}

impl core::fmt::Debug for Pkcs11Backend {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Pkcs11Backend").field("status", &self.link.status()).finish()
    }
}

impl Drop for Pkcs11Backend {
    fn drop(&mut self) {
        self.close();
    }
}

impl HsmBackend for Pkcs11Backend {
    fn state(&self) -> TokenState {
        match self.token() {
            Ok(token) => TokenState::Ready(Arc::clone(&token.capabilities)),
            Err(_) => TokenState::Unavailable,
        }
    }

    fn info(&self) -> Option<TokenInfo> {
        self.token().ok().map(|token| token.info.clone())
    }

    fn generate_key(
        &self,
        call: &CallContext,
        id: KeyId,
        spec: SecretKeySpec,
        policy: &KeyPolicy,
    ) -> Result<Output<Generated>, HsmError> {
        generate::generate_key(&*self.at(Verb::GenerateKey)?, call, id, spec, policy)
    }

    fn generate_key_pair(
        &self,
        call: &CallContext,
        id: KeyId,
        spec: &KeyPairSpec,
        policy: &KeyPolicy,
    ) -> Result<Output<GeneratedPair>, HsmError> {
        generate::generate_key_pair(&*self.at(Verb::GenerateKeyPair)?, call, id, spec, policy)
    }

    fn import_key(
        &self,
        call: &CallContext,
        id: KeyId,
        material: &KeyMaterial,
        policy: &KeyPolicy,
    ) -> Result<Generated, HsmError> {
        import::import_key(&*self.at(Verb::ImportKey)?, call, id, material, policy)
    }

    fn export_key(&self, call: &CallContext, key: &KeyRef) -> Result<KeyMaterial, HsmError> {
        manage::export_key(&*self.at(Verb::ExportKey)?, call, key)
    }

    fn restrict_key(
        &self,
        call: &CallContext,
        key: &KeyRef,
        sensitive: bool,
        not_extractable: bool,
    ) -> Result<(), HsmError> {
        manage::restrict_key(&*self.at(Verb::RestrictKey)?, call, key, sensitive, not_extractable)
    }

    fn key_exists(&self, call: &CallContext, id: KeyId) -> Result<bool, HsmError> {
        manage::key_exists(&*self.at(Verb::KeyExists)?, call, id)
    }

    fn encrypt(
        &self,
        call: &CallContext,
        key: &KeyRef,
        algorithm: CipherAlgorithm,
        params: &CipherParams,
        data: &[u8],
    ) -> Result<Output<Encrypted>, HsmError> {
        cipher::encrypt(&*self.at(Verb::Encrypt)?, call, key, algorithm, params, data)
    }

    fn decrypt(
        &self,
        call: &CallContext,
        key: &KeyRef,
        algorithm: CipherAlgorithm,
        params: &CipherParams,
        data: &[u8],
        tag: &[u8],
    ) -> Result<Output<SecretValue>, HsmError> {
        cipher::decrypt(
            &*self.at(Verb::Decrypt)?,
            call,
            key,
            cipher::Sealed { algorithm, params, data, tag },
        )
    }

    fn sign(
        &self,
        call: &CallContext,
        key: &KeyRef,
        algorithm: SignAlgorithm,
        salt_bytes: Option<usize>,
        input: SignInput<'_>,
    ) -> Result<Output<Vec<u8>>, HsmError> {
        sign::sign(&*self.at(Verb::Sign)?, call, key, algorithm, salt_bytes, input)
    }

    fn mac(
        &self,
        call: &CallContext,
        key: &KeyRef,
        algorithm: MacAlgorithm,
        data: &[u8],
    ) -> Result<Output<Vec<u8>>, HsmError> {
        mac::mac(&*self.at(Verb::Mac)?, call, key, algorithm, data)
    }

    fn stream_open(
        &self,
        call: &CallContext,
        key: &KeyRef,
        wish: &StreamWish,
    ) -> Result<StreamId, HsmError> {
        let token = self.token()?;
        self.link.streams.open(&token.capabilities, call, key, wish)
    }

    fn stream_update(
        &self,
        call: &CallContext,
        stream: StreamId,
        part: &[u8],
    ) -> Result<SecretValue, HsmError> {
        self.link.streams.update(self, call, stream, part)
    }

    fn stream_finish(
        &self,
        call: &CallContext,
        stream: StreamId,
        last: &[u8],
        tag: &[u8],
    ) -> Result<Output<StreamEnd>, HsmError> {
        self.link.streams.finish(self, call, stream, last, tag)
    }

    fn stream_abort(&self, call: &CallContext, stream: StreamId) -> Result<(), HsmError> {
        self.link.streams.abort(call, stream)
    }

    fn digest_key(
        &self,
        call: &CallContext,
        key: &KeyRef,
        hash: HashAlgorithm,
    ) -> Result<Vec<u8>, HsmError> {
        mac::digest_key(&*self.at(Verb::DigestKey)?, call, key, hash)
    }

    fn wrap_key(
        &self,
        call: &CallContext,
        wrapping: &KeyRef,
        target: &KeyRef,
        algorithm: WrapAlgorithm,
    ) -> Result<Output<Vec<u8>>, HsmError> {
        wrap::wrap_key(&*self.at(Verb::WrapKey)?, call, wrapping, target, algorithm)
    }

    fn wrap_data(
        &self,
        call: &CallContext,
        wrapping: &KeyRef,
        data: &SecretValue,
        algorithm: WrapAlgorithm,
    ) -> Result<Output<Vec<u8>>, HsmError> {
        wrap::wrap_data(&*self.at(Verb::WrapData)?, call, wrapping, data, algorithm)
    }

    fn unwrap_key(
        &self,
        call: &CallContext,
        wrapping: &KeyRef,
        blob: &[u8],
        algorithm: WrapAlgorithm,
        id: KeyId,
        spec: SecretKeySpec,
        policy: &KeyPolicy,
    ) -> Result<Output<Generated>, HsmError> {
        let contents = crate::custody::Contents::Secret(spec);
        let arrival = wrap::Arrival { blob, algorithm, id, contents, policy };
        wrap::unwrap_key(&*self.at(Verb::UnwrapKey)?, call, wrapping, &arrival)
    }

    fn random(&self, call: &CallContext, bytes: usize) -> Result<SecretValue, HsmError> {
        random::random(&*self.at(Verb::Random)?, call, bytes)
    }

    fn seed(&self, call: &CallContext, seed: &[u8]) -> Result<usize, HsmError> {
        random::seed(&*self.at(Verb::Seed)?, call, seed)
    }

    fn destroy_key(&self, call: &CallContext, key: &KeyRef) -> Result<(), HsmError> {
        manage::destroy_key(&*self.at(Verb::DestroyKey)?, call, key)
    }

    fn close(&self) {
        self.link.streams.clear();
        self.link.stop();
        let keeper = lock(&self.keeper).take();
        if keeper.is_some_and(|keeper| keeper.join().is_err()) {
            tracing::error!("the token's thread panicked");
        }
    }
}

/// Locks, whatever happened to the last holder: every state here is whole between statements.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
