//! The internal CA: a root and, below it, the issuer that signs everything else.
//!
//! Both keys are made in the token and never leave it. When another root or issuer takes over, the ones
//! before stay trusted for as long as they are valid, and a new root is also certified by the one before,
//! so that clients which know only that one accept what the new one stands for.

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use hsm_backend::{
    CallContext, HsmBackend, HsmErrorKind, KeyId, KeyPolicy, KeyRef, KeyUsage, PublicKey,
};
use x509_cert::der::flagset::FlagSet;
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage as Usage, KeyUsages};

use super::held::short_name;
use super::{Authorities, HeldCa, Level, TrustRules, spec_of};
use crate::bridge::signature::Scheme;
use crate::ca::{
    BACKDATE_SECONDS, CaError, Contents, Draft, Issuer, ReadCertificate, TokenSigner, common_name,
    days, default_algorithm, prepare, serial,
};
use crate::directory::ClientKey;
use crate::keyring::Keyring;

/// The first part of the setting that holds a CA's certificate; the second is the key's CKA_ID.
const CERTIFICATE: &str = "internal_ca_certificate_";
/// The same for the certificate that the root before has given to a root.
const CROSS: &str = "internal_ca_cross_";
/// The setting that names the kind of key of CAs to be made, where the configuration's is overridden.
const KEY_KIND: &str = "internal_ca_key_kind";

/// The internal CA, made when it is first needed.
pub struct InternalCa {
    keyring: Arc<Keyring>,
    hsm: Arc<dyn HsmBackend>,
    rules: TrustRules,
    known: RwLock<Option<Arc<Authorities>>>,
    /// Held while a CA is made or forgotten; those there are can be read meanwhile.
    making: Mutex<()>,
}

impl InternalCa {
    /// A CA under `rules`, whose keys are kept with `keyring`'s.
    #[must_use]
    pub fn new(keyring: Arc<Keyring>, hsm: Arc<dyn HsmBackend>, rules: TrustRules) -> Self {
        Self { keyring, hsm, rules, known: RwLock::default(), making: Mutex::default() }
    }

    /// What the operator says of it.
    #[must_use]
    pub const fn rules(&self) -> &TrustRules {
        &self.rules
    }

    /// The token that holds its keys.
    #[must_use]
    pub fn hsm(&self) -> &dyn HsmBackend {
        &*self.hsm
    }

    pub(super) const fn keyring(&self) -> &Arc<Keyring> {
        &self.keyring
    }

    /// The kind of key of CAs that are made from now on.
    ///
    /// # Errors
    ///
    /// [`CaError`] of the store.
    pub fn key_kind(&self) -> Result<ClientKey, CaError> {
        let stored = self.keyring.setting(KEY_KIND)?;
        let kind = |text: &[u8]| {
            let (key_type, bits) = core::str::from_utf8(text).ok()?.split_once(' ')?;
            ClientKey::of(key_type, Some(bits.parse().ok()?))
        };
        Ok(stored.and_then(|text| kind(&text)).unwrap_or(self.rules.key))
    }

    /// Sets the kind of key of CAs that are made from now on; those there are stay as they are.
    ///
    /// # Errors
    ///
    /// [`CaError`] of the store.
    pub fn set_key_kind(&self, kind: ClientKey) -> Result<(), CaError> {
        let text = format!("{} {}", kind.key_type(), kind.bits());
        Ok(self.keyring.set_setting(KEY_KIND, text.as_bytes())?)
    }

    /// The CAs, if they have been made.
    ///
    /// # Errors
    ///
    /// [`CaError`] of the store.
    pub fn existing(&self) -> Result<Option<Arc<Authorities>>, CaError> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner).clone();
        if known.is_some() {
            return Ok(known);
        }
        self.read_again()
    }

    /// The CAs, made at `now` (seconds since 1970) if there are none yet.
    ///
    /// # Errors
    ///
    /// [`CaError`] of the token or the store.
    pub fn authorities(&self, call: &CallContext, now: i64) -> Result<Arc<Authorities>, CaError> {
        if let Some(known) = self.existing()? {
            return Ok(known);
        }
        let _one_at_a_time = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = self.existing()? {
            return Ok(known);
        }
        if self.in_force(Level::Root)?.is_none() {
            self.make(call, Level::Root, now)?;
        }
        self.make(call, Level::Issuer, now)?;
        self.read_again()?.ok_or(CaError::Invalid("the internal CA has no certificate"))
    }

    /// Puts another issuer, or another root and below it another issuer, in force. What those before
    /// have signed stays good.
    ///
    /// # Errors
    ///
    /// [`CaError`] of the token or the store; whatever was in force then still is, but that a new root
    /// may have the issuer of the one before.
    pub fn roll(
        &self,
        call: &CallContext,
        level: Level,
        now: i64,
    ) -> Result<Arc<Authorities>, CaError> {
        self.authorities(call, now)?;
        let _one_at_a_time = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        let replaced = self.replace(call, level, now);
        // A new root may be there although its issuer could not be made.
        let read = self.read_again()?;
        replaced?;
        read.ok_or(CaError::Invalid("the internal CA has no certificate"))
    }

    fn replace(&self, call: &CallContext, level: Level, now: i64) -> Result<(), CaError> {
        if level == Level::Root {
            self.retire(Level::Root)?;
            self.make(call, Level::Root, now)?;
        }
        self.retire(Level::Issuer)?;
        self.make(call, Level::Issuer, now)
    }

    /// Whether [`keep_up`](Self::keep_up) would do anything.
    ///
    /// # Errors
    ///
    /// [`CaError`] of the store.
    pub fn is_due(&self, now: i64) -> Result<bool, CaError> {
        let Some(known) = self.existing()? else { return Ok(false) };
        let orphan = !known.issuer.certificate.is_issued_by(&known.root.certificate);
        let mut former = known.former_roots.iter().chain(&known.former_issuers);
        let ended = former.any(|ca| ca.not_after() < now);
        Ok(known.root.is_due(now) || known.issuer.is_due(now) || orphan || ended)
    }

    /// Puts another root or issuer in force where two thirds of its life are over, and forgets those
    /// before whose life is over; their keys are destroyed. True if anything has changed.
    ///
    /// # Errors
    ///
    /// [`CaError`] of the token or the store.
    pub fn keep_up(&self, call: &CallContext, now: i64) -> Result<bool, CaError> {
        let Some(known) = self.existing()? else { return Ok(false) };
        let orphan = !known.issuer.certificate.is_issued_by(&known.root.certificate);
        if known.root.is_due(now) {
            self.roll(call, Level::Root, now)?;
            return Ok(true);
        }
        if known.issuer.is_due(now) || orphan {
            self.roll(call, Level::Issuer, now)?;
            return Ok(true);
        }
        let mut changed = false;
        for (level, former) in
            [(Level::Root, &known.former_roots), (Level::Issuer, &known.former_issuers)]
        {
            for ca in former.iter().filter(|ca| ca.not_after() < now) {
                self.forget(call, level, ca.key)?;
                changed = true;
            }
        }
        Ok(changed)
    }

    /// Takes a CA that is no longer in force out of trust at once, whatever it has signed, and destroys
    /// its key.
    ///
    /// # Errors
    ///
    /// [`CaError`] of the token or the store; `Invalid` for what is no former CA of this level.
    pub fn forget(&self, call: &CallContext, level: Level, key: KeyId) -> Result<(), CaError> {
        let _one_at_a_time = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        let mut former = self.former(level)?;
        let before = former.len();
        former.retain(|other| *other != key);
        if former.len() == before {
            return Err(CaError::Invalid("there is no former CA of this name"));
        }
        // Trust goes first: a key without trust does no harm.
        self.set_former(level, &former)?;
        self.read_again()?;
        match self.hsm.destroy_key(call, &KeyRef::Token(key)) {
            Err(error) if error.kind != HsmErrorKind::KeyNotFound => Err(error.into()),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    fn read_again(&self) -> Result<Option<Arc<Authorities>>, CaError> {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        *known = self.stored()?.map(Arc::new);
        Ok(known.clone())
    }

    fn stored(&self) -> Result<Option<Authorities>, CaError> {
        let Some(root) = self.in_force(Level::Root)? else { return Ok(None) };
        let Some(issuer) = self.in_force(Level::Issuer)? else { return Ok(None) };
        let held = |level| {
            let keys = self.former(level)?.into_iter();
            let held = keys.map(|key| Ok(self.certificate(CERTIFICATE, key)?.map(|c| (key, c))));
            let held = held.collect::<Result<Vec<_>, CaError>>()?;
            let held = held.into_iter().flatten();
            Ok::<_, CaError>(held.map(|(key, certificate)| HeldCa { key, certificate }).collect())
        };
        let former_roots: Vec<HeldCa> = held(Level::Root)?;
        let roots = former_roots.iter().chain(std::iter::once(&root));
        let crosses = roots.map(|ca| self.certificate(CROSS, ca.key));
        let crosses = crosses.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect();
        let former_issuers = held(Level::Issuer)?;
        Ok(Some(Authorities { root, issuer, former_roots, former_issuers, crosses }))
    }

    fn in_force(&self, level: Level) -> Result<Option<HeldCa>, CaError> {
        let Some(key) = self.keyring.named(level.setting())? else { return Ok(None) };
        let certificate = self.certificate(CERTIFICATE, key)?;
        Ok(certificate.map(|certificate| HeldCa { key, certificate }))
    }

    fn certificate(&self, of: &str, key: KeyId) -> Result<Option<ReadCertificate>, CaError> {
        let stored = self.keyring.setting(&setting_of(of, key))?;
        stored.map(|der| ReadCertificate::read(&der)).transpose()
    }

    /// The CAs that were in force before, oldest first.
    fn former(&self, level: Level) -> Result<Vec<KeyId>, CaError> {
        let stored = self.keyring.setting(level.former())?.unwrap_or_default();
        let in_force = self.keyring.named(level.setting())?;
        let ids = stored.chunks_exact(16).filter_map(|id| id.try_into().ok()).map(KeyId);
        Ok(ids.filter(|id| Some(*id) != in_force).collect())
    }

    fn set_former(&self, level: Level, keys: &[KeyId]) -> Result<(), CaError> {
        let bytes: Vec<u8> = keys.iter().flat_map(|id| id.0).collect();
        Ok(self.keyring.set_setting(level.former(), &bytes)?)
    }

    /// Notes the CA in force down among those before, where it counts once another is in force.
    fn retire(&self, level: Level) -> Result<(), CaError> {
        let Some(key) = self.keyring.named(level.setting())? else { return Ok(()) };
        let mut former = self.former(level)?;
        former.push(key);
        self.set_former(level, &former)
    }

    /// Makes key and certificates. The certificates are stored under the key's name before the key is
    /// in force, so that there is never a key in force without them.
    fn make(&self, call: &CallContext, level: Level, now: i64) -> Result<(), CaError> {
        let kind = self.key_kind()?;
        let root = self.in_force(Level::Root)?;
        let key = self.keyring.make(call, level.setting(), |id| {
            let policy = KeyPolicy {
                usage: KeyUsage { sign: true, ..KeyUsage::default() },
                sensitive: true,
                extractable: false,
                label: format!("claviger internal {} key", level.name()),
            };
            let made = self.hsm.generate_key_pair(call, id, &spec_of(kind), &policy)?;
            self.certify_ca(call, level, (id, made.value.public), root.as_ref(), now)
        })?;
        tracing::info!(
            level = level.name(),
            ca = short_name(key),
            "a CA of the server's own has been made"
        );
        Ok(())
    }

    fn certify_ca(
        &self,
        call: &CallContext,
        level: Level,
        (id, key): (KeyId, PublicKey),
        root: Option<&HeldCa>,
        now: i64,
    ) -> Result<(), CaError> {
        let draft = self.draft(call, level, (id, key), now)?;
        let above = root.map(|root| {
            let not_after = draft.not_after.min(root.not_after());
            root.certify(&*self.hsm, call, Draft { not_after, ..draft.clone() })
        });
        let certificate = match (level, above.transpose()?) {
            (Level::Root, above) => {
                if let Some(cross) = above {
                    self.keyring.set_setting(&setting_of(CROSS, id), &cross)?;
                }
                self.sign_itself(call, id, draft)?
            }
            (Level::Issuer, Some(certificate)) => certificate,
            (Level::Issuer, None) => return Err(CaError::Invalid("the internal CA has no root")),
        };
        Ok(self.keyring.set_setting(&setting_of(CERTIFICATE, id), &certificate)?)
    }

    fn sign_itself(&self, call: &CallContext, id: KeyId, draft: Draft) -> Result<Vec<u8>, CaError> {
        let scheme = Scheme { algorithm: default_algorithm(&draft.key), salt_bytes: None };
        let (hsm, call, key) = (&*self.hsm, call.clone(), KeyRef::Token(id));
        prepare(scheme, &Issuer::Subject, draft)?.sign(&TokenSigner { hsm, call, key, scheme })
    }

    fn draft(
        &self,
        call: &CallContext,
        level: Level,
        (id, key): (KeyId, PublicKey),
        now: i64,
    ) -> Result<Draft, CaError> {
        let usages: FlagSet<KeyUsages> = KeyUsages::KeyCertSign | KeyUsages::CRLSign;
        let path_len_constraint = level.path_length();
        let name = format!("{} {} {}", self.rules.common_name, level.name(), short_name(id));
        let contents = Contents {
            subject: Some(common_name(&name)?),
            key_usage: Some(Usage(usages)),
            basic_constraints: Some(BasicConstraints { ca: true, path_len_constraint }),
            ..Contents::default()
        };
        let life = match level {
            Level::Root => self.rules.root_days,
            Level::Issuer => self.rules.issuer_days,
        };
        let not_before = now.saturating_sub(BACKDATE_SECONDS);
        let not_after = now.saturating_add(days(life));
        Ok(Draft { key, contents, serial: serial(&*self.hsm, call)?, not_before, not_after })
    }
}

fn setting_of(what: &str, key: KeyId) -> String {
    format!("{what}{}", hex::encode(key.0))
}
