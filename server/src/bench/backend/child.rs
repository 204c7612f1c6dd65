//! The process with the backend and the bare token in it.

use std::io::BufRead;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hsm_backend::pkcs11::{Pkcs11Backend, Pkcs11Config};
use hsm_backend::{
    CallContext, HsmBackend, KeyId, KeyPairSpec, KeyPolicy, KeyRef, KeyUsage, PublicKey,
    SecretKeyKind, SecretKeySpec, SignInput, TokenState, software,
};

use super::Side;
use super::cases::{CASES, Case, Verb};
use super::token::Bare;
use super::wrapped::{Pattern, Population};
use crate::bench::{BenchError, process};
use crate::cli::BenchBackendArgs;
use crate::config::{Config, environment};

/// How long the token may take to open, and a call to end.
const PATIENCE: Duration = Duration::from_secs(60);
/// What wrapped keys encrypt.
const WRAPPED_TEXT_BYTES: usize = 1024;

/// Opens the token, says so, and does what stdin orders until that ends.
///
/// Must be called before any thread is started: see [`environment::ensure`].
///
/// # Errors
///
/// [`BenchError`].
pub fn serve(args: &BenchBackendArgs, say: &dyn Fn(&str)) -> Result<(), BenchError> {
    let config = Config::load(&args.config)?;
    environment::ensure(&config.token.environment)?;
    let mut desk = Desk::open(&config, args.max_unwrapped_keys)?;
    say("ready");
    for order in std::io::stdin().lock().lines() {
        let order = order.map_err(BenchError::system("orders"))?;
        let parsed = parse(&order).ok_or(BenchError::Raw(order))?;
        let Done { count, cpu, time, hits } = desk.carry_out(&parsed)?;
        say(&format!("{count} {:.0} {} {hits}", cpu * 1e6, time.as_micros()));
    }
    Ok(())
}

/// What is to be done.
#[derive(Debug, PartialEq)]
struct Order {
    what: What,
    time: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum What {
    /// A case by its number.
    Case(usize, Side),
    Wrapped(Pattern),
}

fn parse(order: &str) -> Option<Order> {
    let mut words = order.split_whitespace();
    let (first, second) = (words.next()?, words.next()?);
    let millis = words.next()?.parse().ok()?;
    let case =
        |side| first.parse().ok().filter(|case| *case < CASES.len()).map(|it| What::Case(it, side));
    let what = match second {
        "backend" => case(Side::Backend)?,
        "token" => case(Side::Token)?,
        "wrapped" => What::Wrapped(Pattern::named(first)?),
        _ => return None,
    };
    Some(Order { what, time: Duration::from_millis(millis) })
}

struct Done {
    count: u64,
    /// Seconds of this thread.
    cpu: f64,
    time: Duration,
    hits: u64,
}

/// Everything that is used.
struct Desk {
    hsm: Arc<Pkcs11Backend>,
    bare: Bare,
    aes: KeyRef,
    rsa: KeyRef,
    public: PublicKey,
    /// Made when first used.
    wrapped: Option<Population>,
}

impl Desk {
    fn open(config: &Config, max_unwrapped_keys: usize) -> Result<Self, BenchError> {
        let mut pkcs11 = Pkcs11Config::new(&config.token.module, config.token.pin.read()?);
        pkcs11.label.clone_from(&config.token.select.label);
        pkcs11.serial.clone_from(&config.token.select.serial);
        pkcs11.max_unwrapped_keys = max_unwrapped_keys;
        let hsm = Pkcs11Backend::new(pkcs11);
        let TokenState::Ready(_) = hsm.wait_first_attempt(Instant::now() + PATIENCE) else {
            return Err(BenchError::Raw(hsm.status_text()));
        };
        let (aes, rsa) = (fresh_id()?, fresh_id()?);
        let usage = KeyUsage { encrypt: true, decrypt: true, ..KeyUsage::default() };
        let spec = SecretKeySpec { kind: SecretKeyKind::Aes, bits: 256 };
        hsm.generate_key(&call(), aes, spec, &policy(usage))?;
        let usage = KeyUsage { sign: true, decrypt: true, ..KeyUsage::default() };
        let spec = KeyPairSpec::Rsa { bits: 2048, public_exponent: vec![1, 0, 1] };
        let public = hsm.generate_key_pair(&call(), rsa, &spec, &policy(usage))?.value.public;
        let bare = Bare::open(config, aes, rsa)?;
        let (aes, rsa) = (KeyRef::Token(aes), KeyRef::Token(rsa));
        Ok(Self { hsm, bare, aes, rsa, public, wrapped: None })
    }

    fn carry_out(&mut self, order: &Order) -> Result<Done, BenchError> {
        match order.what {
            What::Case(case, side) => {
                let case = CASES.get(case).ok_or(BenchError::Measure("there is no such case"))?;
                self.case(case, side, order.time)
            }
            What::Wrapped(pattern) => self.wrapped(pattern, order.time),
        }
    }

    fn case(&self, case: &Case, side: Side, time: Duration) -> Result<Done, BenchError> {
        let (text, params) = (self.text(case)?, case.params());
        let backend = || {
            match case.verb {
                Verb::Encrypt(algorithm) => {
                    self.hsm.encrypt(&call(), &self.aes, algorithm, &params, &text).map(drop)?;
                }
                Verb::Decrypt(algorithm) => {
                    let key = if algorithm.is_public_key() { &self.rsa } else { &self.aes };
                    self.hsm.decrypt(&call(), key, algorithm, &params, &text, &[]).map(drop)?;
                }
                Verb::Sign(algorithm) => {
                    let input = SignInput::Message(&text);
                    self.hsm.sign(&call(), &self.rsa, algorithm, None, input).map(drop)?;
                }
            }
            Ok(())
        };
        match side {
            Side::Backend => timed(time, backend),
            Side::Token => timed(time, || self.bare.call(case, &text)),
        }
    }

    /// What goes in: for a decryption with a private key, a ciphertext.
    fn text(&self, case: &Case) -> Result<Vec<u8>, BenchError> {
        let text = vec![0x5A; case.bytes];
        match case.verb {
            Verb::Decrypt(algorithm) if algorithm.is_public_key() => {
                Ok(software::encrypt_public(&self.public, algorithm, &case.params(), &text)?)
            }
            Verb::Encrypt(_) | Verb::Decrypt(_) | Verb::Sign(_) => Ok(text),
        }
    }

    fn wrapped(&mut self, pattern: Pattern, time: Duration) -> Result<Done, BenchError> {
        let hsm = &*self.hsm;
        let population = match &mut self.wrapped {
            Some(population) => population,
            None => self.wrapped.insert(Population::make(hsm)?),
        };
        let text = vec![0x5A; WRAPPED_TEXT_BYTES];
        let before = hsm.unwrapped_uses();
        let done = timed(time, || population.use_one(hsm, pattern, &text))?;
        Ok(Done { hits: hsm.unwrapped_uses().hits - before.hits, ..done })
    }
}

fn timed(
    time: Duration,
    mut work: impl FnMut() -> Result<(), BenchError>,
) -> Result<Done, BenchError> {
    let (begun, before) = (Instant::now(), process::thread_cpu_seconds()?);
    let mut count = 0;
    while begun.elapsed() < time {
        work()?;
        count += 1;
    }
    let cpu = process::thread_cpu_seconds()? - before;
    Ok(Done { count, cpu, time: begun.elapsed(), hits: 0 })
}

fn policy(usage: KeyUsage) -> KeyPolicy {
    KeyPolicy { usage, sensitive: true, extractable: false, label: "bench".to_owned() }
}

pub(super) fn call() -> CallContext {
    CallContext { deadline: Instant::now() + PATIENCE, scope: "bench".to_owned(), request_id: 0 }
}

pub(super) fn fresh_id() -> Result<KeyId, BenchError> {
    let mut id = [0; 16];
    getrandom::fill(&mut id).map_err(|_| BenchError::Measure("no random numbers"))?;
    Ok(KeyId(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_read_and_others_refused() {
        let time = Duration::from_millis(250);
        let case = Order { what: What::Case(3, Side::Token), time };
        assert_eq!(parse("3 token 250"), Some(case));
        let wrapped = Order { what: What::Wrapped(Pattern::Uniform), time };
        assert_eq!(parse("uniform wrapped 250"), Some(wrapped));
        for wrong in ["", "3", "3 token", "99 token 250", "odd wrapped 250", "3 server 250"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
