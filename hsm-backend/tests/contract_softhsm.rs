//! The backend contract, and what only a token has, on SoftHSM2.
// The lints let tests do this, but not their helpers.
#![allow(clippy::unwrap_used)]

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use hsm_backend::pkcs11::Pkcs11Backend;
use hsm_backend::{HsmBackend, HsmErrorKind, KeyId, KeyRef, TokenState};
use support::{PIN, SoftToken, aes_key, call, encrypt, open, soon};

const SOFTHSM: SoftToken = SoftToken {
    module_variable: "CLAVIGER_PKCS11_MODULE",
    default_module: || PathBuf::from("/usr/lib/softhsm/libsofthsm2.so"),
    remedy: "run `apt-get install softhsm2`",
    conf_variable: "SOFTHSM2_CONF",
    conf: |tokens| format!("directories.tokendir = {}\nlog.level = ERROR\n", tokens.display()),
};

cases_on! { SOFTHSM }

fn in_child(test: &str, work: impl FnOnce(&Path)) {
    SOFTHSM.in_child(test, work);
}

#[test]
fn absent_token_becomes_ready_when_it_appears() {
    in_child("absent_token_becomes_ready_when_it_appears", |directory| {
        SOFTHSM.provision("wander");
        let (here, away) = (directory.join("tokens"), directory.join("away"));
        std::fs::rename(&here, &away).unwrap();
        std::fs::create_dir(&here).unwrap();
        let backend = Pkcs11Backend::new(SOFTHSM.config("wander", PIN));
        assert!(matches!(backend.wait_first_attempt(soon()), TokenState::Unavailable));
        assert!(backend.status_text().contains("no token"), "{}", backend.status_text());
        assert_eq!(backend.random(&call(), 8).unwrap_err().kind, HsmErrorKind::Unavailable);
        std::fs::remove_dir(&here).unwrap();
        std::fs::rename(&away, &here).unwrap();
        assert!(matches!(backend.wait_ready(soon()), TokenState::Ready(_)));
        assert_eq!(backend.random(&call(), 8).unwrap().expose().len(), 8);
    });
}

#[test]
fn lost_token_is_unavailable_and_heals() {
    in_child("lost_token_is_unavailable_and_heals", |directory| {
        SOFTHSM.provision("lost");
        let mut config = SOFTHSM.config("lost", PIN);
        // The loss is to be found by the calls, not by the watch.
        config.retry_period = Duration::from_secs(3);
        let backend = open(config);
        let known = aes_key(&backend, KeyId([1; 16]));
        let sealed = encrypt(&backend, &known).unwrap();
        let (here, away) = (directory.join("tokens"), directory.join("away"));
        std::fs::rename(&here, &away).unwrap();
        // The copy in the session needs no file: this is how the hot path stays off the disk.
        assert_eq!(encrypt(&backend, &known), Ok(sealed.clone()));
        // An absent token must not look like an empty one.
        let unknown = KeyRef::Token(KeyId([2; 16]));
        assert_eq!(encrypt(&backend, &unknown), Err(HsmErrorKind::Unavailable));
        let exists = backend.key_exists(&call(), KeyId([1; 16]));
        assert_eq!(exists.unwrap_err().kind, HsmErrorKind::Unavailable);
        assert!(matches!(backend.state(), TokenState::Unavailable));
        std::fs::rename(&away, &here).unwrap();
        assert!(matches!(backend.wait_ready(soon()), TokenState::Ready(_)));
        assert_eq!(encrypt(&backend, &known), Ok(sealed));
    });
}

#[test]
fn token_that_was_initialised_anew_is_not_taken_for_an_empty_one() {
    in_child("token_that_was_initialised_anew_is_not_taken_for_an_empty_one", |_| {
        SOFTHSM.provision("old");
        let mut config = SOFTHSM.config("old", PIN);
        // The loss is to be found by the calls, not by the watch.
        config.retry_period = Duration::from_secs(60);
        let backend = open(config);
        aes_key(&backend, KeyId([1; 16]));
        let anew = ["--init-token", "--token", "old", "--label", "new", "--so-pin", "5678"];
        let tool = Command::new("softhsm2-util").args(anew).args(["--pin", "1234"]).output();
        assert!(tool.unwrap().status.success());
        let there = backend.key_exists(&call(), KeyId([1; 16]));
        assert_eq!(there.unwrap_err().kind, HsmErrorKind::Unavailable);
        assert!(matches!(backend.state(), TokenState::Unavailable));
    });
}
