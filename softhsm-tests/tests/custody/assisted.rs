//! Assisted keys: the server has them in its memory for one call, and for no longer.

use std::process::{Command, Stdio};

use kmip_core::types::{CryptographicAlgorithm as Algorithm, CryptographicUsageMask as Mask};
use server::client::Client;
use softhsm_tests::requests::{self, Shortcuts};
use softhsm_tests::server::{Server, TokenKind, Trial};
use softhsm_tests::{docs, keys, material, memory};

use crate::brought::Secrets;
use crate::custody;

/// Runs a program as what is left of a superuser without privileges: an ordinary user.
const ORDINARY: [&str; 3] = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"];

/// Brings an assisted key and has it make a MAC.
fn bring_and_use(client: &mut Client, key: &[u8]) -> requests::Id {
    let request = keys::secret(Algorithm::HMAC_SHA3_256, key, Mask::MACGenerate);
    let request = keys::with(request, &keys::exposure(true, false));
    let id = client.call(request).unwrap().unique_identifier;
    assert_eq!(custody(client, &id), "assisted");
    let mac = client.call(requests::mac(&id, b"in memory")).unwrap().mac_data.unwrap();
    assert_eq!(mac.len(), 32);
    id
}

#[test]
fn assisted_key_is_wiped_after_use() {
    let trial = Trial::on(TokenKind::SoftHsm);
    let server = trial.start();
    if !memory::is_open(server.pid()) {
        // The next test shows that this is as it should be.
        docs::say("SKIPPED: assisted_key_is_wiped_after_use: only root reads that process' memory");
        return;
    }
    let mut secrets = Secrets::default();
    for length in [16, 32, 200] {
        let key = material::random(length);
        secrets.add(&format!("assisted key of {length} bytes"), &key);
        let mut client = server.client();
        let id = bring_and_use(&mut client, &key);
        client.close();
        // Used again, on another connection and by another thread.
        let mut client = server.client();
        for _ in 0..20 {
            client.call(requests::mac(&id, &[7; 5_000])).unwrap();
        }
        client.close();
    }
    let mut client = server.client();
    let id = client.make_aes(&[]).unwrap();
    for _ in 0..200 {
        let sealed = client.encrypted(&id, b"other work").unwrap();
        client.decrypted(&id, &sealed).unwrap();
    }
    client.close();
    let found = memory::search(server.pid(), &secrets.needles());
    assert_eq!(secrets.found(&found.counts), Vec::<String>::new());
    let control = memory::count(server.pid(), &[b"claviger-dev"]);
    assert!(control[0] > 0, "the memory cannot be searched");
    server.stop();
}

/// Whether an ordinary user of the server's own name may look into its process. The kernel lets
/// nobody do so who could not have its core dump.
fn is_open_to_its_user(server: &Server) -> bool {
    let file = format!("/proc/{}/maps", server.pid());
    let mut command = ordinary("head");
    command.args(["-c", "1", &file]).stdin(Stdio::null()).stderr(Stdio::null());
    command.output().unwrap().status.success()
}

fn is_root() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    status.lines().any(|line| line.starts_with("Uid:\t0\t"))
}

fn ordinary(program: &str) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new(ORDINARY[0]);
    command.args(&ORDINARY[1..]).arg(program);
    command
}

#[test]
fn server_with_assisted_keys_leaves_no_core_image() {
    let mut trial = Trial::on(TokenKind::SoftHsm);
    if is_root() {
        trial = trial.launched_by(&ORDINARY);
    }
    let server = trial.start();
    bring_and_use(&mut server.client(), &material::random(32));
    assert!(!is_open_to_its_user(&server), "a core image would hold assisted keys");
    server.stop();
    // Where nothing is assisted the process is as open as any: this is what makes the difference.
    trial.edit_config("assisted = true", "assisted = false");
    let server = trial.start();
    assert!(is_open_to_its_user(&server), "the process cannot be looked into in any case");
    server.stop();
}
