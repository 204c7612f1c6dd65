//! Which token is examined, and the way to it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hsm_backend::pkcs11::{Pkcs11Backend, Pkcs11Config};
use hsm_backend::{
    CallContext, Capabilities, HsmBackend, HsmErrorKind, SecretValue, TokenInfo, TokenState,
};

use super::DoctorError;
use super::keys::Patience;
use super::promise::Policy;
use crate::cli::DoctorArgs;
use crate::config::environment;
use crate::config::{Config, KeysConfig, LogConfig, LogFilter, LogFormat, SecretSource};
use crate::telemetry;

/// How long the library may take to open the token.
const FIRST_ATTEMPT: Duration = Duration::from_secs(60);
/// Of a token without a configuration.
const PATIENCE: Patience =
    Patience { operation: Duration::from_secs(10), keygen: Duration::from_secs(120) };
/// What the library's troubles come to is told at the end, so not while they last.
const LOG: &str = "warn,hsm_backend::pkcs11::link=off";

/// What is examined, and against what.
pub(super) struct Target {
    pkcs11: Pkcs11Config,
    pub(super) policy: Policy,
    pub(super) patience: Patience,
}

/// An open token.
pub(super) struct Open {
    pub(super) hsm: Arc<Pkcs11Backend>,
    pub(super) capabilities: Arc<Capabilities>,
    pub(super) info: TokenInfo,
}

impl Target {
    /// What the command line asks for. Executes the program again where the library needs
    /// something in its environment; must be called before any thread is started.
    pub(super) fn of(args: &DoctorArgs) -> Result<Self, DoctorError> {
        let config = args.config.as_deref().map(Config::load).transpose()?;
        if let Some(config) = &config {
            environment::ensure(&config.token.environment)?;
        }
        let filter = LogFilter::parse(LOG).map_err(telemetry::TelemetryError::from)?;
        telemetry::start(&LogConfig { filter, format: LogFormat::Text })?;
        match (config, &args.module) {
            (Some(config), _) => Self::configured(&config),
            (None, Some(module)) => Self::named(module, args),
            (None, None) => Err(DoctorError::NoTarget),
        }
    }

    fn configured(config: &Config) -> Result<Self, DoctorError> {
        let token = &config.token;
        let mut pkcs11 = pkcs11(&token.module, || Ok(token.pin.read()?))?;
        pkcs11.label.clone_from(&token.select.label);
        pkcs11.serial.clone_from(&token.select.serial);
        pkcs11.max_sessions = usize::try_from(token.max_sessions).unwrap_or(usize::MAX);
        let patience =
            Patience { operation: token.operation_timeout, keygen: token.keygen_timeout };
        Ok(Self { pkcs11, policy: Policy::of(config), patience })
    }

    fn named(module: &Path, args: &DoctorArgs) -> Result<Self, DoctorError> {
        let mut pkcs11 = pkcs11(module, || pin(args))?;
        pkcs11.label.clone_from(&args.token);
        Ok(Self { pkcs11, policy: KeysConfig::default().into(), patience: PATIENCE })
    }

    pub(super) fn module(&self) -> &Path {
        &self.pkcs11.module
    }

    /// Logs in, once.
    pub(super) fn open(&self) -> Result<Open, DoctorError> {
        let hsm = Pkcs11Backend::new(self.pkcs11.clone());
        let state = hsm.wait_first_attempt(Instant::now() + FIRST_ATTEMPT);
        if let (TokenState::Ready(capabilities), Some(info)) = (state, hsm.info()) {
            return Ok(Open { hsm, capabilities, info });
        }
        let why = hsm.status_text();
        let deadline = Instant::now() + PATIENCE.operation;
        let call = CallContext { deadline, scope: "doctor".to_owned(), request_id: 0 };
        // What every call answers now tells a refused PIN from an absent token.
        let refused = hsm.random(&call, 1).is_err_and(|it| it.kind == HsmErrorKind::PinRejected);
        if why == CONNECTING {
            // Its thread hangs in the library, and to close would be to wait for it.
            std::mem::forget(hsm);
            return Err(DoctorError::Hangs(FIRST_ATTEMPT.as_secs()));
        }
        hsm.close();
        if refused {
            return Err(DoctorError::Pin { why });
        }
        Err(DoctorError::Token(why))
    }
}

/// What the backend says before its first attempt is over.
const CONNECTING: &str = "connecting";

fn pkcs11(
    module: &Path,
    pin: impl FnOnce() -> Result<SecretValue, DoctorError>,
) -> Result<Pkcs11Config, DoctorError> {
    if !module.is_file() {
        return Err(DoctorError::NoModule(PathBuf::from(module)));
    }
    Ok(Pkcs11Config::new(module, pin()?))
}

fn pin(args: &DoctorArgs) -> Result<SecretValue, DoctorError> {
    let source = match (&args.pin_file, &args.pin_env) {
        (Some(file), _) => SecretSource::File(file.clone()),
        (None, Some(name)) => SecretSource::Env(name.clone()),
        (None, None) => {
            let typed = rpassword::prompt_password("User PIN of the token: ");
            return Ok(SecretValue::new(typed.map_err(DoctorError::Prompt)?.into_bytes()));
        }
    };
    Ok(source.read()?)
}
