//! Derivation Method and Derivation Parameters become a way to derive.
//!
//! Spec: KMIP 1.4 §4.6.

use hsm_backend::software::KbkdfMode;
use hsm_backend::{BlockCipher, CipherAlgorithm, HashAlgorithm, MacAlgorithm};
use kmip_core::attribute::CryptographicParameters;
use kmip_core::payload::DerivationParameters;
use kmip_core::types::{CryptographicAlgorithm, DerivationMethod as Name};

use super::cipher::{self, Cipher};
use super::{BridgeError, algorithm, fields, signature};

/// What a method derives from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// A key, and data.
    KeyAndData,
    /// A key or data, and never both: the outcome would be of one of them alone.
    KeyOrData,
    /// One base object, as a password.
    Password,
    /// A private key and another party's public key.
    Pair,
}

/// How to derive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// In the server's memory, whoever helps.
    Computed(Computation),
    /// The token derives, and may keep what comes of it.
    Agreement,
}

/// What is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Computation {
    Pbkdf2,
    Hash,
    Hmac,
    Encrypt,
    Kbkdf(KbkdfMode),
}

/// What is to be known of a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    name: Name,
    /// Which it is.
    pub method: Method,
    /// What it derives from.
    pub takes: Takes,
    /// Whether it has a use for an Initialization Vector.
    iv: bool,
}

const fn rule(name: Name, method: Method, takes: Takes, iv: bool) -> Rule {
    Rule { name, method, takes, iv }
}

const fn computed(name: Name, how: Computation, takes: Takes, iv: bool) -> Rule {
    rule(name, Method::Computed(how), takes, iv)
}

use Computation as C;
use KbkdfMode as M;

const RULES: &[Rule] = &[
    computed(Name::PBKDF2, C::Pbkdf2, Takes::Password, false),
    computed(Name::HASH, C::Hash, Takes::KeyOrData, false),
    computed(Name::HMAC, C::Hmac, Takes::KeyAndData, false),
    computed(Name::ENCRYPT, C::Encrypt, Takes::KeyAndData, true),
    computed(Name::NIST800_108_C, C::Kbkdf(M::Counter), Takes::KeyAndData, false),
    computed(Name::NIST800_108_F, C::Kbkdf(M::Feedback), Takes::KeyAndData, true),
    computed(Name::NIST800_108_DPI, C::Kbkdf(M::DoublePipeline), Takes::KeyAndData, false),
    rule(Name::AsymmetricKey, Method::Agreement, Takes::Pair, false),
];

impl Rule {
    /// The rule of the method called `name`.
    ///
    /// # Errors
    ///
    /// `Invalid` for a number that names no method.
    pub fn of(name: Name) -> Result<Self, BridgeError> {
        let rule = RULES.iter().find(|rule| rule.name == name);
        rule.copied().ok_or(BridgeError::Invalid("no such derivation method"))
    }

    /// Refuses what the method has no use for, and the lack of what it needs.
    ///
    /// # Errors
    ///
    /// `Invalid`, `Missing`.
    pub fn check(&self, parameters: &DerivationParameters) -> Result<(), BridgeError> {
        if parameters.initialization_vector.is_some() && !self.iv {
            return Err(BridgeError::Invalid("the method takes no initialization vector"));
        }
        let (salt, count) = (parameters.salt.is_some(), parameters.iteration_count.is_some());
        match (self.takes == Takes::Password, salt || count, salt && count) {
            (false, true, _) => Err(BridgeError::Invalid("salt and iterations belong to PBKDF2")),
            (true, _, false) => Err(BridgeError::Missing("no salt, or no iteration count")),
            (true, _, true) | (false, false, _) => Ok(()),
        }
    }
}

/// The hash of an HMAC, told by its own name or by that of the HMAC.
fn hmac_hash(parameters: &CryptographicParameters) -> Result<Option<HashAlgorithm>, BridgeError> {
    fields::only(parameters, fields::OF_HASH)?;
    let given = parameters.hashing_algorithm.map(algorithm::hash).transpose()?;
    let named = parameters.cryptographic_algorithm.and_then(algorithm::hmac_hash);
    match (given, named) {
        (Some(given), Some(named)) if given != named => {
            Err(BridgeError::Invalid("two different hashing algorithms"))
        }
        _ => Ok(given.or(named)),
    }
}

/// The hash of PBKDF2: SHA-1, where the client says nothing.
///
/// # Errors
///
/// [`BridgeError`].
pub fn password_hash(parameters: &CryptographicParameters) -> Result<HashAlgorithm, BridgeError> {
    let named = parameters.cryptographic_algorithm;
    if named.is_some_and(|named| algorithm::hmac_hash(named).is_none()) {
        return Err(BridgeError::Invalid("PBKDF2 is made with an HMAC"));
    }
    Ok(hmac_hash(parameters)?.unwrap_or(HashAlgorithm::Sha1))
}

/// The hash of the HASH method.
///
/// # Errors
///
/// [`BridgeError`].
pub fn hash(parameters: &CryptographicParameters) -> Result<HashAlgorithm, BridgeError> {
    fields::only(parameters, fields::OF_HASH)?;
    if parameters.cryptographic_algorithm.is_some() {
        return Err(BridgeError::Invalid("a hash has no key"));
    }
    let name = parameters.hashing_algorithm;
    algorithm::hash(name.ok_or(BridgeError::Missing("no hashing algorithm"))?)
}

/// The pseudorandom function of a key: the HMAC that its algorithm names; of any other key, the
/// HMAC or the CMAC that the parameters name.
///
/// # Errors
///
/// [`BridgeError`].
pub fn prf(
    key_algorithm: CryptographicAlgorithm,
    parameters: &CryptographicParameters,
) -> Result<MacAlgorithm, BridgeError> {
    if algorithm::hmac_hash(key_algorithm).is_some() || parameters.block_cipher_mode.is_some() {
        return signature::mac(key_algorithm, parameters);
    }
    let named = parameters.cryptographic_algorithm;
    if named.is_some_and(|n| n != key_algorithm && algorithm::hmac_hash(n).is_none()) {
        return Err(BridgeError::Invalid("the key is of another algorithm"));
    }
    let hash = hmac_hash(parameters)?.ok_or(BridgeError::Missing("no hashing algorithm"))?;
    Ok(MacAlgorithm::Hmac(hash))
}

/// Checks the parameters of a key agreement: ECDH, and nothing made of its outcome.
///
/// # Errors
///
/// [`BridgeError`].
pub fn agreement(parameters: &CryptographicParameters) -> Result<(), BridgeError> {
    fields::only(parameters, &[])?;
    match parameters.cryptographic_algorithm {
        None | Some(CryptographicAlgorithm::ECDH) => Ok(()),
        Some(CryptographicAlgorithm::DH | CryptographicAlgorithm::ECMQV) => {
            Err(BridgeError::Unsupported("key agreement other than ECDH is not supported"))
        }
        Some(_) => Err(BridgeError::Invalid("the algorithm is none of key agreement")),
    }
}

/// The length of the counter of SP 800-108 in bits, taken out of the parameters: 32, where the
/// client says nothing; 0 is none.
///
/// # Errors
///
/// `Invalid`.
pub fn counter_bits(
    mode: KbkdfMode,
    parameters: &mut CryptographicParameters,
) -> Result<u32, BridgeError> {
    match parameters.counter_length.take() {
        None => Ok(32),
        Some(0) if mode != KbkdfMode::Counter => Ok(0),
        Some(bits @ (8 | 16 | 24 | 32)) => Ok(bits.unsigned_abs()),
        Some(_) => Err(BridgeError::Invalid("no counter of this length")),
    }
}

/// The cipher of the ENCRYPT method: one that gives the same again.
///
/// # Errors
///
/// [`BridgeError`].
pub fn cipher(
    key_algorithm: CryptographicAlgorithm,
    parameters: &CryptographicParameters,
) -> Result<Cipher, BridgeError> {
    let cipher = cipher::cipher(key_algorithm, parameters)?;
    if cipher.random_iv == Some(true) || cipher.fields.is_some() {
        return Err(BridgeError::Invalid("what is derived must not hang on an IV made here"));
    }
    match cipher.algorithm {
        CipherAlgorithm::Block { cipher: BlockCipher::Aes | BlockCipher::Des3, .. } => Ok(cipher),
        _ => Err(BridgeError::Unsupported("block cipher mode not supported for derivation")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bridge::no_parameters;
    use kmip_core::types::{BlockCipherMode, HashingAlgorithm};

    #[test]
    fn prf_comes_from_the_key_or_from_the_parameters() {
        let mut parameters = no_parameters();
        let of = |key, parameters: &_| prf(key, parameters);
        let sha256 = Ok(MacAlgorithm::Hmac(HashAlgorithm::Sha256));
        assert_eq!(of(CryptographicAlgorithm::HMAC_SHA256, &parameters), sha256);
        assert!(of(CryptographicAlgorithm::AES, &parameters).is_err());
        parameters.hashing_algorithm = Some(HashingAlgorithm::SHA_256);
        assert_eq!(of(CryptographicAlgorithm::AES, &parameters), sha256);
        assert!(of(CryptographicAlgorithm::HMAC_SHA1, &parameters).is_err());
        parameters = no_parameters();
        parameters.block_cipher_mode = Some(BlockCipherMode::CMAC);
        assert_eq!(of(CryptographicAlgorithm::AES, &parameters), Ok(MacAlgorithm::AesCmac));
    }

    #[test]
    fn counter_has_whole_bytes_and_may_be_left_out_where_nist_allows_it() {
        let mut parameters = no_parameters();
        assert_eq!(counter_bits(KbkdfMode::Counter, &mut parameters), Ok(32));
        for (mode, bits, fits) in [
            (KbkdfMode::Counter, 8, true),
            (KbkdfMode::Counter, 0, false),
            (KbkdfMode::Feedback, 0, true),
            (KbkdfMode::DoublePipeline, 12, false),
            (KbkdfMode::Feedback, -8, false),
        ] {
            parameters.counter_length = Some(bits);
            assert_eq!(counter_bits(mode, &mut parameters).is_ok(), fits, "{bits}");
            assert_eq!(parameters.counter_length, None);
        }
    }
}
