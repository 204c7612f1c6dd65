//! The command line. A subcommand is a variant here, a struct of arguments, and an arm in `main`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

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
    /// Serve KMIP as a configuration file says.
    Serve(ServeArgs),
    /// Check a configuration file and the certificates it names.
    CheckConfig(CheckConfigArgs),
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
    /// The SoftHSM2 library [default: searched in the usual places].
    #[arg(long, value_name = "PATH")]
    pub pkcs11_module: Option<PathBuf>,
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
    /// Folder of a trial, as made by `claviger dev`, which runs `serve` with it.
    #[arg(long, value_name = "DIR", hide = true)]
    pub dev_data_dir: Option<PathBuf>,
}

/// Arguments of `claviger check-config`.
#[derive(Args, Debug)]
pub struct CheckConfigArgs {
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
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
