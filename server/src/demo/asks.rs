//! What each step asks the server, and what its answer must be.

use kmip_core::attribute::{RevocationReason, UniqueIdentifier};
use kmip_core::payload::{
    DecryptRequest, DiscoverVersionsRequest, EncryptRequest, EncryptResponse, GetRequest,
    LocateRequest, MacRequest, MacVerifyRequest, RevokeRequest, RngRetrieveRequest, SignRequest,
    SignatureVerifyRequest,
};
use kmip_core::secret::SecretBytes;
use kmip_core::types::{
    CryptographicAlgorithm, PaddingMethod, ResultReason, RevocationReasonCode, ValidityIndicator,
};

use super::StepError;
use crate::client::template::{aes_gcm, by, name, rsa_sha256};
use crate::client::{Client, ClientError, Connector, reason_text};

const TEXT: &[u8] = b"The key never leaves the token.";
const OTHER_TEXT: &[u8] = b"The key has left the token.";
const RANDOM_BYTES: i32 = 32;

/// What a step gives on, and what its line says.
pub(super) type Done<T> = Result<(T, String), StepError>;

/// Shakes hands and asks a first question: only then is a TLS 1.3 client sure to be let in.
pub(super) fn connect(connector: &Connector) -> Done<Client> {
    let mut client = connector.connect()?;
    let versions = client.call(DiscoverVersionsRequest { protocol_versions: Vec::new() })?;
    let versions = versions.protocol_versions.iter().map(ToString::to_string).collect::<Vec<_>>();
    let tls = match client.tls().protocol_version() {
        Some(rustls::ProtocolVersion::TLSv1_2) => "TLS 1.2",
        _ => "TLS 1.3",
    };
    Ok((client, format!("mutual {tls}; the server speaks KMIP {}", versions.join(" "))))
}

pub(super) fn encrypt(client: &mut Client, key: &UniqueIdentifier) -> Done<EncryptResponse> {
    let sealed = client.call(EncryptRequest {
        unique_identifier: Some(key.clone()),
        cryptographic_parameters: Some(aes_gcm(true)),
        data: Some(SecretBytes::new(TEXT.to_vec())),
        iv_counter_nonce: None,
        correlation_value: None,
        init_indicator: None,
        final_indicator: None,
        authenticated_encryption_additional_data: None,
    })?;
    let bytes = |part: &Option<Vec<u8>>| part.as_ref().map_or(0, Vec::len);
    let tag = bytes(&sealed.authenticated_encryption_tag);
    let iv = bytes(&sealed.iv_counter_nonce);
    let data = sealed.data.as_ref().map(SecretBytes::expose);
    if tag != 16 || iv != 12 || data.is_none_or(|data| data.len() != TEXT.len() || data == TEXT) {
        return Err(StepError::Unexpected(
            "the ciphertext, its IV or its tag is not as it should be",
        ));
    }
    let detail =
        format!("AES-GCM: {} bytes, IV of {iv} made by the server, tag of {tag}", TEXT.len());
    Ok((sealed, detail))
}

pub(super) fn decrypt(client: &mut Client, sealed: EncryptResponse) -> Done<()> {
    let opened = client.call(DecryptRequest {
        unique_identifier: Some(sealed.unique_identifier),
        cryptographic_parameters: Some(aes_gcm(false)),
        data: sealed.data,
        iv_counter_nonce: sealed.iv_counter_nonce,
        correlation_value: None,
        init_indicator: None,
        final_indicator: None,
        authenticated_encryption_additional_data: None,
        authenticated_encryption_tag: sealed.authenticated_encryption_tag,
    })?;
    if opened.data.as_ref().map(SecretBytes::expose) != Some(TEXT) {
        return Err(StepError::Unexpected("the text came back changed"));
    }
    Ok(((), "AES-GCM: the same text came back".to_owned()))
}

pub(super) fn sign(client: &mut Client, key: &UniqueIdentifier) -> Done<Vec<u8>> {
    let signed = client.call(SignRequest {
        unique_identifier: Some(key.clone()),
        cryptographic_parameters: Some(rsa_sha256(PaddingMethod::PSS)),
        data: Some(SecretBytes::new(TEXT.to_vec())),
        digested_data: None,
        correlation_value: None,
        init_indicator: None,
        final_indicator: None,
    })?;
    let signature = signed.signature_data.unwrap_or_default();
    if signature.len() != 384 {
        return Err(StepError::Unexpected("the signature has the wrong length"));
    }
    let detail = format!("RSA-PSS with SHA-256: signature of {} bytes", signature.len());
    Ok((signature, detail))
}

pub(super) fn verify(client: &mut Client, key: &UniqueIdentifier, signature: &[u8]) -> Done<()> {
    let verdict = |client: &mut Client, text: &[u8]| {
        let request = SignatureVerifyRequest {
            unique_identifier: Some(key.clone()),
            cryptographic_parameters: Some(rsa_sha256(PaddingMethod::PSS)),
            data: Some(SecretBytes::new(text.to_vec())),
            digested_data: None,
            signature_data: Some(signature.to_vec()),
            correlation_value: None,
            init_indicator: None,
            final_indicator: None,
        };
        client.call(request).map(|answer| answer.validity_indicator)
    };
    let verdicts = [verdict(client, TEXT)?, verdict(client, OTHER_TEXT)?];
    judged(verdicts)
}

pub(super) fn mac(client: &mut Client, key: &UniqueIdentifier) -> Done<Vec<u8>> {
    let answer = client.call(MacRequest {
        unique_identifier: Some(key.clone()),
        cryptographic_parameters: Some(by(CryptographicAlgorithm::HMAC_SHA256)),
        data: Some(SecretBytes::new(TEXT.to_vec())),
        correlation_value: None,
        init_indicator: None,
        final_indicator: None,
    })?;
    let mac = answer.mac_data.unwrap_or_default();
    if mac.len() != 32 {
        return Err(StepError::Unexpected("the MAC has the wrong length"));
    }
    let detail = format!("HMAC-SHA256: {} bytes", mac.len());
    Ok((mac, detail))
}

pub(super) fn mac_verify(client: &mut Client, key: &UniqueIdentifier, mac: &[u8]) -> Done<()> {
    let verdict = |client: &mut Client, text: &[u8]| {
        let request = MacVerifyRequest {
            unique_identifier: Some(key.clone()),
            cryptographic_parameters: Some(by(CryptographicAlgorithm::HMAC_SHA256)),
            data: Some(SecretBytes::new(text.to_vec())),
            mac_data: Some(mac.to_vec()),
            correlation_value: None,
            init_indicator: None,
            final_indicator: None,
        };
        client.call(request).map(|answer| answer.validity_indicator)
    };
    let verdicts = [verdict(client, TEXT)?, verdict(client, OTHER_TEXT)?];
    judged(verdicts)
}

/// The verdicts on the right text and on another one.
fn judged(verdicts: [Option<ValidityIndicator>; 2]) -> Done<()> {
    if verdicts == [Some(ValidityIndicator::Valid), Some(ValidityIndicator::Invalid)] {
        return Ok(((), "valid; for another text: invalid".to_owned()));
    }
    Err(StepError::Unexpected("a wrong verdict"))
}

pub(super) fn random(client: &mut Client) -> Done<()> {
    let mut ask = || client.call(RngRetrieveRequest { data_length: RANDOM_BYTES });
    let (first, second) = (ask()?.data, ask()?.data);
    let whole = |data: &SecretBytes| i32::try_from(data.len()) == Ok(RANDOM_BYTES);
    if !whole(&first) || !whole(&second) || first == second {
        return Err(StepError::Unexpected("bytes that are not random, or too few"));
    }
    Ok(((), format!("twice {RANDOM_BYTES} random bytes from the token")))
}

pub(super) fn located(
    client: &mut Client,
    called: &str,
    expected: &[UniqueIdentifier],
) -> Done<()> {
    let found = client.call(LocateRequest {
        maximum_items: None,
        offset_items: None,
        storage_status_mask: None,
        object_group_member: None,
        attributes: vec![name(called)],
        template_attribute: None,
    })?;
    if found.unique_identifiers != expected {
        return Err(StepError::Unexpected("another set of objects than that of this name"));
    }
    let outcome = if expected.is_empty() { "nothing left" } else { "found, and nothing else" };
    Ok(((), format!("name {called}: {outcome}")))
}

/// The one step that must be refused.
pub(super) fn get_is_refused(client: &mut Client, id: UniqueIdentifier) -> Done<()> {
    let answer = client.call(GetRequest {
        unique_identifier: Some(id),
        key_format_type: None,
        key_wrap_type: None,
        key_compression_type: None,
        key_wrapping_specification: None,
    });
    match answer {
        Ok(_) => Err(StepError::Unexpected("the server gave away a key that must not leave")),
        Err(ClientError::Refused { reason, .. })
            if [ResultReason::NotExtractable, ResultReason::Sensitive].contains(&reason) =>
        {
            Ok(((), format!("refused, as it must be: {}", reason_text(reason))))
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) fn revoke(client: &mut Client, id: &UniqueIdentifier) -> Result<(), ClientError> {
    let code = RevocationReasonCode::CessationOfOperation;
    let revocation_reason = RevocationReason { code, message: None };
    client.call(RevokeRequest {
        unique_identifier: Some(id.clone()),
        revocation_reason,
        compromise_occurrence_date: None,
    })?;
    Ok(())
}
