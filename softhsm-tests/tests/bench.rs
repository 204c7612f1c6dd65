//! `claviger bench` measures; how fast, no test says.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::Command;

use serde_json::Value;
use softhsm_tests::program;

#[test]
fn composed_algorithms_and_large_texts_are_measured_beside_the_token() {
    let mut bench = Command::new(program::claviger());
    bench.args(["bench", "--only", "algorithms", "--only", "large", "--seconds", "0.05", "--json"]);
    let output = bench.arg("--pkcs11-module").arg(program::softhsm()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let figures = report["figures"].as_array().unwrap();
    let composed = |figure: &&Value| figure["floor"]["ratio_at_most"] == 1.15;
    assert!(figures.iter().filter(composed).count() >= 8, "{report}");
    let large = figures.iter().find(|figure| figure["floor"]["ratio_at_most"] == 1.3).unwrap();
    assert_eq!(large["name"], "AES-256-CBC encrypt, 512 KiB");
    assert_eq!(large["against"]["what"], "AES_CBC");
}
