//! `claviger serve`: from the configuration to a running listener, and the stop.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::{JoinHandle, JoinSet};
use tracing::{info, warn};

use crate::admin::{Administration, AdministrationError, Kept, KmipListener};
use crate::app::{App, AppError};
use crate::check_config;
use crate::cli::ServeArgs;
use crate::config::environment::{self, EnvironmentError};
use crate::config::{Config, ConfigError};
use crate::dev::{Addresses, DevError, Trial};
use crate::identity::IdentityRules;
use crate::metrics::{self, Health, Monitor};
use crate::net::Door;
use crate::net::listener::{ListenError, Listener, Stopped, Transport};
use crate::net::tls::TlsError;
use crate::object::Scope;
use crate::process;
use crate::telemetry::{self, TelemetryError};
use crate::trust::{self, FileWatch, Gate};
use crate::worker::Workers;

/// What closing the token and the audit log may take, however much of a stop's time the requests took.
const CLOSING: Duration = Duration::from_secs(3);

/// Why the server does not run.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each variant only carries the error of the part it names")]
pub enum ServeError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Environment(#[from] EnvironmentError),
    #[error(transparent)]
    Telemetry(#[from] TelemetryError),
    #[error(transparent)]
    Dev(#[from] DevError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error(transparent)]
    App(#[from] AppError),
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error(transparent)]
    Admin(#[from] AdministrationError),
    #[error("threads, signals or sockets: {0}")]
    System(#[from] io::Error),
}

/// Serves until SIGTERM or SIGINT. `say` prints a text meant for a person at the terminal.
///
/// Must be called before any thread is started: see [`environment::ensure`]. A second signal
/// during the stop ends it at once.
///
/// # Errors
///
/// [`ServeError`], if the server cannot be started.
pub fn serve(args: &ServeArgs, say: &dyn Fn(&str)) -> Result<(), ServeError> {
    let mut config = Config::load(&args.config)?;
    if let Some(addr) = args.kmip_addr {
        config.server.kmip_addrs = vec![addr];
    }
    if let Some(addr) = args.https_addr {
        config.server.https_addrs = vec![addr];
    }
    if let Some(addr) = args.admin_addr {
        config.admin.https_addrs = vec![addr];
    }
    environment::ensure(&config.token.environment)?;
    telemetry::start(&config.log)?;
    info!(version = env!("CARGO_PKG_VERSION"), config = %config.file.display(), "starting");
    let trial = args.dev_data_dir.as_deref().map(|dir| Trial::open(dir, &config)).transpose()?;

    let gate = check_config::open_gate(&config)?;
    let app = App::open(&config, Arc::clone(&gate))?;
    if has_assisted_mode(&config, &app) {
        process::stay_out_of_core_dumps();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(config.workers.io_threads)
        .thread_name("net")
        .enable_all()
        .build()?;
    let served = open_doors(&config, &app, gate, trial.as_ref()).and_then(|doors| {
        runtime.block_on(serve_at(doors, &config, &app, args, trial.as_ref(), say))
    });
    let served = runtime.block_on(async {
        match served {
            Ok((stopped, deadline, mut signals)) => {
                finish(stopped, app, deadline, &mut signals).await;
                Ok(())
            }
            Err(error) => {
                // It may hang in the token.
                let _ = tokio::time::timeout(CLOSING, close(app)).await;
                Err(error)
            }
        }
    });
    runtime.shutdown_background();
    served
}

/// What stands between the network and the operations.
struct Doors {
    gate: Arc<Gate>,
    door: Door,
    watch: FileWatch,
    workers: Arc<Workers>,
}

fn open_doors(
    config: &Config,
    app: &App,
    gate: Arc<Gate>,
    trial: Option<&Trial>,
) -> Result<Doors, ServeError> {
    if let Some(trial) = trial {
        trial.first_token(app)?;
    }
    let services = app.services();
    trust::provide_server_certificate(&services);
    let directory = Arc::clone(&services.directory);
    let rules = Arc::new(IdentityRules::new(config, directory, Arc::clone(&gate)));
    let door = Door::new(Arc::clone(&gate), rules)?;
    let watch = FileWatch::start(&gate)?;
    let metrics = Arc::clone(&services.metrics);
    metrics.before_showing(metrics::ends_shown(Arc::clone(&gate)));
    let workers = Arc::new(Workers::start(&config.workers, app.handler(), metrics)?);
    Ok(Doors { gate, door, watch, workers })
}

/// Serves until a signal comes; tells how that ended, and until when the stop may take.
async fn serve_at(
    doors: Doors,
    config: &Config,
    app: &App,
    args: &ServeArgs,
    trial: Option<&Trial>,
    say: &dyn Fn(&str),
) -> Result<(Stopped, Instant, Signals), ServeError> {
    let Doors { gate, door, watch, workers } = doors;
    let mut signals = Signals::new()?;
    let reloading = tokio::spawn(reload(signal(SignalKind::hangup())?, watch));
    let listener = listen(config, app, args.kmip_addr.is_some(), door, &workers)?;
    let kmip = KmipListener::of(&listener, &config.server)?;
    let admin = Administration::start(config, app, gate.server.clone(), kmip).await?;
    let health = app.health();
    let pages = metrics::router(Arc::clone(&app.services().metrics), Arc::clone(&health));
    let pages = pages.merge(trust::router(Arc::clone(&app.services().trust)));
    let (monitoring, monitor) = monitoring(config, pages).await?;
    let ready = announce(&listener, (monitoring, admin.addr()), trial, say)?;
    let patience = config.server.shutdown_timeout;
    let (stopped, deadline) = run(listener, &mut signals, &workers, &health, patience).await;
    reloading.abort();
    drop((ready, monitor));
    admin.stop().await;
    Ok((stopped, deadline, signals))
}

/// Binds what `config` says, or what was set through the administration interface: that is later. The
/// command line is later still.
fn listen(
    config: &Config,
    app: &App,
    is_told: bool,
    door: Door,
    workers: &Arc<Workers>,
) -> Result<Listener, ServeError> {
    let kept = Kept::read(&*app.services().store).map_err(AppError::from)?;
    let mut server = config.server.clone();
    if let Some(addrs) = kept.listen_addrs.filter(|_| !is_told) {
        info!(?addrs, "kmip/config says where to listen, and not server.kmip_addr");
        server.kmip_addrs = addrs;
    }
    let listener = Listener::bind(&server, door, Arc::clone(workers))?;
    if let Some(ms) = kept.connection_timeout_ms {
        listener.control().set_handshake_timeout(Duration::from_millis(ms));
    }
    Ok(listener)
}

/// Whether keys may ever be in this process' memory.
fn has_assisted_mode(config: &Config, app: &App) -> bool {
    let directory = &app.services().directory;
    let role = |scope: &Scope| {
        let roles = directory.roles(scope).unwrap_or_default();
        roles
            .iter()
            .any(|name| directory.role(scope, name).is_some_and(|role| role.rules.custody.assisted))
    };
    config.scopes.iter().any(|scope| scope.rules.custody.assisted)
        || directory.scopes().iter().any(role)
}

/// Starts the listener for metrics, health and what the internal CA publishes, if there is to be one; it
/// ends with its task.
async fn monitoring(
    config: &Config,
    pages: Router,
) -> Result<(Option<SocketAddr>, JoinSet<()>), ListenError> {
    let mut task = JoinSet::new();
    let Some(addr) = config.monitoring.http_addr else { return Ok((None, task)) };
    let monitor = Monitor::bind(addr).await?;
    let addr = monitor.local_addr();
    info!(%addr, "listening for monitoring");
    task.spawn(monitor.serve(pages));
    Ok((Some(addr), task))
}

/// Tells that the listener is bound; what is returned must live as long as that is true.
fn announce(
    listener: &Listener,
    (monitoring, admin): (Option<SocketAddr>, Option<SocketAddr>),
    trial: Option<&Trial>,
    say: &dyn Fn(&str),
) -> Result<Option<impl Drop + use<>>, ServeError> {
    let plain = listener.local_addrs(Transport::Tls)?;
    let https = listener.local_addrs(Transport::Https)?;
    for addr in &plain {
        info!(%addr, "listening for KMIP");
    }
    for addr in &https {
        info!(%addr, "listening for KMIP over HTTPS");
    }
    let (Some(trial), Some(kmip)) = (trial, plain.first()) else {
        return Ok(None);
    };
    let addrs = Addresses { kmip: *kmip, https: https.first().copied(), monitoring, admin };
    let ready = trial.write_ready(addrs)?;
    say(&trial.next_steps(addrs));
    Ok(Some(ready))
}

/// Serves until a signal comes, then stops within `patience`; a second signal ends that. Tells until
/// when the stop may take, too.
async fn run(
    listener: Listener,
    signals: &mut Signals,
    workers: &Arc<Workers>,
    health: &Health,
    patience: Duration,
) -> (Stopped, Instant) {
    let (tell, told) = tokio::sync::oneshot::channel::<()>();
    let serving = listener.run(async {
        // An error means that the other end is gone, which is a stop as well.
        let _ = told.await;
    });
    tokio::pin!(serving);
    tokio::select! {
        stopped = &mut serving => return (stopped, Instant::now() + patience),
        name = signals.next() => info!(signal = name, "stopping: requests in flight are finished"),
    }
    health.stop();
    let deadline = Instant::now() + patience;
    drop(tell);
    let stopping = async {
        match serving.await {
            Stopped::Gracefully => stop(Arc::clone(workers), deadline).await,
            Stopped::TimedOut => Stopped::TimedOut,
        }
    };
    let stopped = tokio::select! {
        stopped = stopping => stopped,
        () = signals.second() => Stopped::TimedOut,
    };
    (stopped, deadline)
}

/// Waits for what goes on after it was answered, which holds no connection.
async fn stop(workers: Arc<Workers>, deadline: Instant) -> Stopped {
    let patience = deadline.saturating_duration_since(Instant::now());
    match tokio::task::spawn_blocking(move || workers.stop_within(patience)).await {
        Ok(true) => Stopped::Gracefully,
        Ok(false) | Err(_) => Stopped::TimedOut,
    }
}

/// Has the files of `[tls]` looked at on each SIGHUP, and not only every few seconds.
async fn reload(mut hangup: Signal, watch: FileWatch) {
    while hangup.recv().await.is_some() {
        watch.look();
    }
}

/// Ends the housekeeping and closes the token and the audit log, however long that takes. It has begun when
/// this returns: an app that is dropped here would hold up whoever drops it.
fn close(app: App) -> JoinHandle<()> {
    tokio::task::spawn_blocking(move || drop(app))
}

/// [Closes](close) `app`, until `deadline` or another signal, if all requests are over.
async fn finish(stopped: Stopped, app: App, deadline: Instant, signals: &mut Signals) {
    let deadline = deadline.max(Instant::now() + CLOSING);
    let is_over = match stopped {
        Stopped::Gracefully => tokio::select! {
            closed = close(app) => closed.is_ok(),
            () = tokio::time::sleep_until(deadline.into()) => false,
            () = signals.second() => false,
        },
        Stopped::TimedOut => {
            std::mem::forget(app);
            false
        }
    };
    telemetry::tell_what_was_left_out();
    if is_over {
        info!("stopped");
    } else {
        // A thread may hang in the token's library for good, so none is waited for, and the library
        // is not closed under it: the process ends as it is.
        warn!("stopped with work still in flight");
    }
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        let terminate = signal(SignalKind::terminate())?;
        let interrupt = signal(SignalKind::interrupt())?;
        Ok(Self { terminate, interrupt })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }

    /// Waits for the signal that ends a stop at once.
    async fn second(&mut self) {
        let name = self.next().await;
        warn!(signal = name, "second signal");
    }
}
