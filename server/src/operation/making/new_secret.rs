//! A secret that comes into being by computation: in the server's memory, derived or joined from its
//! parts, from where it goes to its custody at once; or in the token, agreed on.

use hsm_backend::{
    Agreement, HashAlgorithm, KeyMaterial, SecretKeyKind, SecretKeySpec, SecretValue, software,
};
use kmip_core::attribute::{AttributeKind as Kind, UniqueIdentifier};
use kmip_core::object::{KeyBlock, KeyValue, Object, SecretData};
use kmip_core::types::{KeyFormatType, LinkType, ObjectType, SecretDataType};

use crate::bridge::{key_material, key_spec};
use crate::object::{AttributeSet, Custody, ManagedObject};
use crate::operation::birth::{self, Origin};
use crate::operation::custody::{self, Source};
use crate::operation::{OpContext, OpError, register};

/// Longest Secret Data made here, in bits.
const MAX_DATA_BITS: u32 = 65_536;

/// What is to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Key(SecretKeySpec),
    Data { bits: u32, kind: SecretDataType },
}

/// A secret that a client wants, without its value.
pub(in crate::operation) struct NewSecret {
    given: AttributeSet,
    form: Form,
}

impl NewSecret {
    /// The secret that `given` describe; Secret Data is of `kind`.
    ///
    /// # Errors
    ///
    /// `InvalidField` for what is neither a symmetric key nor Secret Data, and for lengths that
    /// cannot be; `InvalidMessage` where length or algorithm are missing.
    pub(in crate::operation) fn of(
        ctx: &OpContext<'_>,
        object_type: ObjectType,
        mut given: AttributeSet,
        kind: SecretDataType,
    ) -> Result<Self, OpError> {
        let form = match object_type {
            ObjectType::SymmetricKey => {
                let spec = key_spec::secret_key(&given, ctx.services().bounds.allow_3des)?;
                let mask = key_spec::default_secret_mask(spec.kind);
                given.set_default(Kind::CryptographicUsageMask, &mask);
                Form::Key(spec)
            }
            ObjectType::SecretData => Form::Data { bits: data_bits(&given)?, kind },
            _ => return Err(OpError::InvalidField("objects of this type are not made so")),
        };
        Ok(Self { given, form })
    }

    /// The attributes asked for, and what goes without saying.
    pub(in crate::operation) fn into_attributes(self) -> AttributeSet {
        self.given
    }

    /// Length of the value in bytes.
    pub(in crate::operation) fn bytes(&self) -> usize {
        let (Form::Key(SecretKeySpec { bits, .. }) | Form::Data { bits, .. }) = self.form;
        usize::try_from(bits / 8).unwrap_or(usize::MAX)
    }

    /// What the token would be asked to make; `None` for Secret Data.
    pub(in crate::operation) fn key(&self) -> Option<SecretKeySpec> {
        match self.form {
            Form::Key(spec) => Some(SecretKeySpec { kind: kind(&self.given, spec), ..spec }),
            Form::Data { .. } => None,
        }
    }

    /// Brings a key into being that the token agrees on, linked to others.
    ///
    /// # Errors
    ///
    /// [`OpError`]; no live object is left behind.
    pub(in crate::operation) fn bear_agreed(
        self,
        ctx: &mut OpContext<'_>,
        agreement: &Agreement,
        links: &[(LinkType, UniqueIdentifier)],
    ) -> Result<UniqueIdentifier, OpError> {
        let mut row = birth::newborn(ctx, ObjectType::SymmetricKey, self.given, Origin::Generated)?;
        for (link_type, to) in links {
            birth::link(&mut row, *link_type, to);
        }
        key(ctx, row, agreement.spec, &Source::Agreed(agreement))
    }

    /// Brings the secret into being with this value, linked to others.
    ///
    /// # Errors
    ///
    /// [`OpError`]; no live object is left behind.
    pub(in crate::operation) fn bear(
        self,
        ctx: &mut OpContext<'_>,
        value: SecretValue,
        links: &[(LinkType, UniqueIdentifier)],
    ) -> Result<UniqueIdentifier, OpError> {
        let digest = software::digest(HashAlgorithm::Sha256, value.expose())?;
        let object_type = match self.form {
            Form::Key(_) => ObjectType::SymmetricKey,
            Form::Data { .. } => ObjectType::SecretData,
        };
        let mut row = birth::newborn(ctx, object_type, self.given, Origin::Generated)?;
        row.attributes.set(Kind::Digest, &birth::digest(digest, KeyFormatType::Raw));
        for (link_type, to) in links {
            birth::link(&mut row, *link_type, to);
        }
        match self.form {
            Form::Key(spec) => {
                let kind = kind(&row.attributes, spec);
                let material = KeyMaterial::Secret { kind, value };
                key(ctx, row, spec, &Source::Brought(&material))
            }
            Form::Data { bits, kind } => data(ctx, row, bits, kind, &value),
        }
    }
}

/// The length of Secret Data, which the client must give.
fn data_bits(given: &AttributeSet) -> Result<u32, OpError> {
    let bits = given.integer(Kind::CryptographicLength);
    let bits = bits.ok_or(OpError::InvalidMessage("no cryptographic length"))?;
    u32::try_from(bits)
        .ok()
        .filter(|bits| (8..=MAX_DATA_BITS).contains(bits) && bits.is_multiple_of(8))
        .ok_or(OpError::InvalidField("no secret data of this length"))
}

/// What a token has the key as.
fn kind(given: &AttributeSet, spec: SecretKeySpec) -> SecretKeyKind {
    if register::is_for_hmac(given) { SecretKeyKind::Generic } else { spec.kind }
}

fn key(
    ctx: &mut OpContext<'_>,
    mut row: ManagedObject,
    spec: SecretKeySpec,
    source: &Source<'_>,
) -> Result<UniqueIdentifier, OpError> {
    let mask = birth::checked_mask(ctx, &row)?;
    // Exactly as given: the length of a 3DES key counts its parity bits or not.
    let bits = row.attributes.integer(Kind::CryptographicLength);
    row.true_bits = bits.and_then(|bits| u32::try_from(bits).ok()).unwrap_or(spec.bits);
    let policy = birth::key_policy(&row, key_spec::secret_usage(mask));
    Ok(custody::bear(ctx, row, source, &policy, &[])?.uid)
}

fn data(
    ctx: &mut OpContext<'_>,
    mut row: ManagedObject,
    bits: u32,
    kind: SecretDataType,
    value: &SecretValue,
) -> Result<UniqueIdentifier, OpError> {
    row.true_bits = bits;
    let material = key_material::write_secret(KeyFormatType::Raw, value)?;
    let key_block = KeyBlock {
        key_format_type: KeyFormatType::Raw,
        key_compression_type: None,
        key_value: Some(KeyValue::plain(material)),
        cryptographic_algorithm: None,
        cryptographic_length: None,
        key_wrapping_data: None,
    };
    let object = Object::SecretData(SecretData { secret_data_type: kind, key_block });
    let sealed = register::seal(ctx, &row, &object)?;
    row.kek_id = Some(sealed.key);
    row.blob = Some(sealed.bytes);
    row.set_custody(Custody::Sealed);
    let uid = row.uid.clone();
    birth::keep(ctx, &[row], &[])?;
    Ok(uid)
}
