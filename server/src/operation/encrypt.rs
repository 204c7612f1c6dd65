//! Encrypt.
//!
//! Spec: KMIP 1.4 §4.29.

use hsm_backend::{Encrypted, software};
use kmip_core::payload::{EncryptRequest, EncryptResponse};
use kmip_core::secret::SecretBytes;
use kmip_core::types::{CryptographicUsageMask as Mask, ObjectType, ProtocolVersion};

use super::public_key::public_key;
use super::use_key::{
    Streaming, algorithm_of, key_for, parameters_for, refuse_streaming, single_part, spend,
    token_key,
};
use super::{OpContext, OpError};
use crate::bridge::cipher::{self, Cipher};
use crate::lifecycle::Purpose;

/// Encrypts the data; the IV is in the answer exactly if the server made it.
pub(super) fn handle(
    ctx: &mut OpContext<'_>,
    request: EncryptRequest,
) -> Result<EncryptResponse, OpError> {
    refuse_streaming(&Streaming {
        correlation_value: request.correlation_value.as_deref(),
        init: request.init_indicator,
        last: request.final_indicator,
    })?;
    let key = key_for(ctx, request.unique_identifier, Mask::Encrypt, Purpose::Protect)?;
    let data = single_part(ctx, request.data)?;
    let parameters = parameters_for(&key, request.cryptographic_parameters);
    let cipher = cipher::cipher(algorithm_of(&key)?, &parameters)?;
    let aad = aad(&cipher, request.authenticated_encryption_additional_data)?;
    let (iv, made_here) = iv(ctx, &cipher, request.iv_counter_nonce)?;
    let params = cipher.params(iv.clone(), aad)?;
    let encrypted = if key.object_type == ObjectType::PublicKey {
        let public = public_key(&key)?;
        spend(ctx, &key, data.len())?;
        let data = software::encrypt_public(&public, cipher.algorithm, &params, data.expose())?;
        Encrypted { data, tag: Vec::new() }
    } else {
        let token_key = token_key(&key)?;
        require_symmetric(&cipher)?;
        if ctx.capabilities()?.cipher(cipher.algorithm).is_none() {
            return Err(OpError::ParametersNotSupported("the HSM lacks the mechanism"));
        }
        spend(ctx, &key, data.len())?;
        let (call, algorithm) = (ctx.call(), cipher.algorithm);
        ctx.hsm().encrypt(&call, &token_key, algorithm, &params, data.expose())?.value
    };
    let iv = if made_here { Some(iv) } else { None };
    Ok(response(ctx, key.uid.clone(), &cipher, encrypted, iv))
}

/// From 1.4 on the tag has a field of its own; before, it follows the ciphertext.
fn response(
    ctx: &OpContext<'_>,
    unique_identifier: kmip_core::attribute::UniqueIdentifier,
    cipher: &Cipher,
    encrypted: Encrypted,
    iv_counter_nonce: Option<Vec<u8>>,
) -> EncryptResponse {
    let Encrypted { mut data, tag } = encrypted;
    let apart = cipher.is_aead() && ctx.version() >= ProtocolVersion::V1_4;
    if !apart {
        data.extend_from_slice(&tag);
    }
    EncryptResponse {
        unique_identifier,
        data: Some(SecretBytes::new(data)),
        iv_counter_nonce,
        correlation_value: None,
        authenticated_encryption_tag: apart.then_some(tag),
    }
}

/// A private key does not encrypt.
fn require_symmetric(cipher: &Cipher) -> Result<(), OpError> {
    if cipher.algorithm.is_public_key() {
        return Err(OpError::IllegalOperation("encrypting takes the public key"));
    }
    Ok(())
}

/// Additional data, which only an authenticating mode can take.
pub(super) fn aad(cipher: &Cipher, given: Option<Vec<u8>>) -> Result<Vec<u8>, OpError> {
    match given {
        Some(_) if !cipher.is_aead() => {
            Err(OpError::InvalidField("this mode authenticates no additional data"))
        }
        given => Ok(given.unwrap_or_default()),
    }
}

/// The IV to use, and whether the server made it.
fn iv(
    ctx: &OpContext<'_>,
    cipher: &Cipher,
    given: Option<Vec<u8>>,
) -> Result<(Vec<u8>, bool), OpError> {
    let given = given.filter(|iv| !iv.is_empty());
    match given {
        Some(_) if cipher.iv_bytes == 0 => Err(OpError::InvalidField("this mode takes no IV")),
        Some(_) if cipher.random_iv => {
            Err(OpError::InvalidField("an IV is given, and one is to be made"))
        }
        Some(iv) => Ok((iv, false)),
        None if cipher.iv_bytes == 0 => Ok((Vec::new(), false)),
        None => {
            let made = ctx.hsm().random(&ctx.call(), cipher.iv_bytes)?;
            Ok((made.expose().to_vec(), true))
        }
    }
}
