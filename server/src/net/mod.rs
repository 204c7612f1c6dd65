//! The network side: sockets, TLS, frames, deadlines. Async ends here.

mod client_verifier;
mod connection;
mod limits;
pub mod listener;
pub mod tls;

pub use client_verifier::ClientVerifier;
