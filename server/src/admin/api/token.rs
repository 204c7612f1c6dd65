//! Tokens: made, looked up, renewed and revoked, in the manner of Vault's `auth/token`.

pub(in crate::admin) mod existing;

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::rfc3339;
use crate::admin::Failure;
use crate::admin::access::Policy;
use crate::admin::gate::{Call, Caller};
use crate::admin::loose::{Flag, Period, Whole, Words};
use crate::admin::route::{Auth, Data};
use crate::admin::tokens::{self, Secret, TokenError, Wish};
use crate::store::StoredToken;

/// Longest display name, in bytes.
const MAX_NAME_BYTES: usize = 128;

pub(in crate::admin) fn failed(error: TokenError) -> Failure {
    match error {
        TokenError::Store(error) => error.into(),
        TokenError::Random => Failure::internal(),
    }
}

/// What a new token is to be.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::admin) struct CreateWish {
    /// Its policies; those of its maker where none is named.
    policies: Option<Words>,
    /// How long it lives; 0 or absent for 768 hours, or for ever where it is a root token.
    ttl: Option<Period>,
    /// How long it lives at most, renewed or not.
    explicit_max_ttl: Option<Period>,
    /// Whether it can be renewed: true unless it says otherwise.
    renewable: Option<Flag>,
    /// What it is called.
    display_name: Option<String>,
    /// `service`, the one type there is.
    #[serde(rename = "type")]
    kind: Option<String>,
    /// Not served: 0 or absent.
    period: Option<Period>,
    /// Not served: 0 or absent.
    num_uses: Option<Whole>,
    /// Not served: empty or absent.
    entity_alias: Option<String>,
    /// Of no effect: there is no default policy.
    #[expect(dead_code, reason = "taken because tools send it")]
    no_default_policy: Option<Flag>,
}

impl CreateWish {
    fn check(&self) -> Result<(), Failure> {
        let refused = |what: &str| Err(Failure::bad(format!("{what} is not served")));
        if self.kind.as_deref().is_some_and(|kind| !matches!(kind, "" | "service" | "default")) {
            return refused("a type other than service");
        }
        if self.period.is_some_and(|period| !period.0.is_zero()) {
            return refused("period");
        }
        if self.num_uses.is_some_and(|uses| uses.0 != 0) {
            return refused("num_uses");
        }
        if self.entity_alias.as_deref().is_some_and(|alias| !alias.is_empty()) {
            return refused("entity_alias");
        }
        let name = self.display_name.as_deref().unwrap_or_default();
        if name.len() > MAX_NAME_BYTES || name.chars().any(char::is_control) {
            return Err(Failure::bad(
                "display_name has at most 128 bytes, and no control characters",
            ));
        }
        Ok(())
    }
}

/// A token, in the one answer that tells it.
#[derive(Serialize, JsonSchema)]
pub(in crate::admin) struct AuthBody {
    /// The token. It is told this once.
    client_token: String,
    /// By what it is named without being told.
    accessor: String,
    /// Its policies.
    policies: Vec<String>,
    /// The same.
    token_policies: Vec<String>,
    /// Empty.
    metadata: Option<Map<String, Value>>,
    /// Seconds until it ends; 0 for never.
    lease_duration: u32,
    /// Whether it can be renewed.
    renewable: bool,
    /// Empty.
    entity_id: &'static str,
    /// `service`
    token_type: &'static str,
    /// Whether it stands alone.
    orphan: bool,
    /// 0: as often as one likes.
    num_uses: u32,
}

fn auth(call: &Call<'_>, token: &StoredToken, secret: &str) -> AuthBody {
    AuthBody {
        client_token: secret.to_owned(),
        accessor: token.accessor.clone(),
        policies: token.policies.clone(),
        token_policies: token.policies.clone(),
        metadata: None,
        lease_duration: left(call, token),
        renewable: token.renewable,
        entity_id: "",
        token_type: "service",
        orphan: token.parent.is_none(),
        num_uses: 0,
    }
}

/// Seconds until it ends; 0 for never.
fn left(call: &Call<'_>, token: &StoredToken) -> u32 {
    let left = token.expires_at.map_or(0, |end| end.0.saturating_sub(call.plane.tokens.now().0));
    u32::try_from(left.max(0)).unwrap_or(u32::MAX)
}

/// Makes a token. It may not do more than its maker, and does not outlive it.
pub(in crate::admin) fn create(
    call: &Call<'_>,
    wish: CreateWish,
) -> Result<Auth<AuthBody>, Failure> {
    wish.check()?;
    let own = call.caller.policies();
    let policies = match &wish.policies {
        Some(names) if !names.0.is_empty() => {
            names.0.iter().map(|name| known(name)).collect::<Result<Vec<_>, _>>()?
        }
        Some(_) | None => own,
    };
    if let Some(more) = policies.iter().find(|policy| !call.covers(**policy)) {
        let text = format!("the policy {} may do what yours may not", more.name());
        return Err(Failure::bad(text));
    }
    let by = |caller: &Caller| format!("auth/token/create by {}", caller.name());
    let (parent, own_end, origin) = match call.caller {
        Caller::Token(token, _) => (Some(token), None, by(call.caller)),
        Caller::Certificate(client) => {
            let left = client.not_after.0.saturating_sub(call.plane.tokens.now().0);
            let left = Duration::from_secs(u64::try_from(left).unwrap_or(0));
            (None, Some(left), tokens::origin_of_certificate(client))
        }
        Caller::Nobody | Caller::Local => (None, None, by(call.caller)),
    };
    let length = |period: Option<Period>| period.map(|period| period.0).filter(|it| !it.is_zero());
    let wanted = length(wish.ttl);
    let wish = Wish {
        policies,
        ttl: wanted,
        max_ttl: length(wish.explicit_max_ttl).into_iter().chain(own_end).min(),
        renewable: wish.renewable.is_none_or(|flag| flag.0),
        display_name: wish.display_name.unwrap_or_default(),
        origin,
    };
    call.plane.tokens.forget_expired()?;
    let made = call.plane.tokens.make(&wish, parent).map_err(failed)?;
    let (secret, token) = made.ok_or_else(Failure::denied)?;
    let less = wanted.is_some_and(|wanted| Duration::from_secs(token.ttl_seconds.into()) < wanted);
    let warnings = if less {
        vec![format!("it lives for {} seconds, which is the most it may", token.ttl_seconds)]
    } else {
        Vec::new()
    };
    Ok(Auth(auth(call, &token, Secret::expose(&secret)), warnings))
}

fn known(name: &str) -> Result<Policy, Failure> {
    Policy::named(name).ok_or_else(|| {
        let names = Policy::ALL.map(Policy::name).join(", ");
        Failure::bad(format!("there is no policy {name:?}: there are {names}"))
    })
}

/// What is known of a token.
#[derive(Serialize, JsonSchema)]
pub(in crate::admin) struct TokenBody {
    /// By what it is named without being told.
    accessor: String,
    /// When it was made, in seconds since 1970.
    creation_time: i64,
    /// For how many seconds it was made; 0 for ever.
    creation_ttl: u32,
    /// What it is called.
    display_name: String,
    /// Empty.
    entity_id: &'static str,
    /// When it ends.
    expire_time: Option<String>,
    /// For how many seconds it lives at most, from when it was made.
    explicit_max_ttl: i64,
    /// The token, where who asks has told it.
    id: String,
    /// When it was made.
    issue_time: Option<String>,
    /// Empty.
    meta: Option<Map<String, Value>>,
    /// 0: as often as one likes.
    num_uses: u32,
    /// Whether it stands alone.
    orphan: bool,
    /// Accessor of the token that made it.
    parent: Option<String>,
    /// What made it.
    path: String,
    /// Its policies.
    policies: Vec<String>,
    /// Whether it can be renewed.
    renewable: bool,
    /// Seconds until it ends; 0 for never.
    ttl: u32,
    /// `service`
    #[serde(rename = "type")]
    kind: &'static str,
}

fn body(call: &Call<'_>, token: &StoredToken, told: &str) -> Data<TokenBody> {
    let most = token.ends_at.map_or(0, |end| end.0.saturating_sub(token.made_at.0));
    Data::new(TokenBody {
        accessor: token.accessor.clone(),
        creation_time: token.made_at.0,
        creation_ttl: token.ttl_seconds,
        display_name: token.display_name.clone(),
        entity_id: "",
        expire_time: token.expires_at.and_then(rfc3339),
        explicit_max_ttl: most,
        id: told.to_owned(),
        issue_time: rfc3339(token.made_at),
        meta: None,
        num_uses: 0,
        orphan: token.parent.is_none(),
        parent: token.parent.clone(),
        path: token.origin.clone(),
        policies: token.policies.clone(),
        renewable: token.renewable,
        ttl: left(call, token),
        kind: "service",
    })
}
