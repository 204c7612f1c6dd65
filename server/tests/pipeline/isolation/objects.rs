//! Objects of every kind in every state.

use std::sync::atomic::{AtomicUsize, Ordering};

use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::ttlv::{Item, Value};
use kmip_core::types::{
    CryptographicAlgorithm, CryptographicUsageMask as Mask, ObjectType, Operation,
    RevocationReasonCode as Why, SplitKeyMethod, Tag, UsageLimitsUnit,
};

use crate::support::ask::{
    CRYPT, algorithm, create_pair, custom, length, mask, name, of_kind, uid,
};
use crate::support::secrets::split;
use crate::support::tree::{Read, enumeration, long, structure};
use crate::support::{Client, keys};

/// A state, and the way there from the making of an object.
#[derive(Clone, Copy)]
pub(super) struct State {
    pub(super) name: &'static str,
    way: &'static [Step],
}

#[derive(Clone, Copy)]
enum Step {
    Activate,
    Revoke(Why),
    Destroy,
    Archive,
}

pub(super) const STATES: [State; 7] = [
    State { name: "Pre-Active", way: &[] },
    State { name: "Active", way: &[Step::Activate] },
    State { name: "Deactivated", way: &[Step::Activate, Step::Revoke(Why::CessationOfOperation)] },
    State { name: "Compromised", way: &[Step::Activate, Step::Revoke(Why::KeyCompromise)] },
    State { name: "Destroyed", way: &[Step::Destroy] },
    State {
        name: "Destroyed Compromised",
        way: &[Step::Revoke(Why::KeyCompromise), Step::Destroy],
    },
    State { name: "archived", way: &[Step::Archive] },
];

/// A kind of object, and how one is made.
#[derive(Clone, Copy)]
pub(super) struct ObjectKind {
    make: fn(&Client<'_>) -> String,
    /// Whether it has a life cycle.
    has_state: bool,
    /// Whether anything is left of it when it is destroyed.
    leaves_remains: bool,
}

const fn living(make: fn(&Client<'_>) -> String) -> ObjectKind {
    ObjectKind { make, has_state: true, leaves_remains: true }
}

pub(super) const KINDS: [ObjectKind; 11] = [
    living(hmac),
    living(half),
    living(|client| client.register(ObjectType::SymmetricKey, own(), keys::aes_key())),
    living(|client| client.register(ObjectType::PrivateKey, own(), keys::rsa_private())),
    living(|client| client.register(ObjectType::PublicKey, own(), keys::rsa_public())),
    living(|client| client.register(ObjectType::Certificate, own(), keys::certificate())),
    living(|client| client.register(ObjectType::SecretData, own(), keys::secret(b"s"))),
    living(part),
    living(|client| client.register(ObjectType::PGPKey, own(), keys::pgp(4))),
    ObjectKind { make: opaque, has_state: false, leaves_remains: true },
    ObjectKind { make: registered_template, has_state: false, leaves_remains: false },
];

fn hmac(client: &Client<'_>) -> String {
    let limits = vec![
        long(Tag::UsageLimitsTotal, 1_000_000),
        enumeration(Tag::UsageLimitsUnit, UsageLimitsUnit::Byte.0),
    ];
    let limits = of_kind(Kind::UsageLimits, Value::Structure(limits));
    let key = keys::raw(CryptographicAlgorithm::HMAC_SHA256, &[7; 32]);
    client.register(ObjectType::SymmetricKey, [own(), vec![limits]].concat(), key)
}

/// The private half of a pair that the token made.
fn half(client: &Client<'_>) -> String {
    let ec = vec![algorithm(CryptographicAlgorithm::ECDSA), length(256), custom("x-own", "1")];
    let uses = mask(Mask::Sign.union(Mask::CertificateSign));
    let payload = create_pair(ec, vec![uses], vec![mask(Mask::Verify)]);
    client.ok(Operation::CreateKeyPair, payload).text(Tag::PrivateKeyUniqueIdentifier)
}

/// Every use but those of a CA, whose keys the server's own CA does not certify.
fn own() -> Vec<Item> {
    let all = Mask(0x1FFF & !Mask::CertificateSign.0 & !Mask::CRLSign.0);
    vec![custom("x-own", "1"), mask(all)]
}

fn part(client: &Client<'_>) -> String {
    let wish = vec![algorithm(CryptographicAlgorithm::AES), length(128), mask(CRYPT)];
    let wish = [wish, vec![custom("x-own", "1")]].concat();
    let payload = split(None, (2, 2), SplitKeyMethod::XOR, None, wish);
    client.ok(Operation::CreateSplitKey, payload).texts(Tag::UniqueIdentifier).remove(0)
}

fn opaque(client: &Client<'_>) -> String {
    client.register(ObjectType::OpaqueObject, vec![custom("x-own", "1")], keys::opaque(b"o"))
}

fn registered_template(client: &Client<'_>) -> String {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let called = vec![name(&format!("template {number}")), custom("x-own", "1")];
    let group = of_kind(Kind::ObjectGroup, Value::TextString("group".to_owned()));
    client.register(ObjectType::Template, called, structure(Tag::Template, vec![group]))
}

/// Makes an object of this kind in this state; none where the kind has no such state.
pub(super) fn make(client: &Client<'_>, kind: ObjectKind, state: State) -> Option<String> {
    let is_possible = |step: &Step| match step {
        Step::Activate | Step::Revoke(_) => kind.has_state,
        Step::Destroy => kind.leaves_remains,
        Step::Archive => true,
    };
    if !state.way.iter().all(is_possible) {
        return None;
    }
    let id = (kind.make)(client);
    for step in state.way {
        match step {
            Step::Activate => client.activate(&id),
            Step::Revoke(why) => client.revoke(&id, *why),
            Step::Destroy => client.destroy(&id),
            Step::Archive => drop(client.ok(Operation::Archive, vec![uid(&id)])),
        }
    }
    Some(id)
}
