//! The server, or its token, goes away and comes back, while OpenBao runs and while it starts.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use softhsm_tests::port;
use softhsm_tests::server::{TokenKind, Trial};

use super::CLIENT;
use super::bao::{Bao, Shares};
use super::seal::{Algorithm, Scope};
use crate::ground::Ground;
use crate::steps::Steps;

/// What OpenBao logs, once a second here, while the seal does not do its work.
const AWAY: &str = "seal backend may be unreachable";
const BACK: &str = "seal backend is now healthy again";

/// How long the token is away while OpenBao runs, and how often it is then asked for what it keeps.
const ABSENCE: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(500);

pub(super) fn of_the_server() {
    let mut steps = Steps::of("outages of the server");
    steps.at("init");
    let (mut ground, mut bao, shares) = begin(Algorithm::AesGcm);
    steps.at("the server is killed: OpenBao goes on");
    ground.kill();
    goes_on(&bao, "during", &shares);
    let said = bao.refused("write -f sys/rotate/root");
    assert!(said.contains("failed to store keys"), "{said}");
    steps.at("the server is back: OpenBao finds it");
    ground.revive();
    recovers(&mut bao, &shares);

    steps.at("the server hangs: OpenBao goes on");
    signal(&ground, "STOP");
    serves(&bao, "hanging");
    steps.at("the server goes on: OpenBao finds it");
    signal(&ground, "CONT");
    recovers(&mut bao, &shares);

    steps.at("OpenBao is killed, and does not start without the server");
    bao.kill();
    ground.kill();
    let said = bao.start_in_vain();
    assert!(said.contains("failed to dial kmip connection endpoint"), "{said}");
    steps.at("with the server back it starts and unseals by itself");
    ground.revive();
    bao.start();
    bao.wait_until_active();
    bao.assert_secrets(&["before", "during", "hanging"]);
    steps.end();
}

/// With a key that lies in the token: SoftHSM2 would go on with one that it has in memory.
pub(super) fn of_the_token() {
    let mut steps = Steps::of("outages of the token");
    steps.at("init");
    let (ground, mut bao, shares) = begin(Algorithm::RsaOaepSha256(2048));
    let token = Token::of(&ground);
    steps.at("the token goes away: OpenBao goes on");
    let away = Instant::now();
    token.take_away();
    goes_on(&bao, "during", &shares);
    // Encrypting takes the public key, and so no token.
    bao.tell("write -f sys/rotate/root");
    steps.at("the token stays away for a minute: OpenBao serves all the while");
    while away.elapsed() < ABSENCE {
        bao.assert_secrets(&["before", "during"]);
        std::thread::sleep(LOOK_EVERY);
    }
    steps.at("the token is back: OpenBao finds it");
    token.bring_back();
    recovers(&mut bao, &shares);

    steps.at("OpenBao is killed, and starts sealed without the token");
    token.take_away();
    bao.wait_for_log(AWAY);
    bao.kill();
    bao.start();
    bao.wait_for_log("failed to unseal core");
    assert_eq!(bao.status()["sealed"], true);
    steps.at("with the token back it unseals by itself");
    token.bring_back();
    bao.wait_until_active();
    bao.assert_secrets(&["before", "during"]);
    steps.end();
}

/// A server that comes back where it was, and an OpenBao that runs.
fn begin(algorithm: Algorithm) -> (Ground, Bao, Shares) {
    let trial = Trial::on(TokenKind::SoftHsm).with_kmip_port(port::fresh());
    let ground = Ground::of(CLIENT.id, trial, &[]);
    let seal = Scope::new(&ground, "openbao").seal(algorithm);
    let mut bao = Bao::new(ground.folder());
    bao.configure(&[&seal]);
    bao.start();
    let shares = bao.init("-recovery-shares=1 -recovery-threshold=1");
    bao.wait_until_active();
    bao.tell("secrets enable -path=kv kv");
    bao.keep("before");
    // For some seconds after its init OpenBao would unseal by itself what is sealed here.
    bao.restart(&[&seal]);
    bao.wait_until_active();
    (ground, bao, shares)
}

/// Sends the server a signal.
fn signal(ground: &Ground, name: &str) {
    let pid = ground.server().pid().to_string();
    assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
}

/// The seal is away: what OpenBao has in memory it serves.
fn serves(bao: &Bao, secret: &str) {
    bao.wait_for_log(AWAY);
    bao.keep(secret);
    bao.assert_secrets(&["before", secret]);
    bao.tell("token create -ttl=1m");
}

/// The same, and what takes the seal it refuses.
fn goes_on(bao: &Bao, secret: &str, shares: &Shares) {
    serves(bao, secret);
    let options = "-init -target=recovery -key-shares=1 -key-threshold=1";
    let begun = bao.ask("operator rotate-keys", options);
    let nonce = begun["nonce"].as_str().unwrap();
    bao.refused(&format!("operator rotate-keys -target=recovery -nonce={nonce} {}", shares[0]));
    bao.tell("operator rotate-keys -target=recovery -cancel");
}

/// The seal is back: OpenBao notices by itself, and does again what it refused.
fn recovers(bao: &mut Bao, shares: &Shares) {
    bao.wait_for_log(BACK);
    bao.tell("operator seal");
    bao.unseal("", shares);
    // A check of its health that sealing cut short is an outage in the log, too.
    bao.forget_log();
}

/// The files of the token.
struct Token {
    here: PathBuf,
    away: PathBuf,
}

impl Token {
    fn of(ground: &Ground) -> Self {
        let here = ground.trial().tokens();
        Self { away: here.with_file_name("tokens-away"), here }
    }

    fn take_away(&self) {
        fs::rename(&self.here, &self.away).unwrap();
    }

    fn bring_back(&self) {
        fs::rename(&self.away, &self.here).unwrap();
    }
}
