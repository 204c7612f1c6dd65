//! Certify: what the certificate says, and what its object has.

use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::ttlv::{DateTime, Value};
use kmip_core::types::{
    AlternativeNameType, CertificateRequestType as RequestType,
    CryptographicAlgorithm as Algorithm, CryptographicUsageMask as Mask, DigitalSignatureAlgorithm,
    LinkType, ObjectType, Operation, ProtocolVersion, State, Tag, ValidityIndicator,
};
use rcgen::{ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose};

use crate::support::ask::{mask, name, of_kind, on, template, uid};
use crate::support::certificates::{
    certify, certify_of, link_value, pair, params, read, register_public, request, requested,
    subject, verdict,
};
use crate::support::tree::{Read, bytes, enumeration, text};
use crate::support::{START, World, keys};

const YEAR: i64 = 365 * 86_400;

#[test]
fn certificate_says_what_its_request_asks() {
    let world = World::new();
    let demo = world.demo();
    let key = KeyPair::generate().unwrap();
    let public = register_public(&demo, &key);
    let mut asked = params("db.example.com");
    asked.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyAgreement];
    asked.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let request = request(&key, asked);
    let fields = requested(RequestType::PKCS_10, &request);
    let answer = demo.ok(Operation::Certify, [vec![uid(&public)], fields].concat());
    let certificate = answer.text(Tag::UniqueIdentifier);
    let found = read(&demo, &certificate);
    assert_eq!(found.subject().to_string(), "CN=db.example.com");
    assert_eq!(found.issuer().to_string(), "CN=Claviger CA");
    let contents = found.contents().unwrap();
    let usage = contents.key_usage.unwrap();
    assert!(usage.digital_signature() && usage.key_agreement() && !usage.key_cert_sign());
    assert_eq!(contents.extended_key_usage.unwrap().0[0].to_string(), "1.3.6.1.5.5.7.3.1");
    assert_eq!(contents.alternative_names.unwrap().0.len(), 1);
    assert_eq!(found.validity(), (START - 60, START + YEAR));
    assert_eq!(verdict(&demo, &[&certificate]), ValidityIndicator::Valid);
}

#[test]
fn object_has_the_attributes_of_a_certificate() {
    let world = World::new();
    let demo = world.demo();
    let own = pair(&demo, Algorithm::ECDSA, 256, Mask::Verify);
    let made = certify(&demo, &own.public, vec![name("web"), subject("CN=web,O=Example,C=DE")]);
    let text_of = |kind| match demo.value(&made, kind) {
        Value::TextString(text) => text,
        other => panic!("{other:?}"),
    };
    assert_eq!(text_of(Kind::CertificateSubjectO), "Example");
    assert_eq!(text_of(Kind::CertificateIssuerCN), "Claviger CA");
    let sha384 = DigitalSignatureAlgorithm::ECDSAWithSHA384.0;
    assert_eq!(demo.value(&made, Kind::DigitalSignatureAlgorithm), Value::Enumeration(sha384));
    let length = i32::try_from(read(&demo, &made).der().len()).unwrap();
    assert_eq!(demo.value(&made, Kind::CertificateLength), Value::Integer(length));
    let date = |kind, seconds| {
        assert_eq!(demo.value(&made, kind), Value::DateTime(DateTime(seconds)), "{kind:?}");
    };
    date(Kind::ActivationDate, START);
    date(Kind::DeactivationDate, START + YEAR);
    date(Kind::OriginalCreationDate, START);
    assert_eq!(demo.state(&made), State::Active);
    let verify = i32::try_from(Mask::Verify.0).unwrap();
    assert_eq!(demo.value(&made, Kind::CryptographicUsageMask), Value::Integer(verify));
    assert_eq!(demo.locate(vec![name("web")]), [made.clone()]);
    for kind in ["Digest", "X.509 Certificate Identifier", "X.509 Certificate Issuer"] {
        assert_eq!(demo.values(&made, kind).len(), 1, "{kind}");
    }
}

#[test]
fn key_and_certificate_are_linked_and_so_is_the_certificate_above() {
    let world = World::new();
    let demo = world.demo();
    let own = pair(&demo, Algorithm::ECDSA, 256, Mask::Verify);
    let made = certify(&demo, &own.public, vec![subject("CN=a")]);
    let links = demo.values(&own.public, "Link");
    assert!(links.contains(&link_value(LinkType::CertificateLink, &made)), "{links:?}");
    let links = demo.values(&made, "Link");
    assert_eq!(links.len(), 2);
    assert!(links.contains(&link_value(LinkType::PublicKeyLink, &own.public)));
    let ca =
        demo.locate(vec![of_kind(Kind::ObjectType, Value::Enumeration(ObjectType::Certificate.0))]);
    let ca = ca.into_iter().find(|id| *id != made).unwrap();
    assert!(links.contains(&link_value(LinkType::CertificateLink, &ca)));
    assert_eq!(read(&demo, &ca).subject(), read(&demo, &made).issuer());
    let second = certify(&demo, &own.public, vec![subject("CN=a")]);
    let links = demo.values(&own.public, "Link");
    assert_eq!(links.len(), 3, "private key, and a certificate each");
    assert!(demo.values(&second, "Link").contains(&link_value(LinkType::CertificateLink, &ca)));
}

#[test]
fn authority_is_the_same_after_a_restart_and_its_object_is_made_again() {
    let world = World::new();
    let own = pair(&world.demo(), Algorithm::ECDSA, 256, Mask::Verify);
    let first = certify(&world.demo(), &own.public, vec![subject("CN=a")]);
    let again = world.restarted();
    let demo = again.demo();
    assert_eq!(verdict(&demo, &[&first]), ValidityIndicator::Valid);
    let above = |certificate: &str| {
        let links = demo.values(certificate, "Link");
        let wanted = Value::Enumeration(LinkType::CertificateLink.0);
        let link = links.iter().find(|link| link.children()[0].value == wanted).unwrap();
        link.children()[1].as_text()
    };
    let second = certify(&demo, &own.public, vec![subject("CN=b")]);
    assert_eq!(above(&first), above(&second));
    demo.revoke(&above(&first), kmip_core::types::RevocationReasonCode::CessationOfOperation);
    demo.destroy(&above(&first));
    let third = certify(&demo, &own.public, vec![subject("CN=c")]);
    assert_ne!(above(&first), above(&third));
    assert_eq!(read(&demo, &above(&third)).subject(), read(&demo, &third).issuer());
    assert_eq!(verdict(&demo, &[&third, &above(&third)]), ValidityIndicator::Valid);
}

#[test]
fn batch_makes_a_pair_certifies_it_and_gets_the_certificate() {
    let world = World::new();
    let demo = world.demo();
    let key = KeyPair::generate().unwrap();
    let info = rcgen::PublicKeyData::subject_public_key_info(&key);
    let object = keys::key(ObjectType::PublicKey, kmip_core::types::KeyFormatType::X_509, &info);
    let register =
        crate::support::ask::register(ObjectType::PublicKey, vec![mask(Mask::Verify)], object);
    let pem = params("a.example.com").serialize_request(&key).unwrap().pem().unwrap();
    let batch = demo
        .request()
        .next(Operation::Register, register)
        .next(Operation::Certify, requested(RequestType::PEM, pem.as_bytes()))
        .next(Operation::Get, Vec::new());
    let reply = demo.send(&batch);
    let got = reply.item(2).ok();
    assert_eq!(got.text(Tag::UniqueIdentifier), reply.item(1).ok().text(Tag::UniqueIdentifier));
    assert_eq!(got.get(Tag::ObjectType).as_number(), ObjectType::Certificate.0);
}

#[test]
fn request_takes_precedence_over_the_attributes() {
    let world = World::new();
    let demo = world.demo();
    let key = KeyPair::generate().unwrap();
    let public = register_public(&demo, &key);
    let fields = requested(RequestType::PKCS_10, &request(&key, params("asked.example.com")));
    let wishes = vec![subject("CN=wished"), mask(Mask::WrapKey)];
    let payload = [vec![uid(&public)], fields, vec![template(wishes)]].concat();
    let made = demo.ok(Operation::Certify, payload).text(Tag::UniqueIdentifier);
    let found = read(&demo, &made);
    assert_eq!(found.subject().to_string(), "CN=asked.example.com");
    let usage = found.contents().unwrap().key_usage.unwrap();
    assert!(usage.key_encipherment(), "the request leaves it to the attributes");
}

#[test]
fn subject_comes_from_attributes_or_from_a_name() {
    let world = World::new();
    let demo = world.demo();
    let own = pair(&demo, Algorithm::ECDSA, 256, Mask::Verify);
    let subject_of = |wishes| read(&demo, &certify(&demo, &own.public, wishes)).subject().clone();
    let named = subject_of(vec![name("just a name")]);
    assert_eq!(named.to_string(), "CN=just a name");
    let part = |kind, value: &str| of_kind(kind, Value::TextString(value.to_owned()));
    let parts = subject_of(vec![
        part(Kind::CertificateSubjectCN, "p"),
        part(Kind::CertificateSubjectO, "Example"),
        part(Kind::CertificateSubjectDC, "com"),
        part(Kind::CertificateSubjectDC, "example"),
    ]);
    assert_eq!(parts.to_string(), "CN=p,O=Example,DC=example,DC=com");
    let der = der::Encode::to_der(&parts).unwrap();
    let in_der = bytes(Tag::SubjectDistinguishedName, &der);
    let in_der =
        subject_of(vec![of_kind(Kind::X509CertificateSubject, Value::Structure(vec![in_der]))]);
    assert_eq!(in_der, parts);
}

#[test]
fn alternative_names_alone_make_a_critical_extension() {
    let world = World::new();
    let demo = world.demo();
    let own = pair(&demo, Algorithm::ECDSA, 256, Mask::Verify);
    let other = |value: &str, kind: AlternativeNameType| {
        let fields = vec![
            text(Tag::AlternativeNameValue, value),
            enumeration(Tag::AlternativeNameType, kind.0),
        ];
        of_kind(Kind::AlternativeName, Value::Structure(fields))
    };
    let made = certify(
        &demo,
        &own.public,
        vec![
            other("db.example.com", AlternativeNameType::DNSName),
            other("192.0.2.1", AlternativeNameType::IPAddress),
        ],
    );
    let found = read(&demo, &made);
    assert!(found.subject().is_empty());
    let names = found.extensions().iter().find(|e| e.extn_id.to_string() == "2.5.29.17").unwrap();
    assert!(names.critical);
    assert_eq!(found.contents().unwrap().alternative_names.unwrap().0.len(), 2);
    assert_eq!(demo.values(&made, "Alternative Name").len(), 2);
}

#[test]
fn dates_given_are_those_of_the_certificate() {
    let world = World::new();
    let demo = world.demo();
    let own = pair(&demo, Algorithm::ECDSA, 256, Mask::Verify);
    let dates = vec![
        subject("CN=later"),
        on(Kind::ActivationDate, START + 100),
        on(Kind::DeactivationDate, START + 200),
    ];
    let made = certify(&demo, &own.public, dates);
    assert_eq!(read(&demo, &made).validity(), (START + 100, START + 200));
    assert_eq!(demo.state(&made), State::PreActive);
    world.clock.advance(100);
    assert_eq!(demo.state(&made), State::Active);
    world.clock.advance(100);
    assert_eq!(demo.state(&made), State::Deactivated);
}

#[test]
fn date_long_ago_means_at_once() {
    let world = World::new();
    let demo = world.demo();
    let own = pair(&demo, Algorithm::ECDSA, 256, Mask::Verify);
    let made = certify(&demo, &own.public, vec![subject("CN=a"), on(Kind::ActivationDate, 0)]);
    assert_eq!(read(&demo, &made).validity(), (0, START + YEAR));
    assert_eq!(demo.state(&made), State::Active);
}

#[test]
fn client_of_version_1_0_needs_a_request_and_gets_no_newer_attributes() {
    let world = World::new();
    let demo = world.demo().at(ProtocolVersion::V1_0);
    let key = KeyPair::generate().unwrap();
    let public = register_public(&demo, &key);
    let bare = demo.fails(Operation::Certify, certify_of(&public, Vec::new()));
    assert_eq!(bare, kmip_core::types::ResultReason::InvalidMessage);
    let fields = requested(RequestType::PKCS_10, &request(&key, params("old.example.com")));
    let made = demo.ok(Operation::Certify, [vec![uid(&public)], fields].concat());
    demo.attributes(&made.text(Tag::UniqueIdentifier));
}

#[test]
fn undone_certify_leaves_neither_certificate_nor_link() {
    use kmip_core::types::{BatchErrorContinuationOption as Continuation, ResultStatus as Status};
    let world = World::new();
    let demo = world.demo();
    let own = pair(&demo, Algorithm::ECDSA, 256, Mask::Verify);
    let before = demo.values(&own.public, "Link");
    let undo = enumeration(Tag::BatchErrorContinuationOption, Continuation::Undo.0);
    let wishes = vec![name("undone"), subject("CN=u")];
    let batch = demo
        .request()
        .with(undo)
        .next(Operation::Certify, certify_of(&own.public, wishes))
        .next(Operation::Get, vec![uid("nobody")]);
    let reply = demo.send(&batch);
    assert_eq!(reply.statuses(), [Status::OperationUndone, Status::OperationFailed]);
    assert_eq!(demo.values(&own.public, "Link"), before);
    assert_eq!(demo.locate(vec![name("undone")]), [] as [String; 0]);
    certify(&demo, &own.public, vec![name("undone"), subject("CN=again")]);
}
