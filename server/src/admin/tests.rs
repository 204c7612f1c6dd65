//! The interface as its callers meet it: method, path, token and body in; status and JSON out.

mod bad_input;
mod credentials;
mod documents;
mod https;
mod roles;
mod tokens;

use std::path::Path;
use std::sync::Arc;

use axum::body::{Bytes, to_bytes};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use kmip_core::ttlv::DateTime;
use serde_json::{Value, json};

use super::access::Policy;
use super::dispatch::Asked;
use super::gate::{AdminClient, Peer, Way};
use super::tokens::{TokenError, first};
use super::{KmipListener, Plane};
use crate::app::App;
use crate::config::Config;

const CONFIG: &str = r#"
[tls]
[store]
path = "claviger.db"
[token]
module = "module.so"
label = "test"
pin = { file = "pin" }
[admin]
socket = "admin.sock"
[[scope]]
name = "declared"
"#;

/// A server with its first token.
struct World {
    app: App,
    plane: Arc<Plane>,
    root: String,
}

/// Who asks.
#[derive(Clone, Copy)]
enum As<'a> {
    /// Over HTTPS, with this token.
    Token(&'a str),
    /// Over HTTPS, with nothing.
    Nobody,
    /// Over HTTPS, with a certificate of this policy.
    Certificate(Policy),
    /// The same, with one that has expired while the connection was open.
    Expired(Policy),
    /// Over the Unix socket.
    Socket,
}

impl World {
    fn new() -> Self {
        Self::uninitialised().initialised()
    }

    fn initialised(self) -> Self {
        let mut world = self;
        let now = world.app.services().clock.now();
        let kept = |_: &_| Ok::<_, TokenError>(());
        let root = first(world.app.tokens(), now, kept).unwrap().unwrap();
        world.root = root.expose().to_owned();
        world
    }

    fn uninitialised() -> Self {
        Self::configured(Path::new("/nowhere"), CONFIG)
    }

    fn configured(folder: &Path, text: &str) -> Self {
        let config = Config::parse(&folder.join("claviger.toml"), text).unwrap();
        let app = App::of_memory(&config);
        let plane = app.plane(KmipListener::none());
        Self { app, plane, root: String::new() }
    }

    /// Asks as root.
    fn root(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        self.ask(As::Token(&self.root), method, path, body)
    }

    fn ask(&self, who: As<'_>, method: &str, path: &str, body: Value) -> (u16, Value) {
        let text = if body.is_null() { String::new() } else { body.to_string() };
        self.send(who, method, path, text.as_bytes(), &[("content-type", "application/json")])
    }

    fn send(
        &self,
        who: As<'_>,
        method: &str,
        path: &str,
        body: &[u8],
        headers: &[(&'static str, &str)],
    ) -> (u16, Value) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, HeaderValue::from_str(value).unwrap());
        }
        let mut peer = Peer { way: Way::Network("192.0.2.1:4000".parse().unwrap()), client: None };
        match who {
            As::Token(token) => {
                map.insert("x-vault-token", HeaderValue::from_str(token).unwrap());
            }
            As::Nobody => {}
            As::Certificate(policy) | As::Expired(policy) => {
                let is_over = matches!(who, As::Expired(_));
                let now = self.app.services().clock.now().0;
                peer.client = Some(AdminClient {
                    name: "operator 1".to_owned(),
                    digest: [1; 32],
                    policy,
                    issuer: "CN=ca".to_owned(),
                    serial: "01".to_owned(),
                    not_after: DateTime(if is_over { now - 1 } else { now + 60 }),
                });
            }
            As::Socket => peer.way = Way::Socket,
        }
        let asked = Asked {
            method: Method::from_bytes(method.as_bytes()).unwrap(),
            uri: format!("/v1/{path}").parse().unwrap(),
            headers: map,
            body: Bytes::copy_from_slice(body),
        };
        let response = self.plane.answer(&peer, &asked);
        let status = response.status();
        let body = to_bytes(response.into_body(), 1 << 20);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let body = runtime.block_on(body).unwrap();
        if status == StatusCode::NO_CONTENT {
            assert!(body.is_empty());
            return (204, Value::Null);
        }
        (status.as_u16(), serde_json::from_slice(&body).unwrap())
    }

    /// A token of this policy.
    fn token(&self, policy: &str) -> String {
        let (status, made) =
            self.root("POST", "auth/token/create", json!({ "policies": [policy], "ttl": "1h" }));
        assert_eq!(status, 200, "{made}");
        made["auth"]["client_token"].as_str().unwrap().to_owned()
    }
}

/// The words of a refusal.
fn errors(answer: &(u16, Value)) -> (u16, String) {
    let texts = answer.1["errors"].as_array().unwrap();
    (answer.0, texts.iter().map(|text| text.as_str().unwrap()).collect::<Vec<_>>().join("; "))
}
