//! Claviger, the library behind the binary.
#![forbid(unsafe_code)]

pub mod admin;
pub mod app;
pub mod authz;
pub mod bell;
pub mod bench;
pub mod bridge;
pub mod check_config;
pub mod cli;
pub mod client;
pub mod config;
pub mod ctl;
pub mod demo;
pub mod dev;
pub mod doctor;
pub mod housekeeping;
pub mod identity;
pub mod invocations;
pub mod keyring;
pub mod lifecycle;
pub mod net;
pub mod object;
pub mod operation;
pub mod pipeline;
pub mod pki;
pub mod reconcile;
pub mod rewrap;
pub mod sealing;
pub mod serve;
pub mod services;
pub mod store;
pub mod streams;
pub mod telemetry;
mod text;
pub mod usage_limits;
pub mod worker;
pub mod x509;
