//! A server with a listener, whose clients come over TLS.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kmip_core::payload::RngRetrieveRequest;
use kmip_core::ttlv::Limits;
use kmip_core::types::ResultReason;
use server::authz::Grants;
use server::authz::RoleName;
use server::client::{Client, ClientConfig, ClientError, Connector};
use server::config::{Config, TlsConfig};
use server::directory::{ClientKey, Role};
use server::identity::IdentityRules;
use server::net::Door;
use server::net::listener::{Listener, Stopped, Transport};
use server::object::Scope;
use server::pipeline::Pipeline;
use server::services::Services;
use server::store::Serial;
use server::trust::{
    self, CredentialForm, Gate, InternalCa, NewCredential, Trust, TrustRules, render,
};
use server::worker::Workers;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::support::World;

const CONFIG: &str = r#"
[server]
kmip_addr = "127.0.0.1:0"
[tls]
client_ca = ["none.pem"]
[token]
module = "none.so"
label = "none"
pin = { env = "NONE" }
[workers]
none_threads = 1
token_threads = 2
slow_threads = 1
[[scope]]
name = "demo"
"#;

/// The server, and a folder for what its clients need.
pub(super) struct House {
    pub(super) world: World,
    pub(super) gate: Arc<Gate>,
    pub(super) addr: SocketAddr,
    folder: tempfile::TempDir,
    runtime: Runtime,
    stop: Option<oneshot::Sender<()>>,
    running: Option<JoinHandle<Stopped>>,
}

/// Files of one client.
#[derive(Clone)]
pub(super) struct Credential {
    pub(super) config: ClientConfig,
    pub(super) serial: Serial,
}

impl House {
    /// A server whose certificate is the internal CA's, in a fresh folder.
    pub(super) fn open() -> Self {
        Self::with(tempfile::tempdir().unwrap(), TrustRules::default(), |_, _| ())
    }

    /// A server whose `[tls]` is edited first; the folder is given for the files that it names.
    pub(super) fn with(
        folder: tempfile::TempDir,
        rules: TrustRules,
        edit: impl FnOnce(&Path, &mut Config),
    ) -> Self {
        Self::opened(folder, rules, edit, false)
    }

    /// The same, whose token may be away when it starts.
    pub(super) fn opened(
        folder: tempfile::TempDir,
        rules: TrustRules,
        edit: impl FnOnce(&Path, &mut Config),
        is_token_away: bool,
    ) -> Self {
        let mut config = Config::parse(&folder.path().join("claviger.toml"), CONFIG).unwrap();
        config.tls = TlsConfig { names: config.tls.names.clone(), ..TlsConfig::default() };
        edit(folder.path(), &mut config);
        let gate = Gate::open(&config.tls).unwrap();
        let own_file = folder.path().join("server-identity.pem");
        let world = World::today().edited(|services| {
            services.trust = trust(services, rules, Arc::clone(&gate), own_file);
        });
        world.token.set_unavailable(is_token_away);
        trust::provide_server_certificate(&world.services);
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(2).enable_all().build().unwrap();
        let directory = Arc::clone(&world.services.directory);
        let rules = Arc::new(IdentityRules::new(&config, directory, Arc::clone(&gate)));
        let pipeline = Pipeline::new(Arc::clone(&world.services), Limits::default());
        let metrics = Arc::clone(&world.services.metrics);
        let workers = Workers::start(&config.workers, Arc::new(pipeline), metrics).unwrap();
        let workers = Arc::new(workers);
        let door = Door::new(Arc::clone(&gate), rules).unwrap();
        let (stop, stopped) = oneshot::channel();
        let (addr, running) = runtime.block_on(async {
            let listener = Listener::bind(&config.server, door, workers).unwrap();
            let addr = listener.local_addrs(Transport::Tls).unwrap()[0];
            (addr, tokio::spawn(listener.run(async { stopped.await.unwrap_or_default() })))
        });
        let (stop, running) = (Some(stop), Some(running));
        Self { world, gate, addr, folder, runtime, stop, running }
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    pub(super) fn services(&self) -> &Arc<Services> {
        &self.world.services
    }

    pub(super) fn trust(&self) -> &Arc<Trust> {
        &self.world.services.trust
    }

    /// Makes a role of `demo` that may do everything.
    pub(super) fn role(&self, name: &str) -> RoleName {
        let role = RoleName::parse(name).unwrap();
        let made = Role::new(demo(), role.clone(), Grants::All);
        self.services().directory.put_role(made).unwrap();
        role
    }

    /// A credential of a role, made now.
    pub(super) fn credential(&self, role: &RoleName, kind: ClientKey, seconds: u32) -> Credential {
        let made = trust::generate(self.services(), &demo(), role, kind, seconds).unwrap();
        let text = render(&made.issued, made.key.as_ref(), CredentialForm::Pem).unwrap();
        let key = self.folder().join(format!("{}.key", made.issued.serial));
        std::fs::write(&key, text.private_key.unwrap().expose()).unwrap();
        self.write(&made, key)
    }

    /// What a client needs beside its private key, which lies at `key`.
    pub(super) fn write(&self, made: &NewCredential, key: PathBuf) -> Credential {
        let text = render(&made.issued, None, CredentialForm::Pem).unwrap();
        let file = |ending: &str, bytes: &[u8]| {
            let file = self.folder().join(format!("{}.{ending}", made.issued.serial));
            std::fs::write(&file, bytes).unwrap();
            file
        };
        let certificate = file("pem", text.certificate.expose());
        let ca = file("ca", text.ca_chain.last().unwrap().as_bytes());
        let addr = self.addr.to_string();
        let config = ClientConfig::new(addr, &ca, &certificate, &key);
        Credential { config, serial: made.issued.serial.clone() }
    }
}

impl Drop for House {
    fn drop(&mut self) {
        drop(self.stop.take());
        let running = self.running.take().unwrap();
        self.runtime.block_on(running).unwrap();
    }
}

pub(super) fn demo() -> Scope {
    Scope::new("demo")
}

pub(super) fn trust(
    services: &Services,
    rules: TrustRules,
    gate: Arc<Gate>,
    own_file: PathBuf,
) -> Arc<Trust> {
    let (keyring, hsm) = (Arc::clone(&services.keyring), Arc::clone(&services.hsm));
    Trust::open(InternalCa::new(keyring, hsm, rules), gate, Some(own_file)).unwrap()
}

/// Connects and asks for something.
pub(super) fn comes_in(config: &ClientConfig) -> Result<Client, ClientError> {
    let mut client = Connector::new(config)?.connect()?;
    ask(&mut client)?;
    Ok(client)
}

/// Asks for something that needs a grant.
pub(super) fn ask(client: &mut Client) -> Result<(), ClientError> {
    client.call(RngRetrieveRequest { data_length: 8 }).map(|_| ())
}

/// Asks on a connection that is open, is refused, and finds it closed.
#[track_caller]
pub(super) fn is_shown_out(client: &mut Client) {
    match ask(client) {
        Err(ClientError::Refused { reason, .. }) => {
            assert_eq!(reason, ResultReason::AuthenticationNotSuccessful);
        }
        other => panic!("{other:?}"),
    }
    assert!(!matches!(ask(client), Ok(()) | Err(ClientError::Refused { .. })), "it is closed");
}
