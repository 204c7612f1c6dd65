//! `claviger audit`

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `claviger audit`: reads the log's files, with or without a running server.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Check that every record is there as it was written, and signed. Exit code 1 if one is not.
    Verify(AuditVerifyArgs),
    /// Show records.
    Show(AuditShowArgs),
    /// Show the last records, and the next ones as they come.
    Tail(AuditTailArgs),
    /// Print the public key that verifies the log's signatures, as the log itself names it. Keep a
    /// copy elsewhere for `verify --public-key`.
    Key(AuditKeyArgs),
}

/// Which log.
#[derive(Args, Clone, Debug)]
pub struct AuditLogArgs {
    /// Files of one log, in any order [default: those of the configuration's file sinks].
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// The server's configuration file, which names the log and the database.
    #[arg(long, value_name = "FILE", default_value = "/etc/claviger/claviger.toml")]
    pub config: PathBuf,
}

/// Which records.
#[derive(Args, Clone, Debug, Default)]
pub struct AuditFilterArgs {
    /// Only of this scope.
    #[arg(long, value_name = "NAME")]
    pub scope: Option<String>,
    /// Only of this operation, for example Create.
    #[arg(long, value_name = "NAME")]
    pub operation: Option<String>,
    /// Only about the object of this Unique Identifier.
    #[arg(long, value_name = "ID")]
    pub object: Option<String>,
    /// Only from this time on, in UTC: 2026-01-31 or 2026-01-31T12:00:00Z.
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Only what failed or was refused.
    #[arg(long)]
    pub failed: bool,
    /// Print the records as they are written, a line of JSON each.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `claviger audit verify`.
#[derive(Args, Debug)]
pub struct AuditVerifyArgs {
    /// Which log.
    #[command(flatten)]
    pub log: AuditLogArgs,
    /// A PEM file with the public key that signed the log; may be given several times [default: the
    /// key that the log itself names].
    #[arg(long, value_name = "FILE")]
    pub public_key: Vec<PathBuf>,
    /// The first record that must be there, where older ones are kept elsewhere.
    #[arg(long, value_name = "RECORD")]
    pub from: Option<u64>,
    /// Print JSON instead of text.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `claviger audit show`.
#[derive(Args, Debug)]
pub struct AuditShowArgs {
    /// Which log.
    #[command(flatten)]
    pub log: AuditLogArgs,
    /// Which records.
    #[command(flatten)]
    pub filter: AuditFilterArgs,
}

/// Arguments of `claviger audit tail`.
#[derive(Args, Debug)]
pub struct AuditTailArgs {
    /// Which log.
    #[command(flatten)]
    pub log: AuditLogArgs,
    /// Which records.
    #[command(flatten)]
    pub filter: AuditFilterArgs,
    /// How many of the last records.
    #[arg(short = 'n', long, value_name = "N", default_value_t = 10)]
    pub lines: usize,
    /// Go on with the records that come.
    #[arg(short, long)]
    pub follow: bool,
}

/// Arguments of `claviger audit key`.
#[derive(Args, Debug)]
pub struct AuditKeyArgs {
    /// Which log.
    #[command(flatten)]
    pub log: AuditLogArgs,
}
