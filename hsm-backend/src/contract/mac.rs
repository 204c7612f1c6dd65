//! MACs and the digest of a key.

use super::support::*;
use crate::backend::HsmBackend;
use crate::capability::answers::{HMAC_KEY, HMAC_TEXT, HMACS};
use crate::capability::rules::HASHES;
use crate::error::HsmErrorKind;
use crate::job::{
    CipherAlgorithm, CipherParams, HashAlgorithm, KeyPolicy, KeyUsage, MacAlgorithm, SecretKeyKind,
};
use crate::software::digest;

use HashAlgorithm as H;

pub(super) fn hmac_matches_known_answers(backend: &dyn HsmBackend) {
    // A key of 4 bytes, shorter than some tokens take.
    let material = secret(SecretKeyKind::Generic, HMAC_KEY.to_vec());
    let key = TestKey::import(backend, &material, &open_policy());
    let mac = |hash| {
        let algorithm = MacAlgorithm::Hmac(hash);
        backend.mac(&call(), &key.key, algorithm, HMAC_TEXT)
    };
    for (hash, expected) in HMACS {
        // The five that every token has.
        let common = matches!(hash, H::Sha1 | H::Sha224 | H::Sha256 | H::Sha384 | H::Sha512);
        if common || capabilities(backend).mac(MacAlgorithm::Hmac(hash)).is_some() {
            assert_eq!(mac(hash).unwrap().value, hex(expected), "{hash:?}");
        }
    }
    for row in &HASHES {
        match capabilities(backend).mac(MacAlgorithm::Hmac(row.hash)) {
            Some(plan) => assert_eq!(mac(row.hash).unwrap().mechanism, plan.mechanism()),
            None => expect_unsupported(mac(row.hash)),
        }
    }
}

pub(super) fn gmac_is_gcm_over_no_data(backend: &dyn HsmBackend) {
    // The key of the GCM specification's test case 1: the tag over nothing.
    let key = TestKey::aes(backend, "00000000000000000000000000000000");
    let gmac = |text: &[u8]| {
        let params = CipherParams {
            iv: vec![0; 12],
            aad: text.to_vec(),
            tag_bytes: 16,
            ..CipherParams::default()
        };
        backend.encrypt(&call(), &key.key, CipherAlgorithm::AesGcm, &params, b"").unwrap().value
    };
    let made = gmac(b"");
    assert!(made.data.is_empty());
    assert_eq!(made.tag, hex("58e2fccefa7e3061367f1d57a4e7455a"));
    let made = gmac(b"text");
    assert_ne!(made.tag, hex("58e2fccefa7e3061367f1d57a4e7455a"));
    let check = |text: &[u8]| {
        let params = CipherParams {
            iv: vec![0; 12],
            aad: text.to_vec(),
            tag_bytes: 16,
            ..CipherParams::default()
        };
        backend.decrypt(&call(), &key.key, CipherAlgorithm::AesGcm, &params, b"", &made.tag)
    };
    assert!(check(b"text").unwrap().value.expose().is_empty());
    assert_eq!(kind(check(b"texu")), HsmErrorKind::BadData);
}

pub(super) fn cmac_matches_known_answer(backend: &dyn HsmBackend) {
    let key = TestKey::aes(backend, "2b7e151628aed2a6abf7158809cf4f3c");
    let mac = |data: &[u8]| backend.mac(&call(), &key.key, MacAlgorithm::AesCmac, data).unwrap();
    // RFC 4493 examples 1 and 2.
    assert_eq!(mac(b"").value, hex("bb1d6929e95937287fa37d129b756746"));
    let block = hex("6bc1bee22e409f96e93d7e117393172a");
    assert_eq!(mac(&block).value, hex("070a16b46b4d4144f79bdd9dd04a287c"));
}

pub(super) fn long_key_and_long_data_are_taken(backend: &dyn HsmBackend) {
    // RFC 4231 test case 6: a key longer than the block.
    let material = secret(SecretKeyKind::Generic, vec![0xAA; 131]);
    let key = TestKey::import(backend, &material, &open_policy());
    let mac = |data: &[u8]| {
        backend.mac(&call(), &key.key, MacAlgorithm::Hmac(H::Sha256), data).unwrap().value
    };
    let expected = hex("60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    assert_eq!(mac(b"Test Using Larger Than Block-Size Key - Hash Key First"), expected);
    let long = vec![3; 300_000];
    assert_eq!(mac(&long), mac(&long));
    assert_ne!(mac(&long), mac(&long[1..]));
}

pub(super) fn mac_refuses_wrong_key_and_usage(backend: &dyn HsmBackend) {
    let usage = KeyUsage { verify: true, ..KeyUsage::default() };
    let policy = KeyPolicy { usage, ..open_policy() };
    let material = secret(SecretKeyKind::Generic, vec![1; 64]);
    let key = TestKey::import(backend, &material, &policy);
    let hmac = MacAlgorithm::Hmac(H::Sha256);
    assert_eq!(kind(backend.mac(&call(), &key.key, hmac, b"x")), HsmErrorKind::NotPermitted);
    let aes = TestKey::generated(backend, SecretKeyKind::Aes, 256);
    assert_eq!(kind(backend.mac(&call(), &aes.key, hmac, b"x")), HsmErrorKind::NotPermitted);
    let cmac = MacAlgorithm::AesCmac;
    assert_eq!(kind(backend.mac(&call(), &key.key, cmac, b"x")), HsmErrorKind::NotPermitted);
}

pub(super) fn digest_of_key_equals_digest_of_value(backend: &dyn HsmBackend) {
    let policy = KeyPolicy { sensitive: true, extractable: false, ..open_policy() };
    let value = vec![0x42; 32];
    let key = TestKey::import(backend, &secret(SecretKeyKind::Aes, value.clone()), &policy);
    for row in HASHES.iter().filter(|row| row.here) {
        let found = backend.digest_key(&call(), &key.key, row.hash);
        match capabilities(backend).digest(row.hash) {
            Some(_) => assert_eq!(found.unwrap(), digest(row.hash, &value).unwrap()),
            None => expect_unsupported(found),
        }
    }
    let rsa = TestKey::rsa(backend, &open_policy());
    let refusal = kind(backend.digest_key(&call(), &rsa.key, H::Sha256));
    assert_eq!(refusal, HsmErrorKind::NotPermitted);
}
