//! `claviger dev`: the one-command trial.
//!
//! Everything is made below one folder and reused when run again. The command ends in executing
//! `claviger serve` in the same process, with the environment SoftHSM2 needs; [`Trial`] is the
//! part of the trial that runs there.

mod layout;
mod provision;
mod ready;
mod softhsm;

use std::convert::Infallible;
use std::ffi::OsString;
use std::fs::{File, TryLockError};
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::admin::tokens::{self, TokenError};
use crate::app::App;
use crate::audit::Refused;
use crate::authz::Housekeeping;
use crate::cli::DevArgs;
use crate::config::environment::{self, EnvironmentError};
use crate::config::{Config, ConfigError, SecretError};
use crate::pki::{Authority, PkiError, write_private};
use layout::Layout;
use provision::ProvisionError;
pub use ready::{Addresses, ReadyFile};

/// Label of the trial's token.
const TOKEN_LABEL: &str = "claviger-dev";
const DEFAULT_ADDR: &str = "127.0.0.1:5696";

/// The clients of a trial and their scopes; `demo` may export keys, `other` may not.
const CLIENTS: [(&str, &str); 3] = [("client1", "demo"), ("client2", "demo"), ("other", "other")];

/// Why there is no trial.
#[derive(Debug, thiserror::Error)]
pub enum DevError {
    /// The SoftHSM2 library is nowhere to be found.
    #[error(
        "SoftHSM2 is not installed (no {} found). Install it with:\n\n    sudo apt-get install softhsm2\n\n\
         or name the library: claviger dev --pkcs11-module /path/to/libsofthsm2.so",
        softhsm::LIBRARY
    )]
    NoSoftHsm,
    /// The library named on the command line is not there.
    #[error("{} is no file", .0.display())]
    NoModule(PathBuf),
    /// The folder holds a trial with another library.
    #[error(
        "{} says token.module = {}; edit it there, or use another --data-dir",
        file.display(), module.display()
    )]
    OtherModule {
        /// The configuration of the trial.
        file: PathBuf,
        /// The library it names.
        module: PathBuf,
    },
    /// The folder was moved since it was made.
    #[error("{} was made in another folder; move it back, or use another --data-dir", .0.display())]
    Moved(PathBuf),
    /// Another process serves this folder.
    #[error("another claviger is running with {}", .0.display())]
    Running(PathBuf),
    /// The folder's path is no UTF-8 text, which the configuration file could not hold.
    #[error("the path {} is not UTF-8", .0.display())]
    NotUtf8(PathBuf),
    /// A file or folder cannot be made.
    #[error("{}: {source}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The system has no random bytes.
    #[error("random bytes: {0}")]
    Random(getrandom::Error),
    /// Certificates cannot be made.
    #[error(transparent)]
    Pki(#[from] PkiError),
    /// The configuration does not hold.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A PIN cannot be read.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The token cannot be initialised.
    #[error(transparent)]
    Provision(#[from] ProvisionError),
    /// The first token of the administration cannot be made.
    #[error("administration: {0}")]
    FirstToken(#[from] TokenError),
    /// The first token cannot be recorded, so it was not made.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// `serve` cannot be executed.
    #[error(transparent)]
    Environment(#[from] EnvironmentError),
}

impl DevError {
    fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }
}

/// Makes what is missing, then becomes `claviger serve`; returns only with an error.
///
/// # Errors
///
/// [`DevError`].
pub fn run(args: &DevArgs) -> Result<Infallible, DevError> {
    let layout = Layout::new(&args.data_dir)?;
    let config = prepare(&layout, args)?;
    let mut arguments: Vec<OsString> = vec!["serve".into(), "--config".into()];
    arguments.extend([layout.config().into(), "--dev-data-dir".into(), layout.root().into()]);
    let admin = args.admin_addr.or_else(|| free_port_like(args.kmip_addr));
    let addrs = [
        ("--kmip-addr", args.kmip_addr),
        ("--https-addr", args.https_addr),
        ("--admin-addr", admin),
    ];
    for (name, addr) in addrs {
        if let Some(addr) = addr {
            arguments.extend([name.into(), addr.to_string().into()]);
        }
    }
    Ok(environment::replace_process(arguments, &config.token.environment)?)
}

/// A free port for administration, where KMIP takes one: there may be more than one such server.
fn free_port_like(kmip: Option<SocketAddr>) -> Option<SocketAddr> {
    kmip.filter(|addr| addr.port() == 0)
}

fn prepare(layout: &Layout, args: &DevArgs) -> Result<Config, DevError> {
    // Before anything is made: without the library there is no trial.
    let module = match layout.config().exists() {
        true => None,
        false => Some(softhsm::find_module(args.pkcs11_module.as_deref())?),
    };
    for folder in [layout.root(), &layout.pki(), &layout.tokens()] {
        private_folder(folder)?;
    }
    let _lock = lock(layout)?;
    remove_if_there(&layout.ready())?;
    for pin in [layout.pin(), layout.so_pin()] {
        random_pin(&pin)?;
    }
    certificates(layout, args.kmip_addr)?;
    softhsm::write_conf(layout)?;
    if let Some(module) = module {
        let addr = args.kmip_addr.map_or_else(|| DEFAULT_ADDR.to_owned(), |addr| addr.to_string());
        let text = layout.config_text(&module, &addr, args.symmetric_keys_in_token)?;
        std::fs::write(layout.config(), text).map_err(DevError::file(&layout.config()))?;
    }
    let config = Config::load(&layout.config())?;
    agrees(layout, &config, args.pkcs11_module.as_deref())?;
    Ok(config)
}

/// Checks that a configuration made earlier fits this folder and this command line.
fn agrees(layout: &Layout, config: &Config, wanted: Option<&Path>) -> Result<(), DevError> {
    if wanted.is_some_and(|wanted| wanted != config.token.module) {
        let module = config.token.module.clone();
        return Err(DevError::OtherModule { file: layout.config(), module });
    }
    if !config.token.module.is_file() {
        return Err(DevError::NoSoftHsm);
    }
    let made_here = config.token.environment.get(softhsm::CONF_VARIABLE);
    if made_here.map(PathBuf::from) != Some(layout.softhsm_conf()) {
        return Err(DevError::Moved(layout.root().to_owned()));
    }
    Ok(())
}

fn certificates(layout: &Layout, addr: Option<SocketAddr>) -> Result<(), DevError> {
    let authority = Authority::open_or_create(&layout.pair("ca"))?;
    let server = layout.pair("server");
    if !server.exists() {
        let extra = addr.map(|addr| addr.ip()).filter(|ip| !ip.is_unspecified());
        authority.issue_server(&server, extra)?;
    }
    for (name, scope) in CLIENTS {
        let client = layout.pair(name);
        if !client.exists() {
            authority.issue_client(&client, name, scope)?;
        }
    }
    Ok(())
}

/// Writes a PIN of 32 hexadecimal digits, unless there is one.
fn random_pin(file: &Path) -> Result<(), DevError> {
    if file.exists() {
        return Ok(());
    }
    let mut bytes = Zeroizing::new([0; 16]);
    getrandom::fill(&mut *bytes).map_err(DevError::Random)?;
    Ok(write_private(file, Zeroizing::new(hex::encode(*bytes)).as_bytes())?)
}

fn private_folder(folder: &Path) -> Result<(), DevError> {
    use std::os::unix::fs::DirBuilderExt;
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true).mode(0o700).create(folder).map_err(DevError::file(folder))
}

fn remove_if_there(file: &Path) -> Result<(), DevError> {
    match std::fs::remove_file(file) {
        Err(err) if err.kind() != io::ErrorKind::NotFound => Err(DevError::file(file)(err)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Takes the trial for this process; the lock ends with the file it returns.
fn lock(layout: &Layout) -> Result<File, DevError> {
    let path = layout.lock();
    let file = File::create(&path).map_err(DevError::file(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(DevError::Running(layout.root().to_owned())),
        Err(TryLockError::Error(err)) => Err(DevError::file(&path)(err)),
    }
}

/// The trial as seen by `serve`, after the process executed itself again.
pub struct Trial {
    layout: Layout,
    _lock: File,
}

impl Trial {
    /// Takes the folder for this process and initialises its token, if that was not done yet.
    ///
    /// # Errors
    ///
    /// [`DevError`].
    pub fn open(folder: &Path, config: &Config) -> Result<Self, DevError> {
        let layout = Layout::new(folder)?;
        let lock = lock(&layout)?;
        provision::once(&layout, config)?;
        Ok(Self { layout, _lock: lock })
    }

    /// Makes the first token of the administration, unless there was one, and keeps it in a file
    /// that only its owner can read.
    ///
    /// # Errors
    ///
    /// `FirstToken`, or `Pki` where the file cannot be written.
    pub fn first_token(&self, app: &App) -> Result<(), DevError> {
        let file = self.layout.admin_token();
        let services = app.services();
        let first = || {
            tokens::first(app.tokens(), services.clock.now(), |token| {
                remove_if_there(&file)?;
                Ok::<_, DevError>(write_private(&file, token.expose().as_bytes())?)
            })
        };
        let done = app.tokens().is_initialised(Housekeeping::new()).map_err(TokenError::Store)?;
        if !done {
            services.audit.housekeeping("first token", None, Vec::new(), first)??;
        }
        Ok(())
    }

    /// Writes `ready.json` for a server that listens there; the file is removed with the value.
    ///
    /// # Errors
    ///
    /// `File`.
    pub fn write_ready(&self, addrs: Addresses) -> Result<ReadyFile, DevError> {
        ReadyFile::write(&self.layout, addrs)
    }

    /// What a person at the terminal may type next.
    #[must_use]
    pub fn next_steps(&self, addrs: Addresses) -> String {
        ready::next_steps(&self.layout, addrs)
    }
}

#[cfg(test)]
mod tests;
