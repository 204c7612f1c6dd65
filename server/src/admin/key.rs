//! Keys: where they live, and moving them.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use kmip_core::attribute::{AttributeKind as Kind, Name, UniqueIdentifier};
use kmip_core::types::{CryptographicAlgorithm, EnumTable, ObjectType, State as KeyState};

use super::wire::{KeyBody, MoveBody};
use super::{Failure, off_the_network};
use crate::object::{Custody, ManagedObject, Scope};
use crate::operation::{OpContext, transfer};
use crate::services::Services;

type Address = Path<(String, String)>;

/// One key.
pub(super) async fn show(
    State(services): State<Arc<Services>>,
    Path((scope, uid)): Address,
) -> Result<Json<KeyBody>, Failure> {
    off_the_network(move || {
        let scope = known_scope(&services, &scope)?;
        let mut ctx = OpContext::for_operator(&services, &scope);
        let object = ctx.operators_object(UniqueIdentifier::new(uid))?;
        Ok(Json(body(&object)))
    })
    .await
}

/// Moves one key.
pub(super) async fn move_to(
    State(services): State<Arc<Services>>,
    Path((scope, uid)): Address,
    wanted: Result<Json<MoveBody>, JsonRejection>,
) -> Result<Json<KeyBody>, Failure> {
    let unfit = |text: String| Failure::new(StatusCode::UNPROCESSABLE_ENTITY, text);
    let Json(wanted) = wanted.map_err(|error| unfit(error.body_text()))?;
    off_the_network(move || {
        let targets = [Custody::Token, Custody::Wrapped, Custody::Assisted];
        let target = targets.into_iter().find(|one| one.name() == Some(wanted.custody.as_str()));
        let target =
            target.ok_or_else(|| unfit("custody is token, wrapped or assisted".to_owned()))?;
        let scope = known_scope(&services, &scope)?;
        let mut ctx = OpContext::for_operator(&services, &scope);
        let uid = UniqueIdentifier::new(uid);
        let moved = transfer::move_key(&mut ctx, &uid, target)?;
        tracing::info!(scope = scope.as_str(), object = uid.as_str(), ?target, "key moved");
        Ok(Json(body(&moved)))
    })
    .await
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
