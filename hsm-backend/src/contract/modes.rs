//! Modes and paddings, the token's own and those made here.

use super::cipher::{decrypt, encrypt, params_for};
use super::support::*;
use crate::backend::{Encrypted, HsmBackend};
use crate::error::HsmErrorKind;
use crate::job::{
    BlockCipher, BlockMode, CipherAlgorithm, CipherParams, KeyPolicy, KeyUsage, Padding,
    SecretKeyKind, SecretKeySpec,
};

use CipherAlgorithm as C;

const AES_KEY: &str = "2b7e151628aed2a6abf7158809cf4f3c";
const DES_KEY: &str = "0123456789abcdef23456789abcdef01456789abcdef0123";

fn key_of(backend: &dyn HsmBackend, cipher: BlockCipher) -> TestKey<'_> {
    let value = match cipher {
        BlockCipher::Aes => AES_KEY,
        BlockCipher::Des3 => DES_KEY,
    };
    TestKey::import(backend, &secret(cipher.key_kind(), hex(value)), &open_policy())
}

fn served(backend: &dyn HsmBackend, algorithm: CipherAlgorithm) -> bool {
    capabilities(backend).cipher(algorithm).is_some()
}

/// Every mode with every padding that this backend serves.
fn block_ciphers(backend: &dyn HsmBackend, cipher: BlockCipher) -> Vec<(BlockMode, Padding)> {
    let all = BlockMode::ALL.into_iter().flat_map(|mode| Padding::ALL.map(|pad| (mode, pad)));
    all.filter(|(mode, padding)| {
        served(backend, C::Block { cipher, mode: *mode, padding: *padding })
    })
    .collect()
}

pub(super) fn every_mode_and_padding_round_trips(backend: &dyn HsmBackend) {
    for cipher in block_ciphers_taken(backend) {
        let key = key_of(backend, cipher);
        for (mode, padding) in block_ciphers(backend, cipher) {
            let algorithm = C::Block { cipher, mode, padding };
            let params = params_for(algorithm);
            for length in [0, 1, 7, 8, 15, 16, 17, 32, 33, 1000] {
                let data = vec![0x5A; length];
                let whole = length > 0 && length.is_multiple_of(cipher.block_bytes());
                if padding == Padding::None && mode.needs_whole_blocks() && !whole {
                    continue;
                }
                let sealed = encrypt(backend, &key.key, algorithm, &params, &data).unwrap();
                if padding == Padding::Zeros {
                    continue;
                }
                let opened = decrypt(backend, &key.key, algorithm, &params, &sealed).unwrap();
                assert_eq!(opened.expose(), data, "{algorithm:?}, {length} bytes");
                let added = sealed.data.len() - length;
                let expected = match padding {
                    Padding::None => 0,
                    _ => cipher.block_bytes() - length % cipher.block_bytes(),
                };
                assert_eq!(added, expected, "{algorithm:?}, {length} bytes");
            }
        }
    }
}

pub(super) fn counter_layouts_are_honoured(backend: &dyn HsmBackend) {
    let ctr = C::aes(BlockMode::Ctr, Padding::None);
    let key = key_of(backend, BlockCipher::Aes);
    let block = |counter: &[u8]| {
        encrypt(backend, &key.key, AES_ECB, &CipherParams::default(), counter).unwrap().data
    };
    let iv = [[0x11; 12].as_slice(), &[0xFF, 0xFF, 0xFF, 0xFE]].concat();
    for (bits, third) in [
        (Some(32), [[0x11; 12].as_slice(), &[0; 4]].concat()),
        (None, {
            let mut carried = [0x11; 12];
            carried[11] = 0x12;
            [carried.as_slice(), &[0; 4]].concat()
        }),
    ] {
        let params = CipherParams { iv: iv.clone(), counter_bits: bits, ..CipherParams::default() };
        let sealed = encrypt(backend, &key.key, ctr, &params, &[0; 40]).unwrap();
        let second = [[0x11; 12].as_slice(), &[0xFF; 4]].concat();
        let expected = [block(&iv), block(&second), block(&third)].concat();
        assert_eq!(sealed.data, expected[..40], "{bits:?}");
        let opened = decrypt(backend, &key.key, ctr, &params, &sealed).unwrap();
        assert_eq!(opened.expose(), [0; 40]);
    }
    // The key stream of one message must not repeat.
    let narrow = CipherParams { iv, counter_bits: Some(1), ..CipherParams::default() };
    assert!(encrypt(backend, &key.key, ctr, &narrow, &[0; 32]).is_ok());
    let round = encrypt(backend, &key.key, ctr, &narrow, &[0; 33]);
    assert_eq!(kind(round), HsmErrorKind::BadLength);
    for (algorithm, bits) in
        [(ctr, 0), (ctr, 129), (C::aes(BlockMode::Ofb, Padding::None), 128), (C::AesGcm, 32)]
    {
        let params = CipherParams { counter_bits: Some(bits), ..params_for(algorithm) };
        let sealed = encrypt(backend, &key.key, algorithm, &params, &[0; 16]);
        assert_eq!(kind(sealed), HsmErrorKind::BadParameter, "{algorithm:?} {bits}");
    }
}

pub(super) fn zeros_are_put_on_and_not_taken_off(backend: &dyn HsmBackend) {
    let key = key_of(backend, BlockCipher::Aes);
    for mode in BlockMode::ALL {
        let (zeros, bare) = (C::aes(mode, Padding::Zeros), C::aes(mode, Padding::None));
        let params = params_for(zeros);
        let sealed = encrypt(backend, &key.key, zeros, &params, &[7; 17]).unwrap();
        let opened = decrypt(backend, &key.key, bare, &params, &sealed).unwrap();
        assert_eq!(opened.expose(), [[7; 17].as_slice(), &[0; 15]].concat());
        expect_unsupported(decrypt(backend, &key.key, zeros, &params, &sealed));
    }
}

pub(super) fn malformed_padding_is_bad_data_in_every_mode(backend: &dyn HsmBackend) {
    for cipher in block_ciphers_taken(backend) {
        let key = key_of(backend, cipher);
        for (mode, padding) in block_ciphers(backend, cipher) {
            if matches!(padding, Padding::None | Padding::Zeros) {
                continue;
            }
            let algorithm = C::Block { cipher, mode, padding };
            let params = params_for(algorithm);
            let bare = C::Block { cipher, mode, padding: Padding::None };
            for last in [0, 17, 255] {
                let mut data = [9; 32];
                data[31] = last;
                let sealed = encrypt(backend, &key.key, bare, &params, &data).unwrap();
                let opened = decrypt(backend, &key.key, algorithm, &params, &sealed);
                assert_eq!(kind(opened), HsmErrorKind::BadData, "{algorithm:?} {last}");
            }
            for length in [0, 1, 17] {
                let sealed = Encrypted { data: vec![0; length], tag: Vec::new() };
                let opened = decrypt(backend, &key.key, algorithm, &params, &sealed);
                assert_eq!(kind(opened), HsmErrorKind::BadData, "{algorithm:?} {length}");
            }
        }
    }
}

pub(super) fn long_data_in_composed_modes_equal_short_pieces(backend: &dyn HsmBackend) {
    let key = key_of(backend, BlockCipher::Aes);
    let data: Vec<u8> = (0..150_001_u32).map(|n| n.to_le_bytes()[0]).collect();
    for mode in [BlockMode::Cfb, BlockMode::Ofb, BlockMode::Ctr] {
        let algorithm = C::aes(mode, Padding::None);
        let params = params_for(algorithm);
        let sealed = encrypt(backend, &key.key, algorithm, &params, &data).unwrap();
        let short = encrypt(backend, &key.key, algorithm, &params, &data[..1001]).unwrap();
        assert_eq!(short.data[..1001], sealed.data[..1001], "{mode:?}");
        let opened = decrypt(backend, &key.key, algorithm, &params, &sealed).unwrap();
        assert!(opened.expose() == data, "{mode:?}");
    }
}

pub(super) fn composed_decryption_keeps_to_the_usage(backend: &dyn HsmBackend) {
    let with = |usage| {
        let policy = KeyPolicy { usage, ..open_policy() };
        TestKey::import(backend, &secret(SecretKeyKind::Aes, hex(AES_KEY)), &policy)
    };
    let decrypting = with(KeyUsage { decrypt: true, ..KeyUsage::default() });
    let encrypting = with(KeyUsage { encrypt: true, ..KeyUsage::default() });
    let modes = BlockMode::ALL.map(|mode| C::aes(mode, Padding::None));
    let ccm = served(backend, C::AesCcm).then_some(C::AesCcm);
    for algorithm in modes.into_iter().chain(ccm) {
        let params = params_for(algorithm);
        let sealed = encrypt(backend, &encrypting.key, algorithm, &params, &[3; 48]).unwrap();
        let refused = decrypt(backend, &encrypting.key, algorithm, &params, &sealed);
        assert_eq!(kind(refused), HsmErrorKind::NotPermitted, "{algorithm:?}");
        let opened = decrypt(backend, &decrypting.key, algorithm, &params, &sealed).unwrap();
        assert_eq!(opened.expose(), [3; 48], "{algorithm:?}");
    }
}

pub(super) fn gcm_takes_every_legal_tag_and_iv(backend: &dyn HsmBackend) {
    let key = key_of(backend, BlockCipher::Aes);
    let seal = |iv: usize, tag_bytes| {
        let params = CipherParams { iv: vec![5; iv], tag_bytes, ..CipherParams::default() };
        let sealed = encrypt(backend, &key.key, C::AesGcm, &params, b"text").unwrap();
        (params, sealed)
    };
    for iv in [1, 7, 8, 12, 16, 60, 128] {
        let (mut params, whole) = seal(iv, 16);
        params.iv[iv - 1] ^= 1;
        let other = encrypt(backend, &key.key, C::AesGcm, &params, b"text").unwrap();
        assert_ne!(other.data, whole.data, "the last byte of {iv} does not count");
        for tag_bytes in [4, 8, 12, 13, 14, 15, 16] {
            let (params, sealed) = seal(iv, tag_bytes);
            assert_eq!(sealed.tag, whole.tag[..tag_bytes]);
            match decrypt(backend, &key.key, C::AesGcm, &params, &sealed) {
                Ok(opened) => assert_eq!(opened.expose(), b"text"),
                Err(error) => assert_eq!(error.kind, HsmErrorKind::Unsupported),
            }
        }
    }
}

pub(super) fn data_are_wrapped_as_keys_are(backend: &dyn HsmBackend) {
    // RFC 5649 §6: 20 bytes, which SoftHSM unwraps rightly and wraps wrongly.
    let key = TestKey::aes(backend, "5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8");
    let params = CipherParams::default();
    let sealed = Encrypted {
        data: hex("138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a"),
        tag: Vec::new(),
    };
    let plain = hex("c37b7e649258434 0bed12207808941155068f738");
    let opened = decrypt(backend, &key.key, C::AesKeyWrapPad, &params, &sealed);
    if !served(backend, C::AesKeyWrapPad) {
        return expect_unsupported(opened);
    }
    assert_eq!(opened.unwrap().expose(), plain);
    match encrypt(backend, &key.key, C::AesKeyWrapPad, &params, &plain) {
        Ok(wrapped) => assert_eq!(wrapped, sealed),
        Err(error) => assert_eq!(error.kind, HsmErrorKind::BadLength),
    }
    for algorithm in [C::AesKeyWrap, C::AesKeyWrapPad] {
        for length in [16, 24, 32, 1024] {
            let data = vec![0xC3; length];
            let wrapped = encrypt(backend, &key.key, algorithm, &params, &data).unwrap();
            assert_eq!(wrapped.data.len(), length + 8);
            let opened = decrypt(backend, &key.key, algorithm, &params, &wrapped).unwrap();
            assert_eq!(opened.expose(), data);
        }
    }
}

pub(super) fn data_wrapping_refuses_bad_lengths_and_damage(backend: &dyn HsmBackend) {
    if ![C::AesKeyWrap, C::AesKeyWrapPad].into_iter().all(|wish| served(backend, wish)) {
        return;
    }
    let key = key_of(backend, BlockCipher::Aes);
    let params = CipherParams::default();
    for length in [0, 8, 17, (64 << 10) + 8] {
        let wrapped = encrypt(backend, &key.key, C::AesKeyWrap, &params, &vec![1; length]);
        assert_eq!(kind(wrapped), HsmErrorKind::BadLength, "{length}");
    }
    for algorithm in [C::AesKeyWrap, C::AesKeyWrapPad] {
        let mut wrapped = encrypt(backend, &key.key, algorithm, &params, &[1; 32]).unwrap();
        wrapped.data[5] ^= 1;
        let opened = decrypt(backend, &key.key, algorithm, &params, &wrapped);
        assert_eq!(kind(opened), HsmErrorKind::BadData);
        wrapped.data.truncate(30);
        let opened = decrypt(backend, &key.key, algorithm, &params, &wrapped);
        assert_eq!(kind(opened), HsmErrorKind::BadData);
        let given_iv = CipherParams { iv: vec![0xA6; 8], ..CipherParams::default() };
        let sealed = encrypt(backend, &key.key, algorithm, &given_iv, &[1; 32]);
        assert_eq!(kind(sealed), HsmErrorKind::BadParameter);
    }
    let usage = KeyUsage { encrypt: true, decrypt: true, ..KeyUsage::default() };
    let policy = KeyPolicy { usage, ..open_policy() };
    let key = TestKey::import(backend, &secret(SecretKeyKind::Aes, vec![1; 16]), &policy);
    let wrapped = encrypt(backend, &key.key, C::AesKeyWrap, &params, &[1; 32]);
    assert_eq!(kind(wrapped), HsmErrorKind::NotPermitted);
}

pub(super) fn two_key_triple_des_is_one_key_used_again(backend: &dyn HsmBackend) {
    if !block_ciphers_taken(backend).contains(&BlockCipher::Des3) {
        return;
    }
    let [two, three] = [16, 24].map(|bytes| {
        let mut value = hex("0123456789abcdef23456789abcdef010123456789abcdef");
        value.truncate(bytes);
        TestKey::import(backend, &secret(SecretKeyKind::Des3, value), &open_policy())
    });
    for mode in BlockMode::ALL {
        let algorithm = C::Block { cipher: BlockCipher::Des3, mode, padding: Padding::Pkcs5 };
        if !served(backend, algorithm) {
            continue;
        }
        let params = params_for(algorithm);
        let sealed = encrypt(backend, &two.key, algorithm, &params, b"some text").unwrap();
        let opened = decrypt(backend, &three.key, algorithm, &params, &sealed).unwrap();
        assert_eq!(opened.expose(), b"some text");
    }
    let aes = key_of(backend, BlockCipher::Aes);
    let ecb = C::Block { cipher: BlockCipher::Des3, mode: BlockMode::Ecb, padding: Padding::None };
    for (key, algorithm) in [(&aes.key, ecb), (&two.key, AES_ECB)] {
        let sealed = encrypt(backend, key, algorithm, &CipherParams::default(), &[0; 16]);
        assert_eq!(kind(sealed), HsmErrorKind::NotPermitted);
    }
}

pub(super) fn triple_des_keys_are_generated(backend: &dyn HsmBackend) {
    let cbc = C::Block { cipher: BlockCipher::Des3, mode: BlockMode::Cbc, padding: Padding::Pkcs5 };
    for bits in [128, 192] {
        let id = fresh_id();
        let key = TestKey::adopt(backend, id);
        let spec = SecretKeySpec { kind: SecretKeyKind::Des3, bits };
        let made = backend.generate_key(&call(), id, spec, &open_policy());
        if capabilities(backend).generate_secret_of(SecretKeyKind::Des3, bits).is_none() {
            expect_unsupported(made);
            continue;
        }
        made.unwrap();
        let params = params_for(cbc);
        let sealed = encrypt(backend, &key.key, cbc, &params, b"generated").unwrap();
        let opened = decrypt(backend, &key.key, cbc, &params, &sealed).unwrap();
        assert_eq!(opened.expose(), b"generated");
    }
    for bits in [56, 64, 112, 168, 256] {
        let spec = SecretKeySpec { kind: SecretKeyKind::Des3, bits };
        let made = backend.generate_key(&call(), fresh_id(), spec, &open_policy());
        assert_eq!(kind(made), HsmErrorKind::BadKey);
    }
}
