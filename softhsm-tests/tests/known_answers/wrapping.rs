//! HMAC keys that are too short for the token, which has them with zeros behind.

use kmip_core::attribute::{Attribute, AttributeKind};
use kmip_core::payload::{RegisterRequest, ResponsePayload};
use kmip_core::types::{
    BlockCipherMode, CryptographicAlgorithm as Algorithm, CryptographicUsageMask as Mask,
    ResultReason,
};
use softhsm_tests::server::{TokenKind, Trial};

use crate::ask::Ask;
use crate::key;
use crate::run::batch;
use crate::vector::bytes_of;

#[test]
fn wrapped_get_never_gives_a_short_hmac_key_with_the_tokens_zeros() {
    // Kryoptic takes short keys as they are.
    let trial = Trial::on(TokenKind::SoftHsm);
    let server = trial.start();
    let mut client = server.client();
    let kek = key::secret(Algorithm::AES, &[1; 16], Mask::WrapKey);
    let kek = client.call(kek).unwrap().unique_identifier;
    let wrap = |target: RegisterRequest| Ask::Wrap {
        target: Box::new(target),
        mode: BlockCipherMode::NISTKeyWrap,
    };
    let short = key::secret(Algorithm::HMAC_SHA256, &[2; 16], Mask::MACGenerate);
    let mut sensitive = short.clone();
    let attribute = Attribute::new(AttributeKind::Sensitive, &true);
    sensitive.template_attribute.attributes.push(attribute);

    let open = batch(&mut client, wrap(short).items(&kek)).remove(1).unwrap();
    assert_eq!(bytes_of(&open).unwrap().len(), 24);
    let mut answers = batch(&mut client, wrap(sensitive).items(&kek));
    assert!(matches!(answers.remove(0), Ok(ResponsePayload::Register(_))));
    assert_eq!(answers.remove(0).unwrap_err().reason, ResultReason::EncodingOptionError);
    client.close();
    server.stop();
}
