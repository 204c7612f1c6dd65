//! Claviger, the library behind the binary.
#![forbid(unsafe_code)]

pub mod authz;
pub mod object;
pub mod store;
