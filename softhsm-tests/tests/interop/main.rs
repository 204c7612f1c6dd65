//! Real clients, each from its own released package and unchanged, against the real server.
//!
//! A client is a module here with a row in [`CLIENTS`], a guide `docs/guides/clients/<id>.md` that its
//! first test follows word for word, and, where it comes from outside, a program
//! `softhsm-tests/interop/<id>/install`, which `./test interop` runs. What the server's audit log
//! says of the run becomes the row's line in `docs/CLIENTS.md`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod claviger;
mod client;
mod ground;
mod kmip_protocol;
mod matrix;
mod pykmip;

use std::process::ExitCode;

use client::Client;
use libtest_mimic::Arguments;

/// The clients, in the order of the table.
const CLIENTS: &[Client] = &[claviger::CLIENT, pykmip::CLIENT, kmip_protocol::CLIENT];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let trials = CLIENTS.iter().flat_map(Client::trials).collect::<Vec<_>>();
    let asked = trials.len();
    let conclusion = libtest_mimic::run(&arguments, trials);
    // A part of the tests tells a part of the table.
    let whole = conclusion.num_filtered_out == 0 && !arguments.list && asked > 0;
    if whole && !conclusion.has_failed() {
        matrix::check(CLIENTS);
    }
    conclusion.exit_code()
}
