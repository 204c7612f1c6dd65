//! The process that uses the bare token.

use std::io::BufRead;
use std::time::{Duration, Instant};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::aead::GcmParams;
use cryptoki::object::{Attribute, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::{RawAuthPin, Ulong};

use super::Job;
use crate::bench::BenchError;
use crate::bench::workload::{ENCRYPTED_BYTES, IV_BYTES, SIGNED_BYTES};
use crate::cli::BenchRawArgs;
use crate::config::{Config, environment};

/// Tag of GCM, in bits.
const TAG_BITS: u64 = 128;

/// Opens the token, says so, and does what stdin orders until that ends.
///
/// Must be called before any thread is started: see [`environment::ensure`].
///
/// # Errors
///
/// [`BenchError`].
pub fn serve(args: &BenchRawArgs, say: &dyn Fn(&str)) -> Result<(), BenchError> {
    let config = Config::load(&args.config)?;
    environment::ensure(&config.token.environment)?;
    let mut token = Bare::open(&config)?;
    say(&token.library);
    for order in std::io::stdin().lock().lines() {
        let order = order.map_err(BenchError::system("orders"))?;
        let (job, threads, time) = parse(&order).ok_or(BenchError::Raw(order))?;
        let (count, took) = token.round(job, threads, time)?;
        say(&format!("{count} {}", took.as_micros()));
    }
    Ok(())
}

fn parse(order: &str) -> Option<(Job, usize, Duration)> {
    let mut words = order.split_whitespace();
    let job = Job::named(words.next()?)?;
    let threads = words.next()?.parse().ok().filter(|threads| *threads > 0)?;
    let millis = words.next()?.parse().ok()?;
    Some((job, threads, Duration::from_millis(millis)))
}

struct Bare {
    context: Pkcs11,
    slot: Slot,
    library: String,
    /// One per thread, opened when first needed and kept.
    sessions: Vec<Session>,
    /// Only if the server has made one.
    rsa: Vec<ObjectHandle>,
    aes: Vec<ObjectHandle>,
    /// Holds the copies of the keys.
    _owner: Session,
}

impl Bare {
    /// As the server does it: one login, and copies of the keys that live in a session.
    fn open(config: &Config) -> Result<Self, BenchError> {
        let context = Pkcs11::new(&config.token.module)?;
        context.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK))?;
        let info = context.get_library_info()?;
        let version = info.library_version();
        let library =
            format!("{} {}.{}", info.manufacturer_id().trim(), version.major(), version.minor());
        let slot = find_slot(&context, config)?;
        let owner = context.open_rw_session(slot)?;
        let pin = RawAuthPin::new(Box::new(config.token.pin.read()?.expose().to_vec()));
        owner.login_with_raw(UserType::User, &pin)?;
        let rsa = copies(
            &owner,
            &[
                Attribute::Class(ObjectClass::PRIVATE_KEY),
                Attribute::KeyType(KeyType::RSA),
                Attribute::Sign(true),
            ],
        )?;
        let aes = copies(
            &owner,
            &[
                Attribute::Class(ObjectClass::SECRET_KEY),
                Attribute::KeyType(KeyType::AES),
                Attribute::Encrypt(true),
                Attribute::Decrypt(true),
            ],
        )?;
        Ok(Self { context, slot, library, sessions: Vec::new(), rsa, aes, _owner: owner })
    }

    /// Keeps that many threads busy for `time`; gives the number of operations and their time.
    fn round(
        &mut self,
        job: Job,
        threads: usize,
        time: Duration,
    ) -> Result<(u64, Duration), BenchError> {
        while self.sessions.len() < threads {
            self.sessions.push(self.context.open_rw_session(self.slot)?);
        }
        let keys = match job {
            Job::Sign => &self.rsa,
            Job::Encrypt => self.aes.get(..1).unwrap_or_default(),
            Job::EncryptAll => &self.aes,
        };
        if keys.is_empty() {
            return Err(BenchError::Measure("the server's key is not in the token"));
        }
        let sessions = self.sessions.iter_mut().take(threads);
        let begun = Instant::now();
        let count = std::thread::scope(|scope| {
            // Each thread begins with another key.
            let threads = (0..)
                .zip(sessions)
                .map(|(number, session)| {
                    let keys = keys.iter().cycle().skip(number * keys.len() / threads);
                    scope.spawn(move || until(session, job, keys, begun + time))
                })
                .collect::<Vec<_>>();
            threads.into_iter().try_fold(0, |sum, thread| {
                let count = thread.join().map_err(|_| BenchError::Measure("a thread died"))??;
                Ok::<_, BenchError>(sum + count)
            })
        })?;
        Ok((count, begun.elapsed()))
    }
}

/// The slot of the server's token.
pub(in crate::bench) fn find_slot(context: &Pkcs11, config: &Config) -> Result<Slot, BenchError> {
    for slot in context.get_slots_with_token()? {
        let label = context.get_token_info(slot)?;
        if config.token.select.label.as_deref() == Some(label.label().trim_end()) {
            return Ok(slot);
        }
    }
    Err(BenchError::Measure("the server's token is not there"))
}

/// Copies, in the session, of all keys of the server's that are like this.
fn copies(session: &Session, like: &[Attribute]) -> Result<Vec<ObjectHandle>, BenchError> {
    let template = [
        Attribute::Token(false),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
    ];
    let found = session.find_objects(like)?;
    Ok(found
        .into_iter()
        .map(|key| session.copy_object(key, &template))
        .collect::<Result<_, _>>()?)
}

fn until<'a>(
    session: &mut Session,
    job: Job,
    mut keys: impl Iterator<Item = &'a ObjectHandle>,
    end: Instant,
) -> Result<u64, BenchError> {
    let mut count = 0;
    while Instant::now() < end
        && let Some(key) = keys.next()
    {
        match job {
            Job::Sign => sign(session, *key)?,
            Job::Encrypt | Job::EncryptAll => encrypt(session, *key)?,
        }
        count += 1;
    }
    Ok(count)
}

fn sign(session: &Session, key: ObjectHandle) -> Result<(), BenchError> {
    session.sign(&Mechanism::Sha256RsaPkcs, key, &[0x5A; SIGNED_BYTES])?;
    Ok(())
}

fn encrypt(session: &Session, key: ObjectHandle) -> Result<(), BenchError> {
    let mut iv = [0x17; IV_BYTES];
    let parameters = GcmParams::new(&mut iv, &[], Ulong::from(TAG_BITS))?;
    session.encrypt(&Mechanism::AesGcm(parameters), key, &[0x5A; ENCRYPTED_BYTES])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_read_and_others_refused() {
        let order = (Job::Sign, 8, Duration::from_millis(250));
        assert_eq!(parse("sign 8 250"), Some(order));
        for wrong in ["", "sign", "sign 0 250", "wrap 1 1", "sign x 1"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
