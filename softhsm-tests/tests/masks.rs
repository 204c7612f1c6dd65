//! The usage mask in modes that are made of encryptions in the token, where a key that decrypts may
//! encrypt, and one that encrypts could decrypt.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use kmip_core::attribute::CryptographicParameters;
use kmip_core::types::{
    BlockCipherMode as Mode, CryptographicAlgorithm, CryptographicUsageMask as Mask,
    ResultReason as Reason,
};
use server::client::template::NO_PARAMETERS;
use server::client::{Client, ClientError};
use softhsm_tests::crypto::{self, Sealing};
use softhsm_tests::requests::{self, Id};
use softhsm_tests::server::Trial;

/// With the length of the IV, and of the tag.
const MODES: [(Mode, usize, Option<i32>); 5] = [
    (Mode::CFB, 16, None),
    (Mode::OFB, 16, None),
    (Mode::CTR, 16, None),
    (Mode::GCM, 12, Some(16)),
    (Mode::CCM, 12, Some(8)),
];

fn bring(client: &mut Client, usage: Mask) -> Id {
    let (aes, active) = (CryptographicAlgorithm::AES, [requests::active_at_once()]);
    let request = requests::register_secret(aes, usage, &[0x17; 32], &active);
    client.call(request).unwrap().unique_identifier
}

#[track_caller]
fn denied<T>(answer: Result<T, ClientError>) {
    assert_eq!(answer.err().unwrap().reason(), Some(Reason::PermissionDenied));
}

/// The three keys are one and the same, so that the mask alone tells them apart.
#[test]
fn keys_do_what_their_mask_says_and_no_more() {
    let trial = Trial::new();
    let server = trial.start();
    let mut client = server.client();
    let [encrypts, decrypts, idle] =
        [Mask::Encrypt, Mask::Decrypt, Mask::MACGenerate].map(|usage| bring(&mut client, usage));
    for (mode, iv, tag_length) in MODES {
        let parameters =
            CryptographicParameters { block_cipher_mode: Some(mode), tag_length, ..NO_PARAMETERS };
        let aad = tag_length.map(|_| b"header".to_vec());
        let text = b"some text of more than one block".to_vec();
        let what = Sealing { parameters, iv: Some(requests::IV[..iv].to_vec()), aad, data: text };
        let made = client.call(crypto::encrypt(&encrypts, what.clone())).unwrap();
        let (data, tag) = (made.data.unwrap(), made.authenticated_encryption_tag);
        let sealed = Sealing { data: data.expose().to_vec(), ..what.clone() };
        let opened = client.call(crypto::decrypt(&decrypts, sealed.clone(), tag.clone())).unwrap();
        assert_eq!(opened.data.unwrap().expose(), what.data, "{mode:?}");
        for key in [&decrypts, &idle] {
            denied(client.call(crypto::encrypt(key, what.clone())));
        }
        for key in [&encrypts, &idle] {
            denied(client.call(crypto::decrypt(key, sealed.clone(), tag.clone())));
        }
    }
    server.stop();
}
