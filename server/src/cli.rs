//! The command line. A subcommand is a variant here, a struct of arguments, and an arm in `main`.

mod admin;
mod audit;
mod bench;
mod custody;
mod key;
pub(crate) mod words;

use std::net::SocketAddr;
use std::path::PathBuf;

pub use admin::{
    AskArgs, CredentialCommand, GenerateArgs, ListArgs, RoleArgs, RoleCommand, RoleSetArgs,
    ScopeArgs, ScopeCommand, ScopeCreateArgs, ScopeDeleteArgs, SerialArgs, SignArgs, StatusArgs,
    TokenArgs, TokenCommand, TokenCreateArgs,
};
pub use bench::{BenchArgs, BenchBackendArgs, BenchPart, BenchRawArgs};
use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

pub use custody::{CustodyCommand, CustodyMoveArgs, CustodyName, CustodyShowArgs, KeyAddress};
pub use key::{
    KeyActivateArgs, KeyArgs, KeyCommand, KeyCreateArgs, KeyDestroyArgs, KeyListArgs, KeyReKeyArgs,
    KeyRevokeArgs, KmipArgs,
};

pub use audit::{
    AuditCommand, AuditFilterArgs, AuditKeyArgs, AuditLogArgs, AuditShowArgs, AuditTailArgs,
    AuditVerifyArgs,
};

/// KMIP server in front of the HSM you already own.
#[derive(Debug, Parser)]
#[command(name = "claviger", version, about)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Try Claviger: make a SoftHSM2 token, certificates and a configuration, then serve.
    Dev(DevArgs),
    /// Show a server started by `claviger dev` at work.
    Demo(DemoArgs),
    /// Measure the server against the bare token, on a token and a server made for it.
    Bench(BenchArgs),
    /// The bare token's side of `bench`, which runs it.
    #[command(hide = true)]
    BenchRaw(BenchRawArgs),
    /// The backend's side of `bench`, which runs it.
    #[command(hide = true)]
    BenchBackend(BenchBackendArgs),
    /// Serve KMIP as a configuration file says.
    Serve(ServeArgs),
    /// Make a server ready for administration over HTTPS, once: print the first token.
    Init(InitArgs),
    /// Get back in on the server's own machine, with the PIN of its token: print a new first token.
    Recover(RecoverArgs),
    /// Check a configuration file and the certificates it names.
    CheckConfig(CheckConfigArgs),
    /// Hash a password for the configuration (`scope.user`): typed, or a line of the input.
    HashPassword,
    /// Make keys and look after them, over KMIP, as any client of a role does.
    #[command(subcommand)]
    Key(KeyCommand),
    /// Where a key lives: ask a running server, or move it.
    #[command(subcommand)]
    Custody(CustodyCommand),
    /// The keys that wrap other keys: which there are, a new one, the end of an old one.
    #[command(subcommand)]
    WrappingKey(WrappingKeyCommand),
    /// Parts of the keys that are closed against each other.
    #[command(subcommand)]
    Scope(ScopeCommand),
    /// What the clients of a scope may do.
    #[command(subcommand)]
    Role(RoleCommand),
    /// The certificates of a role's clients.
    #[command(subcommand)]
    Credential(CredentialCommand),
    /// Tokens of the administration interface.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Ask a running server how it does.
    Status(StatusArgs),
    /// Print completion for a shell: `source <(claviger completion bash)`.
    Completion(CompletionArgs),
    /// The audit log: check it, read it.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Try out what a token can do, by doing it, and say what will work and why not.
    Doctor(DoctorArgs),
}

/// Arguments of `claviger completion`.
#[derive(Args, Debug)]
pub struct CompletionArgs {
    /// The shell.
    pub shell: ShellName,
}

/// A shell that completion is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[expect(missing_docs, reason = "they have no other name")]
pub enum ShellName {
    Bash,
    Zsh,
    Fish,
}

impl ShellName {
    /// What completes the command line there.
    #[must_use]
    pub fn completion(self) -> String {
        use clap::CommandFactory;
        let shell = match self {
            Self::Bash => Shell::Bash,
            Self::Zsh => Shell::Zsh,
            Self::Fish => Shell::Fish,
        };
        let mut text = Vec::new();
        clap_complete::generate(shell, &mut Cli::command(), "claviger", &mut text);
        String::from_utf8_lossy(&text).into_owned()
    }
}

/// How the server is reached: by its Unix socket, as the server's own user or as root; or over HTTPS,
/// with a token.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "The server")]
pub struct AdminArgs {
    /// The server's configuration file, which names the socket.
    #[arg(long, value_name = "FILE", default_value = "/etc/claviger/claviger.toml")]
    pub config: PathBuf,
    /// The server's administration socket, instead of what the configuration says.
    #[arg(long, value_name = "PATH", conflicts_with = "address")]
    pub socket: Option<PathBuf>,
    /// The server's address for administration over HTTPS, such as https://127.0.0.1:8200.
    #[arg(long, value_name = "URL", env = "CLAVIGER_ADDR")]
    pub address: Option<String>,
    /// PEM file with the CA of the server's certificate.
    #[arg(long, value_name = "FILE", env = "CLAVIGER_CACERT")]
    pub ca_cert: Option<PathBuf>,
    /// File with the token; on the Unix socket none is needed for what concerns keys.
    #[arg(long, value_name = "FILE", env = "CLAVIGER_TOKEN_FILE")]
    pub token_file: Option<PathBuf>,
    /// The token, from the environment alone: the command line is for everybody to see.
    #[arg(long, hide = true, env = "CLAVIGER_TOKEN", hide_env_values = true)]
    pub token: Option<String>,
}

/// `claviger wrapping-key`
#[derive(Debug, Subcommand)]
pub enum WrappingKeyCommand {
    /// Show the wrapping keys, and how many keys each wraps.
    Status(WrappingKeyStatusArgs),
    /// Put a new wrapping key in force; the server wraps every key anew in the background.
    Rotate(WrappingKeyRotateArgs),
    /// Destroy a retired wrapping key. Backups made before the rotation need it: keep it as long as
    /// you keep them.
    Destroy(WrappingKeyDestroyArgs),
}

/// Arguments of `claviger wrapping-key status`.
#[derive(Args, Debug)]
pub struct WrappingKeyStatusArgs {
    /// Print JSON instead of a table.
    #[arg(long)]
    pub json: bool,
    /// How the server is reached.
    #[command(flatten)]
    pub admin: AdminArgs,
}

/// Arguments of `claviger wrapping-key rotate`.
#[derive(Args, Debug)]
pub struct WrappingKeyRotateArgs {
    /// Wait until every key is wrapped anew, at most so many seconds.
    #[arg(long, value_name = "S")]
    pub wait_seconds: Option<u64>,
    /// Print JSON instead of a table.
    #[arg(long)]
    pub json: bool,
    /// How the server is reached.
    #[command(flatten)]
    pub admin: AdminArgs,
}

/// Arguments of `claviger wrapping-key destroy`.
#[derive(Args, Debug)]
pub struct WrappingKeyDestroyArgs {
    /// The wrapping key, as `status` shows it.
    pub id: String,
    /// How the server is reached.
    #[command(flatten)]
    pub admin: AdminArgs,
}

/// Arguments of `claviger dev`.
#[derive(Args, Debug)]
pub struct DevArgs {
    /// Folder for everything the trial makes; made if absent, reused if there.
    #[arg(long, value_name = "DIR", default_value = "./claviger-data")]
    pub data_dir: PathBuf,
    /// Address to listen on; port 0 takes a free port [default: 127.0.0.1:5696, or that of the
    /// last run].
    #[arg(long, value_name = "ADDR")]
    pub kmip_addr: Option<SocketAddr>,
    /// Address to listen on for KMIP over HTTPS as well; port 0 takes a free port [default: none].
    #[arg(long, value_name = "ADDR")]
    pub https_addr: Option<SocketAddr>,
    /// Address to listen on for administration over HTTPS [default: 127.0.0.1:8200, or that of the
    /// last run; a free port where --kmip-addr takes one].
    #[arg(long, value_name = "ADDR")]
    pub admin_addr: Option<SocketAddr>,
    /// The SoftHSM2 library [default: searched in the usual places].
    #[arg(long, value_name = "PATH")]
    pub pkcs11_module: Option<PathBuf>,
    /// Makes symmetric keys objects of the token, where `bench` finds them.
    #[arg(long, hide = true)]
    pub symmetric_keys_in_token: bool,
}

/// Arguments of `claviger demo`.
#[derive(Args, Debug)]
pub struct DemoArgs {
    /// The file ready.json of a running `claviger dev` [default: that in the data folder].
    #[arg(long, value_name = "PATH", conflicts_with = "data_dir")]
    pub ready: Option<PathBuf>,
    /// The data folder of a running `claviger dev`.
    #[arg(long, value_name = "DIR", default_value = "./claviger-data")]
    pub data_dir: PathBuf,
}

/// Arguments of `claviger serve`.
#[derive(Args, Debug)]
pub struct ServeArgs {
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// Address to listen on, instead of server.kmip_addr.
    #[arg(long, value_name = "ADDR")]
    pub kmip_addr: Option<SocketAddr>,
    /// Address to listen on for KMIP over HTTPS, instead of server.https_addr.
    #[arg(long, value_name = "ADDR")]
    pub https_addr: Option<SocketAddr>,
    /// Address to listen on for administration over HTTPS, instead of admin.https_addr.
    #[arg(long, value_name = "ADDR")]
    pub admin_addr: Option<SocketAddr>,
    /// Folder of a trial, as made by `claviger dev`, which runs `serve` with it.
    #[arg(long, value_name = "DIR", hide = true)]
    pub dev_data_dir: Option<PathBuf>,
}

/// Arguments of `claviger init`.
#[derive(Args, Debug)]
pub struct InitArgs {
    /// The configuration file of the server, which must not be running.
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `claviger recover`.
#[derive(Args, Debug)]
pub struct RecoverArgs {
    /// The configuration file of the server, which may be running. The PIN is typed, or is a line of
    /// the input.
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `claviger check-config`.
#[derive(Args, Debug)]
pub struct CheckConfigArgs {
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
}

/// Arguments of `claviger doctor`.
#[derive(Args, Debug)]
#[command(
    group = ArgGroup::new("target").required(true).args(["config", "module"]),
    after_help = "Exit code: 0 if everything the configuration promises can be done, 3 if something \
                  cannot,\n1 if the token cannot be examined, 2 for a wrong command line."
)]
pub struct DoctorArgs {
    /// The configuration whose token is examined, and whose promises count.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The PKCS#11 library of a token without a configuration; the defaults count.
    #[arg(long, value_name = "PATH")]
    pub module: Option<PathBuf>,
    /// The token's label [default: the only one that the library shows].
    #[arg(long, value_name = "LABEL", requires = "module")]
    pub token: Option<String>,
    /// A file with the user PIN [default: asked for].
    #[arg(long, value_name = "PATH", requires = "module", conflicts_with = "pin_env")]
    pub pin_file: Option<PathBuf>,
    /// An environment variable with the user PIN.
    #[arg(long, value_name = "NAME", requires = "module")]
    pub pin_env: Option<String>,
    /// Milliseconds to measure, per line.
    #[arg(long, value_name = "MS", default_value_t = 50)]
    pub line_ms: u64,
    /// Print JSON instead of a table.
    #[arg(long)]
    pub json: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
