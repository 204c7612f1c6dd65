//! MAC.
//!
//! Spec: KMIP 1.4 §4.33.

use hsm_backend::{KeyRef, MacAlgorithm, StreamWish, Wish, assisted, assists};
use kmip_core::attribute::{CryptographicParameters, UniqueIdentifier};
use kmip_core::payload::{MacRequest, MacResponse};
use kmip_core::secret::SecretBytes;
use kmip_core::types::CryptographicUsageMask as Mask;

use super::stream::{self, Beginning, Fields, Later, Part, Right};
use super::use_key::{algorithm_of, key_for, parameters_for, single_part, spend, token_key};
use super::{OpContext, OpError, value};
use crate::bridge::signature;
use crate::lifecycle::Purpose;
use crate::object::{Custody, ManagedObject};

const RIGHT: Right = Right { usage: Mask::MACGenerate, purpose: Purpose::Protect };

/// Computes a MAC with a key in the token.
pub(super) fn handle(ctx: &mut OpContext<'_>, request: MacRequest) -> Result<MacResponse, OpError> {
    let part = Part::of(&Fields {
        correlation_value: request.correlation_value.as_deref(),
        init: request.init_indicator,
        last: request.final_indicator,
    })?;
    let wanted = Wanted {
        uid: request.unique_identifier,
        parameters: request.cryptographic_parameters,
        data: request.data,
        claimed: None,
    };
    let outcome = compute(ctx, part, wanted, RIGHT)?;
    Ok(MacResponse {
        unique_identifier: outcome.uid,
        mac_data: outcome.mac,
        correlation_value: outcome.correlation_value,
    })
}

/// What MAC and MAC Verify have in common.
pub(super) struct Wanted {
    pub(super) uid: Option<UniqueIdentifier>,
    pub(super) parameters: Option<CryptographicParameters>,
    pub(super) data: Option<SecretBytes>,
    /// The MAC to be checked, if it came with this part.
    pub(super) claimed: Option<Vec<u8>>,
}

/// The MAC, or the stream it is being made in.
pub(super) struct Outcome {
    pub(super) uid: UniqueIdentifier,
    pub(super) mac: Option<Vec<u8>>,
    pub(super) claimed: Option<Vec<u8>>,
    pub(super) correlation_value: Option<Vec<u8>>,
}

/// The MAC over the data, or a part of them, by a key with this right.
pub(super) fn compute(
    ctx: &mut OpContext<'_>,
    part: Part,
    wanted: Wanted,
    right: Right,
) -> Result<Outcome, OpError> {
    match part {
        Part::Whole => whole(ctx, wanted, right),
        Part::First => first(ctx, wanted, right),
        Part::Later { name, last } => later(ctx, wanted, right, name, last),
    }
}

/// Who computes the MAC.
pub(super) enum Maker {
    /// The token, with this key.
    Token(KeyRef),
    /// The server, with a key of custody `Assisted`.
    Assisted,
}

/// The MAC asked for, and who can compute it.
fn servable(
    ctx: &OpContext<'_>,
    key: &ManagedObject,
    given: Option<CryptographicParameters>,
) -> Result<(MacAlgorithm, Maker), OpError> {
    let algorithm = signature::mac(algorithm_of(key)?, &parameters_for(key, given)?)?;
    Ok((algorithm, maker(ctx, key, algorithm)?))
}

/// Who can compute the MAC `algorithm` with `key`.
///
/// # Errors
///
/// `ParametersNotSupported` where nobody can.
pub(super) fn maker(
    ctx: &OpContext<'_>,
    key: &ManagedObject,
    algorithm: MacAlgorithm,
) -> Result<Maker, OpError> {
    let allowed = ctx.rules()?.custody.assisted;
    if key.custody == Custody::Assisted && allowed && assists(Wish::Mac(algorithm)) {
        return Ok(Maker::Assisted);
    }
    if ctx.capabilities()?.mac(algorithm).is_none() {
        let request = ctx.request_id();
        tracing::info!(request, ?algorithm, allowed, "the token lacks the mechanism of a MAC");
        return Err(OpError::ParametersNotSupported("the HSM lacks the mechanism"));
    }
    Ok(Maker::Token(token_key(key)?))
}

/// The full-length MAC of `data`.
pub(super) fn make(
    ctx: &OpContext<'_>,
    key: &ManagedObject,
    maker: &Maker,
    algorithm: MacAlgorithm,
    data: &[u8],
) -> Result<Vec<u8>, OpError> {
    match maker {
        Maker::Token(key) => Ok(ctx.hsm().mac(&ctx.call(), key, algorithm, data)?.value),
        Maker::Assisted => assist(ctx, key, algorithm, data),
    }
}

/// A key in memory for this one call.
fn assist(
    ctx: &OpContext<'_>,
    key: &ManagedObject,
    algorithm: MacAlgorithm,
    data: &[u8],
) -> Result<Vec<u8>, OpError> {
    let (request, scope, object) = (ctx.request_id(), key.scope.as_str(), key.uid.as_str());
    tracing::info!(request, scope, object, ?algorithm, "assisted: key used in memory");
    Ok(assisted::mac(algorithm, value::sealed_secret(ctx, key)?, data)?)
}

fn whole(ctx: &mut OpContext<'_>, wanted: Wanted, right: Right) -> Result<Outcome, OpError> {
    let key = key_for(ctx, wanted.uid, right.usage, right.purpose)?;
    let data = single_part(ctx, wanted.data)?;
    let (algorithm, maker) = servable(ctx, &key, wanted.parameters)?;
    if right.purpose == Purpose::Protect {
        spend(ctx, &key, data.len())?;
    }
    let mac = make(ctx, &key, &maker, algorithm, data.expose())?;
    let (uid, claimed) = (key.uid.clone(), wanted.claimed);
    Ok(Outcome { uid, mac: Some(mac), claimed, correlation_value: None })
}

fn first(ctx: &mut OpContext<'_>, wanted: Wanted, right: Right) -> Result<Outcome, OpError> {
    let key = key_for(ctx, wanted.uid, right.usage, right.purpose)?;
    let (algorithm, Maker::Token(token_key)) = servable(ctx, &key, wanted.parameters.clone())?
    else {
        // The key is in memory for one call, not for as long as a client takes.
        return Err(OpError::ParametersNotSupported("assisted keys take their data at once"));
    };
    if right.purpose == Purpose::Protect {
        spend(ctx, &key, wanted.data.as_ref().map_or(0, SecretBytes::len))?;
    }
    let work = stream::open(ctx, &token_key, &StreamWish::Mac(algorithm))?;
    let beginning = Beginning {
        uid: Some(key.uid.clone()),
        parameters: wanted.parameters,
        claimed: wanted.claimed,
        work,
    };
    let (name, _) = stream::begin(ctx, beginning, wanted.data)?;
    Ok(under_way(key.uid.clone(), name.to_vec()))
}

fn later(
    ctx: &mut OpContext<'_>,
    wanted: Wanted,
    right: Right,
    name: Vec<u8>,
    last: bool,
) -> Result<Outcome, OpError> {
    let later =
        Later { name, uid: wanted.uid, parameters: wanted.parameters, claimed: wanted.claimed };
    let bytes = wanted.data.as_ref().map_or(0, SecretBytes::len);
    let (name, mut stream) = stream::resume(ctx, later, Some(right), bytes)?;
    let uid = stream.uid.clone().ok_or(OpError::NotFound)?;
    if !last {
        stream::feed(ctx, &mut stream.work, wanted.data)?;
        stream::keep(ctx, name, stream);
        return Ok(under_way(uid, name.to_vec()));
    }
    let mac = stream::finish(ctx, &mut stream.work, wanted.data, &[])?.data.expose().to_vec();
    Ok(Outcome { uid, mac: Some(mac), claimed: stream.claimed, correlation_value: None })
}

const fn under_way(uid: UniqueIdentifier, name: Vec<u8>) -> Outcome {
    Outcome { uid, mac: None, claimed: None, correlation_value: Some(name) }
}
