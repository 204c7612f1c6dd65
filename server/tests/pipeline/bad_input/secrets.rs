//! What the client is told holds none of what it must not know.

use kmip_core::types::{BlockCipherMode, ObjectType, Operation, Tag};

use crate::support::World;
use crate::support::ask::{data, mask, plain_mode, register, uid};
use crate::support::{keys, vectors};
use kmip_core::types::{CryptographicUsageMask as Mask, KeyFormatType};

/// Whether `needle` stands in `hay`.
fn holds(hay: &[u8], needle: &[u8]) -> bool {
    hay.windows(needle.len()).any(|window| window == needle)
}

#[test]
fn failures_do_not_repeat_secrets_or_inner_texts() {
    let world = World::new();
    let demo = world.demo();
    let mut broken = keys::hex(vectors::RSA_PKCS1);
    broken.truncate(600);
    let secret = broken[100..140].to_vec();
    let object = keys::key(ObjectType::PrivateKey, KeyFormatType::PKCS_1, &broken);
    let payload = register(ObjectType::PrivateKey, vec![mask(Mask::Sign)], object);
    let request = demo.request().item(Operation::Register, payload);
    let answer = demo.raw(&request.bytes());
    assert!(!holds(&answer, &secret));
    let key = demo.active(Vec::new());
    let partial = vec![uid(&key), plain_mode(BlockCipherMode::ECB), data(b"plaintext here")];
    let request = demo.request().item(Operation::Encrypt, partial);
    let answer = demo.raw(&request.bytes());
    for inner in [b"plaintext".as_slice(), b"CKR", b"C_Encrypt", b"SQL", b"0x"] {
        assert!(!holds(&answer, inner));
    }
    assert!(holds(&answer, &Tag::ResultMessage.0.to_be_bytes()[1..]));
}
