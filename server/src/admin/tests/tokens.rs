//! Tokens: who gets which, how long they live, and that they end at once.

use super::*;

fn accessor(made: &Value) -> String {
    made["auth"]["accessor"].as_str().unwrap().to_owned()
}

fn create(world: &World, as_token: &str, body: Value) -> (u16, Value) {
    world.ask(As::Token(as_token), "POST", "auth/token/create", body)
}

#[test]
fn token_is_known_by_its_hash_alone() {
    let world = World::new();
    let token = world.token("operator");
    assert!(token.starts_with("clv.") && token.len() == 68, "{} characters", token.len());
    let (status, found) =
        world.ask(As::Token(&token), "GET", "auth/token/lookup-self", Value::Null);
    assert_eq!(status, 200);
    assert_eq!(found["data"]["policies"], json!(["operator"]));
    assert_eq!(found["data"]["id"], json!(token), "its bearer has told it");
    for (i, _) in token.char_indices().skip(4).step_by(16) {
        let mut wrong = token.clone();
        let other = if wrong.get(i..=i) == Some("0") { "1" } else { "0" };
        wrong.replace_range(i..=i, other);
        let answer = world.ask(As::Token(&wrong), "GET", "auth/token/lookup-self", Value::Null);
        assert_eq!(errors(&answer), (403, "permission denied".to_owned()));
    }
}

#[test]
fn bearer_header_serves_as_well() {
    let world = World::new();
    let bearer = format!("Bearer {}", world.root);
    let headers = [("authorization", bearer.as_str())];
    let (status, _) = world.send(As::Nobody, "GET", "auth/token/lookup-self", b"", &headers);
    assert_eq!(status, 200);
}

#[test]
fn child_may_do_no_more_than_its_parent() {
    let world = World::new();
    let admin = world.token("admin");
    for policy in ["admin", "operator", "auditor"] {
        assert_eq!(create(&world, &admin, json!({ "policies": policy })).0, 200, "{policy}");
    }
    let refused = create(&world, &admin, json!({ "policies": "root" }));
    assert_eq!(errors(&refused).0, 400);
    // What it does not name, it has from its parent.
    let (_, child) = create(&world, &admin, json!({}));
    assert_eq!(child["auth"]["policies"], json!(["admin"]));
    for policy in ["operator", "auditor"] {
        let token = world.token(policy);
        assert_eq!(create(&world, &token, json!({})).0, 403, "{policy}");
    }
}

#[test]
fn token_ends_no_later_than_the_certificate_that_made_it() {
    let world = World::new();
    for wish in [json!({}), json!({ "ttl": "1h", "explicit_max_ttl": "2h" })] {
        let who = As::Certificate(Policy::Root);
        let (status, made) = world.ask(who, "POST", "auth/token/create", wish);
        assert_eq!(status, 200, "{made}");
        let lease = made["auth"]["lease_duration"].as_u64().unwrap();
        assert!((1..=60).contains(&lease), "{made}");
    }
}

#[test]
fn child_ends_no_later_than_its_parent() {
    let world = World::new();
    let parent = world.token("admin");
    let (_, child) = create(&world, &parent, json!({ "ttl": "24h" }));
    assert!(child["auth"]["lease_duration"].as_u64().unwrap() <= 3_600, "{child}");
    assert!(child["warnings"][0].as_str().unwrap().contains("the most it may"));
    let token = child["auth"]["client_token"].as_str().unwrap();
    let body = json!({ "increment": "24h" });
    let (_, renewed) = world.ask(As::Token(token), "PUT", "auth/token/renew-self", body);
    assert!(renewed["auth"]["lease_duration"].as_u64().unwrap() <= 3_600, "{renewed}");
}

#[test]
fn root_token_has_no_end_and_is_not_renewed() {
    let world = World::new();
    let (_, own) = world.root("GET", "auth/token/lookup-self", Value::Null);
    assert_eq!(own["data"]["ttl"], 0);
    assert_eq!(own["data"]["expire_time"], Value::Null);
    let refused = world.root("POST", "auth/token/renew-self", json!({}));
    assert_eq!(errors(&refused), (400, "the token cannot be renewed".to_owned()));
}

#[test]
fn revoked_token_takes_its_children_along_at_once() {
    let world = World::new();
    let parent = world.token("admin");
    let (_, child) = create(&world, &parent, json!({}));
    let child = child["auth"]["client_token"].as_str().unwrap().to_owned();
    let (_, grandchild) = create(&world, &child, json!({ "policies": "auditor" }));
    let grandchild = grandchild["auth"]["client_token"].as_str().unwrap().to_owned();
    let other = world.token("admin");
    assert_eq!(world.root("PUT", "auth/token/revoke", json!({ "token": parent })).0, 204);
    for gone in [&parent, &child, &grandchild] {
        assert_eq!(world.ask(As::Token(gone), "GET", "kmip/scope", Value::Null).0, 403);
    }
    assert_eq!(world.ask(As::Token(&other), "GET", "kmip/scope?list=true", Value::Null).0, 200);
}

#[test]
fn admin_does_not_end_a_token_of_root() {
    let world = World::new();
    let admin = world.token("admin");
    let (_, root) = create(&world, &world.root, json!({ "policies": "root" }));
    let refused = world.ask(
        As::Token(&admin),
        "POST",
        "auth/token/revoke-accessor",
        json!({ "accessor": accessor(&root) }),
    );
    assert_eq!(errors(&refused).0, 403);
    let revoked =
        world.root("POST", "auth/token/revoke-accessor", json!({ "accessor": accessor(&root) }));
    assert_eq!(revoked.0, 204);
}

#[test]
fn token_is_found_by_its_accessor_without_being_told() {
    let world = World::new();
    let (_, made) =
        create(&world, &world.root, json!({ "policies": "admin", "display_name": "ci" }));
    let named = json!({ "accessor": accessor(&made) });
    let (status, found) = world.root("POST", "auth/token/lookup-accessor", named);
    assert_eq!((status, &found["data"]["display_name"]), (200, &json!("ci")));
    let (_, list) = world.root("LIST", "auth/token/accessors", Value::Null);
    assert_eq!(list["data"]["keys"].as_array().unwrap().len(), 2);
    assert!(list["data"]["keys"].as_array().unwrap().contains(&json!(accessor(&made))));
}

#[test]
fn wishes_that_are_not_served_are_refused() {
    let world = World::new();
    for (field, value) in [
        ("period", json!("1h")),
        ("num_uses", json!(3)),
        ("entity_alias", json!("x")),
        ("type", json!("batch")),
        ("policies", json!(["emperor"])),
        ("display_name", json!("a\nb")),
        ("ttl", json!("soon")),
        ("colour", json!("red")),
    ] {
        let refused = create(&world, &world.root, json!({ field: value }));
        assert_eq!(errors(&refused).0, 400, "{field}");
    }
    // As the bao command sends them.
    let usual = json!({
        "policies": ["admin"], "ttl": "1h0m0s", "explicit_max_ttl": "0s", "period": "0s",
        "display_name": "", "num_uses": 0, "renewable": true, "type": "service", "entity_alias": ""
    });
    assert_eq!(create(&world, &world.root, usual).0, 200);
}

#[test]
fn recovery_needs_the_socket_and_the_pin_and_ends_every_root_token() {
    let world = World::new();
    let admin = world.token("admin");
    let path = "claviger/recovery";
    let right = json!({ "pin": "1234" });
    assert_eq!(world.root("POST", path, right.clone()).0, 403);
    assert_eq!(errors(&world.ask(As::Socket, "POST", path, json!({ "pin": "0" }))).0, 403);
    let (status, made) = world.ask(As::Socket, "POST", path, right);
    assert_eq!(status, 200);
    let root = made["data"]["root_token"].as_str().unwrap();
    assert_eq!(world.ask(As::Token(root), "GET", "sys/mounts", Value::Null).0, 200);
    for gone in [&world.root, &admin] {
        assert_eq!(world.ask(As::Token(gone), "GET", "sys/mounts", Value::Null).0, 403);
    }
}

#[test]
fn too_many_wrong_tokens_are_told_apart_from_none_and_hurt_nobody_else() {
    let world = World::new();
    let wrong = || world.ask(As::Token("clv.0"), "GET", "sys/mounts", Value::Null).0;
    let answers: Vec<_> = (0..30).map(|_| wrong()).collect();
    assert_eq!((answers[0], answers[29]), (403, 429));
    assert_eq!(world.root("GET", "sys/mounts", Value::Null).0, 200);
}
