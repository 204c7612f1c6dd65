//! Re-certify: a new certificate takes the place of an older one for the same key.

use hsm_backend::HsmErrorKind;
use hsm_backend::fault::{Moment, Verb};
use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::ttlv::{DateTime, Item, Value};
use kmip_core::types::{
    BatchErrorContinuationOption as Continuation, CertificateRequestType as RequestType,
    CryptographicAlgorithm as Algorithm, CryptographicUsageMask as Mask, DigitalSignatureAlgorithm,
    LinkType, ObjectType, Operation, ProtocolVersion, ResultReason as Reason,
    ResultStatus as Status, RevocationReasonCode, State, Tag, ValidityIndicator,
};
use rcgen::KeyPair;

use crate::support::ask::{custom, mask, name, of_kind, on, template, uid};
use crate::support::certificates::{
    CA, Pair, certify, link, link_value, pair, params, read, register_public, request, requested,
    root, sent, subject, verdict,
};
use crate::support::tree::{Read, enumeration, interval};
use crate::support::{Client, START, World, keys};

const DAY: i64 = 86_400;

/// Re-certifies with these fields and returns the new certificate.
#[track_caller]
fn renew(client: &Client<'_>, old: &str, fields: Vec<Item>) -> String {
    let answer = client.ok(Operation::ReCertify, [vec![uid(old)], fields].concat());
    let new = answer.text(Tag::UniqueIdentifier);
    assert_eq!(answer.value.children(), [uid(&new)]);
    assert_ne!(new, old);
    new
}

#[track_caller]
fn refused(client: &Client<'_>, old: &str, fields: Vec<Item>) -> Reason {
    client.fails(Operation::ReCertify, [vec![uid(old)], fields].concat())
}

fn seconds(value: i64) -> Value {
    Value::DateTime(DateTime(value))
}

/// A key pair, and a certificate of the server's CA for it.
#[track_caller]
fn certified(client: &Client<'_>) -> (Pair, String) {
    let own = pair(client, Algorithm::ECDSA, 256, Mask::Verify);
    let wishes = vec![name("web"), subject("CN=web,O=Example"), custom("x-team", "blue")];
    let certificate = certify(client, &own.public, wishes);
    (own, certificate)
}

#[test]
fn new_certificate_says_the_same_and_takes_the_older_ones_place() {
    let world = World::new();
    let demo = world.demo();
    let (own, old) = certified(&demo);
    let before = demo.values(&own.public, "Link");
    world.clock.advance(DAY);
    let new = renew(&demo, &old, Vec::new());
    let (first, second) = (read(&demo, &old), read(&demo, &new));
    assert_eq!(first.contents().unwrap(), second.contents().unwrap());
    assert_eq!(first.key(), second.key());
    assert_ne!(first.der(), second.der());
    assert_eq!(verdict(&demo, &[&new]), ValidityIndicator::Valid);
    assert_eq!(demo.locate(vec![name("web")]), [new.clone()]);
    assert_eq!(demo.values(&old, "Name"), []);
    assert_eq!(demo.values(&new, "x-team"), [Value::TextString("blue".to_owned())]);
    let links = demo.values(&new, "Link");
    assert!(links.contains(&link_value(LinkType::ReplacedObjectLink, &old)));
    assert!(links.contains(&link_value(LinkType::PublicKeyLink, &own.public)));
    let links = demo.values(&old, "Link");
    assert!(links.contains(&link_value(LinkType::ReplacementObjectLink, &new)));
    let after = demo.values(&own.public, "Link");
    assert_eq!(after.len(), before.len(), "the link was changed, not added");
    assert!(after.contains(&link_value(LinkType::CertificateLink, &new)));
    assert!(!after.contains(&link_value(LinkType::CertificateLink, &old)));
    for kind in [Kind::InitialDate, Kind::LastChangeDate, Kind::OriginalCreationDate] {
        assert_eq!(demo.value(&new, kind), seconds(START + DAY), "{kind:?}");
    }
    assert_ne!(demo.value(&old, Kind::Digest), demo.value(&new, Kind::Digest));
}

#[test]
fn dates_are_the_older_ones_shifted_by_the_offset_or_those_that_are_given() {
    let world = World::new();
    let demo = world.demo();
    let (_, old) = certified(&demo);
    let Value::DateTime(end) = demo.value(&old, Kind::DeactivationDate) else { unreachable!() };
    world.clock.advance(DAY);
    let copied = renew(&demo, &old, Vec::new());
    assert_eq!(demo.value(&copied, Kind::ActivationDate), seconds(START));
    assert_eq!(demo.value(&copied, Kind::DeactivationDate), seconds(end.0));
    assert_eq!(read(&demo, &copied).validity(), (START, end.0));
    let shifted = renew(&demo, &copied, vec![interval(Tag::Offset, 60)]);
    assert_eq!(read(&demo, &shifted).validity(), (START + DAY + 60, end.0 + DAY + 60));
    assert_eq!(demo.state(&shifted), State::PreActive);
    world.clock.advance(60);
    assert_eq!(demo.state(&shifted), State::Active);
    let dates = vec![
        on(Kind::ActivationDate, START + 2 * DAY),
        on(Kind::DeactivationDate, START + 9 * DAY),
    ];
    let both = vec![interval(Tag::Offset, 0), template(dates.clone())];
    assert_eq!(refused(&demo, &shifted, both), Reason::InvalidMessage);
    let given = renew(&demo, &shifted, vec![template(dates)]);
    assert_eq!(read(&demo, &given).validity(), (START + 2 * DAY, START + 9 * DAY));
}

#[test]
fn certificate_that_is_over_is_renewed_with_new_dates_unless_its_key_was_compromised() {
    let world = World::new();
    let demo = world.demo();
    let (_, over) = certified(&demo);
    world.clock.advance(400 * DAY);
    assert_eq!(demo.state(&over), State::Deactivated);
    assert_eq!(refused(&demo, &over, Vec::new()), Reason::InvalidField, "its dates are over");
    let new = renew(&demo, &over, vec![interval(Tag::Offset, 0)]);
    assert_eq!(verdict(&demo, &[&new]), ValidityIndicator::Valid);
    demo.revoke(&new, RevocationReasonCode::KeyCompromise);
    let fields = vec![interval(Tag::Offset, 0)];
    assert_eq!(refused(&demo, &new, fields), Reason::PermissionDenied);
}

#[test]
fn key_whose_life_is_over_gets_no_new_certificate() {
    let world = World::new();
    let demo = world.demo();
    let (own, old) = certified(&demo);
    demo.revoke(&own.public, RevocationReasonCode::CessationOfOperation);
    assert_eq!(refused(&demo, &old, Vec::new()), Reason::PermissionDenied);
    demo.destroy(&own.public);
    let new = renew(&demo, &old, Vec::new());
    let links = demo.values(&new, "Link");
    assert!(!links.contains(&link_value(LinkType::PublicKeyLink, &own.public)), "it is gone");
}

#[test]
fn attributes_and_requests_change_what_the_certificate_says() {
    let world = World::new();
    let demo = world.demo();
    let key = KeyPair::generate().unwrap();
    let public = register_public(&demo, &key);
    let old = certify(&demo, &public, vec![subject("CN=first")]);
    let other = vec![template(vec![subject("CN=second"), custom("x-new", "1")])];
    let new = renew(&demo, &old, other);
    assert_eq!(read(&demo, &new).subject().to_string(), "CN=second");
    assert_eq!(demo.values(&new, "x-new").len(), 1);
    let fields = requested(RequestType::PKCS_10, &request(&key, params("third.example.com")));
    let new = renew(&demo, &new, fields);
    assert_eq!(read(&demo, &new).subject().to_string(), "CN=third.example.com");
    let Value::Structure(parts) = demo.value(&new, Kind::CertificateSubject) else {
        unreachable!()
    };
    assert_eq!(parts[0].as_text(), "CN=third.example.com");
    let stranger = KeyPair::generate().unwrap();
    let fields = requested(RequestType::PKCS_10, &request(&stranger, params("x")));
    assert_eq!(refused(&demo, &new, fields), Reason::InvalidField, "of another key");
}

#[test]
fn issuer_and_signature_algorithm_stay_unless_others_are_named() {
    let world = World::new();
    let demo = world.demo();
    let own = pair(&demo, Algorithm::RSA, 2_048, CA);
    let sha384 = DigitalSignatureAlgorithm::SHA_384WithRSAEncryptionPKCS_1V1_5.0;
    let signed = of_kind(Kind::DigitalSignatureAlgorithm, Value::Enumeration(sha384));
    let to_itself = link(LinkType::PrivateKeyLink, &own.private);
    let top = certify(&demo, &own.public, vec![subject("CN=top"), signed, to_itself]);
    let again = renew(&demo, &top, Vec::new());
    let algorithm = |id: &str| demo.value(id, Kind::DigitalSignatureAlgorithm);
    assert_eq!(algorithm(&again), Value::Enumeration(sha384));
    assert!(read(&demo, &again).is_self_issued());
    let leaf = pair(&demo, Algorithm::ECDSA, 256, Mask::Verify);
    let by_top = vec![subject("CN=leaf"), link(LinkType::CertificateLink, &again)];
    let first = certify(&demo, &leaf.public, by_top);
    let second = renew(&demo, &first, Vec::new());
    assert_eq!(verdict(&demo, &[&second, &again]), ValidityIndicator::Valid);
    let (_, other) = root(&demo, "CN=other");
    let by_other = vec![template(vec![link(LinkType::CertificateLink, &other)])];
    let third = renew(&demo, &second, by_other);
    assert_eq!(read(&demo, &third).issuer().to_string(), "CN=other");
    let name = DigitalSignatureAlgorithm::ECDSAWithSHA256.0;
    assert_eq!(algorithm(&third), Value::Enumeration(name), "what is usual for its key");
}

#[test]
fn certificate_of_the_servers_ca_is_renewed_without_the_object_above() {
    let world = World::new();
    let demo = world.demo();
    let (_, old) = certified(&demo);
    let links = demo.values(&old, "Link");
    let kind = Value::Enumeration(LinkType::CertificateLink.0);
    let above = links.iter().find(|link| link.children()[0].value == kind).unwrap();
    let above = above.children()[1].as_text();
    demo.revoke(&above, RevocationReasonCode::CessationOfOperation);
    demo.destroy(&above);
    let new = renew(&demo, &old, Vec::new());
    assert_eq!(verdict(&demo, &[&new]), ValidityIndicator::Valid);
}

#[test]
fn certificate_from_elsewhere_needs_an_issuer() {
    let world = World::new();
    let demo = world.demo();
    let (elsewhere, key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let issuer = rcgen::Issuer::new(params("ca.example.com"), elsewhere);
    let foreign = params("web.example.com").signed_by(&key, &issuer).unwrap();
    let verify = vec![mask(Mask::Verify)];
    let old = demo.register(ObjectType::Certificate, verify, sent(foreign.der()));
    assert_eq!(refused(&demo, &old, Vec::new()), Reason::PermissionDenied);
    let (_, above) = root(&demo, "CN=own");
    let named =
        vec![interval(Tag::Offset, 0), template(vec![link(LinkType::CertificateLink, &above)])];
    let new = renew(&demo, &old, named);
    let found = read(&demo, &new);
    assert_eq!(found.issuer().to_string(), "CN=own");
    assert_eq!(found.contents().unwrap().alternative_names.unwrap().0.len(), 1);
    assert_eq!(verdict(&demo, &[&new, &above]), ValidityIndicator::Valid);
}

#[test]
fn what_is_no_x509_certificate_is_not_renewed() {
    let world = World::new();
    let demo = world.demo();
    let (own, old) = certified(&demo);
    assert_eq!(refused(&demo, &own.public, Vec::new()), Reason::PermissionDenied);
    assert_eq!(refused(&demo, "nobody", Vec::new()), Reason::ItemNotFound);
    let aes = demo.create(Vec::new());
    assert_eq!(refused(&demo, &aes, Vec::new()), Reason::PermissionDenied);
    let without = demo.at(ProtocolVersion::V1_0);
    assert_eq!(refused(&without, &old, Vec::new()), Reason::InvalidMessage, "no request");
    demo.ok(Operation::Archive, vec![uid(&old)]);
    assert_eq!(refused(&demo, &old, Vec::new()), Reason::ObjectArchived);
    let verify = vec![mask(Mask::Verify)];
    let brought = demo.register(ObjectType::Certificate, verify, keys::certificate());
    let offset = vec![interval(Tag::Offset, 0)];
    assert_eq!(refused(&demo, &brought, offset), Reason::PermissionDenied, "no private key");
}

#[test]
fn undone_re_certify_gives_name_and_link_back() {
    let world = World::new();
    let demo = world.demo();
    let (own, old) = certified(&demo);
    let before = (demo.values(&own.public, "Link"), demo.values(&old, "Link"));
    let undo = enumeration(Tag::BatchErrorContinuationOption, Continuation::Undo.0);
    let batch = demo
        .request()
        .with(undo)
        .next(Operation::ReCertify, vec![uid(&old)])
        .next(Operation::Get, Vec::new())
        .next(Operation::Activate, vec![uid("nobody")]);
    let reply = demo.send(&batch);
    assert_eq!(reply.statuses()[0], Status::OperationUndone);
    assert_eq!(demo.locate(vec![name("web")]), [old.clone()]);
    assert_eq!((demo.values(&own.public, "Link"), demo.values(&old, "Link")), before);
}

#[test]
fn token_that_does_not_sign_leaves_everything_as_it_was() {
    let world = World::new();
    let demo = world.demo();
    let (own, old) = certified(&demo);
    let state = |id: &str| demo.attributes(id);
    let before = (state(&own.public), state(&old), demo.locate(Vec::new()).len());
    world.token.fail_nth(Verb::Sign, 1, HsmErrorKind::Device(0x30), Moment::Before);
    assert_eq!(refused(&demo, &old, Vec::new()), Reason::GeneralFailure);
    assert_eq!((state(&own.public), state(&old), demo.locate(Vec::new()).len()), before);
    renew(&demo, &old, Vec::new());
}

#[test]
fn public_key_keeps_every_link_when_certificates_are_made_at_once() {
    let world = World::new();
    let (own, _) = certified(&world.demo());
    let made: Vec<String> = std::thread::scope(|scope| {
        let threads = [(); 4].map(|()| {
            let (world, public) = (&world, own.public.as_str());
            scope.spawn(move || certify(&world.demo(), public, vec![subject("CN=a")]))
        });
        threads.map(|thread| thread.join().unwrap()).to_vec()
    });
    let links = world.demo().values(&own.public, "Link");
    for certificate in made {
        assert!(links.contains(&link_value(LinkType::CertificateLink, &certificate)));
    }
}
