//! What is done to a token that is there.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{AuthBody, TokenBody, auth, body};
use crate::admin::Failure;
use crate::admin::access::Policy;
use crate::admin::gate::{Call, Caller};
use crate::admin::loose::{Period, SecretText};
use crate::admin::route::{Auth, Data, Done, Listing, NoFields};
use crate::admin::tokens::Secret;
use crate::store::StoredToken;

/// Which token, by itself.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::admin) struct ByToken {
    /// The token.
    token: SecretText,
}

/// Which token, by its accessor.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::admin) struct ByAccessor {
    /// The accessor.
    accessor: String,
}

/// Which token is renewed, and by how much.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::admin) struct RenewByToken {
    /// The token.
    token: SecretText,
    /// How long it is to live from now; 0 or absent for as long as it was made for.
    increment: Option<Period>,
}

/// Which token is renewed, and by how much.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::admin) struct RenewByAccessor {
    /// The accessor.
    accessor: String,
    /// How long it is to live from now; 0 or absent for as long as it was made for.
    increment: Option<Period>,
}

/// By how much the own token is renewed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::admin) struct RenewSelf {
    /// How long it is to live from now; 0 or absent for as long as it was made for.
    increment: Option<Period>,
    /// Of no effect: it is the one that is borne.
    #[expect(dead_code, reason = "taken because tools send it")]
    token: Option<SecretText>,
}

fn own<'a>(call: &Call<'a>) -> Result<(&'a StoredToken, &'a Secret), Failure> {
    match call.caller {
        Caller::Token(token, secret) => Ok((token, secret)),
        Caller::Nobody | Caller::Certificate(_) | Caller::Local => {
            Err(Failure::bad("you bear no token"))
        }
    }
}

fn told(call: &Call<'_>, text: &str) -> Result<StoredToken, Failure> {
    let found = call.plane.tokens.find(text)?;
    found.ok_or_else(|| Failure::bad("no such token"))
}

fn named(call: &Call<'_>, accessor: &str) -> Result<StoredToken, Failure> {
    let found = call.plane.tokens.by_accessor(accessor)?;
    found.ok_or_else(|| Failure::bad("no token has this accessor"))
}

/// Whoever may do less than a token's bearer may not change it.
fn within_reach(call: &Call<'_>, token: StoredToken) -> Result<StoredToken, Failure> {
    let policies = token.policies.iter().filter_map(|name| Policy::named(name));
    let mut beyond = policies.filter(|policy| !call.covers(*policy));
    if beyond.next().is_some() { Err(Failure::denied()) } else { Ok(token) }
}

/// The own token.
pub(in crate::admin) fn lookup_self(
    call: &Call<'_>,
    _: NoFields,
) -> Result<Data<TokenBody>, Failure> {
    let (token, secret) = own(call)?;
    Ok(body(call, token, secret.expose()))
}

/// A token.
pub(in crate::admin) fn lookup(
    call: &Call<'_>,
    which: ByToken,
) -> Result<Data<TokenBody>, Failure> {
    let text = which.token.expose();
    Ok(body(call, &told(call, text)?, text))
}

/// A token, by its accessor.
pub(in crate::admin) fn lookup_accessor(
    call: &Call<'_>,
    which: ByAccessor,
) -> Result<Data<TokenBody>, Failure> {
    Ok(body(call, &named(call, &which.accessor)?, ""))
}

fn renewed(
    call: &Call<'_>,
    token: &StoredToken,
    increment: Option<Period>,
    secret: &str,
) -> Result<Auth<AuthBody>, Failure> {
    if !token.renewable {
        return Err(Failure::bad("the token cannot be renewed"));
    }
    let increment = increment.map(|period| period.0).filter(|length| !length.is_zero());
    let token = call.plane.tokens.renew(token, increment)?.ok_or_else(Failure::denied)?;
    Ok(Auth(auth(call, &token, secret), Vec::new()))
}

/// Lets the own token live longer.
pub(in crate::admin) fn renew_self(
    call: &Call<'_>,
    wish: RenewSelf,
) -> Result<Auth<AuthBody>, Failure> {
    let (token, secret) = own(call)?;
    renewed(call, token, wish.increment, secret.expose())
}

/// Lets a token live longer.
pub(in crate::admin) fn renew(
    call: &Call<'_>,
    wish: RenewByToken,
) -> Result<Auth<AuthBody>, Failure> {
    let secret = wish.token.expose();
    let token = within_reach(call, told(call, secret)?)?;
    renewed(call, &token, wish.increment, secret)
}

/// Lets a token live longer, by its accessor.
pub(in crate::admin) fn renew_accessor(
    call: &Call<'_>,
    wish: RenewByAccessor,
) -> Result<Auth<AuthBody>, Failure> {
    let token = within_reach(call, named(call, &wish.accessor)?)?;
    renewed(call, &token, wish.increment, "")
}

fn end(call: &Call<'_>, token: &StoredToken) -> Result<Done, Failure> {
    call.plane.tokens.revoke(&token.accessor)?;
    Ok(Done)
}

/// Ends the own token and all that it made.
pub(in crate::admin) fn revoke_self(call: &Call<'_>, _: NoFields) -> Result<Done, Failure> {
    end(call, own(call)?.0)
}

/// Ends a token and all that it made.
pub(in crate::admin) fn revoke(call: &Call<'_>, which: ByToken) -> Result<Done, Failure> {
    end(call, &within_reach(call, told(call, which.token.expose())?)?)
}

/// Ends a token and all that it made, by its accessor.
pub(in crate::admin) fn revoke_accessor(
    call: &Call<'_>,
    which: ByAccessor,
) -> Result<Done, Failure> {
    end(call, &within_reach(call, named(call, &which.accessor)?)?)
}

/// The accessors of all tokens.
pub(in crate::admin) fn accessors(call: &Call<'_>, _: NoFields) -> Result<Listing, Failure> {
    Ok(Listing::new(call.plane.tokens.accessors()?))
}
