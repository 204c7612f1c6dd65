//! Keys of every kind, from every source, for every wish of the client.

use std::fmt::{self, Display, Formatter};

use kmip_core::attribute::{Attribute, AttributeKind as Kind};
use kmip_core::payload::{CreateKeyPairRequest, CreateRequest};
use kmip_core::ttlv::Value;
use kmip_core::types::{
    CryptographicAlgorithm as Algorithm, CryptographicUsageMask as Mask, ObjectType,
};
use server::client::{Client, template};
use softhsm_tests::keys;
use softhsm_tests::material::{PrivateKind, random};
use softhsm_tests::requests::{self, Id, active_at_once};

/// Sensitive and Extractable, as a client may want them.
pub(crate) const WISHES: [(bool, bool); 4] =
    [(false, true), (true, true), (false, false), (true, false)];
/// Secret keys with their lengths in bits. A shorter HMAC key is one that SoftHSM2 has with zeros
/// behind it, and does not wrap if it is sensitive.
const SECRETS: [(Algorithm, i32); 2] = [(Algorithm::AES, 256), (Algorithm::HMAC_SHA512, 512)];
/// Private keys, with their length where that is what makes them.
const PRIVATES: [(PrivateKind, i32); 4] = [
    (PrivateKind::Rsa2048, 2048),
    (PrivateKind::P256, 256),
    (PrivateKind::P384, 384),
    (PrivateKind::Ed25519, 256),
];

/// What a row, or the policy, says of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "that is what the attributes are")]
pub(crate) struct Exposure {
    pub(crate) sensitive: bool,
    pub(crate) always_sensitive: bool,
    pub(crate) extractable: bool,
    pub(crate) never_extractable: bool,
}

impl Exposure {
    /// That of a key from its first moment.
    pub(crate) const fn at_birth(sensitive: bool, extractable: bool) -> Self {
        let (always_sensitive, never_extractable) = (sensitive, !extractable);
        Self { sensitive, always_sensitive, extractable, never_extractable }
    }

    /// What GetAttributes says.
    pub(crate) fn of(client: &mut Client, id: &Id) -> Self {
        const KINDS: [Kind; 4] =
            [Kind::Sensitive, Kind::AlwaysSensitive, Kind::Extractable, Kind::NeverExtractable];
        let answer = client.call(requests::get_attributes(id, &KINDS)).unwrap();
        let flag = |kind: Kind| {
            let mut found =
                answer.attributes.iter().filter(|found| found.name.kind() == Some(kind));
            match found.next().map(|attribute| &attribute.value) {
                Some(Value::Boolean(flag)) => *flag,
                other => panic!("{kind:?}: {other:?}"),
            }
        };
        let [sensitive, always_sensitive, extractable, never_extractable] = KINDS.map(flag);
        Self { sensitive, always_sensitive, extractable, never_extractable }
    }
}

/// A key and where it comes from.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) id: Id,
    what: String,
    pub(crate) registered: bool,
    pub(crate) secret: bool,
}

impl Display for Case {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let source = if self.registered { "registered" } else { "generated" };
        write!(f, "{} {source}", self.what)
    }
}

/// One key of each kind and source, with these attributes beside the usual.
pub(crate) fn make(client: &mut Client, more: &[Attribute]) -> Vec<Case> {
    let mut cases = Vec::new();
    for (algorithm, bits) in SECRETS {
        let generated = create(client, algorithm, bits, more);
        let value = random(usize::try_from(bits / 8).unwrap());
        let request = keys::secret(algorithm, &value, mask_of(algorithm));
        let registered = client.call(keys::with(request, more)).unwrap().unique_identifier;
        for (id, registered) in [(generated, false), (registered, true)] {
            cases.push(Case { id, what: format!("{algorithm:?}"), registered, secret: true });
        }
    }
    for (kind, bits) in PRIVATES {
        let generated = create_pair(client, kind, bits, more);
        let request = keys::private(kind.algorithm(), &kind.generate(), Mask::Sign);
        let registered = client.call(keys::with(request, more)).unwrap().unique_identifier;
        for (id, registered) in [(generated, false), (registered, true)] {
            cases.push(Case { id, what: format!("{kind:?}"), registered, secret: false });
        }
    }
    cases
}

/// A key that wraps others.
pub(crate) fn wrapping_key(client: &mut Client) -> Id {
    let request = keys::secret(Algorithm::AES, &random(32), Mask::WrapKey);
    client.call(request).unwrap().unique_identifier
}

fn mask_of(algorithm: Algorithm) -> Mask {
    match algorithm {
        Algorithm::AES => Mask::Encrypt.union(Mask::Decrypt),
        _ => Mask::MACGenerate.union(Mask::MACVerify),
    }
}

fn create(client: &mut Client, algorithm: Algorithm, bits: i32, more: &[Attribute]) -> Id {
    let mut attributes = template::key(algorithm, bits, mask_of(algorithm));
    attributes.push(active_at_once());
    attributes.extend_from_slice(more);
    let template_attribute = template::template(attributes);
    let create = CreateRequest { object_type: ObjectType::SymmetricKey, template_attribute };
    client.call(create).unwrap().unique_identifier
}

fn create_pair(client: &mut Client, kind: PrivateKind, bits: i32, more: &[Attribute]) -> Id {
    let half = vec![template::mask(Mask::Sign), active_at_once()];
    let request = CreateKeyPairRequest {
        private_key_template_attribute: Some(template::template([half, more.to_vec()].concat())),
        ..requests::create_pair(kind.algorithm(), bits, &[])
    };
    client.call(request).unwrap().private_key_unique_identifier
}
