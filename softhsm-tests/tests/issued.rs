//! Credentials of the internal CA with the real server: asked for over HTTP, used at once, revoked.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use kmip_core::payload::RngRetrieveRequest;
use kmip_core::types::ResultReason;
use rustls::HandshakeKind;
use serde_json::{Value, json};
use server::client::{Client, ClientConfig, ClientError, Connector};
use softhsm_tests::server::{Server, Trial};

const ROLE: &str = "kmip/scope/demo/role/app";

/// A running trial with a role `app` in the scope `demo`.
struct House {
    trial: Trial,
    server: Server,
}

impl House {
    fn open() -> Self {
        let trial = Trial::new();
        let server = trial.start();
        let house = Self { trial, server };
        house.role(json!({}));
        house
    }

    /// Makes the role, or makes it anew, with these fields beside its grants.
    fn role(&self, mut fields: Value) {
        fields["operation_all"] = true.into();
        self.post(ROLE, &fields).unwrap();
    }

    /// Asks the administration: the answer's data, or its errors.
    fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, String> {
        let ready = self.server.ready();
        let token = std::fs::read_to_string(ready.admin_token.as_ref().unwrap()).unwrap();
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--show-error", "--request", method]);
        curl.arg("--cacert").arg(&ready.ca);
        curl.args(["--header", &format!("X-Vault-Token: {}", token.trim())]);
        if let Some(body) = body {
            curl.args(["--data-binary", &body.to_string()]);
        }
        let output = curl.arg(format!("https://{}/v1/{path}", ready.admin_addr.unwrap())).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let answer: Value = match &output.stdout[..] {
            [] => Value::Null,
            text => serde_json::from_slice(text).unwrap(),
        };
        match answer.get("errors").and_then(Value::as_array).filter(|errors| !errors.is_empty()) {
            Some(errors) => Err(errors[0].to_string()),
            None => Ok(answer.get("data").cloned().unwrap_or_default()),
        }
    }

    fn post(&self, path: &str, body: &Value) -> Result<Value, String> {
        self.ask("POST", path, Some(body))
    }

    /// A new credential: its serial number, and a client that shows it.
    fn credential(&self) -> (String, ClientConfig) {
        let data = self.post(&format!("{ROLE}/credential/generate"), &json!({})).unwrap();
        let serial = data["serial_number"].as_str().unwrap().to_owned();
        self.file(&format!("{serial}.key"), data["private_key"].as_str().unwrap());
        let config = self.client(&data);
        (serial, config)
    }

    /// The client of a credential whose key lies in a file of its serial number.
    fn client(&self, data: &Value) -> ClientConfig {
        let serial = data["serial_number"].as_str().unwrap();
        let certificate =
            self.file(&format!("{serial}.pem"), data["certificate"].as_str().unwrap());
        let private_key = self.trial.folder().join(format!("{serial}.key"));
        ClientConfig { certificate, private_key, ..self.server.ready().client() }
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let file = self.trial.folder().join(name);
        std::fs::write(&file, text).unwrap();
        file
    }

    fn shell(&self, lines: &str) -> Output {
        let mut bash = Command::new("bash");
        bash.args(["-euc", lines]).current_dir(self.trial.folder()).output().unwrap()
    }

    fn monitor(&self) -> String {
        format!("http://{}", self.server.ready().monitoring_addr.unwrap())
    }
}

fn ask(client: &mut Client) -> Result<(), ClientError> {
    client.call(RngRetrieveRequest { data_length: 8 }).map(|_| ())
}

fn comes_in(config: &ClientConfig) -> Result<Client, ClientError> {
    let mut client = Client::connect(config)?;
    ask(&mut client)?;
    Ok(client)
}

#[track_caller]
fn is_shown_out(client: &mut Client) {
    let refused = ask(client).unwrap_err();
    assert_eq!(refused.reason(), Some(ResultReason::AuthenticationNotSuccessful), "{refused}");
    assert!(ask(client).unwrap_err().reason().is_none(), "the connection is closed");
}

#[test]
fn credential_of_every_kind_of_key_opens_the_scope_at_once() {
    let house = House::open();
    for (key_type, bits) in
        [("ec", 256), ("ec", 384), ("ec", 521), ("rsa", 2048), ("rsa", 4096), ("ed25519", 256)]
    {
        house.role(json!({ "tls_client_key_type": key_type, "tls_client_key_bits": bits }));
        comes_in(&house.credential().1).unwrap();
    }
    house.server.stop();
}

#[test]
fn revoked_credential_is_refused_by_every_way_in_and_stands_in_the_list() {
    let house = House::open();
    let (serial, config) = house.credential();
    let (_, other) = house.credential();
    let mut others = comes_in(&other).unwrap();
    let resuming = Connector::new(&config).unwrap();
    let mut open = resuming.connect().unwrap();
    ask(&mut open).unwrap();
    let mut resumed = resuming.connect().unwrap();
    ask(&mut resumed).unwrap();
    assert_eq!(resumed.tls().handshake_kind(), Some(HandshakeKind::Resumed));

    let revoke = json!({ "serial_number": serial });
    house.post(&format!("{ROLE}/credential/revoke"), &revoke).unwrap();
    is_shown_out(&mut open);
    is_shown_out(&mut resumed);
    assert!(comes_in(&config).is_err(), "a handshake");
    assert!(resuming.connect().and_then(|mut client| ask(&mut client)).is_err(), "a session");
    ask(&mut others).unwrap();
    comes_in(&other).unwrap();

    // The list follows when the housekeeping has come round.
    let fetch = format!(
        "curl --silent --fail {0}/v1/kmip/ca/pem --output ca.pem\n\
         curl --silent --fail {0}/v1/kmip/ca/crl --output ca.crl\n\
         openssl crl -inform DER -in ca.crl -CAfile ca.pem -noout -text\n\
         openssl verify -CAfile ca.pem *.pem",
        house.monitor()
    );
    let deadline = Instant::now() + Duration::from_secs(60);
    let said = loop {
        let output = house.shell(&fetch);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        if said.contains("Revoked Certificates:") {
            let cried = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success() && cried.contains("verify OK"), "{cried}");
            break said;
        }
        assert!(Instant::now() < deadline, "{said}");
    };
    assert_eq!(said.matches("Serial Number:").count(), 1, "{said}");
    house.server.stop();
}

#[test]
fn role_that_is_removed_shuts_its_clients_out() {
    let house = House::open();
    let (_, config) = house.credential();
    let mut open = comes_in(&config).unwrap();
    house.ask("DELETE", ROLE, None).unwrap();
    is_shown_out(&mut open);
    assert!(comes_in(&config).is_err());
    house.role(json!({}));
    assert!(comes_in(&config).is_err(), "not by a role of the same name either");
    comes_in(&house.credential().1).unwrap();
    house.server.stop();
}

#[test]
fn clients_come_and_go_while_other_cas_take_over() {
    let house = House::open();
    let (_, old) = house.credential();
    let mut open = comes_in(&old).unwrap();
    let mut comings = 0;
    for level in ["issuer", "root", "issuer"] {
        let done = AtomicBool::new(false);
        comings += std::thread::scope(|threads| {
            let coming = threads.spawn(|| {
                let mut comings = 0;
                while !done.load(Ordering::Relaxed) || comings < 5 {
                    comes_in(&old).unwrap();
                    comings += 1;
                }
                comings
            });
            house.post("claviger/ca/rotate", &json!({ "level": level })).unwrap();
            comes_in(&house.credential().1).unwrap();
            done.store(true, Ordering::Relaxed);
            coming.join().unwrap()
        });
        ask(&mut open).unwrap();
    }
    println!("{comings} handshakes while three CAs took over, no failure");
    house.server.stop();
}

#[test]
fn credentials_outlive_a_restart_and_so_does_what_is_revoked() {
    let mut house = House::open();
    let (_, good) = house.credential();
    let (serial, bad) = house.credential();
    house.post(&format!("{ROLE}/credential/revoke"), &json!({ "serial_number": serial })).unwrap();
    house.server.terminate();
    assert!(house.server.wait().success());
    house.server = house.trial.start();
    let addr = house.server.ready().client().addr;
    let now = |config: ClientConfig| ClientConfig { addr: addr.clone(), ..config };
    comes_in(&now(good)).unwrap();
    assert!(comes_in(&now(bad)).is_err());
    house.server.stop();
}

#[test]
fn request_of_openssl_is_signed_and_a_weak_or_forged_one_is_not() {
    let house = House::open();
    let sign = |name: &str, options: &str| {
        let made = house.shell(&format!(
            "openssl req -new -nodes -keyout {name}.key -out {name}.csr -subj /O=other/CN=root {options}"
        ));
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let csr = std::fs::read_to_string(house.trial.folder().join(format!("{name}.csr")));
        house.post(&format!("{ROLE}/credential/sign"), &json!({ "csr": csr.unwrap() }))
    };
    let options = "-newkey ec -pkeyopt ec_paramgen_curve:P-521";
    let data = sign("good", options).unwrap();
    assert!(data.get("private_key").is_none());
    let private_key = house.trial.folder().join("good.key");
    comes_in(&ClientConfig { private_key, ..house.client(&data) }).unwrap();
    let weak = sign("weak", "-newkey rsa:1024").unwrap_err();
    assert!(weak.contains("RSA of 2048"), "{weak}");
    sign("strange", "-newkey ec -pkeyopt ec_paramgen_curve:secp256k1").unwrap_err();
    let broken = json!({ "csr": "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END" });
    house.post(&format!("{ROLE}/credential/sign"), &broken).unwrap_err();
    house.server.stop();
}
