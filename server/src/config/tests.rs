use kmip_core::types::{CryptographicAlgorithm, Operation};

use super::*;
use crate::authz::Operations;
use crate::directory::ClientKey;
use crate::operation::SERVED;

const MINIMAL: &str = r#"
[tls]
certificate = "server.pem"
private_key = "/keys/server.key"
client_ca = ["ca.pem"]
[token]
module = "/usr/lib/softhsm/libsofthsm2.so"
label = "claviger"
pin = { file = "pin" }
[[scope]]
name = "demo"
"#;

fn parse(text: &str) -> Result<Config, ConfigError> {
    Config::parse(Path::new("/etc/claviger/claviger.toml"), text)
}

/// The minimal configuration with one piece of text replaced.
fn with(old: &str, new: &str) -> Result<Config, ConfigError> {
    assert!(MINIMAL.contains(old));
    parse(&MINIMAL.replacen(old, new, 1))
}

fn refused(old: &str, new: &str) -> (usize, String) {
    let err = with(old, new).unwrap_err();
    (err.line.unwrap(), err.key.unwrap())
}

#[test]
fn minimal_config_takes_the_defaults_and_resolves_paths() {
    let config = parse(MINIMAL).unwrap();
    assert_eq!(config.server.kmip_addrs, ["127.0.0.1:5696".parse().unwrap()]);
    assert_eq!(config.server.idle_timeout, Duration::from_secs(1_800));
    assert_eq!(config.server.max_message_bytes, 1_048_576);
    let given = config.tls.identity.unwrap();
    assert_eq!(given.certificate, Path::new("/etc/claviger/server.pem"));
    assert_eq!(given.private_key, Path::new("/keys/server.key"));
    assert_eq!(config.token.pin, SecretSource::File(PathBuf::from("/etc/claviger/pin")));
    assert_eq!(config.keys.rsa_min_bits, 2_048);
    assert!(config.tls.allow_tls12 && config.tls.session_resumption);
    assert!(!config.scopes[0].rules.export && config.scopes[0].rules.unique_names);
}

#[test]
fn what_is_missing_at_the_top_is_said_to_be_in_no_table() {
    let err = parse("[server]\n").unwrap_err();
    assert_eq!((err.line, &err.key), (None, &None), "{err}");
    assert!(err.problem.contains("missing field `token`"), "{err}");
}

#[test]
fn table_in_the_place_of_a_list_is_told_about_brackets() {
    let err = with("[[scope]]", "[scope]").unwrap_err();
    assert_eq!(err.key.as_deref(), Some("scope"));
    assert!(err.problem.ends_with("a list of tables has two brackets: [[name]]"), "{err}");
}

#[test]
fn scope_grants_nothing_unless_it_names_operations() {
    let granted = |lines: &str| with("name = \"demo\"", &format!("name = \"demo\"\n{lines}"));
    let rules = |lines: &str| granted(lines).unwrap().scopes.remove(0).rules;
    assert_eq!(rules("").operations, Operations::NONE);
    assert_eq!(rules("operations = []").operations, Operations::NONE);
    let all = rules("operations = [\"all\"]").operations;
    assert!(SERVED.iter().all(|entry| all.contains(entry.operation)));
    let some = rules("operations = [\"get\", \"operation_create_keypair\"]").operations;
    assert_eq!(some, [Operation::Get, Operation::CreateKeyPair].into_iter().collect());
    let rated = rules("requests_per_second = 5\nalgorithms = [\"aes\", \"HMAC-SHA256\"]");
    assert_eq!(rated.requests_per_second.map(std::num::NonZero::get), Some(5));
    assert!(!rated.algorithms.permit(CryptographicAlgorithm::RSA));
    assert!(rated.algorithms.permit(CryptographicAlgorithm::HMAC_SHA256));
    for (lines, key) in [
        ("operations = [\"all\", \"get\"]", "scope[0].operations"),
        ("operations = [\"brew\"]", "scope[0].operations"),
        ("operations = [\"none\"]", "scope[0].operations"),
        ("algorithms = [\"rot13\"]", "scope[0].algorithms"),
    ] {
        assert_eq!(granted(lines).unwrap_err().key.as_deref(), Some(key), "{lines}");
    }
    assert!(granted("requests_per_second = 0").is_err());
}

#[test]
fn scopes_may_be_left_to_the_administration() {
    let none = MINIMAL.replace("[[scope]]\nname = \"demo\"", "");
    assert_eq!(parse(&none).unwrap_err().key.as_deref(), Some("scope"));
    assert!(parse(&format!("{none}\n[admin]\nsocket = \"admin.sock\"")).unwrap().scopes.is_empty());
}

#[test]
fn unknown_key_is_refused_with_line_and_key() {
    let err = with("label =", "colour = 1\nlabel =").unwrap_err();
    assert_eq!((err.line, err.key.as_deref()), (Some(8), Some("token.colour")));
    let text = err.to_string();
    assert!(text.starts_with("/etc/claviger/claviger.toml:8: token.colour: unknown"), "{text}");
}

#[test]
fn wrong_type_is_refused_with_line_and_key() {
    assert_eq!(refused("\"claviger\"", "3"), (8, "token.label".to_owned()));
}

#[test]
fn value_out_of_range_is_refused_with_line_and_key() {
    let (line, key) = refused("[tls]", "[server]\nidle_timeout_ms = 0\n[tls]");
    assert_eq!((line, key.as_str()), (3, "server.idle_timeout_ms"));
    let (_, key) = refused("[tls]", "[keys]\nrsa_min_bits = 512\n[tls]");
    assert_eq!(key, "keys.rsa_min_bits");
}

#[test]
fn ca_takes_what_a_certificate_can_hold() {
    let of = |line: &str| refused("[token]", &format!("[ca]\n{line}\n[token]")).1;
    assert_eq!(of("common_name = \"\""), "ca.common_name");
    assert_eq!(of(&format!("common_name = \"{}\"", "x".repeat(65))), "ca.common_name");
    assert_eq!(of("valid_days = 0"), "ca.valid_days");
    assert_eq!(of("max_certificate_days = 36501"), "ca.max_certificate_days");
    assert_eq!(of("certificate_days = 1096"), "ca.certificate_days");
    assert_eq!(of("key = \"rsa-1024\""), "ca.key");
    let longer = "[ca]\ncertificate_days = 1096\nmax_certificate_days = 1096\n[token]";
    assert_eq!(with("[token]", longer).unwrap().ca.default_certificate_days, 1_096);
}

#[test]
fn pin_demands_exactly_one_source() {
    assert_eq!(refused("{ file = \"pin\" }", "{}"), (9, "token.pin".to_owned()));
    let both = "{ file = \"pin\", env = \"PIN\" }";
    assert_eq!(refused("{ file = \"pin\" }", both).1, "token.pin");
    assert!(with("{ file = \"pin\" }", "\"1234\"").is_err());
}

#[test]
fn client_auth_demands_what_it_looks_at() {
    assert_eq!(refused("[\"ca.pem\"]", "[]").1, "tls.client_ca");
    let pinned = "client_auth = \"pinned\"";
    assert_eq!(refused("client_ca = [\"ca.pem\"]", pinned).1, "tls.client_auth");
}

#[test]
fn pinned_client_takes_colons_and_demands_a_known_scope() {
    let pin = |scope: &str, sha: &str| {
        format!(
            "client_auth = \"chain-or-pinned\"\n[[tls.pinned_client]]\nname = \"v\"\nsha256 = \"{sha}\"\nscope = \"{scope}\"\n[token]"
        )
    };
    let sha = vec!["AB"; 32].join(":");
    let config = with("[token]", &pin("demo", &sha)).unwrap();
    assert_eq!(config.tls.pinned_clients[0].pin, Pin::PublicKey([0xAB; 32]));
    assert_eq!(refused("[token]", &pin("nobody", &sha)).1, "tls.pinned_client[0].scope");
    assert_eq!(refused("[token]", &pin("demo", "abc")).1, "tls.pinned_client[0].sha256");
}

#[test]
fn second_scope_of_the_same_name_is_refused() {
    let twice = "name = \"demo\"\n[[scope]]\nname = \"demo\"";
    assert_eq!(refused("name = \"demo\"", twice), (13, "scope[1].name".to_owned()));
}

#[test]
fn credentials_and_those_who_have_them_go_together() {
    let scope = |lines: &str| format!("name = \"demo\"\n{lines}");
    let user = |name: &str, hash: &str| {
        format!("[[scope.user]]\nusername = \"{name}\"\npassword_hash = \"{hash}\"\n")
    };
    let hash = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$rqYuyOVL4mBJpHJiObp9qozb2mcE4sTaDuDNEgTCzDQ";
    let ann = user("ann", hash);
    let wanted = scope(&format!("credentials = \"required\"\n{ann}"));
    let config = with("name = \"demo\"", &wanted).unwrap();
    let credentials = &config.scopes[0].credentials;
    assert_eq!(credentials.demand, CredentialDemand::Required);
    assert_eq!(credentials.users[0].username, "ann");
    for (lines, key) in [
        (ann.clone(), "scope[0].credentials"),
        ("credentials = \"checked\"".to_owned(), "scope[0].credentials"),
        (format!("credentials = \"checked\"\n{ann}{ann}"), "scope[0].user[1].username"),
        (
            format!("credentials = \"checked\"\n{}", user("bob", "sesame")),
            "scope[0].user[0].password_hash",
        ),
        ("credentials = \"checked\"\n[[scope.device]]".to_owned(), "scope[0].device[0]"),
    ] {
        let refused = with("name = \"demo\"", &scope(&lines)).unwrap_err();
        assert_eq!(refused.key.as_deref(), Some(key), "{lines}");
        assert!(!refused.to_string().contains("sesame"));
    }
}

#[test]
fn validations_are_as_the_operator_states_them() {
    let stated = |lines: &str| format!("[[token.validation]]\n{lines}\n[[scope]]");
    let fips = "authority = \"nist-cmvp\"\nversion = \"3\"\nlevel = 3\ncertificate = \"4703\"";
    let config = with("[[scope]]", &stated(fips)).unwrap();
    let [validation] = config.token.validations.as_slice() else { panic!("one") };
    assert_eq!((validation.version_major, validation.version_minor), (3, None));
    assert_eq!(validation.level, 3);
    assert_eq!(validation.certificate_identifier.as_deref(), Some("4703"));
    let criteria = fips.replace("nist-cmvp", "common-criteria").replace("\"3\"", "\"3.1\"");
    let config = with("[[scope]]", &stated(&criteria)).unwrap();
    assert_eq!(config.token.validations[0].version_minor, Some(1));
    for (from, to, key) in [
        ("\"3\"", "\"3.1.5\"", "token.validation[0].version"),
        ("\"3\"", "\"-3\"", "token.validation[0].version"),
        ("\"3\"", "\"\"", "token.validation[0].version"),
        ("level = 3", "level = 101", "token.validation[0].level"),
        ("nist-cmvp", "nobody", "token.validation[0].authority"),
    ] {
        let refused = with("[[scope]]", &stated(&fips.replace(from, to))).unwrap_err();
        assert_eq!(refused.key.as_deref(), Some(key), "{refused}");
    }
}

#[test]
fn token_demands_label_or_serial() {
    assert_eq!(refused("label = \"claviger\"", "").1, "token.label");
}

#[test]
fn several_addresses_are_accepted() {
    let list = "[server]\nkmip_addr = [\"127.0.0.1:0\", \"[::1]:0\"]\n[tls]";
    assert_eq!(with("[tls]", list).unwrap().server.kmip_addrs.len(), 2);
    let bad = "[server]\nkmip_addr = \"localhost\"\n[tls]";
    assert_eq!(refused("[tls]", bad), (3, "server.kmip_addr".to_owned()));
}

#[test]
fn annotated_sample_names_every_key() {
    let annotated = include_str!("../../../config/claviger.toml");
    let minimal = MINIMAL.replacen("[[scope]]", NOTIFY, 1);
    let minimal: raw::RawConfig = toml::from_str(&minimal).unwrap();
    let every_key = toml::Table::try_from(&minimal).unwrap();
    for (table, keys) in &every_key {
        let keys = match keys {
            toml::Value::Array(items) => items[0].as_table().unwrap(),
            keys => keys.as_table().unwrap(),
        };
        let section = annotated.split_once(&format!("[{table}]")).unwrap().1;
        for key in keys.keys() {
            let written = section.contains(&format!("\n{key} = "))
                || section.contains(&format!("\n# {key} = "))
                || section.contains(&format!("[{table}.{key}]"));
            assert!(written, "{table}.{key} is missing from config/claviger.toml");
        }
    }
}

const NOTIFY: &str = r#"[[notify]]
scope = "demo"
addr = "client.example:5698"
ca = "client-ca.pem"
certificate = "server.pem"
private_key = "server.key"
[[scope]]"#;

#[test]
fn endpoint_is_told_nothing_by_default_and_given_no_keys() {
    assert_eq!(parse(MINIMAL).unwrap().notify, []);
    let notify = with("[[scope]]", NOTIFY).unwrap().notify.remove(0);
    assert_eq!(notify.ca, Path::new("/etc/claviger/client-ca.pem"));
    assert!(!notify.put);
    assert_eq!((notify.max_waiting, notify.timeout), (10_000, Duration::from_secs(10)));
}

#[test]
fn endpoint_of_no_scope_or_address_and_a_second_one_are_refused() {
    let key = |text: &str| refused("[[scope]]", text).1;
    assert_eq!(key(&NOTIFY.replace("\"demo\"", "\"else\"")), "notify[0].scope");
    assert_eq!(key(&NOTIFY.replace(":5698", "")), "notify[0].addr");
    let second = NOTIFY.replace("[[scope]]", NOTIFY);
    assert_eq!(key(&second), "notify[1].scope");
}

#[test]
fn server_certificate_is_given_whole_or_not_at_all() {
    let none = with("certificate = \"server.pem\"\nprivate_key = \"/keys/server.key\"\n", "");
    let tls = none.unwrap().tls;
    assert_eq!(tls.identity, None);
    assert_eq!((tls.names.hosts.len(), tls.names.ips.len()), (1, 2));
    assert_eq!(refused("certificate = \"server.pem\"", "").1, "tls.certificate");
    assert_eq!(refused("private_key = \"/keys/server.key\"", "").1, "tls.private_key");
    let names = "[tls]\nserver_hostnames = [\"no host\"]";
    assert_eq!(refused("[tls]", names).1, "tls.server_hostnames");
}

#[test]
fn internal_ca_takes_what_its_certificates_can_hold() {
    let of = |line: &str| refused("[token]", &format!("[internal_ca]\n{line}\n[token]")).1;
    assert_eq!(of("common_name = \"\""), "internal_ca.common_name");
    assert_eq!(of(&format!("common_name = \"{}\"", "x".repeat(49))), "internal_ca.common_name");
    assert_eq!(of("root_days = 0"), "internal_ca.root_days");
    assert_eq!(of("server_seconds = 0"), "internal_ca.server_seconds");
    assert_eq!(of("crl_url = \"ldap://ca\""), "internal_ca.crl_url");
    let rsa = "[internal_ca]\nkey = \"rsa-3072\"\n[token]";
    assert_eq!(with("[token]", rsa).unwrap().internal_ca.key, ClientKey::Rsa3072);
}
