//! `claviger`: a KMIP server whose keys live in a PKCS#11 token.
#![forbid(unsafe_code)]

fn main() {}
