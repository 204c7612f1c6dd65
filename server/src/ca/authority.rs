//! The server's own CA: a key in the token that never leaves it, and its certificate.
//!
//! It certifies what clients bring. Certificates that open the server's own doors must come from
//! another one: a client chooses what a certificate of this CA says.

use std::sync::{Arc, Mutex, PoisonError};

use hsm_backend::{CallContext, HsmBackend, KeyId, KeyPairSpec, KeyPolicy, KeyRef, KeyUsage};
use kmip_core::attribute::UniqueIdentifier;
use x509_cert::der::flagset::FlagSet;
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage as Usage, KeyUsages};

use super::issue::{Draft, Issuer, TokenSigner, default_algorithm, prepare};
use super::{CaError, Contents, ReadCertificate, wishes};
use crate::bridge::signature::Scheme;
use crate::keyring::Keyring;
use crate::object::Scope;

/// The setting that names the key.
const KEY: &str = "ca_key";
/// The first part of the setting that holds the certificate; the second is the key's CKA_ID.
const CERTIFICATE: &str = "ca_certificate_";
/// The first part of the setting that names the certificate's object in a scope.
const OBJECT: &str = "ca_object_";

/// Bytes of randomness in a serial number.
const SERIAL_BYTES: usize = 16;
const SECONDS_PER_DAY: i64 = 86_400;
/// Validity begins earlier than now, where nobody says otherwise: other clocks run behind.
pub const BACKDATE_SECONDS: i64 = 60;

/// What the operator says of the CA.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorityRules {
    /// Its name.
    pub common_name: String,
    /// Its key.
    pub key: KeyPairSpec,
    /// How long its own certificate is valid, in days.
    pub days: u32,
    /// How long certificates are valid where nobody says otherwise, whoever signs them, in days.
    pub default_certificate_days: u32,
    /// How long certificates are valid at most that the CA signs, in days.
    pub max_certificate_days: u32,
}

impl Default for AuthorityRules {
    fn default() -> Self {
        Self {
            common_name: "Claviger CA".to_owned(),
            key: KeyPairSpec::Ec(hsm_backend::Curve::P384),
            days: 3_650,
            default_certificate_days: 365,
            max_certificate_days: 1_095,
        }
    }
}

/// The CA's key and certificate.
#[derive(Clone, Debug)]
pub struct Root {
    /// The key.
    pub key: KeyId,
    /// The certificate, which the key has signed itself.
    pub certificate: ReadCertificate,
}

/// The server's own CA, made when it is first needed.
pub struct Authority {
    keyring: Arc<Keyring>,
    hsm: Arc<dyn HsmBackend>,
    rules: AuthorityRules,
    root: Mutex<Option<Arc<Root>>>,
    objects: Mutex<()>,
}

impl Authority {
    /// A CA under `rules`, whose key is kept with `keyring`'s.
    #[must_use]
    pub fn new(keyring: Arc<Keyring>, hsm: Arc<dyn HsmBackend>, rules: AuthorityRules) -> Self {
        Self { keyring, hsm, rules, root: Mutex::default(), objects: Mutex::default() }
    }

    /// What the operator says of it.
    #[must_use]
    pub const fn rules(&self) -> &AuthorityRules {
        &self.rules
    }

    /// The CA, if it has been made.
    ///
    /// # Errors
    ///
    /// [`CaError`] of the store.
    pub fn existing(&self) -> Result<Option<Arc<Root>>, CaError> {
        let mut known = self.root.lock().unwrap_or_else(PoisonError::into_inner);
        if known.is_none() {
            *known = self.stored()?;
        }
        Ok(known.clone())
    }

    /// The CA, made at `now` (seconds since 1970) if there is none yet.
    ///
    /// # Errors
    ///
    /// [`CaError`] of the token or the store.
    pub fn root(&self, call: &CallContext, now: i64) -> Result<Arc<Root>, CaError> {
        let mut known = self.root.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(root) = &*known {
            return Ok(Arc::clone(root));
        }
        if self.stored()?.is_none() {
            self.keyring.make(call, KEY, |id| self.make(call, id, now))?;
        }
        let root = self.stored()?.ok_or(CaError::Invalid("the CA has no certificate"))?;
        *known = Some(Arc::clone(&root));
        Ok(root)
    }

    /// The object in `scope` that holds the certificate of `root`: the one there is, if `is_there`
    /// says so, else the one that `make` makes.
    ///
    /// # Errors
    ///
    /// Those of `is_there` and `make`, or a failure of the store.
    pub fn object<E: From<CaError>>(
        &self,
        scope: &Scope,
        root: &Root,
        is_there: impl FnOnce(&UniqueIdentifier) -> Result<bool, E>,
        make: impl FnOnce() -> Result<UniqueIdentifier, E>,
    ) -> Result<UniqueIdentifier, E> {
        let _one_at_a_time = self.objects.lock().unwrap_or_else(PoisonError::into_inner);
        let setting = format!("{OBJECT}{}_{}", hex::encode(root.key.0), scope.as_str());
        let known = self.keyring.setting(&setting).map_err(CaError::from)?;
        if let Some(text) = known.and_then(|bytes| String::from_utf8(bytes).ok()) {
            let uid = UniqueIdentifier::new(text);
            if is_there(&uid)? {
                return Ok(uid);
            }
        }
        let uid = make()?;
        self.keyring.set_setting(&setting, uid.as_str().as_bytes()).map_err(CaError::from)?;
        Ok(uid)
    }

    fn stored(&self) -> Result<Option<Arc<Root>>, CaError> {
        let Some(key) = self.keyring.named(KEY)? else { return Ok(None) };
        let Some(der) = self.keyring.setting(&certificate_of(key))? else { return Ok(None) };
        Ok(Some(Arc::new(Root { key, certificate: ReadCertificate::read(&der)? })))
    }

    /// Makes key and certificate. The certificate is stored under the key's name before the key is
    /// in force, so that there is never a key in force without one.
    fn make(&self, call: &CallContext, id: KeyId, now: i64) -> Result<(), CaError> {
        let policy = KeyPolicy {
            usage: KeyUsage { sign: true, ..KeyUsage::default() },
            sensitive: true,
            extractable: false,
            label: "claviger CA key".to_owned(),
        };
        let made = self.hsm.generate_key_pair(call, id, &self.rules.key, &policy)?;
        let key = made.value.public;
        let scheme = Scheme { algorithm: default_algorithm(&key), salt_bytes: None };
        let hsm = &*self.hsm;
        let signer = TokenSigner { hsm, call: call.clone(), key: KeyRef::Token(id), scheme };
        let draft = Draft {
            key,
            contents: self.contents()?,
            serial: serial(hsm, call)?,
            not_before: now.saturating_sub(BACKDATE_SECONDS),
            not_after: now.saturating_add(days(self.rules.days)),
        };
        let certificate = prepare(scheme, &Issuer::Subject, draft)?.sign(&signer)?;
        tracing::info!(key = hex::encode(id.0), "the server's own CA has been made");
        Ok(self.keyring.set_setting(&certificate_of(id), &certificate)?)
    }

    fn contents(&self) -> Result<Contents, CaError> {
        let usages: FlagSet<KeyUsages> = KeyUsages::KeyCertSign | KeyUsages::CRLSign;
        Ok(Contents {
            subject: Some(wishes::common_name(&self.rules.common_name)?),
            key_usage: Some(Usage(usages)),
            basic_constraints: Some(BasicConstraints { ca: true, path_len_constraint: Some(0) }),
            ..Contents::default()
        })
    }
}

fn certificate_of(key: KeyId) -> String {
    format!("{CERTIFICATE}{}", hex::encode(key.0))
}

/// A number of days in seconds.
#[must_use]
pub fn days(days: u32) -> i64 {
    i64::from(days) * SECONDS_PER_DAY
}

/// A serial number: random bytes of the token.
///
/// # Errors
///
/// [`CaError`] of the token.
pub fn serial(hsm: &dyn HsmBackend, call: &CallContext) -> Result<Vec<u8>, CaError> {
    Ok(hsm.random(call, SERIAL_BYTES)?.expose().to_vec())
}
