//! The real server on Kryoptic: what SoftHSM2 lacks is served by the token's own mechanisms.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::HashSet;

use hsm_backend::Mechanism;
use kmip_core::attribute::{Attribute, CryptographicParameters};
use kmip_core::payload::{CreateKeyPairRequest, CreateRequest};
use kmip_core::types::{
    BlockCipherMode as Mode, CryptographicAlgorithm as Algorithm, CryptographicUsageMask as Mask,
    HashingAlgorithm as Hash, MaskGenerator, ObjectType, PaddingMethod, State, ValidityIndicator,
};
use server::client::Client;
use server::client::template::{self, NO_PARAMETERS};
use softhsm_tests::crypto::{self, Sealing};
use softhsm_tests::requests::{self, Id, Shortcuts, active_at_once};
use softhsm_tests::server::{TokenKind, Trial};
use softhsm_tests::trace::Event;

const TEXT: &[u8] = b"a text that is no whole number of blocks";

fn secret(client: &mut Client, algorithm: Algorithm, bits: i32, usage: Mask) -> Id {
    let mut attributes = template::key(algorithm, bits, usage);
    attributes.push(active_at_once());
    let template_attribute = template::template(attributes);
    let create = CreateRequest { object_type: ObjectType::SymmetricKey, template_attribute };
    client.call(create).unwrap().unique_identifier
}

/// Private and public half.
fn pair(client: &mut Client, algorithm: Algorithm, bits: i32, usage: [Mask; 2]) -> [Id; 2] {
    let half = |usage| -> Vec<Attribute> { vec![template::mask(usage), active_at_once()] };
    let [private, public] = usage.map(|usage| Some(template::template(half(usage))));
    let request = CreateKeyPairRequest {
        private_key_template_attribute: private,
        public_key_template_attribute: public,
        ..requests::create_pair(algorithm, bits, &[])
    };
    let made = client.call(request).unwrap();
    [made.private_key_unique_identifier, made.public_key_unique_identifier]
}

/// One of each kind of key.
struct Keys {
    aes: Id,
    wrapping: Id,
    rsa: [Id; 2],
    ec: [Id; 2],
    sha3: Id,
    sha512: Id,
}

impl Keys {
    fn make(client: &mut Client) -> Self {
        let rsa = [Mask::Sign.union(Mask::Decrypt), Mask::Verify.union(Mask::Encrypt)];
        let mac = Mask::MACGenerate.union(Mask::MACVerify);
        Self {
            aes: secret(client, Algorithm::AES, 256, Mask::Encrypt.union(Mask::Decrypt)),
            wrapping: secret(client, Algorithm::AES, 256, Mask::WrapKey),
            rsa: pair(client, Algorithm::RSA, 2048, rsa),
            ec: pair(client, Algorithm::ECDSA, 384, [Mask::Sign, Mask::Verify]),
            sha3: secret(client, Algorithm::HMAC_SHA3_256, 256, mac),
            sha512: secret(client, Algorithm::HMAC_SHA512, 512, mac),
        }
    }

    fn all(&self) -> Vec<&Id> {
        let secrets = [&self.aes, &self.wrapping, &self.sha3, &self.sha512];
        secrets.into_iter().chain(&self.rsa).chain(&self.ec).collect()
    }
}

fn mode(mode: Mode) -> CryptographicParameters {
    let padding = matches!(mode, Mode::CBC).then_some(PaddingMethod::PKCS5);
    let tag = matches!(mode, Mode::GCM | Mode::CCM).then_some(16);
    CryptographicParameters {
        block_cipher_mode: Some(mode),
        padding_method: padding,
        tag_length: tag,
        ..NO_PARAMETERS
    }
}

fn rsa(padding: PaddingMethod, hash: Hash) -> CryptographicParameters {
    CryptographicParameters {
        padding_method: Some(padding),
        hashing_algorithm: Some(hash),
        ..NO_PARAMETERS
    }
}

fn oaep() -> CryptographicParameters {
    CryptographicParameters {
        mask_generator: Some(MaskGenerator::MGF1),
        mask_generator_hashing_algorithm: Some(Hash::SHA_256),
        p_source: Some(b"a label".to_vec()),
        ..rsa(PaddingMethod::OAEP, Hash::SHA_256)
    }
}

/// A text sealed by some key, with all that opens it.
struct Sealed {
    opener: Id,
    what: Sealing,
    tag: Option<Vec<u8>>,
}

/// Seals in every mode, and with RSA.
fn seal(client: &mut Client, keys: &Keys) -> Vec<Sealed> {
    let modes = [
        (Mode::CBC, 16),
        (Mode::CFB, 16),
        (Mode::OFB, 16),
        (Mode::CTR, 16),
        (Mode::GCM, 12),
        (Mode::CCM, 12),
    ];
    let aes = modes.map(|(name, iv)| {
        let aad = matches!(name, Mode::GCM | Mode::CCM).then(|| b"header".to_vec());
        let iv = Some(requests::IV[..iv].to_vec());
        (&keys.aes, &keys.aes, Sealing { parameters: mode(name), iv, aad, data: TEXT.to_vec() })
    });
    let [private, public] = &keys.rsa;
    let what = Sealing { parameters: oaep(), iv: None, aad: None, data: TEXT.to_vec() };
    let all = aes.into_iter().chain([(public, private, what)]);
    all.map(|(sealer, opener, what)| {
        let answer = client.call(crypto::encrypt(sealer, what.clone()));
        let answer = answer.unwrap_or_else(|error| panic!("{:?}: {error}", what.parameters));
        let data = answer.data.unwrap().expose().to_vec();
        assert_ne!(data, TEXT);
        let tag = answer.authenticated_encryption_tag;
        Sealed { opener: opener.clone(), what: Sealing { data, ..what }, tag }
    })
    .collect()
}

fn open_all(client: &mut Client, sealed: &[Sealed]) {
    for Sealed { opener, what, tag } in sealed {
        let answer = client.call(crypto::decrypt(opener, what.clone(), tag.clone()));
        let answer = answer.unwrap_or_else(|error| panic!("{:?}: {error}", what.parameters));
        assert_eq!(answer.data.unwrap().expose(), TEXT, "{:?}", what.parameters);
    }
}

fn sign_and_verify(client: &mut Client, keys: &Keys) {
    let ecdsa = CryptographicParameters { hashing_algorithm: Some(Hash::SHA_384), ..NO_PARAMETERS };
    let schemes = [
        (&keys.rsa, rsa(PaddingMethod::PKCS1V1_5, Hash::SHA_256)),
        (&keys.rsa, rsa(PaddingMethod::PSS, Hash::SHA_3_256)),
        (&keys.ec, ecdsa),
    ];
    for ([private, public], parameters) in schemes {
        let signed = client.call(crypto::sign(private, parameters.clone(), TEXT.to_vec()));
        let signature = signed.unwrap().signature_data.unwrap();
        let mut verdict = |text: &[u8]| {
            let ask = crypto::verify(public, parameters.clone(), text.to_vec(), signature.clone());
            client.call(ask).unwrap().validity_indicator.unwrap()
        };
        assert_eq!(verdict(TEXT), ValidityIndicator::Valid, "{parameters:?}");
        assert_eq!(verdict(b"another text"), ValidityIndicator::Invalid, "{parameters:?}");
    }
}

fn macs(client: &mut Client, keys: &Keys) -> Vec<Vec<u8>> {
    let truncated =
        CryptographicParameters { hashing_algorithm: Some(Hash::SHA_512_256), ..NO_PARAMETERS };
    let made = [(&keys.sha3, NO_PARAMETERS), (&keys.sha512, truncated)].map(|(key, parameters)| {
        let made = client.call(crypto::mac(key, parameters.clone(), TEXT.to_vec())).unwrap();
        let mac = made.mac_data.unwrap();
        let check = crypto::mac_verify(key, parameters, TEXT.to_vec(), mac.clone());
        assert_eq!(client.call(check).unwrap().validity_indicator, Some(ValidityIndicator::Valid));
        mac
    });
    assert_eq!(made.each_ref().map(Vec::len), [32, 32]);
    made.into()
}

fn wrapped(client: &mut Client, keys: &Keys) {
    let get = crypto::get_wrapped(&keys.aes, &keys.wrapping, Mode::NISTKeyWrap);
    client.call(get).unwrap();
}

fn destroy_all(client: &mut Client, keys: &Keys) {
    for key in keys.all() {
        client.call(requests::revoke(key)).unwrap();
        client.call(requests::destroy(key)).unwrap();
    }
    let refused = client.encrypted(&keys.aes, TEXT).unwrap_err();
    assert!(refused.reason().is_some(), "{refused}");
    for key in keys.all() {
        assert_eq!(client.state(key).unwrap(), State::Destroyed);
    }
}

/// What the token must have been asked for: each is a mechanism SoftHSM2 does not have, or one it does
/// not take these parameters for, when the server composes what is wanted of others.
const NATIVE: [(&str, Mechanism); 8] = [
    ("C_EncryptInit", Mechanism::AES_CFB128),
    ("C_DecryptInit", Mechanism::AES_CFB128),
    ("C_EncryptInit", Mechanism::AES_OFB),
    ("C_EncryptInit", Mechanism::AES_CCM),
    ("C_DecryptInit", Mechanism::RSA_PKCS_OAEP),
    ("C_SignInit", Mechanism::RSA_PKCS_PSS),
    ("C_SignInit", Mechanism::SHA3_256_HMAC),
    ("C_SignInit", Mechanism::SHA512_256_HMAC),
];

/// Functions with their mechanisms.
fn mechanisms(events: &[Event]) -> HashSet<(String, u64)> {
    let asked = events.iter().filter_map(|event| match event {
        Event::Call(call) => Some((call.function.clone(), call.mechanism()?)),
        Event::Mark(_) => None,
    });
    asked.collect()
}

#[test]
fn keys_live_and_work_on_another_token() {
    let trial = Trial::on(TokenKind::Kryoptic).recorded();
    let server = trial.start();
    let mut client = server.client();
    // The first answer comes when the token has been tried with known answers.
    client.make_aes(&[]).unwrap();
    let tried = trial.trace().events().len();
    let keys = Keys::make(&mut client);
    let sealed = seal(&mut client, &keys);
    open_all(&mut client, &sealed);
    sign_and_verify(&mut client, &keys);
    let made = macs(&mut client, &keys);
    wrapped(&mut client, &keys);
    // The scope that may not export is served by the same token.
    let mut other = server.other_client();
    let own = other.make_aes(&[]).unwrap();
    let text = other.encrypted(&own, TEXT).unwrap();
    assert_eq!(other.decrypted(&own, &text).unwrap(), TEXT);
    assert!(other.encrypted(&keys.aes, TEXT).is_err());
    let asked = mechanisms(&trial.trace().events()[tried..]);
    for (function, mechanism) in NATIVE {
        assert!(asked.contains(&(function.to_owned(), mechanism.0)), "{function} {mechanism}");
    }
    let raw = asked.iter().find(|(_, mechanism)| *mechanism == Mechanism::RSA_X_509.0);
    assert_eq!(raw, None, "the raw operation is for what the token lacks");
    server.stop();

    let server = trial.start();
    let mut client = server.client();
    open_all(&mut client, &sealed);
    sign_and_verify(&mut client, &keys);
    assert_eq!(macs(&mut client, &keys), made);
    wrapped(&mut client, &keys);
    destroy_all(&mut client, &keys);
    server.stop();
}
