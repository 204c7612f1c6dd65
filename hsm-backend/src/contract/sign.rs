//! Signatures, verified in software.

use super::support::*;
use super::vectors;
use crate::backend::HsmBackend;
use crate::capability::rules::HASHES;
use crate::error::HsmErrorKind;
use crate::job::{
    Curve, HashAlgorithm, KeyPolicy, KeyUsage, PublicKey, SecretKeyKind, SignAlgorithm, SignInput,
};
use crate::software::{digest, verify};

const MESSAGE: &[u8] = b"to be signed";

fn sign_and_verify(
    backend: &dyn HsmBackend,
    key: &TestKey<'_>,
    public: &PublicKey,
    algorithm: SignAlgorithm,
    salt: Option<usize>,
) {
    let hash = match algorithm {
        SignAlgorithm::RsaPkcs1(hash)
        | SignAlgorithm::RsaPss { hash, .. }
        | SignAlgorithm::Ecdsa(hash) => hash,
        SignAlgorithm::RsaPkcs1Raw | SignAlgorithm::EcdsaRaw | SignAlgorithm::EdDsa(_) => {
            panic!("no hash")
        }
    };
    let sign = |input| backend.sign(&call(), &key.key, algorithm, salt, input);
    if capabilities(backend).sign(algorithm).is_none() {
        return expect_unsupported(sign(SignInput::Message(MESSAGE)));
    }
    let hashed = digest(hash, MESSAGE).unwrap();
    for input in [SignInput::Message(MESSAGE), SignInput::Digest(&hashed)] {
        let signature = sign(input).unwrap_or_else(|e| panic!("{algorithm:?}: {e}")).value;
        let check = |input| verify(public, algorithm, salt, input, &signature).unwrap();
        assert!(check(SignInput::Message(MESSAGE)), "{algorithm:?}");
        assert!(check(SignInput::Digest(&hashed)), "{algorithm:?}");
        assert!(!check(SignInput::Message(b"other")), "{algorithm:?}");
        let mut bad = signature.clone();
        let middle = bad.len() / 2;
        bad[middle] ^= 1;
        let input = SignInput::Message(MESSAGE);
        assert!(!verify(public, algorithm, salt, input, &bad).unwrap(), "{algorithm:?}");
        assert!(!verify(public, algorithm, salt, input, &signature[1..]).unwrap());
        assert!(!verify(public, algorithm, salt, input, b"").unwrap());
    }
}

fn hashes_here() -> impl Iterator<Item = HashAlgorithm> {
    HASHES.iter().filter(|row| row.here).map(|row| row.hash)
}

pub(super) fn ecdsa_verifies_for_every_curve_and_hash(backend: &dyn HsmBackend) {
    let has = |curve: &Curve| capabilities(backend).generate_ec(*curve).is_some();
    for curve in Curve::ALL.into_iter().filter(has) {
        let (key, public) = TestKey::ec(backend, curve);
        for hash in hashes_here() {
            sign_and_verify(backend, &key, &public, SignAlgorithm::Ecdsa(hash), None);
        }
    }
}

pub(super) fn ecdsa_signs_digests_of_any_hash(backend: &dyn HsmBackend) {
    let has = |curve: &Curve| capabilities(backend).generate_ec(*curve).is_some();
    for curve in Curve::ALL.into_iter().filter(has) {
        let (key, public) = TestKey::ec(backend, curve);
        let sign = |digest: &[u8]| {
            let input = SignInput::Digest(digest);
            backend.sign(&call(), &key.key, SignAlgorithm::EcdsaRaw, None, input)
        };
        for bytes in [16, 20, 33, 64] {
            let digest = vec![0xA5; bytes];
            let signature = sign(&digest).unwrap().value;
            let holds = |digest: &[u8]| {
                let input = SignInput::Digest(digest);
                verify(&public, SignAlgorithm::EcdsaRaw, None, input, &signature).unwrap()
            };
            assert!(holds(&digest), "{curve:?} {bytes}");
            let mut other = digest.clone();
            other[0] ^= 1;
            assert!(!holds(&other), "{curve:?} {bytes}");
        }
        // Where the length is a hash's, it is the signature of that hash.
        let digest = digest(HashAlgorithm::Sha256, MESSAGE).unwrap();
        let signature = sign(&digest).unwrap().value;
        let (named, message) =
            (SignAlgorithm::Ecdsa(HashAlgorithm::Sha256), SignInput::Message(MESSAGE));
        assert!(verify(&public, named, None, message, &signature).unwrap(), "{curve:?}");
        for bytes in [0, 15, 65] {
            assert_eq!(kind(sign(&vec![1; bytes])), HsmErrorKind::BadLength);
        }
    }
}

pub(super) fn rsa_signatures_verify_for_every_hash(backend: &dyn HsmBackend) {
    let key = TestKey::rsa(backend, &open_policy());
    let public = rsa_public();
    for hash in hashes_here() {
        sign_and_verify(backend, &key, &public, SignAlgorithm::RsaPkcs1(hash), None);
        let same = SignAlgorithm::RsaPss { hash, mgf: hash };
        sign_and_verify(backend, &key, &public, same, None);
        let mixed = SignAlgorithm::RsaPss { hash, mgf: HashAlgorithm::Sha1 };
        sign_and_verify(backend, &key, &public, mixed, Some(0));
    }
}

pub(super) fn pkcs1_matches_known_answer(backend: &dyn HsmBackend) {
    let key = TestKey::rsa(backend, &open_policy());
    let algorithm = SignAlgorithm::RsaPkcs1(HashAlgorithm::Sha256);
    let signed = backend.sign(&call(), &key.key, algorithm, None, SignInput::Message(b"abc"));
    assert_eq!(signed.unwrap().value, hex(vectors::RSA_SIGNATURE));
}

pub(super) fn pss_salt_runs_to_the_limit_and_no_further(backend: &dyn HsmBackend) {
    let key = TestKey::rsa(backend, &open_policy());
    for mgf in [HashAlgorithm::Sha256, HashAlgorithm::Sha512] {
        let algorithm = SignAlgorithm::RsaPss { hash: HashAlgorithm::Sha256, mgf };
        let sign =
            |salt| backend.sign(&call(), &key.key, algorithm, salt, SignInput::Message(MESSAGE));
        for salt in [Some(0), Some(20), Some(222), None] {
            let signature = sign(salt).unwrap().value;
            let check = |salt| {
                let input = SignInput::Message(MESSAGE);
                verify(&rsa_public(), algorithm, salt, input, &signature).unwrap()
            };
            assert!(check(None) && check(Some(salt.unwrap_or(32))) && !check(Some(1)));
        }
        assert_eq!(kind(sign(Some(223))), HsmErrorKind::BadParameter);
        assert_eq!(kind(sign(Some(usize::MAX))), HsmErrorKind::BadParameter);
    }
}

pub(super) fn sign_refuses_wrong_digest_key_and_usage(backend: &dyn HsmBackend) {
    let rsa = TestKey::rsa(backend, &open_policy());
    let (ec, _) = TestKey::ec(backend, Curve::P256);
    let aes = TestKey::generated(backend, SecretKeyKind::Aes, 256);
    let pkcs1 = SignAlgorithm::RsaPkcs1(HashAlgorithm::Sha256);
    let ecdsa = SignAlgorithm::Ecdsa(HashAlgorithm::Sha256);
    let sign = |key: &TestKey<'_>, algorithm, input| {
        kind(backend.sign(&call(), &key.key, algorithm, None, input))
    };
    let message = SignInput::Message(MESSAGE);
    for digest in [&[0; 31][..], &[0; 33], &[]] {
        assert_eq!(sign(&rsa, pkcs1, SignInput::Digest(digest)), HsmErrorKind::BadLength);
        assert_eq!(sign(&ec, ecdsa, SignInput::Digest(digest)), HsmErrorKind::BadLength);
    }
    for (key, algorithm) in [(&rsa, ecdsa), (&ec, pkcs1), (&aes, pkcs1), (&aes, ecdsa)] {
        assert_eq!(sign(key, algorithm, message), HsmErrorKind::NotPermitted);
    }
    let usage = KeyUsage { decrypt: true, ..KeyUsage::default() };
    let decryptor = TestKey::rsa(backend, &KeyPolicy { usage, ..open_policy() });
    assert_eq!(sign(&decryptor, pkcs1, message), HsmErrorKind::NotPermitted);
}

pub(super) fn raw_pkcs1_refuses_oversize_input(backend: &dyn HsmBackend) {
    let key = TestKey::rsa(backend, &open_policy());
    let sign = |bytes: &[u8]| {
        let input = SignInput::Message(bytes);
        backend.sign(&call(), &key.key, SignAlgorithm::RsaPkcs1Raw, None, input)
    };
    for length in [1, 100, 245] {
        let bytes = vec![7; length];
        let signature = sign(&bytes).unwrap().value;
        let input = SignInput::Message(&bytes);
        let algorithm = SignAlgorithm::RsaPkcs1Raw;
        assert!(verify(&rsa_public(), algorithm, None, input, &signature).unwrap());
    }
    for length in [246, 256, 257, 5000] {
        assert_eq!(kind(sign(&vec![7; length])), HsmErrorKind::BadLength);
    }
}
