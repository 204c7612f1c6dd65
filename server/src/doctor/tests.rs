//! The doctor on the stand-in for a token.

use std::sync::Arc;

use hsm_backend::fault::{FaultyBackend, Verb};
use hsm_backend::memory::MemoryBackend;
use hsm_backend::{Capabilities, HsmErrorKind, TokenInfo, TokenState};

use super::examine::Verdict;
use super::keys::Patience;
use super::promise::{Policy, Problem};
use super::*;
use crate::config::KeysConfig;

fn policy() -> Policy {
    KeysConfig::default().into()
}

fn patience() -> Patience {
    let long = Duration::from_secs(60);
    Patience { operation: long, keygen: long }
}

fn examined(hsm: &dyn HsmBackend, policy: &Policy) -> (Vec<Row>, Vec<Problem>) {
    let TokenState::Ready(capabilities) = hsm.state() else { panic!("the token is not ready") };
    let bench = Workbench::new(hsm, Arc::clone(&capabilities), patience());
    let stop = Stop::default();
    let examination = Examination { bench: &bench, policy, time: Duration::ZERO, stop: &stop };
    let rows = examination.run(&mut |_| ());
    let problems = promise::problems(policy, &rows, &capabilities, hsm.info().as_ref());
    (rows, problems)
}

fn token_with(capabilities: Capabilities) -> Arc<MemoryBackend> {
    Arc::new(MemoryBackend::with_capabilities(capabilities))
}

/// A token that makes neither RSA keys, which take long here, nor what `lacks` names.
fn quick_token(lacks: &'static str) -> Arc<MemoryBackend> {
    let has = move |name: &str| !name.contains("RSA_PKCS_KEY_PAIR") && !name.contains(lacks);
    let all = MemoryBackend::capabilities_of(move |m| m.name().is_some_and(has));
    token_with(all)
}

fn row<'r>(rows: &'r [Row], algorithm: &str) -> &'r Row {
    rows.iter().find(|row| row.algorithm == algorithm).unwrap()
}

#[test]
fn everything_the_stand_in_can_do_comes_out_well() {
    let policy = Policy { allow_3des: true, ..policy() };
    let hsm = Arc::new(FaultyBackend::new(Arc::new(MemoryBackend::new())));
    let (rows, problems) = examined(&*hsm, &policy);
    assert_eq!(problems, []);
    for row in &rows {
        let good = matches!(row.verdict, Verdict::Native | Verdict::Composed);
        assert!(good && row.rate_per_second.is_some(), "{row:?}");
    }
    let made = [Verb::GenerateKey, Verb::GenerateKeyPair, Verb::ImportKey, Verb::MakeKek];
    let made: usize = made.into_iter().map(|verb| hsm.calls(verb)).sum();
    assert!(hsm.calls(Verb::DestroyKey) >= made);
}

#[test]
fn a_verb_that_fails_makes_its_rows_broken_and_one_problem() {
    let hsm = FaultyBackend::new(quick_token("no such"));
    hsm.fail_always(Verb::Mac, HsmErrorKind::Device(5));
    let (rows, problems) = examined(&hsm, &policy());
    let broken = row(&rows, "HMAC-SHA256");
    assert_eq!(broken.verdict, Verdict::Broken);
    assert_eq!(broken.error.as_deref(), Some("fault: token failed with CKR 0x00000005"));
    assert!(report::line(broken).contains("BROKEN"), "{}", report::line(broken));
    assert_eq!(row(&rows, "AES GCM").verdict, Verdict::Native);
    let about = problems.iter().find(|problem| problem.what.contains("CKR 0x00000005")).unwrap();
    assert!(about.what.contains("HMAC-SHA1, HMAC-SHA224, HMAC-SHA256 and"), "{about:?}");
}

#[test]
fn a_key_that_cannot_be_made_breaks_what_needs_it() {
    let hsm = FaultyBackend::new(quick_token("no such"));
    hsm.fail_always(Verb::GenerateKey, HsmErrorKind::NotPermitted);
    let (rows, _) = examined(&hsm, &policy());
    for algorithm in ["AES", "AES GCM", "AES CFB PKCS5"] {
        assert_eq!(row(&rows, algorithm).verdict, Verdict::Broken, "{algorithm}");
    }
    // These keys are brought, and pairs are made by another call.
    assert_eq!(row(&rows, "HMAC-SHA256").verdict, Verdict::Native);
    assert_eq!(row(&rows, "ECDSA P-384 SHA-384").verdict, Verdict::Native);
}

#[test]
fn a_token_that_lets_in_no_key_is_examined_all_the_same() {
    let hsm = FaultyBackend::new(quick_token("no such"));
    hsm.fail_always(Verb::ImportKey, HsmErrorKind::NotPermitted);
    let (rows, _) = examined(&hsm, &policy());
    assert_eq!(row(&rows, "HMAC-SHA256").verdict, Verdict::Native);
    assert_eq!(row(&rows, "AES CMAC").verdict, Verdict::Native);
}

#[test]
fn what_the_token_lacks_is_assisted_or_impossible() {
    let hsm = quick_token("SHA3_256_HMAC");
    let (rows, _) = examined(&*hsm, &policy());
    let lacking = row(&rows, "HMAC-SHA3-256");
    assert_eq!(lacking.verdict, Verdict::AssistedOff);
    assert_eq!(lacking.note, "the token lacks CKM_SHA3_256_HMAC");
    let (rows, _) = examined(&*hsm, &Policy { assisted: true, ..policy() });
    assert_eq!(row(&rows, "HMAC-SHA3-256").verdict, Verdict::Assisted);
    let (rows, _) = examined(&*quick_token("AES_CMAC"), &policy());
    assert_eq!(row(&rows, "AES CMAC").verdict, Verdict::Impossible);
    let (rows, _) = examined(&*quick_token("AES_CCM"), &policy());
    assert_eq!(row(&rows, "AES CCM").verdict, Verdict::Composed);
}

#[test]
fn what_the_server_needs_and_the_token_lacks_is_a_problem() {
    let (_, problems) = examined(&*quick_token("AES_GCM"), &policy());
    let named = |what: &str| problems.iter().any(|problem| problem.what.contains(what));
    assert!(named("AES GCM (Secret Data"), "{problems:?}");
    assert!(named("the token lacks CKM_AES_GCM"), "{problems:?}");
    assert!(named("RSA (keys.rsa_min_bits"), "{problems:?}");
    assert!(!named("CCM"), "{problems:?}");
}

#[test]
fn config_switches_3des_off() {
    let (rows, _) = examined(&*quick_token("no such"), &policy());
    for algorithm in ["3DES", "3DES CBC PKCS5"] {
        let off = row(&rows, algorithm);
        assert_eq!(off.verdict, Verdict::OffByConfig);
        assert_eq!((off.rate_per_second, off.note.as_str()), (None, "keys.allow_3des = false"));
    }
}

#[test]
fn promises_beyond_the_tokens_limits_are_problems() {
    let capabilities = MemoryBackend::full_capabilities();
    let info = TokenInfo { max_sessions: Some(10), ..MemoryBackend::new().info().unwrap() };
    let wide = Policy { rsa_bits: 2048..=8192, max_sessions: Some(16), ..policy() };
    let problems = promise::problems(&wide, &[], &capabilities, Some(&info));
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems[0].todo.contains("keys.rsa_max_bits = 4096"), "{problems:?}");
    assert!(problems[1].todo.contains("token.max_sessions to 8"), "{problems:?}");
    let fitting = Policy { max_sessions: Some(8), ..policy() };
    assert_eq!(promise::problems(&fitting, &[], &capabilities, Some(&info)), []);
}

#[test]
fn a_stop_ends_the_examination() {
    let hsm = quick_token("no such");
    let TokenState::Ready(capabilities) = hsm.state() else { panic!("the token is not ready") };
    let bench = Workbench::new(&*hsm, capabilities, patience());
    let (stop, policy) = (Stop::default(), policy());
    let time = Duration::from_secs(3600);
    let examination = Examination { bench: &bench, policy: &policy, time, stop: &stop };
    stop.ask();
    assert_eq!(examination.run(&mut |_| ()), []);
}

#[test]
fn json_has_the_documented_fields() {
    let hsm = quick_token("no such");
    let (rows, problems) = examined(&*hsm, &policy());
    let info = hsm.info().unwrap();
    let text = report::json("module.so".as_ref(), &info, &rows, &problems).unwrap();
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    let fields = |value: &serde_json::Value| -> Vec<String> {
        value.as_object().unwrap().keys().cloned().collect()
    };
    let top = ["version", "module", "token", "algorithms", "problems", "ok"];
    assert_eq!(fields(&value), top);
    let token = ["label", "serial", "manufacturer", "model", "firmware", "max_sessions"];
    assert_eq!(fields(&value["token"]), token);
    let row =
        ["group", "algorithm", "verdict", "mechanism", "note", "need", "rate_per_second", "error"];
    assert_eq!(fields(&value["algorithms"][0]), row);
    assert_eq!(fields(&value["problems"][0]), ["what", "todo"]);
    assert_eq!(value["ok"], false);
    assert_eq!(value["algorithms"][0]["group"], "keys");
}
