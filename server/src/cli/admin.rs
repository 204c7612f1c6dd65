//! The subcommands that ask a running server.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::AdminArgs;

/// How an answer is printed, and whom it comes from.
#[derive(Args, Clone, Debug, Default)]
pub struct AskArgs {
    /// Print JSON instead of a table.
    #[arg(long)]
    pub json: bool,
    /// How the server is reached.
    #[command(flatten)]
    pub admin: AdminArgs,
}

/// `claviger status`
#[derive(Args, Debug)]
pub struct StatusArgs {
    /// How it is asked.
    #[command(flatten)]
    pub ask: AskArgs,
}

/// `claviger scope`
#[derive(Debug, Subcommand)]
pub enum ScopeCommand {
    /// List the scopes.
    List(ListArgs),
    /// Show a scope: its roles, and how many objects it has.
    Show(ScopeArgs),
    /// Make a scope, or change it: `unique_names=false` lets several objects have the same Name.
    Create(ScopeCreateArgs),
    /// Remove a scope that has no objects and no roles; with --force, with all of them.
    Delete(ScopeDeleteArgs),
}

/// What takes no name.
#[derive(Args, Debug)]
pub struct ListArgs {
    /// How it is asked.
    #[command(flatten)]
    pub ask: AskArgs,
}

/// Which scope.
#[derive(Args, Debug)]
pub struct ScopeArgs {
    /// Its name.
    pub scope: String,
    /// How it is asked.
    #[command(flatten)]
    pub ask: AskArgs,
}

/// Arguments of `claviger scope create`.
#[derive(Args, Debug)]
pub struct ScopeCreateArgs {
    /// Its name.
    pub scope: String,
    /// Fields as docs/ADMIN_API.md lists them. What is not named stays as it is.
    #[arg(value_name = "FIELD=VALUE")]
    pub fields: Vec<String>,
    /// How it is asked.
    #[command(flatten)]
    pub ask: AskArgs,
}

/// Arguments of `claviger scope delete`.
#[derive(Args, Debug)]
pub struct ScopeDeleteArgs {
    /// Its name.
    pub scope: String,
    /// Destroy its objects, remove its roles, revoke their credentials. There is no way back.
    #[arg(long)]
    pub force: bool,
    /// How it is asked.
    #[command(flatten)]
    pub ask: AskArgs,
}

/// `claviger role`
#[derive(Debug, Subcommand)]
pub enum RoleCommand {
    /// List the roles of a scope.
    List(ScopeArgs),
    /// Show a role.
    Show(RoleArgs),
    /// Make a role, or change it: `operation_all=true`, `export=true`, `tls_client_ttl=30d` ...
    Set(RoleSetArgs),
    /// Remove a role, and revoke its credentials.
    Delete(RoleArgs),
}

/// Which role.
#[derive(Args, Debug)]
pub struct RoleArgs {
    /// Its scope.
    pub scope: String,
    /// Its name.
    pub role: String,
    /// How it is asked.
    #[command(flatten)]
    pub ask: AskArgs,
}

/// Arguments of `claviger role set`.
#[derive(Args, Debug)]
pub struct RoleSetArgs {
    /// Its scope.
    pub scope: String,
    /// Its name.
    pub role: String,
    /// Fields as docs/ADMIN_API.md lists them. Operations are named all together: those that are not
    /// named are no longer granted. What else is not named stays as it is.
    #[arg(value_name = "FIELD=VALUE")]
    pub fields: Vec<String>,
    /// How it is asked.
    #[command(flatten)]
    pub ask: AskArgs,
}

/// `claviger credential`
#[derive(Debug, Subcommand)]
pub enum CredentialCommand {
    /// List the credentials of a role.
    List(RoleArgs),
    /// Make a key pair and a certificate for it. The private key is told this once.
    Generate(GenerateArgs),
    /// Certify the key of a certificate request.
    Sign(SignArgs),
    /// Show a credential.
    Show(SerialArgs),
    /// Revoke a credential.
    Revoke(SerialArgs),
}

/// Arguments of `claviger credential generate`.
#[derive(Args, Debug)]
pub struct GenerateArgs {
    /// Its scope.
    pub scope: String,
    /// Its role.
    pub role: String,
    /// Write client.key, client.pem and ca.pem there, and print no secret; the folder is made if
    /// absent, no file is replaced.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// How it is asked.
    #[command(flatten)]
    pub ask: AskArgs,
}

/// Arguments of `claviger credential sign`.
#[derive(Args, Debug)]
pub struct SignArgs {
    /// Its scope.
    pub scope: String,
    /// Its role.
    pub role: String,
    /// The certificate request, in PEM.
    #[arg(long, value_name = "FILE")]
    pub csr: PathBuf,
    /// Write client.pem and ca.pem there; the folder is made if absent, no file is replaced.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// How it is asked.
    #[command(flatten)]
    pub ask: AskArgs,
}

/// Which credential.
#[derive(Args, Debug)]
pub struct SerialArgs {
    /// Its scope.
    pub scope: String,
    /// Its role.
    pub role: String,
    /// Its serial number, as `list` shows it.
    pub serial: String,
    /// How it is asked.
    #[command(flatten)]
    pub ask: AskArgs,
}

/// `claviger token`
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Make a token. It is told this once.
    Create(TokenCreateArgs),
    /// List the accessors of all tokens.
    List(ListArgs),
    /// Show a token by its accessor, or your own.
    Show(TokenArgs),
    /// Let a token live longer: the one of this accessor, or your own.
    Renew(TokenArgs),
    /// End a token and all that it made: the one of this accessor, or your own.
    Revoke(TokenArgs),
}

/// Arguments of `claviger token create`.
#[derive(Args, Debug)]
pub struct TokenCreateArgs {
    /// What it may do: root, admin, operator or auditor; several with commas [default: as yours].
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    pub policy: Vec<String>,
    /// How long it lives, such as 12h or 30d [default: 32 days].
    #[arg(long, value_name = "TIME")]
    pub ttl: Option<String>,
    /// What it is called.
    #[arg(long, value_name = "TEXT")]
    pub display_name: Option<String>,
    /// Write it to this file, which must not be there, and print it not.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// How it is asked.
    #[command(flatten)]
    pub ask: AskArgs,
}

/// Which token.
#[derive(Args, Debug)]
pub struct TokenArgs {
    /// Its accessor [default: your own token].
    pub accessor: Option<String>,
    /// How it is asked.
    #[command(flatten)]
    pub ask: AskArgs,
}
