//! The files of a trial, and its configuration.

use std::path::{Path, PathBuf};

use super::{DevError, TOKEN_LABEL, softhsm};
use crate::pki::PemPair;

/// Where the files of a trial lie: all paths are absolute and UTF-8.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    root: PathBuf,
}

impl Layout {
    pub(super) fn new(folder: &Path) -> Result<Self, DevError> {
        let root = std::path::absolute(folder).map_err(DevError::file(folder))?;
        // `./claviger-data` keeps its dot in an absolute path, which reads badly in what we print.
        let root = root.components().collect::<PathBuf>();
        if root.to_str().is_none() {
            return Err(DevError::NotUtf8(root));
        }
        Ok(Self { root })
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn config(&self) -> PathBuf {
        self.root.join("claviger.toml")
    }

    pub(super) fn ready(&self) -> PathBuf {
        self.root.join("ready.json")
    }

    pub(super) fn lock(&self) -> PathBuf {
        self.root.join("lock")
    }

    pub(super) fn pin(&self) -> PathBuf {
        self.root.join("pin")
    }

    pub(super) fn so_pin(&self) -> PathBuf {
        self.root.join("so-pin")
    }

    /// The first token of the administration.
    pub(super) fn admin_token(&self) -> PathBuf {
        self.root.join("admin-token")
    }

    pub(super) fn softhsm_conf(&self) -> PathBuf {
        self.root.join("softhsm2.conf")
    }

    pub(super) fn tokens(&self) -> PathBuf {
        self.root.join("tokens")
    }

    /// Present once the token is initialised.
    pub(super) fn token_done(&self) -> PathBuf {
        self.root.join("token-initialised")
    }

    pub(super) fn pki(&self) -> PathBuf {
        self.root.join("pki")
    }

    pub(super) fn pair(&self, name: &str) -> PemPair {
        PemPair::named(&self.pki(), name)
    }

    /// The configuration of the trial. Paths in it are relative, but for what SoftHSM2 reads.
    /// Symmetric keys live where `claviger serve` has them by default, or `in_token`.
    pub(super) fn config_text(
        &self,
        module: &Path,
        addr: &str,
        in_token: bool,
    ) -> Result<String, DevError> {
        let custody = if in_token { "symmetric_keys = \"token\"\n" } else { "" };
        let module =
            module.to_str().ok_or_else(|| DevError::NotUtf8(module.to_owned()))?.to_owned();
        let conf = self.softhsm_conf().to_string_lossy().into_owned();
        Ok(format!(
            r#"# Made by `claviger dev`. Edit it freely: it is written only if it is not there.
# Every key, with its meaning, default and unit: config/claviger.toml of the source tree.

[server]
kmip_addr = {addr}

[tls]
certificate = "pki/server.pem"
private_key = "pki/server.key"
client_ca = ["pki/ca.pem"]

[token]
module = {module}
label = "{TOKEN_LABEL}"
pin = {{ file = "pin" }}

[token.environment]
{variable} = {conf}

[store]
path = "claviger.db"

[[audit.sink]]
type = "file"
path = "audit.log"

[admin]
socket = "admin.sock"
https_addr = "127.0.0.1:8200"

[monitoring]
http_addr = "127.0.0.1:0"

# The clients client1 and client2 belong to demo, the client other to other.
[[scope]]
name = "demo"
operations = ["all"]
export = true
{custody}# HMACs that SoftHSM2 lacks are made in the server's memory. A trial's luxury: see
# docs/guides/custody.md.
assisted = true
certify = true

[[scope]]
name = "other"
operations = ["all"]
export = false

[keys]
# Older conformance cases of the KMIP profiles make RSA keys of 1024 bits, and 3DES keys. Nobody
# else should.
rsa_min_bits = 1024
allow_3des = true
"#,
            addr = quoted(addr),
            module = quoted(&module),
            variable = softhsm::CONF_VARIABLE,
            conf = quoted(&conf),
        ))
    }
}

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}
