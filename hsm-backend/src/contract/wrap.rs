//! Key wrapping.

use super::support::*;
use crate::backend::{HsmBackend, KeyRef};
use crate::capability::WrapPlan;
use crate::error::HsmErrorKind;
use crate::job::{
    KeyMaterial, KeyPolicy, KeyUsage, SecretKeyKind, SecretKeySpec, SecretValue, WrapAlgorithm,
};

use WrapAlgorithm as W;

const KEK: &str = "000102030405060708090a0b0c0d0e0f";

fn export(backend: &dyn HsmBackend, key: &KeyRef) -> Vec<u8> {
    match backend.export_key(&call(), key).unwrap() {
        KeyMaterial::Secret { value, .. } => value.expose().to_vec(),
        KeyMaterial::RsaPrivate(_)
        | KeyMaterial::EcPrivate { .. }
        | KeyMaterial::EdwardsPrivate { .. } => panic!("another kind"),
    }
}

fn served(backend: &dyn HsmBackend) -> impl Iterator<Item = WrapAlgorithm> {
    let capabilities = capabilities(backend);
    [W::AesKeyWrap, W::AesKeyWrapPad].into_iter().filter(move |a| capabilities.wrap(*a).is_some())
}

pub(super) fn key_wrap_matches_known_answer(backend: &dyn HsmBackend) {
    // RFC 3394 §4.1.
    let kek = TestKey::aes(backend, KEK);
    let key = TestKey::aes(backend, "00112233445566778899aabbccddeeff");
    let expected = hex("1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5");
    let wrapped = backend.wrap_key(&call(), &kek.key, &key.key, W::AesKeyWrap).unwrap();
    assert_eq!(wrapped.value, expected);
    // RFC 5649 §6, a key of 20 bytes.
    let kek = TestKey::aes(backend, "5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8");
    let data = SecretValue::new(hex("c37b7e6492584340bed12207808941155068f738"));
    let wrapped = backend.wrap_data(&call(), &kek.key, &data, W::AesKeyWrapPad);
    match capabilities(backend).wrap(W::AesKeyWrapPad) {
        Some(WrapPlan::OnToken(_)) => {
            let expected = hex("138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a");
            assert_eq!(wrapped.unwrap().value, expected);
        }
        Some(WrapPlan::WholeBlocks(_)) => assert_eq!(kind(wrapped), HsmErrorKind::BadLength),
        None => expect_unsupported(wrapped),
    }
}

pub(super) fn wrapped_key_comes_back_under_another_id(backend: &dyn HsmBackend) {
    let kek = TestKey::generated(backend, SecretKeyKind::Aes, 256);
    for algorithm in served(backend) {
        for (key_kind, bits) in
            [(SecretKeyKind::Aes, 128), (SecretKeyKind::Aes, 256), (SecretKeyKind::Generic, 512)]
        {
            let key = TestKey::generated(backend, key_kind, bits);
            // Sensitive but extractable: it may leave wrapped only.
            backend.restrict_key(&call(), &key.key, false, false).unwrap();
            let value = export(backend, &key.key);
            backend.restrict_key(&call(), &key.key, true, false).unwrap();
            let blob = backend.wrap_key(&call(), &kek.key, &key.key, algorithm).unwrap().value;
            assert_eq!(blob.len() * 8, bits as usize + 64);
            let back = TestKey::adopt(backend, fresh_id());
            let spec = SecretKeySpec { kind: key_kind, bits };
            let policy = open_policy();
            backend
                .unwrap_key(&call(), &kek.key, &blob, algorithm, back.id, spec, &policy)
                .unwrap();
            assert_eq!(export(backend, &back.key), value);
            let again = backend.wrap_key(&call(), &kek.key, &back.key, algorithm).unwrap();
            assert_eq!(again.value, blob);
        }
    }
}

pub(super) fn wrapped_data_comes_back(backend: &dyn HsmBackend) {
    let kek = TestKey::generated(backend, SecretKeyKind::Aes, 256);
    for algorithm in served(backend) {
        for bytes in [16, 24, 1000] {
            let data = SecretValue::new(vec![0x77; bytes]);
            let blob = backend.wrap_data(&call(), &kek.key, &data, algorithm).unwrap().value;
            let back = TestKey::adopt(backend, fresh_id());
            let bits = u32::try_from(bytes * 8).unwrap();
            let spec = SecretKeySpec { kind: SecretKeyKind::Generic, bits };
            let policy = open_policy();
            backend
                .unwrap_key(&call(), &kek.key, &blob, algorithm, back.id, spec, &policy)
                .unwrap();
            assert_eq!(export(backend, &back.key), data.expose());
        }
    }
}

pub(super) fn damaged_wrap_is_bad_data(backend: &dyn HsmBackend) {
    let kek = TestKey::generated(backend, SecretKeyKind::Aes, 256);
    let data = SecretValue::new(vec![1; 32]);
    let spec = SecretKeySpec { kind: SecretKeyKind::Aes, bits: 256 };
    for algorithm in served(backend) {
        let blob = backend.wrap_data(&call(), &kek.key, &data, algorithm).unwrap().value;
        let unwrap = |blob: &[u8], spec| {
            let id = fresh_id();
            let made =
                backend.unwrap_key(&call(), &kek.key, blob, algorithm, id, spec, &open_policy());
            assert!(!backend.key_exists(&call(), id).unwrap());
            kind(made)
        };
        let mut bad = blob.clone();
        bad[9] ^= 1;
        assert_eq!(unwrap(&bad, spec), HsmErrorKind::BadData);
        for wrong in [&blob[1..], &blob[8..], &[][..]] {
            assert_eq!(unwrap(wrong, spec), HsmErrorKind::BadLength);
        }
        let other = SecretKeySpec { bits: 128, ..spec };
        assert_eq!(unwrap(&blob, other), HsmErrorKind::BadLength);
    }
}

pub(super) fn wrap_refuses_lengths_it_would_get_wrong(backend: &dyn HsmBackend) {
    let kek = TestKey::generated(backend, SecretKeyKind::Aes, 256);
    let wrap = |bytes, algorithm| {
        let data = SecretValue::new(vec![1; bytes]);
        backend.wrap_data(&call(), &kek.key, &data, algorithm)
    };
    for bytes in [0, 1, 8, 15, 17, 20] {
        assert_eq!(kind(wrap(bytes, W::AesKeyWrap)), HsmErrorKind::BadLength, "{bytes}");
    }
    let rsa = TestKey::rsa(backend, &open_policy());
    let refusal = kind(backend.wrap_key(&call(), &kek.key, &rsa.key, W::AesKeyWrap));
    assert_eq!(refusal, HsmErrorKind::BadLength);
}

pub(super) fn wrap_refuses_unextractable_and_wrong_usage(backend: &dyn HsmBackend) {
    let kek = TestKey::generated(backend, SecretKeyKind::Aes, 256);
    let policy = KeyPolicy { sensitive: true, extractable: false, ..open_policy() };
    let stuck = TestKey::import(backend, &secret(SecretKeyKind::Aes, vec![1; 16]), &policy);
    let wrap = |kek: &TestKey<'_>, key: &TestKey<'_>| {
        kind(backend.wrap_key(&call(), &kek.key, &key.key, W::AesKeyWrap))
    };
    assert_eq!(wrap(&kek, &stuck), HsmErrorKind::NotExtractable);
    let usage = KeyUsage { encrypt: true, decrypt: true, ..KeyUsage::default() };
    let policy = KeyPolicy { usage, ..open_policy() };
    let cipher = TestKey::import(backend, &secret(SecretKeyKind::Aes, vec![1; 16]), &policy);
    assert_eq!(wrap(&cipher, &kek), HsmErrorKind::NotPermitted);
    let generic = TestKey::generated(backend, SecretKeyKind::Generic, 256);
    assert_eq!(wrap(&generic, &kek), HsmErrorKind::NotPermitted);
    let absent = TestKey::adopt(backend, fresh_id());
    assert_eq!(wrap(&kek, &absent), HsmErrorKind::KeyNotFound);
    assert_eq!(wrap(&absent, &kek), HsmErrorKind::KeyNotFound);
}
