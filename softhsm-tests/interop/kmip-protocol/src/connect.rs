//! A connection, as the configuration of a user's program makes one.

use std::fs::read;
use std::net::TcpStream;
use std::time::Duration;

use kmip_protocol::client::tls::{openssl as by_openssl, rustls as by_rustls};
use kmip_protocol::client::{Client, ClientCertificate, ConnectionSettings};

use crate::Step;

/// Longest that the network may be silent. The machine of the tests is busy, and makes keys.
const PATIENCE: Duration = Duration::from_secs(60);

/// The command line.
pub(crate) struct Arguments {
    pub(crate) tls: String,
    host: String,
    port: u16,
    ca: String,
    certificate: String,
    key: String,
}

impl Arguments {
    pub(crate) fn read(words: &[String]) -> Step<Self> {
        let [tls, host, port, ca, certificate, key] = words else {
            return Err("kmip-walk openssl|rustls HOST PORT CA CERTIFICATE KEY".into());
        };
        Ok(Self {
            tls: tls.clone(),
            host: host.clone(),
            port: port.parse()?,
            ca: ca.clone(),
            certificate: certificate.clone(),
            key: key.clone(),
        })
    }

    fn settings(&self) -> Step<ConnectionSettings> {
        let Self { host, port, ca, certificate, key, .. } = self;
        let settings = ConnectionSettings {
            host: host.clone(),
            port: *port,
            ca_cert: Some(read(ca)?),
            client_cert: Some(ClientCertificate::SeparatePem {
                cert_bytes: read(certificate)?,
                key_bytes: Some(read(key)?),
            }),
            connect_timeout: Some(PATIENCE),
            read_timeout: Some(PATIENCE),
            write_timeout: Some(PATIENCE),
            max_response_bytes: Some(64 * 1024),
            ..ConnectionSettings::default()
        };
        Ok(settings)
    }
}

/// Over OpenSSL, as Krill does it.
pub(crate) fn openssl(arguments: &Arguments) -> Step<Client<openssl::ssl::SslStream<TcpStream>>> {
    let client = by_openssl::connect(&arguments.settings()?)?;
    let stream = client.inner();
    let version = stream.lock().map_err(|_| "poisoned")?.ssl().version_str();
    crate::say("connected", version);
    Ok(client)
}

/// Over rustls.
pub(crate) fn rustls(
    arguments: &Arguments,
) -> Step<Client<impl kmip_protocol::types::traits::ReadWrite + Send + use<>>> {
    let client = by_rustls::connect(&arguments.settings()?)?;
    crate::say("connected", "rustls");
    Ok(client)
}
