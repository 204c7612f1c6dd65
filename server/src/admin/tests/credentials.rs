//! Credentials, the CA that signs them, and how KMIP is served.

use super::*;

const ROLE: &str = "kmip/scope/s/role/r";

fn world() -> World {
    let world = World::new();
    world.root("POST", "kmip/scope/s", Value::Null);
    let p256 = json!({
        "operation_all": true, "tls_client_key_type": "ec", "tls_client_key_bits": 256
    });
    assert_eq!(world.root("POST", ROLE, p256).0, 204);
    world
}

fn generate(world: &World, body: Value) -> (u16, Value) {
    world.root("PUT", &format!("{ROLE}/credential/generate"), body)
}

#[test]
fn credential_is_made_listed_looked_up_and_revoked() {
    let world = world();
    let (status, made) = generate(&world, Value::Null);
    assert_eq!(status, 200, "{made}");
    let data = &made["data"];
    assert!(data["private_key"].as_str().unwrap().starts_with("-----BEGIN PRIVATE KEY-----"));
    assert!(data["certificate"].as_str().unwrap().starts_with("-----BEGIN CERTIFICATE-----"));
    assert_eq!(data["ca_chain"].as_array().unwrap().len(), 2);
    let serial = data["serial_number"].as_str().unwrap();
    assert!(serial.bytes().all(|byte| byte.is_ascii_digit()), "{serial}");

    let (_, list) = world.root("LIST", &format!("{ROLE}/credential"), Value::Null);
    assert_eq!(list["data"]["keys"], json!([serial]));
    let lookup = format!("{ROLE}/credential/lookup?serial_number={serial}");
    let (_, found) = world.root("GET", &lookup, Value::Null);
    assert_eq!(found["data"]["certificate"], data["certificate"]);
    assert_eq!(found["data"]["ca_chain"], data["ca_chain"]);
    assert_eq!(found["data"]["revoked"], false);
    assert_eq!(found["data"].get("private_key"), None);

    let revoke = format!("{ROLE}/credential/revoke");
    assert_eq!(world.root("POST", &revoke, json!({ "certificate": data["certificate"] })).0, 204);
    assert_eq!(world.root("GET", &lookup, Value::Null).1["data"]["revoked"], true);
    assert_eq!(world.root("POST", &revoke, json!({ "serial_number": serial })).0, 204);
}

#[test]
fn certificate_with_the_serial_number_of_another_revokes_nothing() {
    let world = world();
    let (_, made) = generate(&world, Value::Null);
    let serial = made["data"]["serial_number"].as_str().unwrap();
    let certificate = made["data"]["certificate"].as_str().unwrap();
    let (_, der) = der::pem::decode_vec(certificate.as_bytes()).unwrap();
    let read = crate::ca::ReadCertificate::read(&der).unwrap();
    let mut params = rcgen::CertificateParams::default();
    params.serial_number = Some(rcgen::SerialNumber::from_slice(read.serial_number()));
    let key = rcgen::KeyPair::generate().unwrap();
    let forged = params.self_signed(&key).unwrap().pem();
    let refused =
        world.root("POST", &format!("{ROLE}/credential/revoke"), json!({ "certificate": forged }));
    assert_eq!(errors(&refused), (404, "there is no such credential".to_owned()));
    let lookup = format!("{ROLE}/credential/lookup?serial_number={serial}");
    assert_eq!(world.root("GET", &lookup, Value::Null).1["data"]["revoked"], false);
}

#[test]
fn bundle_holds_key_certificate_and_chain() {
    let world = world();
    let (_, made) = generate(&world, json!({ "format": "pem_bundle" }));
    let bundle = made["data"]["certificate"].as_str().unwrap();
    assert_eq!(bundle.matches("-----BEGIN CERTIFICATE-----").count(), 3);
    assert!(bundle.starts_with("-----BEGIN PRIVATE KEY-----"));
    let (_, made) = generate(&world, json!({ "format": "der" }));
    assert!(made["data"]["certificate"].as_str().unwrap().starts_with("MII"));
}

#[test]
fn request_is_signed_without_a_key_in_the_answer() {
    let world = world();
    let key = rcgen::KeyPair::generate().unwrap();
    let csr = rcgen::CertificateParams::default().serialize_request(&key).unwrap().pem().unwrap();
    let path = format!("{ROLE}/credential/sign");
    let (status, made) = world.root("POST", &path, json!({ "csr": csr }));
    assert_eq!(status, 200, "{made}");
    assert_eq!(made["data"].get("private_key"), None);
    let broken = csr.replace("MI", "MJ");
    for wrong in [json!({ "csr": "" }), json!({ "csr": broken }), json!({}), json!({ "csr": 7 })] {
        assert_eq!(errors(&world.root("POST", &path, wrong.clone())).0, 400, "{wrong}");
    }
    let (_, list) = world.root("LIST", &format!("{ROLE}/credential"), Value::Null);
    assert_eq!(list["data"]["keys"].as_array().unwrap().len(), 1, "nothing else was issued");
}

#[test]
fn credentials_of_what_is_not_there_are_refused() {
    let world = world();
    let serial = json!({ "serial_number": "12345" });
    for (method, path, body, status) in [
        ("POST", "kmip/scope/s/role/none/credential/generate", json!({}), 404),
        ("POST", "kmip/scope/none/role/r/credential/generate", json!({}), 404),
        ("POST", "kmip/scope/s/role/r/credential/generate", json!({ "format": "pkcs12" }), 400),
        ("POST", "kmip/scope/s/role/r/credential/revoke", serial, 404),
        ("POST", "kmip/scope/s/role/r/credential/revoke", json!({}), 400),
        ("POST", "kmip/scope/s/role/r/credential/revoke", json!({ "certificate": "x" }), 400),
        ("GET", "kmip/scope/s/role/r/credential/lookup?serial_number=1", Value::Null, 404),
        ("GET", "kmip/scope/s/role/r/credential/lookup?serial_number=x", Value::Null, 400),
        ("GET", "kmip/scope/s/role/r/credential/lookup", Value::Null, 400),
        ("LIST", "kmip/scope/s/role/r/credential", Value::Null, 404),
    ] {
        let answer = world.root(method, path, body.clone());
        assert_eq!(answer.0, status, "{method} {path} {body}: {}", answer.1);
    }
}

#[test]
fn credential_of_another_role_is_not_found() {
    let world = world();
    let (_, made) = generate(&world, Value::Null);
    let serial = made["data"]["serial_number"].clone();
    assert_eq!(world.root("POST", "kmip/scope/s/role/other", json!({})).0, 204);
    let path = "kmip/scope/s/role/other/credential/revoke";
    let answer = world.root("POST", path, json!({ "serial_number": serial }));
    assert_eq!(errors(&answer), (404, "there is no such credential".to_owned()));
}

#[test]
fn ca_is_there_once_the_configuration_is_written() {
    let world = World::new();
    assert_eq!(world.root("PUT", "kmip/config", json!({ "listen_addrs": "127.0.0.1:0" })).0, 204);
    let (status, ca) = world.root("GET", "kmip/ca", Value::Null);
    assert_eq!(status, 200);
    assert_eq!(ca["data"]["ca_pem"].as_str().unwrap().matches("BEGIN CERTIFICATE").count(), 2);
    let (status, all) = world.root("POST", "claviger/ca/rotate", json!({}));
    assert_eq!((status, all["data"]["authorities"].as_array().unwrap().len()), (200, 3));
    assert_eq!(
        errors(&world.root("POST", "claviger/ca/rotate", json!({ "level": "leaf" }))).0,
        400
    );
}

#[test]
fn configuration_is_kept_as_far_as_it_is_written() {
    let world = World::new();
    let wish = json!({
        "connection_timeout": "3s", "server_hostnames": "kms.example.com,kms", "server_ips": ["192.0.2.1"],
        "default_tls_client_key_type": "rsa", "default_tls_client_key_bits": "2048",
        "default_tls_client_ttl": "12h", "tls_ca_key_bits": 384, "tls_min_version": "tls12"
    });
    assert_eq!(world.root("PUT", "kmip/config", wish), (204, Value::Null));
    assert_eq!(world.root("PUT", "kmip/config", json!({})), (204, Value::Null));
    let (_, config) = world.root("GET", "kmip/config", Value::Null);
    let data = &config["data"];
    assert_eq!(data["server_hostnames"], json!(["kms.example.com", "kms"]));
    assert_eq!(data["server_ips"], json!(["192.0.2.1"]));
    assert_eq!(data["default_tls_client_key_type"], "rsa");
    assert_eq!(data["default_tls_client_ttl"], 43_200);
    assert_eq!(data["tls_ca_key_bits"], 384);
    assert_eq!(world.root("POST", "kmip/scope/s", Value::Null).0, 204);
    assert_eq!(world.root("POST", ROLE, json!({})).0, 204);
    let (_, role) = world.root("GET", ROLE, Value::Null);
    assert_eq!(role["data"]["tls_client_key_type"], "rsa", "the default shows");
}

#[test]
fn configuration_that_cannot_be_is_refused_whole() {
    let world = World::new();
    let before = world.root("GET", "kmip/config", Value::Null).1["data"].clone();
    for (field, value) in [
        ("listen_addrs", json!("nowhere")),
        ("listen_addrs", json!("127.0.0.1")),
        ("connection_timeout", json!("1h")),
        ("server_hostnames", json!("a b")),
        ("server_ips", json!("localhost")),
        ("tls_ca_key_type", json!("dsa")),
        ("tls_min_version", json!("tls10")),
        ("tls_max_version", json!("tls12")),
        ("default_tls_client_key_bits", json!(1_024)),
        ("default_tls_client_ttl", json!("soon")),
        ("colour", json!("red")),
    ] {
        let wish =
            json!({ field: value, "default_tls_client_ttl": "1h", "server_hostnames": "kms" });
        let wish = match wish {
            Value::Object(mut wish) => {
                wish.insert(field.to_owned(), value);
                Value::Object(wish)
            }
            other => other,
        };
        let (status, words) = errors(&world.root("POST", "kmip/config", wish));
        assert_eq!(status, 400, "{field}: {words}");
        assert_eq!(world.root("GET", "kmip/config", Value::Null).1["data"], before, "{field}");
    }
}
