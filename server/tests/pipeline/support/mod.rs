//! A server in a box, and clients that talk to it in bytes.

pub(crate) mod answer;
pub(crate) mod ask;
pub(crate) mod certificates;
pub(crate) mod keys;
pub(crate) mod random;
pub(crate) mod secrets;
pub(crate) mod store;
pub(crate) mod tree;
pub(crate) mod vectors;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use hsm_backend::fault::FaultyBackend;
use hsm_backend::memory::MemoryBackend;
use hsm_backend::{HsmBackend, KeyRef};
use kmip_core::ttlv::{DateTime, Item, Limits};
use kmip_core::types::{Operation, ProtocolVersion, ResultReason};
use server::audit::{Audit, Caller, Observed};
use server::authn::Credentials;
use server::authz::{Grants, RoleName, Rules, Subject};
use server::ca::{Authority, AuthorityRules};
use server::clock::{Clock, SystemClock};
use server::config::{
    AuditConfig, CredentialsConfig, FileSinkConfig, Fsync, SinkConfig, SinkKind, TlsConfig,
};
use server::directory::{DeclaredScope, Directory};
use server::keyring::Keyring;
use server::metrics::Metrics;
use server::object::{CustodyMode, CustodyRules, Scope};
use server::pipeline::Pipeline;
use server::sealing::Sealer;
use server::services::{About, Bounds, GroupRotation, Services};
use server::store::{ObjectStore, SqliteStore};
use server::trust::{Gate, InternalCa, Trust, TrustRules};
use server::worker::Served;

use answer::{Outcome, Reply};
use ask::Request;

/// When the tests begin.
pub(crate) const START: i64 = 1_800_000_000;

/// A clock that moves only when it is told to.
#[derive(Debug)]
pub(crate) struct TestClock(AtomicI64);

impl TestClock {
    pub(crate) fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> DateTime {
        DateTime(self.0.load(Ordering::SeqCst))
    }
}

/// A server with everything that stands behind it.
pub(crate) struct World {
    pub(crate) services: Arc<Services>,
    pub(crate) clock: Arc<TestClock>,
    /// The token as the server sees it.
    pub(crate) token: Arc<FaultyBackend>,
    pipeline: Pipeline,
    rows: Arc<SqliteStore>,
}

/// The store as the server sees it, and what stands behind that and keeps its directory.
type Rows = (Arc<dyn ObjectStore>, Arc<SqliteStore>);

impl World {
    /// A server whose scope `demo` may export and whose scope `other` may not.
    pub(crate) fn new() -> Self {
        Self::bounded(Bounds::default())
    }

    /// As [`new`](Self::new), with new keys where `custody` says.
    pub(crate) fn keeping(custody: CustodyRules) -> Self {
        Self::with(Bounds::default(), custody, |store| store)
    }

    /// A server whose scopes have assisted mode.
    pub(crate) fn assisted() -> Self {
        Self::keeping(CustodyRules { assisted: true, ..CustodyRules::default() })
    }

    pub(crate) fn bounded(bounds: Bounds) -> Self {
        Self::with(bounds, CustodyRules::default(), |store| store)
    }

    /// A server whose clock begins now: certificates are held against the machine's.
    pub(crate) fn today() -> Self {
        let store = Arc::new(SqliteStore::in_memory().unwrap());
        let token = Arc::new(FaultyBackend::new(Arc::new(MemoryBackend::new())));
        let clock = Arc::new(TestClock(AtomicI64::new(SystemClock.now().0)));
        let rows = (store.clone() as Arc<dyn ObjectStore>, store);
        Self::over(Bounds::default(), CustodyRules::default(), rows, token, clock)
    }

    /// As [`keeping`](Self::keeping), with `wrap` between server and store.
    pub(crate) fn with(
        bounds: Bounds,
        custody: CustodyRules,
        wrap: impl FnOnce(Arc<dyn ObjectStore>) -> Arc<dyn ObjectStore>,
    ) -> Self {
        let rows = Arc::new(SqliteStore::in_memory().unwrap());
        Self::new_over(MemoryBackend::new(), bounds, custody, (wrap(rows.clone()), rows))
    }

    /// A server with this token and store.
    pub(crate) fn on(
        token: MemoryBackend,
        bounds: Bounds,
        custody: CustodyRules,
        rows: Arc<SqliteStore>,
    ) -> Self {
        Self::new_over(token, bounds, custody, (rows.clone(), rows))
    }

    fn new_over(token: MemoryBackend, bounds: Bounds, custody: CustodyRules, rows: Rows) -> Self {
        let token = Arc::new(FaultyBackend::new(Arc::new(token)));
        Self::over(bounds, custody, rows, token, Arc::new(TestClock(AtomicI64::new(START))))
    }

    /// Another server on the same store and token, that remembers nothing.
    pub(crate) fn restarted(&self) -> Self {
        self.bounded_again(self.services.bounds)
    }

    /// Another server on the same store and token, with other bounds.
    pub(crate) fn bounded_again(&self, bounds: Bounds) -> Self {
        let custody = self.services.directory.rules(&Scope::new("demo")).custody;
        Self::over(bounds, custody, self.rows(), self.token.clone(), self.clock.clone())
    }

    /// Another server on the same store and token, whose operator has changed the custody.
    pub(crate) fn keeping_now(&self, custody: CustodyRules) -> Self {
        let (rows, token) = (self.rows(), self.token.clone());
        Self::over(self.services.bounds, custody, rows, token, self.clock.clone())
    }

    fn rows(&self) -> Rows {
        (self.services.store.clone(), self.rows.clone())
    }

    fn over(
        bounds: Bounds,
        custody: CustodyRules,
        (store, rows): Rows,
        token: Arc<FaultyBackend>,
        clock: Arc<TestClock>,
    ) -> Self {
        let hsm: Arc<dyn HsmBackend> = Arc::new(Observed::new(token.clone()));
        // The server's own CA works for `demo` alone.
        let scope = |name, export| DeclaredScope {
            scope: Scope::new(name),
            rules: Rules {
                operations: Grants::All.operations(),
                export,
                certify: export,
                custody,
                ..Rules::default()
            },
        };
        let declared = [scope("demo", true), scope("other", false)];
        let directory = Arc::new(Directory::open(declared, rows.clone()).unwrap());
        let keyring = Arc::new(Keyring::new(store.clone(), hsm.clone()));
        let internal_ca = InternalCa::new(keyring.clone(), hsm.clone(), TrustRules::default());
        let gate = Gate::open(&TlsConfig::default()).unwrap();
        let services = Arc::new(Services {
            trust: Trust::open(internal_ca, gate, None).unwrap(),
            sealer: Sealer::new(keyring.clone(), hsm.clone()),
            ca: Authority::new(keyring.clone(), hsm.clone(), AuthorityRules::default()),
            keyring,
            store,
            hsm,
            directory,
            credentials: BTreeMap::new(),
            bounds,
            about: About::default(),
            audit: Arc::new(Audit::off()),
            clock: clock.clone(),
            instance: "test".to_owned(),
            rotation: GroupRotation::default(),
            invocations: server::invocations::Invocations::default(),
            asynchronous: server::asynchronous::InHand::default(),
            streams: server::streams::Streams::default(),
            moves: std::sync::Mutex::default(),
            metrics: Metrics::new().unwrap(),
            bell: Arc::default(),
            requests: AtomicU64::new(1),
        });
        let pipeline = Pipeline::new(services.clone(), Limits::default());
        Self { services, clock, token, pipeline, rows }
    }

    /// The same server, whose scope `demo` looks at credentials.
    pub(crate) fn with_credentials(self, config: &CredentialsConfig) -> Self {
        let credentials = Credentials::new(config).unwrap();
        self.edited(|services| {
            services.credentials.insert(Scope::new("demo"), credentials);
        })
    }

    /// The same server, whose records go to this file.
    pub(crate) fn recorded(self, file: &Path) -> Self {
        let kind = SinkKind::File(FileSinkConfig {
            path: file.to_owned(),
            max_bytes: 1 << 30,
            keep: None,
            fsync: Fsync::Interval(Duration::from_millis(100)),
        });
        let config = AuditConfig {
            node: "test".to_owned(),
            head_every: Duration::from_secs(60),
            head_records: 1_000,
            sinks: vec![SinkConfig { required: false, kind }],
        };
        let audit = Arc::new(Audit::open(&config, None, self.services.metrics.clone()).unwrap());
        self.edited(|services| services.audit = audit)
    }

    /// The same server, of which Query tells this.
    pub(crate) fn known_as(self, about: About) -> Self {
        self.edited(|services| services.about = about)
    }

    pub(crate) fn edited(self, edit: impl FnOnce(&mut Services)) -> Self {
        let Self { services, clock, token, pipeline, rows } = self;
        drop(pipeline);
        let mut services = Arc::into_inner(services).unwrap();
        edit(&mut services);
        let services = Arc::new(services);
        let pipeline = Pipeline::new(services.clone(), Limits::default());
        Self { services, clock, token, pipeline, rows }
    }

    /// A client of `scope` that speaks 1.4.
    pub(crate) fn client(&self, scope: &str) -> Client<'_> {
        let scope = Scope::new(scope);
        let nobody = || Arc::new(Subject::new(scope.clone(), None, Rules::default()));
        self.acting(self.services.directory.own_subject(&scope).unwrap_or_else(nobody))
    }

    /// A client of `demo` under these rules.
    pub(crate) fn under(&self, rules: Rules) -> Client<'_> {
        self.bearing(Scope::new("demo"), rules)
    }

    /// A client of `scope` under these rules.
    pub(crate) fn bearing(&self, scope: Scope, rules: Rules) -> Client<'_> {
        self.acting(Arc::new(Subject::new(scope, RoleName::parse("role"), rules)))
    }

    const fn acting(&self, subject: Arc<Subject>) -> Client<'_> {
        Client { world: self, subject, version: ProtocolVersion::NEWEST }
    }

    /// What serves its messages.
    pub(crate) const fn handler(&self) -> &Pipeline {
        &self.pipeline
    }

    pub(crate) fn demo(&self) -> Client<'_> {
        self.client("demo")
    }

    pub(crate) fn other(&self) -> Client<'_> {
        self.client("other")
    }

    /// Destroys what the token knows under `key`, behind the server's back.
    pub(crate) fn lose(&self, key: &KeyRef) {
        self.token.destroy_key(&keys::call(), key).unwrap();
    }
}

/// Every new key as a token object.
pub(crate) const IN_TOKEN: CustodyRules =
    CustodyRules { symmetric: CustodyMode::Token, private: CustodyMode::Token, assisted: false };

/// Every new key wrapped.
pub(crate) const WRAPPED: CustodyRules = CustodyRules {
    symmetric: CustodyMode::Wrapped,
    private: CustodyMode::Wrapped,
    assisted: false,
};

/// A client of one scope, speaking one version.
#[derive(Clone)]
pub(crate) struct Client<'a> {
    world: &'a World,
    subject: Arc<Subject>,
    version: ProtocolVersion,
}

impl<'a> Client<'a> {
    /// The same client in another version.
    pub(crate) fn at(&self, version: ProtocolVersion) -> Self {
        Self { version, ..self.clone() }
    }

    /// An empty request in the client's version.
    pub(crate) fn request(&self) -> Request {
        Request::new(self.version)
    }

    /// Bytes in, bytes out; nothing is checked.
    pub(crate) fn raw(&self, message: &[u8]) -> Vec<u8> {
        self.world.pipeline.answer(&self.subject, &Caller::default(), message)
    }

    /// Bytes in, and what they have led to on a thread that must not do slow work.
    pub(crate) fn begin(&self, message: &[u8]) -> Served {
        self.world.pipeline.begin(&self.subject, &Caller::default(), message)
    }

    /// Sends a request; the answer must be in its version and keep every rule.
    #[track_caller]
    pub(crate) fn send(&self, request: &Request) -> Reply {
        Reply::checked(self.raw(&request.bytes()), self.version)
    }

    /// Sends one item.
    #[track_caller]
    pub(crate) fn ask(&self, operation: Operation, payload: Vec<Item>) -> Outcome {
        let reply = self.send(&self.request().item(operation, payload));
        assert_eq!(reply.len(), 1);
        let outcome = reply.item(0);
        assert_eq!(outcome.operation, Some(operation));
        outcome
    }

    /// Sends one item that must succeed, and returns the payload of its answer.
    #[track_caller]
    pub(crate) fn ok(&self, operation: Operation, payload: Vec<Item>) -> Item {
        self.ask(operation, payload).ok()
    }

    /// Sends one item that must fail, and returns the reason.
    #[track_caller]
    pub(crate) fn fails(&self, operation: Operation, payload: Vec<Item>) -> ResultReason {
        self.ask(operation, payload).reason()
    }
}
