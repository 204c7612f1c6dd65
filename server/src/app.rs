//! The one place where the parts are put together: store, token, services, pipeline, housekeeping.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use hsm_backend::pkcs11::{Pkcs11Backend, Pkcs11Config};
use hsm_backend::{HsmBackend, SecretValue};
use kmip_core::ttlv::{Interval, Limits};

use crate::admin::{KmipListener, PinCheck, Plane};
use crate::asynchronous::InHand;
use crate::audit::{Audit, AuditError, HEAD_SETTING, Observed, Place, Signer};
use crate::authn::Credentials;
use crate::bell::Bell;
use crate::ca::{Authority, CaError};
use crate::client::{ClientConfig, ClientError, Connector};
use crate::clock::SystemClock;
use crate::config::{Config, CredentialDemand, NotifyConfig, SecretError};
use crate::directory::{DeclaredScope, Directory};
use crate::housekeeping::Housekeeper;
use crate::invocations::Invocations;
use crate::keyring::{self, Keyring};
use crate::messenger::{Endpoint, Messengers};
use crate::metrics::{Health, HealthError, Metrics, MetricsError};
use crate::object::Scope;
use crate::pipeline::Pipeline;
use crate::sealing::Sealer;
use crate::services::{About, Bounds, GroupRotation, Services};
use crate::store::{DirectoryStore, ObjectStore, Outbox, SqliteStore, StoreError, TokenStore};
use crate::streams::Streams;
use crate::trust::{Gate, InternalCa, Trust};
use crate::worker::MessageHandler;

/// How long the start waits for the token before it goes on without.
const FIRST_ATTEMPT: Duration = Duration::from_secs(2);

/// The file beside the store with the server's own key and certificate, if the internal CA issues it.
const OWN_CERTIFICATE: &str = "server-identity.pem";

/// Why the application cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The PIN cannot be read.
    #[error("PIN: {0}")]
    Pin(#[from] SecretError),
    /// The store cannot be opened.
    #[error("store.path {}: {error}", path.display())]
    OpenStore {
        /// Its file.
        path: PathBuf,
        /// Why not.
        error: StoreError,
    },
    /// The store fails.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A `[[notify]]` names files that are of no use.
    #[error("notify: {0}")]
    Notify(#[from] ClientError),
    /// The audit log cannot be opened.
    #[error("audit: {0}")]
    Audit(#[from] AuditError),
    /// What is stored of the internal CA cannot be read.
    #[error("internal CA: {0}")]
    InternalCa(#[from] CaError),
    /// Metrics cannot be made.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// The checks of readiness cannot be made.
    #[error(transparent)]
    Health(#[from] HealthError),
    /// The operating system gives no randomness or no thread.
    #[error("system: {0}")]
    System(String),
}

/// The running application; dropping it stops the housekeeping and closes the token.
pub struct App {
    services: Arc<Services>,
    tokens: Arc<dyn TokenStore>,
    pin: PinCheck,
    limits: Limits,
    health: Arc<Health>,
    housekeeper: Option<Housekeeper>,
    messengers: Messengers,
    signer: Option<Signer>,
}

/// What an application is made of.
struct Parts {
    gate: Arc<Gate>,
    directory: Arc<Directory>,
    store: Arc<SqliteStore>,
    hsm: Arc<dyn HsmBackend>,
    endpoints: Vec<Endpoint>,
    metrics: Arc<Metrics>,
    pin: PinCheck,
}

impl App {
    /// Opens store and token, behind `gate`. An absent token is no error: what needs it fails until it is there.
    ///
    /// # Errors
    ///
    /// [`AppError`].
    pub fn open(config: &Config, gate: Arc<Gate>) -> Result<Self, AppError> {
        let endpoints = endpoints(config)?;
        let metrics = Metrics::new()?;
        let outboxes = config.notify.iter().zip(&endpoints).map(|(notify, endpoint)| {
            let bell = Arc::clone(&endpoint.bell);
            let outbox = Outbox::new(notify.put, notify.max_waiting, bell);
            (endpoint.scope.clone(), outbox)
        });
        let store = open_store(&config.store.path)?.with_outboxes(outboxes.collect());
        store.measure(metrics.store.commits());
        let store = Arc::new(store);
        let directory: Arc<dyn DirectoryStore> = store.clone();
        let directory = Arc::new(Directory::open(declared(config), directory)?);
        let pkcs11 = token_config(config, config.token.pin.read()?);
        let pin = PinCheck::new(pkcs11.pin.expose());
        let pin = pin.map_err(|error| AppError::System(error.to_string()))?;
        let observer = Some(Arc::clone(&metrics.token) as _);
        let expected_key = keyring::expected_key(&*store)?;
        let backend = Pkcs11Backend::new(Pkcs11Config { observer, expected_key, ..pkcs11 });
        let token = Arc::downgrade(&backend);
        metrics.before_showing(move |metrics| {
            metrics.token.show(token.upgrade().and_then(|token| token.usage()));
        });
        backend.wait_first_attempt(Instant::now() + FIRST_ATTEMPT);
        let hsm: Arc<dyn HsmBackend> = backend;
        Self::assemble(config, Parts { gate, directory, store, hsm, endpoints, metrics, pin })
    }

    /// On a store and a token that are gone with it. The PIN is `1234`.
    #[cfg(test)]
    pub(crate) fn of_memory(config: &Config) -> Self {
        let store = Arc::new(SqliteStore::in_memory().unwrap());
        let kept: Arc<dyn DirectoryStore> = store.clone();
        let directory = Arc::new(Directory::open(declared(config), kept).unwrap());
        let gate = Gate::open(&config.tls).unwrap();
        let hsm: Arc<dyn HsmBackend> = Arc::new(hsm_backend::memory::MemoryBackend::new());
        let (metrics, pin) = (Metrics::new().unwrap(), PinCheck::new(b"1234").unwrap());
        let endpoints = Vec::new();
        let parts = Parts { gate, directory, store, hsm, endpoints, metrics, pin };
        Self::assemble(config, parts).unwrap()
    }

    fn assemble(config: &Config, parts: Parts) -> Result<Self, AppError> {
        let Parts { gate, directory, store, hsm, endpoints, metrics, pin } = parts;
        let tokens: Arc<dyn TokenStore> = store.clone();
        let store: Arc<dyn ObjectStore> = store;
        let hsm: Arc<dyn HsmBackend> = Arc::new(Observed::new(hsm));
        let mut instance = [0; 8];
        getrandom::fill(&mut instance).map_err(|error| AppError::System(error.to_string()))?;
        let keyring = Arc::new(Keyring::new(Arc::clone(&store), Arc::clone(&hsm)));
        let audit = Audit::open(&config.audit, signed(&keyring)?, Arc::clone(&metrics))?;
        if !audit.is_on() {
            tracing::warn!("no [[audit.sink]]: what is done is recorded nowhere");
        }
        let rules = config.internal_ca.clone();
        let internal_ca = InternalCa::new(Arc::clone(&keyring), Arc::clone(&hsm), rules);
        let own_file = config.store.path.with_file_name(OWN_CERTIFICATE);
        let services = Arc::new(Services {
            trust: Trust::open(internal_ca, gate, Some(own_file))?,
            sealer: Sealer::new(Arc::clone(&keyring), Arc::clone(&hsm)),
            ca: Authority::new(Arc::clone(&keyring), Arc::clone(&hsm), config.ca.clone()),
            keyring,
            store,
            hsm,
            directory,
            credentials: credentials(config)?,
            bounds: bounds(config),
            about: about(config),
            audit: Arc::new(audit),
            clock: Arc::new(SystemClock),
            instance: hex::encode(instance),
            rotation: GroupRotation::default(),
            invocations: Invocations::default(),
            asynchronous: InHand::default(),
            streams: Streams::default(),
            moves: Mutex::default(),
            metrics,
            bell: Arc::new(Bell::default()),
            requests: AtomicU64::new(1),
        });
        let system = |error: std::io::Error| AppError::System(error.to_string());
        let signer = Signer::start(&services, config.audit.head_every).map_err(system)?;
        let limits = config.server.message_limits();
        let housekeeper = Housekeeper::start(&services);
        let housekeeper = Some(housekeeper.map_err(|error| AppError::System(error.to_string()))?);
        let messengers = Messengers::start(&services, endpoints)
            .map_err(|error| AppError::System(error.to_string()))?;
        let health = Health::new(&services)?;
        let audit = Arc::clone(&services.audit);
        health
            .add("audit", move || audit.check().map_err(|_| "the audit log cannot be written"))?;
        Ok(Self { services, tokens, pin, limits, health, housekeeper, messengers, signer })
    }

    /// What the operations share.
    #[must_use]
    pub fn services(&self) -> Arc<Services> {
        Arc::clone(&self.services)
    }

    /// The administration interface, with the tokens that are kept beside the objects.
    #[must_use]
    pub fn plane(&self, listener: KmipListener) -> Arc<Plane> {
        Plane::new(self.services(), Arc::clone(&self.tokens), self.pin.clone(), listener)
    }

    /// Where tokens of the administration interface are kept.
    #[must_use]
    pub fn tokens(&self) -> &dyn TokenStore {
        &*self.tokens
    }

    /// The checks of readiness.
    #[must_use]
    pub fn health(&self) -> Arc<Health> {
        Arc::clone(&self.health)
    }

    /// What serves the messages.
    #[must_use]
    pub fn handler(&self) -> Arc<dyn MessageHandler> {
        Arc::new(Pipeline::new(Arc::clone(&self.services), self.limits))
    }
}

impl Drop for App {
    fn drop(&mut self) {
        self.messengers.stop();
        if let Some(housekeeper) = self.housekeeper.take() {
            housekeeper.stop();
        }
        if let Some(signer) = self.signer.take() {
            signer.stop();
        }
        self.services.audit.stop();
        self.services.hsm.close();
    }
}

fn open_store(path: &Path) -> Result<SqliteStore, AppError> {
    let failed = |error| AppError::OpenStore { path: path.to_owned(), error };
    SqliteStore::open(path).map_err(failed)
}

/// The last record of the audit log that was signed.
fn signed(keyring: &Keyring) -> Result<Option<Place>, StoreError> {
    let stored = keyring.setting(HEAD_SETTING)?;
    let read = stored.map(|json| serde_json::from_slice(&json)).transpose();
    read.map_err(|_| StoreError::Corrupt(HEAD_SETTING.to_owned()))
}

/// The token that `config` names, opened with `pin`.
pub(crate) fn token_config(config: &Config, pin: SecretValue) -> Pkcs11Config {
    let token = &config.token;
    let mut pkcs11 = Pkcs11Config::new(&token.module, pin);
    pkcs11.label.clone_from(&token.select.label);
    pkcs11.serial.clone_from(&token.select.serial);
    pkcs11.max_sessions = usize::try_from(token.max_sessions).unwrap_or(usize::MAX);
    pkcs11.max_cached_keys = token.max_live_keys;
    pkcs11.max_unwrapped_keys = token.max_live_keys;
    pkcs11
}

/// The ways to those who are told of what happens.
pub(crate) fn endpoints(config: &Config) -> Result<Vec<Endpoint>, ClientError> {
    let endpoint = |notify: &NotifyConfig| {
        let NotifyConfig { addr, ca, certificate, private_key, .. } = notify;
        let connector = Connector::new(&ClientConfig {
            server_name: notify.server_name.clone(),
            connect_timeout: notify.timeout,
            timeout: notify.timeout,
            ..ClientConfig::new(addr, ca, certificate, private_key)
        })?;
        let scope = Scope::new(notify.scope.as_str());
        Ok(Endpoint { scope, connector, bell: Arc::new(Bell::default()) })
    };
    config.notify.iter().map(endpoint).collect()
}

/// The scopes that the configuration declares.
pub(crate) fn declared(config: &Config) -> impl Iterator<Item = DeclaredScope> {
    config.scopes.iter().map(|scope| DeclaredScope {
        scope: Scope::new(scope.name.as_str()),
        rules: scope.rules.clone(),
    })
}

/// Those of the scopes that look at credentials.
fn credentials(config: &Config) -> Result<BTreeMap<Scope, Credentials>, AppError> {
    let looking =
        config.scopes.iter().filter(|s| s.credentials.demand != CredentialDemand::Ignored);
    let made = looking.map(|scope| {
        let credentials = Credentials::new(&scope.credentials)
            .map_err(|error| AppError::System(error.to_string()))?;
        Ok((Scope::new(scope.name.as_str()), credentials))
    });
    made.collect()
}

fn about(config: &Config) -> About {
    About {
        https: !config.server.https_addrs.is_empty(),
        validations: config.token.validations.clone(),
    }
}

fn bounds(config: &Config) -> Bounds {
    Bounds {
        max_batch_items: config.limits.max_batch_items,
        max_attributes_per_object: config.limits.max_attributes_per_object,
        max_locate_items: config.limits.max_locate_items,
        max_data_bytes: config.limits.max_data_bytes,
        max_lease: Interval(config.limits.max_lease_seconds),
        max_async_per_scope: config.limits.max_async_per_scope,
        max_async: config.limits.max_async,
        async_result: Interval(config.limits.async_result_seconds),
        max_clock_skew: Some(Interval(config.limits.max_clock_skew_seconds))
            .filter(|skew| skew.0 > 0),
        max_derivation_iterations: config.limits.max_derivation_iterations,
        rsa_min_bits: config.keys.rsa_min_bits,
        rsa_max_bits: config.keys.rsa_max_bits,
        allow_3des: config.keys.allow_3des,
        operation_timeout: config.token.operation_timeout,
        keygen_timeout: config.token.keygen_timeout,
    }
}
