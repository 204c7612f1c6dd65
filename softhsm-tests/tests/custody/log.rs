//! A log that tells everything else.

use kmip_core::object::Object;
use softhsm_tests::requests::{self, Shortcuts};
use softhsm_tests::server::Trial;
use softhsm_tests::{material, memory};

/// Every way in which a line of a log could show these bytes.
pub(crate) fn spellings(bytes: &[u8]) -> Vec<Vec<u8>> {
    let lower = bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let list = bytes.iter().map(u8::to_string).collect::<Vec<_>>().join(", ");
    let upper = lower.to_uppercase();
    vec![bytes.to_vec(), lower.into_bytes(), upper.into_bytes(), list.into_bytes()]
}

#[test]
fn log_at_trace_level_holds_no_secret() {
    let trial = Trial::new().with_variable("CLAVIGER_LOG", "trace");
    let server = trial.start();
    let mut client = server.client();
    let plaintext = b"canary in the plaintext, 0123456789";
    let key = material::random(32);
    let id = client.bring_aes(&key, &[]).unwrap();
    let sealed = client.encrypted(&id, plaintext).unwrap();
    assert_eq!(client.decrypted(&id, &sealed).unwrap(), plaintext);
    client.call(requests::get(&id)).unwrap();
    // Refusals are logged with more words than successes.
    client.decrypted(&id, &plaintext[..16]).unwrap_err();
    let mut wrong = requests::register_aes(&key, &[]);
    if let Object::SymmetricKey(brought) = &mut wrong.object {
        brought.key_block.cryptographic_length = Some(128);
    }
    client.call(wrong).unwrap_err();
    let pin = std::fs::read(trial.data().join("pin")).unwrap();
    server.stop();

    let log = trial.log();
    assert!(memory::occurrences(&log, b"DEBUG") > 0, "the log is not as talkative as it can be");
    for secret in [plaintext.as_slice(), &plaintext[..16], &key, pin.trim_ascii()] {
        for spelling in spellings(secret) {
            let place = log.windows(spelling.len()).position(|window| window == spelling);
            let line = place.map(|at| {
                let start = log[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |n| n + 1);
                String::from_utf8_lossy(&log[start..at]).into_owned()
            });
            assert_eq!(line, None, "a secret follows these words");
        }
    }
}
