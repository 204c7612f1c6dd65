//! Policies: which there are, and what the caller's are good for.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::admin::Failure;
use crate::admin::access::{self, Policy};
use crate::admin::gate::{Call, Way, may};
use crate::admin::loose::{SecretText, Words};
use crate::admin::route::{Data, Listing, NoFields, Route, Verb};

/// The names of all policies.
pub(in crate::admin) fn list(_: &Call<'_>, _: NoFields) -> Result<Listing, Failure> {
    Ok(Listing::new(Policy::ALL.iter().map(|policy| policy.name().to_owned()).collect()))
}

/// A policy.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::admin) struct PolicyBody {
    /// Its name.
    name: &'static str,
    /// What all of them are good for, as a table.
    policy: String,
}

/// One policy. They are part of the program: none can be written.
pub(in crate::admin) fn show(call: &Call<'_>, _: NoFields) -> Result<Data<PolicyBody>, Failure> {
    let policy = Policy::named(call.parameter("name")).ok_or_else(Failure::nothing)?;
    Ok(Data::new(PolicyBody { name: policy.name(), policy: access::document() }))
}

/// What capabilities are asked for.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::admin) struct CapabilitiesWish {
    /// One path, without `/v1/`.
    path: Option<Words>,
    /// Several.
    paths: Option<Words>,
    /// The caller's own token; of no effect.
    #[expect(dead_code, reason = "the caller's is the one that counts")]
    token: Option<SecretText>,
}

/// Capabilities by path.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(transparent)]
pub(in crate::admin) struct Capabilities(Map<String, Value>);

/// What the caller may do with a path.
pub(in crate::admin) fn capabilities(
    call: &Call<'_>,
    wish: CapabilitiesWish,
) -> Result<Data<Capabilities>, Failure> {
    let paths = [wish.path, wish.paths].into_iter().flatten().flat_map(|words| words.0);
    let mut found = Map::new();
    for path in paths {
        let words = of_path(call, &path);
        found.insert("capabilities".to_owned(), json!(words));
        found.insert(path, json!(words));
    }
    if found.is_empty() {
        return Err(Failure::bad("say which path"));
    }
    Ok(Data::new(Capabilities(found)))
}

fn of_path(call: &Call<'_>, path: &str) -> Vec<&'static str> {
    let mut segments = vec!["v1".to_owned()];
    segments.extend(path.trim_matches('/').split('/').map(str::to_owned));
    let fits = |route: &&Route| {
        route.matches(&segments).is_some() && may(call.caller, Way::Socket, route.needs)
    };
    let routes = call.plane.routes.iter().filter(fits);
    let words: Vec<_> = routes.flat_map(|route| words(route.verb).iter().copied()).collect();
    if words.is_empty() { vec!["deny"] } else { words }
}

const fn words(verb: Verb) -> &'static [&'static str] {
    match verb {
        Verb::Read => &["read"],
        Verb::List => &["list"],
        Verb::Write => &["create", "update"],
        Verb::Delete => &["delete"],
    }
}
