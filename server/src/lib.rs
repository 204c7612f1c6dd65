//! Claviger, the library behind the binary.
#![forbid(unsafe_code)]

pub mod authz;
pub mod config;
pub mod identity;
pub mod net;
pub mod object;
pub mod store;
pub mod worker;
