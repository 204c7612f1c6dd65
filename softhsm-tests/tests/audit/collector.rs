//! An HTTPS endpoint that takes audit records, or does not, as the test wants.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use server::pki::{Authority, PemPair};

/// What it does with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    Takes,
    Refuses,
    /// It reads, and says nothing.
    Silent,
}

pub(crate) struct Collector {
    addr: SocketAddr,
    folder: tempfile::TempDir,
    mood: Arc<Mutex<Mood>>,
    taken: Arc<Mutex<Vec<u8>>>,
}

impl Collector {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let pair = |name| PemPair::named(folder.path(), name);
        let authority = Authority::open_or_create(&pair("ca")).unwrap();
        authority.issue_server(&pair("collector"), None).unwrap();
        authority.issue_client(&pair("claviger"), "claviger", "none").unwrap();
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let collector = Self {
            addr: socket.local_addr().unwrap(),
            folder,
            mood: Arc::new(Mutex::new(Mood::Takes)),
            taken: Arc::default(),
        };
        let tls = collector.tls();
        let (mood, taken) = (collector.mood.clone(), collector.taken.clone());
        std::thread::spawn(move || {
            for stream in socket.incoming() {
                let (tls, mood, taken) = (tls.clone(), mood.clone(), taken.clone());
                let stream = stream.unwrap();
                std::thread::spawn(move || serve(stream, &tls, &mood, &taken));
            }
        });
        collector
    }

    fn tls(&self) -> Arc<ServerConfig> {
        let certificate = |name| CertificateDer::from_pem_file(self.file(name)).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(certificate("ca.pem")).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone());
        let key = PrivateKeyDer::from_pem_file(self.file("collector.key")).unwrap();
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(verifier.build().unwrap())
            .with_single_cert(vec![certificate("collector.pem")], key);
        Arc::new(config.unwrap())
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The sink that reaches it, as it is configured.
    pub(crate) fn sink(&self) -> String {
        let [ca, certificate, key] =
            ["ca.pem", "claviger.pem", "claviger.key"].map(|name| self.file(name));
        format!(
            "[[audit.sink]]\ntype = \"https\"\nurl = \"https://localhost:{}/audit?from=test\"\n\
             ca = {ca:?}\ncertificate = {certificate:?}\nprivate_key = {key:?}\n",
            self.addr.port()
        )
    }

    pub(crate) fn be(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    /// The lines that it took, in their order; one that came twice stands once.
    pub(crate) fn lines(&self) -> Vec<String> {
        let text = String::from_utf8(self.taken.lock().unwrap().clone()).unwrap();
        let mut lines = Vec::<String>::new();
        for line in text.lines() {
            if !lines.iter().any(|other| other == line) {
                lines.push(line.to_owned());
            }
        }
        lines
    }
}

/// Serves one connection until it ends.
fn serve(
    stream: TcpStream,
    tls: &Arc<ServerConfig>,
    mood: &Mutex<Mood>,
    taken: &Mutex<Vec<u8>>,
) -> Option<()> {
    stream.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
    let mut stream = StreamOwned::new(ServerConnection::new(tls.clone()).unwrap(), stream);
    loop {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).ok()?;
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
        assert!(head.starts_with("post /audit?from=test http/1.1\r\n"), "{head}");
        assert!(head.contains("content-type: application/x-ndjson"), "{head}");
        let length = head.split("content-length: ").nth(1).unwrap();
        let length = length.split("\r\n").next().unwrap().parse().unwrap();
        let mut body = vec![0; length];
        stream.read_exact(&mut body).ok()?;
        let mood = *mood.lock().unwrap();
        let answer = match mood {
            Mood::Takes => {
                taken.lock().unwrap().extend_from_slice(&body);
                "204 No Content"
            }
            Mood::Refuses => "503 Service Unavailable",
            Mood::Silent => continue,
        };
        let answer = format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n");
        stream.write_all(answer.as_bytes()).ok()?;
    }
}
