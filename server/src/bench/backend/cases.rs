//! What is compared: each composed plan with the native call it rides on.

use hsm_backend::{
    BlockMode, CipherAlgorithm, CipherParams, HashAlgorithm, Mechanism, Padding, SignAlgorithm,
};

/// A native call of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::bench) enum Native {
    /// An encryption of as many bytes with an AES key.
    Encrypt(Mechanism),
    /// CKM_RSA_X_509 of C_Sign.
    RawSign,
    /// CKM_RSA_X_509 of C_Decrypt.
    RawDecrypt,
}

/// What is asked of the backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::bench) enum Verb {
    Encrypt(CipherAlgorithm),
    Decrypt(CipherAlgorithm),
    Sign(SignAlgorithm),
}

/// One comparison.
#[derive(Clone, Copy, Debug)]
pub(in crate::bench) struct Case {
    pub(in crate::bench) name: &'static str,
    pub(in crate::bench) verb: Verb,
    pub(in crate::bench) native: Native,
    pub(in crate::bench) bytes: usize,
    /// Of CTR: a counter of other than 128 bits is composed even where the token has CTR.
    counter_bits: Option<u32>,
    /// Most that the verb may cost, in calls of the token.
    pub(in crate::bench) ceiling: f64,
}

impl Case {
    /// IV and counter of the verb.
    pub(super) fn params(&self) -> CipherParams {
        let (Verb::Encrypt(algorithm) | Verb::Decrypt(algorithm)) = self.verb else {
            return CipherParams::default();
        };
        let iv = match algorithm {
            CipherAlgorithm::Block { mode, .. } if mode.has_iv() => vec![0x17; 16],
            _ => Vec::new(),
        };
        CipherParams { iv, counter_bits: self.counter_bits, ..CipherParams::default() }
    }

    /// What the token is asked for natively.
    pub(in crate::bench) fn native_name(&self) -> &'static str {
        let mechanism = match self.native {
            Native::Encrypt(mechanism) => mechanism,
            Native::RawSign | Native::RawDecrypt => Mechanism::RSA_X_509,
        };
        let name = mechanism.name().unwrap_or_default();
        name.strip_prefix("CKM_").unwrap_or(name)
    }
}

/// What a composed plan may cost.
const COMPOSED: f64 = 1.15;
/// What the server's work may cost on a large text that the token is fed in parts.
const IN_PARTS: f64 = 1.3;

/// The case with the large text, in [`CASES`].
pub(in crate::bench) const LARGE: usize = CASES.len() - 1;

const KIB: usize = 1024;
const SHA3: HashAlgorithm = HashAlgorithm::Sha3T256;
const SHA2: HashAlgorithm = HashAlgorithm::Sha256;

const fn aes(mode: BlockMode) -> CipherAlgorithm {
    CipherAlgorithm::aes(mode, Padding::None)
}

const fn case(name: &'static str, verb: Verb, native: Native, bytes: usize) -> Case {
    Case { name, verb, native, bytes, counter_bits: None, ceiling: COMPOSED }
}

const fn ctr(name: &'static str, bytes: usize) -> Case {
    let verb = Verb::Encrypt(aes(BlockMode::Ctr));
    let case = case(name, verb, Native::Encrypt(Mechanism::AES_ECB), bytes);
    Case { counter_bits: Some(32), ..case }
}

const CFB: Verb = Verb::Encrypt(aes(BlockMode::Cfb));
const CFB_BACK: Verb = Verb::Decrypt(aes(BlockMode::Cfb));
const OFB: Verb = Verb::Encrypt(aes(BlockMode::Ofb));
const CBC: Verb = Verb::Encrypt(aes(BlockMode::Cbc));
const PKCS5: Verb = Verb::Encrypt(CipherAlgorithm::aes(BlockMode::Cbc, Padding::Pkcs5));
const PSS: Verb = Verb::Sign(SignAlgorithm::RsaPss { hash: SHA3, mgf: SHA3 });
const OAEP: Verb = Verb::Decrypt(CipherAlgorithm::RsaOaep { hash: SHA2, mgf: SHA2 });
const ON_CBC: Native = Native::Encrypt(Mechanism::AES_CBC);
const ON_ECB: Native = Native::Encrypt(Mechanism::AES_ECB);

/// Every comparison; the last one is the large text.
pub(in crate::bench) const CASES: [Case; 12] = [
    case("AES-256-CFB encrypt, 1 KiB", CFB, ON_CBC, KIB),
    case("AES-256-CFB decrypt, 1 KiB", CFB_BACK, ON_ECB, KIB),
    case("AES-256-OFB, 1 KiB", OFB, ON_CBC, KIB),
    ctr("AES-256-CTR of 32 bits, 1 KiB", KIB),
    case("AES-256-CBC PKCS5, 1 KiB", PKCS5, ON_CBC, KIB),
    case("AES-256-CFB encrypt, 64 KiB", CFB, ON_CBC, 64 * KIB),
    case("AES-256-CFB decrypt, 64 KiB", CFB_BACK, ON_ECB, 64 * KIB),
    case("AES-256-OFB, 64 KiB", OFB, ON_CBC, 64 * KIB),
    ctr("AES-256-CTR of 32 bits, 64 KiB", 64 * KIB),
    case("RSA-2048 PSS SHA3-256 sign", PSS, Native::RawSign, 32),
    case("RSA-2048 OAEP SHA-256 decrypt", OAEP, Native::RawDecrypt, 32),
    Case { ceiling: IN_PARTS, ..case("AES-256-CBC encrypt, 512 KiB", CBC, ON_CBC, 512 * KIB) },
];
