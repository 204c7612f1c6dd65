//! A server in this process with an echoing handler, its certificates, and a client.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use server::config::Config;
use server::directory::{DeclaredScope, Directory};
use server::identity::{IdentityRules, Principal};
use server::metrics::Metrics;
use server::net::Door;
use server::net::listener::{Listener, Stopped, Transport};
use server::object::Scope;
use server::pki::{Authority, PemPair};
use server::store::SqliteStore;
use server::trust::Gate;
use server::worker::{FrameFault, Lane, MessageHandler, Refusal, Served, Workers};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Certificates in a temporary folder.
pub(crate) struct Pki {
    dir: tempfile::TempDir,
    authority: Authority,
}

impl Pki {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let authority = Authority::open_or_create(&PemPair::named(dir.path(), "ca")).unwrap();
        authority.issue_server(&PemPair::named(dir.path(), "server"), None).unwrap();
        Self { dir, authority }
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn client(&self, scope: &str) -> PemPair {
        let files = PemPair::named(self.path(), scope);
        self.authority.issue_client(&files, "client1", scope).unwrap();
        files
    }

    pub(crate) fn config(&self, tables: &str) -> Config {
        let tls = if tables.contains("[tls]") { "" } else { TLS };
        let server = if tables.contains("[server]") { "" } else { "[server]\n" };
        let text = format!("{tables}\n{server}\n{tls}\n{REST}")
            .replace("[server]", "[server]\nkmip_addr = \"127.0.0.1:0\"");
        Config::parse(&self.path().join("claviger.toml"), &text).unwrap()
    }

    /// Client settings with this folder's CA; no certificate if `identity` is absent.
    pub(crate) fn connector(
        &self,
        identity: Option<&PemPair>,
        versions: &[&'static SupportedProtocolVersion],
    ) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(self.path().join("ca.pem")).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots);
        Arc::new(match identity {
            None => builder.with_no_client_auth(),
            Some(files) => {
                let certificate = CertificateDer::from_pem_file(&files.certificate).unwrap();
                let key = PrivateKeyDer::from_pem_file(&files.private_key).unwrap();
                builder.with_client_auth_cert(vec![certificate], key).unwrap()
            }
        })
    }
}

pub(crate) const TLS: &str =
    "[tls]\ncertificate = \"server.pem\"\nprivate_key = \"server.key\"\nclient_ca = [\"ca.pem\"]\n";

const REST: &str = r#"
[token]
module = "none.so"
label = "none"
pin = { env = "NONE" }
[workers]
none_threads = 1
[[scope]]
name = "demo"
[[scope]]
name = "other"
"#;

pub(crate) const BOTH: &[&SupportedProtocolVersion] =
    &[&rustls::version::TLS13, &rustls::version::TLS12];

/// Serves by the first byte of the body: `b` blocks until released, `p` panics, `w` answers who
/// asks, anything else is echoed.
struct Echo {
    entered: mpsc::Sender<()>,
    release: Mutex<mpsc::Receiver<()>>,
    welcome: Arc<AtomicBool>,
}

impl MessageHandler for Echo {
    fn lane(&self, message: &[u8]) -> Lane {
        if message.get(8) == Some(&b'b') { Lane::Slow } else { Lane::None }
    }

    fn serve(&self, principal: &Arc<Principal>, message: &[u8], _: Lane) -> Served {
        match message.get(8) {
            Some(b'b') => {
                self.entered.send(()).unwrap();
                self.release.lock().unwrap().recv().unwrap();
            }
            Some(b'p') => panic!("asked to"),
            Some(b'w') => {
                let who = format!("{} {}", principal.scope, principal.subject);
                return Served::Answer(frame(who.as_bytes()));
            }
            _ => {}
        }
        Served::Answer(message.to_vec())
    }

    fn refuse(&self, _: &[u8], why: Refusal) -> Vec<u8> {
        frame(format!("{why:?}").as_bytes())
    }

    fn is_welcome(&self, _: &Principal) -> bool {
        self.welcome.load(Ordering::Relaxed)
    }

    fn turned_away(&self, _: SocketAddr, _: &'static str) {}

    fn unreadable_frame(&self, why: FrameFault) -> Option<Vec<u8>> {
        match why {
            // This one is put into words in the encoding that was asked for, so it must be an item.
            FrameFault::Garbled => Some(frame(b"")),
            why => Some(frame(format!("{why:?}").as_bytes())),
        }
    }
}

/// A running listener; ends with the test's runtime.
pub(crate) struct TestServer {
    pub(crate) addr: SocketAddr,
    /// Where HTTPS is served, if anywhere.
    pub(crate) https_addr: Option<SocketAddr>,
    pub(crate) entered: mpsc::Receiver<()>,
    pub(crate) release: mpsc::Sender<()>,
    pub(crate) workers: Arc<Workers>,
    /// Whether clients are admitted any more.
    pub(crate) welcome: Arc<AtomicBool>,
    stop: oneshot::Sender<()>,
    running: JoinHandle<Stopped>,
}

impl TestServer {
    pub(crate) fn start(config: &Config) -> Self {
        let (entered_tx, entered) = mpsc::channel();
        let (release, release_rx) = mpsc::channel();
        let welcome = Arc::new(AtomicBool::new(true));
        let release_rx = Mutex::new(release_rx);
        let echo = Echo { entered: entered_tx, release: release_rx, welcome: Arc::clone(&welcome) };
        let workers = Arc::new(
            Workers::start(&config.workers, Arc::new(echo), Metrics::new().unwrap()).unwrap(),
        );
        let gate = Gate::open(&config.tls).unwrap();
        let declared = config.scopes.iter().map(|scope| DeclaredScope {
            scope: Scope::new(scope.name.as_str()),
            rules: scope.rules.clone(),
        });
        let store = Arc::new(SqliteStore::in_memory().unwrap());
        let directory = Arc::new(Directory::open(declared, store).unwrap());
        let rules = Arc::new(IdentityRules::new(config, directory, Arc::clone(&gate)));
        let door = Door::new(gate, rules).unwrap();
        let listener = Listener::bind(&config.server, door, Arc::clone(&workers)).unwrap();
        let addr = listener.local_addrs(Transport::Tls).unwrap()[0];
        let https_addr = listener.local_addrs(Transport::Https).unwrap().first().copied();
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn(listener.run(async { stopped.await.unwrap_or_default() }));
        Self { addr, https_addr, entered, release, workers, welcome, stop, running }
    }

    /// Signals the stop; the handle gives how it went.
    pub(crate) fn stop(self) -> JoinHandle<Stopped> {
        self.stop.send(()).unwrap();
        self.running
    }
}

/// Raw bytes as received, for counting TLS records.
#[derive(Debug)]
pub(crate) struct Tap {
    socket: TcpStream,
    pub(crate) received: Vec<u8>,
}

impl AsyncRead for Tap {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let poll = Pin::new(&mut self.socket).poll_read(cx, buf);
        self.received.extend_from_slice(&buf.filled()[before..]);
        poll
    }
}

impl AsyncWrite for Tap {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

pub(crate) type Stream = TlsStream<Tap>;

pub(crate) async fn connect(addr: SocketAddr, config: Arc<ClientConfig>) -> io::Result<Stream> {
    let socket = TcpStream::connect(addr).await?;
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(config).connect(name, Tap { socket, received: Vec::new() }).await
}

/// A request message around `body`.
pub(crate) fn frame(body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap();
    [&[0x42, 0x00, 0x78, 0x01], &length.to_be_bytes()[..], body].concat()
}

/// Reads one message and gives its body.
pub(crate) async fn receive(stream: &mut Stream) -> io::Result<Vec<u8>> {
    let mut header = [0; 8];
    stream.read_exact(&mut header).await?;
    let length = u32::from_be_bytes(header[4..].try_into().unwrap());
    let mut body = vec![0; usize::try_from(length).unwrap()];
    stream.read_exact(&mut body).await?;
    Ok(body)
}

pub(crate) async fn exchange(stream: &mut Stream, body: &[u8]) -> io::Result<Vec<u8>> {
    stream.write_all(&frame(body)).await?;
    receive(stream).await
}

/// Connects and exchanges a message: only then is a TLS 1.3 client sure to be let in.
pub(crate) async fn whoami(addr: SocketAddr, config: Arc<ClientConfig>) -> io::Result<String> {
    let mut stream = connect(addr, config).await?;
    Ok(String::from_utf8(exchange(&mut stream, b"w").await?).unwrap())
}

/// Waits for an event from the handler without blocking the runtime.
pub(crate) async fn entered(server: TestServer) -> TestServer {
    tokio::task::spawn_blocking(|| {
        server.entered.recv().unwrap();
        server
    })
    .await
    .unwrap()
}

/// Whether the server ended the stream properly, with a close_notify.
pub(crate) async fn closed_cleanly(stream: &mut Stream) -> bool {
    let mut byte = [0];
    matches!(stream.read(&mut byte).await, Ok(0))
}

/// Writes a self-made certificate and its key to the files `name` in `folder`.
pub(crate) fn self_signed(
    folder: &Path,
    name: &str,
    change: impl FnOnce(&mut rcgen::CertificateParams),
) -> PemPair {
    let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    params.distinguished_name.push(rcgen::DnType::OrganizationalUnitName, "demo");
    change(&mut params);
    let key = rcgen::KeyPair::generate().unwrap();
    let files = PemPair::named(folder, name);
    std::fs::write(&files.certificate, params.self_signed(&key).unwrap().pem()).unwrap();
    std::fs::write(&files.private_key, key.serialize_pem()).unwrap();
    files
}

/// Writes a certificate signed by the CA in `folder`, made otherwise than the trial's are.
pub(crate) fn issued(
    folder: &Path,
    name: &str,
    change: impl FnOnce(&mut rcgen::CertificateParams),
) -> PemPair {
    let read = |file: PathBuf| std::fs::read_to_string(file).unwrap();
    let ca_key = rcgen::KeyPair::from_pem(&read(folder.join("ca.key"))).unwrap();
    let issuer = rcgen::Issuer::from_ca_cert_pem(&read(folder.join("ca.pem")), ca_key).unwrap();
    let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(rcgen::DnType::OrganizationalUnitName, "demo");
    change(&mut params);
    let key = rcgen::KeyPair::generate().unwrap();
    let files = PemPair::named(folder, name);
    std::fs::write(&files.certificate, params.signed_by(&key, &issuer).unwrap().pem()).unwrap();
    std::fs::write(&files.private_key, key.serialize_pem()).unwrap();
    files
}
