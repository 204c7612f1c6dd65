//! Migration of the seal: from Shamir's to KMIP, from one KMIP to another, and back.

use super::CLIENT;
use super::bao::Bao;
use super::seal::{Algorithm, Scope};
use crate::ground::Ground;
use crate::steps::Steps;

const DONE: &str = "seal migration complete";

pub(super) fn every_way() {
    let mut steps = Steps::of("migration of the seal");
    steps.at("Shamir");
    let ground = Ground::new(CLIENT.id, &[]);
    let mut bao = Bao::new(ground.folder());
    bao.configure(&[]);
    bao.start();
    let shares = bao.init("-key-shares=3 -key-threshold=2");
    bao.unseal("", &shares[..2]);
    bao.tell("secrets enable -path=kv kv");
    bao.keep("of-shamir");

    steps.at("Shamir to KMIP");
    let first = Scope::new(&ground, "first");
    let old = first.seal(Algorithm::RsaOaepSha256(2048));
    bao.restart(&[&old]);
    migrate(&bao, &shares[..2], &["of-shamir"]);
    bao.keep("of-first");
    steps.at("KMIP: unseals by itself, and with what were unseal keys");
    bao.restart(&[&old]);
    bao.wait_until_active();
    assert_eq!(bao.status()["type"], "kmip");
    bao.tell("operator seal");
    bao.unseal("", &shares[1..]);

    steps.at("KMIP to KMIP");
    let second = Scope::new(&ground, "second");
    let new = second.seal(Algorithm::AesGcm);
    bao.restart(&[&old.disabled(), &new]);
    migrate(&bao, &shares[..2], &["of-shamir", "of-first"]);
    bao.keep("of-second");
    steps.at("KMIP: what was before is gone");
    first.delete();
    bao.restart(&[&new]);
    bao.wait_until_active();
    bao.assert_secrets(&["of-shamir", "of-first", "of-second"]);

    steps.at("KMIP to Shamir");
    bao.restart(&[&new.disabled()]);
    migrate(&bao, &shares[..2], &["of-shamir", "of-first", "of-second"]);
    steps.at("Shamir: what was before is gone");
    second.delete();
    bao.restart(&[]);
    assert_eq!(bao.status()["type"], "shamir");
    bao.unseal("", &shares[1..]);
    bao.assert_secrets(&["of-shamir", "of-first", "of-second"]);
    steps.end();
}

/// Takes what has been restarted with another seal over to it.
fn migrate(bao: &Bao, shares: &[String], secrets: &[&str]) {
    assert_eq!(bao.status()["migration"], true);
    let refused = bao.refused(&format!("operator unseal {}", shares[0]));
    assert!(refused.contains("seal migration is pending"), "{refused}");
    bao.unseal("-migrate", shares);
    bao.wait_for_log(DONE);
    bao.assert_secrets(secrets);
}
