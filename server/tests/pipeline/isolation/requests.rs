//! Every way in which a request names an object.

use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::ttlv::{Item, Value};
use kmip_core::types::{
    BlockCipherMode as Mode, CryptographicAlgorithm, CryptographicUsageMask as Mask,
    DerivationMethod, EncodingOption, HashingAlgorithm, KeyFormatType as Format, LinkType,
    ObjectType, Operation, Tag, WrappingMethod,
};
use server::operation::SERVED;

use crate::scopes::about;
use crate::support::ask::{
    CRYPT, custom, import, length, mask, mode, of_kind, on, parameters, register, uid,
};
use crate::support::certificates::{certify_of, link, subject};
use crate::support::secrets::derive;
use crate::support::tree::{bytes, enumeration, integer, structure};
use crate::support::{Client, keys};

/// The fields of a payload that names this object.
type Payload = dyn Fn(&str) -> Vec<Item>;

/// A way to name an object.
pub(super) struct Way {
    /// How it is called in the document: the operation, and in what part the object is named.
    pub(super) name: String,
    pub(super) operation: Operation,
    payload: Box<Payload>,
}

impl Way {
    fn new(
        part: &str,
        operation: Operation,
        payload: impl Fn(&str) -> Vec<Item> + 'static,
    ) -> Self {
        let name = format!("{operation:?}{part}");
        Self { name, operation, payload: Box::new(payload) }
    }

    /// The payload that names `id`.
    pub(super) fn payload(&self, id: &str) -> Vec<Item> {
        (self.payload)(id)
    }
}

/// Objects of the asker's own, under the same identifiers in each scope and each server.
pub(super) const OWN: &str = "own-key";
const OWN_PUBLIC: &str = "own-public";
const OWN_CERTIFICATE: &str = "own-certificate";
const OWN_SECRET: &str = "own-secret";

/// Gives the client what some of the ways need besides the object they are about.
pub(super) fn equip(client: &Client<'_>) {
    let uses = mask(CRYPT.union(Mask::DeriveKey).union(Mask::Verify));
    let attributes = vec![uses, on(Kind::ActivationDate, 0), custom("x-own", "1")];
    for (id, object) in [
        (OWN, keys::aes_key()),
        (OWN_PUBLIC, keys::rsa_public()),
        (OWN_CERTIFICATE, keys::certificate()),
        (OWN_SECRET, keys::secret(b"more data")),
    ] {
        client.ok(Operation::Import, import(id, false, attributes.clone(), object));
    }
}

/// Every way, those last that leave something under the identifier.
pub(super) fn ways() -> Vec<Way> {
    let direct = SERVED.iter().map(|entry| entry.operation);
    let direct = direct.filter(|operation| about(*operation, "").is_some());
    let payload = |operation| move |id: &str| about(operation, id).unwrap_or_default();
    let mut ways: Vec<_> =
        direct.map(|operation| Way::new("", operation, payload(operation))).collect();
    ways.extend([
        Way::new(", wrapped by it", Operation::Get, |id| vec![uid(OWN), wrapping_by(id)]),
        Way::new(", wrapped by it", Operation::Export, |id| vec![uid(OWN), wrapping_by(id)]),
        Way::new(", wrapped by it", Operation::Register, |id| {
            register(ObjectType::SymmetricKey, vec![mask(CRYPT)], wrapped(id))
        }),
        Way::new(", from it and another", Operation::DeriveKey, |id| {
            let hash = enumeration(Tag::HashingAlgorithm, HashingAlgorithm::SHA_256.0);
            let fields = vec![parameters(vec![hash])];
            let kind = ObjectType::SecretData;
            derive(kind, &[id, OWN_SECRET], DerivationMethod::HMAC, fields, vec![length(128)])
        }),
        Way::new(", its holder named", Operation::Certify, |id| {
            certify_of(id, vec![subject("CN=x")])
        }),
        Way::new(", signed by it", Operation::Certify, |id| {
            certify_of(OWN_PUBLIC, vec![subject("CN=x"), link(LinkType::PrivateKeyLink, id)])
        }),
        Way::new(", with it in the chain", Operation::Validate, |id| {
            vec![uid(OWN_CERTIFICATE), uid(id)]
        }),
        Way::new(", by identifier", Operation::Locate, |id| {
            vec![of_kind(Kind::UniqueIdentifier, Value::TextString(id.to_owned()))]
        }),
        Way::new(", by a Link to it", Operation::Locate, |id| vec![link(LinkType::ParentLink, id)]),
        Way::new(", a Link to it", Operation::AddAttribute, |id| {
            vec![uid(OWN), link(LinkType::ParentLink, id)]
        }),
        Way::new(", under its identifier", Operation::Import, |id| {
            import(id, false, vec![mask(CRYPT)], keys::aes_key())
        }),
        Way::new(", in its place", Operation::Import, |id| {
            import(id, true, vec![mask(CRYPT)], keys::aes_key())
        }),
    ]);
    ways
}

fn encryption_by(id: &str, encoding: EncodingOption) -> Vec<Item> {
    let information = vec![uid(id), parameters(vec![mode(Mode::NISTKeyWrap)])];
    vec![
        enumeration(Tag::WrappingMethod, WrappingMethod::Encrypt.0),
        structure(Tag::EncryptionKeyInformation, information),
        enumeration(Tag::EncodingOption, encoding.0),
    ]
}

fn wrapping_by(id: &str) -> Item {
    let fields = encryption_by(id, EncodingOption::NoEncoding);
    structure(Tag::KeyWrappingSpecification, fields)
}

/// A key that came wrapped.
fn wrapped(id: &str) -> Item {
    let block = vec![
        enumeration(Tag::KeyFormatType, Format::Raw.0),
        bytes(Tag::KeyValue, &[7; 24]),
        enumeration(Tag::CryptographicAlgorithm, CryptographicAlgorithm::AES.0),
        integer(Tag::CryptographicLength, 128),
        structure(Tag::KeyWrappingData, encryption_by(id, EncodingOption::NoEncoding)),
    ];
    structure(Tag::SymmetricKey, vec![structure(Tag::KeyBlock, block)])
}
