//! Key agreement.

use super::cipher::{decrypt, encrypt, params_for};
use super::support::*;
use crate::backend::{Agreement, HsmBackend, KeyRef};
use crate::capability::answers::agreement::{AGREED, AgreedAnswer};
use crate::error::HsmErrorKind;
use crate::job::{
    CipherAlgorithm as C, Curve, KeyMaterial, KeyPolicy, KeyUsage, PublicKey, SecretKeyKind,
    SecretKeySpec, SecretValue,
};

fn deriving() -> KeyPolicy {
    let usage = KeyUsage { derive: true, ..KeyUsage::default() };
    KeyPolicy { usage, sensitive: true, extractable: false, ..open_policy() }
}

fn private_of(answer: &AgreedAnswer) -> KeyMaterial {
    KeyMaterial::EcPrivate { curve: answer.curve, d: SecretValue::new(answer.scalar()) }
}

fn peer_of(answer: &AgreedAnswer) -> PublicKey {
    PublicKey::Ec { curve: answer.curve, point: answer.point() }
}

/// The private key of each known answer whose curve the backend serves.
fn served(backend: &dyn HsmBackend) -> Vec<(&'static AgreedAnswer, TestKey<'_>)> {
    let mut all = Vec::new();
    for answer in &AGREED {
        if capabilities(backend).agree(answer.curve).is_some() {
            all.push((answer, TestKey::import(backend, &private_of(answer), &deriving())));
        }
    }
    all
}

fn agreement(private: &TestKey<'_>, answer: &AgreedAnswer, kind: SecretKeyKind) -> Agreement {
    let bits = u32::try_from(8 * answer.curve.bytes()).unwrap();
    let spec = SecretKeySpec { kind, bits };
    Agreement { private: private.key.clone(), peer: peer_of(answer), spec }
}

pub(super) fn agreed_secrets_match_known_answers(backend: &dyn HsmBackend) {
    for (answer, private) in served(backend) {
        let made = backend.agree(&call(), &private.key, &peer_of(answer)).unwrap().value;
        assert_eq!(made.expose(), answer.secret());
    }
    for answer in &AGREED {
        if capabilities(backend).agree(answer.curve).is_none() {
            let nobody = KeyRef::Token(fresh_id());
            expect_unsupported(backend.agree(&call(), &nobody, &peer_of(answer)));
        }
    }
}

pub(super) fn agreed_keys_are_the_secret_wherever_they_live(backend: &dyn HsmBackend) {
    let kek = TestKey::adopt(backend, fresh_id());
    backend.make_kek(&call(), kek.id).unwrap();
    for (answer, private) in served(backend) {
        let wish = agreement(&private, answer, SecretKeyKind::Generic);
        let there = TestKey::adopt(backend, fresh_id());
        backend.derive_key(&call(), there.id, &wish, &open_policy()).unwrap();
        let wrapped = backend.derive_wrapped(&call(), kek.id, &wish, &open_policy());
        let mut keys = vec![there.key.clone()];
        match wrapped {
            Ok(made) => keys.push(KeyRef::Wrapped {
                id: fresh_id(),
                kek: kek.id,
                kcv: made.value.kcv,
                blob: made.value.blob,
            }),
            refused => expect_unsupported(refused),
        }
        for key in keys {
            let KeyMaterial::Secret { value, .. } = backend.export_key(&call(), &key).unwrap()
            else {
                panic!("another kind of key")
            };
            assert_eq!(value.expose(), answer.secret());
        }
    }
}

pub(super) fn agreed_keys_encrypt_and_stay_shut(backend: &dyn HsmBackend) {
    let both = served(backend).into_iter().filter(|(answer, _)| answer.curve.bytes() == 32);
    let shut = KeyPolicy { sensitive: true, extractable: false, ..open_policy() };
    for (answer, private) in both {
        let wish = agreement(&private, answer, SecretKeyKind::Aes);
        let there = TestKey::adopt(backend, fresh_id());
        backend.derive_key(&call(), there.id, &wish, &shut).unwrap();
        let known = TestKey::import(backend, &secret(SecretKeyKind::Aes, answer.secret()), &shut);
        let params = params_for(C::AesGcm);
        let sealed = encrypt(backend, &there.key, C::AesGcm, &params, b"text").unwrap();
        let opened = decrypt(backend, &known.key, C::AesGcm, &params, &sealed).unwrap();
        assert_eq!(opened.expose(), b"text");
        let exported = backend.export_key(&call(), &there.key);
        assert_eq!(kind(exported), HsmErrorKind::NotExtractable);
    }
}

pub(super) fn agreement_refuses_other_keys_lengths_and_points(backend: &dyn HsmBackend) {
    for (answer, private) in served(backend) {
        let agree = |key: &TestKey<'_>, peer: &PublicKey| backend.agree(&call(), &key.key, peer);
        let PublicKey::Ec { curve, mut point } = peer_of(answer) else { unreachable!() };
        *point.last_mut().unwrap() ^= 1;
        let off_curve = PublicKey::Ec { curve, point };
        assert_eq!(kind(agree(&private, &off_curve)), HsmErrorKind::BadKey);
        let signing =
            KeyPolicy { usage: KeyUsage { sign: true, ..KeyUsage::default() }, ..deriving() };
        let signer = TestKey::import(backend, &private_of(answer), &signing);
        assert_eq!(kind(agree(&signer, &peer_of(answer))), HsmErrorKind::NotPermitted);
        let secret_key = TestKey::generated(backend, SecretKeyKind::Aes, 256);
        assert_eq!(kind(agree(&secret_key, &peer_of(answer))), HsmErrorKind::NotPermitted);
        let other = AGREED.iter().find(|other| other.curve != answer.curve).unwrap();
        if capabilities(backend).agree(other.curve).is_some() {
            assert_eq!(kind(agree(&private, &peer_of(other))), HsmErrorKind::NotPermitted);
        }
        assert_eq!(kind(agree(&private, &rsa_public())), HsmErrorKind::NotPermitted);
        let shorter = SecretKeySpec { kind: SecretKeyKind::Aes, bits: 128 };
        let wish = Agreement { spec: shorter, ..agreement(&private, answer, SecretKeyKind::Aes) };
        expect_unsupported(backend.derive_key(&call(), fresh_id(), &wish, &open_policy()));
        if answer.curve == Curve::P521 {
            let wish = agreement(&private, answer, SecretKeyKind::Aes);
            expect_unsupported(backend.derive_key(&call(), fresh_id(), &wish, &open_policy()));
        }
    }
}
