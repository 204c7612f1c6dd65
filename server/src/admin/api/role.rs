//! Roles: what clients may do, and what their certificates are like.

use std::borrow::Cow;
use std::num::NonZero;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::scope::{failed, known_scope, role_name};
use crate::admin::Failure;
use crate::admin::gate::Call;
use crate::admin::loose::{Flag, Period, Whole, Words};
use crate::admin::route::{Data, Done, Listing, NoFields};
use crate::authz::{Algorithms, Grants, Rules, algorithm_named, of_grant};
use crate::directory::{ClientKey, DirectoryError, Role};
use crate::object::CustodyMode;
use crate::process;

const ALL: &str = "operation_all";
const NONE: &str = "operation_none";

/// What a role is to be. A field that is absent stays as it is; operations are named all together.
#[derive(Debug, Deserialize)]
pub(in crate::admin) struct RoleWish {
    #[serde(flatten)]
    fields: RoleFields,
    /// `operation_*`.
    #[serde(flatten)]
    grants: Map<String, Value>,
}

/// All fields of a role but its operations.
#[derive(Debug, Deserialize, JsonSchema)]
struct RoleFields {
    /// Key of its clients' certificates: ec, rsa or ed25519.
    tls_client_key_type: Option<String>,
    /// Its length: 256, 384 or 521; 2048, 3072 or 4096.
    tls_client_key_bits: Option<Whole>,
    /// How long their certificates are valid; 0 for the server's default.
    tls_client_ttl: Option<Period>,
    /// Whether its clients may read key values that are not locked away.
    export: Option<Flag>,
    /// Whether the server's own CA signs certificates for its clients (KMIP Certify).
    certify: Option<Flag>,
    /// Where new symmetric keys live: wrapped or token.
    symmetric_keys: Option<String>,
    /// Where new private keys live: wrapped or token.
    private_keys: Option<String>,
    /// Whether keys may be used in the server's memory where the token cannot use them.
    assisted: Option<Flag>,
    /// Algorithms of keys that may be made, brought or used; an empty list for all.
    allowed_algorithms: Option<Words>,
    /// Requests a second of all its clients together; 0 for any number.
    rate_limit: Option<Whole>,
}

impl JsonSchema for RoleWish {
    fn schema_name() -> Cow<'static, str> {
        "RoleWish".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = RoleFields::json_schema(generator);
        let names = [ALL, NONE].into_iter().chain(Grants::All.names());
        if let Some(Value::Object(properties)) = schema.get_mut("properties") {
            properties.extend(
                names.map(|name| (name.to_owned(), json!({"type": ["boolean", "string"]}))),
            );
        }
        schema
    }
}

/// Which operations are named; none if no field speaks of any.
fn grants(fields: &Map<String, Value>) -> Result<Option<Grants>, Failure> {
    let (mut all, mut none, mut some) = (false, false, Vec::new());
    for (name, value) in fields {
        let operation = of_grant(name);
        if operation.is_none() && name != ALL && name != NONE {
            return Err(unknown(name));
        }
        let read = Flag::deserialize(value);
        let Flag(granted) = read.map_err(|error| Failure::bad(format!("{name}: {error}")))?;
        match operation {
            Some(operation) if granted => some.push(operation),
            Some(_) => {}
            None if name == ALL => all = granted,
            None => none = granted,
        }
    }
    match (all, none, some.is_empty()) {
        (true, true, _) => Err(Failure::bad("operation_all and operation_none exclude each other")),
        (true, false, false) => Err(Failure::bad("operation_all excludes every other operation")),
        (false, true, false) => Err(Failure::bad("operation_none excludes every other operation")),
        (true, false, true) => Ok(Some(Grants::All)),
        (false, _, _) => Ok((!fields.is_empty()).then(|| Grants::Some(some.into_iter().collect()))),
    }
}

fn unknown(name: &str) -> Failure {
    let text = if name.starts_with("operation_") {
        format!("unknown field `{name}`: no such operation is served")
    } else {
        format!("unknown field `{name}`")
    };
    Failure::bad(text)
}

fn mode(field: &str, text: &str) -> Result<CustodyMode, Failure> {
    match text {
        "token" => Ok(CustodyMode::Token),
        "wrapped" => Ok(CustodyMode::Wrapped),
        _ => Err(Failure::bad(format!("{field} is wrapped or token, not {text:?}"))),
    }
}

const fn mode_name(mode: CustodyMode) -> &'static str {
    match mode {
        CustodyMode::Token => "token",
        CustodyMode::Wrapped => "wrapped",
    }
}

fn algorithms(names: &Words) -> Result<Algorithms, Failure> {
    if names.0.is_empty() {
        return Ok(Algorithms::default());
    }
    let named = |name: &String| {
        algorithm_named(name)
            .ok_or_else(|| Failure::bad(format!("allowed_algorithms: KMIP has no {name:?}")))
    };
    Ok(Algorithms::only(names.0.iter().map(named).collect::<Result<Vec<_>, _>>()?))
}

/// The key of a type and a length, each of which may be left to what stands already.
pub(super) fn client_key(
    key_type: Option<&str>,
    bits: Option<Whole>,
    before: Option<ClientKey>,
) -> Result<Option<ClientKey>, Failure> {
    let bits = bits.map(|bits| bits.0).filter(|bits| *bits != 0);
    let key_type = match (key_type, bits) {
        (None, None) => return Ok(before),
        (Some(""), None) => return Ok(None),
        (Some(""), Some(_)) | (None, Some(_)) => before.map_or("ec", ClientKey::key_type),
        (Some(key_type), _) => key_type,
    };
    let key = ClientKey::of(key_type, bits);
    key.map(Some).ok_or_else(|| {
        let bits = bits.map_or_else(String::new, |bits| format!(" of {bits} bits"));
        Failure::bad(format!(
            "no client key is {key_type}{bits}: ec has 256, 384 or 521, rsa 2048, 3072 or 4096, \
             ed25519 256"
        ))
    })
}

impl RoleFields {
    fn apply(&self, role: &mut Role) -> Result<(), Failure> {
        let Rules { export, certify, custody, algorithms: allowed, requests_per_second, .. } =
            &mut role.rules;
        let set = |flag: &mut bool, wish: Option<Flag>| *flag = wish.map_or(*flag, |wish| wish.0);
        set(export, self.export);
        set(certify, self.certify);
        set(&mut custody.assisted, self.assisted);
        if let Some(text) = &self.symmetric_keys {
            custody.symmetric = mode("symmetric_keys", text)?;
        }
        if let Some(text) = &self.private_keys {
            custody.private = mode("private_keys", text)?;
        }
        if let Some(names) = &self.allowed_algorithms {
            *allowed = algorithms(names)?;
        }
        if let Some(Whole(rate)) = self.rate_limit {
            *requests_per_second = NonZero::new(rate);
        }
        let key_type = self.tls_client_key_type.as_deref();
        role.client_key = client_key(key_type, self.tls_client_key_bits, role.client_key)?;
        if let Some(ttl) = self.tls_client_ttl {
            role.client_ttl_seconds = Some(ttl.seconds()).filter(|seconds| *seconds != 0);
        }
        Ok(())
    }
}

/// Makes a role, or changes it; its clients are under it from then on.
pub(in crate::admin) fn put(call: &Call<'_>, wish: RoleWish) -> Result<Done, Failure> {
    let services = &*call.plane.services;
    let (scope, name) = (known_scope(call)?, role_name(call)?);
    let named = grants(&wish.grants)?;
    let _changing = call.plane.change();
    let before = services.directory.role(&scope, &name);
    let mut role = match &before {
        Some(role) => Role::clone(role),
        None => Role::new(scope, name, Grants::Some(crate::authz::Operations::NONE)),
    };
    if let Some(grants) = named {
        role.grants = grants;
        role.rules.operations = grants.operations();
    }
    wish.fields.apply(&mut role)?;
    if role.rules.custody.assisted {
        process::stay_out_of_core_dumps();
    }
    services.directory.put_role(role).map_err(failed)?;
    Ok(Done)
}

/// A role, as fields that would make it.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(in crate::admin) struct RoleBody(Map<String, Value>);

impl JsonSchema for RoleBody {
    fn schema_name() -> Cow<'static, str> {
        "RoleBody".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let wish = generator.subschema_for::<RoleWish>();
        json_schema!({ "description": "The fields that would make it.", "allOf": [wish] })
    }
}

/// One role.
pub(in crate::admin) fn show(call: &Call<'_>, _: NoFields) -> Result<Data<RoleBody>, Failure> {
    let (scope, name) = (known_scope(call)?, role_name(call)?);
    let role = call.plane.services.directory.role(&scope, &name);
    let role = role.ok_or_else(|| failed(DirectoryError::NoRole))?;
    let mut body = Map::new();
    match role.grants {
        Grants::All => {
            body.insert(ALL.to_owned(), true.into());
        }
        Grants::Some(_) => {
            body.extend(role.grants.names().map(|name| (name.to_owned(), true.into())));
            if body.is_empty() {
                body.insert(NONE.to_owned(), true.into());
            }
        }
    }
    let defaults = call.plane.settings()?;
    let key = role.client_key.unwrap_or(defaults.client_key);
    let ttl = role.client_ttl_seconds.unwrap_or(defaults.client_ttl_seconds);
    let rules = &role.rules;
    let named = rules.algorithms.named().unwrap_or_default();
    let named: Vec<_> = named.into_iter().map(|algorithm| format!("{algorithm:?}")).collect();
    body.extend([
        ("tls_client_key_type".to_owned(), key.key_type().into()),
        ("tls_client_key_bits".to_owned(), key.bits().into()),
        ("tls_client_ttl".to_owned(), ttl.into()),
        ("export".to_owned(), rules.export.into()),
        ("certify".to_owned(), rules.certify.into()),
        ("symmetric_keys".to_owned(), mode_name(rules.custody.symmetric).into()),
        ("private_keys".to_owned(), mode_name(rules.custody.private).into()),
        ("assisted".to_owned(), rules.custody.assisted.into()),
        ("allowed_algorithms".to_owned(), named.into()),
        ("rate_limit".to_owned(), rules.requests_per_second.map_or(0, NonZero::get).into()),
    ]);
    Ok(Data::new(RoleBody(body)))
}

/// The names of a scope's roles.
pub(in crate::admin) fn list(call: &Call<'_>, _: NoFields) -> Result<Listing, Failure> {
    let scope = known_scope(call)?;
    let roles = call.plane.services.directory.roles(&scope).unwrap_or_default();
    Ok(Listing::new(roles.iter().map(|role| role.as_str().to_owned()).collect()))
}

/// Removes a role and revokes its credentials.
pub(in crate::admin) fn remove(call: &Call<'_>, _: NoFields) -> Result<Done, Failure> {
    let services = &*call.plane.services;
    let (scope, name) = (known_scope(call)?, role_name(call)?);
    services.directory.remove_role(&scope, &name, services.clock.now()).map_err(failed)?;
    Ok(Done)
}
