//! Who signs: the server's CA, a key of the client's own, or the certified key itself.

use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::ttlv::{Item, Value};
use kmip_core::types::{
    CertificateRequestType, CryptographicAlgorithm as Algorithm, CryptographicUsageMask as Mask,
    DigitalSignatureAlgorithm, LinkType, Operation, ResultReason as Reason, RevocationReasonCode,
    Tag, ValidityIndicator,
};

use crate::support::ask::{algorithm, create_pair, length, mask, of_kind, on, template, uid};
use crate::support::certificates::{
    CA, Pair, certify, certify_of, link, link_value, pair, params, read, register_public, request,
    requested, root, subject, verdict,
};
use crate::support::tree::{Read, enumeration, long};
use crate::support::{Client, IN_TOKEN, WRAPPED, World};

/// A certificate that the key signs itself.
#[track_caller]
fn self_signed(client: &Client<'_>, own: &Pair, mut wishes: Vec<Item>) -> String {
    wishes.extend([subject("CN=self"), link(LinkType::PrivateKeyLink, &own.private)]);
    certify(client, &own.public, wishes)
}

fn signed_with(name: DigitalSignatureAlgorithm) -> Item {
    of_kind(Kind::DigitalSignatureAlgorithm, Value::Enumeration(name.0))
}

/// Algorithm, length, and the Digital Signature Algorithm that follows from them.
const KINDS: &[(Algorithm, i32, Option<DigitalSignatureAlgorithm>)] = &[
    (Algorithm::RSA, 2_048, Some(DigitalSignatureAlgorithm::SHA_256WithRSAEncryptionPKCS_1V1_5)),
    (Algorithm::ECDSA, 256, Some(DigitalSignatureAlgorithm::ECDSAWithSHA256)),
    (Algorithm::ECDSA, 384, Some(DigitalSignatureAlgorithm::ECDSAWithSHA384)),
    (Algorithm::ECDSA, 521, Some(DigitalSignatureAlgorithm::ECDSAWithSHA512)),
    (Algorithm::Ed25519, 0, None),
    (Algorithm::Ed448, 0, None),
];

#[test]
fn keys_of_every_kind_sign_in_either_custody() {
    for custody in [IN_TOKEN, WRAPPED] {
        let world = World::keeping(custody);
        let demo = world.demo();
        for (kind, bits, name) in KINDS {
            let own = pair(&demo, *kind, *bits, CA);
            let made = self_signed(&demo, &own, Vec::new());
            assert_eq!(verdict(&demo, &[&made]), ValidityIndicator::Valid, "{kind:?} {bits}");
            let found = demo.values(&made, "Digital Signature Algorithm");
            let expected: Vec<Value> = name.iter().map(|n| Value::Enumeration(n.0)).collect();
            assert_eq!(found, expected);
        }
    }
}

#[test]
fn signature_algorithm_is_the_one_asked_for() {
    let world = World::new();
    let demo = world.demo();
    let own = pair(&demo, Algorithm::RSA, 2_048, CA);
    for name in [
        DigitalSignatureAlgorithm::SHA_384WithRSAEncryptionPKCS_1V1_5,
        DigitalSignatureAlgorithm::SHA_512WithRSAEncryptionPKCS_1V1_5,
        DigitalSignatureAlgorithm::RSASSA_PSSPKCS_1V2_1,
    ] {
        let made = self_signed(&demo, &own, vec![signed_with(name)]);
        let found = demo.value(&made, Kind::DigitalSignatureAlgorithm);
        assert_eq!(found, Value::Enumeration(name.0));
        assert_eq!(verdict(&demo, &[&made]), ValidityIndicator::Valid, "{name:?}");
    }
    let refused = |name| {
        let wishes = vec![
            subject("CN=self"),
            link(LinkType::PrivateKeyLink, &own.private),
            signed_with(name),
        ];
        demo.fails(Operation::Certify, certify_of(&own.public, wishes))
    };
    let sha1 = DigitalSignatureAlgorithm::SHA_1WithRSAEncryptionPKCS_1V1_5;
    assert_eq!(refused(sha1), Reason::InvalidField);
    assert_eq!(refused(DigitalSignatureAlgorithm::ECDSAWithSHA256), Reason::InvalidField);
    assert_eq!(refused(DigitalSignatureAlgorithm::DSAWithSHA256), Reason::OperationNotSupported);
}

#[test]
fn clients_own_ca_signs_and_its_certificate_is_linked() {
    let world = World::new();
    let demo = world.demo();
    let (signer, above) = root(&demo, "CN=Own CA,DC=example,DC=com");
    let leaf = pair(&demo, Algorithm::RSA, 2_048, Mask::Verify);
    let by_certificate = vec![subject("CN=leaf"), link(LinkType::CertificateLink, &above)];
    let both = [by_certificate.clone(), vec![link(LinkType::PrivateKeyLink, &signer.private)]];
    for wishes in [by_certificate, both.concat()] {
        let made = certify(&demo, &leaf.public, wishes);
        let found = read(&demo, &made);
        assert_eq!(found.issuer().to_string(), "CN=Own CA,DC=example,DC=com");
        assert_eq!(verdict(&demo, &[&made, &above]), ValidityIndicator::Valid);
        let links = demo.values(&made, "Link");
        assert_eq!(links.len(), 2, "the private key that signed is no link of the certificate");
        assert!(links.contains(&link_value(LinkType::CertificateLink, &above)));
    }
}

#[test]
fn chain_of_cas_gets_shorter_with_each() {
    let world = World::new();
    let demo = world.demo();
    let (_, top) = root(&demo, "CN=top");
    let middle = pair(&demo, Algorithm::ECDSA, 256, CA);
    let key = rcgen::KeyPair::generate().unwrap();
    let mut asked = params("middle");
    asked.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Constrained(0));
    asked.key_usages = vec![rcgen::KeyUsagePurpose::KeyCertSign];
    let request = request(&key, asked);
    let public = register_public(&demo, &key);
    let fields = requested(CertificateRequestType::PKCS_10, &request);
    let wishes = template(vec![link(LinkType::CertificateLink, &top)]);
    let payload = [vec![uid(&public)], fields, vec![wishes]].concat();
    let made = demo.ok(Operation::Certify, payload);
    let constrained = made.text(Tag::UniqueIdentifier);
    let contents = read(&demo, &constrained).contents().unwrap();
    assert_eq!(contents.basic_constraints.unwrap().path_len_constraint, Some(0));
    let wishes = vec![subject("CN=middle"), link(LinkType::CertificateLink, &top)];
    let open = certify(&demo, &middle.public, wishes);
    let lowest = pair(&demo, Algorithm::ECDSA, 256, CA);
    let wishes = vec![subject("CN=low"), link(LinkType::CertificateLink, &open)];
    let low = certify(&demo, &lowest.public, wishes);
    assert_eq!(verdict(&demo, &[&top, &low, &open]), ValidityIndicator::Valid);
}

#[test]
fn key_must_be_the_issuers_be_active_and_be_for_certificates() {
    let world = World::new();
    let demo = world.demo();
    let (_, above) = root(&demo, "CN=root");
    let (stranger, _) = root(&demo, "CN=stranger");
    let leaf = pair(&demo, Algorithm::ECDSA, 256, Mask::Verify);
    let refused = |links: Vec<Item>| {
        let wishes = [vec![subject("CN=leaf")], links].concat();
        demo.fails(Operation::Certify, certify_of(&leaf.public, wishes))
    };
    let private = |id: &str| link(LinkType::PrivateKeyLink, id);
    let certificate = |id: &str| link(LinkType::CertificateLink, id);
    let foreign = vec![private(&stranger.private), certificate(&above)];
    assert_eq!(refused(foreign), Reason::InvalidField, "another's key");
    assert_eq!(refused(vec![private(&stranger.private)]), Reason::InvalidField, "no self-signing");
    let rsa = pair(&demo, Algorithm::RSA, 2_048, CA);
    assert_eq!(refused(vec![private(&rsa.private)]), Reason::InvalidField, "not even its kind");
    assert_eq!(refused(vec![private("nobody")]), Reason::ItemNotFound);
    assert_eq!(refused(vec![certificate("nobody")]), Reason::ItemNotFound);
    assert_eq!(refused(vec![private(&leaf.public)]), Reason::PermissionDenied, "a public key");
    assert_eq!(refused(vec![certificate(&leaf.public)]), Reason::PermissionDenied);
    let two = vec![certificate(&above), certificate(&above)];
    assert_eq!(refused(two), Reason::InvalidField);
    assert_eq!(refused(vec![link(LinkType::PublicKeyLink, "x")]), Reason::InvalidField);
    let end = certify(&demo, &leaf.public, vec![subject("CN=end")]);
    assert_eq!(refused(vec![certificate(&end)]), Reason::InvalidField, "no CA");
    let cessation = RevocationReasonCode::CessationOfOperation;
    demo.revoke(&above, cessation);
    assert_eq!(refused(vec![certificate(&above)]), Reason::PermissionDenied, "revoked");
    demo.revoke(&stranger.private, cessation);
    assert_eq!(refused(vec![private(&stranger.private)]), Reason::PermissionDenied, "not active");
    let common = vec![algorithm(Algorithm::ECDSA), length(256)];
    let signs = vec![mask(Mask::Sign), on(Kind::ActivationDate, 0)];
    let pair = create_pair(common, signs, Vec::new());
    let made = demo.ok(Operation::CreateKeyPair, pair);
    let signing = made.text(Tag::PrivateKeyUniqueIdentifier);
    assert_eq!(refused(vec![private(&signing)]), Reason::PermissionDenied, "not for certificates");
}

#[test]
fn issuer_of_another_scope_does_not_exist() {
    let world = World::new();
    let (demo, other) = (world.demo(), world.other());
    let (signer, above) = root(&other, "CN=other's");
    let leaf = pair(&demo, Algorithm::ECDSA, 256, Mask::Verify);
    let links =
        [link(LinkType::CertificateLink, &above), link(LinkType::PrivateKeyLink, &signer.private)];
    for named in links {
        let wishes = certify_of(&leaf.public, vec![subject("CN=leaf"), named]);
        assert_eq!(demo.fails(Operation::Certify, wishes), Reason::ItemNotFound);
    }
}

#[test]
fn authority_works_for_scopes_that_have_it_and_certifies_no_cas() {
    let world = World::new();
    let (demo, other) = (world.demo(), world.other());
    let own = pair(&other, Algorithm::ECDSA, 256, Mask::Verify);
    let refused = other.fails(Operation::Certify, certify_of(&own.public, vec![subject("CN=a")]));
    assert_eq!(refused, Reason::PermissionDenied);
    self_signed(&other, &own, Vec::new());
    let own = pair(&demo, Algorithm::ECDSA, 256, CA);
    let refused = demo.fails(Operation::Certify, certify_of(&own.public, vec![subject("CN=a")]));
    assert_eq!(refused, Reason::PermissionDenied, "a CA below the server's");
    certify(&demo, &own.public, vec![subject("CN=a"), mask(Mask::Verify)]);
}

#[test]
fn certificates_draw_on_the_signers_usage_limits() {
    let world = World::new();
    let demo = world.demo();
    let limits = vec![long(Tag::UsageLimitsTotal, 1), enumeration(Tag::UsageLimitsUnit, 2)];
    let private =
        vec![mask(Mask::CertificateSign), of_kind(Kind::UsageLimits, Value::Structure(limits))];
    let common = vec![algorithm(Algorithm::ECDSA), length(256), on(Kind::ActivationDate, 0)];
    let pair = create_pair(common, private, vec![mask(CA)]);
    let made = demo.ok(Operation::CreateKeyPair, pair);
    let half = |tag| made.text(tag);
    let own = Pair {
        private: half(Tag::PrivateKeyUniqueIdentifier),
        public: half(Tag::PublicKeyUniqueIdentifier),
    };
    self_signed(&demo, &own, Vec::new());
    let wishes = vec![subject("CN=self"), link(LinkType::PrivateKeyLink, &own.private)];
    let refused = demo.fails(Operation::Certify, certify_of(&own.public, wishes));
    assert_eq!(refused, Reason::PermissionDenied);
}
