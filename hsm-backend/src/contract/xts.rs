//! XTS with two keys in the token.

use super::cipher::{decrypt, encrypt};
use super::support::*;
use crate::backend::{Encrypted, HsmBackend};
use crate::error::HsmErrorKind;
use crate::job::{CipherAlgorithm, CipherParams, KeyPolicy, KeyUsage, SecretKeyKind, StreamWish};

const XTS: CipherAlgorithm = CipherAlgorithm::AesXts;

/// Both keys, tweak, plain text and cipher text, in hex: IEEE 1619-2007 appendix B, vectors 2, 3,
/// 15, 16 and 18, and of vector 10 the beginning.
#[rustfmt::skip]
const ANSWERS: [[&str; 5]; 6] = [
    [
        "11111111111111111111111111111111", "22222222222222222222222222222222", "33333333330000000000000000000000",
        "4444444444444444444444444444444444444444444444444444444444444444",
        "c454185e6a16936e39334038acef838bfb186fff7480adc4289382ecd6d394f0",
    ],
    [
        "fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0", "22222222222222222222222222222222", "33333333330000000000000000000000",
        "4444444444444444444444444444444444444444444444444444444444444444",
        "af85336b597afc1a900b2eb21ec949d292df4c047e0b21532186a5971a227a89",
    ],
    [
        "fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0", "bfbebdbcbbbab9b8b7b6b5b4b3b2b1b0", "9a785634120000000000000000000000",
        "000102030405060708090a0b0c0d0e0f10", "6c1625db4671522d3d7599601de7ca09ed",
    ],
    [
        "fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0", "bfbebdbcbbbab9b8b7b6b5b4b3b2b1b0", "9a785634120000000000000000000000",
        "000102030405060708090a0b0c0d0e0f1011", "d069444b7a7e0cab09e24447d24deb1fedbf",
    ],
    [
        "fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0", "bfbebdbcbbbab9b8b7b6b5b4b3b2b1b0", "9a785634120000000000000000000000",
        "000102030405060708090a0b0c0d0e0f10111213", "9d84c813f719aa2c7be3f66171c7c5c2edbf9dac",
    ],
    [
        "2718281828459045235360287471352662497757247093699959574966967627",
        "3141592653589793238462643383279502884197169399375105820974944592", "ff000000000000000000000000000000",
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f",
        "1c3b3a102f770386e4836c99e370cf9bea00803f5e482357a4ae12d414a3e63b5d31e276f8fe4a8d66b317f9ac683f44680a86ac35adfc3345befecb4bb188fd",
    ],
];

fn served(backend: &dyn HsmBackend) -> bool {
    capabilities(backend).cipher(XTS).is_some()
}

fn params(tweak_key: &TestKey<'_>, tweak: Vec<u8>) -> CipherParams {
    let tweak_key = Some(tweak_key.key.clone());
    CipherParams { iv: tweak, tweak_key, ..CipherParams::default() }
}

/// Two AES keys of as many bytes.
fn pair(backend: &dyn HsmBackend, bytes: usize) -> [TestKey<'_>; 2] {
    [1, 2].map(|byte| {
        let material = secret(SecretKeyKind::Aes, vec![byte; bytes]);
        TestKey::import(backend, &material, &open_policy())
    })
}

pub(super) fn xts_matches_known_answers(backend: &dyn HsmBackend) {
    for [first, second, tweak, plain, sealed] in ANSWERS {
        let (key, tweak_key) = (TestKey::aes(backend, first), TestKey::aes(backend, second));
        let params = params(&tweak_key, hex(tweak));
        let made = encrypt(backend, &key.key, XTS, &params, &hex(plain));
        if !served(backend) {
            return expect_unsupported(made);
        }
        let expected = Encrypted { data: hex(sealed), tag: Vec::new() };
        assert_eq!(made.unwrap(), expected);
        let opened = decrypt(backend, &key.key, XTS, &params, &expected).unwrap();
        assert_eq!(opened.expose(), hex(plain));
    }
}

pub(super) fn xts_round_trips_every_length(backend: &dyn HsmBackend) {
    if !served(backend) {
        return;
    }
    let [key, tweak_key] = pair(backend, 32);
    let params = params(&tweak_key, vec![9; 16]);
    let data: Vec<u8> = (0..100_003_u32).map(|n| n.to_le_bytes()[0]).collect();
    let whole = encrypt(backend, &key.key, XTS, &params, &data[..64]).unwrap().data;
    for length in (16..=66).chain([4096, 65_535, 100_003]) {
        let sealed = encrypt(backend, &key.key, XTS, &params, &data[..length]).unwrap();
        assert_eq!(sealed.data.len(), length);
        // Stealing changes the last two blocks only.
        let same = (length / 16).saturating_sub(usize::from(length % 16 > 0)).min(4) * 16;
        assert_eq!(sealed.data[..same], whole[..same], "{length}");
        let opened = decrypt(backend, &key.key, XTS, &params, &sealed).unwrap();
        assert!(opened.expose() == &data[..length], "{length}");
    }
}

pub(super) fn xts_refuses_bad_parameters(backend: &dyn HsmBackend) {
    if !served(backend) {
        return;
    }
    let [key, tweak_key] = pair(backend, 16);
    let good = params(&tweak_key, vec![0; 16]);
    let both = |params: &CipherParams, data: &[u8]| {
        let sealed = Encrypted { data: data.to_vec(), tag: Vec::new() };
        let back = kind(decrypt(backend, &key.key, XTS, params, &sealed));
        assert_eq!(kind(encrypt(backend, &key.key, XTS, params, data)), back);
        back
    };
    for params in [
        CipherParams { tweak_key: None, ..good.clone() },
        CipherParams { iv: vec![0; 15], ..good.clone() },
        CipherParams { iv: Vec::new(), ..good.clone() },
        CipherParams { aad: vec![1], ..good.clone() },
        CipherParams { counter_bits: Some(32), ..good.clone() },
    ] {
        assert_eq!(both(&params, &[0; 32]), HsmErrorKind::BadParameter, "{params:?}");
    }
    for length in [0, 1, 15, (16 << 20) + 1] {
        assert_eq!(both(&good, &vec![0; length]), HsmErrorKind::BadLength, "{length}");
    }
    let ecb = CipherParams { iv: Vec::new(), ..good };
    let other = encrypt(backend, &key.key, AES_ECB, &ecb, &[0; 16]);
    assert_eq!(kind(other), HsmErrorKind::BadParameter, "only XTS has a second key");
}

pub(super) fn xts_refuses_equal_and_odd_keys(backend: &dyn HsmBackend) {
    if !served(backend) {
        return;
    }
    let ([key, tweak_key], [twin, _]) = (pair(backend, 32), pair(backend, 32));
    let ([short, _], [odd, odd_too]) = (pair(backend, 16), pair(backend, 24));
    for (first, second) in [(&key, &key), (&key, &twin), (&short, &key), (&odd, &odd_too)] {
        let params = params(second, vec![7; 16]);
        for length in [16, 40] {
            let sealed = encrypt(backend, &first.key, XTS, &params, &vec![5; length]);
            assert_eq!(kind(sealed), HsmErrorKind::BadKey);
            let sealed = Encrypted { data: vec![5; length], tag: Vec::new() };
            let opened = decrypt(backend, &first.key, XTS, &params, &sealed);
            assert_eq!(kind(opened), HsmErrorKind::BadKey);
        }
    }
    let generic = TestKey::generated(backend, SecretKeyKind::Generic, 256);
    for (first, second) in [(&generic, &tweak_key), (&key, &generic)] {
        let sealed = encrypt(backend, &first.key, XTS, &params(second, vec![7; 16]), &[5; 16]);
        assert_eq!(kind(sealed), HsmErrorKind::NotPermitted);
    }
    let absent = TestKey::adopt(backend, fresh_id());
    let sealed = encrypt(backend, &key.key, XTS, &params(&absent, vec![7; 16]), &[5; 16]);
    assert_eq!(kind(sealed), HsmErrorKind::KeyNotFound);
}

pub(super) fn xts_keeps_to_the_usage_of_both_keys(backend: &dyn HsmBackend) {
    if !served(backend) {
        return;
    }
    let with = |byte, usage| {
        let material = secret(SecretKeyKind::Aes, vec![byte; 16]);
        TestKey::import(backend, &material, &KeyPolicy { usage, ..open_policy() })
    };
    let [encrypts, decrypts] = [true, false].map(|encrypt| {
        let usage = KeyUsage { encrypt, decrypt: !encrypt, ..KeyUsage::default() };
        [with(1, usage), with(2, usage)]
    });
    let params = |key: &TestKey<'_>| params(key, vec![7; 16]);
    let sealed = encrypt(backend, &encrypts[0].key, XTS, &params(&encrypts[1]), &[5; 20]).unwrap();
    let opened = decrypt(backend, &decrypts[0].key, XTS, &params(&decrypts[1]), &sealed).unwrap();
    assert_eq!(opened.expose(), [5; 20]);
    for (first, second) in [(&encrypts[0], &decrypts[1]), (&decrypts[0], &encrypts[1])] {
        let opened = decrypt(backend, &first.key, XTS, &params(second), &sealed);
        assert_eq!(kind(opened), HsmErrorKind::NotPermitted);
    }
    let idle = with(1, KeyUsage::default());
    for (first, second) in [(&idle, &encrypts[1]), (&encrypts[0], &idle)] {
        let sealed = encrypt(backend, &first.key, XTS, &params(second), &[5; 20]);
        assert_eq!(kind(sealed), HsmErrorKind::NotPermitted);
    }
}

/// A data unit is one whole: its parts are gathered.
pub(super) fn xts_in_parts_is_that_of_the_whole(backend: &dyn HsmBackend) {
    if !served(backend) {
        return;
    }
    let [key, tweak_key] = pair(backend, 16);
    let params = params(&tweak_key, vec![7; 16]);
    let data = [0x3C; 75];
    let whole = encrypt(backend, &key.key, XTS, &params, &data).unwrap();
    let run = |wish: &StreamWish, text: &[u8]| {
        let stream = backend.stream_open(&call(), &key.key, wish).unwrap();
        let early = backend.stream_update(&call(), stream, &text[..40]).unwrap();
        assert!(early.expose().is_empty());
        backend.stream_finish(&call(), stream, &text[40..], &[]).unwrap().value.data
    };
    let wish = StreamWish::Encrypt { algorithm: XTS, params: params.clone() };
    assert_eq!(run(&wish, &data).expose(), whole.data);
    let wish = StreamWish::Decrypt { algorithm: XTS, params };
    assert_eq!(run(&wish, &whole.data).expose(), data);
}
