//! Decrypt.
//!
//! Spec: KMIP 1.4 §4.30.

use hsm_backend::{CipherAlgorithm, HsmError, HsmErrorKind};
use kmip_core::payload::{DecryptRequest, DecryptResponse};
use kmip_core::secret::SecretBytes;
use kmip_core::types::{CryptographicUsageMask as Mask, ObjectType};

use super::encrypt::aad;
use super::use_key::{
    Streaming, algorithm_of, key_for, parameters_for, refuse_streaming, single_part, token_key,
};
use super::{OpContext, OpError};
use crate::bridge::cipher::{self, Cipher};
use crate::lifecycle::Purpose;

/// Decrypts the data. Deactivated and Compromised keys still do: what they protected must stay
/// readable.
pub(super) fn handle(
    ctx: &mut OpContext<'_>,
    request: DecryptRequest,
) -> Result<DecryptResponse, OpError> {
    refuse_streaming(&Streaming {
        correlation_value: request.correlation_value.as_deref(),
        init: request.init_indicator,
        last: request.final_indicator,
    })?;
    let key = key_for(ctx, request.unique_identifier, Mask::Decrypt, Purpose::Process)?;
    if key.object_type == ObjectType::PublicKey {
        return Err(OpError::IllegalOperation("decrypting takes the private key"));
    }
    let data = single_part(ctx, request.data)?;
    let parameters = parameters_for(&key, request.cryptographic_parameters);
    let cipher = cipher::cipher(algorithm_of(&key)?, &parameters)?;
    let aad = aad(&cipher, request.authenticated_encryption_additional_data)?;
    let iv = request.iv_counter_nonce.filter(|iv| !iv.is_empty());
    let iv = match iv {
        None if cipher.iv_bytes > 0 => return Err(OpError::InvalidMessage("no IV")),
        Some(_) if cipher.iv_bytes == 0 => {
            return Err(OpError::InvalidField("this mode takes no IV"));
        }
        iv => iv.unwrap_or_default(),
    };
    let (data, tag) = tag(&cipher, data.expose(), request.authenticated_encryption_tag)?;
    if ctx.capabilities()?.cipher(cipher.algorithm).is_none() {
        return Err(OpError::ParametersNotSupported("the HSM lacks the mechanism"));
    }
    let token_key = token_key(&key)?;
    let params = Cipher { tag_bytes: tag.len(), ..cipher.clone() }.params(iv, aad)?;
    let plain = ctx
        .hsm()
        .decrypt(&ctx.call(), &token_key, cipher.algorithm, &params, data, &tag)
        .map_err(|error| undecided(&cipher, error))?
        .value;
    Ok(DecryptResponse {
        unique_identifier: key.uid.clone(),
        data: Some(SecretBytes::new(plain.expose().to_vec())),
        correlation_value: None,
    })
}

/// RSA: a ciphertext of a wrong length is answered as one with a wrong padding, so that there is one
/// answer for all that cannot be decrypted.
fn undecided(cipher: &Cipher, error: HsmError) -> OpError {
    let is_rsa =
        matches!(cipher.algorithm, CipherAlgorithm::RsaPkcs1 | CipherAlgorithm::RsaOaep { .. });
    if is_rsa && error.kind == HsmErrorKind::BadLength {
        return OpError::CryptographicFailure("the data are not authentic");
    }
    error.into()
}

/// Ciphertext and tag: the tag comes in its own field, or at the end of the data (before 1.4, and
/// from clients whose stored form is that).
fn tag<'a>(
    cipher: &Cipher,
    data: &'a [u8],
    given: Option<Vec<u8>>,
) -> Result<(&'a [u8], Vec<u8>), OpError> {
    match given {
        Some(_) if !cipher.is_aead() => Err(OpError::InvalidField("this mode has no tag")),
        Some(tag) if matches!(tag.len(), 4 | 6 | 8 | 10 | 12..=16) => Ok((data, tag)),
        Some(_) => Err(OpError::CryptographicFailure("the data are not authentic")),
        None if !cipher.is_aead() => Ok((data, Vec::new())),
        None => {
            let cut = data.len().checked_sub(cipher.tag_bytes);
            let (data, tag) = cut
                .and_then(|cut| data.split_at_checked(cut))
                .ok_or(OpError::CryptographicFailure("the data are not authentic"))?;
            Ok((data, tag.to_vec()))
        }
    }
}
