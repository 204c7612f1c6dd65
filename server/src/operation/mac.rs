//! MAC.
//!
//! Spec: KMIP 1.4 §4.33.

use hsm_backend::{KeyRef, MacAlgorithm, StreamWish};
use kmip_core::attribute::{CryptographicParameters, UniqueIdentifier};
use kmip_core::payload::{MacRequest, MacResponse};
use kmip_core::secret::SecretBytes;
use kmip_core::types::CryptographicUsageMask as Mask;

use super::stream::{self, Beginning, Fields, Later, Part, Right};
use super::use_key::{algorithm_of, key_for, parameters_for, single_part, spend, token_key};
use super::{OpContext, OpError};
use crate::bridge::signature;
use crate::lifecycle::Purpose;
use crate::object::ManagedObject;

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

/// The MAC asked for and the token's key, if the token can carry it out.
fn servable(
    ctx: &OpContext<'_>,
    key: &ManagedObject,
    given: Option<CryptographicParameters>,
) -> Result<(MacAlgorithm, KeyRef), OpError> {
    let algorithm = signature::mac(algorithm_of(key)?, &parameters_for(key, given)?)?;
    if ctx.capabilities()?.mac(algorithm).is_none() {
        return Err(OpError::ParametersNotSupported("the HSM lacks the mechanism"));
    }
    Ok((algorithm, token_key(key)?))
}

fn whole(ctx: &mut OpContext<'_>, wanted: Wanted, right: Right) -> Result<Outcome, OpError> {
    let key = key_for(ctx, wanted.uid, right.usage, right.purpose)?;
    let data = single_part(ctx, wanted.data)?;
    let (algorithm, token_key) = servable(ctx, &key, wanted.parameters)?;
    if right.purpose == Purpose::Protect {
        spend(ctx, &key, data.len())?;
    }
    let mac = ctx.hsm().mac(&ctx.call(), &token_key, algorithm, data.expose())?;
    let (uid, claimed) = (key.uid.clone(), wanted.claimed);
    Ok(Outcome { uid, mac: Some(mac.value), claimed, correlation_value: None })
}

fn first(ctx: &mut OpContext<'_>, wanted: Wanted, right: Right) -> Result<Outcome, OpError> {
    let key = key_for(ctx, wanted.uid, right.usage, right.purpose)?;
    let (algorithm, token_key) = servable(ctx, &key, wanted.parameters.clone())?;
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
        stream::keep(ctx, name, stream)?;
        return Ok(under_way(uid, name.to_vec()));
    }
    let mac = stream::finish(ctx, &mut stream.work, wanted.data, &[])?.data.expose().to_vec();
    Ok(Outcome { uid, mac: Some(mac), claimed: stream.claimed, correlation_value: None })
}

const fn under_way(uid: UniqueIdentifier, name: Vec<u8>) -> Outcome {
    Outcome { uid, mac: None, claimed: None, correlation_value: Some(name) }
}
