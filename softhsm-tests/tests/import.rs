//! Export, Destroy and Import with the real server and a real token.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use kmip_core::attribute::{Attribute, AttributeKind, CryptographicParameters};
use kmip_core::payload::{ExportResponse, SignRequest};
use kmip_core::types::{
    CryptographicAlgorithm as Algorithm, CryptographicUsageMask as Mask, HashingAlgorithm,
    PaddingMethod, ResultReason, State,
};
use server::client::Client;
use server::client::template::NO_PARAMETERS;
use softhsm_tests::requests::{self, Id, Shortcuts};
use softhsm_tests::server::Trial;

/// Keys of every kind that a token takes, Active.
fn keys(client: &mut Client) -> Vec<Id> {
    let active = [requests::active_at_once()];
    let mut pair = |algorithm, bits| {
        let pair = requests::create_pair(algorithm, bits, &active);
        client.call(pair).unwrap().private_key_unique_identifier
    };
    let pairs = [pair(Algorithm::RSA, 2048), pair(Algorithm::ECDSA, 256)];
    let hmac = requests::register_hmac(Algorithm::HMAC_SHA256, &[9; 37]);
    let aes = requests::register_secret(
        Algorithm::AES,
        Mask::Encrypt.union(Mask::Decrypt),
        &[7; 24],
        &active,
    );
    let secrets = [
        client.make_aes(&[]).unwrap(),
        client.call(hmac).unwrap().unique_identifier,
        client.call(aes).unwrap().unique_identifier,
    ];
    [&pairs[..], &secrets].concat()
}

fn exported(client: &mut Client, id: &Id) -> ExportResponse {
    let mut exported = client.call(requests::export(id)).unwrap();
    exported.attributes.sort_by_key(|attribute| (attribute.name.clone(), attribute.index));
    exported
}

fn end(client: &mut Client, id: &Id) {
    client.call(requests::revoke(id)).unwrap();
    client.call(requests::destroy(id)).unwrap();
    assert_eq!(client.state(id).unwrap(), State::Destroyed);
}

/// What the key makes of a message, the same each time.
fn work(client: &mut Client, id: &Id, place: usize) -> Vec<u8> {
    match place {
        0 => {
            let parameters = CryptographicParameters {
                padding_method: Some(PaddingMethod::PKCS1V1_5),
                hashing_algorithm: Some(HashingAlgorithm::SHA_256),
                ..NO_PARAMETERS
            };
            let request = SignRequest {
                cryptographic_parameters: Some(parameters),
                ..requests::sign_ec(id, b"message")
            };
            client.call(request).unwrap().signature_data.unwrap()
        }
        1 => {
            client.call(requests::sign_ec(id, b"message")).unwrap();
            Vec::new()
        }
        3 => client.call(requests::mac(id, b"message")).unwrap().mac_data.unwrap(),
        _ => client.encrypted(id, b"message").unwrap(),
    }
}

#[test]
fn keys_come_back_from_outside_the_token() {
    for custody in ["token", "wrapped"] {
        let trial = Trial::new();
        let server = trial.start();
        server.stop();
        let everywhere =
            format!("symmetric_keys = \"{custody}\"\nprivate_keys = \"{custody}\"\nexport");
        trial.edit_config("export", &everywhere);
        let server = trial.start();
        let mut client = server.client();
        let keys = keys(&mut client);
        let objects = trial.token_objects();
        let mut before = Vec::new();
        for (place, id) in keys.iter().enumerate() {
            let made = work(&mut client, id, place);
            before.push((exported(&mut client, id), made));
            end(&mut client, id);
        }
        for ((exported_before, made), (place, id)) in before.iter().zip(keys.iter().enumerate()) {
            let bring = |replace| requests::import(exported_before.clone(), replace);
            client.call(bring(false)).unwrap();
            assert_eq!(exported(&mut client, id), *exported_before, "{custody}");
            assert_eq!(work(&mut client, id, place), *made, "{custody}");
            let there = client.call(bring(false)).unwrap_err();
            assert_eq!(there.reason(), Some(ResultReason::ObjectAlreadyExists));
            client.call(bring(true)).unwrap();
            assert_eq!(work(&mut client, id, place), *made, "{custody}");
        }
        assert_eq!(trial.token_objects(), objects, "none too many, none too few: {custody}");
        server.stop();
        let server = trial.start();
        let mut client = server.client();
        for ((exported_before, made), (place, id)) in before.iter().zip(keys.iter().enumerate()) {
            assert_eq!(exported(&mut client, id), *exported_before, "{custody}");
            assert_eq!(work(&mut client, id, place), *made, "{custody}");
        }
        server.stop();
    }
}

#[test]
fn key_that_is_brought_into_a_scope_without_export_never_leaves_it() {
    let trial = Trial::new();
    let server = trial.start();
    let (mut demo, mut other) = (server.client(), server.other_client());
    for (place, id) in keys(&mut demo).iter().enumerate() {
        let made = work(&mut demo, id, place);
        let brought = exported(&mut demo, id);
        other.call(requests::import(brought.clone(), false)).unwrap();
        assert_eq!(work(&mut other, id, place), made);
        for refused in [
            other.call(requests::get(id)).unwrap_err(),
            other.call(requests::export(id)).unwrap_err(),
        ] {
            assert_eq!(refused.reason(), Some(ResultReason::NotExtractable));
        }
        let told = other.call(requests::get_attributes(id, &[AttributeKind::Sensitive])).unwrap();
        assert_eq!(told.attributes, [Attribute::new(AttributeKind::Sensitive, &true)]);
        // Its twin in the other scope lives a life of its own.
        end(&mut other, id);
        assert_eq!(exported(&mut demo, id), brought);
        assert_eq!(work(&mut demo, id, place), made);
    }
    server.stop();
}
