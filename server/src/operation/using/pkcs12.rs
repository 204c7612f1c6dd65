//! PKCS#12 containers: opened at Register, made for Get.
//!
//! Spec: KMIP 1.4 §3.45, §4.11 and §11.4.

use hsm_backend::SecretValue;
use kmip_core::attribute::{AttributeKind as Kind, Link, UniqueIdentifier};
use kmip_core::object::{KeyBlock, KeyValue, Object, PrivateKey};
use kmip_core::secret::SecretBytes;
use kmip_core::types::{
    CryptographicUsageMask as Mask, KeyFormatType, LinkType, ObjectType, SecretDataType,
};

use crate::bridge::{key_material, pkcs12};
use crate::ca::x509;
use crate::lifecycle::{self, Purpose};
use crate::object::{AttributeSet, ManagedObject};
use crate::operation::{OpContext, OpError, public_key, value};

/// The friendly name of a key that has none of its own, as the specification has it.
const ALIAS: &str = "alias";

/// Certificates in a chain; who links more has made a circle.
pub(in crate::operation) const MAX_CHAIN: usize = 16;

/// The private key `row` with the certificates it is linked to, shut with the password it is linked
/// to. The caller has seen to it that the key may leave in plaintext: the client has the password.
///
/// # Errors
///
/// `InvalidField` without a password, and for links that make no chain; those of [`value`].
pub(in crate::operation) fn container(
    ctx: &mut OpContext<'_>,
    row: &ManagedObject,
) -> Result<Object, OpError> {
    let password = password(ctx, &row.attributes)?;
    let certificates = chain(ctx, row)?;
    let plain = value::in_plaintext(ctx, row, Some(KeyFormatType::PKCS_8))?;
    let key = match plain.key_block().and_then(|block| block.key_value.as_ref()) {
        Some(KeyValue::Plain { material, .. }) => material.bytes(),
        Some(KeyValue::Wrapped(_)) | None => None,
    };
    let key = SecretValue::new(key.ok_or(OpError::KeyFormat)?.expose().to_vec());
    let name: Option<String> = row.attributes.typed(Kind::Pkcs12FriendlyName);
    let name = name.as_deref().unwrap_or(ALIAS);
    let made = pkcs12::write(name, &key, &certificates, &password, randomness(ctx)?)?;
    let key_block = KeyBlock {
        key_format_type: KeyFormatType::PKCS_12,
        key_compression_type: None,
        key_value: Some(KeyValue::Wrapped(SecretBytes::new(made))),
        cryptographic_algorithm: None,
        cryptographic_length: None,
        key_wrapping_data: None,
    };
    Ok(Object::PrivateKey(PrivateKey { key_block }))
}

fn randomness(ctx: &OpContext<'_>) -> Result<pkcs12::Randomness, OpError> {
    let mut pieces = pkcs12::Randomness::default();
    for piece in &mut pieces {
        let bytes = ctx.hsm().random(&ctx.call(), piece.len())?;
        let bytes = bytes.expose().try_into();
        *piece = bytes.map_err(|_| OpError::GeneralFailure("no randomness"))?;
    }
    Ok(pieces)
}

/// The password that an object is linked to; it must be usable to derive keys, which is what a
/// container does with it.
///
/// # Errors
///
/// `InvalidField` unless there is one link, and it leads to a password; `Forbidden` by its state or
/// mask.
pub(in crate::operation) fn password(
    ctx: &mut OpContext<'_>,
    set: &AttributeSet,
) -> Result<SecretValue, OpError> {
    let only = only_link(set, LinkType::PKCS_12PasswordLink);
    let uid = only?.ok_or(OpError::InvalidField("no PKCS#12 password link"))?;
    let no_password = OpError::InvalidField("the PKCS#12 password link leads to no password");
    let row = match ctx.object(Some(uid)) {
        Ok(row) if row.object_type == ObjectType::SecretData => row,
        Ok(_) | Err(OpError::NotFound) => return Err(no_password),
        Err(error) => return Err(error),
    };
    lifecycle::may_use(&row, Mask::DeriveKey, Purpose::Process, ctx.now())?;
    let (request, object) = (ctx.request_id(), row.uid.as_str());
    tracing::info!(request, object, "the password of a PKCS#12 container is in memory");
    match value::unsealed(ctx, &row)? {
        Object::SecretData(secret) if secret.secret_data_type == SecretDataType::Password => {
            match &secret.key_block.key_value {
                Some(KeyValue::Plain { material, .. })
                    if secret.key_block.key_wrapping_data.is_none() =>
                {
                    Ok(key_material::read_secret(secret.key_block.key_format_type, material)?)
                }
                _ => Err(no_password),
            }
        }
        _ => Err(no_password),
    }
}

/// The certificates of a key in DER, its own first: those it was registered with, else that of its
/// public key; and from there on by the links from each to its issuer's.
fn chain(ctx: &mut OpContext<'_>, key: &ManagedObject) -> Result<Vec<Vec<u8>>, OpError> {
    let mut next = only_link(&key.attributes, LinkType::PKCS_12CertificateLink)?;
    if next.is_none()
        && let Some(public) = only_link(&key.attributes, LinkType::PublicKeyLink)?
    {
        let public = ctx.object(Some(public))?;
        next = only_link(&public.attributes, LinkType::CertificateLink)?;
    }
    let mut chain = Vec::new();
    while let Some(uid) = next {
        if chain.len() == MAX_CHAIN {
            return Err(OpError::InvalidField("the certificate chain has no end"));
        }
        let row = ctx.object(Some(uid))?;
        if row.object_type != ObjectType::Certificate {
            return Err(OpError::InvalidField("a certificate link leads to no certificate"));
        }
        let Object::Certificate(certificate) = public_key::stored_object(&row)? else {
            return Err(OpError::GeneralFailure("the stored object is unreadable"));
        };
        chain.push(x509::to_der(&certificate.certificate_value)?);
        next = only_link(&row.attributes, LinkType::CertificateLink)?.filter(|to| *to != row.uid);
    }
    Ok(chain)
}

/// What the only link of a type leads to.
fn only_link(set: &AttributeSet, of: LinkType) -> Result<Option<UniqueIdentifier>, OpError> {
    let mut links = set.all_typed::<Link>(Kind::Link).filter(|link| link.link_type == of);
    match (links.next(), links.next()) {
        (first, None) => Ok(first.map(|link| link.linked_object_identifier)),
        (_, Some(_)) => Err(OpError::InvalidField("more than one link of a type")),
    }
}
