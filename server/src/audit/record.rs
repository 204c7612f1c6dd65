//! One record: its fields, its line, its hash.
//!
//! A line is one JSON object that ends with `,"hash":"…"}`. The hash is SHA-256 over the bytes of the
//! line before that, which hold the hash of the record before: so the lines are a chain, and what is
//! checked is what is written, byte for byte.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What stands in the place of the hash before the first record.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

const HASH_KEY: &[u8] = b",\"hash\":\"";
const END: &[u8] = b"\"}";
const HASH_CHARS: usize = 64;

/// What a record is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The server has started.
    Start,
    /// The public key that verifies the heads from here on.
    Key,
    /// Something is about to be done.
    Intent,
    /// The objects that an intent is about to store: new ones have no identifier before.
    Making,
    /// What became of an intent, or of what needs none.
    #[default]
    Outcome,
    /// A signature by a key in the token over an earlier record, and so over all before it.
    Head,
    /// A crash had cut off the last line, which was set aside.
    Torn,
    /// Operations that were refused because no sink took records.
    Refused,
    /// The oldest file is about to be deleted, as `keep` says.
    Dropped,
    /// The server stops.
    Stop,
}

/// On whose behalf something is done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Actor {
    /// Nobody who could be told.
    #[default]
    Nobody,
    /// The server itself.
    Server,
    /// Whoever may open the administration socket on this machine.
    Operator,
    /// A client, by its certificate.
    Client {
        /// Issuer, in the text form of RFC 4514.
        issuer: String,
        /// Serial number in hexadecimal.
        serial: String,
    },
    /// The holder of an administration token.
    Token {
        /// Its accessor, which opens nothing.
        accessor: String,
    },
    /// The holder of an administrator's certificate.
    Certificate {
        /// Issuer, in the text form of RFC 4514.
        issuer: String,
        /// Serial number in hexadecimal.
        serial: String,
    },
}

/// How something ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It was done.
    Success,
    /// It was refused, or failed.
    Failed,
    /// It goes on after its request was answered; an intent of the same request follows.
    Pending,
    /// It was done, and taken back with its batch.
    Undone,
    /// Nobody got to know: the work broke off.
    Unknown,
}

/// A record by its place in the chain.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Place {
    /// Its number.
    pub sequence: u64,
    /// Its hash.
    pub hash: String,
}

/// What a record says besides its place. Nothing else ever gets in: no value, Name or attribute.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct Facts {
    /// Number of the intent that this belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intent: Option<u64>,
    /// The request, as the answer's Server Correlation Value names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// Who asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal: Option<Actor>,
    /// In which scope.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// In which role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// From where: address and port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer: Option<String>,
    /// Version of KMIP that the client speaks, `1.4` for example.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// What was asked for: a KMIP operation, or method and path of an administration request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// Place in the batch, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item: Option<u32>,
    /// Identifiers of the objects.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<String>,
    /// Cryptographic Algorithm of the first of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<String>,
    /// PKCS#11 mechanisms that were used, in their order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mechanisms: Vec<String>,
    /// Where the first object lives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custody: Option<String>,
    /// How it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<Outcome>,
    /// Why it failed: a KMIP Result Reason, or an HTTP status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What the token returned where it failed: a PKCS#11 return value in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ckr: Option<String>,
    /// The program that writes the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Bytes of a half line that was set aside, or operations that were refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// SHA-256 of such a half line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Last record of a file that is deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upto: Option<u64>,
    /// The record that a head signs; in a start, the last one that was ever signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed: Option<Place>,
    /// SHA-256 of the public key that verifies a head.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// That key, as a SubjectPublicKeyInfo in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_key: Option<String>,
    /// A head's signature in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
}

impl Facts {
    /// The inside of their JSON object.
    pub(super) fn encoded(&self) -> String {
        let text = serde_json::to_string(self).unwrap_or_default();
        let inside = text.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
        inside.unwrap_or_default().to_owned()
    }
}

/// A record as it is read back.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Record {
    /// Its number in the chain, from 1.
    pub sequence: u64,
    /// When it was written: RFC 3339, UTC, with milliseconds.
    pub time: String,
    /// The server that wrote it.
    pub node: String,
    /// What it is about.
    pub kind: Kind,
    /// The rest.
    #[serde(flatten)]
    pub facts: Facts,
    /// Hash of the record before.
    pub previous: String,
    /// Its own.
    pub hash: String,
}

/// Why a line is no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// It does not end with a hash.
    #[error("this is no record: it does not end with a hash")]
    NoHash,
    /// The hash is that of other bytes.
    #[error("the record was changed: it does not have the hash it says")]
    Changed,
    /// The bytes are hashed well, but are no record.
    #[error("this is no record: its fields cannot be read")]
    Fields,
}

impl Record {
    /// Reads a line without its newline, and checks its hash.
    ///
    /// # Errors
    ///
    /// [`LineError`].
    pub fn read(line: &[u8]) -> Result<Self, LineError> {
        let text = line.strip_suffix(END).ok_or(LineError::NoHash)?;
        let cut = text.len().checked_sub(HASH_CHARS).ok_or(LineError::NoHash)?;
        let (text, hash) = text.split_at_checked(cut).ok_or(LineError::NoHash)?;
        let body = text.strip_suffix(HASH_KEY).ok_or(LineError::NoHash)?;
        if hash_of(body).as_bytes() != hash {
            return Err(LineError::Changed);
        }
        serde_json::from_slice(line).map_err(|_| LineError::Fields)
    }

    /// Where it stands.
    #[must_use]
    pub fn place(&self) -> Place {
        Place { sequence: self.sequence, hash: self.hash.clone() }
    }
}

/// Makes a line with its newline, and its hash.
pub(super) fn line(head: &str, facts: &str, previous: &str) -> (Vec<u8>, String) {
    let mut line = Vec::with_capacity(head.len() + facts.len() + 192);
    line.push(b'{');
    line.extend_from_slice(head.as_bytes());
    if !facts.is_empty() {
        line.push(b',');
        line.extend_from_slice(facts.as_bytes());
    }
    line.extend_from_slice(b",\"previous\":\"");
    line.extend_from_slice(previous.as_bytes());
    line.push(b'"');
    let hash = hash_of(&line);
    line.extend_from_slice(HASH_KEY);
    line.extend_from_slice(hash.as_bytes());
    line.extend_from_slice(END);
    line.push(b'\n');
    (line, hash)
}

fn hash_of(body: &[u8]) -> String {
    hex::encode(Sha256::digest(body))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = r#""sequence":7,"time":"t","node":"n","kind":"outcome""#;

    #[test]
    fn line_reads_back_as_the_record_it_was_made_of() {
        let facts = Facts {
            objects: vec!["a \"quoted\" one\n".to_owned()],
            principal: Some(Actor::Client { issuer: "CN=x".to_owned(), serial: "0a".to_owned() }),
            result: Some(Outcome::Failed),
            ..Facts::default()
        };
        let (line, hash) = line(HEAD, &facts.encoded(), GENESIS);
        let record = Record::read(line.strip_suffix(b"\n").unwrap()).unwrap();
        assert_eq!((record.sequence, record.kind), (7, Kind::Outcome));
        assert_eq!((record.facts, record.hash), (facts, hash));
        assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1);
    }

    #[test]
    fn line_with_any_byte_changed_is_no_record() {
        let (line, _) = line(HEAD, &Facts::default().encoded(), GENESIS);
        let line = line.strip_suffix(b"\n").unwrap();
        for place in 0..line.len() {
            for bit in 0..8 {
                let mut spoilt = line.to_vec();
                spoilt[place] ^= 1 << bit;
                assert!(Record::read(&spoilt).is_err(), "byte {place}, bit {bit}");
            }
        }
    }
}
