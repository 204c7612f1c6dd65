//! Scopes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::admin::Failure;
use crate::admin::gate::Call;
use crate::admin::loose::Flag;
use crate::admin::route::{Data, Done, Listing, NoFields};
use crate::authz::{NAME_RULE, RoleName};
use crate::config::ScopeName;
use crate::directory::{DirectoryError, ScopeOrigin};
use crate::object::Scope;
use crate::operation;

pub(super) fn failed(error: DirectoryError) -> Failure {
    match error {
        DirectoryError::NoScope | DirectoryError::NoRole | DirectoryError::NoCredential => {
            Failure::not_found(error.to_string())
        }
        DirectoryError::Declared | DirectoryError::Undeclared => Failure::bad(error.to_string()),
        DirectoryError::Store(error) => error.into(),
    }
}

/// The scope that the path names.
pub(super) fn scope(call: &Call<'_>) -> Result<Scope, Failure> {
    let text = call.parameter("scope");
    let name = ScopeName::parse(text);
    let name =
        name.ok_or_else(|| Failure::bad(format!("the scope's name {text:?} {NAME_RULE}")))?;
    Ok(Scope::new(name.as_str()))
}

/// The scope that the path names, which is there.
pub(super) fn known_scope(call: &Call<'_>) -> Result<Scope, Failure> {
    let scope = scope(call)?;
    let origin = call.plane.services.directory.origin(&scope);
    origin.map(|_| scope).ok_or_else(|| failed(DirectoryError::NoScope))
}

/// The role that the path names.
pub(super) fn role_name(call: &Call<'_>) -> Result<RoleName, Failure> {
    let text = call.parameter("role");
    let name = RoleName::parse(text);
    name.ok_or_else(|| Failure::bad(format!("the role's name {text:?} {NAME_RULE}")))
}

/// The names of all scopes, and where each comes from.
pub(in crate::admin) fn list(call: &Call<'_>, _: NoFields) -> Result<Listing, Failure> {
    let directory = &call.plane.services.directory;
    let mut info = Map::new();
    for scope in directory.scopes() {
        let origin = match directory.origin(&scope) {
            Some(ScopeOrigin::Declared) => "configuration",
            Some(ScopeOrigin::Made) => "made",
            None => continue,
        };
        info.insert(scope.as_str().to_owned(), json!({ "origin": origin }));
    }
    Ok(Listing::with_info(info.keys().cloned().collect::<Vec<_>>(), info))
}

/// What a scope is to be.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::admin) struct ScopeWish {
    /// Whether no two of its objects may have the same Name; true unless something else is said.
    unique_names: Option<Flag>,
}

/// Makes a scope, or changes what is said of one that is there.
pub(in crate::admin) fn create(call: &Call<'_>, wish: ScopeWish) -> Result<Done, Failure> {
    let services = &*call.plane.services;
    let scope = scope(call)?;
    let unique_names = wish.unique_names.map(|flag| flag.0);
    services.directory.put_scope(&scope, unique_names, services.clock.now()).map_err(failed)?;
    Ok(Done)
}

/// How a scope is removed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::admin) struct Removal {
    /// Whether its objects are destroyed with it.
    force: Option<Flag>,
}

/// Removes a scope with its roles and credentials; with its objects only by force.
pub(in crate::admin) fn remove(call: &Call<'_>, how: Removal) -> Result<Done, Failure> {
    let services = &*call.plane.services;
    let scope = scope(call)?;
    let changing = call.plane.change();
    let remains = services.directory.has_remains(&scope)?;
    if !remains {
        known_scope(call)?;
    }
    if !how.force.is_some_and(|force| force.0) {
        if remains {
            return Err(failed(DirectoryError::Undeclared));
        }
        // Counted first: where there is no role, nobody makes objects any more.
        let roles = services.directory.roles(&scope).unwrap_or_default().len();
        let objects = services.directory.objects(&scope)?;
        if objects > 0 {
            let text = format!("the scope has {objects} objects; force=true destroys them");
            return Err(Failure::bad(text));
        }
        if roles > 0 {
            let text = format!("the scope has {roles} roles; force=true removes them");
            return Err(Failure::bad(text));
        }
    }
    services.directory.remove_scope(&scope, services.clock.now()).map_err(failed)?;
    drop(changing);
    // Nobody reaches the objects from now on; those that cannot be destroyed at once are later.
    if let Err(error) = operation::clear_retired(services) {
        tracing::warn!(%error, "objects of a removed scope are yet to be destroyed");
        services.bell.ring();
    }
    Ok(Done)
}

/// What a scope is.
pub(in crate::admin) fn show(call: &Call<'_>, _: NoFields) -> Result<Data<ScopeBody>, Failure> {
    let scope = known_scope(call)?;
    let directory = &call.plane.services.directory;
    let roles = directory.roles(&scope).unwrap_or_default();
    Ok(Data::new(ScopeBody {
        scope: scope.as_str().to_owned(),
        declared: directory.origin(&scope) == Some(ScopeOrigin::Declared),
        unique_names: directory.rules(&scope).unique_names,
        objects: directory.objects(&scope)?,
        roles: roles.iter().map(|role| Value::from(role.as_str())).collect(),
    }))
}

/// A scope.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::admin) struct ScopeBody {
    /// Its name.
    scope: String,
    /// Whether the configuration declares it, and alone can change it.
    declared: bool,
    /// Whether no two of its objects may have the same Name.
    unique_names: bool,
    /// Its objects that are not destroyed.
    objects: u64,
    /// Its roles.
    roles: Vec<Value>,
}
