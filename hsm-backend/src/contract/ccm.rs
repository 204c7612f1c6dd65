//! CCM, the token's own or made of block encryptions.

use super::cipher::{decrypt, encrypt, params_for};
use super::support::*;
use crate::backend::{Encrypted, HsmBackend, KeyRef};
use crate::capability::answers::CCM_KEY;
use crate::error::HsmErrorKind;
use crate::job::{CipherAlgorithm, CipherParams, SecretKeyKind, StreamWish};

const CCM: CipherAlgorithm = CipherAlgorithm::AesCcm;
const KEY: &str = "2b7e151628aed2a6abf7158809cf4f3c";

/// Lengths of nonce, additional data and text, and the tag, which is over all of them; each of them
/// counts from 0 on. Computed with OpenSSL.
const ANSWERS: [(usize, usize, usize, &str); 12] = [
    (13, 0, 0, "e89904b2dc45d9ca077c648b6122fadd"),
    (13, 0, 65_535, "7495de4cec49e6d216509dfffd1514cc"),
    (12, 0, 1, "cdb6c9d9"),
    (7, 13, 15, "8e5d054a887e"),
    (8, 14, 16, "559f72e4a13a6fa2"),
    (9, 15, 17, "7a978d7c19ac684702ee"),
    // The length of the additional data takes two bytes, and from here on six.
    (10, 0xFEFF, 31, "8f84e1eb0de26dd83c40c215"),
    (11, 0xFF00, 33, "168451193ccf23b42ff29df6f3db"),
    (13, 65_536, 32, "f4cf91562388b96c7835fc6619d1832a"),
    (12, 70_000, 100_003, "ab52f054a977843a77e73e199e0294a2"),
    // Longer than what goes to a token in one part.
    (12, 0, 32_767, "c7a68bf9dcce1f0fcb0ddf6ed963004d"),
    (12, 1, 1 << 20, "64e86635cf424146cdcbec9801a2cc72"),
];

fn served(backend: &dyn HsmBackend) -> bool {
    capabilities(backend).cipher(CCM).is_some()
}

fn counting(from: u8, bytes: usize) -> Vec<u8> {
    (0..=u8::MAX).cycle().skip(usize::from(from)).take(bytes).collect()
}

fn params(nonce: usize, aad: usize, tag_bytes: usize) -> CipherParams {
    let (iv, aad) = (counting(0, nonce), counting(0, aad));
    CipherParams { iv, aad, tag_bytes, ..CipherParams::default() }
}

pub(super) fn ccm_matches_known_answers_of_every_layout(backend: &dyn HsmBackend) {
    let key = TestKey::aes(backend, KEY);
    for (nonce, aad, text, tag) in ANSWERS {
        let (text, tag) = (counting(0, text), hex(tag));
        let params = params(nonce, aad, tag.len());
        let sealed = encrypt(backend, &key.key, CCM, &params, &text);
        if !served(backend) {
            return expect_unsupported(sealed);
        }
        let sealed = sealed.unwrap();
        assert_eq!((sealed.data.len(), &sealed.tag), (text.len(), &tag), "{nonce} {aad}");
        let opened = decrypt(backend, &key.key, CCM, &params, &sealed).unwrap();
        assert!(opened.expose() == text, "{nonce} {aad}");
    }
}

/// SP 800-38C example 4; the others are asked for with those of other ciphers.
pub(super) fn ccm_matches_the_standard_with_long_additional_data(backend: &dyn HsmBackend) {
    if !served(backend) {
        return;
    }
    let key = TestKey::aes(backend, CCM_KEY);
    let params = CipherParams { iv: counting(0x10, 13), ..params(13, 65_536, 14) };
    let expected = Encrypted {
        data: hex("69915dad1e84c6376a68c2967e4dab615ae0fd1faec44cc484828529463ccf72"),
        tag: hex("b4ac6bec93e8598e7f0dadbcea5b"),
    };
    let text = counting(0x20, 32);
    assert_eq!(encrypt(backend, &key.key, CCM, &params, &text).unwrap(), expected);
    let opened = decrypt(backend, &key.key, CCM, &params, &expected).unwrap();
    assert_eq!(opened.expose(), text);
}

pub(super) fn ccm_detects_every_change(backend: &dyn HsmBackend) {
    if !served(backend) {
        return;
    }
    let key = TestKey::aes(backend, KEY);
    let good = params(12, 20, 8);
    let sealed = encrypt(backend, &key.key, CCM, &good, &[4; 40]).unwrap();
    let refused = |params: &CipherParams, sealed: &Encrypted, what: &str| {
        let opened = decrypt(backend, &key.key, CCM, params, sealed);
        assert_eq!(kind(opened), HsmErrorKind::BadData, "{what}");
    };
    let change = |bytes: &mut Vec<u8>, at: usize| bytes[at] ^= 1;
    for at in [0, 3, 15, 16, 31, 32, 39] {
        let mut other = sealed.clone();
        change(&mut other.data, at);
        refused(&good, &other, "text");
    }
    for at in 0..8 {
        let mut other = sealed.clone();
        change(&mut other.tag, at);
        refused(&good, &other, "tag");
    }
    for at in [0, 19] {
        let mut other = good.clone();
        change(&mut other.aad, at);
        refused(&other, &sealed, "additional data");
    }
    for at in [0, 11] {
        let mut other = good.clone();
        change(&mut other.iv, at);
        refused(&other, &sealed, "nonce");
    }
    let cut = |data: usize, tag: usize| Encrypted {
        data: sealed.data[..data].to_vec(),
        tag: sealed.tag[..tag].to_vec(),
    };
    let any_tag = CipherParams { tag_bytes: 0, ..good.clone() };
    for (data, tag) in [(39, 8), (0, 8), (40, 4), (40, 6)] {
        refused(&any_tag, &cut(data, tag), "cut");
    }
    let longer = Encrypted { data: [&sealed.data[..], &[0]].concat(), tag: sealed.tag.clone() };
    refused(&good, &longer, "longer");
    let bare = CipherParams { aad: Vec::new(), ..good.clone() };
    refused(&bare, &sealed, "no additional data");
    let other = TestKey::aes(backend, CCM_KEY);
    let opened = decrypt(backend, &other.key, CCM, &good, &sealed);
    assert_eq!(kind(opened), HsmErrorKind::BadData);
}

pub(super) fn ccm_refuses_bad_parameters_and_keys(backend: &dyn HsmBackend) {
    if !served(backend) {
        return;
    }
    let key = TestKey::aes(backend, KEY);
    let both = |key: &KeyRef, params: &CipherParams, length: usize| {
        let sealed = Encrypted { data: vec![0; length], tag: vec![0; params.tag_bytes] };
        let back = kind(decrypt(backend, key, CCM, params, &sealed));
        assert_eq!(kind(encrypt(backend, key, CCM, params, &sealed.data)), back);
        back
    };
    let odd = [(0, 16), (6, 16), (14, 16), (16, 16), (12, 0), (12, 2), (12, 3), (12, 5), (12, 17)];
    for (nonce, tag_bytes) in odd {
        let refused = both(&key.key, &params(nonce, 0, tag_bytes), 1);
        assert_eq!(refused, HsmErrorKind::BadParameter, "{nonce} {tag_bytes}");
    }
    let counted = CipherParams { counter_bits: Some(32), ..params(12, 0, 16) };
    assert_eq!(both(&key.key, &counted, 1), HsmErrorKind::BadParameter);
    // The nonce leaves two or three bytes for the length.
    for (nonce, length) in [(13, 1 << 16), (12, 1 << 24)] {
        assert_eq!(both(&key.key, &params(nonce, 0, 16), length), HsmErrorKind::BadLength);
    }
    let generic = TestKey::generated(backend, SecretKeyKind::Generic, 256);
    assert_eq!(both(&generic.key, &params(12, 0, 16), 1), HsmErrorKind::NotPermitted);
    let idle = secret(SecretKeyKind::Aes, vec![1; 16]);
    let idle = TestKey::import(backend, &idle, &idle_policy());
    assert_eq!(both(&idle.key, &params(12, 0, 16), 1), HsmErrorKind::NotPermitted);
}

/// Nothing leaves before the tag is checked: the parts are gathered.
pub(super) fn ccm_in_parts_is_that_of_the_whole(backend: &dyn HsmBackend) {
    if !served(backend) {
        return;
    }
    let key = TestKey::generated(backend, SecretKeyKind::Aes, 256);
    let params = CipherParams { aad: counting(0, 30), ..params_for(CCM) };
    let run = |wish: &StreamWish, text: &[u8], cuts: [usize; 2], tag: &[u8]| {
        let stream = backend.stream_open(&call(), &key.key, wish).unwrap();
        let [first, second] = cuts;
        for part in [&text[..first], &text[first..second]] {
            let early = backend.stream_update(&call(), stream, part).unwrap();
            assert!(early.expose().is_empty());
        }
        backend.stream_finish(&call(), stream, &text[second..], tag).map(|end| end.value)
    };
    for length in [0, 16, 75, 70_001] {
        let text = counting(0, length);
        let whole = encrypt(backend, &key.key, CCM, &params, &text).unwrap();
        let there = StreamWish::Encrypt { algorithm: CCM, params: params.clone() };
        let back = StreamWish::Decrypt { algorithm: CCM, params: params.clone() };
        for cuts in [[0, 0], [1, 15], [16, 64], [length, length]].map(|c| c.map(|c| c.min(length)))
        {
            let end = run(&there, &text, cuts, &[]).unwrap();
            assert!(end.data.expose() == whole.data && end.tag == whole.tag, "{length} {cuts:?}");
            let end = run(&back, &whole.data, cuts, &whole.tag).unwrap();
            assert!(end.data.expose() == text, "{length} {cuts:?}");
            let refused = run(&back, &whole.data, cuts, &[0; 16]);
            assert_eq!(kind(refused), HsmErrorKind::BadData);
        }
    }
}
