//! Checks a log without the server: every record, their order, and the signatures over them.

mod walk;

use std::io;
use std::path::PathBuf;

use hsm_backend::{PublicKey, SignInput, software};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::files::Lines;
use super::record::Place;
use crate::bridge::key_format;
use crate::ca::default_algorithm;
use walk::Walk;

/// What is known of a log besides its files.
#[derive(Clone, Debug, Default)]
pub struct Knowledge {
    /// The public keys that may have signed it; empty: the first one that the log itself names.
    pub keys: Vec<VerifyingKey>,
    /// The record that was signed last, by the server's database.
    pub signed: Option<Place>,
    /// The first record that must be there; those before may be kept elsewhere.
    pub from: Option<u64>,
}

/// A public key that verifies heads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VerifyingKey {
    /// SHA-256 of its SubjectPublicKeyInfo, in hexadecimal.
    pub name: String,
    #[serde(skip)]
    key: PublicKey,
}

impl VerifyingKey {
    /// Reads a SubjectPublicKeyInfo; `None` for one of no kind that signs here.
    #[must_use]
    pub fn read(spki: &[u8]) -> Option<Self> {
        let key = key_format::public_from_spki(spki).ok()?;
        Some(Self { name: hex::encode(Sha256::digest(spki)), key })
    }

    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let algorithm = default_algorithm(&self.key);
        let input = SignInput::Message(message);
        software::verify(&self.key, algorithm, None, input, signature).unwrap_or(false)
    }
}

/// Something that is not as the server wrote it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The file, where it is in one.
    pub file: Option<PathBuf>,
    /// The line in it, from 1.
    pub line: u64,
    /// The record's number, as far as it can be told.
    pub sequence: Option<u64>,
    /// What is wrong.
    pub why: String,
}

/// What a log holds, and what is wrong with it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Its first record.
    pub first: Option<u64>,
    /// Its last record.
    pub last: Option<u64>,
    /// How many there are.
    pub records: u64,
    /// Signatures that hold.
    pub heads: u64,
    /// The last record that a signature covers.
    pub signed: Option<u64>,
    /// Intents without an outcome: a crash cut them off, or they are still under way.
    pub open: u64,
    /// The keys that signed.
    pub keys: Vec<VerifyingKey>,
    /// Whether those keys were only named by the log itself.
    pub keys_of_the_log: bool,
    /// What is wrong. Empty: the log is as the server wrote it.
    pub findings: Vec<Finding>,
}

/// Reads `files`, which are in the order of their records, and checks them.
///
/// # Errors
///
/// Where a file cannot be read. What is wrong with its records is in the report.
pub fn verify(files: &[PathBuf], known: &Knowledge) -> io::Result<Report> {
    let mut walk = Walk::new(known);
    for file in files {
        walk.enter(file);
        let mut read = 0;
        for line in Lines::open(file)? {
            let line = line?;
            read += line.bytes();
            // A server that is at work has not written the last line to its end yet.
            if !line.is_whole() && file.metadata()?.len() > read {
                break;
            }
            walk.line(&line);
        }
    }
    Ok(walk.end())
}

#[cfg(test)]
mod tests;
