//! Create Key Pair: the token makes the pair, keeps the private half, and gives out the public one.
//!
//! Spec: KMIP 1.4 §4.2.

use hsm_backend::{
    HashAlgorithm, HsmErrorKind, KeyPairSpec, KeyPolicy, KeyRef, PublicKey, software,
};
use kmip_core::attribute::{AttributeKind as Kind, CryptographicDomainParameters, Digest};
use kmip_core::object::{KeyBlock, KeyValue, Object, PublicKey as WirePublicKey};
use kmip_core::payload::{CreateKeyPairRequest, CreateKeyPairResponse};
use kmip_core::ttlv::Writer;
use kmip_core::types::{
    CryptographicAlgorithm, CryptographicUsageMask as Mask, LinkType, ObjectType, ProtocolVersion,
};

use super::birth::{self, Origin};
use super::{OpContext, OpError, custody, template};
use crate::bridge::{algorithm, key_material, key_spec};
use crate::object::CustodyMode;
use crate::object::{AttributeSet, Custody, ManagedObject};

/// Makes the pair and answers with both identifiers; the ID Placeholder is the private key's.
pub(super) fn handle(
    ctx: &mut OpContext<'_>,
    request: CreateKeyPairRequest,
) -> Result<CreateKeyPairResponse, OpError> {
    let common = template::collect(ctx, request.common_template_attribute.as_ref())?;
    let private = template::collect(ctx, request.private_key_template_attribute.as_ref())?;
    let public = template::collect(ctx, request.public_key_template_attribute.as_ref())?;
    let private = template::merge(&common, &private);
    let public = template::merge(&common, &public);
    let bounds = ctx.services().bounds;
    let (spec, bits) = key_spec::key_pair(&private, bounds.rsa_min_bits..=bounds.rsa_max_bits)?;
    if key_spec::key_pair(&public, bounds.rsa_min_bits..=bounds.rsa_max_bits)?.0 != spec {
        return Err(OpError::InvalidField("the two halves differ in algorithm or length"));
    }
    let (mut private, mut public) = (
        half(ctx, ObjectType::PrivateKey, private, &spec, bits)?,
        half(ctx, ObjectType::PublicKey, public, &spec, bits)?,
    );
    birth::link(&mut private, LinkType::PublicKeyLink, &public.uid);
    birth::link(&mut public, LinkType::PrivateKeyLink, &private.uid);
    let mask = birth::checked_mask(ctx, &private)?;
    birth::checked_mask(ctx, &public)?;
    let policy = birth::key_policy(&private, key_spec::private_usage(mask));
    let pair = [private, public];
    let made = match custody::of_private_keys(ctx)? {
        CustodyMode::Token => None,
        CustodyMode::Wrapped => wrapped(ctx, &pair, &spec, &policy)?,
    };
    let made = match made {
        Some(made) => made,
        None => in_token(ctx, pair, &spec, &policy)?,
    };
    let [private, public] = made.as_slice() else { return Err(OpError::NotFound) };
    ctx.set_placeholder(Some(private.uid.clone()));
    Ok(CreateKeyPairResponse {
        private_key_unique_identifier: private.uid.clone(),
        public_key_unique_identifier: public.uid.clone(),
        private_key_template_attribute: None,
        public_key_template_attribute: None,
    })
}

fn in_token(
    ctx: &mut OpContext<'_>,
    pair: [ManagedObject; 2],
    spec: &KeyPairSpec,
    policy: &KeyPolicy,
) -> Result<Vec<ManagedObject>, OpError> {
    let make = |ctx: &OpContext<'_>, id| {
        Ok(ctx.hsm().generate_key_pair(&ctx.keygen_call(), id, spec, policy)?.value.public)
    };
    birth::bear(ctx, pair.into(), make, |ctx, objects, public| complete(ctx, objects, &public))
}

/// The private half in its row; `None` where the token would not give it back.
fn wrapped(
    ctx: &mut OpContext<'_>,
    pair: &[ManagedObject; 2],
    spec: &KeyPairSpec,
    policy: &KeyPolicy,
) -> Result<Option<Vec<ManagedObject>>, OpError> {
    let keyring = &ctx.services().keyring;
    // Held until the rows are stored.
    let kek = keyring.wrapping_key(&ctx.call())?;
    let made = ctx.hsm().generate_pair_wrapped(&ctx.keygen_call(), kek.id(), spec, policy);
    let made = match made {
        Ok(made) => made.value,
        Err(error) if error.kind == HsmErrorKind::Unsupported => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let mut rows = pair.to_vec();
    if let Some(private) = rows.first_mut() {
        custody::enter_wrapped(private, kek.id(), made.private)?;
    }
    complete(ctx, &mut rows, &made.public)?;
    birth::keep(ctx, &rows)?;
    Ok(Some(rows))
}

/// Digests, and the public key in its row.
fn complete(
    ctx: &OpContext<'_>,
    pair: &mut [ManagedObject],
    key: &PublicKey,
) -> Result<(), OpError> {
    let [private, public] = pair else { return Ok(()) };
    let readable = private.attributes.boolean(Kind::Extractable) == Some(true)
        && private.attributes.boolean(Kind::Sensitive) == Some(false);
    if let (true, Some(held)) = (readable, private.key_ref()) {
        let digest = private_digest(ctx, &held)?;
        private.attributes.set(Kind::Digest, &digest);
    }
    fill_public(public, key)
}

/// One half with its attributes. A usage mask not given is what such keys are for: Barbican and
/// others give none.
fn half(
    ctx: &OpContext<'_>,
    object_type: ObjectType,
    mut given: AttributeSet,
    spec: &KeyPairSpec,
    bits: u32,
) -> Result<ManagedObject, OpError> {
    let is_private = object_type == ObjectType::PrivateKey;
    let mask = match (spec, is_private) {
        (KeyPairSpec::Rsa { .. }, true) => Mask::Sign.union(Mask::Decrypt),
        (KeyPairSpec::Rsa { .. }, false) => Mask::Verify.union(Mask::Encrypt),
        (KeyPairSpec::Ec(_) | KeyPairSpec::Edwards(_), true) => Mask::Sign,
        (KeyPairSpec::Ec(_) | KeyPairSpec::Edwards(_), false) => Mask::Verify,
    };
    given.set_default(Kind::CryptographicUsageMask, &mask);
    let length = i32::try_from(bits).map_err(|_| OpError::InvalidField("key length"))?;
    given.set(Kind::CryptographicLength, &length);
    if let KeyPairSpec::Ec(curve) = spec {
        given.set_default(
            Kind::CryptographicDomainParameters,
            &CryptographicDomainParameters {
                q_length: None,
                recommended_curve: Some(algorithm::curve_name(*curve).0),
            },
        );
    }
    let mut object = birth::newborn(ctx, object_type, given, Origin::Generated)?;
    object.true_bits = bits;
    Ok(object)
}

/// The Digest of a private key, in the form in which it would be given out. No token hashes a
/// private key, so only one that may leave has a Digest.
fn private_digest(ctx: &OpContext<'_>, key: &KeyRef) -> Result<Digest, OpError> {
    let key = ctx.hsm().export_key(&ctx.call(), key)?;
    let (format, material) = key_material::write_private(None, &key)?;
    let bytes = material.bytes().map(|bytes| bytes.expose()).unwrap_or_default();
    Ok(birth::digest(software::digest(HashAlgorithm::Sha256, bytes)?, format))
}

/// Puts the public key's value into its row.
fn fill_public(object: &mut ManagedObject, key: &PublicKey) -> Result<(), OpError> {
    let algorithm = object.attributes.enumeration(Kind::CryptographicAlgorithm);
    let (format, material) = key_material::write_public(None, key)?;
    let value = material.bytes().map(|bytes| bytes.expose().to_vec()).unwrap_or_default();
    let digest = software::digest(HashAlgorithm::Sha256, &value)?;
    object.attributes.set(Kind::Digest, &birth::digest(digest, format));
    let key_block = KeyBlock {
        key_format_type: format,
        key_compression_type: None,
        key_value: Some(KeyValue::plain(material)),
        cryptographic_algorithm: algorithm.map(CryptographicAlgorithm),
        cryptographic_length: i32::try_from(object.true_bits).ok(),
        key_wrapping_data: None,
    };
    let mut w = Writer::new(ProtocolVersion::NEWEST);
    Object::PublicKey(WirePublicKey { key_block }).encode_tagged(&mut w);
    object.custody = Custody::Public;
    object.blob = Some(w.into_bytes());
    Ok(())
}
