//! What the other library is to check: cases with their keys, as it reads them.

use std::collections::BTreeMap;

use kmip_core::attribute::CryptographicParameters;
use kmip_core::types::{
    BlockCipherMode, CryptographicAlgorithm as Algorithm, HashingAlgorithm, PaddingMethod,
};
use serde::Serialize;
use server::client::template::NO_PARAMETERS;
use softhsm_tests::material::random;

/// What is done, there and back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Does {
    /// A secret key encrypts; decrypts what the library encrypted.
    Seal,
    /// A secret key wraps another, whose value is the data, and which may leave in no other way.
    Wrap,
    /// A secret key makes a MAC; checks the library's.
    Mac,
    /// A public key encrypts; the private one decrypts what the library encrypted.
    Encrypt,
    /// A private key signs; the public one verifies the library's signature.
    Sign,
    /// A private key and the public one of another pair agree on a secret.
    Agree,
}

/// One case.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Case {
    pub(crate) id: usize,
    /// By which it is counted.
    pub(crate) kind: String,
    pub(crate) does: Does,
    /// Name of the key.
    pub(crate) key: String,
    /// Name of the other pair, for an agreement.
    pub(crate) peer: Option<String>,
    /// How long the secret is that they agree on.
    pub(crate) bits: i32,
    pub(crate) scheme: &'static str,
    pub(crate) cipher: &'static str,
    pub(crate) mode: Option<&'static str>,
    pub(crate) padding: &'static str,
    pub(crate) hash: Option<&'static str>,
    pub(crate) mgf: Option<&'static str>,
    pub(crate) salt: Option<i32>,
    #[serde(with = "hex::serde")]
    pub(crate) iv: Vec<u8>,
    #[serde(with = "hex::serde")]
    pub(crate) aad: Vec<u8>,
    pub(crate) tag: Option<i32>,
    #[serde(with = "hex::serde")]
    pub(crate) label: Vec<u8>,
    #[serde(with = "hex::serde")]
    pub(crate) data: Vec<u8>,
    #[serde(skip)]
    pub(crate) parameters: CryptographicParameters,
}

/// Where a pair comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The library makes it, the server is given it.
    Library,
    /// The token makes it; its public half alone is known.
    Token,
}

/// A pair by its kind, as the library calls it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair {
    pub(crate) kind: &'static str,
    pub(crate) algorithm: Algorithm,
    pub(crate) bits: i32,
    pub(crate) origin: Origin,
}

/// A secret key, and the parameters that are its own.
#[derive(Clone, Debug)]
pub(crate) struct Secret {
    pub(crate) algorithm: Algorithm,
    pub(crate) value: Vec<u8>,
    pub(crate) parameters: Option<CryptographicParameters>,
    /// Whether it is two keys, as XTS takes them, the second behind the first.
    pub(crate) double: bool,
}

/// Everything.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) cases: Vec<Case>,
    pub(crate) secrets: BTreeMap<String, Secret>,
    pub(crate) pairs: BTreeMap<String, Pair>,
}

impl Plan {
    /// Adds a case, and numbers it.
    pub(crate) fn add(&mut self, case: Case) {
        self.cases.push(Case { id: self.cases.len(), ..case });
    }

    /// Has a secret key of this name and length, unless there is one.
    pub(crate) fn secret(
        &mut self,
        algorithm: Algorithm,
        bytes: usize,
        parameters: Option<CryptographicParameters>,
    ) -> String {
        let hash = parameters.as_ref().and_then(|own| own.hashing_algorithm);
        let name = format!("{algorithm:?} {bytes} {hash:?}");
        let new = || Secret { algorithm, value: random(bytes), parameters, double: false };
        self.secrets.entry(name.clone()).or_insert_with(new);
        name
    }

    /// Has two AES keys of this name and length.
    pub(crate) fn double_secret(&mut self, bytes: usize) -> String {
        let name = format!("two keys of {bytes}");
        let (algorithm, value) = (Algorithm::AES, random(2 * bytes));
        let secret = Secret { algorithm, value, parameters: None, double: true };
        self.secrets.insert(name.clone(), secret);
        name
    }

    /// As the library reads it.
    pub(crate) fn json(&self) -> serde_json::Value {
        let secrets = self.secrets.iter().map(|(name, key)| (name, hex::encode(&key.value)));
        let pairs = self.pairs.iter().filter(|(_, pair)| pair.origin == Origin::Library);
        serde_json::json!({
            "cases": self.cases,
            "secrets": secrets.collect::<BTreeMap<_, _>>(),
            "pairs": pairs.map(|(name, pair)| (name, pair.kind)).collect::<BTreeMap<_, _>>(),
        })
    }

    /// How many cases there are of each kind.
    pub(crate) fn counts(&self) -> BTreeMap<&str, usize> {
        let mut counts = BTreeMap::new();
        for case in &self.cases {
            *counts.entry(case.kind.as_str()).or_default() += 1;
        }
        counts
    }
}

/// A case with nothing special about it; the parameters follow from the rest.
pub(crate) fn case(kind: String, does: Does, key: &str, scheme: &'static str) -> Case {
    Case {
        id: 0,
        kind,
        does,
        key: key.to_owned(),
        peer: None,
        bits: 0,
        scheme,
        cipher: "AES",
        mode: None,
        padding: "None",
        hash: None,
        mgf: None,
        salt: None,
        iv: Vec::new(),
        aad: Vec::new(),
        tag: None,
        label: Vec::new(),
        data: Vec::new(),
        parameters: NO_PARAMETERS,
    }
}

impl Case {
    /// With a hash.
    pub(crate) fn hash(mut self, hash: HashingAlgorithm) -> Self {
        self.hash = hash.name();
        self.parameters.hashing_algorithm = Some(hash);
        self
    }

    /// With a mode and a padding of a block cipher.
    pub(crate) fn mode(mut self, mode: BlockCipherMode, padding: Option<PaddingMethod>) -> Self {
        self.mode = mode.name();
        self.padding = padding.and_then(PaddingMethod::name).unwrap_or("None");
        self.parameters.block_cipher_mode = Some(mode);
        self.parameters.padding_method = padding;
        self
    }

    /// With random data of this length.
    pub(crate) fn data(mut self, bytes: usize) -> Self {
        self.data = random(bytes);
        self
    }

    /// With a random IV of this length.
    pub(crate) fn iv(mut self, bytes: usize) -> Self {
        self.iv = random(bytes);
        self
    }
}
