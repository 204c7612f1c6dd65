//! What conformance cases expect to find on a server, and no case makes.

use kmip_core::attribute::{Attribute, AttributeKind, Name, UniqueIdentifier};
use kmip_core::object::{KeyBlock, KeyMaterial, KeyValue, Object, SecretData};
use kmip_core::payload::RegisterRequest;
use kmip_core::types::{
    CryptographicAlgorithm, CryptographicUsageMask as Mask, KeyFormatType, NameType, ObjectType,
    SecretDataType,
};
use server::client::{Client, Ready, template};

use crate::requests;

/// The key that TC-151 of 1.1 and of 1.2 find fresh in the group "default", and destroy.
const FRESH_KEY: &str = "7fe09d434868ae14a0021ac19330f8d9226790d680e519f8ac25f42d72f60f0c";

/// The pad of TC-OTP-SETUP-1 of 1.3, which 1.4 does not print.
const PAD: &str = "fc932e1428bd";

/// What there is before the first case.
///
/// # Panics
///
/// If the server refuses it.
pub fn before_all(ready: &Ready) {
    let mut client = Client::connect(&ready.client()).unwrap();
    let group = Attribute::new(AttributeKind::ObjectGroup, &"default".to_owned());
    let key = hex::decode(FRESH_KEY).unwrap();
    for _ in 0..2 {
        client.call(requests::register_aes(&key, std::slice::from_ref(&group))).unwrap();
    }
}

/// Makes the object that the case `name` begins with; to be destroyed after it.
///
/// # Panics
///
/// If the server refuses it, or the case is none that has such an object.
#[must_use]
pub fn before(ready: &Ready, name: &str) -> UniqueIdentifier {
    let pad = hex::decode(PAD).unwrap();
    let pad = match name.trim_end_matches("-14") {
        "TC-OTP-1" | "TC-OTP-2" | "TC-OTP-4" => Some(pad),
        // It is stored elsewhere.
        "TC-OTP-3" => None,
        // Two messages as long as those of the others.
        "TC-OTP-5" => Some(pad.repeat(2)),
        _ => panic!("nobody knows what {name} expects to find"),
    };
    let mut client = Client::connect(&ready.client()).unwrap();
    client.call(register_pad(pad)).unwrap().unique_identifier
}

/// Destroys what [`before`] made, if the case has not.
///
/// # Panics
///
/// If the server is not there.
pub fn after(ready: &Ready, made: &UniqueIdentifier) {
    let mut client = Client::connect(&ready.client()).unwrap();
    // Either may be refused: a case may have done it.
    let _ = client.call(requests::revoke(made));
    let _ = client.call(requests::destroy(made));
}

fn register_pad(pad: Option<Vec<u8>>) -> RegisterRequest {
    let name = Name {
        name_value: "one-time-pad-1".to_owned(),
        name_type: NameType::UninterpretedTextString,
    };
    let usage = Mask::Encrypt.union(Mask::Decrypt);
    let bits = pad.as_ref().map(|pad| i32::try_from(pad.len() * 8).unwrap());
    let mut attributes = vec![
        Attribute::new(AttributeKind::CryptographicUsageMask, &usage),
        Attribute::new(AttributeKind::CryptographicAlgorithm, &CryptographicAlgorithm::OneTimePad),
        Attribute::new(AttributeKind::Name, &name),
        requests::active_at_once(),
    ];
    let length = |bits: &i32| Attribute::new(AttributeKind::CryptographicLength, bits);
    attributes.extend(bits.as_ref().map(length));
    let key_block = KeyBlock {
        key_format_type: KeyFormatType::Opaque,
        key_compression_type: None,
        key_value: pad.map(|pad| KeyValue::plain(KeyMaterial::Bytes(pad.into()))),
        cryptographic_algorithm: None,
        cryptographic_length: None,
        key_wrapping_data: None,
    };
    let secret = SecretData { secret_data_type: SecretDataType::Password, key_block };
    RegisterRequest {
        object_type: ObjectType::SecretData,
        template_attribute: template::template(attributes),
        object: Object::SecretData(secret),
    }
}
