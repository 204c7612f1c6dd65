//! The network side as a client sees it, with an echoing handler behind it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "net/support.rs"]
mod support;
#[path = "net/traffic.rs"]
mod traffic;
#[path = "net/trust.rs"]
mod trust;
