//! What the server may ask of a token, and what a token answers. Knows no KMIP word.
#![forbid(unsafe_code)]

mod backend;
mod error;
mod job;

pub use backend::{
    CallContext, Capabilities, Encrypted, Generated, GeneratedPair, HsmBackend, KeyId, KeyRef,
    Mechanism, Output, TokenInfo, TokenState,
};
pub use error::{HsmError, HsmErrorKind};
pub use job::*;
