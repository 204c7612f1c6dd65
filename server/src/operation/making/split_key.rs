//! What splitting and joining have in common: the methods, their numbers, and whether a secret may
//! be in the server's memory for it.

use hsm_backend::software::split::{PrimeField, Sharing};
use kmip_core::attribute::AttributeKind as Kind;
use kmip_core::object::SplitKey;
use kmip_core::ttlv::BigInteger;
use kmip_core::types::SplitKeyMethod;

use crate::object::{AttributeSet, ManagedObject};
use crate::operation::{OpContext, OpError};

/// Most parts of one secret: each is an object.
const MAX_PARTS: i32 = 255;

/// How a secret is split, as each of its parts tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::operation) struct Layout {
    pub(in crate::operation) parts: i32,
    pub(in crate::operation) threshold: i32,
    pub(in crate::operation) method: SplitKeyMethod,
    pub(in crate::operation) prime: Option<BigInteger>,
}

impl Layout {
    /// What `part` tells.
    pub(in crate::operation) fn of(part: &SplitKey) -> Self {
        Self {
            parts: part.split_key_parts,
            threshold: part.split_key_threshold,
            method: part.split_key_method,
            prime: part.prime_field_size.clone(),
        }
    }

    /// Refuses numbers that cannot be.
    ///
    /// # Errors
    ///
    /// `InvalidField`; `InvalidMessage` where the prime is missing.
    pub(in crate::operation) fn check(&self) -> Result<(), OpError> {
        if self.method.name().is_none() {
            return Err(OpError::InvalidField("no such split key method"));
        }
        if !(2..=MAX_PARTS).contains(&self.parts) || !(2..=self.parts).contains(&self.threshold) {
            return Err(OpError::InvalidField("no such number of parts, or such threshold"));
        }
        match (self.method == SplitKeyMethod::PolynomialSharingPrimeField, &self.prime) {
            (true, None) => Err(OpError::InvalidMessage("no prime field size")),
            (false, Some(_)) => Err(OpError::InvalidField("the method takes no prime")),
            (true, Some(_)) | (false, None) => Ok(()),
        }
    }

    /// Refuses also what only others may say: that some parts of XOR are enough.
    ///
    /// # Errors
    ///
    /// As [`check`](Self::check).
    pub(in crate::operation) fn check_new(&self) -> Result<(), OpError> {
        self.check()?;
        if self.takes() != self.threshold {
            return Err(OpError::InvalidField("the method takes all parts"));
        }
        Ok(())
    }

    /// The way to compute it, for secrets of `bytes` bytes.
    ///
    /// # Errors
    ///
    /// As [`check`](Self::check); `InvalidField` for a number that is no prime above them all.
    pub(in crate::operation) fn sharing(&self, bytes: usize) -> Result<Sharing, OpError> {
        self.check()?;
        Ok(match self.method {
            SplitKeyMethod::XOR => Sharing::Xor,
            SplitKeyMethod::PolynomialSharingGF2_16 => Sharing::Gf65536,
            SplitKeyMethod::PolynomialSharingGF2_8 => Sharing::Gf256,
            _ => Sharing::Prime(self.field(bytes)?),
        })
    }

    fn field(&self, bytes: usize) -> Result<PrimeField, OpError> {
        let prime = self.prime.as_ref().and_then(BigInteger::to_unsigned);
        let field = prime.map(PrimeField::new).transpose()?;
        field
            .filter(|field| field.holds(bytes))
            .ok_or(OpError::InvalidField("the prime is not above every such secret"))
    }

    /// How many parts it takes: of XOR all, whatever the client says who brought them.
    fn takes(&self) -> i32 {
        if self.method == SplitKeyMethod::XOR { self.parts } else { self.threshold }
    }

    /// How many parts there are, and how many it takes.
    pub(in crate::operation) fn counts(&self) -> (u32, u32) {
        (self.parts.unsigned_abs(), self.takes().unsigned_abs())
    }
}

/// Whether a client may read what has these attributes.
fn is_readable(ctx: &OpContext<'_>, attributes: &AttributeSet) -> bool {
    ctx.may_export()
        && attributes.boolean(Kind::Sensitive) != Some(true)
        && attributes.boolean(Kind::Extractable) != Some(false)
}

/// Locks `given` away as far as `source` is: a part shows no more than its whole, nor the whole
/// than its parts.
pub(in crate::operation) fn inherit_locks(given: &mut AttributeSet, source: &ManagedObject) {
    if source.attributes.boolean(Kind::Sensitive) == Some(true) {
        given.set(Kind::Sensitive, &true);
    }
    if source.attributes.boolean(Kind::Extractable) == Some(false) {
        given.set(Kind::Extractable, &false);
    }
}

/// A secret that is split or joined is in the server's memory: the client could read it anyway, or
/// the scope has assisted mode.
///
/// # Errors
///
/// `ParametersNotSupported`.
pub(in crate::operation) fn may_be_in_memory(
    ctx: &OpContext<'_>,
    attributes: &AttributeSet,
) -> Result<(), OpError> {
    let (request, scope) = (ctx.request_id(), ctx.grant()?.scope());
    let assisted = ctx.rules()?.custody.assisted;
    let (readable, scope) = (is_readable(ctx, attributes), scope.as_str());
    if !readable && !assisted {
        tracing::info!(request, scope, "no assisted mode: a split secret would be in memory");
        return Err(OpError::ParametersNotSupported("the scope has no assisted mode"));
    }
    tracing::info!(request, scope, readable, assisted, "a split secret is in memory");
    Ok(())
}
