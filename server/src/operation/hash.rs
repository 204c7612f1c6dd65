//! Hash: a digest of data the client sends; no object is involved.
//!
//! Spec: KMIP 1.4 §4.37.

use hsm_backend::software::{self, Hasher};
use kmip_core::payload::{HashRequest, HashResponse};
use kmip_core::secret::SecretBytes;

use super::stream::{self, Beginning, Fields, Later, Part};
use super::use_key::single_part;
use super::{OpContext, OpError};
use crate::bridge::{algorithm, fields};
use crate::streams::{Stream, Work};

/// Hashes the data, or a part of them.
pub(super) fn handle(
    ctx: &mut OpContext<'_>,
    request: HashRequest,
) -> Result<HashResponse, OpError> {
    let part = Part::of(&Fields {
        correlation_value: request.correlation_value.as_deref(),
        init: request.init_indicator,
        last: request.final_indicator,
    })?;
    let parameters = request.cryptographic_parameters;
    if parameters.key_role_type.is_some() || parameters.cryptographic_algorithm.is_some() {
        return Err(OpError::InvalidField("a hash has no key"));
    }
    fields::only(&parameters, fields::OF_HASH)?;
    let wanted = parameters.hashing_algorithm;
    let hash = algorithm::hash(wanted.ok_or(OpError::InvalidMessage("no hashing algorithm"))?)?;
    match part {
        Part::Whole => {
            let data = single_part(ctx, request.data)?;
            Ok(done(software::digest(hash, data.expose())?))
        }
        Part::First => {
            let beginning = Beginning {
                uid: None,
                parameters: Some(parameters),
                claimed: None,
                work: Work::Hash(Hasher::new(hash)?),
            };
            let (name, _) = stream::begin(ctx, beginning, request.data)?;
            Ok(more(name.to_vec()))
        }
        Part::Later { name, last } => {
            let later = Later { name, uid: None, parameters: Some(parameters), claimed: None };
            let (name, mut stream) = stream::resume(ctx, later, None, 0)?;
            stream::feed(ctx, &mut stream.work, request.data)?;
            match (last, stream.work) {
                (true, Work::Hash(hasher)) => Ok(done(hasher.finish())),
                (_, work) => {
                    stream::keep(ctx, name, Stream { work, ..stream });
                    Ok(more(name.to_vec()))
                }
            }
        }
    }
}

fn done(digest: Vec<u8>) -> HashResponse {
    HashResponse { data: Some(SecretBytes::new(digest)), correlation_value: None }
}

const fn more(correlation_value: Vec<u8>) -> HashResponse {
    HashResponse { data: None, correlation_value: Some(correlation_value) }
}
