//! What is not certified, and why.

use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::ttlv::{Item, Value};
use kmip_core::types::{
    CertificateRequestType as RequestType, CertificateType, CryptographicAlgorithm as Algorithm,
    CryptographicUsageMask as Mask, KeyFormatType, LinkType, ObjectType, Operation,
    ResultReason as Reason, RevocationReasonCode, Tag,
};
use rcgen::{CertificateParams, CustomExtension, KeyPair, KeyUsagePurpose};

use crate::support::ask::{algorithm, length, mask, name, of_kind, on, template, uid};
use crate::support::certificates::{
    CA, certify, certify_of, link, pair, params, register_public, request, requested, root,
    subject, x509,
};
use crate::support::tree::{Read, bytes, enumeration, text};
use crate::support::{Client, START, World, keys};

const DAY: i64 = 86_400;

#[track_caller]
fn refused(client: &Client<'_>, payload: Vec<Item>) -> Reason {
    client.fails(Operation::Certify, payload)
}

#[test]
fn request_must_be_a_signed_one_of_its_type_and_for_the_key() {
    let world = World::new();
    let demo = world.demo();
    let key = KeyPair::generate().unwrap();
    let public = register_public(&demo, &key);
    let asked = |request_type, request: &[u8]| {
        refused(&demo, [vec![uid(&public)], requested(request_type, request)].concat())
    };
    let good = request(&key, params("a.example.com"));
    for request_type in [RequestType::CRMF, RequestType::PGP] {
        assert_eq!(asked(request_type, &good), Reason::FeatureNotSupported);
    }
    assert_eq!(asked(RequestType(9), &good), Reason::InvalidField);
    assert_eq!(asked(RequestType::PEM, &good), Reason::InvalidField, "DER as PEM");
    let pem = params("a.example.com").serialize_request(&key).unwrap().pem().unwrap();
    assert_eq!(asked(RequestType::PKCS_10, pem.as_bytes()), Reason::InvalidField, "PEM as DER");
    let mislabelled = pem.replace("CERTIFICATE REQUEST", "CERTIFICATE");
    assert_eq!(asked(RequestType::PEM, mislabelled.as_bytes()), Reason::InvalidField);
    assert_eq!(asked(RequestType::PKCS_10, b""), Reason::InvalidField);
    assert_eq!(asked(RequestType::PKCS_10, &good[..good.len() - 1]), Reason::InvalidField);
    let place = good.windows(9).position(|window| window == b"a.example").unwrap();
    let mut tampered = good.clone();
    tampered[place] ^= 1;
    assert_eq!(asked(RequestType::PKCS_10, &tampered), Reason::InvalidField, "tampered with");
    let stranger = KeyPair::generate().unwrap();
    let foreign = request(&stranger, params("a.example.com"));
    assert_eq!(asked(RequestType::PKCS_10, &foreign), Reason::InvalidField, "another key");
    let kind = enumeration(Tag::CertificateRequestType, RequestType::PKCS_10.0);
    let alone = refused(&demo, vec![uid(&public), kind, template(vec![x509()])]);
    assert_eq!(alone, Reason::InvalidMessage, "a type without a request");
    let body = bytes(Tag::CertificateRequest, &good);
    let alone = refused(&demo, vec![uid(&public), body, template(vec![x509()])]);
    assert_eq!(alone, Reason::InvalidMessage, "a request without a type");
}

#[test]
fn extensions_of_requests_must_be_ones_that_are_issued() {
    let world = World::new();
    let demo = world.demo();
    let key = KeyPair::generate().unwrap();
    let public = register_public(&demo, &key);
    let asked = |params: CertificateParams| {
        let fields = requested(RequestType::PKCS_10, &request(&key, params));
        refused(&demo, [vec![uid(&public)], fields].concat())
    };
    let mut unknown = params("a.example.com");
    let own = CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 1, 99], vec![5, 0]);
    unknown.custom_extensions = vec![own];
    assert_eq!(asked(unknown), Reason::FeatureNotSupported);
    let mut no_ca = params("a.example.com");
    no_ca.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    assert_eq!(asked(no_ca), Reason::InvalidField, "signs certificates and is no CA");
    let mut malformed = params("a.example.com");
    let usage = CustomExtension::from_oid_content(&[2, 5, 29, 15], vec![4, 1, 0]);
    malformed.custom_extensions = vec![usage];
    assert_eq!(asked(malformed), Reason::InvalidField);
}

#[test]
fn object_must_be_a_public_key_in_its_life() {
    let world = World::new();
    let demo = world.demo();
    let own = pair(&demo, Algorithm::ECDSA, 256, Mask::Verify);
    let of = |id: &str| refused(&demo, certify_of(id, vec![subject("CN=a")]));
    assert_eq!(of("nobody"), Reason::ItemNotFound);
    assert_eq!(of(&own.private), Reason::PermissionDenied);
    assert_eq!(of(&demo.create(Vec::new())), Reason::PermissionDenied);
    let certificate = certify(&demo, &own.public, vec![subject("CN=a")]);
    assert_eq!(of(&certificate), Reason::PermissionDenied);
    let nothing = refused(&demo, vec![template(vec![x509(), subject("CN=a")])]);
    assert_eq!(nothing, Reason::ItemNotFound, "no ID Placeholder");
    demo.ok(Operation::Archive, vec![uid(&own.public)]);
    assert_eq!(of(&own.public), Reason::ObjectArchived);
    demo.ok(Operation::Recover, vec![uid(&own.public)]);
    demo.revoke(&own.public, RevocationReasonCode::CessationOfOperation);
    assert_eq!(of(&own.public), Reason::PermissionDenied);
}

#[test]
fn certificate_needs_a_type_and_a_subject() {
    let world = World::new();
    let demo = world.demo();
    let own = pair(&demo, Algorithm::ECDSA, 256, Mask::Verify);
    let with = |attributes| refused(&demo, vec![uid(&own.public), template(attributes)]);
    assert_eq!(with(vec![subject("CN=a")]), Reason::InvalidMessage, "no type");
    let of_type = |number| of_kind(Kind::CertificateType, Value::Enumeration(number));
    let pgp = of_type(CertificateType::PGP.0);
    assert_eq!(with(vec![pgp, subject("CN=a")]), Reason::FeatureNotSupported);
    assert_eq!(with(vec![of_type(7), subject("CN=a")]), Reason::InvalidField);
    assert_eq!(with(vec![x509()]), Reason::InvalidField, "no subject");
    for name in ["CN", "CN=", "no name at all"] {
        assert_eq!(with(vec![x509(), subject(name)]), Reason::InvalidField, "{name}");
    }
    let der = bytes(Tag::SubjectDistinguishedName, b"no DER");
    let in_der = of_kind(Kind::X509CertificateSubject, Value::Structure(vec![der]));
    assert_eq!(with(vec![x509(), in_der]), Reason::InvalidField);
    let issuer = text(Tag::CertificateIssuerDistinguishedName, "CN=me");
    let issuer = of_kind(Kind::CertificateIssuer, Value::Structure(vec![issuer]));
    assert_eq!(with(vec![x509(), subject("CN=a"), issuer]), Reason::InvalidField);
}

#[test]
fn attributes_must_be_true_of_the_certificate() {
    let world = World::new();
    let demo = world.demo();
    let own = pair(&demo, Algorithm::ECDSA, 256, Mask::Verify);
    let with = |attribute| {
        refused(&demo, certify_of(&own.public, vec![subject("CN=a"), name("a"), attribute]))
    };
    assert_eq!(with(algorithm(Algorithm::RSA)), Reason::InvalidField);
    assert_eq!(with(length(384)), Reason::InvalidField);
    let bytes = of_kind(Kind::CertificateLength, Value::Integer(500));
    assert_eq!(with(bytes), Reason::InvalidField);
    certify(&demo, &own.public, vec![subject("CN=a"), name("a")]);
    let taken = with(algorithm(Algorithm::ECDSA));
    assert_eq!(taken, Reason::InvalidField, "the name is in use");
}

#[test]
fn dates_must_lie_within_what_is_allowed() {
    let world = World::new();
    let demo = world.demo();
    let own = pair(&demo, Algorithm::ECDSA, 256, Mask::Verify);
    let until = |end, above: Option<&str>| {
        let mut wishes = vec![subject("CN=a"), on(Kind::DeactivationDate, end)];
        wishes.extend(above.map(|above| link(LinkType::CertificateLink, above)));
        certify_of(&own.public, wishes)
    };
    assert_eq!(refused(&demo, until(START, None)), Reason::InvalidField, "over");
    assert_eq!(refused(&demo, until(START + 1_096 * DAY, None)), Reason::InvalidField, "too long");
    assert_eq!(refused(&demo, until(i64::MAX, None)), Reason::InvalidField);
    demo.ok(Operation::Certify, until(START + 1_095 * DAY, None));
    let (_, above) = root(&demo, "CN=root");
    let outlives = until(START + 366 * DAY, Some(&above));
    assert_eq!(refused(&demo, outlives), Reason::InvalidField, "longer than its issuer's");
    demo.ok(Operation::Certify, until(START + 365 * DAY, Some(&above)));
    let early = vec![subject("CN=a"), on(Kind::ActivationDate, -1)];
    assert_eq!(refused(&demo, certify_of(&own.public, early)), Reason::InvalidField);
    let own_ca = pair(&demo, Algorithm::ECDSA, 256, CA);
    let to_itself = link(LinkType::PrivateKeyLink, &own_ca.private);
    let far = vec![subject("CN=far"), on(Kind::DeactivationDate, 253_402_300_800), to_itself];
    assert_eq!(refused(&demo, certify_of(&own_ca.public, far)), Reason::InvalidField, "year 10000");
}

#[test]
fn issuer_that_allows_no_ca_below_it_certifies_none() {
    let world = World::new();
    let demo = world.demo();
    let key = KeyPair::generate().unwrap();
    let pkcs8 = keys::key(ObjectType::PrivateKey, KeyFormatType::PKCS_8, &key.serialize_der());
    let signs = vec![mask(Mask::CertificateSign), on(Kind::ActivationDate, START)];
    let private = demo.register(ObjectType::PrivateKey, signs, pkcs8);
    let mut asked = params("top.example.com");
    asked.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Constrained(0));
    asked.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let public = register_public(&demo, &key);
    let fields = requested(RequestType::PKCS_10, &request(&key, asked));
    let to_itself = template(vec![link(LinkType::PrivateKeyLink, &private)]);
    let made = demo.ok(Operation::Certify, [vec![uid(&public)], fields, vec![to_itself]].concat());
    let top = made.text(Tag::UniqueIdentifier);
    let by_top = |uses| {
        let own = pair(&demo, Algorithm::ECDSA, 256, uses);
        let both =
            vec![link(LinkType::CertificateLink, &top), link(LinkType::PrivateKeyLink, &private)];
        certify_of(&own.public, [vec![subject("CN=below")], both].concat())
    };
    assert_eq!(refused(&demo, by_top(CA)), Reason::InvalidField);
    demo.ok(Operation::Certify, by_top(Mask::Verify));
}
