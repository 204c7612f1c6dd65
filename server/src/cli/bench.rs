//! The subcommands that measure.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Arguments of `claviger bench`.
#[derive(Args, Clone, Debug)]
pub struct BenchArgs {
    /// Seconds to measure, per figure and side.
    #[arg(long, value_name = "S", default_value_t = 5.0)]
    pub seconds: f64,
    /// Numbers of connections (and threads on the bare token) to sign and encrypt with.
    #[arg(long, value_name = "N,...", value_delimiter = ',', default_value = "1,8")]
    pub connections: Vec<NonZeroUsize>,
    /// Measure only this; may be given several times.
    #[arg(long, value_name = "NAME")]
    pub only: Vec<BenchPart>,
    /// Print JSON instead of a table.
    #[arg(long)]
    pub json: bool,
    /// Address to listen on for KMIP over HTTPS as well; port 0 takes a free port [default: none].
    #[arg(long, value_name = "ADDR")]
    pub https_addr: Option<SocketAddr>,
    /// The SoftHSM2 library [default: searched in the usual places].
    #[arg(long, value_name = "PATH")]
    pub pkcs11_module: Option<PathBuf>,
}

/// A part of `claviger bench`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BenchPart {
    /// RSA-2048 signatures, beside the bare token.
    Sign,
    /// AES-256-GCM encryption of 1 KiB, beside the bare token.
    Gcm,
    /// Query, which needs no token.
    Query,
    /// Memory of the idle server.
    Memory,
    /// AES-256-GCM with 10 keys and with 2,000.
    Keys,
    /// New connections, with and without resumed TLS sessions.
    Connect,
    /// What a scope with many connections leaves to another.
    Fairness,
    /// Algorithms put together here, beside the token's call that each rides on.
    Algorithms,
    /// AES-CBC of 512 KiB, beside the bare token fed in parts.
    Large,
    /// Wrapped keys, more of them than are live in the token at once.
    Wrapped,
}

impl BenchPart {
    /// Every part, in the order they are measured.
    pub const ALL: [Self; 10] = [
        Self::Memory,
        Self::Sign,
        Self::Gcm,
        Self::Query,
        Self::Keys,
        Self::Connect,
        Self::Fairness,
        Self::Algorithms,
        Self::Large,
        Self::Wrapped,
    ];
}

/// Arguments of `claviger bench-raw`.
#[derive(Args, Debug)]
pub struct BenchRawArgs {
    /// The configuration of the server whose token it is.
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
}

/// Arguments of `claviger bench-backend`.
#[derive(Args, Debug)]
pub struct BenchBackendArgs {
    /// The configuration of the server whose token it is.
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// Most wrapped keys that are live in the token at once.
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub max_unwrapped_keys: usize,
}
