//! The life of an OpenBao with each algorithm, from its first start.

use super::bao::{Bao, Shares};
use super::seal::{Algorithm, Scope};
use super::{CLIENT, assert_granted_is_needed};
use crate::ground::Ground;
use crate::steps::Steps;

pub(super) fn aes_gcm() {
    with(Algorithm::AesGcm);
}

/// With the length that OpenBao's documentation proposes.
pub(super) fn rsa_oaep_sha256() {
    with(Algorithm::RsaOaepSha256(4096));
}

pub(super) fn rsa_oaep_sha384() {
    with(Algorithm::RsaOaepSha384(3072));
}

pub(super) fn rsa_oaep_sha512() {
    with(Algorithm::RsaOaepSha512(2048));
}

fn with(algorithm: Algorithm) {
    let mut steps = Steps::of(algorithm.name());
    steps.at("server, scope, roles and credentials");
    let ground = Ground::new(CLIENT.id, &[]);
    let scope = Scope::new(&ground, "openbao");
    steps.at("key created and activated");
    let seal = scope.seal(algorithm);
    let mut bao = Bao::new(ground.folder());
    bao.configure(&[&seal]);
    steps.at("first start");
    bao.start();
    let told = format!("encrypt_alg: \"{}\"", algorithm.name());
    assert!(bao.log().contains(&told), "{}", bao.log());
    assert_eq!(bao.status()["initialized"], false);
    steps.at("init with recovery shares");
    let shares = bao.init("-recovery-shares=3 -recovery-threshold=2");
    assert_eq!(shares.len(), 3);
    bao.wait_until_active();
    let status = bao.status();
    assert_eq!((&status["type"], &status["recovery_seal"]), (&"kmip".into(), &true.into()));
    assert_eq!((&status["t"], &status["n"]), (&2.into(), &3.into()), "{status}");
    bao.tell("secrets enable -path=kv kv");
    bao.keep("first");

    steps.at("killed and restarted: unseals by itself");
    bao.kill();
    bao.start();
    bao.wait_until_active();
    assert!(bao.log().contains("unsealed with stored key"), "{}", bao.log());
    bao.assert_secrets(&["first"]);

    seal_and_unseal(&mut steps, &bao, &shares);
    let shares = rotate_recovery_keys(&mut steps, &bao, &shares);
    rotate_root(&mut steps, &mut bao, &shares);
    steps.at("what it was granted, and what it asked for");
    bao.stop();
    assert_granted_is_needed(&ground);
    steps.end();
}

fn seal_and_unseal(steps: &mut Steps, bao: &Bao, shares: &Shares) {
    steps.at("sealed: nothing is served");
    bao.tell("operator seal");
    assert_eq!(bao.status()["sealed"], true);
    assert!(bao.refused("kv get kv/first").contains("Vault is sealed"));
    steps.at("a wrong recovery key unseals nothing");
    let wrong = format!("{}{}", &shares[1][..8], &shares[0][8..]);
    bao.tell(&format!("operator unseal {}", shares[0]));
    bao.refused(&format!("operator unseal {wrong}"));
    assert_eq!(bao.status()["sealed"], true);
    steps.at("unsealed with recovery keys");
    bao.unseal("", &shares[..2]);
    bao.assert_secrets(&["first"]);
}

fn rotate_recovery_keys(steps: &mut Steps, bao: &Bao, shares: &Shares) -> Shares {
    steps.at("operator rekey -target=recovery");
    let two = "-key-shares=2 -key-threshold=2";
    let second = bao.rotate_recovery_keys("operator rekey", two, &shares[1..]);
    assert_eq!(second.len(), 2);
    steps.at("operator rotate-keys -target=recovery");
    let one = "-key-shares=1 -key-threshold=1";
    let third = bao.rotate_recovery_keys("operator rotate-keys", one, &second);
    assert_eq!(third.len(), 1);
    steps.at("the new recovery key unseals, an old one does not");
    bao.tell("operator seal");
    bao.refused(&format!("operator unseal {}", second[0]));
    assert_eq!(bao.status()["sealed"], true);
    bao.unseal("", &third);
    bao.assert_secrets(&["first"]);
    third
}

fn rotate_root(steps: &mut Steps, bao: &mut Bao, shares: &Shares) {
    steps.at("root key rotated with the recovery key");
    let begun = bao.ask("operator rotate-keys", "-init");
    let nonce = begun["nonce"].as_str().unwrap().to_owned();
    let done = bao.ask("operator rotate-keys", &format!("-nonce={nonce} {}", shares[0]));
    assert_eq!(done["complete"], true, "{done}");
    steps.at("root key and storage key rotated without it");
    bao.tell("write -f sys/rotate/root");
    bao.tell("operator rotate");
    assert_eq!(bao.ask("operator key-status", "")["term"], 2);
    bao.keep("second");
    steps.at("stopped and started: all is there");
    bao.stop();
    bao.start();
    bao.wait_until_active();
    bao.assert_secrets(&["first", "second"]);
}
