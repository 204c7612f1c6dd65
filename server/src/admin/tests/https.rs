//! The listener itself: what it speaks, and whom it has room for.

use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::*;
use crate::admin::{AdminHttps, router};
use crate::pki::{Authority, PemPair};
use crate::trust::Gate;

/// A listener on a free port, with its certificate.
struct Served {
    dir: tempfile::TempDir,
    addr: std::net::SocketAddr,
    task: tokio::task::JoinHandle<()>,
}

impl Served {
    async fn new(min_version: &str) -> Self {
        Self::living(min_version, Duration::from_secs(600)).await
    }

    /// One whose connections have this long a life.
    async fn living(min_version: &str, life: Duration) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let authority = Authority::open_or_create(&PemPair::named(dir.path(), "ca")).unwrap();
        authority.issue_server(&PemPair::named(dir.path(), "server"), None).unwrap();
        let tls = format!(
            "[tls]\ncertificate = \"server.pem\"\nprivate_key = \"server.key\"\n\
             min_version = \"{min_version}\"\n"
        );
        let text = CONFIG.replace("[tls]\n", &tls);
        let text = text.replace("[admin]\n", "[admin]\nhttps_addr = \"127.0.0.1:0\"\n");
        let config = Config::parse(&dir.path().join("claviger.toml"), &text).unwrap();
        let gate = Gate::open(&config.tls).unwrap();
        let shown = Arc::clone(&gate.server);
        let https = AdminHttps::bind(&config.admin, &config.tls, shown).await.unwrap();
        let mut https = https.unwrap();
        https.life = life;
        let addr = https.local_addrs().unwrap()[0];
        let world = tokio::task::spawn_blocking(World::new).await.unwrap();
        let task = tokio::spawn(https.serve(router(Arc::clone(&world.plane))));
        Self { dir, addr, task }
    }

    /// A connection from `from`, after its handshake.
    async fn connect(
        &self,
        from: &str,
        versions: &[&'static SupportedProtocolVersion],
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(self.dir.path().join("ca.pem")).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let socket = TcpSocket::new_v4()?;
        socket.bind(format!("{from}:0").parse().unwrap())?;
        let stream = socket.connect(self.addr).await?;
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, stream).await
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Whether a request over `stream` is answered.
async fn is_answered(stream: &mut TlsStream<TcpStream>) -> bool {
    let request = b"GET /v1/sys/health HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut begin = [0; 8];
    stream.write_all(request).await.is_ok()
        && stream.read_exact(&mut begin).await.is_ok()
        && begin == *b"HTTP/1.1"
}

#[tokio::test]
async fn versions_are_those_of_the_configuration() {
    let old = [&rustls::version::TLS12];
    let both = Served::new("1.2").await;
    assert!(is_answered(&mut both.connect("127.0.0.1", &old).await.unwrap()).await);
    let new_only = Served::new("1.3").await;
    assert!(new_only.connect("127.0.0.1", &old).await.is_err());
    let new = new_only.connect("127.0.0.1", &[&rustls::version::TLS13]).await;
    assert!(is_answered(&mut new.unwrap()).await);
}

#[tokio::test]
async fn nobody_keeps_all_others_out() {
    let served = Served::new("1.2").await;
    let versions = [&rustls::version::TLS13];
    let mut open = Vec::new();
    let mut refused = 0;
    // More than there is room for in all.
    for _ in 0..300 {
        match served.connect("127.0.0.1", &versions).await {
            Ok(stream) => open.push(stream),
            Err(_) => refused += 1,
        }
    }
    assert!(!open.is_empty() && refused > 0, "{} open, {refused} refused", open.len());
    let mut other = served.connect("127.0.0.2", &versions).await.unwrap();
    assert!(is_answered(&mut other).await);
    assert!(is_answered(&mut open[0]).await);
}

#[tokio::test]
async fn reader_of_nothing_loses_its_place() {
    let served = Served::living("1.2", Duration::from_millis(200)).await;
    let mut stream = served.connect("127.0.0.1", &[&rustls::version::TLS13]).await.unwrap();
    let asking = async {
        let request = b"GET /v1/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n";
        while stream.write_all(request).await.is_ok() {}
    };
    tokio::time::timeout(Duration::from_secs(30), asking).await.unwrap();
}
