//! How the server does.

use hsm_backend::TokenState;

use crate::admin::Failure;
use crate::admin::gate::Call;
use crate::admin::route::{Data, NoFields};
use crate::admin::wire::{ScopeObjects, StatusBody};
use crate::authz::Housekeeping;
use crate::rewrap;

/// How the server does.
pub(in crate::admin) fn status(call: &Call<'_>, _: NoFields) -> Result<Data<StatusBody>, Failure> {
    let services = &*call.plane.services;
    let token = match services.hsm.state() {
        TokenState::Ready(_) => "ready",
        TokenState::Sealed => "sealed",
        TokenState::Unavailable => "unavailable",
    };
    let info = services.hsm.info();
    let of = |field: fn(&hsm_backend::TokenInfo) -> &String| info.as_ref().map(field).cloned();
    let counts = services.store.count(Housekeeping::new())?;
    let objects = counts
        .into_iter()
        .map(|(scope, objects)| ScopeObjects { scope: scope.as_str().to_owned(), objects });
    Ok(Data::new(StatusBody {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        initialized: call.plane.tokens.is_initialised()?,
        token: token.to_owned(),
        token_label: of(|info| &info.label),
        token_serial: of(|info| &info.serial),
        token_manufacturer: of(|info| &info.manufacturer),
        token_model: of(|info| &info.model),
        objects: objects.collect(),
        keys_to_wrap_anew: rewrap::status(services)?.left(),
    }))
}
