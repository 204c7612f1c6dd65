//! Which events are logged.

use std::str::FromStr;

use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::filter::targets::Targets;

/// A level for everything, and levels for single modules: `info,server::net=debug`.
#[derive(Clone, Debug, PartialEq)]
pub struct LogFilter(Targets);

/// A part of a filter that is neither a level nor `module=level`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither a level (off, error, warn, info, debug, trace) nor module=level")]
pub struct LogFilterError(String);

impl LogFilter {
    /// Reads a filter.
    ///
    /// # Errors
    ///
    /// [`LogFilterError`], naming the part that is wrong.
    pub fn parse(text: &str) -> Result<Self, LogFilterError> {
        let mut targets = Targets::new();
        for part in text.split(',').map(str::trim) {
            let wrong = || LogFilterError(part.to_owned());
            targets = match part.split_once('=') {
                None => targets.with_default(level(part).ok_or_else(wrong)?),
                Some((module, name)) => {
                    targets.with_target(module.trim(), level(name.trim()).ok_or_else(wrong)?)
                }
            };
        }
        Ok(Self(targets))
    }

    /// The filter as the logging library takes it.
    #[must_use]
    pub fn targets(&self) -> Targets {
        self.0.clone()
    }
}

fn level(name: &str) -> Option<LevelFilter> {
    // The library also takes numbers and the empty text; neither says anything to a reader.
    let known = name.bytes().all(|byte| byte.is_ascii_alphabetic()) && !name.is_empty();
    known.then(|| LevelFilter::from_str(name).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filter_takes_levels_and_modules() {
        for text in ["info", "off", "warn,server::net=debug", " info , a = trace"] {
            LogFilter::parse(text).unwrap();
        }
    }

    #[test]
    fn filter_refuses_unknown_levels() {
        for text in ["", "inof", "3", "info,server::net", "server=loud"] {
            LogFilter::parse(text).unwrap_err();
        }
    }
}
