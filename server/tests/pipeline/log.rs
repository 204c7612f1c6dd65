//! What the log tells at its usual level: the failures that are the operator's to mend, and not those that
//! clients bring about.

use std::io::{self, Write};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use hsm_backend::HsmErrorKind;
use hsm_backend::fault::Verb;
use kmip_core::types::{BlockCipherMode, Operation, ResultReason as Reason};
use server::object::CustodyRules;
use tracing::Level;

use crate::support::World;
use crate::support::ask::{data, plain_mode, uid};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is logged on this thread while `work` goes on.
fn told(work: impl FnOnce()) -> String {
    let lines = Lines::default();
    let writer = lines.clone();
    let log = tracing_subscriber::fmt().with_max_level(Level::INFO).with_ansi(false);
    let log = log.with_writer(move || writer.clone()).finish();
    tracing::subscriber::with_default(log, work);
    let bytes = lines.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn failing_store_and_missing_keys_are_told_and_mistakes_of_clients_are_not() {
    let (world, left) = World::fragile(CustodyRules::default());
    let demo = world.demo();
    let key = demo.active(Vec::new());
    let get = |key: &str| demo.fails(Operation::Get, vec![uid(key)]);
    let log = told(|| assert_eq!(get("nobody"), Reason::ItemNotFound));
    assert_eq!(log, "");

    left.store(0, Ordering::SeqCst);
    let log = told(|| assert_eq!(get(&key), Reason::GeneralFailure));
    assert!(log.contains("ERROR") && log.contains("is full"), "{log}");
    left.store(usize::MAX, Ordering::SeqCst);

    world.token.fail_always(Verb::Encrypt, HsmErrorKind::KeyNotFound);
    let ecb = vec![uid(&key), plain_mode(BlockCipherMode::ECB), data(&[0; 16])];
    let log = told(|| assert_eq!(demo.fails(Operation::Encrypt, ecb), Reason::GeneralFailure));
    assert!(log.contains("ERROR") && log.contains("item failed"), "{log}");
}
