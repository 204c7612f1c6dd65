//! Signs the log: a key in the token signs its last record every so often, and at the end.
//!
//! Whoever changes an earlier record would have to sign anew. The store keeps what was signed last, so
//! that a log cut off at its end is found out, too.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use hsm_backend::{
    CallContext, Curve, HsmBackend, HsmError, HsmErrorKind, KeyId, KeyPairSpec, KeyPolicy, KeyRef,
    KeyUsage, PublicKey, SignInput,
};
use sha2::{Digest, Sha256};

use super::record::{Facts, Kind, Place};
use super::spool::Spool;
use crate::bridge::key_format;
use crate::ca::default_algorithm;
use crate::keyring::{Keyring, KeyringError};
use crate::services::Services;
use crate::store::StoreError;

/// The setting that holds the last signed record, as JSON.
pub const HEAD_SETTING: &str = "audit_head";
/// The setting that names the key.
const KEY: &str = "audit_key";
/// The first part of the setting that holds its public half; the second is the key's CKA_ID.
const PUBLIC_KEY: &str = "audit_public_key_";

/// How soon an absent token is asked again.
const RETRY: Duration = Duration::from_secs(5);
/// How long the token may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Why there is no head.
#[derive(Debug, thiserror::Error)]
enum HeadError {
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    #[error("the public key cannot be read")]
    PublicKey,
}

impl From<HsmError> for HeadError {
    fn from(error: HsmError) -> Self {
        Self::Keyring(error.into())
    }
}

impl From<StoreError> for HeadError {
    fn from(error: StoreError) -> Self {
        Self::Keyring(error.into())
    }
}

/// The thread that makes the heads.
pub struct Signer {
    heads: Arc<Heads>,
    thread: JoinHandle<()>,
}

struct Heads {
    spool: Arc<Spool>,
    keyring: Arc<Keyring>,
    hsm: Arc<dyn HsmBackend>,
    every: Duration,
    key: std::sync::Mutex<Option<SigningKey>>,
}

#[derive(Clone)]
struct SigningKey {
    id: KeyId,
    public: PublicKey,
    /// Its SubjectPublicKeyInfo in hexadecimal, and the SHA-256 of that.
    spki: String,
    name: String,
}

/// What a head's signature is over.
#[must_use]
pub fn head_message(node: &str, place: &Place) -> Vec<u8> {
    format!("claviger audit head\n{node}\n{}\n{}\n", place.sequence, place.hash).into_bytes()
}

impl Signer {
    /// Starts signing the log of `services`, at least once in `every`; `None` where there is no log.
    ///
    /// # Errors
    ///
    /// Where the system gives no thread.
    pub fn start(services: &Services, every: Duration) -> std::io::Result<Option<Self>> {
        let Some(spool) = services.audit.spool() else { return Ok(None) };
        let heads = Arc::new(Heads {
            spool: Arc::clone(spool),
            keyring: Arc::clone(&services.keyring),
            hsm: Arc::clone(&services.hsm),
            every,
            key: std::sync::Mutex::default(),
        });
        let own = Arc::clone(&heads);
        let thread =
            std::thread::Builder::new().name("audit-heads".to_owned()).spawn(move || own.run())?;
        Ok(Some(Self { heads, thread }))
    }

    /// Records the stop, and signs that.
    pub fn stop(self) {
        self.heads.spool.end_heads();
        if self.thread.join().is_err() {
            tracing::error!("the thread that signs the audit log died");
        }
        self.heads.spool.append_always(Kind::Stop, "");
        if let Err(error) = self.heads.sign(self.heads.spool.last()) {
            tracing::warn!(%error, "the end of the audit log is not signed");
        }
    }
}

impl Heads {
    fn run(&self) {
        let mut longest = Duration::ZERO;
        let mut failed = false;
        while let Some(due) = self.spool.wait_for_head(longest) {
            longest = self.every;
            let Some(place) = due else { continue };
            match self.sign(place) {
                Ok(()) => {
                    if std::mem::take(&mut failed) {
                        tracing::info!("the audit log is signed again");
                    }
                }
                Err(error) => {
                    if !std::mem::replace(&mut failed, true) {
                        tracing::warn!(%error, "the audit log cannot be signed for now");
                    }
                    if !self.spool.wait_for_end(RETRY) {
                        return;
                    }
                    longest = Duration::ZERO;
                }
            }
        }
    }

    fn sign(&self, place: Place) -> Result<(), HeadError> {
        let call =
            CallContext { deadline: Instant::now() + TIMEOUT, scope: String::new(), request_id: 0 };
        let key = self.key(&call)?;
        let message = head_message(&self.spool.node(), &place);
        let algorithm = default_algorithm(&key.public);
        let input = SignInput::Message(&message);
        let signed = self.hsm.sign(&call, &KeyRef::Token(key.id), algorithm, None, input)?;
        let facts = Facts {
            signed: Some(place.clone()),
            key: Some(key.name),
            public_key: Some(key.spki),
            signature: Some(hex::encode(signed.value)),
            ..Facts::default()
        };
        let head = self.spool.append_always(Kind::Head, &facts.encoded());
        self.spool.signed(place.sequence);
        // The database must not know of more than the log holds, whatever ends the machine.
        if self.spool.wait(head).is_err() {
            return Ok(());
        }
        let stored = serde_json::to_vec(&place).unwrap_or_default();
        Ok(self.keyring.set_setting(HEAD_SETTING, &stored)?)
    }

    /// The key, which is made on first use and told in the log once in each run.
    fn key(&self, call: &CallContext) -> Result<SigningKey, HeadError> {
        let mut known = self.key.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(key) = &*known {
            return Ok(key.clone());
        }
        let id = match self.keyring.named(KEY)? {
            Some(id) => id,
            None => self.keyring.make(call, KEY, |id| self.make(call, id))?,
        };
        let stored = self.keyring.setting(&public_key_of(id))?.ok_or(HeadError::PublicKey)?;
        let public = key_format::public_from_spki(&stored).map_err(|_| HeadError::PublicKey)?;
        let (spki, name) = (hex::encode(&stored), hex::encode(Sha256::digest(&stored)));
        let facts =
            Facts { key: Some(name.clone()), public_key: Some(spki.clone()), ..Facts::default() };
        self.spool.append_always(Kind::Key, &facts.encoded());
        let key = SigningKey { id, public, spki, name };
        *known = Some(key.clone());
        Ok(key)
    }

    /// Makes the key: on P-256, or RSA where the token has no such curve.
    fn make(&self, call: &CallContext, id: KeyId) -> Result<(), HeadError> {
        let policy = KeyPolicy {
            usage: KeyUsage { sign: true, ..KeyUsage::default() },
            sensitive: true,
            extractable: false,
            label: "claviger audit key".to_owned(),
        };
        let generate = |spec: &KeyPairSpec| self.hsm.generate_key_pair(call, id, spec, &policy);
        let made = match generate(&KeyPairSpec::Ec(Curve::P256)) {
            Err(HsmError { kind: HsmErrorKind::Unsupported, .. }) => {
                generate(&KeyPairSpec::Rsa { bits: 2_048, public_exponent: vec![1, 0, 1] })?
            }
            made => made?,
        };
        let spki = key_format::public_to_spki(&made.value.public);
        let spki = spki.map_err(|_| HeadError::PublicKey)?;
        Ok(self.keyring.set_setting(&public_key_of(id), &spki)?)
    }
}

fn public_key_of(id: KeyId) -> String {
    format!("{PUBLIC_KEY}{}", hex::encode(id.0))
}
