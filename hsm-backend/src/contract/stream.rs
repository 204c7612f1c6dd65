//! Operations whose data come in parts.

use super::cipher::{encrypt, params_for};
use super::support::*;
use crate::backend::{CallContext, HsmBackend, KeyRef};
use crate::capability::rules::HASHES;
use crate::error::{HsmError, HsmErrorKind};
use crate::job::{
    BlockMode, CipherAlgorithm, CipherParams, Curve, HashAlgorithm, MacAlgorithm, Padding,
    SecretKeyKind, SignAlgorithm, SignInput, StreamEnd, StreamId, StreamWish,
};
use crate::software::verify;

use CipherAlgorithm as C;

/// Where the data are cut: within blocks, at their ends, and in nothing at all.
const CUTS: [&[usize]; 6] = [&[], &[0], &[1, 2, 15, 16, 17], &[16, 32], &[31, 33, 48], &[100, 100]];

/// What comes out of a stream in parts.
fn streamed(
    backend: &dyn HsmBackend,
    key: &KeyRef,
    wish: &StreamWish,
    data: &[u8],
    cuts: &[usize],
    tag: &[u8],
) -> Result<(Vec<u8>, StreamEnd), HsmError> {
    let stream = backend.stream_open(&call(), key, wish)?;
    let (mut output, mut from) = (Vec::new(), 0);
    for cut in cuts {
        let to = (*cut).clamp(from, data.len());
        output.extend_from_slice(backend.stream_update(&call(), stream, &data[from..to])?.expose());
        from = to;
    }
    let end = backend.stream_finish(&call(), stream, &data[from..], tag)?.value;
    output.extend_from_slice(end.data.expose());
    Ok((output, end))
}

pub(super) fn parts_equal_the_whole_in_every_mode(backend: &dyn HsmBackend) {
    for cipher in block_ciphers_taken(backend) {
        let value: Vec<u8> = (1..=24).collect();
        let key = TestKey::import(backend, &secret(cipher.key_kind(), value), &open_policy());
        for (mode, padding) in
            BlockMode::ALL.into_iter().flat_map(|mode| Padding::ALL.map(|padding| (mode, padding)))
        {
            let algorithm = C::Block { cipher, mode, padding };
            if capabilities(backend).cipher(algorithm).is_none() || padding == Padding::Iso10126 {
                continue;
            }
            let params = params_for(algorithm);
            for length in [16, 48, 49, 64] {
                let whole_only = padding == Padding::None && mode.needs_whole_blocks();
                if whole_only && length % 16 != 0 {
                    continue;
                }
                let data: Vec<u8> = (0..length).collect();
                let sealed = encrypt(backend, &key.key, algorithm, &params, &data).unwrap().data;
                let there = StreamWish::Encrypt { algorithm, params: params.clone() };
                let back = StreamWish::Decrypt { algorithm, params: params.clone() };
                for cuts in CUTS {
                    let made = streamed(backend, &key.key, &there, &data, cuts, &[]).unwrap().0;
                    assert_eq!(made, sealed, "{algorithm:?} {length} {cuts:?}");
                    let opened = streamed(backend, &key.key, &back, &sealed, cuts, &[]);
                    if padding == Padding::Zeros {
                        expect_unsupported(opened);
                        continue;
                    }
                    assert_eq!(opened.unwrap().0, data, "{algorithm:?} {length} {cuts:?}");
                }
            }
        }
    }
}

pub(super) fn streamed_decryption_gives_nothing_out_unverified(backend: &dyn HsmBackend) {
    let key = TestKey::generated(backend, SecretKeyKind::Aes, 256);
    let params = params_for(C::AesGcm);
    let data = vec![7; 100];
    let there = StreamWish::Encrypt { algorithm: C::AesGcm, params: params.clone() };
    let (sealed, end) = streamed(backend, &key.key, &there, &data, &[3, 60], &[]).unwrap();
    let whole = encrypt(backend, &key.key, C::AesGcm, &params, &data).unwrap();
    assert_eq!((&sealed, &end.tag), (&whole.data, &whole.tag));
    let back = StreamWish::Decrypt { algorithm: C::AesGcm, params };
    let opened = streamed(backend, &key.key, &back, &sealed, &[50], &end.tag).unwrap();
    assert_eq!(opened.0, data);
    let stream = backend.stream_open(&call(), &key.key, &back).unwrap();
    let mut bad = sealed;
    bad[0] ^= 1;
    assert!(backend.stream_update(&call(), stream, &bad).unwrap().expose().is_empty());
    let opened = backend.stream_finish(&call(), stream, &[], &end.tag);
    assert_eq!(kind(opened), HsmErrorKind::BadData);
    let cbc = C::aes(BlockMode::Cbc, Padding::Pkcs5);
    let back = StreamWish::Decrypt { algorithm: cbc, params: params_for(cbc) };
    for length in [0, 1, 17] {
        let opened = streamed(backend, &key.key, &back, &vec![1; length], &[], &[]);
        assert_eq!(kind(opened), HsmErrorKind::BadData);
    }
}

pub(super) fn streamed_signatures_and_macs_are_those_of_the_whole(backend: &dyn HsmBackend) {
    let message = vec![0x42; 1000];
    let (key, public) = TestKey::ec(backend, Curve::P256);
    for row in HASHES.iter().filter(|row| row.here) {
        let algorithm = SignAlgorithm::Ecdsa(row.hash);
        if capabilities(backend).sign(algorithm).is_none() {
            continue;
        }
        let wish = StreamWish::Sign { algorithm, salt_bytes: None };
        let signed = streamed(backend, &key.key, &wish, &message, &[1, 500], &[]).unwrap().0;
        assert!(verify(&public, algorithm, None, SignInput::Message(&message), &signed).unwrap());
    }
    let material = secret(SecretKeyKind::Generic, vec![9; 64]);
    let key = TestKey::import(backend, &material, &open_policy());
    let hmac = MacAlgorithm::Hmac(HashAlgorithm::Sha256);
    let whole = backend.mac(&call(), &key.key, hmac, &message).unwrap().value;
    let parts = streamed(backend, &key.key, &StreamWish::Mac(hmac), &message, &[1, 64, 65], &[]);
    assert_eq!(parts.unwrap().0, whole);
    let wish = StreamWish::Mac(MacAlgorithm::Hmac(HashAlgorithm::Md5));
    if capabilities(backend).mac(MacAlgorithm::Hmac(HashAlgorithm::Md5)).is_none() {
        expect_unsupported(backend.stream_open(&call(), &key.key, &wish));
    }
}

pub(super) fn streams_are_found_by_their_owner_only(backend: &dyn HsmBackend) {
    let key = TestKey::generated(backend, SecretKeyKind::Aes, 128);
    let wish = StreamWish::Encrypt { algorithm: AES_ECB, params: CipherParams::default() };
    let stream = backend.stream_open(&call(), &key.key, &wish).unwrap();
    let stranger = CallContext { scope: "another".to_owned(), ..call() };
    let not_found = HsmErrorKind::StreamNotFound;
    assert_eq!(kind(backend.stream_update(&stranger, stream, &[0; 16])), not_found);
    assert_eq!(kind(backend.stream_abort(&stranger, stream)), not_found);
    assert_eq!(kind(backend.stream_update(&call(), StreamId([7; 16]), &[0; 16])), not_found);
    assert_eq!(backend.stream_update(&call(), stream, &[0; 16]).unwrap().expose().len(), 16);
    backend.stream_abort(&call(), stream).unwrap();
    assert_eq!(kind(backend.stream_update(&call(), stream, &[0; 16])), not_found);
    assert_eq!(kind(backend.stream_finish(&call(), stream, &[], &[])), not_found);
    // A part that fails ends the stream.
    let wish = StreamWish::Decrypt { algorithm: AES_ECB, params: CipherParams::default() };
    let stream = backend.stream_open(&call(), &key.key, &wish).unwrap();
    let failed = backend.stream_finish(&call(), stream, &[0; 3], &[]);
    assert_eq!(kind(failed), HsmErrorKind::BadLength);
    assert_eq!(kind(backend.stream_abort(&call(), stream)), not_found);
    let wish = StreamWish::Encrypt { algorithm: AES_ECB, params: params_for(C::AesGcm) };
    let opened = backend.stream_open(&call(), &key.key, &wish);
    assert_eq!(kind(opened), HsmErrorKind::BadParameter);
}

pub(super) fn streams_are_limited_and_starve_nobody(backend: &dyn HsmBackend) {
    let key = TestKey::generated(backend, SecretKeyKind::Aes, 128);
    let wish = StreamWish::Encrypt { algorithm: AES_ECB, params: CipherParams::default() };
    let mut open = Vec::new();
    let refused = loop {
        match backend.stream_open(&call(), &key.key, &wish) {
            Ok(stream) => open.push(stream),
            Err(error) => break error.kind,
        }
        assert!(open.len() < 1000, "no limit");
    };
    assert_eq!(refused, HsmErrorKind::Busy);
    let params = CipherParams::default();
    assert!(encrypt(backend, &key.key, AES_ECB, &params, &[0; 16]).is_ok());
    for stream in open {
        backend.stream_abort(&call(), stream).unwrap();
    }
    let stream = backend.stream_open(&call(), &key.key, &wish).unwrap();
    backend.stream_abort(&call(), stream).unwrap();
}
