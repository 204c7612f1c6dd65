//! `claviger bench` measures; how fast, no test says.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::Command;

use serde_json::Value;
use softhsm_tests::program;

/// The figures of a short run of these parts.
fn figures(parts: &[&str]) -> Vec<Value> {
    let mut bench = Command::new(program::claviger());
    bench.args(["bench", "--seconds", "0.05", "--json"]);
    bench.args(parts.iter().flat_map(|part| ["--only", part]));
    let output = bench.arg("--pkcs11-module").arg(program::softhsm()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    report["figures"].as_array().unwrap().clone()
}

#[test]
fn server_is_measured_beside_the_token_with_the_same_keys() {
    let figures = figures(&["sign", "gcm", "query", "memory"]);
    for name in ["RSA-2048 sign, 8 connections", "AES-256-GCM 1 KiB, 1 connection"] {
        let figure = figures.iter().find(|figure| figure["name"] == name).unwrap();
        assert!(figure["against"].is_object(), "{figure}");
    }
}

#[test]
fn scope_that_asks_for_much_is_measured_beside_one_that_does_not() {
    let figures = figures(&["fairness"]);
    let floors = ["ratio_at_least", "ratio_at_most", "at_least"];
    assert_eq!(figures.len(), floors.len(), "{figures:?}");
    for (figure, floor) in figures.iter().zip(floors) {
        assert!(figure["floor"][floor].is_number(), "{figure}");
        assert!(figure["claviger"]["median"].as_f64().unwrap() > 0.0, "{figure}");
    }
}

#[test]
fn composed_algorithms_and_large_texts_are_measured_beside_the_token() {
    let figures = figures(&["algorithms", "large"]);
    let composed = |figure: &&Value| figure["floor"]["ratio_at_most"] == 1.15;
    assert!(figures.iter().filter(composed).count() >= 8, "{figures:?}");
    let large = figures.iter().find(|figure| figure["floor"]["ratio_at_most"] == 1.3).unwrap();
    assert_eq!(large["name"], "AES-256-CBC encrypt, 512 KiB");
    assert_eq!(large["against"]["what"], "AES_CBC");
}
