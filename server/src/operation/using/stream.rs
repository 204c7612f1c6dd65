//! What the operations that may come in parts have in common.

use hsm_backend::{HsmError, HsmErrorKind, KeyRef, SignInput, StreamEnd, StreamWish, software};
use kmip_core::attribute::{CryptographicParameters, UniqueIdentifier};
use kmip_core::secret::SecretBytes;
use kmip_core::types::CryptographicUsageMask as Mask;

use crate::lifecycle::Purpose;
use crate::operation::use_key::{key_for, spend};
use crate::operation::{OpContext, OpError};
use crate::streams::{CorrelationValue, Stream, TokenStream, Work};

/// The fields of a request that say which part it is.
pub(in crate::operation) struct Fields<'a> {
    /// Correlation Value.
    pub(in crate::operation) correlation_value: Option<&'a [u8]>,
    /// Init Indicator.
    pub(in crate::operation) init: Option<bool>,
    /// Final Indicator.
    pub(in crate::operation) last: Option<bool>,
}

/// Which part of an operation a request is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::operation) enum Part {
    /// All of it.
    Whole,
    /// The first of several.
    First,
    /// One in between, or the last.
    Later {
        /// The stream.
        name: Vec<u8>,
        /// Whether it is the last.
        last: bool,
    },
}

impl Part {
    /// Reads the fields.
    ///
    /// # Errors
    ///
    /// `InvalidMessage` where they contradict each other.
    pub(in crate::operation) fn of(fields: &Fields<'_>) -> Result<Self, OpError> {
        let last = fields.last.unwrap_or(false);
        match (fields.correlation_value, fields.init.unwrap_or(false)) {
            (None, true) if !last => Ok(Self::First),
            (None, true) => Ok(Self::Whole),
            (None, false) if !last => Ok(Self::Whole),
            (None, false) => Err(OpError::InvalidMessage("a last part belongs to no stream")),
            (Some(_), true) => Err(OpError::InvalidMessage("a first part has no stream yet")),
            (Some(name), false) => Ok(Self::Later { name: name.to_vec(), last }),
        }
    }
}

/// What later parts need to be let on with: the right to use the key holds for each of them.
#[derive(Clone, Copy)]
pub(in crate::operation) struct Right {
    /// The bit of the usage mask.
    pub(in crate::operation) usage: Mask,
    /// What the key is used for.
    pub(in crate::operation) purpose: Purpose,
}

/// A later part.
pub(in crate::operation) struct Later {
    pub(in crate::operation) name: Vec<u8>,
    pub(in crate::operation) uid: Option<UniqueIdentifier>,
    pub(in crate::operation) parameters: Option<CryptographicParameters>,
    /// The tag, signature or MAC, if it comes with this part.
    pub(in crate::operation) claimed: Option<Vec<u8>>,
}

/// A new stream with the token.
pub(in crate::operation) fn open(
    ctx: &OpContext<'_>,
    key: &KeyRef,
    wish: &StreamWish,
) -> Result<Work, OpError> {
    let aead = match wish {
        StreamWish::Encrypt { algorithm, .. } | StreamWish::Decrypt { algorithm, .. } => {
            algorithm.is_aead()
        }
        StreamWish::Sign { .. } | StreamWish::Mac(_) => false,
    };
    let stream = TokenStream::open(&ctx.services().hsm, ctx.call(), key, wish)?;
    Ok(Work::Token { stream, aead })
}

/// What a first part settles.
pub(in crate::operation) struct Beginning {
    pub(in crate::operation) uid: Option<UniqueIdentifier>,
    pub(in crate::operation) parameters: Option<CryptographicParameters>,
    pub(in crate::operation) claimed: Option<Vec<u8>>,
    pub(in crate::operation) work: Work,
}

/// Feeds the first part and keeps the stream, which ends where there is no room for it; returns its
/// name and what came out.
pub(in crate::operation) fn begin(
    ctx: &OpContext<'_>,
    beginning: Beginning,
    data: Option<SecretBytes>,
) -> Result<(CorrelationValue, Option<SecretBytes>), OpError> {
    let mut name: CorrelationValue = [0; 16];
    getrandom::fill(&mut name).map_err(|_| OpError::GeneralFailure("no randomness"))?;
    let grant = ctx.grant()?;
    let Beginning { uid, parameters, claimed, work } = beginning;
    let (scope, operation) = (grant.scope().clone(), grant.operation());
    let mut stream = Stream { scope, operation, uid, parameters, claimed, work };
    let out = feed(ctx, &mut stream.work, data)?;
    if ctx.services().streams.put(name, stream) {
        return Ok((name, out));
    }
    Err(HsmError::new(HsmErrorKind::Busy, "streams").into())
}

/// Keeps a stream that was resumed for its next part.
pub(in crate::operation) fn keep(ctx: &OpContext<'_>, name: CorrelationValue, stream: Stream) {
    ctx.services().streams.put_back(name, stream);
}

/// Takes up a stream for a later part; `right` is asked of its key anew, and its limits drawn on.
///
/// # Errors
///
/// `NotFound` for a stream that is not there, not this client's, or of another operation or key;
/// `InvalidField` where the part brings parameters other than the first did. The stream ends with
/// any error.
pub(in crate::operation) fn resume(
    ctx: &mut OpContext<'_>,
    later: Later,
    right: Option<Right>,
    bytes: usize,
) -> Result<(CorrelationValue, Stream), OpError> {
    let grant = ctx.grant()?;
    let (scope, operation) = (grant.scope().clone(), grant.operation());
    let streams = &ctx.services().streams;
    let mut stream = streams.take(&later.name, &scope, operation).ok_or(OpError::NotFound)?;
    let name = later.name.try_into().map_err(|_| OpError::NotFound)?;
    if later.uid.is_some() && later.uid != stream.uid {
        return Err(OpError::NotFound);
    }
    if later.parameters.is_some() && later.parameters != stream.parameters {
        return Err(OpError::InvalidField("the parameters belong to the first part"));
    }
    if let (Some(uid), Some(right)) = (stream.uid.clone(), right) {
        let key = key_for(ctx, Some(uid), right.usage, right.purpose)?;
        if right.purpose == Purpose::Protect {
            spend(ctx, &key, bytes)?;
        }
    }
    stream.claimed = later.claimed.or(stream.claimed);
    Ok((name, stream))
}

/// Feeds a part; what comes out is absent where nothing does.
pub(in crate::operation) fn feed(
    ctx: &OpContext<'_>,
    work: &mut Work,
    data: Option<SecretBytes>,
) -> Result<Option<SecretBytes>, OpError> {
    let data = bounded(ctx, data)?;
    match work {
        Work::Token { stream, .. } => {
            let out = stream.update(ctx.call(), data.expose())?;
            let out = SecretBytes::new(out.expose().to_vec());
            Ok(Some(out).filter(|out| !out.is_empty()))
        }
        Work::Hash(hasher) | Work::Verify { hasher, .. } => {
            hasher.update(data.expose());
            Ok(None)
        }
    }
}

/// A part's data, within bounds; a part may have none.
fn bounded(ctx: &OpContext<'_>, data: Option<SecretBytes>) -> Result<SecretBytes, OpError> {
    let data = data.unwrap_or_default();
    if data.len() > ctx.services().bounds.max_data_bytes {
        return Err(OpError::InvalidField("too much data at once"));
    }
    Ok(data)
}

/// Feeds the last part to the token and takes the outcome.
pub(in crate::operation) fn finish(
    ctx: &OpContext<'_>,
    work: &mut Work,
    data: Option<SecretBytes>,
    tag: &[u8],
) -> Result<StreamEnd, OpError> {
    let Work::Token { stream, .. } = work else { return Err(OpError::NotFound) };
    let data = bounded(ctx, data)?;
    Ok(stream.finish(ctx.call(), data.expose(), tag)?.value)
}

/// Whether the signature is that of what the stream has hashed.
pub(in crate::operation) fn verified(work: Work, signature: &[u8]) -> Result<bool, OpError> {
    let Work::Verify { key, scheme, hasher } = work else { return Err(OpError::NotFound) };
    let digest = hasher.finish();
    let input = SignInput::Digest(&digest);
    Ok(software::verify(&key, scheme.algorithm, scheme.salt_bytes, input, signature)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(name: Option<&[u8]>, init: Option<bool>, last: Option<bool>) -> Result<Part, OpError> {
        Part::of(&Fields { correlation_value: name, init, last })
    }

    #[test]
    fn part_is_told_from_the_three_fields() {
        assert_eq!(part(None, None, None).unwrap(), Part::Whole);
        assert_eq!(part(None, Some(true), Some(true)).unwrap(), Part::Whole);
        assert_eq!(part(None, Some(true), None).unwrap(), Part::First);
        let later = |last| Part::Later { name: vec![7], last };
        assert_eq!(part(Some(&[7]), None, None).unwrap(), later(false));
        assert_eq!(part(Some(&[7]), Some(false), Some(true)).unwrap(), later(true));
        assert!(part(None, None, Some(true)).is_err());
        assert!(part(Some(&[7]), Some(true), None).is_err());
    }
}
