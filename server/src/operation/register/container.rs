//! PKCS#12 containers at Register: the private key in them is taken in, and its certificates are
//! objects of their own, to which it is linked.
//!
//! Spec: KMIP 1.4 §3.45 and §11.4.

use kmip_core::attribute::{AttributeKind as Kind, UniqueIdentifier};
use kmip_core::object::{
    Certificate, KeyBlock, KeyMaterial as WireMaterial, KeyValue, Object, PrivateKey,
};
use kmip_core::secret::SecretBytes;
use kmip_core::types::{CertificateType, KeyFormatType, LinkType, ObjectType};

use super::super::birth::{self, Origin};
use super::super::{OpContext, OpError, pkcs12 as containers};
use super::{describe, encoded};
use crate::bridge::key_material;
use crate::bridge::pkcs12::{self, CertificateEntry, KeyEntry};
use crate::ca::x509;
use crate::object::{AttributeSet, ManagedObject};

/// The object to register: the private key in a container that is not wrapped besides, anything else
/// as it came; and the certificates of the key in DER, its own first.
///
/// # Errors
///
/// `InvalidField` for a container that does not open, or has no such key.
pub(super) fn opened(
    ctx: &mut OpContext<'_>,
    object: Object,
    given: &mut AttributeSet,
) -> Result<(Object, Vec<Vec<u8>>), OpError> {
    let Object::PrivateKey(PrivateKey { key_block: block }) = &object else {
        return Ok((object, Vec::new()));
    };
    let Some(container) = bytes_of(block) else { return Ok((object, Vec::new())) };
    let password = containers::password(ctx, given)?;
    let costs = ctx.services().bounds.max_derivation_iterations;
    let mut contents = pkcs12::read(container.expose(), &password, costs)?;
    let name: Option<String> = given.typed(Kind::Pkcs12FriendlyName);
    let key = contents.take_key(name.as_deref());
    let key = key.ok_or(OpError::InvalidField("the PKCS#12 container has no such key"))?;
    if let Some(name) = &key.name {
        given.set_default(Kind::Pkcs12FriendlyName, name);
    }
    let chain = chain(&key, contents.certificates)?;
    let material = WireMaterial::Bytes(SecretBytes::new(key.key.expose().to_vec()));
    // The block of a container need not say what is in it.
    let read = key_material::read_private(KeyFormatType::PKCS_8, &material).ok();
    let told = read.map(|key| key_material::private_length(&key));
    let bits = told.and_then(|(_, bits)| i32::try_from(bits).ok());
    let key_block = KeyBlock {
        key_format_type: KeyFormatType::PKCS_8,
        key_value: Some(KeyValue::plain(material)),
        cryptographic_algorithm: block.cryptographic_algorithm.or(told.map(|told| told.0)),
        cryptographic_length: block.cryptographic_length.or(bits),
        ..block.clone()
    };
    Ok((Object::PrivateKey(PrivateKey { key_block }), chain))
}

/// The container in a key block.
fn bytes_of(block: &KeyBlock) -> Option<&SecretBytes> {
    if block.key_format_type != KeyFormatType::PKCS_12 || block.key_wrapping_data.is_some() {
        return None;
    }
    match block.key_value.as_ref()? {
        KeyValue::Wrapped(bytes) => Some(bytes),
        KeyValue::Plain { material, .. } => material.bytes(),
    }
}

/// The certificates of the key: the one that has its local id, or that is alone; then, as far as the
/// container goes, those of the issuers, up to one that issued itself.
///
/// # Errors
///
/// `InvalidField` for certificates that issue each other without end.
fn chain(key: &KeyEntry, mut all: Vec<CertificateEntry>) -> Result<Vec<Vec<u8>>, OpError> {
    let alone = all.len() == 1;
    let own = |entry: &CertificateEntry| {
        entry.local_id.is_some() && entry.local_id == key.local_id || alone
    };
    let mut next = all.iter().position(own);
    let mut chain = Vec::new();
    while let Some(place) = next {
        if chain.len() == containers::MAX_CHAIN {
            return Err(OpError::InvalidField("the certificate chain has no end"));
        }
        let CertificateEntry { certificate, .. } = all.swap_remove(place);
        let (issuer, subject) = x509::issuer_and_subject(&certificate)?;
        chain.push(certificate);
        if issuer == subject {
            break;
        }
        let mut by_subject = None;
        for (place, entry) in all.iter().enumerate() {
            if x509::issuer_and_subject(&entry.certificate)?.1 == issuer {
                by_subject = Some(place);
            }
        }
        next = by_subject;
    }
    Ok(chain)
}

/// Brings the certificates of the key `row` into being, each linked to its issuer's, and links the
/// key to its own.
///
/// # Errors
///
/// [`OpError`]; no certificate is left behind.
pub(super) fn keep_chain(
    ctx: &mut OpContext<'_>,
    row: &mut ManagedObject,
    chain: Vec<Vec<u8>>,
) -> Result<Vec<UniqueIdentifier>, OpError> {
    let mut made = Vec::new();
    for certificate_value in chain {
        made.push(certificate(ctx, certificate_value)?);
    }
    let uids: Vec<_> = made.iter().map(|certificate| certificate.uid.clone()).collect();
    for (certificate, issuer) in made.iter_mut().zip(uids.iter().skip(1)) {
        birth::link(certificate, LinkType::CertificateLink, issuer);
    }
    let name: Option<String> = row.attributes.typed(Kind::Pkcs12FriendlyName);
    if let (Some(own), Some(name)) = (made.first_mut(), name) {
        own.attributes.set(Kind::Pkcs12FriendlyName, &name);
    }
    if let Some(own) = uids.first() {
        birth::link(row, LinkType::PKCS_12CertificateLink, own);
        birth::keep(ctx, &made, &[])?;
    }
    Ok(uids)
}

fn certificate(ctx: &OpContext<'_>, certificate_value: Vec<u8>) -> Result<ManagedObject, OpError> {
    let certificate = Certificate { certificate_type: CertificateType::X_509, certificate_value };
    let mut given = AttributeSet::default();
    x509::describe(&certificate, &mut given)?;
    let object = Object::Certificate(certificate);
    let mut row = birth::newborn(ctx, ObjectType::Certificate, given, Origin::Registered)?;
    describe(&mut row, &object)?;
    row.blob = Some(encoded(&object).to_vec());
    Ok(row)
}
