//! Harness of the tests that need a token: the real `claviger dev` as a child process, and what the
//! tests ask of it.
//!
//! Everything here panics when it fails, as a test does.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a harness fails its test by panicking"
)]

pub mod corpus;
pub mod crypto;
pub mod docs;
pub mod endpoint;
pub mod keys;
mod kryoptic;
pub mod material;
pub mod memory;
pub mod port;
pub mod program;
pub mod provision;
pub mod pykmip;
pub mod requests;
pub mod runner;
pub mod server;
pub mod token;
pub mod trace;
pub mod world;
