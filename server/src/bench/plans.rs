//! What the backend's own work costs over the token's: composed algorithms, large texts, and keys
//! that are unwrapped when they are used.

use std::path::Path;
use std::time::Duration;

use kmip_core::attribute::UniqueIdentifier;

use super::backend::{Backend, CASES, LARGE, POPULATION, Pattern, Round, Side};
use super::figure::{Figure, Floor};
use super::load::Load;
use super::parts::{alternate, spread};
use super::trial::Trial;
use super::{BenchError, ROUNDS, process, workload};

/// Live wrapped keys, at most: what the configuration would say.
const CACHES: [usize; 2] = [1_000, 10_000];

/// Every composed algorithm beside the call it rides on.
pub(super) fn algorithms(config: &Path, round: Duration) -> Result<Vec<Figure>, BenchError> {
    let mut backend = Backend::start(config, 1)?;
    (0..LARGE).map(|case| beside(&mut backend, case, round)).collect()
}

/// CPU time of case number `case`, by way of the backend and natively.
fn beside(backend: &mut Backend, case: usize, time: Duration) -> Result<Figure, BenchError> {
    let described = CASES.get(case).ok_or(BenchError::Measure("there is no such case"))?;
    let backend = std::cell::RefCell::new(backend);
    let cost = |side| Ok(backend.borrow_mut().case(case, side, time)?.cpu_micros);
    let (token, ours) = alternate(&mut || cost(Side::Token), &mut || cost(Side::Backend))?;
    let figure = Figure::alone(described.name, "us", ours);
    let figure = figure.with_floor(Floor::RatioAtMost(described.ceiling));
    Ok(Figure { against: Some((described.native_name(), token)), ..figure })
}

/// A large text, fed to the token in parts: by the backend, and by the server over TLS.
pub(super) fn large(
    trial: &Trial,
    keys: &[UniqueIdentifier],
    round: Duration,
) -> Result<Vec<Figure>, BenchError> {
    let case = CASES.get(LARGE).ok_or(BenchError::Measure("there is no such case"))?;
    let mut backend = Backend::start(trial.config(), 1)?;
    let figure = beside(&mut backend, LARGE, round)?;
    let key = keys.first().ok_or(BenchError::Measure("there is no key"))?;
    let request = workload::encrypt_cbc(key, case.bytes);
    let mut load = Load::open(&trial.connector(true)?, 1, &[request])?;
    let mut spent = Vec::new();
    let (token, server) =
        alternate(&mut || Ok(backend.case(LARGE, Side::Token, round)?.per_second), &mut || {
            let before = process::cpu_seconds(trial.pid())?;
            let (answers, rate) = load.counted_round(round)?;
            spent.push((process::cpu_seconds(trial.pid())? - before) / f64::from(answers) * 1e6);
            Ok(rate)
        })?;
    let over_tls = Figure::alone("  over TLS, 1 connection", "/s", server);
    Ok(vec![
        figure,
        Figure { against: Some(("token", token)), ..over_tls },
        Figure::alone("  CPU of the server per request", "us", spread(spent)?),
    ])
}

/// Unwrapping on use: how often it happens, and what it costs.
pub(super) fn wrapped(config: &Path, round: Duration) -> Result<Vec<Figure>, BenchError> {
    let mut figures = Vec::new();
    for cache in CACHES {
        let mut backend = Backend::start(config, cache)?;
        for pattern in Pattern::ALL {
            // Once for the keys that are live when it begins.
            settle(&mut backend, pattern, cache, round)?;
            let rounds = (0..ROUNDS)
                .map(|_| backend.wrapped(pattern, round))
                .collect::<Result<Vec<_>, _>>()?;
            let of = |what: fn(&Round) -> f64| spread(rounds.iter().map(what).collect());
            let name = match pattern {
                Pattern::Live => format!("wrapped keys, {}", pattern.words()),
                Pattern::Skewed | Pattern::Uniform => {
                    format!("{cache} of {POPULATION} live, {}", pattern.words())
                }
            };
            figures.push(Figure::alone(name, "us", of(|round| round.cpu_micros)?));
            let hits = of(|round| round.hits * 100.0)?;
            figures.push(Figure::alone("  found live", "%", hits));
        }
    }
    Ok(figures)
}

/// Uses keys until those that are live are the pattern's.
fn settle(
    backend: &mut Backend,
    pattern: Pattern,
    cache: usize,
    time: Duration,
) -> Result<(), BenchError> {
    let enough = f64::from(u32::try_from(3 * cache).unwrap_or(u32::MAX));
    let mut uses = 0.0;
    while uses < enough {
        uses += backend.wrapped(pattern, time)?.count;
    }
    Ok(())
}
