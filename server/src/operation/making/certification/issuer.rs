//! Who signs: a key of the client's own, or the server's CA.

use std::sync::Arc;

use hsm_backend::{KeyRef, PublicKey};
use kmip_core::attribute::{CryptographicParameters, UniqueIdentifier};
use kmip_core::types::{
    CryptographicAlgorithm, CryptographicUsageMask as Mask, DigitalSignatureAlgorithm,
    HashingAlgorithm, LinkType, ObjectType,
};

use super::authority;
use super::links::{Named, linked};
use super::subject::{certificate_of, in_its_life};
use crate::bridge::signature::{self, Scheme};
use crate::bridge::{algorithm, key_material};
use crate::ca::{self, Issuer, ReadCertificate};
use crate::lifecycle::Purpose;
use crate::object::ManagedObject;
use crate::operation::use_key::{algorithm_of, key_for, token_key};
use crate::operation::{OpContext, OpError};

/// Who signs, and for whom.
pub(super) struct Chosen {
    /// Whose name stands there.
    pub(super) issuer: Issuer,
    /// The object of the certificate above, if there is one.
    pub(super) above: Option<UniqueIdentifier>,
    /// The key.
    pub(super) key: KeyRef,
    /// Its object, if it is a client's.
    pub(super) object: Option<Arc<ManagedObject>>,
    /// How it signs.
    pub(super) scheme: Scheme,
}

impl Chosen {
    /// Whether it is the server's own CA.
    pub(super) const fn is_authority(&self) -> bool {
        self.object.is_none()
    }
}

/// The issuer that `named` names for a certificate of `subject`, else the server's CA.
///
/// # Errors
///
/// [`OpError`]: `NotFound`, `Forbidden` for a key that may not sign certificates now,
/// `PermissionDenied` where nobody is named and the CA does not work for the scope, `InvalidField`
/// for a certificate that is no CA's.
pub(super) fn choose(
    ctx: &mut OpContext<'_>,
    named: &Named,
    subject: &PublicKey,
    parameters: Option<&CryptographicParameters>,
) -> Result<Chosen, OpError> {
    match (&named.private_key, &named.certificate) {
        (None, None) => of_authority(ctx, parameters),
        (Some(private), None) => {
            let (key, scheme) = signing_key(ctx, private, subject, parameters)?;
            of_client(key, Issuer::Subject, None, scheme)
        }
        (private, Some(uid)) => {
            let object = ctx.object(Some(uid.clone()))?;
            let certificate = certificate_of(&object)?;
            if private.is_none() && authority::is(ctx, &certificate)? {
                return of_authority(ctx, parameters);
            }
            in_its_life(&object, ctx.now())?;
            may_issue(&certificate, ctx.now().0)?;
            let private = match private {
                Some(private) => private.clone(),
                None => private_key_of(ctx, &object)?,
            };
            let above = certificate.key().ok_or(UNSERVED)?;
            let (key, scheme) = signing_key(ctx, &private, above, parameters)?;
            of_client(key, Issuer::Holder(Box::new(certificate)), Some(object.uid.clone()), scheme)
        }
    }
}

const UNSERVED: OpError = OpError::InvalidField("the issuer's key is not of a kind that signs");

fn of_client(
    object: Arc<ManagedObject>,
    issuer: Issuer,
    above: Option<UniqueIdentifier>,
    scheme: Scheme,
) -> Result<Chosen, OpError> {
    Ok(Chosen { issuer, above, key: token_key(&object)?, object: Some(object), scheme })
}

fn of_authority(
    ctx: &mut OpContext<'_>,
    parameters: Option<&CryptographicParameters>,
) -> Result<Chosen, OpError> {
    let root = authority::root(ctx)?;
    let scheme = scheme(ctx, root.certificate.key().ok_or(UNSERVED)?, parameters)?;
    Ok(Chosen {
        above: Some(authority::object(ctx, &root)?),
        key: KeyRef::Token(root.key),
        object: None,
        issuer: Issuer::Holder(Box::new(root.certificate.clone())),
        scheme,
    })
}

/// A private key that may sign certificates now, and how it signs. Whether it is the other half of
/// `issuer` the signature will tell; here its algorithm must be the same.
fn signing_key(
    ctx: &mut OpContext<'_>,
    uid: &UniqueIdentifier,
    issuer: &PublicKey,
    parameters: Option<&CryptographicParameters>,
) -> Result<(Arc<ManagedObject>, Scheme), OpError> {
    let key = key_for(ctx, Some(uid.clone()), Mask::CertificateSign, Purpose::Protect)?;
    if key.object_type != ObjectType::PrivateKey {
        return Err(OpError::IllegalOperation("signing takes a private key"));
    }
    let (own, wanted) = (algorithm_of(&key)?, key_material::public_length(issuer).0);
    if own != wanted && !(algorithm::is_ec(own) && algorithm::is_ec(wanted)) {
        return Err(OpError::InvalidField("the private key is not the issuer's"));
    }
    Ok((key, scheme(ctx, issuer, parameters)?))
}

/// The private key that belongs to a certificate: by way of its public key.
fn private_key_of(
    ctx: &mut OpContext<'_>,
    certificate: &ManagedObject,
) -> Result<UniqueIdentifier, OpError> {
    let unknown = OpError::InvalidField("the issuer's private key is not known");
    let Some(public) = linked(certificate, LinkType::PublicKeyLink) else { return Err(unknown) };
    let public = ctx.object(Some(public))?;
    linked(&public, LinkType::PrivateKeyLink).ok_or(unknown)
}

/// Whether certificates may stand below this one at `now`.
fn may_issue(certificate: &ReadCertificate, now: i64) -> Result<(), OpError> {
    if certificate.constraints()?.is_none() {
        return Err(OpError::InvalidField("the issuer's certificate is no CA's"));
    }
    let (not_before, not_after) = certificate.validity();
    if !(not_before..=not_after).contains(&now) {
        return Err(OpError::InvalidField("the issuer's certificate is not valid now"));
    }
    Ok(())
}

/// The scheme asked for, else the usual one of the key, if the token can carry it out.
fn scheme(
    ctx: &OpContext<'_>,
    key: &PublicKey,
    asked: Option<&CryptographicParameters>,
) -> Result<Scheme, OpError> {
    let (algorithm, bits) = key_material::public_length(key);
    let scheme = match asked {
        None => Scheme { algorithm: ca::default_algorithm(key), salt_bytes: None },
        Some(asked) => signature::scheme(algorithm, &completed(asked, algorithm), None, bits)?,
    };
    if ctx.capabilities()?.sign(scheme.algorithm).is_none() {
        return Err(OpError::ParametersNotSupported("the HSM lacks the mechanism"));
    }
    Ok(scheme)
}

/// RSASSA-PSS names no hash: it is SHA-256 unless another is given.
fn completed(
    asked: &CryptographicParameters,
    algorithm: CryptographicAlgorithm,
) -> CryptographicParameters {
    let mut parameters = asked.clone();
    let is_pss =
        asked.digital_signature_algorithm == Some(DigitalSignatureAlgorithm::RSASSA_PSSPKCS_1V2_1);
    if algorithm == CryptographicAlgorithm::RSA && is_pss {
        parameters.hashing_algorithm.get_or_insert(HashingAlgorithm::SHA_256);
    }
    parameters
}
