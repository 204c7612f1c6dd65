//! The network side as a client sees it, with an echoing handler behind it.

#[path = "net/support.rs"]
mod support;
#[path = "net/traffic.rs"]
mod traffic;
#[path = "net/trust.rs"]
mod trust;
