//! The binary as an operator runs it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use server::pki::{Authority, PemPair};

/// A CA whose time ended with the year 2020.
fn expired_ca() -> String {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::default();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(2021, 1, 1);
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(rcgen::DnType::CommonName, "old");
    params.self_signed(&key).unwrap().pem()
}

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
        ("file = \"pin\"", "file = \"absent\"", "claviger.toml:10: token.pin: cannot read the PIN"),
        (
            "\"server.key\"",
            "\"ca.key\"",
            "claviger.toml:5: tls.private_key: certificate and private key: the key is not that of",
        ),
        (
            "\"127.0.0.1:0\"",
            "5696",
            "claviger.toml:2: server.kmip_addr: needs a text or a list of texts, in quotes",
        ),
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

/// What `check-config` says of the folder's configuration, on standard output and on standard error.
fn checked(folder: &Path) -> (String, String) {
    let output = claviger(folder, "check-config").output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (said, warned) = (text(output.stdout), text(output.stderr));
    assert!(output.status.success(), "{warned}");
    (said, warned)
}

#[test]
fn serve_names_file_line_and_key_of_a_file_that_does_not_fit() {
    let dir = folder();
    let file = dir.path().join("claviger.toml");
    let text = std::fs::read_to_string(&file).unwrap().replace("server.key", "ca.key");
    std::fs::write(&file, text).unwrap();
    let output = claviger(dir.path(), "serve").output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("claviger.toml:5: tls.private_key: "), "{said}");
}

#[test]
fn secret_that_everybody_can_read_is_warned_of() {
    let dir = folder();
    let mode = |name: &str, mode| {
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(dir.path().join(name), permissions).unwrap();
    };
    mode("pin", 0o600);
    assert_eq!(checked(dir.path()).1, "");
    // A group may have been made for it.
    mode("server.key", 0o640);
    assert_eq!(checked(dir.path()).1, "");
    mode("pin", 0o644);
    mode("server.key", 0o666);
    let (said, warned) = checked(dir.path());
    assert!(said.ends_with("in order\n"), "{said}");
    for words in ["/pin mode=\"644\"", "/server.key mode=\"666\""] {
        assert_eq!(warned.matches(words).count(), 1, "{words}: {warned}");
    }
}

#[test]
fn certificate_that_is_not_valid_now_is_warned_of() {
    let dir = folder();
    std::fs::write(dir.path().join("old-ca.pem"), expired_ca()).unwrap();
    let file = dir.path().join("claviger.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("[\"ca.pem\"]", "[\"ca.pem\", \"old-ca.pem\"]")).unwrap();
    let (said, warned) = checked(dir.path());
    assert!(said.ends_with("in order\n"), "{said}");
    let lines = warned.lines().filter(|line| line.contains("the certificate has expired"));
    let [line] = lines.collect::<Vec<_>>()[..] else { panic!("{warned}") };
    for words in ["tls.client_ca", "old-ca.pem", "CN=old", "2021-01-01T00:00:00Z"] {
        assert!(line.contains(words), "{words}: {line}");
    }
}

#[test]
fn folder_that_is_not_there_is_warned_of() {
    let dir = folder();
    let file = dir.path().join("claviger.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let sink = "[[audit.sink]]\ntype = \"file\"\npath = \"log/audit.log\"\n";
    let text = text.replace("\"claviger.db\"", "\"state/claviger.db\"") + sink;
    std::fs::write(&file, text).unwrap();
    let (_, warned) = checked(dir.path());
    let told = warned.lines().filter(|line| line.contains("the folder has to be there"));
    let told = told.collect::<Vec<_>>();
    assert!(
        told.len() == 2 && told[0].ends_with("/state") && told[1].ends_with("/log"),
        "{warned}"
    );
    std::fs::create_dir(dir.path().join("state")).unwrap();
    std::fs::create_dir(dir.path().join("log")).unwrap();
    assert!(!checked(dir.path()).1.contains("the folder has to be there"));
}

#[test]
fn store_that_cannot_be_opened_is_named() {
    let dir = folder();
    let config = server::config::Config::load(&dir.path().join("claviger.toml")).unwrap();
    let store = server::store::SqliteStore::open(&config.store.path).unwrap();
    let output = claviger(dir.path(), "serve").output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let named = format!("claviger: store.path {}: ", config.store.path.display());
    assert!(said.contains(&named) && said.contains("another process uses the store"), "{said}");
    drop(store);
}

#[cfg(target_os = "linux")]
#[test]
fn command_ends_without_a_word_where_nobody_reads_it() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_claviger"));
    command.args(["completion", "bash"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    assert_eq!(output.status.code(), Some(141));

    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_claviger"));
    let output = command.args(["completion", "bash"]).stdout(full).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.starts_with("claviger: cannot write to standard output: "), "{said}");
    assert_eq!(output.status.code(), Some(1));
}

/// Waits for the address that the log tells behind `words`.
fn listening(log: &mut impl Iterator<Item = std::io::Result<String>>, words: &str) -> SocketAddr {
    let line = log.map(Result::unwrap).find(|line| line.contains(words)).unwrap();
    line.rsplit_once("addr=").unwrap().1.parse().unwrap()
}

#[test]
fn failed_handshakes_are_told_in_words_and_a_look_whether_somebody_listens_is_not() {
    let dir = folder();
    let mut command = claviger(dir.path(), "serve");
    command.args(["--https-addr", "127.0.0.1:0"]);
    let mut running = Running(command.stderr(Stdio::piped()).spawn().unwrap());
    let mut log = BufReader::new(running.0.stderr.take().unwrap()).lines();
    let kmip = listening(&mut log, "listening for KMIP addr");
    let https = listening(&mut log, "listening for KMIP over HTTPS addr");

    drop(TcpStream::connect(kmip).unwrap());
    let mut plain = TcpStream::connect(kmip).unwrap();
    plain.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    // Until the server has closed it.
    let _ = plain.read_to_end(&mut Vec::new());

    let authority = Authority::open_or_create(&PemPair::named(dir.path(), "ca")).unwrap();
    authority.issue_client(&PemPair::named(dir.path(), "client"), "c", "demo").unwrap();
    authority.issue_client(&PemPair::named(dir.path(), "nobody"), "c", "nowhere").unwrap();
    let list = |addr: SocketAddr, who: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_claviger"));
        command.current_dir(dir.path()).args(["key", "list", "--ca-cert", "ca.pem", "--cert"]);
        command.arg(format!("{who}.pem")).arg("--key").arg(format!("{who}.key"));
        let output = command.arg("--endpoint").arg(addr.to_string()).output().unwrap();
        String::from_utf8(output.stderr).unwrap()
    };
    let said = list(kmip, "client");
    assert!(said.contains("Locate refused: Permission Denied"), "it was let in: {said}");
    let said = list(https, "client");
    assert!(said.contains("what answers there is HTTP"), "{said}");
    let said = list(kmip, "nobody");
    assert!(said.contains("the other side refuses our certificate; its log says why"), "{said}");

    assert!(Command::new("kill").arg(running.0.id().to_string()).status().unwrap().success());
    let rest = log.map(Result::unwrap).collect::<Vec<_>>();
    let failed = rest.iter().filter(|line| line.contains("TLS handshake failed"));
    let [plain, nobody] = failed.collect::<Vec<_>>()[..] else { panic!("{rest:?}") };
    assert!(plain.contains("the other side speaks no TLS"), "{plain}");
    assert!(nobody.contains("ApplicationVerificationFailure"), "{nobody}");
}
