//! Administration of the real server: by OpenBao's command line, by claviger's own, and by curl's words.
//!
//! The commands of the guides are run as they stand there.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use kmip_core::payload::CreateRequest;
use kmip_core::types::{CryptographicAlgorithm, CryptographicUsageMask, ObjectType};
use serde_json::Value;
use server::client::{Client, template};
use server::pki::{Authority, PemPair};
use softhsm_tests::server::{Server, Trial};
use softhsm_tests::world::World;
use softhsm_tests::{docs, program};

/// A trial, with OpenBao's command line beside it.
fn world() -> World {
    World::new(&[("bao", program::bao())])
}

/// The address on which KMIP is served now.
fn kmip_addr(world: &World) -> String {
    let config = world.succeed(&format!("{BAO}bao read -format=json kmip/config"));
    let config: Value = serde_json::from_str(&config).unwrap();
    let addr = config["data"]["listen_addrs"][0].as_str().unwrap();
    addr.replace("0.0.0.0", "127.0.0.1")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn guide(name: &str) -> Vec<String> {
    let path = program::repository().join("docs/guides").join(name);
    let guide = std::fs::read_to_string(path).unwrap();
    docs::blocks(&guide).into_iter().map(str::to_owned).collect()
}

/// Writes what `bao ... -format=json` told, as the files of a client.
fn files_of(folder: &Path, told: &Path) -> (PathBuf, PathBuf) {
    let told: Value = serde_json::from_slice(&std::fs::read(told).unwrap()).unwrap();
    let data = &told["data"];
    let chain = data["ca_chain"].as_array().unwrap().iter().map(|one| one.as_str().unwrap());
    let certificate = format!(
        "{}\n{}",
        data["certificate"].as_str().unwrap(),
        chain.collect::<Vec<_>>().join("\n")
    );
    let (pem, key) = (folder.join("bao.pem"), folder.join("bao.key"));
    std::fs::write(&pem, certificate).unwrap();
    std::fs::write(&key, data["private_key"].as_str().unwrap()).unwrap();
    (pem, key)
}

fn makes_a_key(client: &mut Client) -> bool {
    let usage = CryptographicUsageMask::Encrypt;
    let attributes = template::key(CryptographicAlgorithm::AES, 256, usage);
    let object_type = ObjectType::SymmetricKey;
    let request = CreateRequest { object_type, template_attribute: template::template(attributes) };
    client.call(request).is_ok()
}

#[test]
fn commands_of_the_vault_guide_work_as_they_stand_there() {
    let world = world();
    let blocks = guide("vault-users.md");
    let [login, sequence, end] = blocks.as_slice() else { panic!("{blocks:?}") };
    let mut before = world.server().client();
    let said = world.succeed(&format!("{login}\n{sequence}"));
    for words in [
        "Seal Type       pkcs11",
        "Success! Enabled the kmip secrets engine at: kmip/",
        "Success! Data written to: kmip/config",
        "Success! Data written to: kmip/scope/my-service",
        "Success! Data written to: kmip/scope/my-service/role/admin",
        "operation_all          true",
    ] {
        assert!(said.contains(words), "{words:?} is not in\n{said}");
    }
    // At once, and on the address that was asked for.
    let addr = kmip_addr(&world);
    assert_ne!(addr, world.server().ready().kmip_addr.to_string());
    let (pem, key) = files_of(world.folder(), &world.folder().join("credential.json"));
    let config = world.client(&addr, &pem, &key);
    let mut open = Client::connect(&config).unwrap();
    assert!(makes_a_key(&mut open));
    assert!(
        Client::connect(&world.server().ready().client()).is_err(),
        "the old address is closed"
    );
    assert!(makes_a_key(&mut before), "who was connected there stays so");

    world.succeed(&format!("{login}\n{end}"));
    assert!(!makes_a_key(&mut open), "its scope is gone");
    let fresh = Client::connect(&config).map(|mut client| makes_a_key(&mut client));
    assert!(!fresh.unwrap_or(false));
    world.stop();
}

#[test]
fn commands_of_the_administration_guide_work_as_they_stand_there() {
    let world = world();
    let said = world.succeed(&guide("administration.md").join("\n"));
    for words in ["token label", "operation create", "is revoked", "the scope backup is gone"] {
        assert!(said.contains(words), "{words:?} is not in\n{said}");
    }
    let folder = world.folder().join("backup-agent");
    let mode = |name: &str| {
        use std::os::unix::fs::PermissionsExt;
        std::fs::metadata(folder.join(name)).unwrap().permissions().mode() & 0o777
    };
    assert_eq!((mode("client.key"), mode("client.pem")), (0o600, 0o600));
    world.stop();
}

const CLAVIGER: &str = "export CLAVIGER_ADDR=https://127.0.0.1:8200
export CLAVIGER_CACERT=claviger-data/pki/ca.pem CLAVIGER_TOKEN_FILE=claviger-data/admin-token
";

const BAO: &str = "export BAO_ADDR=https://127.0.0.1:8200 BAO_CACERT=claviger-data/pki/ca.pem
export BAO_TOKEN=$(cat claviger-data/admin-token)
";

#[test]
fn refusals_reach_the_person_at_the_terminal() {
    let world = world();
    world.succeed(&format!("{BAO}bao write -f kmip/scope/s"));
    for (command, words) in [
        ("bao secrets disable kmip", "delete its scopes instead"),
        ("bao secrets enable kv", "the one engine here is kmip"),
        ("bao write kmip/scope/s/role/r operation_brew=true", "operation_brew"),
        (
            "bao write kmip/scope/s/role/r operation_all=true operation_none=true",
            "exclude each other",
        ),
        ("bao write kmip/config listen_addrs=nowhere", "no address"),
        ("bao write -f kmip/scope/nowhere/role/r", "there is no such scope"),
        ("bao delete kmip/scope/demo", "declared in the configuration"),
        ("BAO_TOKEN=clv.0 bao list kmip/scope", "permission denied"),
        ("BAO_TOKEN= bao list kmip/scope", "missing client token"),
        ("bao list -wrap-ttl=60s kmip/scope", "answers are not wrapped here"),
        ("bao list kmip/scope/s/role", "No value found"),
    ] {
        let output = world.shell(&format!("{BAO}{command}"));
        assert!(!output.status.success(), "{command}");
        let said = text(&output.stderr) + &text(&output.stdout);
        assert!(said.contains(words), "{command}: {words:?} is not in\n{said}");
    }
    world.stop();
}

#[test]
fn nothing_is_made_that_would_have_to_replace_a_file() {
    let world = world();
    let ask = |command: &str| format!("{CLAVIGER}claviger {command}");
    let tokens = || world.succeed(&ask("token list")).lines().count();
    world.succeed("umask 077; touch taken");
    let before = tokens();
    let said = world.fail(&ask("token create --policy auditor --out taken"));
    assert!(said.contains("taken is there already"), "{said}");
    world.fail(&ask("token create --policy auditor --out absent/token"));
    assert_eq!(tokens(), before, "no token that nobody has");
    world.fail(&ask("token create --policy nobody --out refused"));
    assert!(!world.folder().join("refused").exists());
    world.succeed(&ask("token create --policy auditor --out mine"));
    assert_eq!(tokens(), before + 1);
    world.succeed(&ask("token show").replace("claviger-data/admin-token", "mine"));

    world.succeed(&ask("scope create s"));
    world.succeed(&ask("role set s r operation_all=true tls_client_ttl=7d"));
    let said = world.succeed(&ask("credential generate s r --out one"));
    let (_, until) = said.trim().split_once("; it is valid until ").unwrap();
    let listed = world.succeed(&ask("credential list s r"));
    assert!(listed.contains(until), "{until}: {listed}");
    let said = world.fail(&ask("credential generate s r --out one"));
    assert!(said.contains("one/client.key is there already"), "{said}");
    assert_eq!(world.succeed(&ask("credential list s r")), listed);
    world.stop();
}

#[test]
fn commands_say_which_way_in_is_missing() {
    let world = world();
    let said = world.fail("claviger status");
    assert!(said.contains("/etc/claviger/claviger.toml: cannot read the file"), "{said}");
    assert!(said.contains("--address (CLAVIGER_ADDR) with a token"), "{said}");
    let said = world.fail("claviger token list --config claviger-data/claviger.toml");
    assert!(said.contains("permission denied: the socket alone opens no more"), "{said}");
    let status = "CLAVIGER_TOKEN=clv.0 claviger status --address https://127.0.0.1:8200";
    Authority::open_or_create(&PemPair::named(world.folder(), "other")).unwrap();
    let said = world.fail(&format!("{status} --ca-cert other.pem"));
    assert!(said.contains("has its issuer's name, and another key"), "{said}");
    // The internal CA has not issued the trial's certificate.
    for command in ["scope create s", "role set s r", "credential generate s r --out c"] {
        world.succeed(&format!("{CLAVIGER}claviger {command}"));
    }
    let said = world.fail(&format!("{CLAVIGER}claviger status --ca-cert c/ca.pem"));
    assert!(said.contains("none of the CAs that are trusted here has issued it"), "{said}");
    world.stop();
}

#[test]
fn role_that_is_narrowed_or_removed_shows_on_open_connections() {
    let world = world();
    let run = |command: &str| world.succeed(&format!("{BAO}{command}"));
    run("bao write -f kmip/scope/s");
    run("bao write kmip/scope/s/role/r operation_create=true");
    run("bao write -f -format=json kmip/scope/s/role/r/credential/generate > told.json");
    let (pem, key) = files_of(world.folder(), &world.folder().join("told.json"));
    let addr = world.server().ready().kmip_addr.to_string();
    let mut client = Client::connect(&world.client(&addr, &pem, &key)).unwrap();
    assert!(makes_a_key(&mut client));
    run("bao write kmip/scope/s/role/r operation_query=true");
    assert!(!makes_a_key(&mut client));
    run("bao write kmip/scope/s/role/r operation_create=true");
    assert!(makes_a_key(&mut client));
    run("bao delete kmip/scope/s/role/r");
    assert!(!makes_a_key(&mut client));
    world.stop();
}

#[test]
fn token_or_credential_that_cannot_be_kept_is_not_made() {
    let world = world();
    let tokens = || world.succeed(&format!("{CLAVIGER}claviger token list"));
    let before = tokens();
    let create = "claviger token create --policy admin --out";
    for (file, words) in
        [("claviger-data/ready.json", "is there already"), ("nowhere/token", "No such")]
    {
        let output = world.shell(&format!("{CLAVIGER}{create} {file}"));
        assert!(!output.status.success(), "{file}");
        assert!(text(&output.stderr).contains(words), "{}", text(&output.stderr));
    }
    let refused = world.shell(&format!("{CLAVIGER}{create} denied --ttl soon"));
    assert!(!refused.status.success() && !world.folder().join("denied").exists());
    assert_eq!(tokens(), before);
    world.succeed(&format!("{CLAVIGER}claviger scope create s\nclaviger role set s r"));
    let generate = "claviger credential generate s r --out claviger-data/ready.json/folder";
    assert!(!world.shell(&format!("{CLAVIGER}{generate}")).status.success());
    let none = world.succeed(&format!("{CLAVIGER}claviger credential list s r"));
    assert!(none.contains("there is none"), "{none}");
    world.succeed(&format!("{CLAVIGER}{create} kept"));
    assert!(std::fs::read_to_string(world.folder().join("kept")).unwrap().starts_with("clv."));
    world.stop();
}

const KNOWN: [&str; 4] = ["--cert", "client1.pem", "--key", "client1.key"];

/// A trial whose configuration names `client1`'s certificate as that of an operator.
fn trial_that_knows_a_certificate(policy: &str) -> Trial {
    let trial = Trial::new();
    trial.start().stop();
    let digest = "openssl x509 -in client1.pem -noout -fingerprint -sha256 | cut -d= -f2";
    let pki = trial.data().join("pki");
    let digest = Command::new("sh").args(["-c", digest]).current_dir(pki).output().unwrap();
    trial.append_config(&format!(
        "[[admin.client]]\nname = \"backup\"\nsha256 = \"{}\"\nof = \"certificate\"\n\
         policy = \"{policy}\"\n",
        text(&digest.stdout).trim()
    ));
    trial
}

/// What curl prints of the interface, and the status behind it.
fn curl(trial: &Trial, server: &Server, arguments: &[&str], path: &str) -> String {
    let mut command = Command::new("curl");
    command.args(["-s", "--cacert", "ca.pem", "-w", "%{http_code}"]).args(arguments);
    command.arg(format!("https://{}/v1/{path}", server.ready().admin_addr.unwrap()));
    text(&command.current_dir(trial.data().join("pki")).output().unwrap().stdout)
}

#[test]
fn tokens_of_a_certificate_end_when_it_may_no_longer_do_as_much() {
    let trial = trial_that_knows_a_certificate("admin");
    let server = trial.start();
    let body = ["-H", "Content-Type: application/json", "-d", "{}"];
    let made = curl(&trial, &server, &[&KNOWN[..], &body].concat(), "auth/token/create");
    let made: Value = serde_json::from_str(made.strip_suffix("200").expect(&made)).unwrap();
    let header = format!("X-Vault-Token: {}", made["auth"]["client_token"].as_str().unwrap());
    let look = |server: &Server| curl(&trial, server, &["-H", &header], "auth/token/lookup-self");
    assert!(look(&server).ends_with("200"));
    server.stop();
    let server = trial.start();
    assert!(look(&server).ends_with("200"), "a start alone ends nothing");
    server.stop();
    trial.edit_config("policy = \"admin\"", "policy = \"auditor\"");
    let server = trial.start();
    assert!(look(&server).ends_with("403"));
    server.stop();
    assert!(text(&trial.log()).contains("tokens were revoked"));
}

#[test]
fn certificate_of_the_configuration_serves_as_a_token() {
    let trial = trial_that_knows_a_certificate("auditor");
    let server = trial.start();
    let curl = |arguments: &[&str], path: &str| curl(&trial, &server, arguments, path);
    assert!(curl(&KNOWN, "kmip/scope?list=true").ends_with("200"));
    let change = [&KNOWN[..], &["-X", "POST", "-H", "Content-Type: application/json"]].concat();
    assert!(curl(&change, "kmip/scope/s").ends_with("403"), "an auditor changes nothing");
    assert!(curl(&[], "kmip/scope?list=true").ends_with("403"), "nobody is asked for one");
    let unknown = ["--cert", "other.pem", "--key", "other.key"];
    assert!(curl(&unknown, "kmip/scope?list=true").ends_with("000"), "no handshake");
    let long = trial.folder().join("long");
    std::fs::write(&long, vec![b' '; 12_000_000]).unwrap();
    let body = format!("@{}", long.display());
    // The client writes all of it before it listens, and still reads the answer.
    let all_at_once = ["-H", "Expect:", "--data-binary", &body];
    assert!(curl(&all_at_once, "auth/token/create").ends_with("413"));
    server.stop();
}

#[test]
fn addresses_change_all_together_or_not_at_all() {
    let world = world();
    world.succeed(&format!("{BAO}bao write kmip/config listen_addrs=127.0.0.1:0,[::1]:0"));
    let config = world.succeed(&format!("{BAO}bao read -format=json kmip/config"));
    let config: Value = serde_json::from_str(&config).unwrap();
    assert_eq!(config["data"]["listen_addrs"].as_array().unwrap().len(), 2);
    // No address of this machine.
    let refused = world.shell(&format!("{BAO}bao write kmip/config listen_addrs=192.0.2.1:5696"));
    assert!(!refused.status.success());
    let after = world.succeed(&format!("{BAO}bao read -format=json kmip/config"));
    let after: Value = serde_json::from_str(&after).unwrap();
    assert_eq!(
        after["data"]["listen_addrs"], config["data"]["listen_addrs"],
        "nothing has changed"
    );
    let client = Client::connect(&world.server().ready().client());
    assert!(makes_a_key(&mut client.unwrap()));
    world.stop();
}

#[test]
fn address_that_was_written_goes_before_the_configuration_at_the_next_start() {
    let world = world();
    world.succeed(&format!("{BAO}bao write kmip/config listen_addrs=[::1]:0"));
    let (trial, server) = world.into_parts();
    server.stop();
    let data = trial.data();
    let mut command = Command::new(program::claviger());
    command.arg("serve").arg("--config").arg(data.join("claviger.toml"));
    command.arg("--dev-data-dir").arg(&data).args(["--admin-addr", "127.0.0.1:0"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let said = BufReader::new(child.stdout.take().unwrap()).lines();
    let told = said.map(Result::unwrap).find(|line| line.contains("serves KMIP on"));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(told.as_deref().is_some_and(|line| line.contains("[::1]:")), "{told:?}");
}

#[test]
fn claviger_says_what_is_missing() {
    let world = world();
    let addr = "claviger scope list --address https://127.0.0.1:8200";
    for (command, words) in [
        (addr, "show a token"),
        ("CLAVIGER_TOKEN=x claviger scope list --address https://127.0.0.1:8200", "name the CA"),
        ("CLAVIGER_TOKEN=x claviger scope list --address http://127.0.0.1:8200", "is no address"),
        ("claviger scope create x --config claviger-data/claviger.toml", "permission denied"),
        ("claviger role set s r operation_get --config claviger-data/claviger.toml", "is no field"),
    ] {
        let said = world.fail(command);
        assert!(said.contains(words), "{command}: {words:?} is not in\n{said}");
    }
    let local = world.succeed("claviger status --config claviger-data/claviger.toml");
    assert!(local.contains("ready"), "{local}");
    for shell in ["bash", "zsh", "fish"] {
        let script = world.succeed(&format!("claviger completion {shell}"));
        assert!(script.contains("credential"), "{shell}");
    }
    world.stop();
}
