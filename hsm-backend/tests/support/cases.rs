//! Test cases for every real token.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use cryptoki::object::{Attribute, KeyType, ObjectClass};
use hsm_backend::pkcs11::{Pkcs11Backend, Pkcs11Config};
use hsm_backend::{
    CipherAlgorithm, CipherParams, HsmBackend, HsmError, HsmErrorKind, KeyId, KeyPairSpec,
    KeyPolicy, KeyRef, KeyUsage, TokenState, WrapAlgorithm, WrappedCustody, contract,
};

pub use super::closed::*;
use super::{PIN, SoftToken, aes_key, call, call_until, capabilities, encrypt, open, soon};

/// Makes a test of each case, on one token; every real token has all of them.
#[macro_export]
macro_rules! cases_on {
    ($token:expr) => {
        cases_on! { $token =>
            contract_holds
            token_objects_are_as_the_policy_says
            token_is_chosen_by_label_and_serial
            wrong_pin_is_tried_once
            exhausted_pool_is_busy_at_the_deadline
            second_backend_on_the_same_library_is_refused
            keys_pushed_out_of_the_cache_are_still_served
            idle_sessions_that_were_closed_are_replaced
            token_whose_sessions_were_all_closed_is_opened_anew
            key_is_not_called_absent_after_a_logout
            rest_of_a_key_is_destroyed_by_its_id
            destroyed_wrapped_key_does_not_stay_in_the_token
            keys_used_beside_others_stay_alive
            #[ignore = "a measurement: run it alone, in release"]
            hot_path_speed
        }
    };
    ($token:expr => $($(#[$attribute:meta])* $case:ident)*) => {
        $(
            #[test]
            $(#[$attribute])*
            fn $case() {
                $token.in_child(stringify!($case), |_| support::cases::$case(&$token));
            }
        )*
    };
}

pub fn contract_holds(token: &SoftToken) {
    token.provision("contract");
    let backend = token.open("contract");
    println!("{}", capabilities(&backend));
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
}

pub fn token_objects_are_as_the_policy_says(token: &SoftToken) {
    token.provision("kept");
    let id = KeyId([7; 16]);
    let sealed = {
        let backend = token.open("kept");
        let key = aes_key(&backend, id);
        let sealed = encrypt(&backend, &key).unwrap();
        backend.close();
        assert_eq!(encrypt(&backend, &key), Err(HsmErrorKind::Unavailable));
        sealed
    };
    // A new backend finds the key by its id alone.
    let backend = token.open("kept");
    assert_eq!(encrypt(&backend, &KeyRef::Token(id)), Ok(sealed));
    let exported = backend.export_key(&call(), &KeyRef::Token(id));
    assert_eq!(exported.unwrap_err().kind, HsmErrorKind::NotExtractable);
}

pub fn token_is_chosen_by_label_and_serial(token: &SoftToken) {
    token.provision("one");
    token.provision("two");
    assert_eq!(token.provision_again("two"), HsmErrorKind::NotPermitted);
    let backend = token.open("two");
    let info = backend.info().unwrap();
    assert_eq!(info.label, "two");
    backend.close();
    let mut by_serial = token.config("two", PIN);
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
    let mut mixed = token.config("one", PIN);
    mixed.serial = Some(info.serial);
    assert!(refused(mixed).contains("no token"));
    let mut any = token.config("one", PIN);
    any.label = None;
    assert!(refused(any).contains("more than one"));
}

pub fn wrong_pin_is_tried_once(token: &SoftToken) {
    token.provision("pin");
    for expected in ["the PIN was refused; it", "the PIN was refused before"] {
        let backend = Pkcs11Backend::new(token.config("pin", b"0000"));
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
    token.open("pin").close();
}

pub fn exhausted_pool_is_busy_at_the_deadline(token: &SoftToken) {
    token.provision("pool");
    let mut config = token.config("pool", PIN);
    config.max_sessions = 1;
    let backend = open(config);
    let policy = KeyPolicy {
        usage: KeyUsage { sign: true, ..KeyUsage::default() },
        sensitive: true,
        extractable: false,
        label: "slow".to_owned(),
    };
    let spec = KeyPairSpec::Rsa { bits: 4096, public_exponent: vec![1, 0, 1] };
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let late = call_until(Instant::now() + Duration::from_secs(120));
            backend.generate_key_pair(&late, KeyId([3; 16]), &spec, &policy).unwrap();
            done.store(true, Ordering::Release);
        });
        let mut busy = false;
        while !busy && !done.load(Ordering::Acquire) {
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
}

pub fn second_backend_on_the_same_library_is_refused(token: &SoftToken) {
    token.provision("twice");
    let first = token.open("twice");
    let second = Pkcs11Backend::new(token.config("twice", PIN));
    assert!(matches!(second.wait_first_attempt(soon()), TokenState::Unavailable));
    assert!(second.status_text().contains("already in use"), "{}", second.status_text());
    second.close();
    assert_eq!(first.random(&call(), 8).unwrap().expose().len(), 8);
    first.close();
}

pub fn keys_pushed_out_of_the_cache_are_still_served(token: &SoftToken) {
    token.provision("small");
    let mut config = token.config("small", PIN);
    config.max_cached_keys = 1;
    config.max_sessions = 4;
    let backend = open(config);
    let busy = "concurrent_calls_do_not_disturb_each_other";
    let (_, case) = contract::CASES.iter().find(|(name, _)| *name == busy).unwrap();
    for _ in 0..2 {
        case(&*backend);
    }
}

/// A key that is used beside another is not destroyed because others push it out of the cache.
pub fn keys_used_beside_others_stay_alive(token: &SoftToken) {
    token.provision("beside");
    let mut config = token.config("beside", PIN);
    config.max_cached_keys = 1;
    let backend = open(config);
    let (wrapped, other) = (wrapped_key(&backend), KeyId([10; 16]));
    backend.make_kek(&call(), other).unwrap();
    let others = [1, 2, 3].map(|number| aes_key(&backend, KeyId([number; 16])));
    let done = AtomicBool::new(false);
    let push_out = || {
        while !done.load(Ordering::Acquire) {
            others.iter().for_each(|key| drop(encrypt(&backend, key).unwrap()));
        }
    };
    let use_both = || {
        for _ in 0..150 {
            backend.rewrap(&call(), &wrapped, other)?;
            let wrap = WrapAlgorithm::AesKeyWrap;
            backend.wrap_key(&call(), &KeyRef::Token(other), &wrapped, wrap)?;
        }
        Ok::<_, HsmError>(())
    };
    std::thread::scope(|scope| {
        let pushing: Vec<_> = (0..2).map(|_| scope.spawn(push_out)).collect();
        let using: Vec<_> = (0..4).map(|_| scope.spawn(use_both)).collect();
        let used: Vec<_> = using.into_iter().map(|thread| thread.join().unwrap()).collect();
        done.store(true, Ordering::Release);
        pushing.into_iter().for_each(|thread| thread.join().unwrap());
        assert!(used.iter().all(Result::is_ok), "{used:?}");
    });
}

/// What is left of a pair or of a key that was being made when the process ended.
pub fn rest_of_a_key_is_destroyed_by_its_id(token: &SoftToken) {
    token.provision("rest");
    let backend = token.open("rest");
    let key = aes_key(&backend, KeyId([1; 16]));
    let id = Attribute::Id(vec![2; 16]);
    let exponent = Attribute::PublicExponent(vec![1, 0, 1]);
    let half_a_pair = [
        Attribute::Class(ObjectClass::PUBLIC_KEY),
        Attribute::KeyType(KeyType::RSA),
        Attribute::Modulus(vec![0xC5; 256]),
        exponent,
        Attribute::Token(true),
        id,
    ];
    Bystander::enter(token, "rest").create(&half_a_pair);
    let rest = KeyRef::Token(KeyId([2; 16]));
    assert_eq!(backend.key_exists(&call(), KeyId([2; 16])), Ok(true));
    backend.destroy_key(&call(), &rest).unwrap();
    assert_eq!(backend.key_exists(&call(), KeyId([2; 16])), Ok(false));
    let again = backend.destroy_key(&call(), &rest);
    assert_eq!(again.unwrap_err().kind, HsmErrorKind::KeyNotFound);
    assert!(encrypt(&backend, &key).is_ok());
}

pub fn hot_path_speed(token: &SoftToken) {
    token.provision("speed");
    let backend = token.open("speed");
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
}
