//! `claviger custody`.

use clap::{Args, Subcommand, ValueEnum};

use super::AdminArgs;

/// `claviger custody`
#[derive(Debug, Subcommand)]
pub enum CustodyCommand {
    /// Show a key: what it is, and where it lives. Never its value.
    Show(CustodyShowArgs),
    /// Move a key to another custody. Its identifier and its value stay the same.
    Move(CustodyMoveArgs),
}

/// Which key.
#[derive(Args, Clone, Debug)]
pub struct KeyAddress {
    /// Unique Identifier of the key.
    pub id: String,
    /// The scope it belongs to.
    #[arg(long, value_name = "NAME")]
    pub scope: String,
    /// Print JSON instead of a table.
    #[arg(long)]
    pub json: bool,
    /// How the server is reached.
    #[command(flatten)]
    pub admin: AdminArgs,
}

/// Arguments of `claviger custody show`.
#[derive(Args, Debug)]
pub struct CustodyShowArgs {
    /// Which key.
    #[command(flatten)]
    pub key: KeyAddress,
}

/// Arguments of `claviger custody move`.
#[derive(Args, Debug)]
pub struct CustodyMoveArgs {
    /// Which key.
    #[command(flatten)]
    pub key: KeyAddress,
    /// Where it is to live.
    #[arg(long, value_name = "CUSTODY")]
    pub custody: CustodyName,
}

/// Where a key may be moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CustodyName {
    /// An object in the token.
    Token,
    /// In the database, wrapped by a key that never leaves the token.
    Wrapped,
    /// Sealed, and used in the server's memory; only where the scope allows it.
    Assisted,
}

impl CustodyName {
    /// The word of the interface.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Wrapped => "wrapped",
            Self::Assisted => "assisted",
        }
    }
}
