//! The password-based schemes of PKCS#12.

use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockCipherDecrypt, BlockModeDecrypt, KeyInit, KeyIvInit};
use der::asn1::ObjectIdentifier;
use der::{Decode, Encode};
use hsm_backend::{HashAlgorithm, MacAlgorithm, SecretValue, assisted};
use pkcs5::pbes2;
use pkcs12::kdf::{Pkcs12KeyType, derive_key_utf8};
use pkcs12::pbe_params::Pkcs12PbeParams;
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};
use spki::AlgorithmIdentifierOwned;
use zeroize::Zeroizing;

use super::super::BridgeError;
use super::{MALFORMED, TOO_COSTLY, UNSUPPORTED, WRONG_PASSWORD, malformed};

/// How a key and an IV of old are used: bytes of the key, and what decrypts.
type Old = (ObjectIdentifier, usize, fn(&[u8], &[u8], &[u8]) -> Option<Vec<u8>>);

const OLD: [Old; 3] = [
    (pkcs12::PKCS_12_PBE_WITH_SHAAND3_KEY_TRIPLE_DES_CBC, 24, decrypt_cbc::<des::TdesEde3>),
    (pkcs12::PKCS_12_PBE_WITH_SHAAND128_BIT_RC2_CBC, 16, decrypt_cbc::<rc2::Rc2>),
    (pkcs12::PKCS_12_PBEWITH_SHAAND40_BIT_RC2_CBC, 5, decrypt_cbc::<rc2::Rc2>),
];

/// Makes a key of a password, a salt, a purpose, iterations and a length.
type Derive = fn(&str, &[u8], Pkcs12KeyType, i32, usize) -> der::Result<Vec<u8>>;

/// A hash of a MAC, and how keys are derived with it.
struct Hash {
    oid: ObjectIdentifier,
    algorithm: HashAlgorithm,
    derive: Derive,
}

const fn hash(oid: &str, algorithm: HashAlgorithm, derive: Derive) -> Hash {
    Hash { oid: ObjectIdentifier::new_unwrap(oid), algorithm, derive }
}

/// What the old schemes are made with.
const SHA_1: Hash = hash("1.3.14.3.2.26", HashAlgorithm::Sha1, derive_key_utf8::<Sha1>);

const HASHES: [Hash; 4] = [
    SHA_1,
    hash("2.16.840.1.101.3.4.2.1", HashAlgorithm::Sha256, derive_key_utf8::<Sha256>),
    hash("2.16.840.1.101.3.4.2.2", HashAlgorithm::Sha384, derive_key_utf8::<Sha384>),
    hash("2.16.840.1.101.3.4.2.3", HashAlgorithm::Sha512, derive_key_utf8::<Sha512>),
];

/// The hash of the MACs that are written.
pub(super) const SHA_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");

/// A password, and how much may be computed with it.
pub(super) struct Password<'a> {
    text: &'a str,
    /// Iterations that are left.
    budget: usize,
}

impl<'a> Password<'a> {
    /// # Errors
    ///
    /// `Invalid` for what is no text.
    pub(super) fn new(password: &'a SecretValue, budget: usize) -> Result<Self, BridgeError> {
        let text = std::str::from_utf8(password.expose());
        let text = text.map_err(|_| BridgeError::Invalid("the password is no text"))?;
        Ok(Self { text, budget })
    }

    fn spend(&mut self, iterations: usize) -> Result<(), BridgeError> {
        self.budget = self.budget.checked_sub(iterations).ok_or(TOO_COSTLY)?;
        Ok(())
    }

    /// Decrypts what was encrypted under the password.
    pub(super) fn decrypt(
        &mut self,
        algorithm: &AlgorithmIdentifierOwned,
        data: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, BridgeError> {
        let parameters = algorithm.parameters.as_ref().ok_or(MALFORMED)?;
        let parameters = parameters.to_der().map_err(malformed)?;
        if algorithm.oid == pbes2::PBES2_OID {
            return self.decrypt_pbes2(&parameters, data);
        }
        let old = OLD.iter().find(|(oid, ..)| *oid == algorithm.oid);
        let (_, bytes, decrypt) = old.ok_or(UNSUPPORTED)?;
        let with = Pkcs12PbeParams::from_der(&parameters).map_err(malformed)?;
        let salt = with.salt.as_bytes();
        let key = self.derive(&SHA_1, salt, with.iterations, Use::Key(*bytes))?;
        let iv = self.derive(&SHA_1, salt, with.iterations, Use::Iv)?;
        decrypt(&key, &iv, data).map(Zeroizing::new).ok_or(WRONG_PASSWORD)
    }

    fn decrypt_pbes2(
        &mut self,
        parameters: &[u8],
        data: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, BridgeError> {
        let scheme = pbes2::Parameters::from_der(parameters).map_err(|_| UNSUPPORTED)?;
        // Other functions cost memory as well.
        let with = scheme.kdf.pbkdf2().ok_or(UNSUPPORTED)?;
        // A key of 32 bytes is two blocks of SHA-1.
        let iterations = usize::try_from(with.iteration_count).map_err(malformed)?;
        self.spend(iterations.saturating_mul(2))?;
        let plain = scheme.decrypt(self.text, data).map_err(|_| WRONG_PASSWORD)?;
        Ok(Zeroizing::new(plain))
    }

    /// Encrypts under the password.
    pub(super) fn encrypt(
        &self,
        iterations: u32,
        [salt, iv]: [[u8; 16]; 2],
        data: &[u8],
    ) -> Result<(AlgorithmIdentifierOwned, Vec<u8>), BridgeError> {
        let scheme = pbes2::Parameters::generate_pbkdf2_sha256_aes256cbc(iterations, &salt, iv);
        let scheme = scheme.map_err(malformed)?;
        let encrypted = scheme.encrypt(self.text, data).map_err(malformed)?;
        let parameters = der::Any::encode_from(&scheme).map_err(malformed)?;
        let algorithm =
            AlgorithmIdentifierOwned { oid: pbes2::PBES2_OID, parameters: Some(parameters) };
        Ok((algorithm, encrypted))
    }

    /// The MAC over a container's content.
    pub(super) fn mac(
        &mut self,
        hash: ObjectIdentifier,
        salt: &[u8],
        iterations: i32,
        content: &[u8],
    ) -> Result<Vec<u8>, BridgeError> {
        let hash = HASHES.iter().find(|known| known.oid == hash).ok_or(UNSUPPORTED)?;
        let key = self.derive(hash, salt, iterations, Use::Mac(hash.algorithm.bytes()))?;
        let key = SecretValue::new(key.to_vec());
        let hmac = MacAlgorithm::Hmac(hash.algorithm);
        assisted::mac(hmac, key, content).map_err(|_| UNSUPPORTED)
    }

    /// Spec: RFC 7292 appendix B.
    fn derive(
        &mut self,
        hash: &Hash,
        salt: &[u8],
        iterations: i32,
        to: Use,
    ) -> Result<Zeroizing<Vec<u8>>, BridgeError> {
        let (id, bytes) = match to {
            Use::Key(bytes) => (Pkcs12KeyType::EncryptionKey, bytes),
            Use::Iv => (Pkcs12KeyType::Iv, 8),
            Use::Mac(bytes) => (Pkcs12KeyType::Mac, bytes),
        };
        let rounds = usize::try_from(iterations).ok().filter(|rounds| *rounds > 0);
        // A key of 24 bytes is two blocks of SHA-1.
        self.spend(rounds.ok_or(MALFORMED)?.saturating_mul(2))?;
        let made = (hash.derive)(self.text, salt, id, iterations, bytes);
        made.map(Zeroizing::new).map_err(|_| WRONG_PASSWORD)
    }
}

/// What is derived from a password.
enum Use {
    Key(usize),
    Iv,
    Mac(usize),
}

fn decrypt_cbc<C: KeyInit + BlockCipherDecrypt>(
    key: &[u8],
    iv: &[u8],
    data: &[u8],
) -> Option<Vec<u8>> {
    let cipher = cbc::Decryptor::<C>::new_from_slices(key, iv).ok()?;
    cipher.decrypt_padded_vec::<Pkcs7>(data).ok()
}
