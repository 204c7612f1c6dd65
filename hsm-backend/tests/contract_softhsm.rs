//! The backend contract, and what only a token has, on SoftHSM2.
//!
//! Each test re-runs this binary as a child with SOFTHSM2_CONF in the child's environment only:
//! one process is one SoftHSM, and a broken call may end it.
// The lints let tests do this, but not their helpers.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hsm_backend::pkcs11::{Pkcs11Backend, Pkcs11Config, list_tokens, provision_token};
use hsm_backend::{
    BlockMode, CallContext, CipherAlgorithm, CipherParams, HsmBackend, HsmErrorKind, KeyId,
    KeyPolicy, KeyRef, KeyUsage, Padding, SecretKeyKind, SecretKeySpec, SecretValue, TokenState,
    contract,
};

/// Set in the child: the token directory's parent.
const CHILD: &str = "CLAVIGER_TEST_SOFTHSM_DIR";
const AES_ECB: CipherAlgorithm = CipherAlgorithm::aes(BlockMode::Ecb, Padding::None);
const PIN: &[u8] = b"1234";
const SO_PIN: &[u8] = b"5678";

fn module() -> PathBuf {
    let default = || PathBuf::from("/usr/lib/softhsm/libsofthsm2.so");
    let path = std::env::var_os("CLAVIGER_PKCS11_MODULE").map_or_else(default, PathBuf::from);
    assert!(
        path.exists(),
        "{} is missing: run `apt-get install softhsm2`, or set CLAVIGER_PKCS11_MODULE",
        path.display()
    );
    path
}

/// Runs `work` in a child process with a token directory of its own.
fn in_child(test: &str, work: impl FnOnce(&Path)) {
    if let Some(directory) = std::env::var_os(CHILD) {
        return work(Path::new(&directory));
    }
    module();
    let directory = tempfile::tempdir().unwrap();
    let tokens = directory.path().join("tokens");
    std::fs::create_dir(&tokens).unwrap();
    let conf = directory.path().join("softhsm2.conf");
    let text = format!("directories.tokendir = {}\nlog.level = ERROR\n", tokens.display());
    std::fs::write(&conf, text).unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--include-ignored", "--nocapture", "--test-threads=1"])
        .env("SOFTHSM2_CONF", &conf)
        .env(CHILD, directory.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let cried = String::from_utf8_lossy(&output.stderr);
    println!("{said}");
    assert!(output.status.success(), "child {}: {said}\n{cried}", output.status);
    assert!(said.contains("1 passed"), "the child ran no test named {test}");
}

fn secret(bytes: &[u8]) -> SecretValue {
    SecretValue::new(bytes.to_vec())
}

fn provision(label: &str) {
    provision_token(&module(), label, &secret(SO_PIN), &secret(PIN)).unwrap();
}

fn config(label: &str, pin: &[u8]) -> Pkcs11Config {
    let mut config = Pkcs11Config::new(module(), secret(pin));
    config.label = Some(label.to_owned());
    config.retry_period = Duration::from_millis(50);
    config
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

fn open(config: Pkcs11Config) -> Arc<Pkcs11Backend> {
    let backend = Pkcs11Backend::new(config);
    let state = backend.wait_ready(soon());
    assert!(matches!(state, TokenState::Ready(_)), "{}", backend.status_text());
    backend
}

fn call_until(deadline: Instant) -> CallContext {
    CallContext { deadline, scope: "test".to_owned(), request_id: 1 }
}

fn call() -> CallContext {
    call_until(soon())
}

fn aes_key(backend: &Pkcs11Backend, id: KeyId) -> KeyRef {
    let usage = KeyUsage { encrypt: true, decrypt: true, ..KeyUsage::default() };
    let policy = KeyPolicy { usage, sensitive: true, extractable: false, label: "t".to_owned() };
    let spec = SecretKeySpec { kind: SecretKeyKind::Aes, bits: 256 };
    backend.generate_key(&call(), id, spec, &policy).unwrap();
    KeyRef::Token(id)
}

fn encrypt(backend: &Pkcs11Backend, key: &KeyRef) -> Result<Vec<u8>, HsmErrorKind> {
    let params = CipherParams::default();
    let sealed = backend.encrypt(&call(), key, AES_ECB, &params, &[0; 16]);
    sealed.map(|output| output.value.data).map_err(|error| error.kind)
}

#[test]
fn contract_holds_on_softhsm() {
    in_child("contract_holds_on_softhsm", |_| {
        provision("contract");
        let backend = open(config("contract", PIN));
        let TokenState::Ready(capabilities) = backend.state() else { panic!("not ready") };
        println!("{capabilities}");
        let mut failed = Vec::new();
        for (name, case) in contract::CASES {
            let started = Instant::now();
            let run = || case(&*backend);
            let passed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).is_ok();
            println!("{} {name} ({:?})", if passed { "ok" } else { "FAILED" }, started.elapsed());
            if !passed {
                failed.push(name);
            }
        }
        backend.close();
        assert!(failed.is_empty(), "{failed:?}");
    });
}

#[test]
fn token_objects_are_as_the_policy_says() {
    in_child("token_objects_are_as_the_policy_says", |_| {
        provision("kept");
        let id = KeyId([7; 16]);
        let sealed = {
            let backend = open(config("kept", PIN));
            let key = aes_key(&backend, id);
            let sealed = encrypt(&backend, &key).unwrap();
            backend.close();
            assert_eq!(encrypt(&backend, &key), Err(HsmErrorKind::Unavailable));
            sealed
        };
        // A new backend finds the key by its id alone.
        let backend = open(config("kept", PIN));
        assert_eq!(encrypt(&backend, &KeyRef::Token(id)), Ok(sealed));
        let exported = backend.export_key(&call(), &KeyRef::Token(id));
        assert_eq!(exported.unwrap_err().kind, HsmErrorKind::NotExtractable);
    });
}

#[test]
fn token_is_chosen_by_label_and_serial() {
    in_child("token_is_chosen_by_label_and_serial", |_| {
        provision("one");
        provision("two");
        let again = provision_token(&module(), "two", &secret(SO_PIN), &secret(PIN));
        assert_eq!(again.unwrap_err().kind, HsmErrorKind::NotPermitted);
        let listed = list_tokens(&module()).unwrap();
        let mut labels: Vec<_> = listed.iter().map(|info| info.label.as_str()).collect();
        labels.sort_unstable();
        assert_eq!(labels, ["one", "two"]);
        let backend = open(config("two", PIN));
        let info = backend.info().unwrap();
        assert_eq!(info.label, "two");
        backend.close();
        let mut by_serial = config("two", PIN);
        by_serial.serial = Some(info.serial.clone());
        open(by_serial).close();
        let refused = |config: Pkcs11Config| {
            let backend = Pkcs11Backend::new(config);
            let state = backend.wait_first_attempt(soon());
            assert!(matches!(state, TokenState::Unavailable));
            let status = backend.status_text();
            backend.close();
            status
        };
        let mut mixed = config("one", PIN);
        mixed.serial = Some(info.serial);
        assert!(refused(mixed).contains("no token"));
        let mut any = config("one", PIN);
        any.label = None;
        assert!(refused(any).contains("more than one"));
    });
}

#[test]
fn wrong_pin_is_tried_once() {
    in_child("wrong_pin_is_tried_once", |_| {
        provision("pin");
        for expected in ["the PIN was refused; it", "the PIN was refused before"] {
            let backend = Pkcs11Backend::new(config("pin", b"0000"));
            backend.wait_first_attempt(soon());
            let status = backend.status_text();
            assert!(status.contains("the PIN was refused"), "{status}");
            if expected.contains("before") {
                assert!(status.contains(expected), "{status}");
            }
            assert_eq!(backend.random(&call(), 8).unwrap_err().kind, HsmErrorKind::PinRejected);
            backend.close();
        }
        // Another PIN is another matter.
        open(config("pin", PIN)).close();
    });
}

#[test]
fn absent_token_becomes_ready_when_it_appears() {
    in_child("absent_token_becomes_ready_when_it_appears", |directory| {
        provision("wander");
        let (here, away) = (directory.join("tokens"), directory.join("away"));
        std::fs::rename(&here, &away).unwrap();
        std::fs::create_dir(&here).unwrap();
        let backend = Pkcs11Backend::new(config("wander", PIN));
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
        provision("lost");
        let mut config = config("lost", PIN);
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
fn exhausted_pool_is_busy_at_the_deadline() {
    in_child("exhausted_pool_is_busy_at_the_deadline", |_| {
        provision("pool");
        let mut config = config("pool", PIN);
        config.max_sessions = 1;
        let backend = open(config);
        let policy = KeyPolicy {
            usage: KeyUsage { sign: true, ..KeyUsage::default() },
            sensitive: true,
            extractable: false,
            label: "slow".to_owned(),
        };
        let spec = hsm_backend::KeyPairSpec::Rsa { bits: 4096, public_exponent: vec![1, 0, 1] };
        let done = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let late = call_until(Instant::now() + Duration::from_secs(120));
                backend.generate_key_pair(&late, KeyId([3; 16]), &spec, &policy).unwrap();
                done.store(true, std::sync::atomic::Ordering::Release);
            });
            let mut busy = false;
            while !busy && !done.load(std::sync::atomic::Ordering::Acquire) {
                let asked = Instant::now();
                let short = call_until(asked + Duration::from_millis(20));
                busy = match backend.random(&short, 8) {
                    Ok(_) => false,
                    Err(error) => {
                        assert!(asked.elapsed() < Duration::from_secs(1), "answered late");
                        error.kind == HsmErrorKind::Busy
                    }
                };
            }
            assert!(busy, "the pool of one session was never exhausted");
        });
        assert_eq!(backend.random(&call(), 8).unwrap().expose().len(), 8);
    });
}

#[test]
fn second_backend_on_the_same_library_is_refused() {
    in_child("second_backend_on_the_same_library_is_refused", |_| {
        provision("twice");
        let first = open(config("twice", PIN));
        let second = Pkcs11Backend::new(config("twice", PIN));
        assert!(matches!(second.wait_first_attempt(soon()), TokenState::Unavailable));
        assert!(second.status_text().contains("already in use"), "{}", second.status_text());
        second.close();
        assert_eq!(first.random(&call(), 8).unwrap().expose().len(), 8);
        first.close();
    });
}

#[test]
fn keys_pushed_out_of_the_cache_are_still_served() {
    in_child("keys_pushed_out_of_the_cache_are_still_served", |_| {
        provision("small");
        let mut config = config("small", PIN);
        config.max_cached_keys = 1;
        config.max_sessions = 4;
        let backend = open(config);
        let busy = "concurrent_calls_do_not_disturb_each_other";
        let (_, case) = contract::CASES.iter().find(|(name, _)| *name == busy).unwrap();
        for _ in 0..2 {
            case(&*backend);
        }
    });
}

#[test]
#[ignore = "a measurement: run it alone, in release"]
fn hot_path_speed() {
    in_child("hot_path_speed", |_| {
        provision("speed");
        let backend = open(config("speed", PIN));
        let key = aes_key(&backend, KeyId([1; 16]));
        let params = CipherParams { iv: vec![1; 12], tag_bytes: 16, ..CipherParams::default() };
        for bytes in [1024, 1 << 20] {
            let data = vec![7; bytes];
            let rounds = if bytes > 4096 { 300 } else { 50_000 };
            let started = Instant::now();
            for _ in 0..rounds {
                let gcm = CipherAlgorithm::AesGcm;
                backend.encrypt(&call(), &key, gcm, &params, &data).unwrap();
            }
            println!("GCM of {bytes} bytes: {:?} each", started.elapsed() / rounds);
        }
    });
}
