//! Random bytes, deadlines, limits, concurrency.

use std::time::Instant;

use super::support::*;
use crate::backend::{CallContext, HsmBackend, KeyRef};
use crate::error::HsmErrorKind;
use crate::job::{
    CipherAlgorithm, CipherParams, Curve, HashAlgorithm, MacAlgorithm, SecretKeyKind,
    SignAlgorithm, SignInput,
};
use crate::software::verify;

pub(super) fn random_is_long_and_fresh(backend: &dyn HsmBackend) {
    let random = |bytes| backend.random(&call(), bytes);
    assert!(random(0).unwrap().expose().is_empty());
    let first = random(64).unwrap();
    assert_eq!(first.expose().len(), 64);
    assert_ne!(first, random(64).unwrap());
    assert_eq!(random(1 << 20).unwrap().expose().len(), 1 << 20);
    assert_eq!(kind(random((1 << 20) + 1)), HsmErrorKind::BadLength);
}

pub(super) fn seed_is_taken_or_declined(backend: &dyn HsmBackend) {
    let taken = backend.seed(&call(), &[1; 32]).unwrap();
    assert!(taken == 0 || taken == 32);
    assert_eq!(backend.seed(&call(), &[]).unwrap(), 0);
}

pub(super) fn past_deadline_is_refused(backend: &dyn HsmBackend) {
    let late = CallContext { deadline: Instant::now(), ..call() };
    assert_eq!(kind(backend.random(&late, 16)), HsmErrorKind::Deadline);
}

pub(super) fn malformed_wrapped_key_is_refused(backend: &dyn HsmBackend) {
    let key =
        KeyRef::Wrapped { id: fresh_id(), kek: fresh_id(), kcv: vec![1, 2, 3], blob: vec![0; 24] };
    let params = CipherParams::default();
    let sealed = backend.encrypt(&call(), &key, AES_ECB, &params, &[0; 16]);
    let refusal = kind(sealed);
    assert!(matches!(refusal, HsmErrorKind::Damaged | HsmErrorKind::KeyNotFound));
}

pub(super) fn oversize_data_is_refused(backend: &dyn HsmBackend) {
    let key = TestKey::generated(backend, SecretKeyKind::Aes, 128);
    let long = vec![0; (64 << 20) + 16];
    let params = CipherParams::default();
    let algorithm = AES_ECB;
    let sealed = backend.encrypt(&call(), &key.key, algorithm, &params, &long);
    assert_eq!(kind(sealed), HsmErrorKind::BadLength);
    let opened = backend.decrypt(&call(), &key.key, algorithm, &params, &long, &[]);
    assert_eq!(kind(opened), HsmErrorKind::BadLength);
    let mac = backend.mac(&call(), &key.key, MacAlgorithm::AesCmac, &long);
    assert_eq!(kind(mac), HsmErrorKind::BadLength);
}

pub(super) fn info_names_the_token(backend: &dyn HsmBackend) {
    let info = backend.info().unwrap();
    assert!(!info.label.is_empty() && info.label.trim_end() == info.label);
}

const THREADS: usize = 8;
const ROUNDS: usize = 6;

/// Eight threads make, use and destroy their own keys while all share two others.
pub(super) fn concurrent_calls_do_not_disturb_each_other(backend: &dyn HsmBackend) {
    let (signer, public) = TestKey::ec(backend, Curve::P256);
    let shared = TestKey::generated(backend, SecretKeyKind::Aes, 256);
    let ecdsa = SignAlgorithm::Ecdsa(HashAlgorithm::Sha256);
    let work = |thread: usize| {
        for round in 0..ROUNDS {
            let data = format!("{thread}.{round}").into_bytes();
            let own = TestKey::generated(backend, SecretKeyKind::Aes, 128);
            for key in [&own, &shared] {
                let params =
                    CipherParams { iv: vec![7; 12], tag_bytes: 16, ..CipherParams::default() };
                let gcm = CipherAlgorithm::AesGcm;
                let sealed = backend.encrypt(&call(), &key.key, gcm, &params, &data).unwrap().value;
                let opened =
                    backend.decrypt(&call(), &key.key, gcm, &params, &sealed.data, &sealed.tag);
                assert_eq!(opened.unwrap().value.expose(), data);
            }
            let input = SignInput::Message(&data);
            let signature = backend.sign(&call(), &signer.key, ecdsa, None, input).unwrap().value;
            assert!(verify(&public, ecdsa, None, input, &signature).unwrap());
            assert!(backend.key_exists(&call(), own.id).unwrap());
            backend.destroy_key(&call(), &own.key).unwrap();
            assert!(!backend.key_exists(&call(), own.id).unwrap());
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..THREADS).map(|thread| scope.spawn(move || work(thread))).collect();
        threads.into_iter().for_each(|thread| thread.join().expect("a thread failed"));
    });
}
