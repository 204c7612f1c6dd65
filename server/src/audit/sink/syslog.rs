//! Syslog: RFC 5424 over a Unix socket, UDP or TCP (RFC 6587, counted octets).

use std::io::{self, Write};
use std::net::{TcpStream, ToSocketAddrs, UdpSocket};
use std::os::unix::net::UnixDatagram;
use std::sync::Arc;
use std::time::Duration;

use super::super::chain::{self, Line};
use super::Sink;
use crate::config::{SyslogAddress, SyslogSinkConfig};

/// For connecting and for each write: less than a caller waits.
const TIMEOUT: Duration = Duration::from_secs(1);
/// Facility 13, log audit; severity 5, notice.
const PRIORITY: u8 = 13 * 8 + 5;

pub(in crate::audit) struct SyslogSink {
    config: SyslogSinkConfig,
    node: String,
    way: Option<Way>,
    /// Lines of those in hand that are sent already.
    sent: usize,
}

enum Way {
    Unix(UnixDatagram),
    Udp(UdpSocket),
    Tcp(TcpStream),
}

impl SyslogSink {
    /// The collector of `config`, told by `node`.
    pub(in crate::audit) fn new(config: SyslogSinkConfig, node: &str) -> Self {
        Self { config, node: node.to_owned(), way: None, sent: 0 }
    }

    fn message(&self, line: &Line) -> Vec<u8> {
        let (time, node, pid) = (chain::now(), &self.node, std::process::id());
        let kind = serde_json::to_string(&line.kind).unwrap_or_default();
        let header =
            format!("<{PRIORITY}>1 {time} {node} claviger {pid} {} - ", kind.trim_matches('"'));
        let text = line.text.strip_suffix(b"\n").unwrap_or(&line.text);
        [header.as_bytes(), text].concat()
    }

    fn send(&mut self, line: &Line) -> io::Result<()> {
        let message = self.message(line);
        let way = match &mut self.way {
            Some(way) => way,
            None => self.way.insert(Way::to(&self.config.address)?),
        };
        match way {
            Way::Unix(socket) => socket.send(&message).map(drop),
            Way::Udp(socket) => socket.send(&message).map(drop),
            Way::Tcp(stream) => {
                let framed = [format!("{} ", message.len()).as_bytes(), &message].concat();
                stream.write_all(&framed)
            }
        }
    }
}

impl Sink for SyslogSink {
    fn name(&self) -> String {
        format!("syslog {}", self.config.address)
    }

    fn take(&mut self, lines: &[Arc<Line>]) -> io::Result<Option<u64>> {
        while let Some(line) = lines.get(self.sent) {
            if let Err(error) = self.send(line) {
                // A stream may have taken half of it: the next one is sent it whole.
                self.way = None;
                return Err(error);
            }
            self.sent += 1;
        }
        self.sent = 0;
        Ok(None)
    }
}

impl Way {
    fn to(address: &SyslogAddress) -> io::Result<Self> {
        match address {
            SyslogAddress::Unix(path) => {
                let socket = UnixDatagram::unbound()?;
                socket.connect(path)?;
                socket.set_write_timeout(Some(TIMEOUT))?;
                Ok(Self::Unix(socket))
            }
            SyslogAddress::Udp(host) => {
                let to = resolved(host)?;
                let own = if to.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
                let socket = UdpSocket::bind(own)?;
                socket.connect(to)?;
                Ok(Self::Udp(socket))
            }
            SyslogAddress::Tcp(host) => {
                let stream = TcpStream::connect_timeout(&resolved(host)?, TIMEOUT)?;
                stream.set_write_timeout(Some(TIMEOUT))?;
                stream.set_nodelay(true)?;
                Ok(Self::Tcp(stream))
            }
        }
    }
}

fn resolved(host: &str) -> io::Result<std::net::SocketAddr> {
    host.to_socket_addrs()?.next().ok_or_else(|| io::ErrorKind::AddrNotAvailable.into())
}
