//! Mechanisms with their parameters, as the interface crate wants them.

use core::ptr;

use cryptoki::mechanism::Mechanism as Call;
use cryptoki::mechanism::aead::GcmParams;
use cryptoki::mechanism::vendor_defined::VendorDefinedMechanism;
use cryptoki::types::Ulong;
use cryptoki_sys::{
    CK_AES_CTR_PARAMS, CK_CCM_PARAMS, CK_EDDSA_PARAMS, CK_MECHANISM_TYPE, CK_RSA_PKCS_MGF_TYPE,
    CK_RSA_PKCS_OAEP_PARAMS, CK_RSA_PKCS_PSS_PARAMS, CK_ULONG, CKZ_DATA_SPECIFIED,
};

use super::number::mechanism_type;
use crate::capability::Mechanism;
use crate::capability::rules::hash_row;
use crate::error::{HsmError, HsmErrorKind};
use crate::job::{CipherParams, EdwardsCurve, HashAlgorithm};

const BAD_PARAMETER: HsmError = HsmError::new(HsmErrorKind::BadParameter, "mechanism");
const UNSUPPORTED: HsmError = HsmError::new(HsmErrorKind::Unsupported, "mechanism");

/// A mechanism without parameters.
pub(super) fn plain(mechanism: Mechanism) -> Call<'static> {
    Call::VendorDefined(VendorDefinedMechanism::new::<()>(mechanism_type(mechanism), None))
}

/// A mechanism whose parameter is an IV as long as a block.
pub(super) fn with_iv<const BYTES: usize>(mechanism: Mechanism, iv: &[u8; BYTES]) -> Call<'_> {
    Call::VendorDefined(VendorDefinedMechanism::new(mechanism_type(mechanism), Some(iv)))
}

/// CKM_AES_CTR's parameters: all 128 bits of the block count.
pub(super) fn ctr_params(iv: &[u8]) -> Result<CK_AES_CTR_PARAMS, HsmError> {
    Ok(CK_AES_CTR_PARAMS { ulCounterBits: 128, cb: iv.try_into().map_err(|_| BAD_PARAMETER)? })
}

/// CKM_AES_CTR; the interface crate has its number, not its parameters.
pub(super) fn ctr(mechanism: Mechanism, params: &CK_AES_CTR_PARAMS) -> Call<'_> {
    Call::VendorDefined(VendorDefinedMechanism::new(mechanism_type(mechanism), Some(params)))
}

/// CKM_AES_GCM.
pub(super) fn gcm<'a>(
    iv: &'a mut [u8],
    aad: &'a [u8],
    tag_bytes: usize,
) -> Result<Call<'a>, HsmError> {
    let tag_bits = Ulong::try_from(tag_bytes * 8).map_err(|_| BAD_PARAMETER)?;
    Ok(Call::AesGcm(GcmParams::new(iv, aad, tag_bits).map_err(|_| BAD_PARAMETER)?))
}

/// CKM_AES_CCM's parameters; they point into `params`, which must outlive the call.
pub(super) fn ccm_params(
    params: &CipherParams,
    tag_bytes: usize,
    data_bytes: usize,
) -> Result<CK_CCM_PARAMS, HsmError> {
    let long = |bytes: usize| CK_ULONG::try_from(bytes).map_err(|_| BAD_PARAMETER);
    Ok(CK_CCM_PARAMS {
        ulDataLen: long(data_bytes)?,
        pNonce: params.iv.as_ptr().cast_mut(),
        ulNonceLen: long(params.iv.len())?,
        pAAD: params.aad.as_ptr().cast_mut(),
        ulAADLen: long(params.aad.len())?,
        ulMACLen: long(tag_bytes)?,
    })
}

/// CKM_AES_CCM; the interface crate has neither its number nor its parameters.
pub(super) fn ccm(mechanism: Mechanism, params: &CK_CCM_PARAMS) -> Call<'_> {
    Call::VendorDefined(VendorDefinedMechanism::new(mechanism_type(mechanism), Some(params)))
}

/// CKM_EDDSA over the message itself; Ed448 says so in a parameter, which Ed25519 must not have.
///
/// The interface crate has a mechanism of that name, whose parameter it lets go before the call.
///
/// Spec: PKCS#11 3.0 §2.3.14.
pub(super) fn eddsa<T>(
    mechanism: Mechanism,
    curve: EdwardsCurve,
    work: impl FnOnce(&Call<'_>) -> T,
) -> T {
    let params = CK_EDDSA_PARAMS { phFlag: 0, ulContextDataLen: 0, pContextData: ptr::null_mut() };
    let params = match curve {
        EdwardsCurve::Ed25519 => None,
        EdwardsCurve::Ed448 => Some(&params),
    };
    work(&Call::VendorDefined(VendorDefinedMechanism::new(mechanism_type(mechanism), params)))
}

fn digest_mechanism(hash: HashAlgorithm) -> Result<CK_MECHANISM_TYPE, HsmError> {
    hash_row(hash).map(|row| row.digest.0).ok_or(UNSUPPORTED)
}

fn mgf(hash: HashAlgorithm) -> Result<CK_RSA_PKCS_MGF_TYPE, HsmError> {
    hash_row(hash).and_then(|row| row.mgf).ok_or(UNSUPPORTED)
}

/// CKM_RSA_PKCS_PSS's parameters, over a finished digest.
///
/// The interface crate has a type of its own for these, which does not know SHA-3.
pub(super) fn pss_params(
    hash: HashAlgorithm,
    mgf_hash: HashAlgorithm,
    salt_bytes: usize,
) -> Result<CK_RSA_PKCS_PSS_PARAMS, HsmError> {
    Ok(CK_RSA_PKCS_PSS_PARAMS {
        hashAlg: digest_mechanism(hash)?,
        mgf: mgf(mgf_hash)?,
        sLen: CK_ULONG::try_from(salt_bytes).map_err(|_| BAD_PARAMETER)?,
    })
}

/// CKM_RSA_PKCS_PSS.
pub(super) fn pss(mechanism: Mechanism, params: &CK_RSA_PKCS_PSS_PARAMS) -> Call<'_> {
    Call::VendorDefined(VendorDefinedMechanism::new(mechanism_type(mechanism), Some(params)))
}

/// CKM_RSA_PKCS_OAEP's parameters; they point into `label`, which must outlive the call.
pub(super) fn oaep_params(
    hash: HashAlgorithm,
    mgf_hash: HashAlgorithm,
    label: &[u8],
) -> Result<CK_RSA_PKCS_OAEP_PARAMS, HsmError> {
    // SoftHSM takes nothing but NULL for no label.
    let start = if label.is_empty() { ptr::null_mut() } else { label.as_ptr().cast_mut().cast() };
    Ok(CK_RSA_PKCS_OAEP_PARAMS {
        hashAlg: digest_mechanism(hash)?,
        mgf: mgf(mgf_hash)?,
        source: CKZ_DATA_SPECIFIED,
        pSourceData: start,
        ulSourceDataLen: CK_ULONG::try_from(label.len()).map_err(|_| BAD_PARAMETER)?,
    })
}

/// CKM_RSA_PKCS_OAEP.
pub(super) fn oaep(mechanism: Mechanism, params: &CK_RSA_PKCS_OAEP_PARAMS) -> Call<'_> {
    Call::VendorDefined(VendorDefinedMechanism::new(mechanism_type(mechanism), Some(params)))
}
