//! The requests that make the demo's keys.

use kmip_core::attribute::{Attribute, AttributeKind};
use kmip_core::payload::CreateRequest;
use kmip_core::types::{CryptographicAlgorithm, CryptographicUsageMask, ObjectType};

use crate::client::template::{key, name, template};

fn symmetric(attributes: Vec<Attribute>) -> CreateRequest {
    CreateRequest {
        object_type: ObjectType::SymmetricKey,
        template_attribute: template(attributes),
    }
}

/// An AES-256 key that encrypts and decrypts.
pub(super) fn aes(called: &str) -> CreateRequest {
    let usage = CryptographicUsageMask::Encrypt.union(CryptographicUsageMask::Decrypt);
    let mut attributes = key(CryptographicAlgorithm::AES, 256, usage);
    attributes.push(name(called));
    symmetric(attributes)
}

/// The same, but its value must never leave the token.
pub(super) fn locked_aes(called: &str) -> CreateRequest {
    let mut request = aes(called);
    let extractable = Attribute::new(AttributeKind::Extractable, &false);
    request.template_attribute.attributes.push(extractable);
    request
}

/// A key for HMAC-SHA256.
pub(super) fn hmac(called: &str) -> CreateRequest {
    let usage = CryptographicUsageMask::MACGenerate.union(CryptographicUsageMask::MACVerify);
    let mut attributes = key(CryptographicAlgorithm::HMAC_SHA256, 256, usage);
    attributes.push(name(called));
    symmetric(attributes)
}
