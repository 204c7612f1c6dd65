//! Logging set-up: what the configuration says, unless the environment says otherwise.

mod bound;

use tracing_subscriber::Layer;
use tracing_subscriber::filter::FilterExt;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

use self::bound::Bound;
pub use self::bound::tell_what_was_left_out;
use crate::config::{LogConfig, LogFilter, LogFilterError, LogFormat};

/// Environment variable that overrides `log.level`, with the same syntax.
pub const LOG_VARIABLE: &str = "CLAVIGER_LOG";

/// Why logging cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The environment variable is wrong.
    #[error("{LOG_VARIABLE}: {0}")]
    Variable(#[from] LogFilterError),
    /// Logging is set up already.
    #[error("logging: {0}")]
    Init(#[from] TryInitError),
}

/// Sets up logging to standard error for the whole process, once.
///
/// # Errors
///
/// [`TelemetryError`].
pub fn start(config: &LogConfig) -> Result<(), TelemetryError> {
    let filter = match std::env::var(LOG_VARIABLE) {
        Ok(text) if !text.is_empty() => LogFilter::parse(&text)?,
        Ok(_) | Err(_) => config.filter.clone(),
    };
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = match config.format {
        LogFormat::Text => lines.with_ansi(false).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    tracing_subscriber::registry()
        .with(lines.with_filter(filter.targets().and(Bound::default())))
        .try_init()?;
    log_panics_without_their_text();
    Ok(())
}

/// A panic's text may quote a request; its place in the code cannot.
fn log_panics_without_their_text() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let thread = std::thread::current();
        tracing::error!(place, thread = thread.name().unwrap_or_default(), "panic");
    }));
}
