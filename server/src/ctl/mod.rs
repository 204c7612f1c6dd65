//! The commands that ask a running server: over its Unix socket, over HTTPS, or over KMIP.

mod call;
mod custody;
mod door;
mod key;
mod manage;
mod show;
mod wrapping_key;

use std::path::PathBuf;

use hyper::Method;
use kmip_core::types::CryptographicUsageMask;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::cli::{
    CredentialCommand, CustodyCommand, KeyCommand, RoleCommand, ScopeCommand, StatusArgs,
    TokenCommand, WrappingKeyCommand, words,
};
use crate::client::ClientError;
use crate::config::ConfigError;

pub(crate) use door::Door;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum CtlError {
    /// The configuration that is to name the socket does not hold.
    #[error(
        "{0}\nIt is to name the server's socket: give --config or --socket, or --address \
         (CLAVIGER_ADDR) with a token"
    )]
    NoDoor(ConfigError),
    /// The configuration names no socket.
    #[error("{} has no [admin] socket; add one, or give --socket or --address", .0.display())]
    NoSocket(PathBuf),
    /// An address is no `https://host:port`.
    #[error("{0:?} is no address; write https://127.0.0.1:8200")]
    Address(String),
    /// The server's CA is not named.
    #[error("name the CA of the server's certificate: --ca-cert FILE, or CLAVIGER_CACERT")]
    NoCa,
    /// The CA is of no use.
    #[error("{}: {text}", path.display())]
    Ca {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        text: String,
    },
    /// Over HTTPS nobody is known without a token.
    #[error("show a token: --token-file FILE, or CLAVIGER_TOKEN")]
    NoToken,
    /// A file cannot be read or written.
    #[error("{}: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: std::io::Error,
    },
    /// A file would have to be replaced.
    #[error("{} is there already, and no file is replaced; nothing was made", .0.display())]
    InTheWay(PathBuf),
    /// A field is not `name=value`.
    #[error("{0:?} is no field: write operation_get=true, for example")]
    Field(String),
    /// There is nothing of what was asked for.
    #[error("there is nothing")]
    Nothing,
    /// The server does not answer.
    #[error("cannot ask the server at {server}: {reason}")]
    Unreachable {
        /// Its socket or address.
        server: String,
        /// Why.
        reason: String,
    },
    /// The server refused.
    #[error("{0}")]
    Refused(String),
    /// The server refused somebody without a token.
    #[error(
        "{0}: the socket alone opens no more; show a token: --token-file FILE, or CLAVIGER_TOKEN"
    )]
    SocketAlone(String),
    /// No certificate is given.
    #[error(
        "name the client's files: --credential DIR, as `claviger credential generate --out DIR` \
         makes it, or --cert and --key"
    )]
    NoCredential,
    /// What was asked for over KMIP did not succeed.
    #[error(transparent)]
    Kmip(#[from] ClientError),
    /// No key has the name.
    #[error("there is no key of the name {0:?}")]
    NoKey(String),
    /// Several keys have the name.
    #[error("several keys have the name {0:?}; take the Unique Identifier of one")]
    SeveralKeys(String),
    /// No half of a pair is for this.
    #[error("a key pair is not for {}", usage_words(*.0))]
    Usage(CryptographicUsageMask),
    /// It took longer than it was given.
    #[error("{0} keys are not yet wrapped anew; the server goes on with them")]
    Unfinished(u64),
}

fn usage_words(usage: CryptographicUsageMask) -> String {
    let names = CryptographicUsageMask::TABLE.mask_text(usage.0);
    names.split(' ').map(words::typable).collect::<Vec<_>>().join(", ")
}

/// Carries out a `claviger custody` command.
///
/// # Errors
///
/// [`CtlError`].
pub fn custody(command: &CustodyCommand, say: &dyn Fn(&str)) -> Result<(), CtlError> {
    custody::run(command, say)
}

/// Carries out a `claviger key` command.
///
/// # Errors
///
/// [`CtlError`].
pub fn key(command: &KeyCommand, say: &dyn Fn(&str)) -> Result<(), CtlError> {
    key::run(command, say)
}

/// Carries out a `claviger wrapping-key` command.
///
/// # Errors
///
/// [`CtlError`].
pub fn wrapping_key(command: &WrappingKeyCommand, say: &dyn Fn(&str)) -> Result<(), CtlError> {
    wrapping_key::run(command, say)
}

/// Defines a command: what it says, the arguments it takes, and who carries it out.
macro_rules! commands {
    ($( $words:literal $name:ident: $arguments:ty; )*) => { $(
        #[doc = $words]
        ///
        /// # Errors
        ///
        /// [`CtlError`].
        pub fn $name(command: &$arguments, say: &dyn Fn(&str)) -> Result<(), CtlError> {
            manage::$name(command, say)
        }
    )* };
}

commands! {
    "Carries out `claviger status`." status: StatusArgs;
    "Carries out a `claviger scope` command." scope: ScopeCommand;
    "Carries out a `claviger role` command." role: RoleCommand;
    "Carries out a `claviger credential` command." credential: CredentialCommand;
    "Carries out a `claviger token` command." token: TokenCommand;
}

/// Asks for what stands in the answer's `data`.
pub(crate) fn ask<A: DeserializeOwned>(
    door: &Door,
    method: Method,
    path: &str,
    body: Option<&Value>,
) -> Result<A, CtlError> {
    let answer = call::call(door, method, path, body)?;
    serde_json::from_value(answer.data).map_err(|error| CtlError::Unreachable {
        server: door.describe(),
        reason: format!("its answer does not read: {error}"),
    })
}
