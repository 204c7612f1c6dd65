//! Import: an object with all its attributes, under the identifier that the client says.
//!
//! Spec: KMIP 1.4 §4.41.

mod supplied;

use kmip_core::attribute::{AttributeKind as Kind, UniqueIdentifier};
use kmip_core::object::Object;
use kmip_core::payload::{ImportRequest, ImportResponse};
use kmip_core::types::KeyWrapType;

use super::birth::{self, Origin};
use super::register::{self, Plan};
use super::{OpContext, OpError, replacement};
use crate::object::{AttributeSet, ManagedObject};
use crate::store::StoreError;

/// How often an import is begun again because what holds the identifier changed meanwhile.
const ATTEMPTS: usize = 8;
/// Longest identifier that a client may give to an object, in bytes.
const MAX_IDENTIFIER_BYTES: usize = 255;

/// Takes the object in, and answers with the identifier it was given.
pub(super) fn handle(
    ctx: &mut OpContext<'_>,
    request: ImportRequest,
) -> Result<ImportResponse, OpError> {
    let (uid, object) = (request.unique_identifier, request.object);
    check_identifier(&uid)?;
    if request.key_wrap_type.is_some_and(|wanted| wanted.name().is_none()) {
        return Err(OpError::InvalidField("no such key wrap type"));
    }
    let given = supplied::collect(ctx, &uid, &object, &request.attributes)?;
    for _ in 0..ATTEMPTS {
        let held = replacement::admit(ctx, &uid, request.replace_existing == Some(true))?;
        match bring(ctx, &uid, &object, &given, request.key_wrap_type, held) {
            Ok(()) => {
                ctx.set_placeholder(Some(uid.clone()));
                return Ok(ImportResponse { unique_identifier: uid });
            }
            // Another took the identifier, or changed what holds it.
            Err(OpError::Store(StoreError::Conflict | StoreError::IdentifierTaken)) => {}
            Err(error) => return Err(error),
        }
    }
    Err(StoreError::Conflict.into())
}

/// Brings the object to where it belongs, in the place of what holds its identifier.
fn bring(
    ctx: &mut OpContext<'_>,
    uid: &UniqueIdentifier,
    object: &Object,
    given: &AttributeSet,
    wrap_type: Option<KeyWrapType>,
    held: Option<ManagedObject>,
) -> Result<(), OpError> {
    let mut attributes = supplied::of_clients(given);
    let plan = register::plan(ctx, object, &mut attributes)?;
    let plan =
        if wrap_type == Some(KeyWrapType::NotWrapped) { unwrapped(plan, object)? } else { plan };
    let mut row = birth::newborn(ctx, object.object_type(), attributes, Origin::Imported)?;
    row.uid = uid.clone();
    row.attributes.set(Kind::UniqueIdentifier, uid);
    register::describe(&mut row, object)?;
    supplied::restore(ctx, &mut row, given, object)?;
    match held {
        None => register::take_in(ctx, row, object, plan),
        Some(held) => replacement::enter(ctx, &held, row, |ctx, row| {
            register::take_in(ctx, row, object, plan)
        }),
    }
}

/// An identifier stands in answers, logs and labels: it is a line of text that can be read.
fn check_identifier(uid: &UniqueIdentifier) -> Result<(), OpError> {
    let text = uid.as_str();
    if (1..=MAX_IDENTIFIER_BYTES).contains(&text.len()) && !text.chars().any(char::is_control) {
        Ok(())
    } else {
        Err(OpError::InvalidField("no object can have this identifier"))
    }
}

/// The plan for an object that is to be unwrapped before it is stored.
fn unwrapped(plan: Plan, object: &Object) -> Result<Plan, OpError> {
    match plan {
        Plan::Wrapped(key) => Ok(Plan::Unwrapped(key)),
        _ if is_wrapped(object) => {
            Err(OpError::FeatureNotSupported("what comes wrapped so is kept wrapped only"))
        }
        plan => Ok(plan),
    }
}

fn is_wrapped(object: &Object) -> bool {
    object.key_block().is_some_and(|block| block.key_wrapping_data.is_some())
}
