//! The network side: sockets, TLS, frames, deadlines. Async ends here.

mod client_verifier;
mod connection;
mod control;
mod door;
mod https;
pub(crate) mod limits;
pub mod listener;
mod room;
pub mod tls;

pub use client_verifier::ClientVerifier;
pub use control::{ListenerControl, RebindError};
pub use door::Door;
