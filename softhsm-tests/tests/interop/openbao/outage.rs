//! The server, or its token, goes away and comes back, while OpenBao runs and while it starts.

use std::fs;
use std::path::PathBuf;

use softhsm_tests::port;
use softhsm_tests::server::{TokenKind, Trial};

use super::CLIENT;
use super::bao::{Bao, Shares};
use super::seal::{Algorithm, Scope, Seal};
use crate::ground::Ground;
use crate::steps::Steps;

/// What OpenBao logs once a second while it cannot encrypt.
const AWAY: &str = "seal backend may be unreachable";
const BACK: &str = "seal backend is now healthy again";

pub(super) fn of_server_and_token() {
    let mut steps = Steps::of("outages");
    steps.at("init");
    let trial = Trial::on(TokenKind::SoftHsm).with_kmip_port(port::fresh());
    let mut ground = Ground::of(CLIENT.id, trial, &[]);
    // Of a key that lies in the token: SoftHSM2 would go on with one that it has in memory.
    let seal = Scope::new(&ground, "openbao").seal(Algorithm::RsaOaepSha256(2048));
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

    steps.at("the server is killed: OpenBao goes on");
    ground.kill();
    goes_on(&bao, "server-away", &shares);
    steps.at("the server is back: OpenBao finds it");
    ground.revive();
    recovers(&mut bao, &shares);

    steps.at("the token goes away: OpenBao goes on");
    let token = Token::of(&ground);
    token.take_away();
    goes_on(&bao, "token-away", &shares);
    steps.at("the token is back: OpenBao finds it");
    token.bring_back();
    recovers(&mut bao, &shares);

    starts(&mut steps, &mut bao, &mut ground, &seal);
    bao.assert_secrets(&["before", "server-away", "token-away"]);
    steps.end();
}

/// The seal is away: what OpenBao has in memory it serves, what takes the seal it refuses.
fn goes_on(bao: &Bao, secret: &str, shares: &Shares) {
    bao.wait_for_log(AWAY);
    bao.keep(secret);
    bao.assert_secrets(&["before", secret]);
    bao.tell("token create -ttl=1m");
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

/// OpenBao starts while the server is away, and while only the token is.
fn starts(steps: &mut Steps, bao: &mut Bao, ground: &mut Ground, seal: &Seal) {
    steps.at("OpenBao is killed, and does not start without the server");
    bao.kill();
    ground.kill();
    let said = bao.start_in_vain();
    assert!(said.contains("failed to dial kmip connection endpoint"), "{said}");
    steps.at("with the server back it starts and unseals by itself");
    ground.revive();
    bao.configure(&[seal]);
    bao.start();
    bao.wait_until_active();

    steps.at("OpenBao is killed, and starts sealed without the token");
    let token = Token::of(ground);
    token.take_away();
    bao.wait_for_log(AWAY);
    bao.kill();
    bao.start();
    bao.wait_for_log("failed to unseal core");
    assert_eq!(bao.status()["sealed"], true);
    steps.at("with the token back it unseals by itself");
    token.bring_back();
    bao.wait_until_active();
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
