//! Couchbase Server 8: KMIP 1.4, read by a decoder that takes the specification's fields and no others.

use kmip_core::attribute::CryptographicParameters;
use kmip_core::ttlv::Item;
use kmip_core::types::{
    BlockCipherMode, CryptographicAlgorithm, KeyFormatType, ObjectType, Operation, PaddingMethod,
    ProtocolVersion, ResultReason, Tag,
};
use server::client::template::NO_PARAMETERS;

use crate::client::{Client, Version};
use crate::ground::Ground;
use crate::replay::answer::blob;
use crate::replay::items::{aes, bytes, item, kind, symmetric_key, template, uid};
use crate::replay::{Line, Manner, Payload, Refusal, Way};

/// Its row.
pub(crate) const CLIENT: Client = Client {
    id: "couchbase",
    name: "Couchbase Server",
    version: || Version::Replayed("8"),
    use_case: "encryption at rest",
    needs: "nothing; `export=true` for its approach `use_get`",
    tests: &[("guide", guide)],
};

const AAD: &[u8] = b"couchbase bucket key 7";
const DATA_KEY: &[u8] = &[0x42; 32];
const IV_BYTES: usize = 12;
const TAG_BYTES: usize = 16;

/// It connects anew for each request.
struct Node(Way);

impl Node {
    fn line(&self) -> Line {
        Line::open(&self.0, &Manner::plain(ProtocolVersion::V1_4))
    }

    fn ask(&self, operation: Operation, payload: Vec<Item>) -> Payload {
        self.line().ask(operation, payload)
    }

    fn refused(&self, operation: Operation, payload: Vec<Item>) -> Refusal {
        self.line().refused(operation, payload)
    }
}

fn guide() {
    let ground = Ground::new(CLIENT.id, &[]);
    ground.follow_guide();
    let way = |folder| Way::of(&ground, folder).naming("localhost");
    let key = std::fs::read_to_string(ground.folder().join("key-id")).unwrap();
    let key = key.trim();
    encrypts_and_decrypts(&Node(way("couchbase")), key);

    // The value leaves for a role that may export, and no other.
    let raw = vec![uid(key), item(Tag::KeyFormatType, &KeyFormatType::Raw)];
    let refusal = Node(way("couchbase")).refused(Operation::Get, raw);
    assert_eq!(refusal.reason, ResultReason::NotExtractable);
    takes_the_key(&Node(way("couchbase-get")));
}

/// `use_encrypt_decrypt`: the server chooses the IV, and the tag stands alone.
fn encrypts_and_decrypts(node: &Node, key: &str) {
    let encrypted = node.ask(
        Operation::Encrypt,
        vec![uid(key), gcm(Some(true)), bytes(Tag::Data, DATA_KEY), associated(AAD)],
    );
    let tags = encrypted.0.iter().map(|field| field.tag).collect::<Vec<_>>();
    let expected =
        [Tag::UniqueIdentifier, Tag::Data, Tag::IVCounterNonce, Tag::AuthenticatedEncryptionTag];
    assert_eq!(tags, expected);
    assert_eq!(encrypted.0[0], uid(key));
    let sealed = encrypted.data();
    assert_eq!(sealed.len(), DATA_KEY.len());
    assert_ne!(sealed, DATA_KEY);
    let iv = blob(encrypted.only(Tag::IVCounterNonce));
    let tag = blob(encrypted.only(Tag::AuthenticatedEncryptionTag));
    assert_eq!((iv.len(), tag.len()), (IV_BYTES, TAG_BYTES));

    let request = |associated_data: &[u8], tag: &[u8]| {
        vec![
            uid(key),
            gcm(None),
            bytes(Tag::Data, &sealed),
            bytes(Tag::IVCounterNonce, &iv),
            associated(associated_data),
            bytes(Tag::AuthenticatedEncryptionTag, tag),
        ]
    };
    let opened = node.ask(Operation::Decrypt, request(AAD, &tag));
    assert_eq!(opened.0, [uid(key), bytes(Tag::Data, DATA_KEY)]);
    let mut other = tag.clone();
    other[0] ^= 1;
    for wrong in [request(b"another bucket", &tag), request(AAD, &other)] {
        let refusal = node.refused(Operation::Decrypt, wrong);
        assert_eq!(refusal.reason, ResultReason::CryptographicFailure);
    }
}

/// `use_get`: 32 bytes, raw, and nothing else.
fn takes_the_key(node: &Node) {
    let key = symmetric_key(CryptographicAlgorithm::AES, DATA_KEY, &[]);
    let brought = vec![kind(ObjectType::SymmetricKey), template(aes(256)), key.clone()];
    let id = node.ask(Operation::Register, brought).id();
    let raw = item(Tag::KeyFormatType, &KeyFormatType::Raw);
    let got = node.ask(Operation::Get, vec![uid(&id), raw]);
    assert_eq!(got.0, [kind(ObjectType::SymmetricKey), uid(&id), key]);
}

fn gcm(random_iv: Option<bool>) -> Item {
    let parameters = CryptographicParameters {
        block_cipher_mode: Some(BlockCipherMode::GCM),
        padding_method: Some(PaddingMethod::None),
        cryptographic_algorithm: Some(CryptographicAlgorithm::AES),
        random_iv,
        tag_length: Some(i32::try_from(TAG_BYTES).unwrap()),
        ..NO_PARAMETERS
    };
    item(Tag::CryptographicParameters, &parameters)
}

fn associated(data: &[u8]) -> Item {
    bytes(Tag::AuthenticatedEncryptionAdditionalData, data)
}
