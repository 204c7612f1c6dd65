//! Reads `ready.json`, which `claviger dev` writes once it is listening.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::ClientConfig;

/// Name of the file in the folder of a trial.
pub const FILE_NAME: &str = "ready.json";

/// Where a trial listens, and who may come. All paths are absolute.
#[derive(Clone, Debug, Deserialize)]
pub struct Ready {
    /// Address of the listener.
    pub kmip_addr: SocketAddr,
    /// Address of the listener for HTTPS, if there is one.
    #[serde(default)]
    pub https_addr: Option<SocketAddr>,
    /// Address of the listener for administration, if there is one.
    #[serde(default)]
    pub admin_addr: Option<SocketAddr>,
    /// File with the first token of the administration, if there is one.
    #[serde(default)]
    pub admin_token: Option<PathBuf>,
    /// Address of the listener for metrics and health, if there is one.
    #[serde(default)]
    pub monitoring_addr: Option<SocketAddr>,
    /// Certificate of the trial's CA.
    pub ca: PathBuf,
    /// Certificate of the first client.
    pub client_cert: PathBuf,
    /// Its private key.
    pub client_key: PathBuf,
    /// Certificate of the second client, of the same scope.
    pub client2_cert: PathBuf,
    /// Its private key.
    pub client2_key: PathBuf,
    /// Certificate of a client of another scope.
    pub other_cert: PathBuf,
    /// Its private key.
    pub other_key: PathBuf,
    /// The server's configuration.
    pub config: PathBuf,
    /// Label of its token.
    pub token_label: String,
    /// Its process.
    pub pid: u32,
}

/// Why there is no server to be found.
#[derive(Debug, thiserror::Error)]
pub enum ReadyError {
    /// The file is not there.
    #[error(
        "{} is not there: start the server first, with `claviger dev`, and let it run",
        .0.display()
    )]
    Absent(PathBuf),
    /// The file is unreadable.
    #[error("{}: {source}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        source: io::Error,
    },
}

impl Ready {
    /// Reads the file.
    ///
    /// # Errors
    ///
    /// [`ReadyError`].
    pub fn read(file: &Path) -> Result<Self, ReadyError> {
        let unreadable = |source| ReadyError::Unreadable { file: file.to_owned(), source };
        match std::fs::read(file) {
            Ok(text) => serde_json::from_slice(&text).map_err(|err| unreadable(err.into())),
            Err(err) if err.kind() == io::ErrorKind::NotFound => {
                Err(ReadyError::Absent(file.to_owned()))
            }
            Err(err) => Err(unreadable(err)),
        }
    }

    /// How to connect as the first client.
    #[must_use]
    pub fn client(&self) -> ClientConfig {
        self.config_for(&self.client_cert, &self.client_key)
    }

    /// How to connect as the second client, of the same scope.
    #[must_use]
    pub fn second_client(&self) -> ClientConfig {
        self.config_for(&self.client2_cert, &self.client2_key)
    }

    /// How to connect as the client of another scope.
    #[must_use]
    pub fn other_client(&self) -> ClientConfig {
        self.config_for(&self.other_cert, &self.other_key)
    }

    fn config_for(&self, certificate: &Path, private_key: &Path) -> ClientConfig {
        let mut addr = self.kmip_addr;
        if addr.ip().is_unspecified() {
            // Listens on every address; this one is on this machine, and in the certificate.
            addr.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
        }
        let mut config = ClientConfig::new(addr.to_string(), &self.ca, certificate, private_key);
        // What the certificate of a trial is made for, whatever the address.
        config.server_name = Some("localhost".to_owned());
        config
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_file_says_what_to_do() {
        let error = Ready::read(Path::new("/nowhere/ready.json")).unwrap_err();
        assert!(error.to_string().contains("claviger dev"), "{error}");
    }

    #[test]
    fn damaged_file_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join(FILE_NAME);
        std::fs::write(&file, "{}").unwrap();
        let error = Ready::read(&file).unwrap_err();
        assert!(error.to_string().contains("missing field"), "{error}");
    }
}
