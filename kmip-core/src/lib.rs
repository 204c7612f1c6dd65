//! The KMIP vocabulary. No I/O, no async, no PKCS#11.
#![forbid(unsafe_code)]
