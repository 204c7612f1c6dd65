//! The parts of the bench: what each measures, and the floor it is held against.

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use kmip_core::attribute::UniqueIdentifier;

use super::connect::Arrivals;
use super::fairness::fairness;
use super::figure::{Figure, Floor, Spread};
use super::load::Load;
use super::raw::{Job, RawToken};
use super::report::Conditions;
use super::trial::Trial;
use super::{BenchError, ROUNDS, plans, process, workload};
use crate::cli::{BenchArgs, BenchPart};
use crate::client::Connector;

/// AES keys in the store of the first server.
const FEW_KEYS: usize = 10;
/// AES keys in the store of the second.
const MANY_KEYS: usize = 2_000;
/// Connections that the floors are about.
const FULL: usize = 8;

/// What is made once and used by several parts.
pub(super) struct Bench {
    trial: Trial,
    raw: RawToken,
    rsa: UniqueIdentifier,
    aes: Vec<UniqueIdentifier>,
    /// Of the server right after its start.
    resident_mib: f64,
    connections: Vec<usize>,
    round: Duration,
    args: BenchArgs,
}

impl Bench {
    pub(super) fn start(args: &BenchArgs, round: Duration) -> Result<Self, BenchError> {
        let trial = Trial::start(args.pkcs11_module.as_deref())?;
        // Before anything is asked of it.
        let resident_mib = process::resident_mib(trial.pid())?;
        let connector = trial.connector(true)?;
        let rsa = workload::make_rsa(&connector)?;
        let aes = workload::make_aes(&connector, FEW_KEYS, 1)?;
        let raw = RawToken::start(trial.config())?;
        let connections = args.connections.iter().map(|number| number.get()).collect();
        let args = args.clone();
        Ok(Self { trial, raw, rsa, aes, resident_mib, connections, round, args })
    }

    /// Under which conditions everything is measured.
    pub(super) fn conditions(&self) -> Conditions {
        Conditions {
            version: env!("CARGO_PKG_VERSION"),
            optimised: !cfg!(debug_assertions),
            cpus: std::thread::available_parallelism().map_or(0, NonZeroUsize::get),
            token: self.raw.library().to_owned(),
            rounds: ROUNDS,
            round_seconds: self.round.as_secs_f64(),
        }
    }

    pub(super) fn measure(&mut self, part: BenchPart) -> Result<Vec<Figure>, BenchError> {
        match part {
            BenchPart::Sign => {
                let request = workload::sign(&self.rsa);
                self.against_token("RSA-2048 sign", Job::Sign, &[request])
            }
            BenchPart::Gcm => {
                let requests = self.aes.iter().take(1).map(workload::encrypt).collect::<Vec<_>>();
                self.against_token("AES-256-GCM 1 KiB", Job::Encrypt, &requests)
            }
            BenchPart::Query => self.query(),
            BenchPart::Memory => Ok(vec![self.memory()]),
            BenchPart::Keys => self.keys(),
            BenchPart::Connect => self.connect(),
            BenchPart::Algorithms => plans::algorithms(self.trial.config(), self.round),
            BenchPart::Large => plans::large(&self.trial, &self.aes, self.round),
            BenchPart::Fairness => fairness(&self.trial, &self.rsa, self.round),
            BenchPart::Wrapped => plans::wrapped(self.trial.config(), self.round),
        }
    }

    fn against_token(
        &mut self,
        name: &str,
        job: Job,
        requests: &[Vec<u8>],
    ) -> Result<Vec<Figure>, BenchError> {
        let mut figures = Vec::new();
        for connections in self.connections.clone() {
            let mut load = Load::open(&self.trial.connector(true)?, connections, requests)?;
            let (time, raw) = (self.round, &mut self.raw);
            let (token, claviger) =
                alternate(&mut || raw.round(job, connections, time), &mut || load.round(time))?;
            let held = job == Job::Sign && connections == FULL;
            figures.push(Figure {
                name: format!("{name}, {}", counted(connections)),
                unit: "/s",
                against: Some(("token", token)),
                claviger,
                floor: held.then_some(Floor::RatioAtLeast(0.75)),
            });
        }
        Ok(figures)
    }

    fn query(&self) -> Result<Vec<Figure>, BenchError> {
        let mut load = Load::open(&self.trial.connector(true)?, FULL, &[workload::query()])?;
        let (mut rates, mut costs) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let before = process::cpu_seconds(self.trial.pid())?;
            let (answers, rate) = load.counted_round(self.round)?;
            let spent = process::cpu_seconds(self.trial.pid())? - before;
            rates.push(rate);
            costs.push(spent / f64::from(answers) * 1e6);
        }
        let name = format!("Query, {}", counted(FULL));
        Ok(vec![
            Figure::alone(name, "/s", spread(rates)?).with_floor(Floor::AtLeast(10_000.0)),
            Figure::alone("  CPU per Query", "us", spread(costs)?).with_floor(Floor::AtMost(80.0)),
        ])
    }

    fn memory(&self) -> Figure {
        let resident = Spread::once(self.resident_mib);
        Figure::alone("idle memory after start", "MiB", resident).with_floor(Floor::AtMost(40.0))
    }

    /// A second server with many keys: what it costs that they are there, and what it costs to use
    /// them all in turn. Of the latter the bare token's own share stands beside it.
    fn keys(&mut self) -> Result<Vec<Figure>, BenchError> {
        let trial = Trial::start(self.args.pkcs11_module.as_deref())?;
        let connector = trial.connector(true)?;
        let begun = Instant::now();
        let many = workload::make_aes(&connector, MANY_KEYS, FULL)?;
        let made = f64::from(u32::try_from(many.len()).unwrap_or(u32::MAX));
        let made_rate = Spread::once(made / begun.elapsed().as_secs_f64());
        let some = many.get(..FEW_KEYS).unwrap_or(&many);
        let there =
            self.against_few(&connector, some, format!("{FEW_KEYS} of {MANY_KEYS} keys"))?;
        let there = there.with_floor(Floor::RatioAtLeast(0.9));
        let in_turn = self.against_few(&connector, &many, format!("{MANY_KEYS} keys in turn"))?;
        let memory = Spread::once(process::resident_mib(trial.pid())?);
        let token = self.token_with_keys(&mut RawToken::start(trial.config())?)?;
        Ok(vec![
            there,
            in_turn,
            token,
            Figure::alone(format!("  memory with {MANY_KEYS} keys in use"), "MiB", memory),
            Figure::alone(format!("  making them, {}", counted(FULL)), "/s", made_rate),
        ])
    }

    /// Encryption with `keys` of the server behind `connector`, beside that with few keys of the
    /// first server.
    fn against_few(
        &self,
        connector: &Connector,
        keys: &[UniqueIdentifier],
        what: String,
    ) -> Result<Figure, BenchError> {
        // As many requests on both sides: how much the clients keep in memory must not count.
        let requests = |keys: &[UniqueIdentifier]| {
            keys.iter().cycle().take(MANY_KEYS).map(workload::encrypt).collect::<Vec<_>>()
        };
        let mut on_few = Load::open(&self.trial.connector(true)?, FULL, &requests(&self.aes))?;
        let mut on_these = Load::open(connector, FULL, &requests(keys))?;
        let time = self.round;
        let (few, these) = alternate(&mut || on_few.round(time), &mut || on_these.round(time))?;
        Ok(Figure {
            name: format!("AES-256-GCM 1 KiB, {what}"),
            unit: "/s",
            against: Some(("10 keys", few)),
            claviger: these,
            floor: None,
        })
    }

    /// The same on the bare tokens: what of the difference is theirs.
    fn token_with_keys(&mut self, many: &mut RawToken) -> Result<Figure, BenchError> {
        let (time, few) = (self.round, &mut self.raw);
        let (few, many) = alternate(&mut || few.round(Job::EncryptAll, FULL, time), &mut || {
            many.round(Job::EncryptAll, FULL, time)
        })?;
        let name = "  the same, bare token".to_owned();
        Ok(Figure {
            name,
            unit: "/s",
            against: Some(("10 keys", few)),
            claviger: many,
            floor: None,
        })
    }

    fn connect(&self) -> Result<Vec<Figure>, BenchError> {
        let full = Arrivals::new(&self.trial, FULL, false)?;
        let resumed = Arrivals::new(&self.trial, FULL, true)?;
        let (full, resumed) =
            alternate(&mut || full.round(self.round), &mut || resumed.round(self.round))?;
        Ok(vec![
            Figure::alone(format!("new connections, {FULL} clients"), "/s", full),
            Figure::alone("  with TLS sessions resumed", "/s", resumed),
        ])
    }
}

fn counted(connections: usize) -> String {
    format!("{connections} connection{}", if connections == 1 { "" } else { "s" })
}

/// Rounds of one side and of the other in turn; who begins changes each time.
pub(super) fn alternate(
    one: &mut dyn FnMut() -> Result<f64, BenchError>,
    other: &mut dyn FnMut() -> Result<f64, BenchError>,
) -> Result<(Spread, Spread), BenchError> {
    let (mut ones, mut others) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        if round % 2 == 0 {
            ones.push(one()?);
            others.push(other()?);
        } else {
            others.push(other()?);
            ones.push(one()?);
        }
    }
    Ok((spread(ones)?, spread(others)?))
}

pub(super) fn spread(rounds: Vec<f64>) -> Result<Spread, BenchError> {
    Spread::of(rounds).ok_or(BenchError::Measure("nothing was measured"))
}
