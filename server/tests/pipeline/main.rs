//! The KMIP pipeline from end to end, in process: bytes in, bytes out.
//!
//! Every answer, whatever the test is about, is held against the rules that no answer may break:
//! see [`support::answer`].
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![allow(clippy::cloned_ref_to_slice_refs, reason = "`[one.clone()]` reads as what it is: a list")]

mod asynchronous;
mod audit;
mod bad_input;
mod batch;
mod certificates;
mod credentials;
mod crypto;
mod custody;
mod doors;
mod health;
mod isolation;
mod leases;
mod life;
mod log;
mod messenger;
mod model;
mod objects;
mod outage;
mod roles;
mod room;
mod rules;
mod scopes;
mod secrets;
mod support;
mod undo;
