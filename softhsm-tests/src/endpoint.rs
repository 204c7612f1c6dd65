//! A client that listens: it takes what it is told, and answers as the test wants.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use kmip_core::ttlv::{DateTime, Item, Value};
use kmip_core::types::{ResultReason, ResultStatus, Tag};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use server::client::{ClientConfig, Connector};
use server::pki::{Authority, PemPair};

/// It and its certificates, and those of the server that connects to it.
pub struct Endpoint {
    addr: SocketAddr,
    folder: tempfile::TempDir,
    told: mpsc::Receiver<Item>,
    /// So many messages are read and not answered: the connection ends.
    pub silences: Arc<AtomicUsize>,
    /// So many are refused.
    pub refusals: Arc<AtomicUsize>,
}

impl Endpoint {
    /// Listens on a free port.
    ///
    /// # Panics
    ///
    /// If it cannot.
    #[must_use]
    #[allow(clippy::new_without_default, reason = "it listens")]
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let pair = |name| PemPair::named(folder.path(), name);
        let authority = Authority::open_or_create(&pair("ca")).unwrap();
        authority.issue_server(&pair("endpoint"), None).unwrap();
        authority.issue_client(&pair("claviger"), "claviger", "none").unwrap();
        Authority::open_or_create(&pair("stranger")).unwrap();
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let (tell, told) = mpsc::channel();
        let (silences, refusals) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let endpoint = Self {
            addr: socket.local_addr().unwrap(),
            told,
            silences: silences.clone(),
            refusals: refusals.clone(),
            folder,
        };
        let tls = endpoint.tls();
        std::thread::spawn(move || {
            for stream in socket.incoming() {
                // A connection that fails is the test's to see, at its other end.
                let _ = serve(stream.unwrap(), &tls, &tell, &silences, &refusals);
            }
        });
        endpoint
    }

    /// Where it listens, as `host:port`.
    #[must_use]
    pub fn addr(&self) -> String {
        self.addr.to_string()
    }

    /// The file of this name among its certificates: `ca.pem`; `claviger.pem` and `claviger.key` for
    /// the server that connects to it.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn tls(&self) -> Arc<ServerConfig> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(self.roots()), provider.clone());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(verifier.build().unwrap())
            .with_single_cert(vec![self.certificate("endpoint.pem")], self.key("endpoint.key"));
        Arc::new(config.unwrap())
    }

    fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate("ca.pem")).unwrap();
        roots
    }

    fn certificate(&self, name: &str) -> CertificateDer<'static> {
        CertificateDer::from_pem_file(self.file(name)).unwrap()
    }

    fn key(&self, name: &str) -> PrivateKeyDer<'static> {
        PrivateKeyDer::from_pem_file(self.file(name)).unwrap()
    }

    /// The way to it.
    ///
    /// # Panics
    ///
    /// If its files cannot be read.
    #[must_use]
    pub fn connector(&self) -> Connector {
        self.connector_that_trusts("ca.pem")
    }

    /// The same, for one that trusts other authorities.
    ///
    /// # Panics
    ///
    /// If the files cannot be read.
    #[must_use]
    pub fn connector_that_trusts(&self, ca: &str) -> Connector {
        let [ca, certificate, key] =
            [ca, "claviger.pem", "claviger.key"].map(|name| self.file(name));
        Connector::new(&ClientConfig::new(self.addr(), &ca, &certificate, &key)).unwrap()
    }

    /// The batch items it was told since it was last asked.
    #[must_use]
    pub fn told(&self) -> Vec<Item> {
        self.told.try_iter().collect()
    }

    /// The next batch item it is told, waiting for it.
    ///
    /// # Panics
    ///
    /// If none comes within two minutes.
    #[must_use]
    pub fn wait(&self) -> Item {
        self.told.recv_timeout(Duration::from_secs(120)).unwrap()
    }
}

fn serve(
    stream: TcpStream,
    tls: &Arc<ServerConfig>,
    tell: &mpsc::Sender<Item>,
    silences: &AtomicUsize,
    refusals: &AtomicUsize,
) -> std::io::Result<()> {
    let one_less = |left: usize| left.checked_sub(1);
    let one_of = |count: &AtomicUsize| {
        count.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less).is_ok()
    };
    let connection = ServerConnection::new(tls.clone()).unwrap();
    let mut stream = StreamOwned::new(connection, stream);
    loop {
        let mut message = vec![0; 8];
        stream.read_exact(&mut message)?;
        let length = u32::from_be_bytes(message[4..8].try_into().unwrap());
        message.resize(8 + usize::try_from(length).unwrap(), 0);
        stream.read_exact(&mut message[8..])?;
        let request = Item::from_bytes(&message).unwrap();
        let item = child(&request, Tag::BatchItem);
        // The test may be over.
        let _ = tell.send(item.clone());
        if one_of(silences) {
            return Ok(());
        }
        stream.write_all(&answer(item, one_of(refusals)).to_bytes())?;
    }
}

fn child(item: &Item, tag: Tag) -> &Item {
    let Value::Structure(fields) = &item.value else { panic!("{item:?}") };
    fields.iter().find(|field| field.tag == tag).unwrap()
}

fn answer(item: &Item, refused: bool) -> Item {
    let structure = |tag, fields| Item { tag, value: Value::Structure(fields) };
    let integer = |tag, value| Item { tag, value: Value::Integer(value) };
    let number = |tag, value| Item { tag, value: Value::Enumeration(value) };
    let version =
        vec![integer(Tag::ProtocolVersionMajor, 1), integer(Tag::ProtocolVersionMinor, 4)];
    let header = vec![
        structure(Tag::ProtocolVersion, version),
        Item { tag: Tag::TimeStamp, value: Value::DateTime(DateTime(1)) },
        integer(Tag::BatchCount, 1),
    ];
    let mut fields = vec![child(item, Tag::Operation).clone()];
    if refused {
        fields.push(number(Tag::ResultStatus, ResultStatus::OperationFailed.0));
        fields.push(number(Tag::ResultReason, ResultReason::PermissionDenied.0));
    } else {
        fields.push(number(Tag::ResultStatus, ResultStatus::Success.0));
        fields.push(structure(Tag::ResponsePayload, Vec::new()));
    }
    let header = structure(Tag::ResponseHeader, header);
    structure(Tag::ResponseMessage, vec![header, structure(Tag::BatchItem, fields)])
}
