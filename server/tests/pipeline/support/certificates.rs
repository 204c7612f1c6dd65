//! Certificates: requests for them, and what comes back.

use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::ttlv::{Item, Value};
use kmip_core::types::{
    CertificateRequestType, CertificateType, CryptographicAlgorithm as Algorithm,
    CryptographicUsageMask as Mask, KeyFormatType, LinkType, ObjectType, Operation, Tag,
    ValidityIndicator,
};
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PublicKeyData};
use server::ca::ReadCertificate;

use super::ask::{algorithm, create_pair, length, mask, of_kind, on, template, uid};
use super::tree::{Read, bytes, date, enumeration, structure, text};
use super::{Client, START, keys};

/// Certificate Type X.509.
pub(crate) fn x509() -> Item {
    of_kind(Kind::CertificateType, Value::Enumeration(CertificateType::X_509.0))
}

/// A Link attribute.
pub(crate) fn link(link_type: LinkType, to: &str) -> Item {
    of_kind(Kind::Link, link_value(link_type, to))
}

pub(crate) fn link_value(link_type: LinkType, to: &str) -> Value {
    Value::Structure(vec![
        enumeration(Tag::LinkType, link_type.0),
        text(Tag::LinkedObjectIdentifier, to),
    ])
}

/// Certificate Subject.
pub(crate) fn subject(name: &str) -> Item {
    let name = text(Tag::CertificateSubjectDistinguishedName, name);
    of_kind(Kind::CertificateSubject, Value::Structure(vec![name]))
}

/// What a request of `rcgen` says when it says nothing but a common name and a DNS name.
pub(crate) fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

/// A PKCS#10 request in DER.
pub(crate) fn request(key: &KeyPair, params: CertificateParams) -> Vec<u8> {
    params.serialize_request(key).unwrap().der().to_vec()
}

/// The fields of a request in a Certify.
pub(crate) fn requested(request_type: CertificateRequestType, request: &[u8]) -> Vec<Item> {
    vec![
        enumeration(Tag::CertificateRequestType, request_type.0),
        bytes(Tag::CertificateRequest, request),
    ]
}

/// Registers the public half of a key that is not here.
#[track_caller]
pub(crate) fn register_public(client: &Client<'_>, key: &KeyPair) -> String {
    let info =
        keys::key(ObjectType::PublicKey, KeyFormatType::X_509, &key.subject_public_key_info());
    client.register(ObjectType::PublicKey, vec![mask(Mask::Verify)], info)
}

/// A pair in the token: private half, public half.
pub(crate) struct Pair {
    pub(crate) private: String,
    pub(crate) public: String,
}

/// A pair whose private half may sign certificates, and whose public half has `uses`.
#[track_caller]
pub(crate) fn pair(client: &Client<'_>, kind: Algorithm, bits: i32, uses: Mask) -> Pair {
    let mut common = vec![algorithm(kind), on(Kind::ActivationDate, START)];
    common.extend((bits != 0).then(|| length(bits)));
    let private = vec![mask(Mask::CertificateSign)];
    let answer =
        client.ok(Operation::CreateKeyPair, create_pair(common, private, vec![mask(uses)]));
    let half = |tag| answer.text(tag);
    Pair {
        private: half(Tag::PrivateKeyUniqueIdentifier),
        public: half(Tag::PublicKeyUniqueIdentifier),
    }
}

/// What a public key is for whose private half signs certificates.
pub(crate) const CA: Mask = Mask::CertificateSign.union(Mask::CRLSign).union(Mask::Verify);

/// A Certify of an X.509 certificate without a request.
pub(crate) fn certify_of(public: &str, attributes: Vec<Item>) -> Vec<Item> {
    vec![uid(public), template([vec![x509()], attributes].concat())]
}

#[track_caller]
pub(crate) fn certify(client: &Client<'_>, public: &str, attributes: Vec<Item>) -> String {
    let answer = client.ok(Operation::Certify, certify_of(public, attributes));
    answer.text(Tag::UniqueIdentifier)
}

/// A CA of the client's own, with a certificate that it has signed itself.
#[track_caller]
pub(crate) fn root(client: &Client<'_>, name: &str) -> (Pair, String) {
    let own = pair(client, Algorithm::ECDSA, 256, CA);
    let wishes = vec![subject(name), link(LinkType::PrivateKeyLink, &own.private)];
    let certificate = certify(client, &own.public, wishes);
    (own, certificate)
}

/// A certificate as a Get gives it.
#[track_caller]
pub(crate) fn read(client: &Client<'_>, certificate: &str) -> ReadCertificate {
    let answer = client.ok(Operation::Get, vec![uid(certificate)]);
    let value = answer.at(&[Tag::Certificate, Tag::CertificateValue]).as_bytes();
    ReadCertificate::read(&value).unwrap()
}

/// A certificate as it is sent.
pub(crate) fn sent(der: &[u8]) -> Item {
    let kind = enumeration(Tag::CertificateType, CertificateType::X_509.0);
    structure(Tag::Certificate, vec![kind, bytes(Tag::CertificateValue, der)])
}

/// The verdict on a chain of objects, now.
#[track_caller]
pub(crate) fn verdict(client: &Client<'_>, chain: &[&str]) -> ValidityIndicator {
    judged(client, chain.iter().map(|id| uid(id)).collect())
}

/// The verdict on a chain of objects at some time.
#[track_caller]
pub(crate) fn verdict_at(client: &Client<'_>, chain: &[&str], at: i64) -> ValidityIndicator {
    let mut fields: Vec<Item> = chain.iter().map(|id| uid(id)).collect();
    fields.push(date(Tag::ValidityDate, at));
    judged(client, fields)
}

#[track_caller]
pub(crate) fn judged(client: &Client<'_>, fields: Vec<Item>) -> ValidityIndicator {
    let answer = client.ok(Operation::Validate, fields);
    ValidityIndicator(answer.get(Tag::ValidityIndicator).as_number())
}
