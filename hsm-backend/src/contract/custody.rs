//! Keys wrapped by a token-resident key.

use super::cipher::{decrypt, encrypt, params_for};
use super::support::*;
use crate::backend::{ArrivingKey, HsmBackend, KeyId, KeyRef, WrappedKey};
use crate::custody::algorithm_for;
use crate::error::HsmErrorKind;
use crate::job::{
    CipherAlgorithm as C, CipherParams, Curve, EdwardsCurve, HashAlgorithm, KeyMaterial,
    KeyPairSpec, KeyPolicy, MacAlgorithm, PublicKey, SecretKeyKind, SecretKeySpec, SignAlgorithm,
    SignInput,
};

fn kek(backend: &dyn HsmBackend) -> TestKey<'_> {
    let key = TestKey::adopt(backend, fresh_id());
    backend.make_kek(&call(), key.id).unwrap();
    key
}

fn live(kek: KeyId, wrapped: &WrappedKey) -> KeyRef {
    let (kcv, blob) = (wrapped.kcv.clone(), wrapped.blob.clone());
    KeyRef::Wrapped { id: fresh_id(), kek, kcv, blob }
}

fn shut_policy() -> KeyPolicy {
    KeyPolicy { sensitive: true, extractable: false, ..open_policy() }
}

fn served(backend: &dyn HsmBackend) -> bool {
    algorithm_for(&capabilities(backend), 32).is_some()
}

pub(super) fn wrapped_keys_work_and_stay_shut(backend: &dyn HsmBackend) {
    let kek = kek(backend);
    let spec = SecretKeySpec { kind: SecretKeyKind::Aes, bits: 256 };
    let made = backend.generate_wrapped(&call(), kek.id, spec, &shut_policy());
    if !served(backend) {
        return expect_unsupported(made);
    }
    let made = made.unwrap().value;
    // Two live copies of one key, and again after one was let go.
    let (first, second) = (live(kek.id, &made), live(kek.id, &made));
    let params = params_for(C::AesGcm);
    let sealed = encrypt(backend, &first, C::AesGcm, &params, b"text").unwrap();
    for key in [&first, &second] {
        let opened = decrypt(backend, key, C::AesGcm, &params, &sealed).unwrap();
        assert_eq!(opened.expose(), b"text");
        let exported = backend.export_key(&call(), key);
        assert_eq!(kind(exported), HsmErrorKind::NotExtractable);
        backend.destroy_key(&call(), key).unwrap();
        assert!(decrypt(backend, key, C::AesGcm, &params, &sealed).is_ok());
    }
    let open = backend.generate_wrapped(&call(), kek.id, spec, &open_policy()).unwrap().value;
    let exported = backend.export_key(&call(), &live(kek.id, &open)).unwrap();
    assert!(matches!(exported, KeyMaterial::Secret { value, .. } if value.expose().len() == 32));
}

pub(super) fn imported_keys_are_wrapped_as_they_are(backend: &dyn HsmBackend) {
    if !served(backend) {
        return;
    }
    let kek = kek(backend);
    let material = secret(SecretKeyKind::Aes, hex("2b7e151628aed2a6abf7158809cf4f3c"));
    let made = backend.import_wrapped(&call(), kek.id, &material, &shut_policy()).unwrap().value;
    let plain = hex("6bc1bee22e409f96e93d7e117393172a");
    let key = live(kek.id, &made);
    let sealed = encrypt(backend, &key, AES_ECB, &CipherParams::default(), &plain).unwrap();
    assert_eq!(sealed.data, hex("3ad77bb40d7a3660a89ecaf32466ef97"));
    let hmac = MacAlgorithm::Hmac(HashAlgorithm::Sha256);
    let material = secret(SecretKeyKind::Generic, vec![0x0B; 64]);
    let made = backend.import_wrapped(&call(), kek.id, &material, &shut_policy()).unwrap().value;
    let token = TestKey::import(backend, &material, &shut_policy());
    let mac = |key: &KeyRef| backend.mac(&call(), key, hmac, b"Hi There").unwrap().value;
    assert_eq!(mac(&live(kek.id, &made)), mac(&token.key));
    let odd = secret(SecretKeyKind::Generic, vec![1; 131]);
    let made = backend.import_wrapped(&call(), kek.id, &odd, &shut_policy());
    match algorithm_for(&capabilities(backend), 131) {
        Some(_) => {
            assert!(backend.mac(&call(), &live(kek.id, &made.unwrap().value), hmac, b"x").is_ok())
        }
        None => expect_unsupported(made),
    }
}

pub(super) fn rewrapped_keys_are_the_same_keys(backend: &dyn HsmBackend) {
    if !served(backend) {
        return;
    }
    let (old, new) = (kek(backend), kek(backend));
    let spec = SecretKeySpec { kind: SecretKeyKind::Aes, bits: 128 };
    let made = backend.generate_wrapped(&call(), old.id, spec, &shut_policy()).unwrap().value;
    let before = live(old.id, &made);
    let params = CipherParams::default();
    let sealed = encrypt(backend, &before, AES_ECB, &params, &[5; 16]).unwrap();
    let again = backend.rewrap(&call(), &before, new.id).unwrap().value;
    assert_ne!(again.blob, made.blob);
    assert_eq!(again.kcv, made.kcv);
    backend.destroy_key(&call(), &old.key).unwrap();
    let after = live(new.id, &again);
    assert_eq!(encrypt(backend, &after, AES_ECB, &params, &[5; 16]).unwrap(), sealed);
    assert_eq!(kind(backend.export_key(&call(), &after)), HsmErrorKind::NotExtractable);
    let orphan = encrypt(backend, &live(old.id, &made), AES_ECB, &params, &[5; 16]);
    assert_eq!(kind(orphan), HsmErrorKind::KeyNotFound);
}

pub(super) fn arriving_keys_are_wrapped_anew(backend: &dyn HsmBackend) {
    if !served(backend) {
        return;
    }
    let kek = kek(backend);
    // RFC 3394 §4.1.
    let wrapping = TestKey::aes(backend, "000102030405060708090a0b0c0d0e0f");
    let arriving = ArrivingKey {
        wrapping: wrapping.key.clone(),
        blob: hex("1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5"),
        algorithm: crate::job::WrapAlgorithm::AesKeyWrap,
        spec: SecretKeySpec { kind: SecretKeyKind::Aes, bits: 128 },
    };
    let made = backend.rewrap_arriving(&call(), kek.id, &arriving, &open_policy()).unwrap();
    let exported = backend.export_key(&call(), &live(kek.id, &made.value)).unwrap();
    assert_eq!(exported, secret(SecretKeyKind::Aes, hex("00112233445566778899aabbccddeeff")));
    let made = backend.rewrap_arriving(&call(), kek.id, &arriving, &shut_policy()).unwrap();
    let shut = backend.export_key(&call(), &live(kek.id, &made.value));
    assert_eq!(kind(shut), HsmErrorKind::NotExtractable);
    let refused = |arriving: &ArrivingKey| {
        kind(backend.rewrap_arriving(&call(), kek.id, arriving, &open_policy()))
    };
    let mut damaged = arriving.clone();
    damaged.blob[0] ^= 1;
    assert_eq!(refused(&damaged), HsmErrorKind::BadData);
    let longer = SecretKeySpec { kind: SecretKeyKind::Aes, bits: 256 };
    assert_eq!(refused(&ArrivingKey { spec: longer, ..arriving.clone() }), HsmErrorKind::BadLength);
    let idle = secret(SecretKeyKind::Aes, hex("000102030405060708090a0b0c0d0e0f"));
    let idle = TestKey::import(backend, &idle, &idle_policy());
    let wrapping = idle.key.clone();
    assert_eq!(refused(&ArrivingKey { wrapping, ..arriving }), HsmErrorKind::NotPermitted);
}

pub(super) fn wrapping_keys_touch_no_data_and_damage_is_seen(backend: &dyn HsmBackend) {
    let kek = kek(backend);
    let params = CipherParams::default();
    let sealed = encrypt(backend, &kek.key, AES_ECB, &params, &[5; 16]);
    assert_eq!(kind(sealed), HsmErrorKind::NotPermitted);
    assert_eq!(kind(backend.export_key(&call(), &kek.key)), HsmErrorKind::NotExtractable);
    if !served(backend) {
        return;
    }
    let spec = SecretKeySpec { kind: SecretKeyKind::Aes, bits: 128 };
    let made = backend.generate_wrapped(&call(), kek.id, spec, &shut_policy()).unwrap().value;
    let mut damaged = made.clone();
    *damaged.blob.last_mut().unwrap() ^= 1;
    let mut short = made.clone();
    short.blob.truncate(20);
    let mut other = made.clone();
    other.kcv = vec![1, 2, 3];
    for bad in [damaged, short, other] {
        let sealed = encrypt(backend, &live(kek.id, &bad), AES_ECB, &params, &[5; 16]);
        let told = kind(sealed);
        assert_eq!(told, HsmErrorKind::Damaged);
    }
    let narrow = KeyPolicy {
        usage: crate::job::KeyUsage { encrypt: true, ..Default::default() },
        ..shut_policy()
    };
    let made = backend.generate_wrapped(&call(), kek.id, spec, &narrow).unwrap().value;
    let key = live(kek.id, &made);
    let sealed = encrypt(backend, &key, AES_ECB, &params, &[5; 16]).unwrap();
    let opened = decrypt(backend, &key, AES_ECB, &params, &sealed);
    assert_eq!(kind(opened), HsmErrorKind::NotPermitted);
}

pub(super) fn keys_move_between_token_and_blob(backend: &dyn HsmBackend) {
    if !served(backend) {
        return;
    }
    let kek = kek(backend);
    let material = secret(SecretKeyKind::Aes, hex("2b7e151628aed2a6abf7158809cf4f3c"));
    let spec = SecretKeySpec { kind: SecretKeyKind::Aes, bits: 128 };
    let there = TestKey::import(backend, &material, &open_policy());
    let moved = backend.move_to_blob(&call(), &there.key, kek.id, spec, &shut_policy());
    let blob = live(kek.id, &moved.unwrap().value);
    let params = CipherParams::default();
    let sealed = |key| encrypt(backend, key, AES_ECB, &params, &[5; 16]).unwrap();
    assert_eq!(sealed(&blob), sealed(&there.key));
    let back = TestKey::adopt(backend, fresh_id());
    backend.move_to_token(&call(), &blob, back.id, "moved").unwrap();
    assert_eq!(sealed(&back.key), sealed(&there.key));
    // The policy of the blob is that of the object, and an object that is shut stays where it is.
    assert_eq!(kind(backend.export_key(&call(), &back.key)), HsmErrorKind::NotExtractable);
    let refused = backend.move_to_blob(&call(), &back.key, kek.id, spec, &shut_policy());
    assert_eq!(kind(refused), HsmErrorKind::NotExtractable);
    expect_unsupported(backend.move_to_blob(&call(), &blob, kek.id, spec, &shut_policy()));
    let again = backend.move_to_token(&call(), &back.key, fresh_id(), "moved");
    expect_unsupported(again);
}

pub(super) fn wrapped_keys_can_be_shut_for_good(backend: &dyn HsmBackend) {
    if !served(backend) {
        return;
    }
    let (kek, other) = (kek(backend), kek(backend));
    let spec = SecretKeySpec { kind: SecretKeyKind::Aes, bits: 256 };
    let made = backend.generate_wrapped(&call(), kek.id, spec, &open_policy()).unwrap().value;
    let wrap = |key: &KeyRef| {
        backend.wrap_key(&call(), &other.key, key, crate::job::WrapAlgorithm::AesKeyWrap)
    };
    let open = live(kek.id, &made);
    assert_eq!(wrap(&open).unwrap().value.len(), 40);
    let with = |sensitive, not_extractable| {
        let blob = WrappedKey::restricted(&made.blob, sensitive, not_extractable).unwrap();
        live(kek.id, &WrappedKey { blob, kcv: made.kcv.clone() })
    };
    let sensitive = with(true, false);
    assert_eq!(kind(backend.export_key(&call(), &sensitive)), HsmErrorKind::NotExtractable);
    assert_eq!(wrap(&sensitive).unwrap().value, wrap(&open).unwrap().value);
    let shut = with(false, true);
    assert_eq!(kind(backend.export_key(&call(), &shut)), HsmErrorKind::NotExtractable);
    assert_eq!(kind(wrap(&shut)), HsmErrorKind::NotExtractable);
    assert!(WrappedKey::restricted(b"rubbish", true, true).is_err());
}

fn signing_policy(extractable: bool) -> KeyPolicy {
    let usage = crate::job::KeyUsage { sign: true, ..Default::default() };
    KeyPolicy { usage, sensitive: !extractable, extractable, label: String::new() }
}

/// Signs with the key and lets the public half judge.
#[track_caller]
fn signs(backend: &dyn HsmBackend, key: &KeyRef, public: &PublicKey, algorithm: SignAlgorithm) {
    let input = SignInput::Message(b"message");
    let signature = backend.sign(&call(), key, algorithm, None, input).unwrap().value;
    assert!(crate::software::verify(public, algorithm, None, input, &signature).unwrap());
}

pub(super) fn wrapped_private_keys_sign_and_stay_shut(backend: &dyn HsmBackend) {
    let (old, new) = (kek(backend), kek(backend));
    let sha256 = HashAlgorithm::Sha256;
    let pairs = [
        (
            KeyPairSpec::Rsa { bits: 2048, public_exponent: vec![1, 0, 1] },
            SignAlgorithm::RsaPkcs1(sha256),
        ),
        (KeyPairSpec::Ec(Curve::P256), SignAlgorithm::Ecdsa(sha256)),
        (KeyPairSpec::Ec(Curve::P521), SignAlgorithm::Ecdsa(sha256)),
        (KeyPairSpec::Edwards(EdwardsCurve::Ed25519), SignAlgorithm::EdDsa(EdwardsCurve::Ed25519)),
    ];
    for (spec, algorithm) in pairs {
        if capabilities(backend).sign(algorithm).is_none() {
            continue;
        }
        let made = backend.generate_pair_wrapped(&call(), old.id, &spec, &signing_policy(false));
        // Not every token wraps the private keys of every curve; RSA is wrapped by all.
        if made.is_err() && !matches!(spec, KeyPairSpec::Rsa { .. }) {
            expect_unsupported(made);
            continue;
        }
        let made = made.unwrap().value;
        let key = live(old.id, &made.private);
        signs(backend, &key, &made.public, algorithm);
        assert_eq!(kind(backend.export_key(&call(), &key)), HsmErrorKind::NotExtractable);
        let again = backend.rewrap(&call(), &key, new.id).unwrap().value;
        signs(backend, &live(new.id, &again), &made.public, algorithm);
        let there = TestKey::adopt(backend, fresh_id());
        backend.move_to_token(&call(), &key, there.id, "moved").unwrap();
        signs(backend, &there.key, &made.public, algorithm);
        assert_eq!(kind(backend.export_key(&call(), &there.key)), HsmErrorKind::NotExtractable);
    }
}

pub(super) fn imported_private_keys_come_back_from_their_blobs(backend: &dyn HsmBackend) {
    let kek = kek(backend);
    let parts = rsa_parts();
    let public = PublicKey::Rsa {
        modulus: parts.modulus.clone(),
        public_exponent: parts.public_exponent.clone(),
    };
    let material = KeyMaterial::RsaPrivate(parts);
    let algorithm = SignAlgorithm::RsaPkcs1(HashAlgorithm::Sha256);
    let open = signing_policy(true);
    let made = backend.import_wrapped(&call(), kek.id, &material, &open).unwrap().value;
    let key = live(kek.id, &made);
    signs(backend, &key, &public, algorithm);
    let KeyMaterial::RsaPrivate(exported) = backend.export_key(&call(), &key).unwrap() else {
        panic!("another kind of key")
    };
    assert!(matches!(&public, PublicKey::Rsa { modulus, .. } if *modulus == exported.modulus));
    let there = TestKey::import(backend, &material, &open);
    let spec = SecretKeySpec { kind: SecretKeyKind::Generic, bits: 0 };
    let moved = backend.move_to_blob(&call(), &there.key, kek.id, spec, &signing_policy(false));
    let moved = live(kek.id, &moved.unwrap().value);
    signs(backend, &moved, &public, algorithm);
    let mut damaged = made;
    *damaged.blob.last_mut().unwrap() ^= 1;
    let refused = backend.sign(
        &call(),
        &live(kek.id, &damaged),
        algorithm,
        None,
        SignInput::Message(b"message"),
    );
    assert_eq!(kind(refused), HsmErrorKind::Damaged);
}
