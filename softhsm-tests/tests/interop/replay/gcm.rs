//! AES-256 GCM whose IV the server chooses: what those ask for who leave the key in the token.

use kmip_core::attribute::CryptographicParameters;
use kmip_core::ttlv::Item;
use kmip_core::types::{
    BlockCipherMode, CryptographicAlgorithm, Operation, PaddingMethod, ResultReason, Tag,
};
use server::client::template::NO_PARAMETERS;

use super::Line;
use super::answer::blob;
use super::items::{bytes, item, uid};

/// What is encrypted: a key of the client's own.
const DATA_KEY: &[u8] = &[0x42; 32];
const AAD: &[u8] = b"bucket 7";
const IV_BYTES: usize = 12;
const TAG_BYTES: usize = 16;

/// Encrypts a data key and decrypts it again, with the connections that `open` makes.
///
/// # Panics
///
/// If IV, ciphertext and tag are not each in their field, in their order, or if something that was
/// changed is opened.
pub(crate) fn seals_and_opens(open: &dyn Fn() -> Line, key: &str) {
    let request =
        vec![uid(key), parameters(Some(true)), bytes(Tag::Data, DATA_KEY), associated(AAD)];
    let sealed = open().ask(Operation::Encrypt, request.clone());
    let tags = sealed.0.iter().map(|field| field.tag).collect::<Vec<_>>();
    let expected =
        [Tag::UniqueIdentifier, Tag::Data, Tag::IVCounterNonce, Tag::AuthenticatedEncryptionTag];
    assert_eq!(tags, expected);
    assert_eq!(sealed.0[0], uid(key));
    let data = sealed.data();
    assert_eq!(data.len(), DATA_KEY.len());
    assert_ne!(data, DATA_KEY);
    let iv = blob(sealed.only(Tag::IVCounterNonce));
    let tag = blob(sealed.only(Tag::AuthenticatedEncryptionTag));
    assert_eq!((iv.len(), tag.len()), (IV_BYTES, TAG_BYTES));
    let again = open().ask(Operation::Encrypt, request);
    assert_ne!(blob(again.only(Tag::IVCounterNonce)), iv, "the same IV twice");

    // Some repeat that they wanted the server's IV, now that they send it.
    for random_iv in [None, Some(true)] {
        let request = |associated_data: &[u8], tag: &[u8]| {
            vec![
                uid(key),
                parameters(random_iv),
                bytes(Tag::Data, &data),
                bytes(Tag::IVCounterNonce, &iv),
                associated(associated_data),
                bytes(Tag::AuthenticatedEncryptionTag, tag),
            ]
        };
        let opened = open().ask(Operation::Decrypt, request(AAD, &tag));
        assert_eq!(opened.0, [uid(key), bytes(Tag::Data, DATA_KEY)]);
        let mut other = tag.clone();
        other[0] ^= 1;
        for wrong in [request(b"bucket 8", &tag), request(AAD, &other)] {
            let refusal = open().refused(Operation::Decrypt, wrong);
            assert_eq!(refusal.reason, ResultReason::CryptographicFailure);
        }
    }
}

fn parameters(random_iv: Option<bool>) -> Item {
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
