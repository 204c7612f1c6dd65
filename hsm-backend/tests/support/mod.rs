//! What the tests on real tokens share: a token of a test's own, and a child process to use it in.
//!
//! Each test re-runs its binary as a child with the library's variable (SOFTHSM2_CONF,
//! KRYOPTIC_CONF) in the child's environment only: one process is one token library, and a broken
//! call may end it.
// The lints let tests do this, but not their helpers; not every test uses every helper.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

pub mod cases;
pub mod closed;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hsm_backend::pkcs11::{Pkcs11Backend, Pkcs11Config, provision_token};
use hsm_backend::{
    BlockMode, CallContext, Capabilities, CipherAlgorithm, CipherParams, HsmBackend, HsmErrorKind,
    KeyId, KeyPolicy, KeyRef, KeyUsage, Padding, SecretKeyKind, SecretKeySpec, SecretValue,
    TokenState,
};

/// Set in the child: the token directory's parent.
const CHILD: &str = "CLAVIGER_TEST_TOKEN_DIR";
const AES_ECB: CipherAlgorithm = CipherAlgorithm::aes(BlockMode::Ecb, Padding::None);
pub const PIN: &[u8] = b"1234";
const SO_PIN: &[u8] = b"5678";

/// A token in software, as the tests make it.
pub struct SoftToken {
    /// Environment variable that names the library, and where it is otherwise.
    pub module_variable: &'static str,
    pub default_module: fn() -> PathBuf,
    /// How to come by a library that is not there.
    pub remedy: &'static str,
    /// Environment variable that names the library's configuration file.
    pub conf_variable: &'static str,
    /// That file's text, for tokens in this directory; with room for two of them.
    pub conf: fn(&Path) -> String,
}

impl SoftToken {
    /// The library.
    pub fn module(&self) -> PathBuf {
        let named = std::env::var_os(self.module_variable);
        let path = named.map_or_else(self.default_module, PathBuf::from);
        let (variable, remedy) = (self.module_variable, self.remedy);
        assert!(path.exists(), "{} is missing: {remedy}, or set {variable}", path.display());
        path
    }

    /// Runs `work` in a child process with a token directory of its own.
    pub fn in_child(&self, test: &str, work: impl FnOnce(&Path)) {
        if let Some(directory) = std::env::var_os(CHILD) {
            return work(Path::new(&directory));
        }
        self.module();
        let directory = tempfile::tempdir().unwrap();
        let tokens = directory.path().join("tokens");
        std::fs::create_dir(&tokens).unwrap();
        let conf = directory.path().join("token.conf");
        std::fs::write(&conf, (self.conf)(&tokens)).unwrap();
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", test, "--include-ignored", "--nocapture", "--test-threads=1"])
            .env(self.conf_variable, &conf)
            .env(CHILD, directory.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        let cried = String::from_utf8_lossy(&output.stderr);
        println!("{said}");
        assert!(output.status.success(), "child {}: {said}\n{cried}", output.status);
        assert!(said.contains("1 passed"), "the child ran no test named {test}");
    }

    /// Initialises a token.
    pub fn provision(&self, label: &str) {
        provision_token(&self.module(), label, &secret(SO_PIN), &secret(PIN)).unwrap();
    }

    /// Tries to initialise a token whose label is taken.
    pub fn provision_again(&self, label: &str) -> HsmErrorKind {
        let again = provision_token(&self.module(), label, &secret(SO_PIN), &secret(PIN));
        again.unwrap_err().kind
    }

    pub fn config(&self, label: &str, pin: &[u8]) -> Pkcs11Config {
        let mut config = Pkcs11Config::new(self.module(), secret(pin));
        config.label = Some(label.to_owned());
        config.retry_period = Duration::from_millis(50);
        config
    }

    /// The backend on a token that was initialised.
    pub fn open(&self, label: &str) -> Arc<Pkcs11Backend> {
        open(self.config(label, PIN))
    }
}

fn secret(bytes: &[u8]) -> SecretValue {
    SecretValue::new(bytes.to_vec())
}

pub fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

pub fn open(config: Pkcs11Config) -> Arc<Pkcs11Backend> {
    let backend = Pkcs11Backend::new(config);
    let state = backend.wait_ready(soon());
    assert!(matches!(state, TokenState::Ready(_)), "{}", backend.status_text());
    backend
}

pub fn capabilities(backend: &Pkcs11Backend) -> Arc<Capabilities> {
    let TokenState::Ready(capabilities) = backend.state() else { panic!("not ready") };
    capabilities
}

pub fn call_until(deadline: Instant) -> CallContext {
    CallContext { deadline, scope: "test".to_owned(), request_id: 1 }
}

pub fn call() -> CallContext {
    call_until(soon())
}

pub fn aes_key(backend: &Pkcs11Backend, id: KeyId) -> KeyRef {
    let usage = KeyUsage { encrypt: true, decrypt: true, ..KeyUsage::default() };
    let policy = KeyPolicy { usage, sensitive: true, extractable: false, label: "t".to_owned() };
    let spec = SecretKeySpec { kind: SecretKeyKind::Aes, bits: 256 };
    backend.generate_key(&call(), id, spec, &policy).unwrap();
    KeyRef::Token(id)
}

pub fn encrypt(backend: &Pkcs11Backend, key: &KeyRef) -> Result<Vec<u8>, HsmErrorKind> {
    let params = CipherParams::default();
    let sealed = backend.encrypt(&call(), key, AES_ECB, &params, &[0; 16]);
    sealed.map(|output| output.value.data).map_err(|error| error.kind)
}
