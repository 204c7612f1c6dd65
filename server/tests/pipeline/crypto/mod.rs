//! Every algorithm against known answers, and every parameter that cannot be honoured refused.

mod aes;
mod asymmetric;
mod constructed;
mod eddsa;
mod effects;
mod mac;
mod one_time_pad;
mod parameters;
mod refusals;
mod rng;
mod streams;
mod xts;

use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::ttlv::Item;
use kmip_core::types::{CryptographicUsageMask as Mask, HashingAlgorithm, ObjectType, Tag};

use crate::support::ask::{mask, on};
use crate::support::tree::enumeration;
use crate::support::{Client, keys};

/// All uses, and Active.
fn usable() -> Vec<Item> {
    vec![mask(Mask(0x1FF)), on(Kind::ActivationDate, 0)]
}

fn aes_key(client: &Client<'_>) -> String {
    client.register(ObjectType::SymmetricKey, usable(), keys::aes_key())
}

/// The RSA key pair of the known answers.
fn rsa_pair(client: &Client<'_>) -> (String, String) {
    (
        client.register(ObjectType::PrivateKey, usable(), keys::rsa_private()),
        client.register(ObjectType::PublicKey, usable(), keys::rsa_public()),
    )
}

fn hash(algorithm: HashingAlgorithm) -> Item {
    enumeration(Tag::HashingAlgorithm, algorithm.0)
}
