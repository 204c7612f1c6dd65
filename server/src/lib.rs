//! Claviger, the library behind the binary.
#![forbid(unsafe_code)]

pub mod app;
pub mod authz;
pub mod check_config;
pub mod cli;
pub mod config;
pub mod dev;
pub mod identity;
pub mod net;
pub mod object;
pub mod pki;
pub mod serve;
pub mod store;
pub mod telemetry;
pub mod worker;
