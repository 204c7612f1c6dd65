//! An HTTPS endpoint: each POST holds records as lines of JSON, and is taken with any 2xx.
//!
//! Where an answer was lost the same records come again: whoever keeps them tells them by node and
//! sequence.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio_rustls::TlsConnector;

use super::super::chain::Line;
use super::Sink;
use crate::client::tls::{self, TlsFiles};
use crate::config::HttpsSinkConfig;

/// For the whole of one exchange: less than a caller waits.
const TIMEOUT: Duration = Duration::from_millis(1_200);
/// Of an answer, only the status matters.
const MAX_ANSWER_BYTES: usize = 65_536;

type Failure = Box<dyn Error + Send + Sync>;

pub(in crate::audit) struct HttpsSink {
    config: HttpsSinkConfig,
    runtime: Runtime,
    tls: TlsConnector,
    name: ServerName<'static>,
    sender: Option<SendRequest<Full<Bytes>>>,
}

impl HttpsSink {
    /// The endpoint of `config`, whose files are read.
    ///
    /// # Errors
    ///
    /// Where a file is of no use, or the system gives no sockets.
    pub(in crate::audit) fn new(config: HttpsSinkConfig) -> io::Result<Self> {
        let files = TlsFiles {
            ca: &config.ca,
            identity: config.identity.as_ref().map(|(certificate, key)| (&**certificate, &**key)),
        };
        let tls = tls::config(&files).map_err(io::Error::other)?;
        let name = ServerName::try_from(config.host.clone()).map_err(io::Error::other)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self { config, runtime, tls: TlsConnector::from(Arc::new(tls)), name, sender: None })
    }
}

impl Sink for HttpsSink {
    fn name(&self) -> String {
        format!("https {}:{}{}", self.config.host, self.config.port, self.config.path)
    }

    fn take(&mut self, lines: &[Arc<Line>]) -> io::Result<Option<u64>> {
        let body: Vec<u8> = lines.iter().flat_map(|line| line.text.iter().copied()).collect();
        let Self { config, runtime, tls, name, sender } = self;
        let kept = sender.take();
        let posted = runtime.block_on(async {
            let exchange = exchange(config, tls, name, kept, Bytes::from(body));
            tokio::time::timeout(TIMEOUT, exchange).await
        });
        match posted {
            Ok(Ok(kept)) => *sender = Some(kept),
            Ok(Err(error)) => return Err(io::Error::other(error)),
            Err(_) => return Err(io::ErrorKind::TimedOut.into()),
        }
        Ok(None)
    }
}

/// Posts over the connection that was kept, or over a new one, and returns it.
async fn exchange(
    config: &HttpsSinkConfig,
    tls: &TlsConnector,
    name: &ServerName<'static>,
    kept: Option<SendRequest<Full<Bytes>>>,
    body: Bytes,
) -> Result<SendRequest<Full<Bytes>>, Failure> {
    let mut sender = match kept.filter(|kept| !kept.is_closed()) {
        Some(kept) => kept,
        None => connect(config, tls, name).await?,
    };
    sender.ready().await?;
    let request = Request::post(config.path.as_str())
        .header("Host", format!("{}:{}", config.host, config.port))
        .header("Content-Type", "application/x-ndjson")
        .body(Full::new(body))?;
    let response = sender.send_request(request).await?;
    let status = response.status();
    let _ = Limited::new(response.into_body(), MAX_ANSWER_BYTES).collect().await?;
    if status.is_success() {
        Ok(sender)
    } else {
        Err(format!("the endpoint answers {status}").into())
    }
}

async fn connect(
    config: &HttpsSinkConfig,
    tls: &TlsConnector,
    name: &ServerName<'static>,
) -> Result<SendRequest<Full<Bytes>>, Failure> {
    let socket = TcpStream::connect((config.host.as_str(), config.port)).await?;
    socket.set_nodelay(true)?;
    let stream = TokioIo::new(tls.connect(name.clone(), socket).await?);
    let (sender, connection) = http1::handshake(stream).await?;
    tokio::spawn(connection);
    Ok(sender)
}
