//! What cannot be, refused in the manner of the dialect, and nothing half done.

use super::*;

#[test]
fn names_and_fields_that_cannot_be_are_named() {
    let world = World::new();
    world.root("POST", "kmip/scope/s", Value::Null);
    let role = "kmip/scope/s/role/r";
    let long = "x".repeat(65);
    for (path, body, word) in [
        ("kmip/scope/a%20b", json!({}), "name"),
        ("kmip/scope/%C3%A4", json!({}), "name"),
        (format!("kmip/scope/{long}").as_str(), json!({}), "name"),
        ("kmip/scope/s/role/a%2Fb", json!({}), "name"),
        ("kmip/scope/s", json!({ "colour": 1 }), "colour"),
        ("kmip/scope/s", json!({ "unique_names": "perhaps" }), "perhaps"),
        (role, json!({ "operation_brew": true }), "operation_brew"),
        (role, json!({ "operation_get": "perhaps" }), "operation_get"),
        (role, json!({ "colour": true }), "colour"),
        (role, json!({ "operation_all": true, "operation_none": true }), "exclude"),
        (role, json!({ "operation_all": true, "operation_get": true }), "excludes"),
        (role, json!({ "operation_none": true, "operation_get": true }), "excludes"),
        (role, json!({ "tls_client_key_type": "dsa" }), "dsa"),
        (role, json!({ "tls_client_key_type": "ec", "tls_client_key_bits": 1024 }), "1024"),
        (role, json!({ "tls_client_ttl": "soon" }), "soon"),
        (role, json!({ "symmetric_keys": "paper" }), "symmetric_keys"),
        (role, json!({ "allowed_algorithms": ["rot13"] }), "rot13"),
        (role, json!({ "rate_limit": -1 }), "-1"),
    ] {
        let (status, words) = errors(&world.root("POST", path, body.clone()));
        assert_eq!(status, 400, "{path} {body}: {words}");
        assert!(words.contains(word), "{path} {body}: {words}");
    }
    assert_eq!(world.root("LIST", "kmip/scope/s/role", Value::Null).0, 404, "nothing was made");
}

#[test]
fn role_needs_its_scope() {
    let world = World::new();
    let refused = world.root("POST", "kmip/scope/nowhere/role/r", json!({ "operation_all": true }));
    assert_eq!(errors(&refused), (404, "there is no such scope".to_owned()));
}

#[test]
fn declared_scope_is_neither_changed_nor_removed() {
    let world = World::new();
    let refused = world.root("DELETE", "kmip/scope/declared?force=true", Value::Null);
    assert_eq!(errors(&refused).0, 400);
    let refused = world.root("POST", "kmip/scope/declared", json!({ "unique_names": false }));
    assert_eq!(errors(&refused).0, 400);
    assert_eq!(world.root("POST", "kmip/scope/declared", json!({})).0, 204);
}

#[test]
fn body_that_is_no_object_is_refused_without_being_repeated() {
    let world = World::new();
    for body in [&b"[1]"[..], b"\"a\"", b"{\"secret", b"{}{}", b"\xff", b"7"] {
        let answer = world.send(As::Token(&world.root), "POST", "kmip/scope/s", body, &[]);
        let (status, words) = errors(&answer);
        assert_eq!(status, 400);
        assert!(!words.contains("secret"), "{words}");
    }
    let deep = "[".repeat(100_000);
    let answer = world.send(As::Token(&world.root), "POST", "kmip/scope/s", deep.as_bytes(), &[]);
    assert_eq!(answer.0, 400);
}

#[test]
fn paths_and_methods_that_are_not_served_are_told_apart() {
    let world = World::new();
    for path in ["kmip", "kmip/scope/a/b", "secret/data/x", "sys/raw", "kmip//scope"] {
        assert_eq!(errors(&world.root("GET", path, Value::Null)).0, 404, "{path}");
    }
    for (method, path) in
        [("DELETE", "sys/health"), ("PATCH", "kmip/scope/s"), ("OPTIONS", "kmip/scope")]
    {
        assert_eq!(errors(&world.root(method, path, Value::Null)).0, 405, "{method} {path}");
    }
    // To nobody both look the same.
    for path in ["kmip/nowhere", "kmip/scope", "sys/raw"] {
        let answer = world.ask(As::Nobody, "GET", path, Value::Null);
        assert_eq!(errors(&answer), (403, "missing client token".to_owned()), "{path}");
    }
}

#[test]
fn headers_that_would_change_every_answer_are_refused() {
    let world = World::new();
    for header in [("x-vault-wrap-ttl", "60s"), ("x-vault-namespace", "team")] {
        let answer = world.send(As::Token(&world.root), "GET", "sys/mounts", b"", &[header]);
        assert_eq!(errors(&answer).0, 400, "{header:?}");
    }
    let root = [("x-vault-namespace", "root/")];
    assert_eq!(world.send(As::Token(&world.root), "GET", "sys/mounts", b"", &root).0, 200);
}

#[test]
fn server_without_a_first_token_says_so() {
    let world = World::uninitialised();
    let (status, health) = world.ask(As::Nobody, "GET", "sys/health", Value::Null);
    assert_eq!((status, &health["initialized"]), (501, &json!(false)));
    let (status, seal) = world.ask(As::Nobody, "GET", "sys/seal-status", Value::Null);
    assert_eq!((status, &seal["initialized"]), (200, &json!(false)));
    for who in [As::Nobody, As::Token("clv.0")] {
        let (status, words) = errors(&world.ask(who, "GET", "kmip/scope", Value::Null));
        assert_eq!(status, 503);
        assert!(words.contains("claviger init"), "{words}");
    }
    // What the socket was good for before, it still is.
    assert_eq!(world.ask(As::Socket, "GET", "claviger/wrapping-key", Value::Null).0, 200);
}

#[test]
fn engine_is_kmip_and_stays() {
    let world = World::new();
    let enable =
        json!({ "type": "kmip", "description": "", "config": {"options": null}, "local": false });
    assert_eq!(world.root("POST", "sys/mounts/kmip", enable.clone()).0, 204);
    assert_eq!(errors(&world.root("POST", "sys/mounts/other", enable)).0, 400);
    assert_eq!(errors(&world.root("POST", "sys/mounts/kmip", json!({ "type": "kv" }))).0, 400);
    assert_eq!(errors(&world.root("DELETE", "sys/mounts/kmip", Value::Null)).0, 400);
    let (_, mounts) = world.root("GET", "sys/mounts", Value::Null);
    assert_eq!(mounts["data"]["kmip/"]["type"], "kmip");
}

#[test]
fn each_policy_gets_what_the_matrix_says() {
    let world = World::new();
    let (operator, auditor) = (world.token("operator"), world.token("auditor"));
    for token in [&operator, &auditor] {
        let may = |method, path, body| world.ask(As::Token(token), method, path, body).0;
        assert_eq!(may("LIST", "kmip/scope", Value::Null), 200);
        assert_eq!(may("POST", "kmip/scope/s", Value::Null), 403);
        assert_eq!(may("DELETE", "kmip/scope/declared", Value::Null), 403);
        assert_eq!(may("POST", "sys/mounts/kmip", json!({ "type": "kmip" })), 403);
    }
    let rotate =
        |token| world.ask(As::Token(token), "POST", "claviger/wrapping-key/rotate", Value::Null).0;
    assert_eq!((rotate(&operator), rotate(&auditor)), (200, 403));
    let tokens = |token| world.ask(As::Token(token), "LIST", "auth/token/accessors", Value::Null).0;
    assert_eq!((tokens(&operator), tokens(&auditor)), (403, 200));
}

#[test]
fn certificate_serves_as_a_token_but_not_to_a_page_of_another_site() {
    let world = World::new();
    let who = As::Certificate(Policy::Admin);
    assert_eq!(world.ask(who, "POST", "kmip/scope/s", json!({})).0, 204);
    let form = [("content-type", "text/plain")];
    assert_eq!(world.send(who, "POST", "kmip/scope/t", b"{}", &form).0, 400);
    assert_eq!(
        world.ask(As::Certificate(Policy::Auditor), "POST", "kmip/scope/t", json!({})).0,
        403
    );
}

#[test]
fn capabilities_follow_from_the_table() {
    let world = World::new();
    let body = json!({ "path": "kmip/scope/s", "token": "x" });
    let ask = |token: &str| {
        let (_, found) = world.ask(As::Token(token), "POST", "sys/capabilities-self", body.clone());
        found["data"]["capabilities"].clone()
    };
    assert_eq!(ask(&world.root), json!(["read", "create", "update", "delete"]));
    assert_eq!(ask(&world.token("auditor")), json!(["read"]));
}

#[test]
fn certificate_that_expires_on_an_open_connection_is_nobodys() {
    let world = World::new();
    for policy in Policy::ALL {
        let (path, none) = ("sys/mounts", Value::Null);
        assert_eq!(world.ask(As::Certificate(policy), "GET", path, none.clone()).0, 200);
        let refused = world.ask(As::Expired(policy), "GET", path, none);
        assert_eq!(errors(&refused), (403, "the client certificate has expired".to_owned()));
    }
}

#[test]
fn refusal_does_not_repeat_a_secret_of_the_wrong_type() {
    let world = World::new();
    for (path, field) in [
        ("claviger/recovery", "pin"),
        ("auth/token/lookup", "token"),
        ("auth/token/renew", "token"),
        ("auth/token/renew-self", "token"),
        ("auth/token/revoke", "token"),
        ("sys/capabilities-self", "token"),
    ] {
        for secret in [json!(71_234_567), json!(["71234567"]), json!({ "71234567": true })] {
            let mut headers = vec![("content-type", "application/json")];
            if path != "claviger/recovery" {
                headers.push(("x-vault-token", world.root.as_str()));
            }
            let body = json!({ field: secret }).to_string();
            let (status, text) =
                errors(&world.send(As::Socket, "POST", path, body.as_bytes(), &headers));
            assert_eq!(status, 400, "{path}");
            assert!(!text.contains("71234567"), "{path}: {text}");
        }
    }
}

#[test]
fn field_that_is_there_twice_is_refused() {
    let world = World::new();
    let ask = |path: &str, body: &str| {
        let headers =
            [("x-vault-token", world.root.as_str()), ("content-type", "application/json")];
        world.send(As::Nobody, "POST", path, body.as_bytes(), &headers)
    };
    for (path, body) in [
        ("kmip/scope/s", r#"{"unique_names": true, "unique_names": false}"#),
        ("kmip/scope/s?unique_names=true&unique_names=true", ""),
        ("kmip/scope/s?unique_names=true", r#"{"unique_names": false}"#),
    ] {
        let refused = errors(&ask(path, body));
        assert_eq!(
            refused,
            (400, "the field \"unique_names\" is there twice".to_owned()),
            "{path}"
        );
    }
    assert_eq!(world.root("GET", "kmip/scope/s", Value::Null).0, 404);
    assert_eq!(ask("kmip/scope/s?unique_names=false", "{}").0, 204);
    assert_eq!(ask("kmip/scope/s", "null").0, 204);
}

#[test]
fn header_that_is_no_text_is_not_taken_for_one_that_is_absent() {
    let world = World::new();
    let list =
        |who, header, value: &str| world.send(who, "LIST", "kmip/scope", b"", &[(header, value)]).0;
    assert_eq!(list(As::Socket, "x-vault-token", ""), 200);
    assert_eq!(list(As::Socket, "x-vault-token", "\u{e4}"), 403);
    assert_eq!(list(As::Socket, "x-vault-namespace", "\u{e4}"), 400);
    assert_eq!(list(As::Socket, "x-vault-wrap-ttl", "\u{e4}"), 400);
}

#[test]
fn list_is_wished_for_in_every_spelling_of_true() {
    let world = World::new();
    for (word, status) in [("true", 200), ("1", 200), ("True", 200), ("false", 405), ("x", 405)] {
        let path = format!("kmip/scope?list={word}");
        assert_eq!(world.root("GET", &path, Value::Null).0, status, "{word}");
    }
}

#[test]
fn names_that_paths_lose_on_their_way_are_none() {
    let world = World::new();
    for name in [".", "..", "%2e", "%2E%2e"] {
        let (status, text) = errors(&world.root("POST", &format!("kmip/scope/{name}"), json!({})));
        assert_eq!(status, 400, "{name}: {text}");
    }
}

#[test]
fn strangers_fill_no_audit_log_and_keep_nobody_elses_record_out() {
    let dir = tempfile::tempdir().unwrap();
    let sink = "[[audit.sink]]\ntype = \"file\"\npath = \"audit.log\"\n";
    let world = World::configured(dir.path(), &format!("{CONFIG}{sink}")).initialised();
    let auditor = world.token("auditor");
    for _ in 0..200 {
        assert_eq!(world.ask(As::Nobody, "GET", "sys/mounts", Value::Null).0, 403);
        let wrong = world.ask(As::Token("clv.0"), "GET", "sys/mounts", Value::Null).0;
        assert!(matches!(wrong, 403 | 429), "{wrong}");
        assert_eq!(world.ask(As::Token(&auditor), "POST", "sys/mounts/kmip", json!({})).0, 403);
    }
    world.app.services().audit.stop();
    let log = std::fs::read_to_string(dir.path().join("audit.log")).unwrap();
    let of = |operation: &str| log.lines().filter(|line| line.contains(operation)).count();
    assert!((1..=100).contains(&of("GET /v1/sys/mounts\"")), "{}", of("GET /v1/sys/mounts\""));
    assert_eq!(of("POST /v1/sys/mounts/{path}"), 200, "whoever is known is on record");
}

#[test]
fn status_that_has_no_body_is_answered_without_one() {
    let world = World::new();
    let health = |code: &str| {
        let asked = Asked {
            method: Method::GET,
            uri: format!("/v1/sys/health?activecode={code}").parse().unwrap(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
        };
        let peer = Peer { way: Way::Socket, client: None };
        let response = world.plane.answer(&peer, &asked);
        let has_body = response.headers().contains_key("content-type");
        (response.status().as_u16(), has_body)
    };
    // The token is there as soon as it is asked for.
    for (code, answer) in [("299", (299, true)), ("204", (204, false)), ("304", (304, false))] {
        assert_eq!(health(code), answer);
    }
}
