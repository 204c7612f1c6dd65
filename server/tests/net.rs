//! The network side as a client sees it, with an echoing handler behind it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "net/https.rs"]
mod https;
#[path = "net/https_life.rs"]
mod https_life;
#[path = "net/support.rs"]
mod support;
#[path = "net/traffic.rs"]
mod traffic;
#[path = "net/trust.rs"]
mod trust;
