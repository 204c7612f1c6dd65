//! The table: every path, what it needs, and who serves it.

use super::access::Access::{Change, See};
use super::access::Area;
use super::api::token::existing;
use super::api::{
    ca, config, credential, key, policy, recovery, role, scope, status, sys, token, wrapping_key,
};
use super::route::Needs::{Nothing, Right, Socket};
use super::route::Verb::{Delete, List, Read, Write};
use super::route::{Needs, Route, route};

const OWN: Needs = Right(Area::OwnToken, Change);
const SEE_CONFIG: Needs = Right(Area::Config, See);
const CONFIG: Needs = Right(Area::Config, Change);
const SEE_TOKENS: Needs = Right(Area::Tokens, See);
const TOKENS: Needs = Right(Area::Tokens, Change);
const SEE_SCOPES: Needs = Right(Area::Scopes, See);
const SCOPES: Needs = Right(Area::Scopes, Change);
const SEE_CREDENTIALS: Needs = Right(Area::Credentials, See);
const CREDENTIALS: Needs = Right(Area::Credentials, Change);
const SEE_KEYS: Needs = Right(Area::Keys, See);
const KEYS: Needs = Right(Area::Keys, Change);
const SEE_WRAPPING: Needs = Right(Area::WrappingKeys, See);
const WRAPPING: Needs = Right(Area::WrappingKeys, Change);

/// Every route, in the order of the documents.
#[must_use]
pub fn routes() -> Vec<Route> {
    let mut all = of_the_system();
    all.extend(of_tokens());
    all.extend(of_kmip());
    all.extend(of_our_own());
    all
}

#[rustfmt::skip]
fn of_the_system() -> Vec<Route> {
    vec![
        route(Read, "/v1/sys/health", Nothing, "Whether the server can serve; by its status code, too.", sys::health),
        route(Read, "/v1/sys/seal-status", Nothing, "Whether the token behind the server can be used.", sys::seal_status),
        route(Read, "/v1/sys/leader", Nothing, "Who leads: there is one server.", sys::leader),
        route(Read, "/v1/sys/init", Nothing, "Whether `claviger init` was run.", sys::init),
        route(Read, "/v1/sys/mounts", SEE_CONFIG, "The engine that is mounted.", sys::mounts),
        route(Write, "/v1/sys/mounts/{path}", CONFIG, "Confirms that `kmip` is mounted; it always is.", sys::enable),
        route(Delete, "/v1/sys/mounts/{path}", CONFIG, "Refused: KMIP cannot be disabled.", sys::disable),
        route(Read, "/v1/sys/internal/ui/mounts/{path}", SEE_CONFIG, "The engine at one path.", sys::mount_at),
        route(List, "/v1/sys/policies/acl", SEE_CONFIG, "The policies.", policy::list),
        route(Read, "/v1/sys/policies/acl/{name}", SEE_CONFIG, "One policy.", policy::show),
        route(Write, "/v1/sys/capabilities-self", OWN, "What the caller may do with a path.", policy::capabilities),
        route(Read, "/v1/sys/internal/specs/openapi", Nothing, "This interface as an OpenAPI document.", sys::openapi),
        route(Read, "/v1/openapi.json", Nothing, "The same.", sys::openapi),
    ]
}

#[rustfmt::skip]
fn of_tokens() -> Vec<Route> {
    vec![
        route(Write, "/v1/auth/token/create", TOKENS, "Makes a token that may do what its maker may, or less.", token::create),
        route(Read, "/v1/auth/token/lookup-self", OWN, "The own token.", existing::lookup_self),
        route(Write, "/v1/auth/token/lookup", SEE_TOKENS, "A token.", existing::lookup),
        route(Write, "/v1/auth/token/lookup-accessor", SEE_TOKENS, "A token, by its accessor.", existing::lookup_accessor),
        route(List, "/v1/auth/token/accessors", SEE_TOKENS, "The accessors of all tokens.", existing::accessors),
        route(Write, "/v1/auth/token/renew-self", OWN, "Lets the own token live longer.", existing::renew_self),
        route(Write, "/v1/auth/token/renew", TOKENS, "Lets a token live longer.", existing::renew),
        route(Write, "/v1/auth/token/renew-accessor", TOKENS, "The same, by its accessor.", existing::renew_accessor),
        route(Write, "/v1/auth/token/revoke-self", OWN, "Ends the own token, and all that it made.", existing::revoke_self),
        route(Write, "/v1/auth/token/revoke", TOKENS, "Ends a token, and all that it made.", existing::revoke),
        route(Write, "/v1/auth/token/revoke-accessor", TOKENS, "The same, by its accessor.", existing::revoke_accessor),
    ]
}

#[rustfmt::skip]
fn of_kmip() -> Vec<Route> {
    vec![
        route(Read, "/v1/kmip/config", SEE_CONFIG, "How KMIP is served.", config::show),
        route(Write, "/v1/kmip/config", CONFIG, "Changes how KMIP is served, and makes the CA of clients.", config::write),
        route(Read, "/v1/kmip/ca", Right(Area::Ca, See), "The CA of clients' certificates.", ca::show),
        route(List, "/v1/kmip/scope", SEE_SCOPES, "The scopes.", scope::list),
        route(Read, "/v1/kmip/scope/{scope}", SEE_SCOPES, "A scope: its objects and roles.", scope::show),
        route(Write, "/v1/kmip/scope/{scope}", SCOPES, "Makes a scope, or changes what is said of it.", scope::create),
        route(Delete, "/v1/kmip/scope/{scope}", SCOPES, "Removes a scope; with all that is in it by `force=true`.", scope::remove),
        route(List, "/v1/kmip/scope/{scope}/role", SEE_SCOPES, "The roles of a scope.", role::list),
        route(Read, "/v1/kmip/scope/{scope}/role/{role}", SEE_SCOPES, "A role.", role::show),
        route(Write, "/v1/kmip/scope/{scope}/role/{role}", SCOPES, "Makes a role, or changes it.", role::put),
        route(Delete, "/v1/kmip/scope/{scope}/role/{role}", SCOPES, "Removes a role, and revokes its credentials.", role::remove),
        route(List, "/v1/kmip/scope/{scope}/role/{role}/credential", SEE_CREDENTIALS, "The credentials of a role.", credential::list),
        route(Write, "/v1/kmip/scope/{scope}/role/{role}/credential/generate", CREDENTIALS, "Makes a key pair and a certificate for it.", credential::generate),
        route(Write, "/v1/kmip/scope/{scope}/role/{role}/credential/sign", CREDENTIALS, "Certifies the key of a certificate request.", credential::sign),
        route(Read, "/v1/kmip/scope/{scope}/role/{role}/credential/lookup", SEE_CREDENTIALS, "A credential.", credential::lookup),
        route(Write, "/v1/kmip/scope/{scope}/role/{role}/credential/revoke", CREDENTIALS, "Revokes a credential.", credential::revoke),
    ]
}

#[rustfmt::skip]
fn of_our_own() -> Vec<Route> {
    vec![
        route(Read, "/v1/claviger/status", Right(Area::Status, See), "How the server does.", status::status),
        route(Read, "/v1/claviger/scope/{scope}/key/{uid}", SEE_KEYS, "A key, without its value.", key::show),
        route(Write, "/v1/claviger/scope/{scope}/key/{uid}/custody", KEYS, "Moves a key to another custody.", key::move_to),
        route(Read, "/v1/claviger/wrapping-key", SEE_WRAPPING, "The wrapping keys.", wrapping_key::status),
        route(Write, "/v1/claviger/wrapping-key/rotate", WRAPPING, "Puts a new wrapping key in force.", wrapping_key::rotate),
        route(Delete, "/v1/claviger/wrapping-key/{id}", WRAPPING, "Destroys a wrapping key that wraps nothing.", wrapping_key::destroy),
        route(Write, "/v1/claviger/ca/rotate", Right(Area::Ca, Change), "Puts another issuer, or another root, in force.", ca::rotate),
        route(Write, "/v1/claviger/recovery", Socket, "Replaces every root token, for who knows the PIN.", recovery::recover),
    ]
}
