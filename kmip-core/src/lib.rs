//! The KMIP 1.0 to 1.4 vocabulary: TTLV, XML and JSON forms, types, attributes, objects, payloads.
//!
//! No I/O, no async, no PKCS#11.
#![forbid(unsafe_code)]

#[macro_use]
mod macros;

pub mod attribute;
pub mod message;
pub mod object;
pub mod payload;
pub mod secret;
pub mod text;
pub mod tolerance;
pub mod ttlv;
pub mod types;
