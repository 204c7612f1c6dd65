//! Everything that the server signs, encrypts and authenticates is checked by an independent library:
//! Python's `cryptography`, from the virtual environment that `./test` makes.
//!
//! Both ways: the server opens and verifies what the library made, too. What the library has no word
//! for is put together from its parts, and counted apart; what the server does not serve on this token is
//! named, and must be what is known.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod asymmetric;
mod coverage;
mod plan;
mod serve;
mod symmetric;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;
use softhsm_tests::server::{TokenKind, Trial};
use softhsm_tests::{docs, program};

use plan::Plan;

/// Fewest cases in all.
const FEWEST: usize = 1_000;
/// Failures that are told in full.
const TOLD: usize = 10;

/// What the library says.
#[derive(Debug, Deserialize)]
struct Report {
    /// For each kind how many cases were checked by what, and how many of the library's own products
    /// the server took.
    kinds: BTreeMap<String, BTreeMap<String, usize>>,
    /// What was not served, and why.
    unserved: BTreeMap<String, usize>,
    failures: Vec<serde_json::Value>,
}

/// Files of the exchange.
struct Exchange {
    folder: PathBuf,
}

impl Exchange {
    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.json"))
    }

    fn write(&self, name: &str, content: &impl serde::Serialize) {
        std::fs::write(self.file(name), serde_json::to_vec(content).unwrap()).unwrap();
    }

    fn read<T: serde::de::DeserializeOwned>(&self, name: &str) -> T {
        serde_json::from_slice(&std::fs::read(self.file(name)).unwrap()).unwrap()
    }

    /// Runs the library on these files.
    fn run(&self, order: &str, files: &[&str]) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("interop/independent/check.py");
        let mut command = Command::new(program::python());
        command.arg("-B").arg(script).arg(order);
        command.args(files.iter().map(|name| self.file(name)));
        let output = command.stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// What is known not to be served on these tokens: kinds that begin like this.
const fn unserved_on(kind: TokenKind) -> &'static [&'static str] {
    match kind {
        // It pads what it wraps with zeros and loses the length.
        TokenKind::SoftHsm => &["AES AESKeyWrapPadding, 20 bytes"],
        TokenKind::Kryoptic => &[
            "3DES",
            "Asymmetric Key ECDH on secp256k1",
            "Ed",
            "RSA OAEP RIPEMD_160",
            "RSA OAEP SHA_512_224",
            "RSA OAEP SHA_512_256",
        ],
    }
}

/// Mode, scheme or curve, without the padding or hash.
fn family(kind: &str) -> String {
    let mut words = kind.split(' ');
    let first = words.next().unwrap_or_default();
    let second = words.next().filter(|word| !word.starts_with("SHA") && !word.starts_with("RIPE"));
    let second = second.map(|word| word.trim_end_matches(','));
    second.map_or_else(|| first.to_owned(), |second| format!("{first} {second}"))
}

fn describe(report: &Report) -> String {
    let mut families = BTreeMap::<String, BTreeMap<&str, usize>>::new();
    let mut totals = BTreeMap::<&str, usize>::new();
    for (kind, counts) in &report.kinds {
        for (word, count) in counts {
            *families.entry(family(kind)).or_default().entry(word).or_default() += count;
            *totals.entry(word).or_default() += count;
        }
    }
    let said = |counts: &BTreeMap<&str, usize>| {
        let words = counts.iter().map(|(word, count)| format!("{count} {word}"));
        words.collect::<Vec<_>>().join(", ")
    };
    let mut lines = families
        .iter()
        .map(|(name, counts)| format!("{name}: {}", said(counts)))
        .collect::<Vec<_>>();
    let mut unserved = BTreeMap::<String, usize>::new();
    for (what, count) in &report.unserved {
        let (kind, why) = what.split_once(": ").unwrap_or_default();
        *unserved.entry(format!("{}: {why}", family(kind))).or_default() += count;
    }
    lines.extend(unserved.iter().map(|(what, count)| format!("not served: {what} ({count})")));
    lines.push(format!("independent library, {} kinds: {}", report.kinds.len(), said(&totals)));
    lines.join("\n")
}

#[test]
fn independent_library_agrees_with_everything() {
    let mut plan = Plan::default();
    symmetric::add_all(&mut plan);
    asymmetric::add_all(&mut plan);
    assert!(plan.cases.len() >= FEWEST, "only {} cases", plan.cases.len());
    let kinds = plan.counts().into_keys().collect();
    assert_eq!(coverage::missing(&kinds), Vec::<String>::new(), "served, and not in the plan");

    let trial = Trial::new();
    let server = trial.start();
    let exchange = Exchange { folder: trial.folder().to_owned() };
    exchange.write("plan", &plan.json());
    exchange.run("prepare", &["plan", "prepared"]);
    let mut client = server.client();
    let answers = serve::serve(&mut client, &plan, &exchange.read("prepared"));
    client.close();
    server.stop();
    exchange.write("answers", &answers);
    exchange.run("check", &["plan", "prepared", "answers", "report"]);

    let report: Report = exchange.read("report");
    docs::say(&describe(&report));
    for failure in report.failures.iter().take(TOLD) {
        docs::say(&failure.to_string());
    }
    assert!(report.failures.is_empty(), "{} failures", report.failures.len());
    judge(&plan, &report, trial.kind());
}

/// Each kind of the plan was checked in full, or is known not to be served.
fn judge(plan: &Plan, report: &Report, token: TokenKind) {
    let known = unserved_on(token);
    for (kind, planned) in plan.counts() {
        let checked = report.kinds.get(kind).map_or(0, |counts| {
            counts.iter().filter(|(word, _)| *word != "back").map(|(_, count)| count).sum()
        });
        let wanted = if known.iter().any(|known| kind.starts_with(known)) { 0 } else { planned };
        assert_eq!(checked, wanted, "{kind}: {planned} planned");
    }
}
