//! What OpenBao says when the seal is not as it must be, and that it works once that is mended.

use super::CLIENT;
use super::bao::Bao;
use super::seal::{Algorithm, Scope, Seal};
use crate::ground::Ground;
use crate::steps::Steps;

pub(super) fn of_the_seal() {
    let mut steps = Steps::of("refusals of the seal");
    steps.at("scopes and keys");
    let ground = Ground::new(CLIENT.id, &[]);
    let scope = Scope::new(&ground, "openbao");
    let seal = scope.seal(Algorithm::AesGcm);
    let mut bao = Bao::new(ground.folder());
    wrong_keys(&mut steps, &mut bao, &scope, &seal);
    steps.at("another scope's key is one that is not there");
    let strange = Scope::new(&ground, "strange").seal(Algorithm::AesGcm);
    ends(&mut bao, &seal.with_key(strange.key()), "no such object");

    steps.at("a grant is missing: it ends, or says so at its init");
    for (operation, words) in [
        ("discover_versions", "failed to dial kmip connection endpoint"),
        ("get_attributes", "failed to get key attributes"),
    ] {
        scope.grant_all_but(operation);
        let said = ends(&mut bao, &seal, words);
        assert!(said.contains("permission denied"), "{said}");
    }
    scope.grant_all_but("encrypt");
    bao.start();
    assert!(bao.refused("operator init").contains("permission denied"));
    bao.stop();
    scope.grant_all_but("nothing");

    steps.at("a key that was never activated");
    let made = scope.operator("create --algorithm AES --usage encrypt,decrypt");
    let idle = made["id"].as_str().unwrap();
    let mut other = Bao::new(ground.folder());
    other.configure(&[&seal.with_key(idle)]);
    other.start();
    assert!(other.refused("operator init").contains("the object's state forbids this"));
    steps.at("the same, activated, with an empty storage");
    scope.operator(&format!("activate {idle}"));
    assert!(other.refused("operator init").contains("already initialized"));
    other.stop();
    let mut other = Bao::new(ground.folder());
    other.configure(&[&seal.with_key(idle)]);
    other.start();
    other.init("-recovery-shares=1 -recovery-threshold=1");
    other.wait_until_active();
    other.stop();
    steps.at("a certificate that is revoked");
    scope.revoke_credentials();
    let said = ends(&mut other, &seal.with_key(idle), "failed to dial kmip connection endpoint");
    assert!(said.contains("tls: "), "{said}");
    steps.end();
}

/// Keys that are none for this seal.
fn wrong_keys(steps: &mut Steps, bao: &mut Bao, scope: &Scope<'_>, seal: &Seal) {
    steps.at("a key that is not there");
    ends(bao, &seal.with_key("00000000-0000-0000-0000-000000000000"), "no such object");
    steps.at("a key of another algorithm, or for something else");
    ends(bao, &seal.with_algorithm(Algorithm::RsaOaepSha256(0)), "invalid cryptographic algorithm");
    let pair = scope.operator("create --algorithm RSA --length 2048 --usage encrypt,decrypt");
    let public = pair["public_key_id"].as_str().unwrap();
    let rsa = seal.with_algorithm(Algorithm::RsaOaepSha256(2048));
    ends(bao, &rsa.with_key(public), "does not allow decrypt operations");
    for (usage, words) in [
        ("encrypt", "does not allow decrypt operations"),
        ("decrypt", "does not allow encrypt operations"),
    ] {
        let made = scope.operator(&format!("create --usage {usage} --activate"));
        ends(bao, &seal.with_key(made["id"].as_str().unwrap()), words);
    }
}

/// It ends with these words among others, which are returned.
fn ends(bao: &mut Bao, seal: &Seal, words: &str) -> String {
    bao.configure(&[seal]);
    let said = bao.start_in_vain();
    assert!(said.contains(words), "{words:?} is not in\n{said}");
    said
}
