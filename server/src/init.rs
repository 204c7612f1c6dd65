//! `claviger init` and `claviger recover`: the first token of the administration, and another one for
//! who lost it. Both need the server's own machine.

use std::io::{self, BufRead, IsTerminal, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, Instant};

use hsm_backend::pkcs11::{Pkcs11Backend, Pkcs11Config};
use hsm_backend::{HsmBackend, SecretValue, TokenState};
use hyper::Method;
use serde::Deserialize;
use serde_json::json;
use zeroize::Zeroizing;

use crate::admin::tokens::{self, Secret, TokenError};
use crate::app;
use crate::audit::{Actor, Audit, AuditError, Facts, HEAD_SETTING, Outcome, Refused};
use crate::authz::Housekeeping;
use crate::cli::{InitArgs, RecoverArgs};
use crate::clock::{Clock, SystemClock};
use crate::config::environment::{self, EnvironmentError};
use crate::config::{Config, ConfigError, MAX_SECRET_BYTES, SecretError};
use crate::ctl::{self, CtlError, Door};
use crate::metrics::{Metrics, MetricsError};
use crate::store::{ObjectStore, SqliteStore, StoreError};

/// Longest wait for the token.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// The configuration does not hold.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// What the PKCS#11 library needs in its environment cannot be set.
    #[error(transparent)]
    Environment(#[from] EnvironmentError),
    /// The PIN cannot be read.
    #[error(transparent)]
    Pin(#[from] SecretError),
    /// The server is running.
    #[error("the server is running: stop it first, `claviger init` works on its store")]
    Running,
    /// The store fails.
    #[error(transparent)]
    Store(StoreError),
    /// The HSM's token cannot be used.
    #[error("the token cannot be used: {0}")]
    Token(String),
    /// There was a first token.
    #[error(
        "this server is initialised: its first token was printed then. \
         If it is lost, `claviger recover` makes another"
    )]
    Done,
    /// There is no audit log.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// What is done cannot be recorded, so it was not done.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The library that counts does not start.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// A token cannot be made.
    #[error(transparent)]
    Make(#[from] TokenError),
    /// The PIN cannot be typed.
    #[error("cannot read the PIN: {0}")]
    Input(#[from] io::Error),
    /// The running server refuses.
    #[error(transparent)]
    Server(#[from] CtlError),
}

impl From<StoreError> for InitError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::InUse => Self::Running,
            other => Self::Store(other),
        }
    }
}

/// Carries out `claviger init`: opens store and token, and makes the first token.
///
/// Must be called before any thread is started: see [`environment::ensure`].
///
/// # Errors
///
/// [`InitError`]; nothing is changed then.
pub fn init(args: &InitArgs, say: &dyn Fn(&str)) -> Result<(), InitError> {
    let config = Config::load(&args.config)?;
    environment::ensure(&config.token.environment)?;
    let store = SqliteStore::open(&config.store.path)?;
    open(app::token_config(&config, config.token.pin.read()?))?;
    let root = on_record(&config, &store, "init", || {
        let first = tokens::first(&store, SystemClock.now(), |_| Ok::<_, InitError>(()))?;
        first.ok_or(InitError::Done)
    })?;
    tell(&root, args.json, &config, say);
    Ok(())
}

/// Carries out `claviger recover`: whoever knows the PIN gets a new first token, and every other one
/// of policy root is revoked with all that it made.
///
/// Must be called before any thread is started: see [`environment::ensure`].
///
/// # Errors
///
/// [`InitError`].
pub fn recover(args: &RecoverArgs, say: &dyn Fn(&str)) -> Result<(), InitError> {
    let config = Config::load(&args.config)?;
    environment::ensure(&config.token.environment)?;
    let pin = ask_for_pin()?;
    let token = match SqliteStore::open(&config.store.path) {
        Ok(store) => {
            // Tried once: a token counts wrong PINs.
            let pin = SecretValue::new(pin.as_bytes().to_vec());
            open(app::token_config(&config, pin))?;
            on_record(&config, &store, "recover", || {
                Ok(tokens::recover(&store, "recovery", SystemClock.now())?)
            })?
        }
        Err(StoreError::InUse) => ask_the_server(&config, &pin)?,
        Err(error) => return Err(error.into()),
    };
    tell(&token, args.json, &config, say);
    Ok(())
}

/// Does `work` between its records in the audit log of the server, which is stopped.
fn on_record<T>(
    config: &Config,
    store: &SqliteStore,
    command: &str,
    work: impl FnOnce() -> Result<T, InitError>,
) -> Result<T, InitError> {
    let signed = store.setting(Housekeeping::new(), HEAD_SETTING)?;
    let signed = signed.map(|json| serde_json::from_slice(&json)).transpose();
    let signed = signed.map_err(|_| StoreError::Corrupt(HEAD_SETTING.to_owned()))?;
    let audit = Audit::open(&config.audit, signed, Metrics::new()?)?;
    let facts = Facts {
        principal: Some(Actor::Operator),
        operation: Some(format!("claviger {command}")),
        ..Facts::default()
    };
    let done = audit.attend(facts, true, work, |done| match done {
        Ok(_) => (Outcome::Success, None),
        Err(_) => (Outcome::Failed, None),
    });
    audit.stop();
    done?
}

/// Logs in to the token and out again.
fn open(config: Pkcs11Config) -> Result<(), InitError> {
    let backend = Pkcs11Backend::new(config);
    let state = backend.wait_ready(Instant::now() + PATIENCE);
    let why = backend.status_text();
    backend.close();
    match state {
        TokenState::Ready(_) => Ok(()),
        TokenState::Sealed | TokenState::Unavailable => Err(InitError::Token(why)),
    }
}

#[derive(Deserialize)]
struct Recovered {
    root_token: String,
}

/// The server compares the PIN with the one in use; the token is not asked.
fn ask_the_server(config: &Config, pin: &str) -> Result<Secret, InitError> {
    let no_socket = || CtlError::NoSocket(config.file.clone());
    let socket = config.admin.socket.as_deref().ok_or_else(no_socket)?;
    let path = "/v1/claviger/recovery";
    let told: Recovered =
        ctl::ask(&Door::socket(socket), Method::POST, path, Some(&json!({ "pin": pin })))?;
    Ok(Secret::told(told.root_token))
}

/// Asks at the terminal, or reads the first line of what is piped in.
fn ask_for_pin() -> Result<Zeroizing<String>, InitError> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        return Ok(Zeroizing::new(rpassword::prompt_password("PIN of the token: ")?));
    }
    let mut line = Zeroizing::new(String::with_capacity(2 * MAX_SECRET_BYTES));
    let limit = u64::try_from(MAX_SECRET_BYTES + 2).unwrap_or(u64::MAX);
    stdin.lock().take(limit).read_line(&mut line)?;
    Ok(Zeroizing::new(line.trim_end_matches(['\r', '\n']).to_owned()))
}

fn as_json(token: &Secret) -> String {
    format!("{:#}", json!({ "root_token": token.expose() }))
}

fn as_text(token: &Secret) -> String {
    format!(
        "Root token: {}\n\n\
         It is told this once, and may do everything. Make tokens that may do less for daily work,\n\
         and revoke this one when you have:\n\n\
         \x20   claviger token create --policy admin --ttl 30d",
        token.expose()
    )
}

/// Tells the token, and whether what was made beside it is the server's.
fn tell(token: &Secret, json: bool, config: &Config, say: &dyn Fn(&str)) {
    if json {
        return say(&as_json(token));
    }
    say(&as_text(token));
    for path in config.written_files() {
        let owner = |path: &Path| Some(std::fs::metadata(path).ok()?.uid());
        if let (Some(own), Some(folder)) = (owner(path), path.parent().and_then(owner))
            && let Some(words) = beware(path, own, folder)
        {
            say(&words);
        }
    }
}

/// What root makes in the server's folder, the server cannot open.
fn beware(path: &Path, owner: u32, of_folder: u32) -> Option<String> {
    let path = path.display();
    (owner != of_folder).then(|| {
        format!(
            "\nBeware: {path} belongs to the user {owner}, and its folder to {of_folder}. If that is who\n\
             the server runs as, give it to him, or it cannot start: chown {of_folder} {path}*"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_of_another_user_than_its_folder_is_told() {
        let path = Path::new("/var/lib/claviger/claviger.db");
        assert_eq!(beware(path, 999, 999), None);
        let words = beware(path, 0, 999).unwrap();
        assert!(words.ends_with("chown 999 /var/lib/claviger/claviger.db*"), "{words}");
    }
}
