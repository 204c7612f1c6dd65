//! The wrapping keys: which there are, a new one, and the end of an old one.

use hsm_backend::KeyId;

use super::context;
use crate::admin::Failure;
use crate::admin::gate::Call;
use crate::admin::route::{Data, NoFields};
use crate::admin::wire::{WrappingKeyBody, WrappingKeysBody};
use crate::rewrap;
use crate::services::Services;

type Answer = Result<Data<WrappingKeysBody>, Failure>;

/// Every wrapping key, and what is left to be wrapped anew.
pub(in crate::admin) fn status(call: &Call<'_>, _: NoFields) -> Answer {
    body(&call.plane.services)
}

/// Puts a new wrapping key in force; the housekeeping wraps every key anew.
pub(in crate::admin) fn rotate(call: &Call<'_>, _: NoFields) -> Answer {
    let services = &*call.plane.services;
    let id = services.keyring.rotate_wrapping_key(&context(services))?;
    tracing::info!(id = hex::encode(id.0), "new wrapping key in force");
    services.bell.ring();
    body(services)
}

/// Destroys a wrapping key that wraps nothing any more.
pub(in crate::admin) fn destroy(call: &Call<'_>, _: NoFields) -> Answer {
    let services = &*call.plane.services;
    let mut bytes = [0; 16];
    hex::decode_to_slice(call.parameter("id"), &mut bytes)
        .map_err(|_| Failure::not_found("no such wrapping key"))?;
    let id = KeyId(bytes);
    let status = rewrap::status(services)?;
    let wraps = status.keys.iter().find(|(kek, _)| *kek == id).map_or(0, |(_, wraps)| *wraps);
    if status.in_force == Some(id) || wraps > 0 {
        return Err(Failure::bad("the wrapping key is in force, or still wraps keys"));
    }
    services.keyring.destroy_wrapping_key(&context(services), id)?;
    tracing::info!(id = hex::encode(id.0), "wrapping key destroyed");
    body(services)
}

fn body(services: &Services) -> Answer {
    let status = rewrap::status(services)?;
    let left = status.left();
    let key = |(id, wraps): (KeyId, u64)| WrappingKeyBody {
        id: hex::encode(id.0),
        in_force: status.in_force == Some(id),
        wraps,
    };
    Ok(Data::new(WrappingKeysBody { keys: status.keys.iter().copied().map(key).collect(), left }))
}
