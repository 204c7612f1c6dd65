//! A token whose calls come to no end: a stop does.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::Command;
use std::thread::JoinHandle;

use rustix::fs::OFlags;
use softhsm_tests::server::{Server, TokenKind, Trial};

/// Stands behind the last of the recorder's lines that is read.
const NO_FURTHER: u8 = 0;

/// The pipe into which the calls to the token are written down. Once it is full, none comes to an end.
struct Pipe {
    own: File,
    reader: JoinHandle<()>,
}

impl Pipe {
    fn at(path: &Path) -> Self {
        assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
        let open = |flags: OFlags| {
            let flags = i32::try_from(flags.bits()).unwrap();
            OpenOptions::new().read(true).write(true).custom_flags(flags).open(path).unwrap()
        };
        let (own, mut lines) = (open(OFlags::NONBLOCK), open(OFlags::empty()));
        let reader = std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            loop {
                let count = lines.read(&mut bytes).unwrap();
                if bytes[..count].contains(&NO_FURTHER) {
                    return;
                }
            }
        });
        Self { own, reader }
    }

    /// From here on every call that is written down hangs, as long as the value lives.
    fn filled(mut self) -> File {
        self.own.write_all(&[NO_FURTHER]).unwrap();
        self.reader.join().unwrap();
        for chunk in [4096, 1] {
            let full = loop {
                if let Err(error) = self.own.write(&vec![b'.'; chunk]) {
                    break error;
                }
            };
            assert_eq!(full.kind(), ErrorKind::WouldBlock, "{full}");
        }
        self.own
    }
}

/// A trial, and a server whose calls to the token hang.
fn hanging(shutdown_timeout_ms: u32) -> (Trial, Server, File) {
    let trial = Trial::on(TokenKind::SoftHsm).recorded();
    let pipe = Pipe::at(&trial.folder().join("trace.log"));
    trial.start().stop();
    let timeout = format!("[server]\nshutdown_timeout_ms = {shutdown_timeout_ms}\n");
    trial.edit_config("[server]\n", &timeout);
    let server = trial.start();
    (trial, server, pipe.filled())
}

/// Waits for its end; what it has written to its log.
fn ended(trial: &Trial, mut server: Server) -> String {
    let status = server.wait();
    assert!(status.success(), "{status}");
    String::from_utf8(trial.log()).unwrap()
}

#[test]
fn stop_ends_in_its_time_while_a_call_to_the_token_hangs() {
    let (trial, server, full) = hanging(1_000);
    server.terminate();
    let log = ended(&trial, server);
    assert!(log.contains("stopped with work still in flight"), "{log}");
    drop(full);
}

#[test]
fn second_signal_ends_a_stop_while_a_call_to_the_token_hangs() {
    // Longer than the test would wait.
    let (trial, server, full) = hanging(600_000);
    server.terminate();
    let pid = server.pid().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let log = ended(&trial, server);
    assert!(log.contains("second signal"), "{log}");
    drop(full);
}
