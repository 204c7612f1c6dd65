//! What cannot be honoured is refused, never replaced by something else.

use kmip_core::ttlv::Item;
use kmip_core::types::{
    BlockCipherMode as Mode, CryptographicAlgorithm as Algorithm, DigitalSignatureAlgorithm as Dsa,
    HashingAlgorithm as Hash, ObjectType, Operation, PaddingMethod as Padding,
    ResultReason as Reason, Tag,
};

use super::{aes_key, hash, rsa_pair, usable};
use crate::support::ask::{data, iv, mode, padding, parameters, uid};
use crate::support::tree::{bytes, enumeration, integer};
use crate::support::{World, keys};

fn algorithm(value: Algorithm) -> Item {
    enumeration(Tag::CryptographicAlgorithm, value.0)
}

#[test]
fn aes_refuses_parameters_it_cannot_honour() {
    let world = World::new();
    let demo = world.demo();
    let key = aes_key(&demo);
    let unsupported = Reason::OperationNotSupported;
    for (fields, reason) in [
        (vec![mode(Mode::PCBC)], unsupported),
        (vec![mode(Mode::XTS)], Reason::IllegalOperation),
        (vec![mode(Mode::CCM), integer(Tag::TagLength, 5)], Reason::GeneralFailure),
        (vec![mode(Mode::CCM)], Reason::InvalidField),
        (vec![mode(Mode::CMAC)], unsupported),
        (vec![mode(Mode::NISTKeyWrap)], Reason::InvalidField),
        (vec![mode(Mode(0x0FFF))], unsupported),
        (vec![mode(Mode::CBC), padding(Padding::OAEP)], unsupported),
        (vec![mode(Mode::CBC), padding(Padding::SSL3)], unsupported),
        (vec![mode(Mode::CBC), padding(Padding::X9_31)], unsupported),
        (vec![mode(Mode::CBC), padding(Padding(0x0FFF))], unsupported),
        (vec![mode(Mode::GCM), padding(Padding::PKCS5)], Reason::InvalidField),
        (vec![mode(Mode::NISTKeyWrap), padding(Padding::PKCS5)], Reason::InvalidField),
        (vec![mode(Mode::CBC), algorithm(Algorithm::DES3)], Reason::InvalidField),
        (vec![mode(Mode::CTR), integer(Tag::CounterLength, 129)], Reason::InvalidField),
        (vec![mode(Mode::CTR), integer(Tag::CounterLength, 0)], Reason::InvalidField),
        (vec![mode(Mode::CBC), integer(Tag::CounterLength, 32)], Reason::InvalidField),
        (vec![mode(Mode::CTR), integer(Tag::InitialCounterValue, 1)], Reason::InvalidField),
        (vec![mode(Mode::GCM), integer(Tag::TagLength, 1)], Reason::GeneralFailure),
        (vec![mode(Mode::GCM), integer(Tag::TagLength, 32)], Reason::GeneralFailure),
        (vec![mode(Mode::GCM), integer(Tag::TagLength, -1)], Reason::GeneralFailure),
        (vec![mode(Mode::GCM), integer(Tag::TagLength, i32::MIN)], Reason::GeneralFailure),
        (vec![mode(Mode::CBC), integer(Tag::IVLength, 12)], Reason::InvalidField),
        (vec![mode(Mode::CBC), integer(Tag::IVLength, -1)], Reason::InvalidField),
        (vec![padding(Padding::PKCS5)], Reason::InvalidMessage),
    ] {
        for operation in [Operation::Encrypt, Operation::Decrypt] {
            let bytes = if fields[0] == mode(Mode::GCM) { 12 } else { 16 };
            let how = parameters(fields.clone());
            let asked = vec![uid(&key), how, data(&[0; 32]), iv(&vec![0; bytes])];
            assert_eq!(demo.fails(operation, asked), reason, "{operation:?} {fields:?}");
        }
    }
}

/// Parameters of signatures and key agreement have no place in a cipher.
#[test]
fn aes_refuses_parameters_of_other_algorithms() {
    let world = World::new();
    let demo = world.demo();
    let key = aes_key(&demo);
    for alien in [
        hash(Hash::SHA_256),
        enumeration(Tag::DigitalSignatureAlgorithm, Dsa::ECDSAWithSHA256.0),
        integer(Tag::SaltLength, 20),
        enumeration(Tag::MaskGenerator, 1),
        enumeration(Tag::MaskGeneratorHashingAlgorithm, Hash::SHA_256.0),
        bytes(Tag::PSource, b"label"),
        integer(Tag::TrailerField, 1),
    ] {
        let asked =
            vec![uid(&key), parameters(vec![mode(Mode::ECB), alien.clone()]), data(&[0; 16])];
        assert_eq!(demo.fails(Operation::Encrypt, asked), Reason::InvalidField, "{alien:?}");
    }
}

#[test]
fn additional_data_and_tags_are_refused_outside_authenticated_modes() {
    let world = World::new();
    let demo = world.demo();
    let key = aes_key(&demo);
    let ecb = || vec![uid(&key), parameters(vec![mode(Mode::ECB)]), data(&[0; 16])];
    let aad = bytes(Tag::AuthenticatedEncryptionAdditionalData, b"header");
    let tag = bytes(Tag::AuthenticatedEncryptionTag, &[0; 16]);
    let with = |field: Item| [ecb(), vec![field]].concat();
    assert_eq!(demo.fails(Operation::Encrypt, with(aad.clone())), Reason::InvalidField);
    assert_eq!(demo.fails(Operation::Decrypt, with(aad)), Reason::InvalidField);
    assert_eq!(demo.fails(Operation::Decrypt, with(tag)), Reason::InvalidField);
}

#[test]
fn rsa_encryption_refuses_parameters_it_cannot_honour() {
    let world = World::new();
    let demo = world.demo();
    let (private, public) = rsa_pair(&demo);
    let mgf1 = |number| enumeration(Tag::MaskGenerator, number);
    for (fields, reason) in [
        (Vec::new(), Reason::InvalidMessage),
        (vec![padding(Padding::None)], Reason::OperationNotSupported),
        (vec![padding(Padding::PSS)], Reason::OperationNotSupported),
        (vec![padding(Padding::PKCS5)], Reason::OperationNotSupported),
        (vec![mode(Mode::CBC), padding(Padding::OAEP)], Reason::InvalidField),
        (vec![padding(Padding::OAEP), hash(Hash::MD5)], Reason::OperationNotSupported),
        (vec![padding(Padding::OAEP), hash(Hash(0xFFF))], Reason::InvalidField),
        (vec![padding(Padding::OAEP), mgf1(2)], Reason::OperationNotSupported),
        (vec![padding(Padding::PKCS1V1_5), bytes(Tag::PSource, b"l")], Reason::InvalidField),
        (vec![padding(Padding::OAEP), algorithm(Algorithm::EC)], Reason::InvalidField),
    ] {
        let how = parameters(fields.clone());
        let asked = vec![uid(&public), how.clone(), data(b"m")];
        assert_eq!(demo.fails(Operation::Encrypt, asked), reason, "{fields:?}");
        let asked = vec![uid(&private), how, data(&[1; 256])];
        assert_eq!(demo.fails(Operation::Decrypt, asked), reason, "{fields:?}");
    }
    let oaep = || parameters(vec![padding(Padding::OAEP)]);
    let long = vec![uid(&public), oaep(), data(&[1; 215])];
    assert_eq!(demo.fails(Operation::Encrypt, long), Reason::CryptographicFailure);
    let wrong_half = vec![uid(&private), oaep(), data(b"m")];
    assert_eq!(demo.fails(Operation::Encrypt, wrong_half), Reason::IllegalOperation);
    let wrong_half = vec![uid(&public), oaep(), data(&[1; 256])];
    assert_eq!(demo.fails(Operation::Decrypt, wrong_half), Reason::IllegalOperation);
}

#[test]
fn signatures_refuse_parameters_they_cannot_honour() {
    let world = World::new();
    let demo = world.demo();
    let (private, public) = rsa_pair(&demo);
    let sha = || hash(Hash::SHA_256);
    let dsa = |value: Dsa| enumeration(Tag::DigitalSignatureAlgorithm, value.0);
    let unsupported = Reason::OperationNotSupported;
    for (fields, reason) in [
        (vec![sha()], Reason::InvalidMessage),
        (vec![padding(Padding::PKCS1V1_5)], Reason::InvalidMessage),
        (vec![padding(Padding::OAEP), sha()], unsupported),
        (vec![padding(Padding::X9_31), sha()], unsupported),
        (vec![padding(Padding::PKCS1V1_5), hash(Hash::MD5)], unsupported),
        (vec![padding(Padding::PSS), hash(Hash::Whirlpool)], unsupported),
        (vec![dsa(Dsa::DSAWithSHA256)], unsupported),
        (vec![dsa(Dsa::ECDSAWithSHA256)], Reason::InvalidField),
        (vec![sha(), dsa(Dsa::SHA_1WithRSAEncryptionPKCS_1V1_5)], Reason::InvalidField),
        (
            vec![padding(Padding::PSS), dsa(Dsa::SHA_256WithRSAEncryptionPKCS_1V1_5)],
            Reason::InvalidField,
        ),
        (vec![padding(Padding::PSS), sha(), algorithm(Algorithm::EC)], Reason::InvalidField),
        (vec![padding(Padding::PSS), sha(), integer(Tag::TrailerField, 2)], unsupported),
        (vec![padding(Padding::PSS), sha(), integer(Tag::SaltLength, -1)], Reason::InvalidField),
        (
            vec![padding(Padding::PKCS1V1_5), sha(), integer(Tag::SaltLength, 20)],
            Reason::InvalidField,
        ),
        (vec![padding(Padding::PSS), sha(), enumeration(Tag::MaskGenerator, 9)], unsupported),
    ] {
        let how = parameters(fields.clone());
        let sign = vec![uid(&private), how.clone(), data(b"m")];
        assert_eq!(demo.fails(Operation::Sign, sign), reason, "{fields:?}");
        let verify = vec![uid(&public), how, data(b"m"), bytes(Tag::SignatureData, &[1; 256])];
        assert_eq!(demo.fails(Operation::SignatureVerify, verify), reason, "{fields:?}");
    }
    let salt = parameters(vec![padding(Padding::PSS), sha(), integer(Tag::SaltLength, 223)]);
    let refused = demo.fails(Operation::Sign, vec![uid(&private), salt, data(b"m")]);
    assert!(matches!(refused, Reason::InvalidField | Reason::CryptographicFailure), "{refused:?}");
    let public_signs =
        vec![uid(&public), parameters(vec![padding(Padding::PSS), sha()]), data(b"m")];
    assert_eq!(demo.fails(Operation::Sign, public_signs), Reason::IllegalOperation);
}

#[test]
fn macs_refuse_parameters_they_cannot_honour() {
    let world = World::new();
    let demo = world.demo();
    let object = keys::raw(Algorithm::HMAC_SHA256, &[1; 32]);
    let hmac = demo.register(ObjectType::SymmetricKey, usable(), object);
    let aes = aes_key(&demo);
    for (key, fields, reason) in [
        (&hmac, vec![hash(Hash::SHA_512)], Reason::InvalidField),
        (&hmac, vec![algorithm(Algorithm::HMAC_SHA1)], Reason::InvalidField),
        (&hmac, vec![algorithm(Algorithm::AES)], Reason::InvalidField),
        (&hmac, vec![mode(Mode::CMAC)], Reason::InvalidField),
        (&aes, vec![mode(Mode::CBC_MAC)], Reason::OperationNotSupported),
        (&aes, vec![mode(Mode::GCM)], Reason::OperationNotSupported),
        (&aes, Vec::new(), Reason::InvalidMessage),
    ] {
        let asked = vec![uid(key), parameters(fields.clone()), data(b"m")];
        assert_eq!(demo.fails(Operation::MAC, asked), reason, "{fields:?}");
    }
}

/// A token that lacks a mechanism is not asked for another.
#[test]
fn objects_of_the_wrong_kind_do_not_work() {
    let world = World::new();
    let demo = world.demo();
    let secret = demo.register(ObjectType::SecretData, usable(), keys::secret(b"pass"));
    let certificate = demo.register(ObjectType::Certificate, usable(), keys::certificate());
    let ecb = parameters(vec![mode(Mode::ECB)]);
    for object in [secret, certificate] {
        let asked = vec![uid(&object), ecb.clone(), data(&[0; 16])];
        assert_eq!(demo.fails(Operation::Encrypt, asked), Reason::IllegalOperation);
    }
    let des =
        demo.register(ObjectType::SymmetricKey, usable(), keys::raw(Algorithm::DES3, &[1; 24]));
    let asked = vec![uid(&des), ecb, data(&[0; 16])];
    assert_eq!(demo.fails(Operation::Encrypt, asked), Reason::OperationNotSupported);
}
