//! Throw-away keys in the token, destroyed when they are done with, whatever happens.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hsm_backend::{
    CallContext, Capabilities, Curve, EdwardsCurve, HsmBackend, HsmError, HsmErrorKind, KeyId,
    KeyMaterial, KeyPairSpec, KeyPolicy, KeyRef, KeyUsage, PublicKey, SecretKeyKind, SecretKeySpec,
    SecretValue,
};

/// CKA_LABEL of everything made here: what a killed doctor leaves can be found by it.
pub(super) const LABEL: &str = "claviger doctor, throw-away";

/// How long calls may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    pub(super) operation: Duration,
    pub(super) keygen: Duration,
}

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Encrypts and decrypts.
    Cipher(SecretKeyKind),
    /// An AES key that encrypts the tweaks of XTS.
    Tweak,
    /// An AES key that wraps and unwraps.
    Wrapping,
    /// An AES key that may be wrapped.
    Wrapped,
    /// Computes HMACs; its value is known if the token lets it in.
    Hmac,
    /// Computes CMACs; likewise.
    Cmac,
    /// Signs and decrypts.
    Rsa,
    /// Signs.
    Ec(Curve),
    /// Signs.
    Edwards(EdwardsCurve),
    /// Agrees with its other on a secret.
    Agreeing(Curve, Side),
}

/// One of two parties.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Ours,
    Theirs,
}

/// The key of RFC 4493 §4.
const CMAC_KEY: [u8; 16] = [
    0x2B, 0x7E, 0x15, 0x16, 0x28, 0xAE, 0xD2, 0xA6, 0xAB, 0xF7, 0x15, 0x88, 0x09, 0xCF, 0x4F, 0x3C,
];
/// As long as the longest hash: tokens refuse shorter keys.
const HMAC_KEY: [u8; 64] = [0x0B; 64];
/// RSA keys are made of this many bits, or as near as the token comes.
const RSA_BITS: u32 = 2048;

/// A key, destroyed when dropped.
pub(super) struct ThrowAway<'a> {
    hsm: &'a dyn HsmBackend,
    patience: Patience,
    pub(super) key: KeyRef,
    /// The public half of a pair.
    pub(super) public: Option<PublicKey>,
    /// The value, where the key was brought.
    pub(super) value: Option<&'static [u8]>,
}

impl Drop for ThrowAway<'_> {
    fn drop(&mut self) {
        let call = call(self.patience.operation);
        match self.hsm.destroy_key(&call, &self.key) {
            Ok(()) => {}
            // Its making failed.
            Err(error) if error.kind == HsmErrorKind::KeyNotFound => {}
            Err(error) => {
                tracing::error!(%error, label = LABEL, "a throw-away key stays in the token");
            }
        }
    }
}

type Made<'a> = Result<Rc<ThrowAway<'a>>, HsmError>;

/// The token with the keys made so far.
pub(super) struct Workbench<'a> {
    pub(super) hsm: &'a dyn HsmBackend,
    pub(super) capabilities: Arc<Capabilities>,
    patience: Patience,
    made: RefCell<Vec<(Role, Made<'a>)>>,
}

impl<'a> Workbench<'a> {
    pub(super) fn new(
        hsm: &'a dyn HsmBackend,
        capabilities: Arc<Capabilities>,
        patience: Patience,
    ) -> Self {
        Self { hsm, capabilities, patience, made: RefCell::default() }
    }

    /// The circumstances of a call that makes no key.
    pub(super) fn call(&self) -> CallContext {
        call(self.patience.operation)
    }

    /// The key of this role, made when first asked for; a failure is remembered, too.
    pub(super) fn key(&self, role: Role) -> Made<'a> {
        if let Some((_, made)) = self.made.borrow().iter().find(|(of, _)| *of == role) {
            return made.clone();
        }
        let made = self.make(role).map(Rc::new);
        self.made.borrow_mut().push((role, made.clone()));
        made
    }

    fn make(&self, role: Role) -> Result<ThrowAway<'a>, HsmError> {
        let usage = KeyUsage::default();
        match role {
            Role::Cipher(kind) => {
                let bits = if kind == SecretKeyKind::Des3 { 192 } else { 256 };
                self.generate(SecretKeySpec { kind, bits }, &shut(encrypting()))
            }
            Role::Tweak => self.generate(AES, &shut(encrypting())),
            Role::Wrapping => {
                self.generate(AES, &shut(KeyUsage { wrap: true, unwrap: true, ..usage }))
            }
            Role::Wrapped => {
                self.generate(AES, &KeyPolicy { extractable: true, ..shut(encrypting()) })
            }
            Role::Hmac => self.bring(SecretKeyKind::Generic, &HMAC_KEY),
            Role::Cmac => self.bring(SecretKeyKind::Aes, &CMAC_KEY),
            Role::Rsa => self.signing_pair(&self.rsa_spec()),
            Role::Ec(curve) => self.signing_pair(&KeyPairSpec::Ec(curve)),
            Role::Edwards(curve) => self.signing_pair(&KeyPairSpec::Edwards(curve)),
            Role::Agreeing(curve, _) => {
                self.pair(&KeyPairSpec::Ec(curve), KeyUsage { derive: true, ..usage })
            }
        }
    }

    /// The RSA pair that is tried.
    pub(super) fn rsa_spec(&self) -> KeyPairSpec {
        let range = self.capabilities.generate_rsa();
        let bits = range.map_or(RSA_BITS, |range| RSA_BITS.clamp(range.min_bits, range.max_bits));
        KeyPairSpec::Rsa { bits, public_exponent: vec![1, 0, 1] }
    }

    /// Makes a secret key.
    pub(super) fn generate(
        &self,
        spec: SecretKeySpec,
        policy: &KeyPolicy,
    ) -> Result<ThrowAway<'a>, HsmError> {
        let (id, made) = self.adopt()?;
        self.hsm.generate_key(&call(self.patience.keygen), id, spec, policy)?;
        Ok(made)
    }

    /// Makes a pair whose private half signs, and decrypts where it is RSA.
    pub(super) fn signing_pair(&self, spec: &KeyPairSpec) -> Result<ThrowAway<'a>, HsmError> {
        let decrypt = matches!(spec, KeyPairSpec::Rsa { .. });
        self.pair(spec, KeyUsage { sign: true, decrypt, ..KeyUsage::default() })
    }

    fn pair(&self, spec: &KeyPairSpec, usage: KeyUsage) -> Result<ThrowAway<'a>, HsmError> {
        let (id, mut made) = self.adopt()?;
        let call = call(self.patience.keygen);
        let pair = self.hsm.generate_key_pair(&call, id, spec, &shut(usage))?;
        made.public = Some(pair.value.public);
        Ok(made)
    }

    /// Brings a key that signs; has the token make one where it lets none in.
    fn bring(&self, kind: SecretKeyKind, value: &'static [u8]) -> Result<ThrowAway<'a>, HsmError> {
        let policy = shut(KeyUsage { sign: true, ..KeyUsage::default() });
        let (id, mut made) = self.adopt()?;
        let material = KeyMaterial::Secret { kind, value: SecretValue::new(value.to_vec()) };
        if let Err(error) = self.hsm.import_key(&self.call(), id, &material, &policy) {
            tracing::info!(%error, "the token lets in no key");
            let bits = u32::try_from(8 * value.len()).unwrap_or_default();
            return self.generate(SecretKeySpec { kind, bits }, &policy);
        }
        made.value = Some(value);
        Ok(made)
    }

    /// A wrapping key as the server makes one.
    pub(super) fn kek(&self) -> Result<(KeyId, ThrowAway<'a>), HsmError> {
        let (id, made) = self.adopt()?;
        self.hsm.make_kek(&call(self.patience.keygen), id)?;
        Ok((id, made))
    }

    /// A new identifier, and what destroys the key that is to have it: before it is there, for an
    /// answer may be lost.
    pub(super) fn adopt(&self) -> Result<(KeyId, ThrowAway<'a>), HsmError> {
        let id = fresh_id()?;
        Ok((id, self.throw_away(KeyRef::Token(id))))
    }

    /// What destroys `key`.
    pub(super) fn throw_away(&self, key: KeyRef) -> ThrowAway<'a> {
        ThrowAway { hsm: self.hsm, patience: self.patience, key, public: None, value: None }
    }
}

/// The secret key that is tried most.
pub(super) const AES: SecretKeySpec = SecretKeySpec { kind: SecretKeyKind::Aes, bits: 256 };

/// May not leave the token.
pub(super) fn shut(usage: KeyUsage) -> KeyPolicy {
    KeyPolicy { usage, sensitive: true, extractable: false, label: LABEL.to_owned() }
}

/// Encrypts and decrypts.
pub(super) fn encrypting() -> KeyUsage {
    KeyUsage { encrypt: true, decrypt: true, ..KeyUsage::default() }
}

/// A random CKA_ID.
pub(super) fn fresh_id() -> Result<KeyId, HsmError> {
    let mut id = [0; 16];
    let failed = HsmError::new(HsmErrorKind::Unavailable, "getrandom");
    getrandom::fill(&mut id).map_err(|_| failed)?;
    Ok(KeyId(id))
}

fn call(patience: Duration) -> CallContext {
    let deadline = Instant::now() + patience;
    CallContext { deadline, scope: "doctor".to_owned(), request_id: 0 }
}
