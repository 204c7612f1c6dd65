//! What the server may ask of a token, and what a token answers. Knows no KMIP word.
#![deny(unsafe_code)]
// Without a backend some encodings have no caller.
#![cfg_attr(not(feature = "pkcs11"), allow(dead_code))]

pub mod assisted;
mod backend;
mod capability;
#[cfg(feature = "contract")]
pub mod contract;
mod custody;
mod encoding;
mod error;
#[cfg(feature = "contract")]
pub mod fault;
mod job;
mod keycheck;
mod limits;
#[cfg(feature = "memory")]
pub mod memory;
mod observer;
#[cfg(feature = "pkcs11")]
pub mod pkcs11;
pub mod software;
mod streams;

pub use backend::{
    Agreement, ArrivingKey, CallContext, Encrypted, Generated, GeneratedPair, HsmBackend,
    KeyAgreement, KeyId, KeyRef, Output, TokenInfo, TokenState, WrappedCustody, WrappedKey,
    WrappedPair,
};
pub use capability::{
    AgreePlan, Capabilities, CapabilityRow, CipherPlan, DigestPlan, GeneratePlan, MacPlan,
    Mechanism, MechanismTraits, Service, SignPlan, Trial, Wish, WrapPlan, WrapProof, assists,
};
pub use error::{HsmError, HsmErrorKind};
pub use job::*;
pub use observer::{Observer, TokenUsage, Verb};
pub use streams::{StreamLimits, gives_way};
