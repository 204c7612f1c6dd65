//! From a request to its answer: what is asked, who asks, whether they may, and what is said.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, Method, Response, StatusCode, Uri};
use axum::{Extension, Router};
use http_body_util::BodyExt;
use percent_encoding::percent_decode_str;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::gate::{Caller, Peer, Way, admit};
use super::loose::Flag;
use super::pacing::Pace;
use super::route::{Fields, Form, Needs, Reply, Route, Verb};
use super::tokens::Secret;
use super::{Failure, Plane};

/// Longest body of a request.
const MAX_BODY_BYTES: usize = 256 * 1_024;
/// As much of a body that is too long is read before it is refused.
const MAX_DROPPED_BYTES: usize = 16 * 1_024 * 1_024;
/// Longest wait for the rest of a body.
const BODY_PATIENCE: Duration = Duration::from_secs(30);

/// The interface as a service, which needs a [`Peer`] with each request.
pub fn router(plane: Arc<Plane>) -> Router {
    Router::new().fallback(serve).with_state(plane)
}

async fn serve(
    State(plane): State<Arc<Plane>>,
    Extension(peer): Extension<Peer>,
    request: Request,
) -> Response<Body> {
    let (head, body) = request.into_parts();
    let body = match tokio::time::timeout(BODY_PATIENCE, whole(body)).await {
        Ok(Ok(body)) => body,
        Ok(Err(Unread::TooLong)) => {
            let text = format!("the body is longer than {MAX_BODY_BYTES} bytes");
            return refusal(&Failure::new(StatusCode::PAYLOAD_TOO_LARGE, text));
        }
        Ok(Err(Unread::Broken)) => {
            return refusal(&Failure::new(StatusCode::BAD_REQUEST, "the body is incomplete"));
        }
        Err(_) => {
            let late = "the rest of the body did not come in time";
            return refusal(&Failure::new(StatusCode::REQUEST_TIMEOUT, late));
        }
    };
    let asked = Asked { method: head.method, uri: head.uri, headers: head.headers, body };
    let answering = tokio::task::spawn_blocking(move || plane.answer(&peer, &asked));
    answering.await.unwrap_or_else(|_| refusal(&Failure::internal()))
}

/// Adds a field. One that is said twice says nothing: which of the two was meant?
fn add(fields: &mut Fields, name: String, value: Value) -> Result<(), Failure> {
    if fields.contains_key(&name) {
        return Err(Failure::bad(format!("the field {name:?} is there twice")));
    }
    fields.insert(name, value);
    Ok(())
}

/// The members of a JSON object as they stand there; none of `null`.
struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfObject;

        impl<'de> Visitor<'de> for OfObject {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_unit<E>(self) -> Result<Members, E> {
                Ok(Members(Vec::new()))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = object.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_any(OfObject)
    }
}

/// Why there is no body.
enum Unread {
    TooLong,
    Broken,
}

/// All of `body`. Of one that is too long the rest is read and dropped as well: a connection closed
/// with bytes unread may take the refusal with it before the client has seen it.
async fn whole(mut body: Body) -> Result<Bytes, Unread> {
    let mut kept = Vec::new();
    let mut came = 0_usize;
    while let Some(frame) = body.frame().await {
        let Ok(part) = frame.map_err(|_| Unread::Broken)?.into_data() else { continue };
        came = came.saturating_add(part.len());
        if came <= MAX_BODY_BYTES {
            kept.extend_from_slice(&part);
        } else if came > MAX_DROPPED_BYTES {
            break;
        }
    }
    if came > MAX_BODY_BYTES { Err(Unread::TooLong) } else { Ok(Bytes::from(kept)) }
}

/// A request, all of it.
pub(super) struct Asked {
    pub(super) method: Method,
    pub(super) uri: Uri,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Asked {
    /// What a header says, unless that is nothing. What is no text is said, too, and is nobody's name.
    fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        let value = self.headers.get(name).filter(|value| !value.is_empty())?;
        Some(String::from_utf8_lossy(value.as_bytes()))
    }

    /// The token that it bears.
    fn token(&self) -> Option<Zeroizing<String>> {
        let told = |text: &str| Zeroizing::new(text.to_owned());
        if let Some(token) = self.header("x-vault-token") {
            return Some(told(&token));
        }
        let authorization = self.header(AUTHORIZATION.as_str())?;
        let (scheme, token) = authorization.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| told(token.trim()))
    }

    /// The segments of its path, decoded; a slash at the end is none.
    fn segments(&self) -> Option<Vec<String>> {
        let path = self.uri.path();
        let path = path.strip_suffix('/').unwrap_or(path);
        let decoded = path.split('/').skip(1).map(|text| percent_decode_str(text).decode_utf8());
        decoded.map(|text| text.ok().map(Into::into)).collect()
    }

    /// The fields of its query.
    fn query(&self) -> Result<Fields, Failure> {
        let query = self.uri.query().unwrap_or_default().as_bytes();
        let mut fields = Fields::new();
        for (name, value) in form_urlencoded::parse(query) {
            add(&mut fields, name.into_owned(), Value::String(value.into_owned()))?;
        }
        Ok(fields)
    }

    fn verb(&self, query: &mut Fields) -> Option<Verb> {
        let list = query.shift_remove("list").as_ref().and_then(Flag::read);
        let list = list.is_some_and(|flag| flag.0);
        match self.method.as_str() {
            "GET" | "HEAD" if list => Some(Verb::List),
            "GET" | "HEAD" => Some(Verb::Read),
            "LIST" => Some(Verb::List),
            "POST" | "PUT" => Some(Verb::Write),
            "DELETE" => Some(Verb::Delete),
            _ => None,
        }
    }

    /// Adds the fields of its body, which may be empty, to those of the query.
    fn add_body(&self, fields: &mut Fields) -> Result<(), Failure> {
        if self.body.is_empty() {
            return Ok(());
        }
        match serde_json::from_slice::<Members>(&self.body) {
            Ok(body) => body.0.into_iter().try_for_each(|(name, value)| add(fields, name, value)),
            Err(error) if error.is_data() => Err(Failure::bad("the body is not a JSON object")),
            // Where it breaks off, and not what stands there.
            Err(error) => {
                let (line, column) = (error.line(), error.column());
                Err(Failure::bad(format!("the body is no JSON: line {line}, column {column}")))
            }
        }
    }

    /// Refuses what would change the meaning of every answer.
    fn check_headers(&self) -> Result<(), Failure> {
        if self.header("x-vault-wrap-ttl").is_some() {
            return Err(Failure::bad("answers are not wrapped here: ask without a wrap TTL"));
        }
        let namespace = self.header("x-vault-namespace").unwrap_or_default();
        match namespace.trim_matches('/') {
            "" | "root" => Ok(()),
            _ => Err(Failure::bad("there are no namespaces here: scopes part the keys")),
        }
    }

    /// Whether a page of another site could not have made a browser send this.
    fn is_deliberate(&self) -> bool {
        self.header("x-vault-request").is_some()
            || self.header(CONTENT_TYPE.as_str()).is_some_and(|kind| {
                kind.split(';').next().is_some_and(|kind| kind.trim() == "application/json")
            })
    }
}

impl Plane {
    /// Answers a request of `peer`.
    pub(super) fn answer(&self, peer: &Peer, asked: &Asked) -> Response<Body> {
        match self.carry_out(peer, asked) {
            Ok(reply) => success(reply),
            Err(failure) => refusal(&failure),
        }
    }

    fn carry_out(&self, peer: &Peer, asked: &Asked) -> Result<Reply, Failure> {
        asked.check_headers()?;
        let segments = asked.segments().ok_or_else(|| Failure::bad("the path is no text"))?;
        let mut fields = asked.query()?;
        let verb = asked.verb(&mut fields);
        let fits = |route| Some((route, Route::matches(route, &segments)?));
        let mut found: Vec<_> = self.routes.iter().filter_map(fits).collect();
        // A path that is spelled out is no parameter of another.
        if found.iter().any(|(_, parameters)| parameters.is_empty()) {
            found.retain(|(_, parameters)| parameters.is_empty());
        }
        let chosen = found.iter().find(|(route, _)| Some(route.verb) == verb);
        let caller = match chosen {
            Some((route, _)) if route.needs == Needs::Nothing => Caller::Nobody,
            Some((route, _)) => self.caller(peer, asked).inspect_err(|failure| {
                self.note_refusal(route, peer, &Caller::Nobody, failure.status());
            })?,
            None => self.caller(peer, asked)?,
        };
        if found.is_empty() {
            return Err(Failure::not_found(format!("no such path: {}", segments.join("/"))));
        }
        let Some((route, parameters)) = chosen else {
            let text = format!("this path does not take {}", asked.method);
            return Err(Failure::new(StatusCode::METHOD_NOT_ALLOWED, text));
        };
        let call = admit(self, &caller, peer.way, route.needs, parameters.clone());
        let call = call.inspect_err(|failure| {
            self.note_refusal(route, peer, &caller, failure.status());
        })?;
        asked.add_body(&mut fields)?;
        let outcome = self.attend(route, peer, &call, fields);
        note(route, &segments, &caller, &outcome);
        outcome
    }

    /// Finds out who asks.
    fn caller(&self, peer: &Peer, asked: &Asked) -> Result<Caller, Failure> {
        if let Some(text) = asked.token() {
            return match self.tokens.find(&text)? {
                Some(token) => Ok(Caller::Token(token, Secret::told(text.to_string()))),
                None => Err(self.wrong_token(peer.way)),
            };
        }
        match (&peer.client, peer.way) {
            // It was valid when the connection was opened.
            (Some(client), _) if client.not_after < self.services.clock.now() => {
                Err(Failure::new(StatusCode::FORBIDDEN, "the client certificate has expired"))
            }
            (Some(client), _) if asked.method != Method::POST || asked.is_deliberate() => {
                Ok(Caller::Certificate(client.clone()))
            }
            (Some(_), _) => Err(Failure::bad("send Content-Type: application/json")),
            (None, Way::Socket) => Ok(Caller::Local),
            (None, Way::Network(_)) => {
                self.be_initialised()?;
                Err(Failure::new(StatusCode::FORBIDDEN, "missing client token"))
            }
        }
    }

    fn be_initialised(&self) -> Result<(), Failure> {
        if self.tokens.is_initialised()? {
            return Ok(());
        }
        Err(Failure::unavailable("not initialised: run `claviger init` on the server's machine"))
    }

    /// What the bearer of a token that is none is told.
    fn wrong_token(&self, way: Way) -> Failure {
        if let Err(failure) = self.be_initialised() {
            return failure;
        }
        let Way::Network(peer) = way else { return Failure::denied() };
        let pace = self.wrong.note(peer.ip(), Instant::now());
        if pace == Pace::SlowedDownNow {
            tracing::warn!(%peer, "too many wrong tokens");
        }
        match pace {
            Pace::Answered => Failure::denied(),
            Pace::SlowedDownNow | Pace::SlowedDown => {
                Failure::new(StatusCode::TOO_MANY_REQUESTS, "too many wrong tokens")
            }
        }
    }
}

/// Notes in the log what was changed, and what was not.
fn note(route: &Route, segments: &[String], caller: &Caller, outcome: &Result<Reply, Failure>) {
    let (method, path, caller) = (route.verb.method(), segments.join("/"), caller.name());
    match (outcome, route.verb) {
        (Ok(_), Verb::Write | Verb::Delete) => {
            tracing::info!(method, path, caller, "administration");
        }
        (Ok(_), Verb::Read | Verb::List) => {
            tracing::debug!(method, path, caller, "administration");
        }
        (Err(failure), _) => {
            let status = failure.status().as_u16();
            tracing::info!(method, path, caller, status, "administration refused");
        }
    }
}

fn success(reply: Reply) -> Response<Body> {
    let envelope = |data: Value, auth: Value| {
        json!({
            "request_id": request_id(),
            "lease_id": "",
            "renewable": false,
            "lease_duration": 0,
            "data": data,
            "wrap_info": null,
            "warnings": if reply.warnings.is_empty() { Value::Null } else { json!(reply.warnings) },
            "auth": auth,
        })
    };
    match reply.form {
        Form::Data => response(reply.status, Some(&envelope(reply.body, Value::Null))),
        Form::Auth => response(reply.status, Some(&envelope(Value::Null, reply.body))),
        Form::Plain => response(reply.status, Some(&reply.body)),
        Form::Nothing => response(reply.status, None),
    }
}

fn refusal(failure: &Failure) -> Response<Body> {
    response(failure.status(), Some(&failure.body()))
}

/// Statuses whose answers have no body: the health check's may be any.
const BARE: [StatusCode; 3] =
    [StatusCode::NO_CONTENT, StatusCode::RESET_CONTENT, StatusCode::NOT_MODIFIED];

fn response(status: StatusCode, body: Option<&Value>) -> Response<Body> {
    let body = body.filter(|_| !BARE.contains(&status));
    let text = body.map_or_else(String::new, |body| format!("{body}\n"));
    let response = Response::builder().status(status).header(CACHE_CONTROL, "no-store");
    let response = match body {
        Some(_) => response.header(CONTENT_TYPE, "application/json"),
        None => response,
    };
    response.body(Body::from(text)).unwrap_or_default()
}

/// A number for the request, at random, in the form of a UUID; zeros where there is no randomness.
fn request_id() -> String {
    let mut bytes = [0; 16];
    if getrandom::fill(&mut bytes).is_err() {
        bytes = [0; 16];
    }
    let text = hex::encode(bytes);
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32];
    parts.map(|part| text.get(part).unwrap_or_default().to_owned()).join("-")
}
