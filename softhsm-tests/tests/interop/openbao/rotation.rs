//! Rotation of the key of the seal: another key, another algorithm, and the one before revoked.

use super::bao::Bao;
use super::seal::{Algorithm, Scope, Seal};
use super::{CLIENT, assert_granted_is_needed};
use crate::ground::Ground;
use crate::steps::Steps;

/// The keys after the first, and the secret that is written while each is in use.
const ERAS: [(Algorithm, &str, &str); 4] = [
    (Algorithm::AesGcm, "AES to another AES key", "second"),
    (Algorithm::RsaOaepSha256(2048), "AES to RSA", "third"),
    (Algorithm::RsaOaepSha512(3072), "RSA to another RSA key and hash", "fourth"),
    (Algorithm::AesGcm, "RSA back to AES", "fifth"),
];

pub(super) fn seal_key() {
    let mut steps = Steps::of("rotation of the seal's key");
    steps.at("init");
    let ground = Ground::new(CLIENT.id, &[]);
    let scope = Scope::new(&ground, "openbao");
    let mut seal = scope.seal(Algorithm::AesGcm);
    let mut bao = Bao::new(ground.folder());
    bao.configure(&[&seal]);
    bao.start();
    let shares = bao.init("-recovery-shares=1 -recovery-threshold=1");
    bao.wait_until_active();
    bao.tell("secrets enable -path=kv kv");
    let mut secrets = vec!["first"];
    bao.keep("first");
    steps.at("snapshot");
    let snapshot = ground.folder().join("snapshot");
    bao.tell(&format!("operator raft snapshot save {}", snapshot.display()));
    let mut old = Vec::new();
    for (algorithm, step, secret) in ERAS {
        let before = std::mem::replace(&mut seal, scope.seal(algorithm));
        steps.at(step);
        take(&mut bao, &seal, &secrets);
        secrets.push(secret);
        bao.keep(secret);
        steps.at("the key before is Deactivated, and OpenBao restarted");
        scope.revoke(&before);
        bao.restart(&[&seal]);
        bao.wait_until_active();
        bao.assert_secrets(&secrets);
        assert!(!bao.log().contains("upgrading"), "{}", bao.log());
        steps.at("the recovery key still unseals");
        bao.tell("operator seal");
        bao.unseal("", &shares);
        old.push(before);
    }
    assert_granted_is_needed(&ground);
    steps.at("a snapshot of the first key's time is restored");
    bao.tell(&format!("operator raft snapshot restore -force {}", snapshot.display()));
    bao.wait_until_active();
    bao.assert_secrets(&["first"]);
    steps.end();
}

/// Restarts with another seal, and waits until nothing is encrypted with the one before.
fn take(bao: &mut Bao, seal: &Seal, secrets: &[&str]) {
    bao.restart(&[seal]);
    bao.wait_until_active();
    bao.wait_for_log("upgrading recovery key");
    bao.wait_for_log("upgrading stored keys");
    bao.assert_secrets(secrets);
}
