//! `claviger key`: a KMIP client for people.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use kmip_core::types::{
    CryptographicAlgorithm, CryptographicUsageMask, ObjectType, RecommendedCurve,
    RevocationReasonCode, State,
};

use super::words;

/// `claviger key`
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Make a key, or a key pair: print its Unique Identifier.
    Create(KeyCreateArgs),
    /// Let keys be used, from now on.
    Activate(KeyActivateArgs),
    /// List keys and other objects.
    List(KeyListArgs),
    /// Show all attributes of a key. Never its value.
    Show(KeyArgs),
    /// Make a key that replaces this one, and takes over its Name: print its Unique Identifier.
    Rekey(KeyReKeyArgs),
    /// End the use of keys: what was encrypted with them can still be decrypted.
    Revoke(KeyRevokeArgs),
    /// Destroy keys. There is no way back.
    Destroy(KeyDestroyArgs),
}

/// Which server is asked, and as whom.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "The server")]
pub struct KmipArgs {
    /// Address of the server's KMIP port.
    #[arg(
        long,
        value_name = "HOST:PORT",
        env = "CLAVIGER_KMIP_ENDPOINT",
        default_value = "localhost:5696"
    )]
    pub endpoint: String,
    /// Folder with client.pem, client.key and ca.pem, as `claviger credential generate --out` makes
    /// it.
    #[arg(long, value_name = "DIR", env = "CLAVIGER_CREDENTIAL")]
    pub credential: Option<PathBuf>,
    /// PEM file with the client's certificate, instead of that in the folder.
    #[arg(long, value_name = "FILE", requires = "key_file")]
    pub cert: Option<PathBuf>,
    /// PEM file with the certificate's private key, instead of that in the folder.
    #[arg(long = "key", id = "key_file", value_name = "FILE", requires = "cert")]
    pub key: Option<PathBuf>,
    /// PEM file with the CA of the server's certificate, instead of that in the folder.
    #[arg(long, value_name = "FILE", env = "CLAVIGER_CACERT")]
    pub ca_cert: Option<PathBuf>,
    /// Name that the server's certificate must carry [default: the endpoint's host].
    #[arg(long, value_name = "NAME")]
    pub server_name: Option<String>,
    /// User of the scope, where it asks for one besides the certificate.
    #[arg(long, value_name = "NAME", env = "CLAVIGER_USERNAME", requires = "password_file")]
    pub username: Option<String>,
    /// File whose first line is the user's password.
    #[arg(long, value_name = "FILE", env = "CLAVIGER_PASSWORD_FILE")]
    pub password_file: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `claviger key create`.
#[derive(Args, Debug)]
pub struct KeyCreateArgs {
    /// Its Name; the public half of a pair gets it with `-public` behind it.
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// What it is for: AES, HMAC-SHA256, RSA, EC, Ed25519 ...
    #[arg(
        long,
        visible_alias = "alg",
        value_name = "ALGORITHM",
        default_value = "AES",
        value_parser = words::algorithm
    )]
    pub algorithm: CryptographicAlgorithm,
    /// Length in bits [default: AES 256, HMAC that of its hash, RSA 3072].
    #[arg(long, visible_alias = "size", value_name = "BITS", conflicts_with = "curve")]
    pub length: Option<u32>,
    /// Curve of an EC pair [default: P-256].
    #[arg(long, value_name = "CURVE", value_parser = words::curve)]
    pub curve: Option<RecommendedCurve>,
    /// What it may do; several with commas. The halves of a pair share it: whoever decrypts, signs
    /// or unwraps has the private one [default: encrypt,decrypt for AES, mac-generate,mac-verify for
    /// HMAC, sign,verify for pairs].
    #[arg(long, value_name = "USAGE,...", value_delimiter = ',', value_parser = words::usage)]
    pub usage: Vec<CryptographicUsageMask>,
    /// Let it be used from now on.
    #[arg(long)]
    pub activate: bool,
    /// The server.
    #[command(flatten)]
    pub kmip: KmipArgs,
}

/// Arguments of `claviger key activate`.
#[derive(Args, Debug)]
pub struct KeyActivateArgs {
    /// Unique Identifiers or Names.
    #[arg(required = true, value_name = "KEY")]
    pub keys: Vec<String>,
    /// The server.
    #[command(flatten)]
    pub kmip: KmipArgs,
}

/// Arguments of `claviger key list`. What is not given is not asked for.
#[derive(Args, Debug)]
pub struct KeyListArgs {
    /// Of this Name, exactly.
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// In this state: pre-active, active, deactivated, compromised ...
    #[arg(long, value_name = "STATE", value_parser = words::state)]
    pub state: Option<State>,
    /// Of this type: symmetric-key, private-key, public-key, secret-data, certificate ...
    #[arg(long = "type", value_name = "TYPE", value_parser = words::object_type)]
    pub object_type: Option<ObjectType>,
    /// Of this algorithm.
    #[arg(long, visible_alias = "alg", value_name = "ALGORITHM", value_parser = words::algorithm)]
    pub algorithm: Option<CryptographicAlgorithm>,
    /// The server.
    #[command(flatten)]
    pub kmip: KmipArgs,
}

/// Which key.
#[derive(Args, Debug)]
pub struct KeyArgs {
    /// Its Unique Identifier or its Name.
    #[arg(value_name = "KEY")]
    pub id: String,
    /// The server.
    #[command(flatten)]
    pub kmip: KmipArgs,
}

/// Arguments of `claviger key rekey`.
#[derive(Args, Debug)]
pub struct KeyReKeyArgs {
    /// Unique Identifier or Name of the key; of a pair, that of the private half.
    #[arg(value_name = "KEY")]
    pub id: String,
    /// Let the new one be used from now on.
    #[arg(long)]
    pub activate: bool,
    /// The server.
    #[command(flatten)]
    pub kmip: KmipArgs,
}

/// Arguments of `claviger key revoke`.
#[derive(Args, Debug)]
pub struct KeyRevokeArgs {
    /// Unique Identifiers or Names.
    #[arg(required = true, value_name = "KEY")]
    pub keys: Vec<String>,
    /// Why: cessation-of-operation, superseded, key-compromise ... A compromised key counts as such
    /// for ever.
    #[arg(
        long,
        value_name = "REASON",
        default_value = "cessation-of-operation",
        value_parser = words::reason
    )]
    pub reason: RevocationReasonCode,
    /// The same in your words.
    #[arg(long, value_name = "TEXT")]
    pub message: Option<String>,
    /// The server.
    #[command(flatten)]
    pub kmip: KmipArgs,
}

/// Arguments of `claviger key destroy`.
#[derive(Args, Debug)]
pub struct KeyDestroyArgs {
    /// Unique Identifiers or Names.
    #[arg(required = true, value_name = "KEY")]
    pub keys: Vec<String>,
    /// Revoke those in use first: an active key is not destroyed.
    #[arg(long)]
    pub revoke: bool,
    /// The server.
    #[command(flatten)]
    pub kmip: KmipArgs,
}
