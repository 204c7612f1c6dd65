//! Validate: chains of what is sent and what is held.

use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::types::{
    CryptographicAlgorithm as Algorithm, CryptographicUsageMask as Mask, LinkType, ObjectType,
    Operation, ResultReason as Reason, RevocationReasonCode, Tag, ValidityIndicator as Verdict,
};

use crate::support::ask::{mask, on, revoke, uid};
use crate::support::certificates::{
    certify, judged, link, pair, read, root, sent, subject, verdict, verdict_at,
};
use crate::support::tree::{bytes, date, enumeration, structure};
use crate::support::{START, World, keys};

#[test]
fn chain_may_be_sent_and_named_in_parts() {
    let world = World::new();
    let demo = world.demo();
    let (_, above) = root(&demo, "CN=root");
    let own = pair(&demo, Algorithm::RSA, 2_048, Mask::Verify);
    let leaf = certify(
        &demo,
        &own.public,
        vec![subject("CN=leaf"), link(LinkType::CertificateLink, &above)],
    );
    let der = |certificate: &str| sent(read(&demo, certificate).der());
    assert_eq!(verdict(&demo, &[&leaf]), Verdict::Unknown, "its issuer is not given");
    assert_eq!(judged(&demo, vec![der(&leaf), uid(&above)]), Verdict::Valid);
    assert_eq!(judged(&demo, vec![der(&above), uid(&leaf)]), Verdict::Valid);
    assert_eq!(judged(&demo, vec![der(&above), der(&leaf)]), Verdict::Valid);
    assert_eq!(judged(&demo, vec![der(&above), der(&leaf), uid(&leaf)]), Verdict::Valid);
}

#[test]
fn certificate_of_the_servers_ca_need_not_be_sent() {
    let world = World::new();
    let demo = world.demo();
    let own = pair(&demo, Algorithm::ECDSA, 256, Mask::Verify);
    let leaf = certify(&demo, &own.public, vec![subject("CN=leaf")]);
    assert_eq!(judged(&demo, vec![sent(read(&demo, &leaf).der())]), Verdict::Valid);
}

#[test]
fn validity_date_is_what_the_certificates_are_held_against() {
    let world = World::new();
    let demo = world.demo();
    let own = pair(&demo, Algorithm::ECDSA, 256, Mask::Verify);
    let dates =
        vec![on(Kind::ActivationDate, START + 100), on(Kind::DeactivationDate, START + 200)];
    let leaf = certify(&demo, &own.public, [vec![subject("CN=leaf")], dates].concat());
    assert_eq!(verdict(&demo, &[&leaf]), Verdict::Invalid, "not yet");
    assert_eq!(verdict_at(&demo, &[&leaf], START + 99), Verdict::Invalid);
    assert_eq!(verdict_at(&demo, &[&leaf], START + 100), Verdict::Valid);
    assert_eq!(verdict_at(&demo, &[&leaf], START + 199), Verdict::Valid);
    assert_eq!(verdict_at(&demo, &[&leaf], START + 201), Verdict::Invalid);
    world.clock.advance(150);
    assert_eq!(verdict(&demo, &[&leaf]), Verdict::Valid);
}

#[test]
fn certificate_that_was_given_up_is_invalid_from_then_on() {
    let world = World::new();
    let demo = world.demo();
    let own = pair(&demo, Algorithm::ECDSA, 256, Mask::Verify);
    let leaf = certify(&demo, &own.public, vec![subject("CN=leaf")]);
    let der = sent(read(&demo, &leaf).der());
    world.clock.advance(100);
    demo.revoke(&leaf, RevocationReasonCode::CessationOfOperation);
    assert_eq!(verdict(&demo, &[&leaf]), Verdict::Invalid);
    assert_eq!(verdict_at(&demo, &[&leaf], START + 50), Verdict::Valid);
    assert_eq!(judged(&demo, vec![der]), Verdict::Valid, "sent, it is what it says");
    demo.destroy(&leaf);
    assert_eq!(verdict_at(&demo, &[&leaf], START + 50), Verdict::Invalid, "destroyed");
}

#[test]
fn compromise_reaches_back_to_when_it_happened() {
    let world = World::new();
    let demo = world.demo();
    let own = pair(&demo, Algorithm::ECDSA, 256, Mask::Verify);
    let leaf = certify(&demo, &own.public, vec![subject("CN=leaf")]);
    world.clock.advance(100);
    let mut fields = revoke(&leaf, RevocationReasonCode::KeyCompromise);
    fields.push(date(Tag::CompromiseOccurrenceDate, START + 60));
    demo.ok(Operation::Revoke, fields);
    assert_eq!(verdict_at(&demo, &[&leaf], START + 59), Verdict::Valid);
    assert_eq!(verdict_at(&demo, &[&leaf], START + 60), Verdict::Invalid);
    assert_eq!(verdict(&demo, &[&leaf]), Verdict::Invalid);
}

#[test]
fn what_is_no_x509_certificate_is_judged_as_such() {
    let world = World::new();
    let demo = world.demo();
    let of_type = |number| {
        let kind = enumeration(Tag::CertificateType, number);
        structure(Tag::Certificate, vec![kind, bytes(Tag::CertificateValue, b"anything")])
    };
    assert_eq!(judged(&demo, vec![sent(b"anything")]), Verdict::Invalid);
    assert_eq!(judged(&demo, vec![of_type(2)]), Verdict::Unknown, "PGP");
    assert_eq!(judged(&demo, vec![of_type(2), sent(b"x")]), Verdict::Invalid);
    assert_eq!(demo.fails(Operation::Validate, vec![of_type(3)]), Reason::InvalidField);
}

#[test]
fn what_makes_no_list_of_certificates_is_refused() {
    let world = World::new();
    let demo = world.demo();
    let refused = |fields| demo.fails(Operation::Validate, fields);
    assert_eq!(refused(Vec::new()), Reason::InvalidMessage);
    assert_eq!(refused(vec![date(Tag::ValidityDate, START)]), Reason::InvalidMessage);
    let key = demo.create(Vec::new());
    assert_eq!(refused(vec![uid(&key)]), Reason::InvalidMessage, "no certificate");
    assert_eq!(refused(vec![uid("nobody")]), Reason::ItemNotFound);
    let many = vec![keys::certificate(); 33];
    assert_eq!(refused(many), Reason::InvalidField);
    let held =
        demo.register(ObjectType::Certificate, vec![mask(Mask::Verify)], keys::certificate());
    demo.ok(Operation::Archive, vec![uid(&held)]);
    assert_eq!(refused(vec![uid(&held)]), Reason::ObjectArchived);
}
