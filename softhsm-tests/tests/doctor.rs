//! `claviger doctor` on SoftHSM2: what it finds, what it says when it cannot look, and its pages in
//! the documentation.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::HashMap;
use std::fmt::Write;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use softhsm_tests::token::TestToken;
use softhsm_tests::{docs, program};

const PROMISE_BROKEN: i32 = 3;

/// A token with a file that holds its PIN, and a configuration.
fn token() -> TestToken {
    let token = TestToken::new();
    write(&token, "pin", TestToken::PIN);
    write(&token, "claviger.toml", &config(&token, ""));
    token
}

fn write(token: &TestToken, name: &str, text: &str) {
    std::fs::write(token.folder().join(name), text).unwrap();
}

/// No certificate and no store: the doctor opens neither.
fn config(token: &TestToken, keys: &str) -> String {
    format!(
        "[tls]\ncertificate = \"absent.pem\"\nprivate_key = \"absent.key\"\nclient_ca = [\"absent.pem\"]\n\
         [token]\nmodule = {:?}\nlabel = {:?}\npin = {{ file = \"pin\" }}\n\
         [token.environment]\nSOFTHSM2_CONF = {:?}\n\
         [store]\npath = \"no/such/folder/claviger.db\"\n\
         [[scope]]\nname = \"demo\"\n[keys]\n{keys}\n",
        program::softhsm(),
        TestToken::LABEL,
        token.conf(),
    )
}

/// The doctor with its library told where the token is.
fn doctor(token: &TestToken, arguments: &[&str]) -> Command {
    let mut command = Command::new(program::claviger());
    command.arg("doctor").args(arguments).current_dir(token.folder());
    command.env_remove("CLAVIGER_LOG").env("SOFTHSM2_CONF", token.conf());
    command
}

/// The doctor on `label`, without a configuration.
fn bare(token: &TestToken, label: &str, more: &[&str]) -> Output {
    let module = program::softhsm();
    let named = ["--module", module.to_str().unwrap(), "--token", label];
    let arguments = [&named, more, &["--line-ms", "0"]].concat();
    doctor(token, &arguments).stdin(Stdio::null()).output().unwrap()
}

fn said(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// The persistent objects of the token.
fn objects(token: &TestToken) -> usize {
    fn count(folder: &Path) -> usize {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let each = |path: std::path::PathBuf| {
            let object = path.extension().is_some_and(|extension| extension == "object");
            let own = !path.ends_with("token.object");
            if path.is_dir() { count(&path) } else { usize::from(object && own) }
        };
        entries.map(each).sum()
    }
    count(&token.folder().join("tokens"))
}

/// What the doctor says of this token, for a program.
fn report(token: &TestToken, line_ms: &str) -> Value {
    let mut command = doctor(token, &["--config", "claviger.toml", "--json", "--line-ms", line_ms]);
    let output = command.env_remove("SOFTHSM2_CONF").output().unwrap();
    let (code, out, err) = said(&output);
    assert_eq!(code, Some(0), "{err}");
    serde_json::from_str(&out).unwrap()
}

#[test]
fn softhsm_does_everything_that_is_promised_and_keeps_no_key() {
    let token = token();
    // The configuration alone tells the library where its token is.
    let report = report(&token, "0");
    assert_eq!(objects(&token), 0);
    assert_eq!((&report["ok"], &report["problems"]), (&true.into(), &Value::Array(vec![])));
    assert_eq!(report["token"]["label"], TestToken::LABEL);
    let rows = report["algorithms"].as_array().unwrap();
    assert!(rows.len() > 100, "{}", rows.len());
    for row in rows {
        let (verdict, name) =
            (row["verdict"].as_str().unwrap(), row["algorithm"].as_str().unwrap());
        let tried = row["rate_per_second"].as_f64().is_some_and(|rate| rate > 0.0);
        assert_eq!(tried, ["native", "composed"].contains(&verdict), "{row}");
        match verdict {
            "native" | "composed" => {}
            "assisted_off" => {
                let hashes = ["SHA3", "SHA-512-", "RIPEMD"];
                assert!(
                    hashes.iter().any(|hash| name.starts_with(&format!("HMAC-{hash}"))),
                    "{row}"
                );
            }
            "off_by_config" => assert!(name.starts_with("3DES"), "{row}"),
            other => panic!("{other}: {row}"),
        }
    }
}

#[test]
fn a_promise_that_the_token_does_not_keep_is_told_and_counts() {
    let token = token();
    write(&token, "claviger.toml", &config(&token, "rsa_max_bits = 8192\nallow_3des = true"));
    let output = doctor(&token, &["--config", "claviger.toml", "--line-ms", "0"]).output().unwrap();
    let (code, out, err) = said(&output);
    assert_eq!(code, Some(PROMISE_BROKEN), "{err}");
    assert!(out.contains("RSA keys of 2048 to 8192 bits are promised"), "{out}");
    assert!(out.contains("Set keys.rsa_min_bits = 2048 and keys.rsa_max_bits = 4096"), "{out}");
    // What the configuration allows is tried.
    assert!(!out.contains("off by config"), "{out}");
    assert!(out.contains("3DES CBC PKCS5"), "{out}");
}

#[test]
fn a_wrong_pin_is_tried_once_and_said() {
    let token = token();
    write(&token, "pin", "9999");
    let (code, out, err) = said(&bare(&token, TestToken::LABEL, &["--pin-file", "pin"]));
    assert_eq!((code, out.as_str()), (Some(1), ""), "{err}");
    assert!(
        err.contains("the PIN was refused; it is not tried again: correct it, then restart"),
        "{err}"
    );
    assert!(err.contains("Correct the PIN before you try again"), "{err}");
    assert!(!err.contains("9999"), "{err}");
    // And the right one still opens the token.
    let mut command = doctor(&token, &["--module"]);
    command.arg(program::softhsm()).args(["--pin-env", "TOKEN_PIN", "--line-ms", "0"]);
    let output = command.env("TOKEN_PIN", TestToken::PIN).output().unwrap();
    assert_eq!(said(&output).0, Some(0), "{:?}", said(&output));
}

#[test]
fn what_is_not_there_is_named() {
    let token = token();
    let (code, _, err) = said(&bare(&token, "another", &["--pin-file", "pin"]));
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains("no token with label \"another\""), "{err}");
    assert!(err.contains(&format!("label {:?}", TestToken::LABEL)), "{err}");

    let absent = ["--module", "absent.so", "--pin-file", "pin"];
    let (code, _, err) = said(&doctor(&token, &absent).output().unwrap());
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains("absent.so is no file"), "{err}");

    write(&token, "text.so", "no library");
    let text = ["--module", "text.so", "--pin-file", "pin"];
    let (code, _, err) = said(&doctor(&token, &text).output().unwrap());
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains("cannot load PKCS#11 module text.so"), "{err}");

    let (code, _, err) = said(&bare(&token, TestToken::LABEL, &["--pin-file", "absent"]));
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains("cannot read the PIN from the file absent"), "{err}");

    let (code, _, err) = said(&doctor(&token, &[]).output().unwrap());
    assert_eq!(code, Some(2), "{err}");
}

#[test]
fn an_interrupted_examination_leaves_no_key() {
    let token = token();
    let mut command = doctor(&token, &["--config", "claviger.toml", "--line-ms", "600000"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    // The title of the first group stands there once its first line is under way or done; the
    // header is written before anything is tried.
    assert!(lines.by_ref().any(|line| line.unwrap().starts_with("sessions")));
    let interrupt = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(interrupt.unwrap().success());
    let rest = lines.map(Result::unwrap).collect::<Vec<_>>();
    let output = child.wait_with_output().unwrap();
    let (code, _, err) = said(&output);
    assert_eq!(code, Some(1), "{rest:?} {err}");
    assert!(err.contains("interrupted; the throw-away keys are destroyed"), "{err}");
    assert_eq!(objects(&token), 0);
}

/// The table of docs/TOKENS.md. The rates are those of the document where it has them: they are
/// never the same twice.
fn table(report: &Value, known: &HashMap<(String, String), String>) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (mut part, mut last) = (String::new(), String::new());
    for row in report["algorithms"].as_array().unwrap() {
        let group = text(&row["group"]);
        if group != last {
            let title = group[..1].to_uppercase() + &group[1..];
            write!(part, "\n### {title}\n\n").unwrap();
            part.push_str(
                "| algorithm | verdict | mechanism | a second | note |\n|---|---|---|---:|---|\n",
            );
        }
        let measured = row["rate_per_second"].as_f64();
        let measured = measured.map_or_else(String::new, |rate| three_digits(rate).to_string());
        let name = text(&row["algorithm"]);
        let rate = known.get(&(group.clone(), name.clone())).unwrap_or(&measured);
        let verdict = text(&row["verdict"]).replace('_', " ");
        let mechanism = row["mechanism"].as_str().map_or_else(String::new, |it| format!("`{it}`"));
        let note = text(&row["note"]);
        writeln!(part, "| {name} | {verdict} | {mechanism} | {rate} | {note} |").unwrap();
        last = group;
    }
    part
}

/// More would be noise.
fn three_digits(rate: f64) -> f64 {
    let unit = 10_f64.powf((rate.log10().floor() - 2.0).max(0.0));
    (rate / unit).round() * unit
}

/// The rates that the document tells.
fn known_rates(document: &str) -> HashMap<(String, String), String> {
    let (mut known, mut group) = (HashMap::new(), String::new());
    for line in document.lines() {
        if let Some(title) = line.strip_prefix("### ") {
            group = title.to_lowercase();
        }
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        if let [_, name, _, _, rate, ..] = cells[..] {
            known.insert((group.clone(), name.to_owned()), rate.to_owned());
        }
    }
    known
}

#[test]
fn tokens_document_is_what_the_doctor_finds() {
    let document = program::repository().join("docs/TOKENS.md");
    let update = std::env::var_os(docs::UPDATE_VARIABLE).is_some();
    let known = if update {
        HashMap::new()
    } else {
        known_rates(&std::fs::read_to_string(&document).unwrap())
    };
    let report = report(&token(), if update { "200" } else { "0" });
    docs::check_part(&document, "softhsm2", &table(&report, &known));
}

#[test]
fn commands_of_the_guide_work_as_they_stand_there() {
    let token = token();
    let guide = program::repository().join("docs/guides/doctor.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    let commands = docs::commands(&guide);
    assert!(commands.len() >= 3, "{commands:?}");
    let program = program::claviger();
    let path = std::env::join_paths(
        std::iter::once(program.parent().unwrap().to_owned())
            .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
    );
    let path = path.unwrap();
    for command in commands {
        // The guide's library stands where Debian puts it.
        let line = command
            .replace("/usr/lib/softhsm/libsofthsm2.so", program::softhsm().to_str().unwrap());
        let mut shell = Command::new("sh");
        shell.args(["-ec", &line]).current_dir(token.folder()).stdin(Stdio::null());
        shell.env("PATH", &path).env("SOFTHSM2_CONF", token.conf()).env_remove("CLAVIGER_LOG");
        let (code, out, err) = said(&shell.output().unwrap());
        assert_eq!(code, Some(0), "{command}: {out}{err}");
    }
}
