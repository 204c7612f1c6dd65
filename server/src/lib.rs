//! Claviger, the library behind the binary.
#![forbid(unsafe_code)]
