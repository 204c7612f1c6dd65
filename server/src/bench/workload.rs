//! The keys that are used, and the requests that use them, encoded once.

use kmip_core::attribute::{CryptographicParameters, UniqueIdentifier};
use kmip_core::message::RequestItem;
use kmip_core::payload::{
    ActivateRequest, CreateRequest, EncryptRequest, QueryRequest, ResponsePayload, SignRequest,
};
use kmip_core::secret::SecretBytes;
use kmip_core::types::{
    BlockCipherMode, CryptographicAlgorithm, CryptographicUsageMask, ObjectType, PaddingMethod,
    ProtocolVersion, QueryFunction,
};

use super::BenchError;
use crate::client::template::{NO_PARAMETERS, aes_gcm, key, key_pair, rsa_sha256, template};
use crate::client::{Client, Connector, encode_request, outcome, request_header};

/// What is signed, in bytes: a hash, a token or a short record.
pub(super) const SIGNED_BYTES: usize = 32;
/// What is encrypted, in bytes.
pub(super) const ENCRYPTED_BYTES: usize = 1024;
/// Length of a GCM IV, in bytes.
pub(super) const IV_BYTES: usize = 12;

const VERSION: ProtocolVersion = ProtocolVersion::NEWEST;

/// Makes and activates an RSA-2048 pair; gives the private key.
pub(super) fn make_rsa(connector: &Connector) -> Result<UniqueIdentifier, BenchError> {
    let mut client = connector.connect()?;
    let pair = client.call(key_pair("bench", 2048))?;
    let private = pair.private_key_unique_identifier;
    client.call(ActivateRequest { unique_identifier: Some(private.clone()) })?;
    client.close();
    Ok(private)
}

/// Makes and activates `count` AES-256 keys over `connections` connections.
pub(super) fn make_aes(
    connector: &Connector,
    count: usize,
    connections: usize,
) -> Result<Vec<UniqueIdentifier>, BenchError> {
    std::thread::scope(|scope| {
        let share = |number| (count + connections - 1 - number) / connections;
        let threads = (0..connections)
            .map(|number| scope.spawn(move || make_some_aes(connector, share(number))))
            .collect::<Vec<_>>();
        let mut keys = Vec::with_capacity(count);
        for thread in threads {
            keys.extend(thread.join().map_err(|_| BenchError::Measure("a thread died"))??);
        }
        Ok(keys)
    })
}

fn make_some_aes(connector: &Connector, count: usize) -> Result<Vec<UniqueIdentifier>, BenchError> {
    let mut client = connector.connect()?;
    let keys = (0..count).map(|_| make_one_aes(&mut client)).collect::<Result<_, _>>()?;
    client.close();
    Ok(keys)
}

/// One message: the second item means the key that the first has made.
fn make_one_aes(client: &mut Client) -> Result<UniqueIdentifier, BenchError> {
    let usage = CryptographicUsageMask::Encrypt.union(CryptographicUsageMask::Decrypt);
    let create = CreateRequest {
        object_type: ObjectType::SymmetricKey,
        template_attribute: template(key(CryptographicAlgorithm::AES, 256, usage)),
    };
    let activate = ActivateRequest { unique_identifier: None };
    let items = vec![RequestItem::new(create.into()), RequestItem::new(activate.into())];
    let mut made = None;
    for item in client.batch(request_header(VERSION), items)?.items {
        if let ResponsePayload::Activate(answer) = outcome(item)? {
            made = Some(answer.unique_identifier);
        }
    }
    made.ok_or(BenchError::Measure("a key was not activated"))
}

/// RSA-2048, PKCS #1 v1.5, SHA-256.
pub(super) fn sign(key: &UniqueIdentifier) -> Vec<u8> {
    let request = SignRequest {
        unique_identifier: Some(key.clone()),
        cryptographic_parameters: Some(rsa_sha256(PaddingMethod::PKCS1V1_5)),
        data: Some(SecretBytes::new(vec![0x5A; SIGNED_BYTES])),
        digested_data: None,
        correlation_value: None,
        init_indicator: None,
        final_indicator: None,
    };
    encode_request(VERSION, request.into())
}

/// AES-GCM of 1 KiB with an IV given, so that both sides do the same work. That it is the same each
/// time would be a grave mistake anywhere else.
pub(super) fn encrypt(key: &UniqueIdentifier) -> Vec<u8> {
    let request = EncryptRequest {
        unique_identifier: Some(key.clone()),
        cryptographic_parameters: Some(aes_gcm(false)),
        data: Some(SecretBytes::new(vec![0x5A; ENCRYPTED_BYTES])),
        iv_counter_nonce: Some(vec![0x17; IV_BYTES]),
        correlation_value: None,
        init_indicator: None,
        final_indicator: None,
        authenticated_encryption_additional_data: None,
    };
    encode_request(VERSION, request.into())
}

/// AES-CBC of that many bytes, in whole blocks.
pub(super) fn encrypt_cbc(key: &UniqueIdentifier, bytes: usize) -> Vec<u8> {
    let parameters = CryptographicParameters {
        block_cipher_mode: Some(BlockCipherMode::CBC),
        padding_method: Some(PaddingMethod::None),
        cryptographic_algorithm: Some(CryptographicAlgorithm::AES),
        ..NO_PARAMETERS
    };
    let request = EncryptRequest {
        unique_identifier: Some(key.clone()),
        cryptographic_parameters: Some(parameters),
        data: Some(SecretBytes::new(vec![0x5A; bytes])),
        iv_counter_nonce: Some(vec![0x17; 16]),
        correlation_value: None,
        init_indicator: None,
        final_indicator: None,
        authenticated_encryption_additional_data: None,
    };
    encode_request(VERSION, request.into())
}

/// What most clients ask first: operations and object types.
pub(super) fn query() -> Vec<u8> {
    let query_functions = vec![QueryFunction::QueryOperations, QueryFunction::QueryObjects];
    encode_request(VERSION, QueryRequest { query_functions }.into())
}
