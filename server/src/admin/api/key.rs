//! Keys: where they live, and moving them.

use kmip_core::attribute::{AttributeKind as Kind, Name, UniqueIdentifier};
use kmip_core::types::{CryptographicAlgorithm, EnumTable, ObjectType, State as KeyState};

use crate::admin::Failure;
use crate::admin::gate::Call;
use crate::admin::route::{Data, NoFields};
use crate::admin::wire::{KeyBody, MoveBody};
use crate::object::{Custody, ManagedObject, Scope};
use crate::operation::{OpContext, transfer};
use crate::services::Services;

/// One key.
pub(in crate::admin) fn show(call: &Call<'_>, _: NoFields) -> Result<Data<KeyBody>, Failure> {
    let services = &*call.plane.services;
    let scope = known_scope(services, call.parameter("scope"))?;
    let mut ctx = OpContext::for_operator(services, &scope);
    let object = ctx.operators_object(UniqueIdentifier::new(call.parameter("uid")))?;
    Ok(Data::new(body(&object)))
}

/// Moves one key.
pub(in crate::admin) fn move_to(
    call: &Call<'_>,
    wanted: MoveBody,
) -> Result<Data<KeyBody>, Failure> {
    let services = &*call.plane.services;
    let targets = [Custody::Token, Custody::Wrapped, Custody::Assisted];
    let target = targets.into_iter().find(|one| one.name() == Some(wanted.custody.as_str()));
    let target = target.ok_or_else(|| Failure::bad("custody is token, wrapped or assisted"))?;
    let scope = known_scope(services, call.parameter("scope"))?;
    let mut ctx = OpContext::for_operator(services, &scope);
    let uid = UniqueIdentifier::new(call.parameter("uid"));
    let moved = transfer::move_key(&mut ctx, &uid, target)?;
    tracing::info!(scope = scope.as_str(), object = uid.as_str(), ?target, "key moved");
    Ok(Data::new(body(&moved)))
}

fn known_scope(services: &Services, name: &str) -> Result<Scope, Failure> {
    let scope = Scope::new(name);
    if services.directory.origin(&scope).is_some() {
        return Ok(scope);
    }
    Err(Failure::not_found("no such scope"))
}

fn body(object: &ManagedObject) -> KeyBody {
    let set = &object.attributes;
    let word = |table: EnumTable, number: u32| {
        table.entry(number).map_or_else(|| format!("0x{number:08X}"), |entry| entry.name.to_owned())
    };
    let names = set.all_typed::<Name>(Kind::Name).map(|name| name.name_value);
    KeyBody {
        id: object.uid.as_str().to_owned(),
        scope: object.scope.as_str().to_owned(),
        names: names.collect(),
        object_type: word(ObjectType::TABLE, object.object_type.0),
        algorithm: set
            .enumeration(Kind::CryptographicAlgorithm)
            .map(|number| word(CryptographicAlgorithm::TABLE, number)),
        bits: set.integer(Kind::CryptographicLength).and_then(|bits| u32::try_from(bits).ok()),
        state: object.state().map(|state| word(KeyState::TABLE, state.0)),
        custody: object.custody.name().map(str::to_owned),
        wrapped_by: object.kek_id.map(|id| hex::encode(id.0)),
        sensitive: set.boolean(Kind::Sensitive),
        extractable: set.boolean(Kind::Extractable),
    }
}
