//! What many requests at once do to those who ask for little: RELIABILITY G14.

use std::time::Duration;

use kmip_core::attribute::UniqueIdentifier;

use super::figure::{Figure, Floor, Spread};
use super::load::Load;
use super::parts::{alternate, spread};
use super::trial::Trial;
use super::{BenchError, ROUNDS, workload};

/// Connections that keep the threads of a lane busy.
const FULL: usize = 8;
/// Connections of who asks for far more than that.
const GREEDY: usize = 56;
/// Connections of another who has fewer, and always something that waits.
const SOME: usize = 14;

/// RSA-2048 signatures for two scopes, of which one asks for much; its key is `rsa`.
pub(super) fn fairness(
    trial: &Trial,
    rsa: &UniqueIdentifier,
    time: Duration,
) -> Result<Vec<Figure>, BenchError> {
    let greedy = trial.connector(true)?;
    let greedy = |connections| Load::open(&greedy, connections, &[workload::sign(rsa)]);
    let other = trial.other_connector()?;
    let request = workload::sign(&workload::make_rsa(&other)?);
    let other = |connections| Load::open(&other, connections, std::slice::from_ref(&request));

    let (mut full, mut many) = (greedy(FULL)?, greedy(GREEDY)?);
    let (peak, goodput) = alternate(&mut || full.round(time), &mut || many.round(time))?;
    let (beside_full, beside_many) = slowest(&mut other(1)?, [&mut full, &mut many], time)?;
    Ok(vec![
        Figure {
            against: Some(("8 connections", peak)),
            floor: Some(Floor::RatioAtLeast(0.9)),
            ..Figure::alone(format!("RSA-2048 sign, {GREEDY} connections"), "/s", goodput)
        },
        Figure {
            against: Some(("8 connections", beside_full)),
            floor: Some(Floor::RatioAtMost(2.0)),
            ..Figure::alone("  p99 of another scope beside them", "ms", beside_many)
        },
        Figure::alone(
            format!("  Jain's index beside {SOME} of another"),
            "",
            jain(&mut many, &mut other(SOME)?, time)?,
        )
        .with_floor(Floor::AtLeast(0.9)),
    ])
}

/// The time that one answer of a hundred to `modest` exceeds, in milliseconds, beside either load.
fn slowest(
    modest: &mut Load,
    mut loads: [&mut Load; 2],
    time: Duration,
) -> Result<(Spread, Spread), BenchError> {
    let mut found = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        for (load, found) in loads.iter_mut().zip(&mut found) {
            let (_, slowest) = at_once(|| load.round(time), || modest.p99(time))?;
            found.push(slowest.as_secs_f64() * 1e3);
        }
    }
    let [one, other] = found;
    Ok((spread(one)?, spread(other)?))
}

/// How alike two have what there is: 1 for halves, 0.5 where one has it all.
fn jain(one: &mut Load, other: &mut Load, time: Duration) -> Result<Spread, BenchError> {
    let mut found = Vec::new();
    for _ in 0..ROUNDS {
        let (one, other) = at_once(|| one.round(time), || other.round(time))?;
        found.push((one + other).powi(2) / (2.0 * (one.powi(2) + other.powi(2))));
    }
    spread(found)
}

fn at_once<A: Send, B>(
    one: impl FnOnce() -> Result<A, BenchError> + Send,
    other: impl FnOnce() -> Result<B, BenchError>,
) -> Result<(A, B), BenchError> {
    std::thread::scope(|scope| {
        let one = scope.spawn(one);
        let other = other();
        let one = one.join().map_err(|_| BenchError::Measure("a thread died"))?;
        Ok((one?, other?))
    })
}
