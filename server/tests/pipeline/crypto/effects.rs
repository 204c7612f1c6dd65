//! What each field of Cryptographic Parameters does, against computations of other libraries.

use aes::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use kmip_core::ttlv::Item;
use kmip_core::types::{
    BlockCipherMode as Mode, DigitalSignatureAlgorithm as Dsa, HashingAlgorithm as Hash,
    KeyFormatType as Format, ObjectType, Operation, PaddingMethod as Padding,
    ResultReason as Reason, Tag, ValidityIndicator as Validity,
};
use rsa::signature::Verifier;
use rsa::signature::hazmat::PrehashVerifier;
use rsa::{BoxedUint, RsaPrivateKey, RsaPublicKey, pkcs1v15, pss, sha2};
use sha1::Sha1;

use super::{aes_key, hash, rsa_pair, usable};
use crate::support::ask::{data, iv, mode, padding, parameters, uid};
use crate::support::keys::{self, hex};
use crate::support::tree::{Read, boolean, bytes, enumeration, integer};
use crate::support::{Client, World, vectors};

/// AES-256 on one block, by itself.
fn block(input: &[u8], way: fn(&aes::Aes256, &mut aes::Block)) -> Vec<u8> {
    let cipher = aes::Aes256::new_from_slice(&hex(keys::AES_KEY)).unwrap();
    let mut block = <[u8; 16]>::try_from(input).unwrap().into();
    way(&cipher, &mut block);
    block.to_vec()
}

fn sealed(input: &[u8]) -> Vec<u8> {
    block(input, |cipher, block| cipher.encrypt_block(block))
}

fn opened(input: &[u8]) -> Vec<u8> {
    block(input, |cipher, block| cipher.decrypt_block(block))
}

fn xor(a: &[u8], b: &[u8]) -> Vec<u8> {
    a.iter().zip(b).map(|(a, b)| a ^ b).collect()
}

/// The plain text under a CBC text, padding and all.
fn cbc_opened(iv_: &[u8], text: &[u8]) -> Vec<u8> {
    let before = [iv_, text].concat();
    text.chunks(16).zip(before.chunks(16)).flat_map(|(c, b)| xor(&opened(c), b)).collect()
}

/// The text under counter blocks that count in their last bytes.
fn ctr(first: &[u8], bytes: usize, text: &[u8]) -> Vec<u8> {
    let mut counter = first.to_vec();
    let stream: Vec<u8> = (0..text.len().div_ceil(16))
        .flat_map(|_| {
            let made = sealed(&counter);
            for byte in counter.iter_mut().rev().take(bytes) {
                *byte = byte.wrapping_add(1);
                if *byte != 0 {
                    break;
                }
            }
            made
        })
        .collect();
    xor(text, &stream)
}

const TEXT: [u8; 40] = [0x42; 40];

fn in_mode(mode_: Mode, rest: &[Item]) -> Item {
    parameters([&[mode(mode_)], rest].concat())
}

#[test]
fn padding_is_what_is_asked_for() {
    let world = World::new();
    let demo = world.demo();
    let key = aes_key(&demo);
    let seal = |how: Item, text: &[u8]| {
        let asked = vec![how, data(text), iv(&[9; 16])];
        cbc_opened(&[9; 16], &demo.encrypt(&key, asked).bytes(Tag::Data))
    };
    let of = |method| in_mode(Mode::CBC, &[padding(method)]);
    let text = &TEXT[..20];
    let end = |method| seal(of(method), text).split_off(20);
    assert_eq!(end(Padding::PKCS5), [12; 12]);
    assert_eq!(end(Padding::Zeros), [0; 12]);
    assert_eq!(end(Padding::ANSIX9_23), [&[0; 11][..], &[12]].concat());
    let random = end(Padding::ISO10126);
    assert!(random[11] == 12 && random != end(Padding::ISO10126));
    // None is none, said or not.
    for how in [of(Padding::None), in_mode(Mode::CBC, &[])] {
        assert_eq!(seal(how.clone(), &TEXT[..32]), TEXT[..32]);
        let asked = vec![uid(&key), how, data(text), iv(&[9; 16])];
        assert_eq!(demo.fails(Operation::Encrypt, asked), Reason::CryptographicFailure);
    }
    assert_eq!(seal(of(Padding::PKCS5), &TEXT[..32]).split_off(32), [16; 16]);
}

#[test]
fn mode_and_iv_are_those_that_are_given() {
    let world = World::new();
    let demo = world.demo();
    let key = aes_key(&demo);
    let seal = |mode_, iv_: &[u8]| {
        let made = demo.encrypt(&key, vec![in_mode(mode_, &[]), data(&TEXT[..32]), iv(iv_)]);
        assert!(!made.has(Tag::IVCounterNonce), "it is the client's own");
        made.bytes(Tag::Data)
    };
    let text = &TEXT[..16];
    for iv_ in [[3; 16], [0xFF; 16]] {
        let first = sealed(&xor(text, &iv_));
        assert_eq!(seal(Mode::CBC, &iv_), [first.clone(), sealed(&xor(text, &first))].concat());
        let first = xor(text, &sealed(&iv_));
        assert_eq!(seal(Mode::CFB, &iv_), [first.clone(), xor(text, &sealed(&first))].concat());
        let stream = [sealed(&iv_), sealed(&sealed(&iv_))].concat();
        assert_eq!(seal(Mode::OFB, &iv_), xor(&TEXT[..32], &stream));
        assert_eq!(seal(Mode::CTR, &iv_), ctr(&iv_, 16, &TEXT[..32]));
    }
    let ecb = demo.encrypt(&key, vec![in_mode(Mode::ECB, &[]), data(&TEXT[..32])]);
    assert_eq!(ecb.bytes(Tag::Data), sealed(text).repeat(2));
    let with_iv = vec![uid(&key), in_mode(Mode::ECB, &[]), data(&TEXT[..32]), iv(&[3; 16])];
    assert_eq!(demo.fails(Operation::Encrypt, with_iv), Reason::InvalidField);
}

#[test]
fn random_iv_is_made_or_not_as_asked() {
    let world = World::new();
    let demo = world.demo();
    let key = aes_key(&demo);
    let random = |wanted| boolean(Tag::RandomIV, wanted);
    for (mode_, bits, length) in [
        (Mode::CBC, None, 16),
        (Mode::GCM, None, 12),
        (Mode::GCM, Some(128), 16),
        (Mode::CCM, Some(64), 8),
    ] {
        let length_of = |bits: i32| integer(Tag::IVLength, bits);
        let how = |wanted| {
            let rest: Vec<Item> = [random(wanted)].into_iter().chain(bits.map(length_of)).collect();
            in_mode(mode_, &rest)
        };
        let ask = |wanted| vec![how(wanted), data(&TEXT[..32])];
        let [one, other] = [demo.encrypt(&key, ask(true)), demo.encrypt(&key, ask(true))];
        let [iv_, next] = [&one, &other].map(|made| made.bytes(Tag::IVCounterNonce));
        assert!(iv_.len() == length && iv_ != next, "{mode_:?}");
        let given = demo.encrypt(&key, [ask(false), vec![iv(&iv_)]].concat());
        assert_eq!(given.bytes(Tag::Data), one.bytes(Tag::Data), "the IV that is told is the one");
        let both = [vec![uid(&key)], ask(true), vec![iv(&iv_)]].concat();
        assert_eq!(demo.fails(Operation::Encrypt, both), Reason::InvalidField);
        let none = [vec![uid(&key)], ask(false)].concat();
        assert_eq!(demo.fails(Operation::Encrypt, none), Reason::InvalidMessage);
    }
}

#[test]
fn tag_is_as_long_as_told_both_ways() {
    let world = World::new();
    let demo = world.demo();
    let key = aes_key(&demo);
    let tag_of = |tag: &[u8]| bytes(Tag::AuthenticatedEncryptionTag, tag);
    let how = |told: i32| in_mode(Mode::GCM, &[integer(Tag::TagLength, told)]);
    let whole = demo.encrypt(&key, vec![in_mode(Mode::GCM, &[]), data(&TEXT), iv(&[3; 12])]);
    let (text, tag) = (whole.bytes(Tag::Data), whole.bytes(Tag::AuthenticatedEncryptionTag));
    for told in [4, 8, 12, 13, 14, 15, 16] {
        let bytes_told = usize::try_from(told).unwrap();
        let made = demo.encrypt(&key, vec![how(told), data(&TEXT), iv(&[3; 12])]);
        assert_eq!(made.bytes(Tag::AuthenticatedEncryptionTag), tag[..bytes_told]);
        for given in [4, 8, 12, 15, 16] {
            let ask = |how| vec![how, data(&text), iv(&[3; 12]), tag_of(&tag[..given])];
            // Where no length is told, the tag's own is.
            assert_eq!(demo.decrypt(&key, ask(in_mode(Mode::GCM, &[]))), TEXT);
            let told = [vec![uid(&key)], ask(how(told))].concat();
            let init = [told.clone(), vec![boolean(Tag::InitIndicator, true)]].concat();
            let outcomes =
                [demo.ask(Operation::Decrypt, told), demo.ask(Operation::Decrypt, in_order(init))];
            for outcome in outcomes {
                match given == bytes_told {
                    true => drop(outcome.ok()),
                    false => assert_eq!(outcome.reason(), Reason::CryptographicFailure),
                }
            }
        }
    }
}

/// The tag stands behind the indicators.
fn in_order(mut fields: Vec<Item>) -> Vec<Item> {
    fields.sort_by_key(|field| field.tag == Tag::AuthenticatedEncryptionTag);
    fields
}

#[test]
fn counters_are_as_long_and_begin_as_told() {
    let world = World::new();
    let demo = world.demo();
    let key = aes_key(&demo);
    let first = [[7; 14].as_slice(), &[0xFF; 2]].concat();
    for (rest, iv_, start, bytes) in [
        (vec![], &first[..], &first[..], 16),
        (vec![integer(Tag::CounterLength, 128)], &first, &first, 16),
        (vec![integer(Tag::CounterLength, 16)], &first, &first, 2),
        (vec![integer(Tag::CounterLength, 8)], &first, &first, 1),
        (
            vec![integer(Tag::CounterLength, 16), integer(Tag::InitialCounterValue, 0xFFFF)],
            &first[..14],
            &first,
            2,
        ),
        (
            vec![integer(Tag::InitialCounterValue, 1)],
            &[7; 12],
            &[[7; 12].as_slice(), &[0, 0, 0, 1]].concat(),
            4,
        ),
    ] {
        let how = in_mode(Mode::CTR, &rest);
        let made = demo.encrypt(&key, vec![how.clone(), data(&TEXT), iv(iv_)]);
        assert_eq!(made.bytes(Tag::Data), ctr(start, bytes, &TEXT), "{rest:?}");
        let back = vec![how, data(&made.bytes(Tag::Data)), iv(iv_)];
        assert_eq!(demo.decrypt(&key, back), TEXT);
    }
}

fn public() -> RsaPublicKey {
    let numbers = keys::rsa_numbers();
    let number = |bytes: &[u8]| BoxedUint::from_be_slice_vartime(bytes);
    RsaPublicKey::new(number(&numbers[0]), number(&numbers[1])).unwrap()
}

fn is_pkcs1(signature: &[u8]) -> bool {
    let key = pkcs1v15::VerifyingKey::<sha2::Sha256>::new(public());
    pkcs1v15::Signature::try_from(signature).is_ok_and(|made| key.verify(b"abc", &made).is_ok())
}

fn is_pss(signature: &[u8], salt_bytes: usize) -> bool {
    let key = pss::VerifyingKey::<sha2::Sha256>::new_with_salt_len(public(), salt_bytes);
    pss::Signature::try_from(signature).is_ok_and(|made| key.verify(b"abc", &made).is_ok())
}

fn verdict(client: &Client<'_>, key: &str, how: &Item, signature: &[u8]) -> Validity {
    let fields = vec![uid(key), how.clone(), data(b"abc"), bytes(Tag::SignatureData, signature)];
    let answer = client.ok(Operation::SignatureVerify, fields);
    Validity(answer.get(Tag::ValidityIndicator).as_number())
}

#[test]
fn signatures_are_of_the_scheme_asked_for_and_no_other() {
    let world = World::new();
    let demo = world.demo();
    let (private, public) = rsa_pair(&demo);
    let dsa = |dsa: Dsa| enumeration(Tag::DigitalSignatureAlgorithm, dsa.0);
    let (sha, salt) = (hash(Hash::SHA_256), |bytes| integer(Tag::SaltLength, bytes));
    let mgf = |hash: Hash| enumeration(Tag::MaskGeneratorHashingAlgorithm, hash.0);
    let pss = || vec![padding(Padding::PSS), sha.clone()];
    let also = |field: Item| [pss(), vec![field]].concat();
    let pkcs1 = parameters(vec![padding(Padding::PKCS1V1_5), sha.clone()]);
    for (how, salt_bytes) in [
        (vec![padding(Padding::PKCS1V1_5), sha.clone()], None),
        (vec![dsa(Dsa::SHA_256WithRSAEncryptionPKCS_1V1_5)], None),
        (pss(), Some(32)),
        (vec![sha.clone(), dsa(Dsa::RSASSA_PSSPKCS_1V2_1)], Some(32)),
        (also(salt(0)), Some(0)),
        (also(salt(20)), Some(20)),
        (also(salt(222)), Some(222)),
        (also(enumeration(Tag::MaskGenerator, 1)), Some(32)),
        (also(mgf(Hash::SHA_256)), Some(32)),
        (also(integer(Tag::TrailerField, 1)), Some(32)),
    ] {
        let how = parameters(how);
        let made = demo.ok(Operation::Sign, vec![uid(&private), how.clone(), data(b"abc")]);
        let signature = made.bytes(Tag::SignatureData);
        assert_eq!(is_pkcs1(&signature), salt_bytes.is_none(), "{how:?}");
        for length in [0, 20, 31, 32, 222] {
            assert_eq!(is_pss(&signature, length), salt_bytes == Some(length), "{how:?} {length}");
        }
        assert_eq!(verdict(&demo, &public, &how, &signature), Validity::Valid);
        // Verifying does not try the other scheme, salt or mask either.
        let other = if salt_bytes.is_some() { pkcs1.clone() } else { parameters(pss()) };
        assert_eq!(verdict(&demo, &public, &other, &signature), Validity::Invalid);
        if salt_bytes.is_some() {
            for other in [also(salt(21)), also(mgf(Hash::SHA_1))] {
                let told = verdict(&demo, &public, &parameters(other), &signature);
                assert_eq!(told, Validity::Invalid, "{how:?}");
            }
        }
    }
    let masked = parameters(also(mgf(Hash::SHA_1)));
    let made = demo.ok(Operation::Sign, vec![uid(&private), masked.clone(), data(b"abc")]);
    let signature = made.bytes(Tag::SignatureData);
    assert!((0..=222).all(|length| !is_pss(&signature, length)), "another mask");
    assert_eq!(verdict(&demo, &public, &masked, &signature), Validity::Valid);
    let known = hex(vectors::RSA_PSS_SHA256_MGF_SHA1);
    assert_eq!(verdict(&demo, &public, &masked, &known), Validity::Valid);
}

/// What OAEP encryptions with these parameters open under the library's own, and no other.
#[test]
fn oaep_is_of_the_hashes_and_the_label_asked_for() {
    use rsa::Oaep;
    use sha2::Sha256;
    type Open = fn(&RsaPrivateKey, &[u8]) -> bool;
    fn opens<D, M>(oaep: Oaep<D, M>, key: &RsaPrivateKey, text: &[u8]) -> bool
    where
        Oaep<D, M>: rsa::traits::PaddingScheme,
    {
        key.decrypt(oaep, text).is_ok_and(|plain| plain == b"abc")
    }
    let world = World::new();
    let demo = world.demo();
    let (_, public) = rsa_pair(&demo);
    let numbers: Vec<_> =
        keys::rsa_numbers().iter().map(|n| BoxedUint::from_be_slice_vartime(n)).collect();
    let [n, e, d, p, q, ..] = numbers.as_slice() else { panic!("five numbers") };
    let primes = vec![p.clone(), q.clone()];
    let key = RsaPrivateKey::from_components(n.clone(), e.clone(), d.clone(), primes).unwrap();
    let mgf = enumeration(Tag::MaskGeneratorHashingAlgorithm, Hash::SHA_256.0);
    let label = bytes(Tag::PSource, b"label");
    let sha256 = hash(Hash::SHA_256);
    let ways: [(Vec<Item>, Open); 6] = [
        (vec![], |key, text| opens(Oaep::<Sha1>::new(), key, text)),
        (vec![sha256.clone()], |key, text| {
            opens(Oaep::<Sha256, Sha1>::new_with_mgf_hash(), key, text)
        }),
        (vec![mgf.clone()], |key, text| {
            opens(Oaep::<Sha1, Sha256>::new_with_mgf_hash(), key, text)
        }),
        (vec![sha256.clone(), mgf.clone()], |key, text| opens(Oaep::<Sha256>::new(), key, text)),
        (vec![label.clone()], |key, text| {
            opens(Oaep::<Sha1>::new_with_label(*b"label"), key, text)
        }),
        (vec![sha256, mgf, label], |key, text| {
            opens(Oaep::<Sha256>::new_with_label(*b"label"), key, text)
        }),
    ];
    for (place, (rest, _)) in ways.iter().enumerate() {
        let how = parameters([vec![padding(Padding::OAEP)], rest.clone()].concat());
        let made = demo.encrypt(&public, vec![how, data(b"abc")]).bytes(Tag::Data);
        let opened = ways.iter().map(|(_, open)| open(&key, &made));
        assert!(opened.eq((0..ways.len()).map(|other| other == place)), "{rest:?}");
    }
}

#[test]
fn hash_of_a_signature_is_the_one_named() {
    let world = World::new();
    let demo = world.demo();
    let register = |object_type, format, der: &str| {
        demo.register(object_type, usable(), keys::key(object_type, format, &hex(der)))
    };
    let private = register(ObjectType::PrivateKey, Format::PKCS_8, vectors::P256_PKCS8);
    let point = keys::ec_point(vectors::P256_SPKI, 32);
    let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(&point).unwrap();
    let hashes = [Hash::SHA_1, Hash::SHA_224, Hash::SHA_256, Hash::SHA_512, Hash::SHA_3_256];
    let digests = hashes.map(|hashing| {
        let asked = vec![parameters(vec![hash(hashing)]), data(b"abc")];
        demo.ok(Operation::Hash, asked).bytes(Tag::Data)
    });
    for (place, hashing) in hashes.into_iter().enumerate() {
        let how = parameters(vec![hash(hashing)]);
        let digested = bytes(Tag::DigestedData, &digests[place]);
        for input in [data(b"abc"), digested] {
            let made = demo.ok(Operation::Sign, vec![uid(&private), how.clone(), input]);
            let signature = p256::ecdsa::Signature::from_der(&made.bytes(Tag::SignatureData));
            let signature = signature.unwrap();
            let verifies = digests.iter().map(|d| key.verify_prehash(d, &signature).is_ok());
            let expected = (0..hashes.len()).map(|other| other == place);
            assert!(verifies.eq(expected), "{hashing:?}");
        }
        for length in [0, digests[place].len() - 1, digests[place].len() + 1] {
            let other = bytes(Tag::DigestedData, &vec![1; length]);
            let refused = demo.fails(Operation::Sign, vec![uid(&private), how.clone(), other]);
            assert_eq!(refused, Reason::CryptographicFailure, "{hashing:?} {length}");
        }
    }
}
