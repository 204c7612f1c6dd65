//! kmip-go, the KMIP library for Go.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use softhsm_tests::server::{TokenKind, Trial};

use crate::client::{Client, Version};
use crate::golang;
use crate::ground::Ground;

/// Its row.
pub(crate) const CLIENT: Client = Client {
    id: "kmip-go",
    name: "kmip-go",
    version: || Version::Released("0.9.2".to_owned()),
    use_case: "programs in Go: okms, OpenBao, SPIRE",
    needs: "`export=true` for what reads keys",
    tests: &[
        ("guide", guide),
        ("api", api),
        ("https", https),
        ("restart", restart),
        ("grants", grants),
    ],
};

const LOGIN: &str =
    "export CLAVIGER_ADDR=https://127.0.0.1:8200 CLAVIGER_CACERT=claviger-data/pki/ca.pem
export CLAVIGER_TOKEN_FILE=claviger-data/admin-token
claviger scope create go
";

fn guide() {
    let ground = Ground::new(CLIENT.id, &[golang::go()]);
    let said = ground.follow_guide();
    assert!(said.contains("1.4: hello\n"), "{said}");
}

/// Every test of the module in `softhsm-tests/interop/kmip-go`, against one server.
fn api() {
    let program = golang::built(CLIENT.id).join("kmip-go.test");
    let ground = Ground::new(CLIENT.id, &[]);
    ground.succeed(&format!(
        "{LOGIN}claviger role set go all operation_all=true export=true
         claviger credential generate go all --out all"
    ));
    let mut command = Command::new(program);
    command.envs(golang::environment(&ground, "all"));
    let outcome = golang::run_tests(command, &["TestReconnectAfterRestart"]);
    for name in
        ["TestSpireKeyManager/rsa-4096", "TestOkmsCreateForASeal", "TestVersionEnforced/1.0"]
    {
        assert!(outcome.has_passed(name), "{name} is not in {outcome:?}");
    }
}

/// What needs no long search for primes, over HTTPS in each of its encodings: the library and the server
/// agree on XML and JSON, too.
fn https() {
    let program = golang::built(CLIENT.id).join("kmip-go.test");
    let trial = Trial::on(TokenKind::SoftHsm).with_https();
    let server = trial.start();
    let client = server.ready().client();
    for wire in ["TTLV", "XML", "JSON"] {
        let mut command = Command::new(&program);
        command.env("KMIP_WIRE", wire);
        let port = server.ready().https_addr.unwrap().port();
        command.env("KMIP_ADDR", format!("localhost:{port}"));
        command.env("KMIP_CA", &client.ca).env("KMIP_CERT", &client.certificate);
        command.env("KMIP_KEY", &client.private_key);
        command.arg("-test.skip=TestConnection|TestReconnect|WithRSA|Spire|Signer|KeyPairs|Okms");
        let outcome = golang::run_tests(command, &[]);
        for name in ["TestRegisterCertificate", "TestEncryptAsGoDoes/1.4", "TestBatchUndo"] {
            assert!(outcome.has_passed(name), "{wire}: {name} is not in {outcome:?}");
        }
    }
    server.stop();
}

/// A connection that breaks because the server was killed is made anew by the client.
fn restart() {
    let program = golang::built(CLIENT.id).join("kmip-go.test");
    let trial = Trial::on(TokenKind::SoftHsm);
    let server = trial.start();
    let client = server.ready().client();
    let mut command = Command::new(program);
    command.args(["-test.v", "-test.timeout=300s", "-test.run=^TestReconnectAfterRestart$"]);
    command.env("KMIP_READY", trial.data().join("ready.json"));
    command.env("KMIP_CA", &client.ca).env("KMIP_CERT", &client.certificate);
    command.env("KMIP_KEY", &client.private_key);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut said = String::new();
    while !said.ends_with("restart\n") {
        assert_ne!(output.read_line(&mut said).unwrap(), 0, "{said}");
    }
    server.kill();
    let server = trial.start();
    child.stdin.take().unwrap().write_all(b"again\n").unwrap();
    std::io::Read::read_to_string(&mut output, &mut said).unwrap();
    assert!(child.wait().unwrap().success(), "{said}");
    assert!(said.contains("--- PASS: TestReconnectAfterRestart"), "{said}");
    server.stop();
}

/// A role that may do less is refused the rest, in words that the client passes on.
fn grants() {
    let program = golang::built(CLIENT.id).join("kmip-go.test");
    let ground = Ground::new(CLIENT.id, &[]);
    ground.succeed(&format!(
        "{LOGIN}claviger role set go query operation_query=true operation_discover_versions=true
         claviger credential generate go query --out query"
    ));
    let run = |pattern: &str| {
        let mut command = Command::new(&program);
        command.envs(golang::environment(&ground, "query"));
        command.args(["-test.v".to_owned(), format!("-test.run=^{pattern}$")]);
        let output = command.output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (served, said) = run("TestQueryAll|TestVersionNegotiated");
    assert!(served, "{said}");
    let (served, said) = run("TestDestroyOfPreActive");
    assert!(!served && said.contains(r#"Operation "Create" failed"#), "{said}");
    assert!(said.contains(r#"reason="PermissionDenied""#), "{said}");
}
