//! The conformance corpus' own runner, over each transport.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;
use server::client::Ready;

use crate::{program, provision};

/// How the messages of a run travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// TTLV over TLS.
    Tls,
    /// Over HTTPS, in the encoding of this name as `interop/https/play.py` has it.
    Https(&'static str),
}

#[derive(Deserialize)]
struct Report {
    cases: Vec<Row>,
}

/// What became of one case.
#[derive(Clone, Debug, Deserialize)]
pub struct Row {
    version: String,
    name: String,
    /// `PASS`, `FAIL` or `SKIP`.
    pub verdict: String,
    needs: Vec<String>,
    diff: Option<Difference>,
    notes: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
struct Difference {
    pair: i64,
    op: String,
    path: String,
    message: String,
    rule: String,
}

impl Row {
    /// `version/NAME`, as in the corpus' index.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}/{}", self.version, self.name)
    }

    /// The first difference, or why there is none.
    #[must_use]
    pub fn story(&self) -> String {
        let Some(diff) = &self.diff else { return self.notes.join("; ") };
        format!("pair {} {} {}: {} [{}]", diff.pair, diff.op, diff.path, diff.message, diff.rule)
    }
}

/// Plays every case; the runner cleans up after each, so one server is enough. It must be new, as this
/// sets up what cases expect to find.
///
/// # Panics
///
/// As [`run`].
#[must_use]
pub fn play(folder: &Path, ready: &Ready, way: Way) -> Vec<Row> {
    provision::before_all(ready);
    let mut rows = run(folder, ready, way, &[]);
    // Some cases go on from a set-up case that the runner plays later, in the order of names.
    // Alone, each gets its set-up first.
    let follows = |row: &Row| row.needs.iter().any(|need| need.starts_with("after:"));
    for row in rows.iter_mut().filter(|row| row.verdict == "FAIL" && follows(row)) {
        let only = format!("v{}/{}", row.version, row.name);
        if let Some(again) = run(folder, ready, way, &["--filter", &only]).pop() {
            *row = again;
        }
    }
    // Others begin with an object that nobody makes.
    let provisioned = |row: &Row| row.needs.iter().any(|need| need == "provisioned-keys");
    for row in rows.iter_mut().filter(|row| row.verdict == "FAIL" && provisioned(row)) {
        let made = provision::before(ready, &row.name);
        let only = format!("v{}/{}", row.version, row.name);
        if let Some(again) = run(folder, ready, way, &["--filter", &only]).pop() {
            *row = again;
        }
        provision::after(ready, &made);
    }
    rows
}

/// Plays the cases that the runner's options `more` choose.
///
/// # Panics
///
/// If the runner cannot be run.
#[must_use]
pub fn run(folder: &Path, ready: &Ready, way: Way, more: &[&str]) -> Vec<Row> {
    let report = tempfile::NamedTempFile::new().unwrap();
    let mut runner = Command::new("python3");
    let addr = match way {
        Way::Tls => {
            runner.arg(folder.join("runner.py"));
            ready.kmip_addr
        }
        Way::Https(encoding) => {
            runner.arg("-B").arg(transport()).arg(folder.join("runner.py")).arg(encoding);
            ready.https_addr.unwrap()
        }
    };
    runner.args(["--quiet", "--host", "127.0.0.1", "--port"]).arg(addr.port().to_string());
    runner.arg("--ca").arg(&ready.ca);
    runner.arg("--cert").arg(&ready.client_cert).arg("--key").arg(&ready.client_key);
    runner.arg("--cert2").arg(&ready.client2_cert).arg("--key2").arg(&ready.client2_key);
    runner.arg("--cert3").arg(&ready.client_cert).arg("--key3").arg(&ready.client_key);
    runner.args(more).arg("--json").arg(report.path()).stdin(Stdio::null());
    let output = runner.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let text = std::fs::read_to_string(report.path()).unwrap();
    assert!(!text.is_empty(), "the runner made no report: {said}");
    serde_json::from_str::<Report>(&text).unwrap().cases
}

fn transport() -> PathBuf {
    program::repository().join("softhsm-tests/interop/https/play.py")
}
