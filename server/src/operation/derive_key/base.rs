//! What is derived from: a key, Secret Data or both; or a private and a public key.

use std::sync::Arc;

use hsm_backend::{HashAlgorithm, KeyRef, MacAlgorithm, SecretValue};
use kmip_core::attribute::{AttributeKind as Kind, Digest, UniqueIdentifier};
use kmip_core::secret::SecretBytes;
use kmip_core::types::{
    CryptographicAlgorithm, CryptographicUsageMask as Mask, LinkType, ObjectType,
};

use super::super::use_key::{algorithm_of, single_part, spend};
use super::super::{OpContext, OpError, birth, register, value};
use crate::bridge::derivation::Takes;
use crate::lifecycle::{self, Purpose};
use crate::object::ManagedObject;

/// The base objects, each of which may be used to derive.
pub(super) struct Bases {
    key: Option<Arc<ManagedObject>>,
    secret: Option<Arc<ManagedObject>>,
    private: Option<Arc<ManagedObject>>,
    public: Option<Arc<ManagedObject>>,
}

impl Bases {
    /// Loads them; the ID Placeholder does not stand for one.
    pub(super) fn load(
        ctx: &mut OpContext<'_>,
        uids: Vec<UniqueIdentifier>,
    ) -> Result<Self, OpError> {
        if uids.is_empty() {
            return Err(OpError::InvalidMessage("no base object"));
        }
        let mut bases = Self { key: None, secret: None, private: None, public: None };
        for uid in uids {
            let base = ctx.object(Some(uid))?;
            let place = match base.object_type {
                ObjectType::SymmetricKey => &mut bases.key,
                ObjectType::SecretData => &mut bases.secret,
                ObjectType::PrivateKey => &mut bases.private,
                ObjectType::PublicKey => &mut bases.public,
                _ => return Err(OpError::InvalidField("nothing is derived from such an object")),
            };
            if place.is_some() {
                return Err(OpError::InvalidField("the method takes one base of each kind"));
            }
            lifecycle::may_use(&base, Mask::DeriveKey, Purpose::Protect, ctx.now())?;
            if base.attributes.boolean(Kind::KeyValuePresent) == Some(false) {
                return Err(OpError::KeyValueNotPresent);
            }
            // Each gets a Link to what is derived.
            let attributes = base.attributes.iter().count();
            if attributes >= ctx.services().bounds.max_attributes_per_object {
                return Err(OpError::IndexOutOfBounds);
            }
            *place = Some(base);
        }
        Ok(bases)
    }

    /// Whether they are what a method takes; Secret Data stand for the Derivation Data.
    pub(super) fn check(&self, takes: Takes, data_given: bool) -> Result<(), OpError> {
        let (key, secret) = (self.key.is_some(), self.secret.is_some());
        let pair = (self.private.is_some(), self.public.is_some());
        if takes == Takes::Pair {
            return match (pair, key || secret || data_given) {
                ((true, true), false) => Ok(()),
                (_, true) => Err(OpError::InvalidField("the method takes two keys, and no data")),
                (_, false) => Err(OpError::InvalidField("the method takes both kinds of key")),
            };
        }
        if pair != (false, false) {
            return Err(OpError::InvalidField("the method takes no private or public key"));
        }
        if data_given && secret {
            return Err(OpError::InvalidMessage("derivation data come twice"));
        }
        let data = data_given || secret;
        match takes {
            Takes::KeyAndData if !key => Err(OpError::InvalidField("the method takes a key")),
            Takes::KeyAndData if !data => Err(OpError::InvalidMessage("no derivation data")),
            Takes::KeyOrData if key && data => {
                Err(OpError::InvalidField("the method takes a key or data, not both"))
            }
            Takes::Password if data_given || (key && secret) => {
                Err(OpError::InvalidField("the method takes one base object, and no data"))
            }
            Takes::KeyAndData | Takes::KeyOrData | Takes::Password | Takes::Pair => Ok(()),
        }
    }

    /// All of them.
    pub(super) fn all(&self) -> impl Iterator<Item = &ManagedObject> {
        [&self.key, &self.secret, &self.private, &self.public]
            .into_iter()
            .flatten()
            .map(|base| &**base)
    }

    /// The only one, for the methods that take one.
    pub(super) fn first(&self) -> Result<&ManagedObject, OpError> {
        self.all().next().ok_or(OpError::InvalidMessage("no base object"))
    }

    /// The key, if there is one.
    pub(super) fn key(&self) -> Option<&ManagedObject> {
        self.key.as_deref()
    }

    /// A private key, and somebody else's public key.
    pub(super) fn pair(&self) -> Result<(&ManagedObject, &ManagedObject), OpError> {
        let pair = self.private.as_deref().zip(self.public.as_deref());
        pair.ok_or(OpError::InvalidField("the method takes both kinds of key"))
    }

    /// The key, for the methods that take one.
    pub(super) fn key_to_use(&self) -> Result<&ManagedObject, OpError> {
        self.key().ok_or(OpError::InvalidField("the method takes a key"))
    }

    /// The Derivation Data, `given` or held as Secret Data.
    pub(super) fn data(
        &self,
        ctx: &OpContext<'_>,
        given: Option<&SecretBytes>,
    ) -> Result<SecretValue, OpError> {
        if let Some(secret) = &self.secret {
            return value::in_memory(ctx, secret);
        }
        let data = single_part(ctx, given.cloned())?;
        Ok(SecretValue::new(data.expose().to_vec()))
    }

    /// Takes `bytes` off the Usage Limits of each.
    pub(super) fn spend(&self, ctx: &mut OpContext<'_>, bytes: usize) -> Result<(), OpError> {
        self.all().try_for_each(|base| spend(ctx, base, bytes))
    }

    /// What links the derived object to them.
    pub(super) fn links(&self) -> Vec<(LinkType, UniqueIdentifier)> {
        self.all().map(|base| (LinkType::DerivationBaseObjectLink, base.uid.clone())).collect()
    }

    /// Links each to what was derived from it.
    pub(super) fn link_to(
        &self,
        ctx: &mut OpContext<'_>,
        derived: &UniqueIdentifier,
    ) -> Result<(), OpError> {
        for base in self.all() {
            ctx.change(Some(base.uid.clone()), |base, _| {
                birth::link(base, LinkType::DerivedKeyLink, derived);
                Ok(())
            })?;
        }
        Ok(())
    }
}

/// Whether the token's object of this key is one that makes such a MAC.
pub(super) fn makes(key: &ManagedObject, algorithm: MacAlgorithm) -> bool {
    match algorithm {
        MacAlgorithm::AesCmac => true,
        MacAlgorithm::Hmac(_) => !is_cipher_key(key),
    }
}

/// Whether the token has the key as one of a cipher, which is exactly as long as it seems.
fn is_cipher_key(key: &ManagedObject) -> bool {
    let ciphers = [CryptographicAlgorithm::AES, CryptographicAlgorithm::DES3];
    let named = algorithm_of(key).is_ok_and(|algorithm| ciphers.contains(&algorithm));
    named && !register::is_for_hmac(&key.attributes)
}

/// The token's key, if the token hashes it. Short keys are in some tokens with zeros behind them,
/// and their hash would be another: what the row knows of the value tells.
pub(super) fn hashed_by_token(
    ctx: &OpContext<'_>,
    key: &ManagedObject,
    hash: HashAlgorithm,
) -> Result<Option<KeyRef>, OpError> {
    let Some(held) = key.key_ref() else { return Ok(None) };
    let capabilities = ctx.capabilities()?;
    if capabilities.digest(hash).is_none() {
        return Ok(None);
    }
    let is_aes = algorithm_of(key).is_ok_and(|a| a == CryptographicAlgorithm::AES);
    if is_aes && is_cipher_key(key) {
        return Ok(Some(held));
    }
    if capabilities.digest(HashAlgorithm::Sha256).is_none() {
        return Ok(None);
    }
    let known: Option<Digest> = key.attributes.typed(Kind::Digest);
    let told = ctx.hsm().digest_key(&ctx.call(), &held, HashAlgorithm::Sha256)?;
    Ok((known.and_then(|known| known.digest_value) == Some(told)).then_some(held))
}
