//! Scopes and roles.

use super::*;

fn scope(world: &World, name: &str) {
    assert_eq!(world.root("POST", &format!("kmip/scope/{name}"), Value::Null), (204, Value::Null));
}

#[test]
fn scope_is_made_once_listed_and_removed() {
    let world = World::new();
    scope(&world, "my-service");
    scope(&world, "my-service");
    let (_, list) = world.root("LIST", "kmip/scope", Value::Null);
    assert_eq!(list["data"]["keys"], json!(["declared", "my-service"]));
    assert_eq!(list["data"]["key_info"]["declared"]["origin"], "configuration");
    assert_eq!(world.root("GET", "kmip/scope/?list=true", Value::Null).1["data"], list["data"]);
    assert_eq!(world.root("DELETE", "kmip/scope/my-service", Value::Null).0, 204);
    let gone = world.root("DELETE", "kmip/scope/my-service", Value::Null);
    assert_eq!(errors(&gone), (404, "there is no such scope".to_owned()));
}

#[test]
fn scope_says_whether_its_names_are_unique() {
    let world = World::new();
    scope(&world, "s");
    let unique =
        || world.root("GET", "kmip/scope/s", Value::Null).1["data"]["unique_names"].clone();
    assert_eq!(unique(), true);
    for (wish, is) in [(json!("false"), false), (Value::Null, false), (json!(true), true)] {
        let body = if wish.is_null() { Value::Null } else { json!({ "unique_names": wish }) };
        assert_eq!(world.root("POST", "kmip/scope/s", body).0, 204);
        assert_eq!(unique(), is);
    }
}

#[test]
fn list_of_nothing_is_not_found_without_a_word() {
    let world = World::new();
    scope(&world, "s");
    let empty = world.root("LIST", "kmip/scope/s/role", Value::Null);
    assert_eq!(empty, (404, json!({ "errors": [] })));
}

#[test]
fn role_comes_back_as_the_fields_that_would_make_it() {
    let world = World::new();
    scope(&world, "s");
    let wish = json!({
        "operation_get": "true", "operation_create_keypair": true, "operation_destroy": false,
        "tls_client_key_type": "rsa", "tls_client_key_bits": "3072", "tls_client_ttl": "2h",
        "export": "true", "symmetric_keys": "token", "allowed_algorithms": "aes,hmac-sha256",
        "rate_limit": "50"
    });
    assert_eq!(world.root("PUT", "kmip/scope/s/role/r", wish).0, 204);
    let (_, role) = world.root("GET", "kmip/scope/s/role/r", Value::Null);
    let data = role["data"].clone();
    assert_eq!(data["operation_get"], true);
    assert_eq!(data["operation_create_key_pair"], true);
    assert_eq!(data.get("operation_destroy"), None);
    assert_eq!(data["tls_client_key_bits"], 3072);
    assert_eq!(data["tls_client_ttl"], 7200);
    assert_eq!((&data["export"], &data["certify"]), (&json!(true), &json!(false)));
    assert_eq!(data["rate_limit"], 50);
    assert_eq!(data["allowed_algorithms"], json!(["AES", "HMAC_SHA256"]));
    assert_eq!(world.root("PUT", "kmip/scope/s/role/again", data.clone()).0, 204);
    let (_, again) = world.root("GET", "kmip/scope/s/role/again", Value::Null);
    assert_eq!(again["data"], data);
}

#[test]
fn operations_are_named_all_together_and_other_fields_stay() {
    let world = World::new();
    scope(&world, "s");
    let put = |body| assert_eq!(world.root("POST", "kmip/scope/s/role/r", body).0, 204);
    let role = || world.root("GET", "kmip/scope/s/role/r", Value::Null).1["data"].clone();
    put(json!({}));
    assert_eq!(role()["operation_none"], true);
    put(json!({ "operation_get": true, "operation_locate": true, "export": true }));
    put(json!({ "operation_encrypt": true }));
    let now = role();
    assert_eq!((now.get("operation_get"), &now["operation_encrypt"]), (None, &json!(true)));
    assert_eq!(now["export"], true);
    put(json!({ "export": false }));
    assert_eq!(role()["operation_encrypt"], true);
    put(json!({ "operation_all": true }));
    assert_eq!(role()["operation_all"], true);
    put(json!({ "operation_none": true }));
    assert_eq!(role()["operation_none"], true);
}

#[test]
fn scope_with_roles_is_removed_by_force_alone() {
    let world = World::new();
    scope(&world, "s");
    assert_eq!(world.root("POST", "kmip/scope/s/role/r", json!({ "operation_all": true })).0, 204);
    let refused = world.root("DELETE", "kmip/scope/s", Value::Null);
    assert_eq!(errors(&refused).0, 400);
    assert_eq!(world.root("DELETE", "kmip/scope/s?force=true", Value::Null).0, 204);
    assert_eq!(world.root("LIST", "kmip/scope/s/role", Value::Null).0, 404);
}

#[test]
fn removed_role_is_gone() {
    let world = World::new();
    scope(&world, "s");
    assert_eq!(world.root("POST", "kmip/scope/s/role/r", json!({})).0, 204);
    assert_eq!(world.root("DELETE", "kmip/scope/s/role/r", Value::Null).0, 204);
    let gone = world.root("GET", "kmip/scope/s/role/r", Value::Null);
    assert_eq!(errors(&gone), (404, "there is no such role".to_owned()));
}

#[test]
fn changes_of_one_role_at_once_do_not_undo_each_other() {
    let world = World::new();
    scope(&world, "s");
    let path = "kmip/scope/s/role/r";
    for round in 1..=50 {
        std::thread::scope(|threads| {
            let put = |body: Value| {
                let world = &world;
                threads.spawn(move || assert_eq!(world.root("POST", path, body).0, 204));
            };
            put(json!({ "rate_limit": round }));
            put(json!({ "tls_client_ttl": round }));
        });
        let role = world.root("GET", path, Value::Null).1["data"].clone();
        assert_eq!((&role["rate_limit"], &role["tls_client_ttl"]), (&json!(round), &json!(round)));
    }
}
