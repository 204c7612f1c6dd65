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

mod barbican;
mod ceph_csi;
mod ceph_nvmeof;
mod ceph_rgw;
mod claviger;
mod client;
mod couchbase;
mod cyphera;
mod edb;
mod fortigate;
mod golang;
mod ground;
mod kmip_go;
mod kmip_protocol;
mod kms_wrapping;
mod krill;
mod matrix;
mod mongodb;
mod mysql_enterprise;
mod okms;
mod openbao;
mod percona_mysql;
mod pg_tde;
mod psmdb;
mod pykmip;
mod replay;
mod scylla;
mod steps;
mod storage_array;
mod swift;
mod synology;
mod truenas;
mod vast;
mod veeam;
mod vmware;
mod zenko;

use std::process::ExitCode;

use client::Client;
use libtest_mimic::Arguments;

/// The clients, in the order of the table.
const CLIENTS: &[Client] = &[
    claviger::CLIENT,
    openbao::CLIENT,
    kms_wrapping::CLIENT,
    okms::CLIENT,
    kmip_go::CLIENT,
    pykmip::CLIENT,
    edb::CLIENT,
    swift::CLIENT,
    barbican::CLIENT,
    truenas::CLIENT,
    zenko::CLIENT,
    mongodb::CLIENT,
    percona_mysql::CLIENT,
    pg_tde::CLIENT,
    psmdb::CLIENT,
    mysql_enterprise::CLIENT,
    couchbase::CLIENT,
    scylla::CLIENT,
    ceph_rgw::CLIENT,
    ceph_csi::CLIENT,
    ceph_nvmeof::CLIENT,
    kmip_protocol::CLIENT,
    krill::CLIENT,
    cyphera::CLIENT,
    vmware::CLIENT,
    veeam::CLIENT,
    fortigate::CLIENT,
    synology::CLIENT,
    vast::CLIENT,
    storage_array::CLIENT,
];

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let clients = CLIENTS.iter().flat_map(Client::trials);
    let trials = clients.chain(replay::strict::trials()).collect::<Vec<_>>();
    let asked = trials.len();
    let conclusion = libtest_mimic::run(&arguments, trials);
    // A part of the tests tells a part of the table.
    let whole = conclusion.num_filtered_out == 0 && !arguments.list && asked > 0;
    if whole && !conclusion.has_failed() {
        matrix::check(CLIENTS);
    }
    conclusion.exit_code()
}
