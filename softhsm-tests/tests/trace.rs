//! Every call to the token, written down by a library between the server and it: no way out for keys.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use kmip_core::attribute::{Attribute, AttributeKind};
use kmip_core::payload::{CertifyRequest, CreateKeyPairRequest, CreateRequest};
use kmip_core::types::{
    BlockCipherMode, CertificateType, CryptographicAlgorithm as Algorithm,
    CryptographicUsageMask as Mask, HashingAlgorithm, ObjectType, PaddingMethod,
};
use server::client::Client;
use server::client::template::{self, NO_PARAMETERS};
use softhsm_tests::requests::{self, Id, Shortcuts, active_at_once};
use softhsm_tests::server::Trial;
use softhsm_tests::trace::{Event, Phase, check};
use softhsm_tests::{crypto, docs};

/// CKA_LABEL of the key of the server's own CA, in hexadecimal.
const CA_LABEL: &str = "636c617669676572204341206b6579";
const TEXT: &[u8] = b"what is said and signed";

fn policy(sensitive: bool, extractable: bool) -> [Attribute; 2] {
    [
        Attribute::new(AttributeKind::Sensitive, &sensitive),
        Attribute::new(AttributeKind::Extractable, &extractable),
    ]
}

fn secret(client: &mut Client, algorithm: Algorithm, usage: Mask, more: &[Attribute]) -> Id {
    let mut attributes = template::key(algorithm, 256, usage);
    attributes.push(active_at_once());
    attributes.extend_from_slice(more);
    let template_attribute = template::template(attributes);
    let create = CreateRequest { object_type: ObjectType::SymmetricKey, template_attribute };
    client.call(create).unwrap().unique_identifier
}

fn pair(client: &mut Client, algorithm: Algorithm, bits: i32, more: &[Attribute]) -> Id {
    let half = vec![template::mask(Mask::Sign), active_at_once()];
    let request = CreateKeyPairRequest {
        private_key_template_attribute: Some(template::template([half, more.to_vec()].concat())),
        ..requests::create_pair(algorithm, bits, &[])
    };
    client.call(request).unwrap().private_key_unique_identifier
}

/// Makes, brings and uses one key of each kind; none of them may leave.
fn make_and_use(client: &mut Client, more: &[Attribute]) -> Vec<Id> {
    let aes = client.make_aes(more).unwrap();
    let brought = client.bring_aes(&[0x5A; 32], more).unwrap();
    let mac = Mask::MACGenerate.union(Mask::MACVerify);
    let hmac = secret(client, Algorithm::HMAC_SHA256, mac, more);
    let rsa = pair(client, Algorithm::RSA, 2048, more);
    let ec = pair(client, Algorithm::ECDSA, 256, more);
    let keys = vec![aes, brought, hmac, rsa, ec];
    use_again(client, &keys);
    keys
}

/// A certificate by the server's own CA for a new pair, whose public half is returned.
fn certified(client: &mut Client) -> Id {
    let locked = policy(true, false);
    let made = client.call(requests::create_pair(Algorithm::ECDSA, 256, &locked)).unwrap();
    certify(client, &made.public_key_unique_identifier);
    made.public_key_unique_identifier
}

fn certify(client: &mut Client, public: &Id) {
    let x509 = Attribute::new(AttributeKind::CertificateType, &CertificateType::X_509);
    let request = CertifyRequest {
        unique_identifier: Some(public.clone()),
        certificate_request_type: None,
        certificate_request: None,
        template_attribute: Some(template::template(vec![x509, template::name(public.as_str())])),
    };
    let made = client.call(request).unwrap().unique_identifier;
    // Its name may be used again.
    client.call(requests::revoke(&made)).unwrap();
    client.call(requests::destroy(&made)).unwrap();
}

/// Uses the keys that [`make_and_use`] made, and tries to get them.
fn use_again(client: &mut Client, keys: &[Id]) {
    let [aes, brought, hmac, rsa, ec] = keys else { panic!("{keys:?}") };
    for key in [aes, brought] {
        let sealed = client.encrypted(key, TEXT).unwrap();
        assert_eq!(client.decrypted(key, &sealed).unwrap(), TEXT);
    }
    let mac = client.call(crypto::mac(hmac, NO_PARAMETERS, TEXT.to_vec())).unwrap();
    let check = crypto::mac_verify(hmac, NO_PARAMETERS, TEXT.to_vec(), mac.mac_data.unwrap());
    client.call(check).unwrap();
    let mut pss = template::rsa_sha256(PaddingMethod::PSS);
    for parameters in [template::rsa_sha256(PaddingMethod::PKCS1V1_5), pss.clone()] {
        client.call(crypto::sign(rsa, parameters, TEXT.to_vec())).unwrap();
    }
    // With different hashes the server encodes, and the token does the raw operation.
    pss.mask_generator_hashing_algorithm = Some(HashingAlgorithm::SHA_1);
    client.call(crypto::sign(rsa, pss, TEXT.to_vec())).unwrap();
    client.call(requests::sign_ec(ec, TEXT)).unwrap();
    for key in keys {
        client.call(requests::get(key)).unwrap_err();
        client.call(crypto::get_wrapped(key, aes, BlockCipherMode::NISTKeyWrap)).unwrap_err();
    }
}

fn destroy(client: &mut Client, keys: &[Id]) {
    for key in keys {
        client.call(requests::revoke(key)).unwrap();
        client.call(requests::destroy(key)).unwrap();
    }
}

fn calls(events: &[Event], wanted: &str) -> usize {
    let is = |event: &&Event| matches!(event, Event::Call(call) if call.function == wanted);
    events.iter().filter(is).count()
}

#[test]
fn no_key_takes_a_way_out_of_the_token() {
    let trial = Trial::new().recorded();
    let trace = trial.trace();
    let server = trial.start();
    // The first answer comes when the token is open.
    let mut warm = server.client();
    warm.make_aes(&[]).unwrap();
    trace.mark(Phase::Shut);
    // One scope may not export whatever is asked; in the other the client renounces it.
    let (mut other, mut demo) = (server.other_client(), server.client());
    let mut of_other = make_and_use(&mut other, &[]);
    of_other.extend(make_and_use(&mut other, &policy(false, true)));
    let of_demo = make_and_use(&mut demo, &policy(true, false));
    let certified = certified(&mut demo);
    trace.mark(Phase::Start);
    server.stop();

    let server = trial.start();
    let (mut other, mut demo) = (server.other_client(), server.client());
    server.client().make_aes(&[]).unwrap();
    trace.mark(Phase::Shut);
    for keys in of_other.chunks(5) {
        use_again(&mut other, keys);
    }
    use_again(&mut demo, &of_demo);
    certify(&mut demo, &certified);
    destroy(&mut other, &of_other);
    destroy(&mut demo, &of_demo);
    trace.mark(Phase::Export);
    let wrapping = secret(&mut demo, Algorithm::AES, Mask::WrapKey, &policy(true, false));
    let sealed = demo.make_aes(&policy(true, true)).unwrap();
    for _ in 0..2 {
        let get = crypto::get_wrapped(&sealed, &wrapping, BlockCipherMode::NISTKeyWrap);
        demo.call(get).unwrap();
    }
    demo.call(requests::get(&sealed)).unwrap_err();

    let events = trace.events();
    let report = check(&events);
    assert_eq!(report.violations, Vec::<String>::new());
    assert_eq!(report.named_wraps, 2, "{report:?}");
    docs::say(&format!("{report:?}, {} calls", events.len()));
    // What is not seen proves nothing: the trace must show what was done.
    assert!(report.keys_made_shut >= 15 && report.own_wraps > 0, "{report:?}");
    assert!(report.probe_reads > 0, "{report:?}");
    assert!(events.iter().any(|event| format!("{event:?}").contains(CA_LABEL)), "no CA was made");
    assert!(calls(&events, "C_SignInit") >= 30 && calls(&events, "C_Login") >= 2, "{report:?}");
    assert!(calls(&events, "C_GetAttributeValue") > 0 && calls(&events, "C_DestroyObject") > 0);

    // A key that may be read is, and that is seen, too.
    let open = demo.make_aes(&policy(false, true)).unwrap();
    demo.call(requests::get(&open)).unwrap();
    let seen = check(&trace.events()).violations;
    assert!(!seen.is_empty() && seen.iter().all(|line| line.contains("a key is read")), "{seen:?}");
    server.stop();
}
