//! Signatures that depend on chance: made in the token, verified here by another library.

use aws_lc_rs::signature::{self as lc, UnparsedPublicKey, VerificationAlgorithm};
use kmip_core::attribute::{
    Attribute, AttributeKind, CryptographicDomainParameters, CryptographicParameters,
    UniqueIdentifier,
};
use kmip_core::object::{KeyMaterial, KeyValue};
use kmip_core::payload::{CreateKeyPairRequest, GetRequest};
use kmip_core::types::{
    CryptographicAlgorithm, CryptographicUsageMask as Mask, HashingAlgorithm as Hash,
    KeyFormatType, PaddingMethod, RecommendedCurve,
};
use server::client::Client;
use server::client::template::{mask, template};
use softhsm_tests::docs;
use softhsm_tests::requests::{self, active_at_once};
use softhsm_tests::server::Trial;

use crate::ask::Ask;
use crate::key;
use crate::run::batch;
use crate::vector::bytes_of;

/// Signatures for each scheme and message.
const ROUNDS: usize = 4;

/// Parameters of a signature, and who verifies it.
type Scheme = (CryptographicParameters, &'static dyn VerificationAlgorithm);

fn rsa_schemes() -> Vec<Scheme> {
    let pkcs1 = |hash| key::padded(PaddingMethod::PKCS1V1_5, hash);
    let pss = |hash| key::masked(PaddingMethod::PSS, hash, hash);
    vec![
        (pkcs1(Hash::SHA_256), &lc::RSA_PKCS1_2048_8192_SHA256),
        (pkcs1(Hash::SHA_384), &lc::RSA_PKCS1_2048_8192_SHA384),
        (pkcs1(Hash::SHA_512), &lc::RSA_PKCS1_2048_8192_SHA512),
        (pss(Hash::SHA_256), &lc::RSA_PSS_2048_8192_SHA256),
        (pss(Hash::SHA_384), &lc::RSA_PSS_2048_8192_SHA384),
        (pss(Hash::SHA_512), &lc::RSA_PSS_2048_8192_SHA512),
    ]
}

fn ec_schemes(curve: RecommendedCurve) -> Vec<Scheme> {
    match curve {
        RecommendedCurve::P_256 => vec![
            (key::hashed(Hash::SHA_256), &lc::ECDSA_P256_SHA256_ASN1),
            (key::hashed(Hash::SHA_384), &lc::ECDSA_P256_SHA384_ASN1),
            (key::hashed(Hash::SHA_512), &lc::ECDSA_P256_SHA512_ASN1),
        ],
        RecommendedCurve::P_384 => vec![
            (key::hashed(Hash::SHA_256), &lc::ECDSA_P384_SHA256_ASN1),
            (key::hashed(Hash::SHA_384), &lc::ECDSA_P384_SHA384_ASN1),
            (key::hashed(Hash::SHA_512), &lc::ECDSA_P384_SHA512_ASN1),
            (key::hashed(Hash::SHA_3_384), &lc::ECDSA_P384_SHA3_384_ASN1),
        ],
        RecommendedCurve::P_521 => vec![
            (key::hashed(Hash::SHA_224), &lc::ECDSA_P521_SHA224_ASN1),
            (key::hashed(Hash::SHA_256), &lc::ECDSA_P521_SHA256_ASN1),
            (key::hashed(Hash::SHA_384), &lc::ECDSA_P521_SHA384_ASN1),
            (key::hashed(Hash::SHA_512), &lc::ECDSA_P521_SHA512_ASN1),
            (key::hashed(Hash::SHA_3_512), &lc::ECDSA_P521_SHA3_512_ASN1),
        ],
        other => panic!("{other:?}"),
    }
}

/// A pair made in the token, Active at once.
fn make_pair(
    client: &mut Client,
    algorithm: CryptographicAlgorithm,
    kind: Attribute,
) -> (UniqueIdentifier, UniqueIdentifier) {
    let algorithm = Attribute::new(AttributeKind::CryptographicAlgorithm, &algorithm);
    let request = CreateKeyPairRequest {
        common_template_attribute: Some(template(vec![algorithm, kind, active_at_once()])),
        private_key_template_attribute: Some(template(vec![mask(Mask::Sign)])),
        public_key_template_attribute: Some(template(vec![mask(Mask::Verify)])),
    };
    let pair = client.call(request).unwrap();
    (pair.private_key_unique_identifier, pair.public_key_unique_identifier)
}

/// The public key as an X.509 SubjectPublicKeyInfo.
fn spki(client: &mut Client, id: &UniqueIdentifier) -> Vec<u8> {
    let key_format_type = Some(KeyFormatType::X_509);
    let object = client.call(GetRequest { key_format_type, ..requests::get(id) }).unwrap().object;
    match object.key_block().unwrap().key_value.as_ref().unwrap() {
        KeyValue::Plain { material: KeyMaterial::Bytes(bytes), .. } => bytes.expose().to_vec(),
        other => panic!("{other:?}"),
    }
}

/// Signs under every scheme and has each signature verified; returns how many there were.
fn check(
    client: &mut Client,
    pair: &(UniqueIdentifier, UniqueIdentifier),
    schemes: &[Scheme],
) -> usize {
    let public = spki(client, &pair.1);
    let mut count = 0;
    for (parameters, algorithm) in schemes {
        for round in 0..ROUNDS {
            let data = vec![0xA5; round * 100];
            let ask = Ask::Sign { parameters: parameters.clone(), data: data.clone() };
            let answer = batch(client, ask.items(&pair.0)).remove(0).unwrap();
            let signature = bytes_of(&answer).unwrap();
            let verifier = UnparsedPublicKey::new(*algorithm, &public);
            assert!(verifier.verify(&data, &signature).is_ok(), "{parameters:?} {round}");
            let other = [data.as_slice(), b"."].concat();
            assert!(verifier.verify(&other, &signature).is_err(), "{parameters:?} {round}");
            count += 1;
        }
    }
    count
}

#[test]
fn signatures_of_the_token_are_verified_by_another_library() {
    let trial = Trial::new();
    let server = trial.start();
    let mut client = server.client();
    let mut count = 0;
    for bits in [2048, 3072] {
        let length = Attribute::new(AttributeKind::CryptographicLength, &bits);
        let pair = make_pair(&mut client, CryptographicAlgorithm::RSA, length);
        count += check(&mut client, &pair, &rsa_schemes());
    }
    for curve in [RecommendedCurve::P_256, RecommendedCurve::P_384, RecommendedCurve::P_521] {
        let domain =
            CryptographicDomainParameters { q_length: None, recommended_curve: Some(curve) };
        let domain = Attribute::new(AttributeKind::CryptographicDomainParameters, &domain);
        let pair = make_pair(&mut client, CryptographicAlgorithm::ECDSA, domain);
        count += check(&mut client, &pair, &ec_schemes(curve));
    }
    docs::say(&format!("{count} signatures of the token verified by aws-lc"));
    client.close();
    server.stop();
}
