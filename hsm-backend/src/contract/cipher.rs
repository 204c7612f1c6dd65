//! AES.

use super::support::*;
use crate::backend::{Encrypted, HsmBackend, KeyRef};
use crate::capability::answers::ANSWERS;
use crate::error::{HsmError, HsmErrorKind};
use crate::job::{
    BlockMode, CipherAlgorithm, CipherParams, KeyPolicy, KeyUsage, Padding, SecretKeyKind,
    SecretValue,
};

use CipherAlgorithm as C;

const KEY: &str = "2b7e151628aed2a6abf7158809cf4f3c";
const ECB: C = C::aes(BlockMode::Ecb, Padding::None);
const ECB_PKCS5: C = C::aes(BlockMode::Ecb, Padding::Pkcs5);
const CBC: C = C::aes(BlockMode::Cbc, Padding::None);
const CBC_PKCS5: C = C::aes(BlockMode::Cbc, Padding::Pkcs5);
const CTR: C = C::aes(BlockMode::Ctr, Padding::None);
const PLAIN_MODES: [C; 5] = [ECB, ECB_PKCS5, CBC, CBC_PKCS5, CTR];

pub(super) fn params_for(algorithm: CipherAlgorithm) -> CipherParams {
    let (iv, tag_bytes) = match algorithm {
        C::Block { mode: BlockMode::Ecb, .. } => (0, 0),
        C::Block { cipher, .. } => (u8::try_from(cipher.block_bytes()).unwrap(), 0),
        C::AesGcm | C::AesCcm => (12, 16),
        C::AesXts => (16, 0),
        C::AesKeyWrap | C::AesKeyWrapPad | C::RsaRaw | C::RsaPkcs1 | C::RsaOaep { .. } => (0, 0),
    };
    CipherParams { iv: (0..iv).collect(), tag_bytes, ..CipherParams::default() }
}

pub(super) fn encrypt(
    backend: &dyn HsmBackend,
    key: &KeyRef,
    algorithm: CipherAlgorithm,
    params: &CipherParams,
    data: &[u8],
) -> Result<Encrypted, HsmError> {
    Ok(backend.encrypt(&call(), key, algorithm, params, data)?.value)
}

pub(super) fn decrypt(
    backend: &dyn HsmBackend,
    key: &KeyRef,
    algorithm: CipherAlgorithm,
    params: &CipherParams,
    sealed: &Encrypted,
) -> Result<SecretValue, HsmError> {
    Ok(backend.decrypt(&call(), key, algorithm, params, &sealed.data, &sealed.tag)?.value)
}

pub(super) fn ciphers_match_known_answers(backend: &dyn HsmBackend) {
    for answer in &ANSWERS {
        let algorithm = answer.algorithm;
        let kind = match algorithm {
            C::Block { cipher, .. } => cipher.key_kind(),
            _ => SecretKeyKind::Aes,
        };
        if !capabilities(backend).takes(kind) {
            continue;
        }
        let key = TestKey::import(backend, &secret(kind, hex(answer.key)), &open_policy());
        let params = answer.params();
        let sealed = encrypt(backend, &key.key, algorithm, &params, &hex(answer.plain));
        if capabilities(backend).cipher(algorithm).is_none() {
            expect_unsupported(sealed);
            continue;
        }
        let sealed = sealed.unwrap();
        assert_eq!((&sealed.data, &sealed.tag), (&hex(answer.sealed), &hex(answer.tag)));
        let opened = decrypt(backend, &key.key, algorithm, &params, &sealed).unwrap();
        assert_eq!(opened.expose(), hex(answer.plain), "{algorithm:?}");
    }
}

pub(super) fn counter_wraps_after_its_maximum(backend: &dyn HsmBackend) {
    let key = TestKey::aes(backend, KEY);
    let block = |byte| {
        let params = CipherParams::default();
        encrypt(backend, &key.key, ECB, &params, &[byte; 16]).unwrap().data
    };
    let params = CipherParams { iv: vec![0xFF; 16], ..CipherParams::default() };
    let sealed = encrypt(backend, &key.key, CTR, &params, &[0; 32]).unwrap();
    assert_eq!(sealed.data, [block(0xFF), block(0)].concat());
    let opened = decrypt(backend, &key.key, CTR, &params, &sealed).unwrap();
    assert_eq!(opened.expose(), [0; 32]);
}

pub(super) fn gcm_matches_known_answer_and_detects_changes(backend: &dyn HsmBackend) {
    let key = TestKey::aes(backend, "00000000000000000000000000000000");
    let params = CipherParams { iv: vec![0; 12], tag_bytes: 16, ..CipherParams::default() };
    let sealed = encrypt(backend, &key.key, C::AesGcm, &params, &[0; 16]).unwrap();
    assert_eq!(sealed.data, hex("0388dace60b6a392f328c2b971b2fe78"));
    assert_eq!(sealed.tag, hex("ab6e47d42cec13bdf53a67b21257bddf"));
    for (iv, tag_bytes) in [(12, 16), (12, 12), (12, 4), (12, 8), (1, 16), (16, 13)] {
        let params = CipherParams {
            iv: vec![9; iv],
            aad: b"header".to_vec(),
            tag_bytes,
            ..CipherParams::default()
        };
        let sealed = encrypt(backend, &key.key, C::AesGcm, &params, b"message").unwrap();
        assert_eq!((sealed.data.len(), sealed.tag.len()), (7, tag_bytes));
        let open = |sealed: &Encrypted, params: &CipherParams| {
            decrypt(backend, &key.key, C::AesGcm, params, sealed)
        };
        assert_eq!(open(&sealed, &params).unwrap().expose(), b"message");
        let mut bad = sealed.clone();
        bad.tag[0] ^= 1;
        assert_eq!(kind(open(&bad, &params)), HsmErrorKind::BadData);
        let mut bad = sealed.clone();
        bad.data[0] ^= 1;
        assert_eq!(kind(open(&bad, &params)), HsmErrorKind::BadData);
        let other = CipherParams { aad: b"Header".to_vec(), ..params };
        assert_eq!(kind(open(&sealed, &other)), HsmErrorKind::BadData);
    }
    let empty = encrypt(backend, &key.key, C::AesGcm, &params, b"").unwrap();
    assert_eq!((empty.data.len(), empty.tag.len()), (0, 16));
    assert!(decrypt(backend, &key.key, C::AesGcm, &params, &empty).unwrap().expose().is_empty());
}

pub(super) fn aes_round_trips_every_length(backend: &dyn HsmBackend) {
    let key = TestKey::generated(backend, SecretKeyKind::Aes, 256);
    for algorithm in PLAIN_MODES.into_iter().chain([C::AesGcm]) {
        let params = params_for(algorithm);
        let whole_only = matches!(algorithm, ECB | CBC);
        for length in [1, 15, 16, 17, 32, 33, 1000, 1008] {
            if whole_only && length % 16 != 0 {
                continue;
            }
            let data = vec![0x5A; length];
            let sealed = encrypt(backend, &key.key, algorithm, &params, &data).unwrap();
            let opened = decrypt(backend, &key.key, algorithm, &params, &sealed).unwrap();
            assert_eq!(opened.expose(), data, "{algorithm:?}, {length} bytes");
        }
    }
}

pub(super) fn long_data_equal_short_pieces(backend: &dyn HsmBackend) {
    let key = TestKey::generated(backend, SecretKeyKind::Aes, 128);
    let data: Vec<u8> = (0..200_000_u32).map(|n| n.to_le_bytes()[0]).collect();
    for algorithm in PLAIN_MODES.into_iter().chain([C::AesGcm]) {
        let params = params_for(algorithm);
        let sealed = encrypt(backend, &key.key, algorithm, &params, &data).unwrap();
        let opened = decrypt(backend, &key.key, algorithm, &params, &sealed).unwrap();
        assert!(opened.expose() == data, "{algorithm:?}");
        let short = encrypt(backend, &key.key, algorithm, &params, &data[..1024]).unwrap();
        assert_eq!(short.data[..1024], sealed.data[..1024], "{algorithm:?}");
    }
    let params = params_for(C::AesGcm);
    let mut sealed = encrypt(backend, &key.key, C::AesGcm, &params, &data).unwrap();
    sealed.data[150_000] ^= 1;
    let opened = decrypt(backend, &key.key, C::AesGcm, &params, &sealed);
    assert_eq!(kind(opened), HsmErrorKind::BadData);
}

pub(super) fn cipher_refuses_bad_parameters(backend: &dyn HsmBackend) {
    let key = TestKey::generated(backend, SecretKeyKind::Aes, 128);
    let wrong = [
        (CBC, 15, 0),
        (CBC, 0, 0),
        (CBC_PKCS5, 17, 0),
        (CTR, 12, 0),
        (ECB, 16, 0),
        (CBC, 16, 16),
        (C::AesGcm, 0, 16),
        (C::AesGcm, 12, 0),
        (C::AesGcm, 12, 3),
        (C::AesGcm, 12, 9),
        (C::AesGcm, 12, 17),
        (C::AesGcm, 2000, 16),
    ];
    for (algorithm, iv, tag_bytes) in wrong {
        let params = CipherParams { iv: vec![1; iv], tag_bytes, ..CipherParams::default() };
        let sealed = encrypt(backend, &key.key, algorithm, &params, &[0; 16]);
        assert_eq!(kind(sealed), HsmErrorKind::BadParameter, "{algorithm:?} {iv} {tag_bytes}");
        let sealed = Encrypted { data: vec![0; 16], tag: vec![0; tag_bytes] };
        let opened = decrypt(backend, &key.key, algorithm, &params, &sealed);
        assert_eq!(kind(opened), HsmErrorKind::BadParameter, "{algorithm:?} {iv} {tag_bytes}");
    }
}

pub(super) fn cipher_refuses_partial_blocks(backend: &dyn HsmBackend) {
    let key = TestKey::generated(backend, SecretKeyKind::Aes, 128);
    for algorithm in [ECB, CBC] {
        let params = params_for(algorithm);
        for length in [0, 1, 15, 17] {
            let sealed = encrypt(backend, &key.key, algorithm, &params, &vec![0; length]);
            assert_eq!(kind(sealed), HsmErrorKind::BadLength);
            let sealed = Encrypted { data: vec![0; length], tag: Vec::new() };
            let opened = decrypt(backend, &key.key, algorithm, &params, &sealed);
            assert_eq!(kind(opened), HsmErrorKind::BadLength);
        }
    }
    for algorithm in [ECB_PKCS5, CBC_PKCS5] {
        for length in [0, 1, 15, 17] {
            let sealed = Encrypted { data: vec![0; length], tag: Vec::new() };
            let opened = decrypt(backend, &key.key, algorithm, &params_for(algorithm), &sealed);
            assert_eq!(kind(opened), HsmErrorKind::BadData);
        }
    }
}

pub(super) fn bad_padding_is_bad_data(backend: &dyn HsmBackend) {
    let key = TestKey::generated(backend, SecretKeyKind::Aes, 256);
    for (padded, bare) in [(ECB_PKCS5, ECB), (CBC_PKCS5, CBC)] {
        let params = params_for(padded);
        for last in [0, 17, 255, 2] {
            let mut data = [9; 32];
            data[31] = last;
            let sealed = encrypt(backend, &key.key, bare, &params, &data).unwrap();
            let opened = decrypt(backend, &key.key, padded, &params, &sealed);
            assert_eq!(kind(opened), HsmErrorKind::BadData, "{padded:?} {last}");
        }
        let sealed = encrypt(backend, &key.key, padded, &params, b"fine").unwrap();
        assert!(decrypt(backend, &key.key, padded, &params, &sealed).is_ok());
    }
}

pub(super) fn usage_is_enforced_for_ciphers(backend: &dyn HsmBackend) {
    let usage = KeyUsage { encrypt: true, ..KeyUsage::default() };
    let policy = KeyPolicy { usage, ..open_policy() };
    let key = TestKey::import(backend, &secret(SecretKeyKind::Aes, vec![1; 16]), &policy);
    let params = params_for(ECB);
    let sealed = encrypt(backend, &key.key, ECB, &params, &[0; 16]).unwrap();
    let opened = decrypt(backend, &key.key, ECB, &params, &sealed);
    assert_eq!(kind(opened), HsmErrorKind::NotPermitted);
    let key = TestKey::import(backend, &secret(SecretKeyKind::Aes, vec![1; 16]), &idle_policy());
    let sealed = encrypt(backend, &key.key, ECB, &params, &[0; 16]);
    assert_eq!(kind(sealed), HsmErrorKind::NotPermitted);
}

pub(super) fn cipher_refuses_other_key_types(backend: &dyn HsmBackend) {
    let generic = TestKey::generated(backend, SecretKeyKind::Generic, 256);
    let rsa = TestKey::rsa(backend, &open_policy());
    for key in [&generic, &rsa] {
        let params = params_for(ECB);
        let sealed = encrypt(backend, &key.key, ECB, &params, &[0; 16]);
        assert_eq!(kind(sealed), HsmErrorKind::NotPermitted);
    }
    let params = CipherParams::default();
    let opened = backend.decrypt(&call(), &generic.key, C::RsaPkcs1, &params, &[0; 256], &[]);
    assert_eq!(kind(opened), HsmErrorKind::NotPermitted);
    // The public half encrypts in software.
    expect_unsupported(backend.encrypt(&call(), &rsa.key, C::RsaPkcs1, &params, b"x"));
}
