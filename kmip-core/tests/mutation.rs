//! Random damage: nothing panics, and whatever decodes encodes stably.
#![allow(clippy::panic, clippy::print_stdout, clippy::unwrap_used)]

mod common;

use kmip_core::attribute::{Attribute, AttributeKind, Name};
use kmip_core::message::{RequestHeader, RequestItem, RequestMessage, ResponseMessage};
use kmip_core::object::{KeyBlock, KeyMaterial, KeyValue, Object, SymmetricKey};
use kmip_core::payload::{LocateRequest, RegisterRequest, RequestPayload};
use kmip_core::text::{json, xml};
use kmip_core::ttlv::{Item, Limits, dump, validate};
use kmip_core::types::{
    CryptographicAlgorithm, KeyFormatType, NameType, ObjectType, ProtocolVersion,
};

/// Mutations of each sample.
const ROUNDS: usize = 3000;

/// Marsaglia's xorshift: the same numbers on every run.
struct Xorshift(u64);

impl Xorshift {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(limit.max(1)).unwrap()).unwrap()
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }
}

/// Damages `bytes` in one to four places.
fn damage(bytes: &mut Vec<u8>, random: &mut Xorshift) {
    for _ in 0..=random.below(4) {
        if bytes.is_empty() {
            return;
        }
        let at = random.below(bytes.len());
        match random.below(7) {
            0 => bytes[at] ^= 1 << random.below(8),
            1 => bytes[at] = random.byte(),
            // Tags, types and lengths live at multiples of 8: aim there.
            2 => bytes[at / 8 * 8] = random.byte(),
            3 => {
                let near = [3, 4, 7, 15][random.below(4)];
                let last = bytes.len() - 1;
                bytes[(at / 8 * 8 + near).min(last)] = random.byte();
            }
            4 => bytes.truncate(at),
            5 => {
                let end = (at + 8 * (1 + random.below(4))).min(bytes.len());
                let piece = bytes[at..end].to_vec();
                let to = random.below(bytes.len());
                bytes.splice(to..to, piece);
            }
            _ => {
                let end = (at / 8 * 8 + 8).min(bytes.len());
                bytes.drain(at / 8 * 8..end);
            }
        }
    }
}

fn key() -> RegisterRequest {
    let name = Name { name_value: "key".into(), name_type: NameType::UninterpretedTextString };
    let block = KeyBlock {
        key_format_type: KeyFormatType::Raw,
        key_compression_type: None,
        key_value: Some(KeyValue::plain(KeyMaterial::Bytes(vec![7; 32].into()))),
        cryptographic_algorithm: Some(CryptographicAlgorithm::AES),
        cryptographic_length: Some(256),
        key_wrapping_data: None,
    };
    RegisterRequest {
        object_type: ObjectType::SymmetricKey,
        template_attribute: kmip_core::attribute::TemplateAttribute {
            names: vec![],
            attributes: vec![Attribute::new(AttributeKind::Name, &name)],
        },
        object: Object::SymmetricKey(SymmetricKey { key_block: block }),
    }
}

/// A batch of our own, so that there is something to damage without the corpus.
fn own_sample(version: ProtocolVersion) -> Vec<u8> {
    let locate = LocateRequest {
        maximum_items: Some(7),
        offset_items: None,
        storage_status_mask: None,
        object_group_member: None,
        attributes: vec![],
        template_attribute: None,
    };
    let payloads = [RequestPayload::Register(key()), RequestPayload::Locate(locate)];
    let items: Vec<RequestItem> = payloads.into_iter().map(RequestItem::new).collect();
    let header = RequestHeader {
        protocol_version: version,
        maximum_response_size: Some(4096),
        client_correlation_value: None,
        server_correlation_value: None,
        asynchronous_indicator: None,
        attestation_capable_indicator: None,
        attestation_types: vec![],
        authentication: None,
        batch_error_continuation_option: None,
        batch_order_option: Some(true),
        time_stamp: None,
        batch_count: i32::try_from(items.len()).unwrap(),
    };
    RequestMessage { header, items }.encode()
}

fn samples() -> Vec<Vec<u8>> {
    let newer = ProtocolVersion { major: 1, minor: 9 };
    let mut samples: Vec<_> =
        [ProtocolVersion::V1_0, ProtocolVersion::V1_4, newer].map(own_sample).into();
    match std::fs::read_to_string(common::corpus().join("ttlv_vectors.json")) {
        Err(_) => common::skipped("vectors"),
        Ok(text) => {
            let list: serde_json::Value = serde_json::from_str(&text).unwrap();
            let hex = list.as_array().unwrap().iter().map(|vector| vector["hex"].as_str().unwrap());
            samples.extend(hex.map(|digits| hex::decode(digits).unwrap()));
        }
    }
    samples
}

/// What decodes, encodes to something that decodes to itself.
fn check_stable(bytes: &[u8]) -> bool {
    let limits = Limits::default();
    let sound = validate(bytes, &limits).is_ok();
    let _ = dump(bytes);
    if let Ok(tree) = Item::from_bytes(bytes) {
        assert_eq!(Item::from_bytes(&tree.to_bytes()), Ok(tree));
        assert!(sound, "validate refuses what the tree reads: {}", hex::encode(bytes));
    }
    if let Ok(request) = RequestMessage::decode(bytes, &limits) {
        let once = request.encode();
        if request.items.iter().all(|item| matches!(item.payload, Ok(Some(_)))) {
            let again = RequestMessage::decode(&once, &limits);
            assert_eq!(again.map(|message| message.encode()), Ok(once));
            return true;
        }
    }
    if let Ok(response) = ResponseMessage::decode(bytes, &limits) {
        let once = response.encode();
        assert_eq!(ResponseMessage::decode(&once, &limits).map(|m| m.encode()), Ok(once));
        return true;
    }
    false
}

#[test]
fn damaged_messages_never_panic_and_encode_stably() {
    let mut random = Xorshift(0x9E37_79B9_7F4A_7C15);
    let (mut tried, mut readable) = (0, 0);
    for sample in samples() {
        for _ in 0..ROUNDS {
            let mut bytes = sample.clone();
            damage(&mut bytes, &mut random);
            tried += 1;
            readable += usize::from(check_stable(&bytes));
        }
    }
    println!("{tried} damaged messages, {readable} of them still messages");
    assert!(readable > tried / 50, "the damage is too coarse to test anything");
}

#[test]
fn damaged_texts_never_panic() {
    let limits = Limits::default();
    let mut random = Xorshift(0xD1B5_4A32_D192_ED03);
    for sample in samples() {
        let Ok(tree) = Item::from_bytes(&sample) else { continue };
        for text in [xml::to_xml(&tree), json::to_json(&tree)] {
            for _ in 0..ROUNDS / 5 {
                let mut bytes = text.as_bytes().to_vec();
                damage(&mut bytes, &mut random);
                let damaged = String::from_utf8_lossy(&bytes);
                for read in [xml::from_xml(&damaged, &limits), json::from_json(&damaged, &limits)] {
                    let Ok(tree) = read else { continue };
                    assert_eq!(Item::from_bytes(&tree.to_bytes()), Ok(tree));
                }
            }
        }
    }
}
