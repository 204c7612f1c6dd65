//! Where an object goes that a client brings, and whether it can be what it says.

use hsm_backend::{ArrivingKey, KeyMaterial, SecretKeyKind};
use kmip_core::attribute::{AttributeKind as Kind, CryptographicParameters};
use kmip_core::object::{KeyBlock, KeyMaterial as WireMaterial, KeyValue, Object};
use kmip_core::types::{
    CertificateType, CryptographicAlgorithm, EnumTable, KeyFormatType, SecretDataType,
};

use super::super::split_key::Layout;
use super::super::{OpContext, OpError, template};
use super::arrival;
use crate::bridge::algorithm::{edwards, hmac_hash, is_ec};
use crate::bridge::{BridgeError, key_material};
use crate::ca::x509;
use crate::object::AttributeSet;

/// Versions of PGP keys: those of RFC 4880.
const PGP_KEY_VERSIONS: std::ops::RangeInclusive<i32> = 2..=4;

/// What is to become of the secret that came.
pub(in crate::operation) enum Plan {
    /// There is none, or it is public.
    Public,
    /// A key that a token takes.
    Token(KeyMaterial),
    /// A key that a token takes, wrapped by another that it has.
    Wrapped(ArrivingKey),
    /// The same, of which nobody wants the wrapped form back.
    Unwrapped(ArrivingKey),
    /// Bytes that no token takes as a key.
    Sealed,
}

/// Decides where the object goes, and fills in algorithm and length.
///
/// # Errors
///
/// [`OpError`] for an object that cannot be, or contradicts its attributes.
pub(in crate::operation) fn plan(
    ctx: &mut OpContext<'_>,
    object: &Object,
    given: &mut AttributeSet,
) -> Result<Plan, OpError> {
    check_numbers(object)?;
    match object {
        Object::Certificate(certificate) => {
            x509::describe(certificate, given)?;
            Ok(Plan::Public)
        }
        Object::PublicKey(key) => {
            complete(given, &key.key_block)?;
            plan_public(&key.key_block, given)
        }
        Object::SymmetricKey(key) => {
            complete(given, &key.key_block)?;
            plan_symmetric(ctx, &key.key_block, given)
        }
        Object::PrivateKey(key) => {
            complete(given, &key.key_block)?;
            plan_private(ctx, &key.key_block, given)
        }
        Object::SecretData(secret) => {
            take_over(given, &secret.key_block);
            Ok(Plan::Sealed)
        }
        Object::OpaqueObject(_) => Ok(Plan::Sealed),
        Object::SplitKey(part) => {
            complete(given, &part.key_block)?;
            let layout = Layout::of(part);
            layout.check()?;
            if !(1..=layout.parts).contains(&part.key_part_identifier) {
                return Err(OpError::InvalidField("no such part"));
            }
            Ok(plan_opaque(&part.key_block))
        }
        Object::Template(template) => {
            template::take_in(ctx, template, given)?;
            Ok(Plan::Public)
        }
        Object::PGPKey(key) => {
            if !PGP_KEY_VERSIONS.contains(&key.pgp_key_version) {
                return Err(OpError::InvalidField("no such version of PGP keys"));
            }
            // Text that may have private keys in it, and that nobody reads here.
            take_over(given, &key.key_block);
            Ok(plan_opaque(&key.key_block))
        }
    }
}

/// Format and kind must be ones that the specification names, or a vendor's.
fn check_numbers(object: &Object) -> Result<(), OpError> {
    let known = |table: EnumTable, number| number >= 0x8000_0000 || table.entry(number).is_some();
    let format = object.key_block().map(|block| block.key_format_type);
    if format.is_some_and(|format| !known(KeyFormatType::TABLE, format.0)) {
        return Err(OpError::KeyFormat);
    }
    let kind = match object {
        Object::SecretData(secret) => known(SecretDataType::TABLE, secret.secret_data_type.0),
        Object::Certificate(certificate) => {
            known(CertificateType::TABLE, certificate.certificate_type.0)
        }
        _ => true,
    };
    if kind { Ok(()) } else { Err(OpError::InvalidField("no such kind of object")) }
}

fn require_mask(given: &AttributeSet) -> Result<(), OpError> {
    match given.get(Kind::CryptographicUsageMask) {
        Some(_) => Ok(()),
        None => Err(OpError::InvalidMessage("no cryptographic usage mask")),
    }
}

/// Algorithm and length as the key block says, where the attributes say nothing.
fn take_over(given: &mut AttributeSet, block: &KeyBlock) {
    if let Some(algorithm) = block.cryptographic_algorithm {
        given.set_default(Kind::CryptographicAlgorithm, &algorithm);
    }
    if let Some(bits) = block.cryptographic_length {
        given.set_default(Kind::CryptographicLength, &bits);
    }
}

/// Algorithm and length may stand in the key block, in the attributes, or in both alike.
fn complete(given: &mut AttributeSet, block: &KeyBlock) -> Result<(), OpError> {
    require_mask(given)?;
    take_over(given, block);
    let algorithm = given.enumeration(Kind::CryptographicAlgorithm);
    if block.cryptographic_algorithm.is_some_and(|said| algorithm != Some(said.0)) {
        return Err(OpError::InvalidField("two different cryptographic algorithms"));
    }
    let bits = given.integer(Kind::CryptographicLength);
    if block.cryptographic_length.is_some_and(|said| bits != Some(said)) {
        return Err(OpError::InvalidField("two different cryptographic lengths"));
    }
    Ok(())
}

/// The material in plaintext; `None` for a value that is absent or still wrapped.
fn material(block: &KeyBlock) -> Option<&WireMaterial> {
    match &block.key_value {
        Some(KeyValue::Plain { material, .. }) if block.key_wrapping_data.is_none() => {
            Some(material)
        }
        _ => None,
    }
}

/// Wrapped keys that we cannot unwrap are kept as they are; without a value there is nothing to keep.
fn plan_opaque(block: &KeyBlock) -> Plan {
    if block.key_value.is_some() { Plan::Sealed } else { Plan::Public }
}

fn plan_symmetric(
    ctx: &mut OpContext<'_>,
    block: &KeyBlock,
    given: &mut AttributeSet,
) -> Result<Plan, OpError> {
    let Some(material) = material(block) else {
        let arriving = arrival::arriving(ctx, block, given)?;
        return Ok(arriving.map_or_else(|| plan_opaque(block), Plan::Wrapped));
    };
    let value = key_material::read_secret(block.key_format_type, material)?;
    let algorithm = given
        .enumeration(Kind::CryptographicAlgorithm)
        .map(CryptographicAlgorithm)
        .ok_or(OpError::InvalidMessage("no cryptographic algorithm"))?;
    let bits = i32::try_from(value.expose().len() * 8).unwrap_or(i32::MAX);
    given.set_default(Kind::CryptographicLength, &bits);
    if given.integer(Kind::CryptographicLength) != Some(bits) && !is_des(algorithm) {
        return Err(OpError::InvalidField("the length is not that of the key material"));
    }
    let allow_3des = ctx.services().bounds.allow_3des;
    let kind = key_material::secret_kind(algorithm, value.expose().len(), allow_3des);
    match kind.map(|kind| if is_for_hmac(given) { SecretKeyKind::Generic } else { kind }) {
        Some(kind) => Ok(Plan::Token(KeyMaterial::Secret { kind, value })),
        None => Ok(Plan::Sealed),
    }
}

/// Whether the key's own parameters say that it makes HMACs, whatever its algorithm is called: no
/// token makes an HMAC with an AES object.
pub(in crate::operation) fn is_for_hmac(given: &AttributeSet) -> bool {
    given
        .typed::<CryptographicParameters>(Kind::CryptographicParameters)
        .and_then(|parameters| parameters.cryptographic_algorithm)
        .is_some_and(|algorithm| hmac_hash(algorithm).is_some())
}

/// The length of a DES key leaves out its parity bits or not, as its writer pleases.
const fn is_des(algorithm: CryptographicAlgorithm) -> bool {
    matches!(algorithm, CryptographicAlgorithm::DES | CryptographicAlgorithm::DES3)
}

fn plan_private(
    ctx: &OpContext<'_>,
    block: &KeyBlock,
    given: &mut AttributeSet,
) -> Result<Plan, OpError> {
    let Some(material) = material(block) else { return Ok(plan_opaque(block)) };
    let key = match key_material::read_private(block.key_format_type, material) {
        Ok(key) => key,
        // An encrypted PKCS#8, or an algorithm that no token has: kept, and given back untouched.
        Err(BridgeError::Unsupported(_) | BridgeError::KeyFormat) => return Ok(Plan::Sealed),
        Err(BridgeError::Invalid(_)) if is_encrypted_pkcs8(block.key_format_type, material) => {
            return Ok(Plan::Sealed);
        }
        Err(error) => return Err(error.into()),
    };
    let (algorithm, bits) = key_material::private_length(&key);
    if is_edwards_called_ec(given, algorithm) {
        return Ok(Plan::Sealed);
    }
    set_lengths(given, algorithm, bits)?;
    let bounds = ctx.services().bounds;
    let allowed = bounds.rsa_min_bits..=bounds.rsa_max_bits;
    if matches!(key, KeyMaterial::RsaPrivate(_)) && !allowed.contains(&bits) {
        return Err(OpError::InvalidField("RSA length is not allowed here"));
    }
    Ok(Plan::Token(key))
}

/// EncryptedPrivateKeyInfo: a sequence whose first member is a sequence, not a version.
fn is_encrypted_pkcs8(format: KeyFormatType, material: &WireMaterial) -> bool {
    use der::{Decode, Sequence};
    #[derive(Sequence)]
    struct Encrypted<'a> {
        algorithm: spki::AlgorithmIdentifierRef<'a>,
        data: &'a der::asn1::OctetStringRef,
    }
    let der = material.bytes().map(|bytes| bytes.expose()).unwrap_or_default();
    format == KeyFormatType::PKCS_8
        && Encrypted::from_der(der)
            .is_ok_and(|e| e.algorithm.parameters.is_some() && !e.data.is_empty())
}

fn plan_public(block: &KeyBlock, given: &mut AttributeSet) -> Result<Plan, OpError> {
    let Some(material) = material(block) else { return Ok(plan_opaque(block)) };
    match key_material::read_public(block.key_format_type, material) {
        Ok(key) => {
            key_material::check_public(&key)?;
            let (algorithm, bits) = key_material::public_length(&key);
            if is_edwards_called_ec(given, algorithm) {
                return Ok(Plan::Public);
            }
            set_lengths(given, algorithm, bits)?;
            Ok(Plan::Public)
        }
        Err(BridgeError::Unsupported(_) | BridgeError::KeyFormat) => Ok(Plan::Public),
        Err(error) => Err(error.into()),
    }
}

/// Clients of versions that have no name for EdDSA call its keys EC. They are kept, and given back
/// untouched: an EC key signs with ECDSA.
fn is_edwards_called_ec(given: &AttributeSet, algorithm: CryptographicAlgorithm) -> bool {
    let said = given.enumeration(Kind::CryptographicAlgorithm).map(CryptographicAlgorithm);
    edwards(algorithm).is_some() && said.is_some_and(is_ec)
}

/// Algorithm and length of the key itself; what the client said of them must agree.
fn set_lengths(
    given: &mut AttributeSet,
    algorithm: CryptographicAlgorithm,
    bits: u32,
) -> Result<(), OpError> {
    given.set_default(Kind::CryptographicAlgorithm, &algorithm);
    let said = given.enumeration(Kind::CryptographicAlgorithm).map(CryptographicAlgorithm);
    if said.is_some_and(|said| said != algorithm && !(is_ec(said) && is_ec(algorithm))) {
        return Err(OpError::InvalidField("the key is of another algorithm"));
    }
    let bits = i32::try_from(bits).unwrap_or(i32::MAX);
    given.set_default(Kind::CryptographicLength, &bits);
    if given.integer(Kind::CryptographicLength) != Some(bits) {
        return Err(OpError::InvalidField("the length is not that of the key material"));
    }
    Ok(())
}
