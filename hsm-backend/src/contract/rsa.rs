//! RSA decryption.

use super::support::*;
use super::vectors;
use crate::backend::HsmBackend;
use crate::capability::CipherPlan;
use crate::error::{HsmError, HsmErrorKind};
use crate::job::{CipherAlgorithm, CipherParams, HashAlgorithm, SecretValue};
use crate::software::encrypt_public;

use HashAlgorithm as H;

const OAEP_PAIRS: [(HashAlgorithm, HashAlgorithm); 6] = [
    (H::Sha1, H::Sha1),
    (H::Sha256, H::Sha256),
    (H::Sha256, H::Sha1),
    (H::Sha1, H::Sha256),
    (H::Sha3T384, H::Sha3T384),
    (H::Sha512, H::Ripemd160),
];

fn labelled(label: &[u8]) -> CipherParams {
    CipherParams { aad: label.to_vec(), ..CipherParams::default() }
}

fn open(
    backend: &dyn HsmBackend,
    key: &TestKey<'_>,
    algorithm: CipherAlgorithm,
    params: &CipherParams,
    data: &[u8],
) -> Result<SecretValue, HsmError> {
    Ok(backend.decrypt(&call(), &key.key, algorithm, params, data, &[])?.value)
}

/// Whether the backend has a plan; a label must be heeded by it.
fn served(backend: &dyn HsmBackend, algorithm: CipherAlgorithm, params: &CipherParams) -> bool {
    let capabilities = capabilities(backend);
    let heeds = |plan: &CipherPlan| {
        let native = matches!(plan, CipherPlan::OnToken(_));
        params.aad.is_empty() || capabilities.oaep_labels() || !native
    };
    capabilities.cipher_plans(algorithm).iter().any(heeds)
}

pub(super) fn public_encryption_is_undone_by_the_token(backend: &dyn HsmBackend) {
    let key = TestKey::rsa(backend, &open_policy());
    let there_and_back = |algorithm, params: &CipherParams, data: &[u8]| {
        let sealed = encrypt_public(&rsa_public(), algorithm, params, data).unwrap();
        assert_eq!(sealed.len(), 256);
        let opened = open(backend, &key, algorithm, params, &sealed);
        if !served(backend, algorithm, params) {
            return expect_unsupported(opened);
        }
        let opened = opened.unwrap_or_else(|e| panic!("{algorithm:?}: {e}"));
        assert_eq!(opened.expose(), data, "{algorithm:?}");
    };
    for length in [0, 1, 100, 245] {
        let data = vec![5; length];
        there_and_back(CipherAlgorithm::RsaPkcs1, &labelled(b""), &data);
    }
    let mut block = vec![0x11; 256];
    block[0] = 0;
    there_and_back(CipherAlgorithm::RsaRaw, &labelled(b""), &block);
    for (hash, mgf) in OAEP_PAIRS {
        for label in [&b""[..], b"label"] {
            let algorithm = CipherAlgorithm::RsaOaep { hash, mgf };
            let longest = vec![6; 256 - 2 * hash.bytes() - 2];
            for data in [&b""[..], b"message", &longest] {
                there_and_back(algorithm, &labelled(label), data);
            }
        }
    }
}

pub(super) fn oaep_opens_what_openssl_made(backend: &dyn HsmBackend) {
    let key = TestKey::rsa(backend, &open_policy());
    let algorithm = CipherAlgorithm::RsaOaep { hash: H::Sha256, mgf: H::Sha1 };
    let sealed = hex(vectors::RSA_OAEP);
    let opened = open(backend, &key, algorithm, &labelled(b"label"), &sealed).unwrap();
    assert_eq!(opened.expose(), b"oaep works");
}

pub(super) fn rsa_decrypt_refuses_other_lengths(backend: &dyn HsmBackend) {
    let key = TestKey::rsa(backend, &open_policy());
    let oaep = CipherAlgorithm::RsaOaep { hash: H::Sha256, mgf: H::Sha256 };
    for algorithm in [CipherAlgorithm::RsaRaw, CipherAlgorithm::RsaPkcs1, oaep] {
        for length in [0, 1, 255, 257, 512, 100_000] {
            let params = labelled(b"");
            let refusal = match served(backend, algorithm, &params) {
                true => HsmErrorKind::BadLength,
                false => HsmErrorKind::Unsupported,
            };
            let opened = open(backend, &key, algorithm, &params, &vec![1; length]);
            assert_eq!(kind(opened), refusal, "{algorithm:?} {length}");
        }
    }
}

pub(super) fn damaged_ciphertext_is_bad_data(backend: &dyn HsmBackend) {
    let key = TestKey::rsa(backend, &open_policy());
    for (hash, mgf) in OAEP_PAIRS {
        let algorithm = CipherAlgorithm::RsaOaep { hash, mgf };
        if !served(backend, algorithm, &labelled(b"other")) {
            continue;
        }
        let mut sealed =
            encrypt_public(&rsa_public(), algorithm, &labelled(b""), b"message").unwrap();
        // A token that ignores labels must not be asked with one, nor one with a label without.
        let opened = open(backend, &key, algorithm, &labelled(b"other"), &sealed);
        assert_eq!(kind(opened), HsmErrorKind::BadData, "{algorithm:?}");
        sealed[200] ^= 1;
        let opened = open(backend, &key, algorithm, &labelled(b""), &sealed);
        assert_eq!(kind(opened), HsmErrorKind::BadData, "{algorithm:?}");
        // Not below the modulus.
        let opened = open(backend, &key, algorithm, &labelled(b""), &[0xFF; 256]);
        assert_eq!(kind(opened), HsmErrorKind::BadData, "{algorithm:?}");
    }
    if served(backend, CipherAlgorithm::RsaRaw, &labelled(b"")) {
        let opened = open(backend, &key, CipherAlgorithm::RsaRaw, &labelled(b""), &[0xFF; 256]);
        assert_eq!(kind(opened), HsmErrorKind::BadData);
    }
    // Another sign of life afterwards: refusals leave nothing stuck.
    public_encryption_is_undone_by_the_token(backend);
}
