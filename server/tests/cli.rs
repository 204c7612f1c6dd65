//! The binary as an operator runs it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use server::pki::{Authority, PemPair};

/// A folder with certificates and a configuration whose token is absent.
fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let authority = Authority::open_or_create(&PemPair::named(dir.path(), "ca")).unwrap();
    authority.issue_server(&PemPair::named(dir.path(), "server"), None).unwrap();
    std::fs::write(dir.path().join("pin"), "1234").unwrap();
    std::fs::write(dir.path().join("module.so"), "").unwrap();
    std::fs::write(
        dir.path().join("claviger.toml"),
        "[server]\nkmip_addr = \"127.0.0.1:0\"\n\
         [tls]\ncertificate = \"server.pem\"\nprivate_key = \"server.key\"\nclient_ca = [\"ca.pem\"]\n\
         [token]\nmodule = \"module.so\"\nlabel = \"none\"\npin = { file = \"pin\" }\n\
         [token.environment]\nCLAVIGER_TEST_LIBRARY = \"needs this\"\n\
         [store]\npath = \"claviger.db\"\n\
         [[scope]]\nname = \"demo\"\n",
    )
    .unwrap();
    dir
}

fn claviger(folder: &Path, command: &str) -> Command {
    let mut claviger = Command::new(env!("CARGO_BIN_EXE_claviger"));
    claviger.arg(command).arg("--config").arg(folder.join("claviger.toml"));
    claviger.env_remove("CLAVIGER_LOG");
    claviger
}

/// Ends the process if a test fails before it does.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn serve_sets_the_environment_in_the_same_process_and_stops_on_sigterm() {
    let dir = folder();
    let mut command = claviger(dir.path(), "serve");
    let mut running = Running(command.stderr(Stdio::piped()).spawn().unwrap());
    let pid = running.0.id();
    let mut log = BufReader::new(running.0.stderr.take().unwrap()).lines();
    let listening = log.by_ref().map(Result::unwrap).find(|line| line.contains("listening"));
    assert!(listening.is_some());

    let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap();
    let wanted = b"CLAVIGER_TEST_LIBRARY=needs this";
    assert!(environment.split(|byte| *byte == 0).any(|variable| variable == wanted));

    assert!(Command::new("kill").arg(pid.to_string()).status().unwrap().success());
    let rest = log.map(Result::unwrap).collect::<Vec<_>>();
    assert!(running.0.wait().unwrap().success(), "{rest:?}");
    assert!(rest.iter().any(|line| line.ends_with("stopped")), "{rest:?}");
}

#[test]
fn check_config_approves_what_is_in_order() {
    let dir = folder();
    let output = claviger(dir.path(), "check-config").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn check_config_names_file_line_and_key_of_a_mistake() {
    for (old, new, place) in [
        ("label =", "lable =", "claviger.toml:9: token.lable: unknown field"),
        ("\"demo\"", "\"de mo\"", "claviger.toml:16: scope[0].name: "),
        ("server.key", "absent.key", "claviger.toml:5: tls.private_key: "),
        ("\"module.so\"", "\"absent.so\"", "claviger.toml:8: token.module: "),
    ] {
        let dir = folder();
        let file = dir.path().join("claviger.toml");
        let text = std::fs::read_to_string(&file).unwrap().replace(old, new);
        std::fs::write(&file, text).unwrap();
        let output = claviger(dir.path(), "check-config").output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && said.contains(place), "{said}");
    }
}

#[test]
fn mistake_is_told_once() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = taken.local_addr().unwrap();
    let dir = folder();
    let output = claviger(dir.path(), "serve").arg("--kmip-addr").arg(addr.to_string()).output();
    let output = output.unwrap();
    assert!(!output.status.success());
    let text = String::from_utf8(output.stderr).unwrap();
    let last = text.lines().last().unwrap();
    assert!(last.starts_with(&format!("claviger: cannot listen on {addr}: ")), "{last}");
    assert_eq!(last.matches("in use").count(), 1, "{last}");
}
