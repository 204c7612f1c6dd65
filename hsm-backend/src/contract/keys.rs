//! Making, importing, exporting, restricting and destroying keys.

use super::support::*;
use crate::backend::{HsmBackend, KeyRef};
use crate::error::HsmErrorKind;
use crate::job::{
    CipherParams, Curve, KeyMaterial, KeyPairSpec, KeyPolicy, PublicKey, SecretKeyKind,
    SecretKeySpec, SecretValue,
};

pub(super) fn generated_secret_exists_until_destroyed(backend: &dyn HsmBackend) {
    for (kind, bits) in
        [(SecretKeyKind::Aes, 128), (SecretKeyKind::Aes, 256), (SecretKeyKind::Generic, 512)]
    {
        let id = fresh_id();
        assert!(!backend.key_exists(&call(), id).unwrap());
        let key = TestKey::adopt(backend, id);
        let spec = SecretKeySpec { kind, bits };
        backend.generate_key(&call(), id, spec, &open_policy()).unwrap();
        assert!(backend.key_exists(&call(), id).unwrap());
        let KeyMaterial::Secret { kind: told, value } =
            backend.export_key(&call(), &key.key).unwrap()
        else {
            panic!("another kind of key")
        };
        assert_eq!((told, value.expose().len() * 8), (kind, bits as usize));
        backend.destroy_key(&call(), &key.key).unwrap();
        assert!(!backend.key_exists(&call(), id).unwrap());
        assert_eq!(kind_of_use(backend, &key.key), HsmErrorKind::KeyNotFound);
        assert_eq!(
            super::support::kind(backend.destroy_key(&call(), &key.key)),
            HsmErrorKind::KeyNotFound
        );
    }
}

fn kind_of_use(backend: &dyn HsmBackend, key: &KeyRef) -> HsmErrorKind {
    let params = CipherParams::default();
    kind(backend.encrypt(&call(), key, AES_ECB, &params, &[0; 16]))
}

pub(super) fn generated_pair_returns_its_public_half(backend: &dyn HsmBackend) {
    let make = |spec: &KeyPairSpec| {
        let key = TestKey::adopt(backend, fresh_id());
        let public =
            backend.generate_key_pair(&call(), key.id, spec, &open_policy()).unwrap().value.public;
        (backend.export_key(&call(), &key.key).unwrap(), public)
    };
    for curve in [Curve::P256, Curve::P384, Curve::P521] {
        let (private, public) = make(&KeyPairSpec::Ec(curve));
        let PublicKey::Ec { curve: told, point } = public else { panic!("another kind of key") };
        assert_eq!((told, point.len()), (curve, 2 * curve.bytes() + 1));
        let KeyMaterial::EcPrivate { d, .. } = private else { panic!("another kind of key") };
        assert_eq!(d.expose().len(), curve.bytes());
    }
    let (private, public) =
        make(&KeyPairSpec::Rsa { bits: 1024, public_exponent: vec![0, 1, 0, 1] });
    let KeyMaterial::RsaPrivate(parts) = private else { panic!("another kind of key") };
    assert!(parts.crt.is_some());
    let (modulus, public_exponent) = (parts.modulus, parts.public_exponent);
    assert_eq!((modulus.len(), public_exponent.as_slice()), (128, [1, 0, 1].as_slice()));
    assert_eq!(public, PublicKey::Rsa { modulus, public_exponent });
}

pub(super) fn generate_refuses_odd_sizes(backend: &dyn HsmBackend) {
    let secret = |kind, bits| {
        let spec = SecretKeySpec { kind, bits };
        super::support::kind(backend.generate_key(&call(), fresh_id(), spec, &open_policy()))
    };
    for bits in [0, 64, 136, 512] {
        assert_eq!(secret(SecretKeyKind::Aes, bits), HsmErrorKind::BadKey);
    }
    for bits in [0, 12, 8200] {
        assert_eq!(secret(SecretKeyKind::Generic, bits), HsmErrorKind::BadKey);
    }
    let rsa = |bits, public_exponent| {
        let spec = KeyPairSpec::Rsa { bits, public_exponent };
        kind(backend.generate_key_pair(&call(), fresh_id(), &spec, &open_policy()))
    };
    for bits in [0, 512, 8192] {
        assert_eq!(rsa(bits, vec![1, 0, 1]), HsmErrorKind::Unsupported);
    }
    for exponent in [vec![], vec![0], vec![1], vec![4], vec![1; 5], vec![1, 0, 0, 0, 0, 1]] {
        if exponent != [1; 5] {
            assert_eq!(rsa(1024, exponent), HsmErrorKind::BadParameter);
        }
    }
}

pub(super) fn import_refuses_inconsistent_keys(backend: &dyn HsmBackend) {
    let import =
        |material| kind(backend.import_key(&call(), fresh_id(), &material, &open_policy()));
    assert_eq!(import(secret(SecretKeyKind::Aes, vec![1; 17])), HsmErrorKind::BadKey);
    assert_eq!(import(secret(SecretKeyKind::Generic, Vec::new())), HsmErrorKind::BadKey);
    let mut wrong = rsa_parts();
    wrong.modulus[100] ^= 1;
    assert_eq!(import(KeyMaterial::RsaPrivate(wrong)), HsmErrorKind::BadKey);
    let mut wrong = rsa_parts();
    wrong.crt = None;
    wrong.private_exponent = SecretValue::new(vec![3; 256]);
    assert_eq!(import(KeyMaterial::RsaPrivate(wrong)), HsmErrorKind::BadKey);
    let mut short = rsa_parts();
    short.modulus = vec![0xFF; 64];
    assert_eq!(import(KeyMaterial::RsaPrivate(short)), HsmErrorKind::Unsupported);
    let d = SecretValue::new(vec![0xFF; 32]);
    assert_eq!(import(KeyMaterial::EcPrivate { curve: Curve::P256, d }), HsmErrorKind::BadKey);
}

pub(super) fn export_returns_what_was_imported(backend: &dyn HsmBackend) {
    let long = vec![0xAB; 64];
    let d = SecretValue::new(hex("00c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f"));
    let mut padded = vec![0; 32 - d.expose().len()];
    padded.extend_from_slice(d.expose());
    let ec = |d| KeyMaterial::EcPrivate { curve: Curve::P256, d };
    let materials = [
        (secret(SecretKeyKind::Aes, vec![7; 24]), secret(SecretKeyKind::Aes, vec![7; 24])),
        (secret(SecretKeyKind::Generic, long.clone()), secret(SecretKeyKind::Generic, long)),
        (KeyMaterial::RsaPrivate(rsa_parts()), KeyMaterial::RsaPrivate(rsa_parts())),
        (ec(d), ec(SecretValue::new(padded))),
    ];
    for (given, expected) in materials {
        let key = TestKey::import(backend, &given, &open_policy());
        assert!(backend.export_key(&call(), &key.key).unwrap() == expected);
    }
    let mut parts = rsa_parts();
    parts.crt = None;
    let key = TestKey::import(backend, &KeyMaterial::RsaPrivate(parts), &open_policy());
    let KeyMaterial::RsaPrivate(found) = backend.export_key(&call(), &key.key).unwrap() else {
        panic!("another kind of key")
    };
    assert!(found.crt.is_some(), "CRT parts are recovered");
}

pub(super) fn export_refuses_sensitive_and_unextractable(backend: &dyn HsmBackend) {
    for (sensitive, extractable) in [(true, true), (false, false), (true, false)] {
        let policy = KeyPolicy { sensitive, extractable, ..open_policy() };
        let materials =
            [secret(SecretKeyKind::Aes, vec![7; 16]), KeyMaterial::RsaPrivate(rsa_parts())];
        for material in materials {
            let key = TestKey::import(backend, &material, &policy);
            let refusal = kind(backend.export_key(&call(), &key.key));
            assert_eq!(refusal, HsmErrorKind::NotExtractable);
        }
    }
}

pub(super) fn restrict_shuts_the_value_for_good(backend: &dyn HsmBackend) {
    for (sensitive, not_extractable) in [(true, false), (false, true), (true, true)] {
        let key = TestKey::generated(backend, SecretKeyKind::Aes, 256);
        backend.restrict_key(&call(), &key.key, false, false).unwrap();
        backend.export_key(&call(), &key.key).unwrap();
        backend.restrict_key(&call(), &key.key, sensitive, not_extractable).unwrap();
        let refusal = kind(backend.export_key(&call(), &key.key));
        assert_eq!(refusal, HsmErrorKind::NotExtractable);
        let params = CipherParams::default();
        let still = backend.encrypt(&call(), &key.key, AES_ECB, &params, &[0; 16]);
        assert!(still.is_ok(), "a restricted key still computes");
        // What is so already stays so, and is no fault.
        backend.restrict_key(&call(), &key.key, sensitive, not_extractable).unwrap();
        backend.restrict_key(&call(), &key.key, true, true).unwrap();
    }
}

pub(super) fn unknown_key_is_not_found(backend: &dyn HsmBackend) {
    let key = KeyRef::Token(fresh_id());
    assert_eq!(kind_of_use(backend, &key), HsmErrorKind::KeyNotFound);
    assert_eq!(kind(backend.export_key(&call(), &key)), HsmErrorKind::KeyNotFound);
    assert_eq!(kind(backend.destroy_key(&call(), &key)), HsmErrorKind::KeyNotFound);
    let restricted = backend.restrict_key(&call(), &key, true, true);
    assert_eq!(kind(restricted), HsmErrorKind::KeyNotFound);
}

pub(super) fn label_over_limit_is_refused(backend: &dyn HsmBackend) {
    let policy = KeyPolicy { label: "x".repeat(256), ..open_policy() };
    let spec = SecretKeySpec { kind: SecretKeyKind::Aes, bits: 128 };
    let refusal = kind(backend.generate_key(&call(), fresh_id(), spec, &policy));
    assert_eq!(refusal, HsmErrorKind::BadParameter);
}
