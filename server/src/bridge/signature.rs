//! Cryptographic Parameters of Sign, Signature Verify and MAC become a scheme.

use hsm_backend::{HashAlgorithm, MacAlgorithm, SignAlgorithm};
use kmip_core::attribute::CryptographicParameters;
use kmip_core::types::{BlockCipherMode, CryptographicAlgorithm, PaddingMethod};

use super::algorithm::{self, SignatureKind};
use super::{BridgeError, cipher, fields};

/// A signature scheme, and the salt length the client names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scheme {
    /// The scheme.
    pub algorithm: SignAlgorithm,
    /// PSS salt length in bytes.
    pub salt_bytes: Option<usize>,
}

/// The scheme that `parameters` ask of a key of `key_algorithm`.
///
/// `digest_bytes` is the length of a hash the client has made itself, which may stand in for the
/// name of the hash where the scheme does not name it (ECDSA). With neither, ECDSA takes the hash
/// that suits the key's length of `key_bits`, as the specification's own cases do.
///
/// # Errors
///
/// [`BridgeError`].
pub fn scheme(
    key_algorithm: CryptographicAlgorithm,
    parameters: &CryptographicParameters,
    digest_bytes: Option<usize>,
    key_bits: u32,
) -> Result<Scheme, BridgeError> {
    let named = parameters.digital_signature_algorithm.map(algorithm::signature).transpose()?;
    let is_ec = algorithm::is_ec(key_algorithm);
    let fits = |claimed| claimed == key_algorithm || (is_ec && algorithm::is_ec(claimed));
    if !parameters.cryptographic_algorithm.is_none_or(fits) {
        return Err(BridgeError::Invalid("the key is of another algorithm"));
    }
    if let Some(curve) = algorithm::edwards(key_algorithm) {
        let algorithm = SignAlgorithm::EdDsa(curve);
        fields::only(parameters, fields::of_signature(algorithm))?;
        if digest_bytes.is_some() {
            return Err(BridgeError::Unsupported("EdDSA signs the data, not their digest"));
        }
        return Ok(Scheme { algorithm, salt_bytes: None });
    }
    if let Some(algorithm) = unnamed(key_algorithm, parameters, digest_bytes) {
        return Ok(Scheme { algorithm, salt_bytes: None });
    }
    let kind = kind(key_algorithm, parameters, named.map(|(kind, _)| kind))?;
    let digest_bytes = digest_bytes.filter(|_| is_ec);
    let suited = (is_ec && digest_bytes.is_none()).then(|| suited_hash(key_bits));
    let hash = hash(parameters, named.and_then(|(_, hash)| hash), digest_bytes, suited)?;
    let mgf = cipher::mgf_hash(parameters)?;
    let salt_bytes = parameters.salt_length.map(usize::try_from).transpose();
    let salt_bytes = salt_bytes.map_err(|_| BridgeError::Invalid("negative salt length"))?;
    let algorithm = match kind {
        SignatureKind::RsaPkcs1 => SignAlgorithm::RsaPkcs1(hash),
        // The specification's default for the MGF hash is SHA-1, its own cases use the message's.
        SignatureKind::RsaPss => SignAlgorithm::RsaPss { hash, mgf: mgf.unwrap_or(hash) },
        SignatureKind::Ecdsa => SignAlgorithm::Ecdsa(hash),
    };
    fields::only(parameters, fields::of_signature(algorithm))?;
    if parameters.trailer_field.is_some_and(|field| field != 1) {
        return Err(BridgeError::Unsupported("trailer field not supported"));
    }
    Ok(Scheme { algorithm, salt_bytes })
}

/// The scheme over a client's own digest where the parameters name neither hash nor padding: the
/// digest is signed as it is. ECDSA names no hash in the signature; PKCS#1 v1.5 is the one padding of
/// RSA that can do without. `None` where something is named, or the length names the hash.
fn unnamed(
    key_algorithm: CryptographicAlgorithm,
    parameters: &CryptographicParameters,
    digest_bytes: Option<usize>,
) -> Option<SignAlgorithm> {
    let bytes = digest_bytes.filter(|bytes| *bytes > 0)?;
    fields::only(parameters, &[]).ok()?;
    if algorithm::is_ec(key_algorithm) {
        return by_length(bytes).is_none().then_some(SignAlgorithm::EcdsaRaw);
    }
    let rsa = key_algorithm == CryptographicAlgorithm::RSA && parameters.padding_method.is_none();
    rsa.then_some(SignAlgorithm::RsaPkcs1Raw)
}

fn kind(
    key_algorithm: CryptographicAlgorithm,
    parameters: &CryptographicParameters,
    named: Option<SignatureKind>,
) -> Result<SignatureKind, BridgeError> {
    let padded = match parameters.padding_method {
        None | Some(PaddingMethod::None) => None,
        Some(PaddingMethod::PKCS1V1_5) => Some(SignatureKind::RsaPkcs1),
        Some(PaddingMethod::PSS) => Some(SignatureKind::RsaPss),
        Some(_) => return Err(BridgeError::Unsupported("padding method not supported")),
    };
    if padded.is_some() && named.is_some() && padded != named {
        return Err(BridgeError::Invalid("padding and signature algorithm contradict"));
    }
    let wanted = padded.or(named);
    if algorithm::is_ec(key_algorithm) {
        return match wanted {
            None | Some(SignatureKind::Ecdsa) => Ok(SignatureKind::Ecdsa),
            Some(_) => Err(BridgeError::Invalid("an EC key makes ECDSA signatures")),
        };
    }
    if key_algorithm != CryptographicAlgorithm::RSA {
        return Err(BridgeError::Unsupported("keys of this algorithm do not sign"));
    }
    match wanted {
        Some(SignatureKind::Ecdsa) => Err(BridgeError::Invalid("an RSA key makes RSA signatures")),
        Some(kind) => Ok(kind),
        None => Err(BridgeError::Missing("no padding method")),
    }
}

fn hash(
    parameters: &CryptographicParameters,
    named: Option<HashAlgorithm>,
    digest_bytes: Option<usize>,
    suited: Option<HashAlgorithm>,
) -> Result<HashAlgorithm, BridgeError> {
    let given = parameters.hashing_algorithm.map(algorithm::hash).transpose()?;
    if given.is_some() && named.is_some() && given != named {
        return Err(BridgeError::Invalid("hash and signature algorithm contradict"));
    }
    let told = given.or(named).or_else(|| digest_bytes.and_then(by_length)).or(suited);
    told.ok_or(BridgeError::Missing("no hashing algorithm"))
}

/// The hash of a digest. ECDSA does not name it in the signature: the length is enough there.
const fn by_length(bytes: usize) -> Option<HashAlgorithm> {
    match bytes {
        20 => Some(HashAlgorithm::Sha1),
        28 => Some(HashAlgorithm::Sha224),
        32 => Some(HashAlgorithm::Sha256),
        48 => Some(HashAlgorithm::Sha384),
        64 => Some(HashAlgorithm::Sha512),
        _ => None,
    }
}

/// The hash that is as strong as a curve of `bits`.
const fn suited_hash(bits: u32) -> HashAlgorithm {
    match bits {
        0..=256 => HashAlgorithm::Sha256,
        257..=384 => HashAlgorithm::Sha384,
        _ => HashAlgorithm::Sha512,
    }
}

/// As [`scheme`], for a signature that is to be verified.
///
/// The specification's own cases ask an EC key for a verification with RSA and PSS, and mean ECDSA
/// with the hash they name: an EC key has no other scheme, and no signature is made this way.
///
/// # Errors
///
/// [`BridgeError`].
pub fn verified_scheme(
    key_algorithm: CryptographicAlgorithm,
    parameters: &CryptographicParameters,
    digest_bytes: Option<usize>,
    key_bits: u32,
) -> Result<Scheme, BridgeError> {
    let of_rsa = parameters.cryptographic_algorithm == Some(CryptographicAlgorithm::RSA)
        && parameters.padding_method == Some(PaddingMethod::PSS);
    if algorithm::is_ec(key_algorithm) && of_rsa {
        let (cryptographic_algorithm, padding_method) = (None, None);
        let meant = CryptographicParameters {
            cryptographic_algorithm,
            padding_method,
            ..parameters.clone()
        };
        return scheme(key_algorithm, &meant, digest_bytes, key_bits);
    }
    scheme(key_algorithm, parameters, digest_bytes, key_bits)
}

/// The hash that a scheme makes of a message.
///
/// # Errors
///
/// `Unsupported` for a scheme over bytes that are encoded already.
pub const fn hash_of(algorithm: SignAlgorithm) -> Result<HashAlgorithm, BridgeError> {
    match algorithm {
        SignAlgorithm::RsaPkcs1(hash)
        | SignAlgorithm::RsaPss { hash, .. }
        | SignAlgorithm::Ecdsa(hash) => Ok(hash),
        SignAlgorithm::RsaPkcs1Raw | SignAlgorithm::EcdsaRaw | SignAlgorithm::EdDsa(_) => {
            Err(BridgeError::Unsupported("the scheme does not sign a hash"))
        }
    }
}

/// The MAC that `parameters` ask of a key of `key_algorithm`.
///
/// # Errors
///
/// [`BridgeError`].
pub fn mac(
    key_algorithm: CryptographicAlgorithm,
    parameters: &CryptographicParameters,
) -> Result<MacAlgorithm, BridgeError> {
    let wish = mac_algorithm(key_algorithm, parameters)?;
    fields::only(parameters, fields::of_mac(wish))?;
    Ok(wish)
}

fn mac_algorithm(
    key_algorithm: CryptographicAlgorithm,
    parameters: &CryptographicParameters,
) -> Result<MacAlgorithm, BridgeError> {
    let claimed = parameters.cryptographic_algorithm;
    let named = claimed.and_then(algorithm::hmac_hash);
    // A key registered as AES whose own parameters say HMAC: the bytes serve either.
    if let (CryptographicAlgorithm::AES, Some(hash)) = (key_algorithm, named) {
        return hmac(hash, parameters);
    }
    if claimed.is_some_and(|claimed| claimed != key_algorithm) {
        return Err(BridgeError::Invalid("the key is of another algorithm"));
    }
    if key_algorithm == CryptographicAlgorithm::AES {
        return match parameters.block_cipher_mode {
            Some(BlockCipherMode::CMAC) => Ok(MacAlgorithm::AesCmac),
            // The request has no place for its IV.
            Some(BlockCipherMode::GCM | BlockCipherMode::AEAD) => Err(BridgeError::Unsupported(
                "a GMAC is made by encrypting no data, with the message as additional data",
            )),
            Some(_) => Err(BridgeError::Unsupported("block cipher mode not supported for MACs")),
            None => Err(BridgeError::Missing("no block cipher mode")),
        };
    }
    let of_key = algorithm::hmac_hash(key_algorithm)
        .ok_or(BridgeError::Unsupported("keys of this algorithm make no MAC"))?;
    hmac(of_key, parameters)
}

fn hmac(
    of_key: HashAlgorithm,
    parameters: &CryptographicParameters,
) -> Result<MacAlgorithm, BridgeError> {
    let by_hash = parameters.hashing_algorithm.map(algorithm::hash).transpose()?;
    match by_hash {
        // KMIP names no HMAC over RIPEMD-160 or SHA-512/t: the hash alone can say it.
        Some(hash) if !algorithm::has_hmac_name(hash) => Ok(MacAlgorithm::Hmac(hash)),
        Some(hash) if hash != of_key => Err(BridgeError::Invalid("the key is for another hash")),
        _ => Ok(MacAlgorithm::Hmac(of_key)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bridge::no_parameters;
    use kmip_core::types::{DigitalSignatureAlgorithm, HashingAlgorithm};

    fn rsa(parameters: &CryptographicParameters) -> Result<Scheme, BridgeError> {
        scheme(CryptographicAlgorithm::RSA, parameters, None, 2048)
    }

    #[test]
    fn scheme_does_not_substitute_padding() {
        let hash = Some(HashingAlgorithm::SHA_256);
        let bare = CryptographicParameters { hashing_algorithm: hash, ..no_parameters() };
        assert!(rsa(&bare).is_err());
        let pss =
            CryptographicParameters { padding_method: Some(PaddingMethod::PSS), ..bare.clone() };
        assert!(matches!(rsa(&pss).unwrap().algorithm, SignAlgorithm::RsaPss { .. }));
        let oaep = CryptographicParameters { padding_method: Some(PaddingMethod::OAEP), ..bare };
        assert!(rsa(&oaep).is_err());
    }

    #[test]
    fn scheme_reads_the_digital_signature_algorithm_and_refuses_contradictions() {
        let named = CryptographicParameters {
            digital_signature_algorithm: Some(
                DigitalSignatureAlgorithm::SHA_256WithRSAEncryptionPKCS_1V1_5,
            ),
            ..no_parameters()
        };
        let expected = SignAlgorithm::RsaPkcs1(HashAlgorithm::Sha256);
        assert_eq!(rsa(&named).unwrap().algorithm, expected);
        let other_hash = CryptographicParameters {
            hashing_algorithm: Some(HashingAlgorithm::SHA_512),
            ..named.clone()
        };
        assert!(rsa(&other_hash).is_err());
        let other_padding =
            CryptographicParameters { padding_method: Some(PaddingMethod::PSS), ..named };
        assert!(rsa(&other_padding).is_err());
    }

    #[test]
    fn scheme_takes_the_hash_of_a_digest_from_its_length() {
        let ec = scheme(CryptographicAlgorithm::ECDSA, &no_parameters(), Some(48), 384).unwrap();
        assert_eq!(ec.algorithm, SignAlgorithm::Ecdsa(HashAlgorithm::Sha384));
        let md5 = scheme(CryptographicAlgorithm::EC, &no_parameters(), Some(16), 256).unwrap();
        assert_eq!(md5.algorithm, SignAlgorithm::EcdsaRaw);
    }

    #[test]
    fn scheme_signs_a_digest_as_it_is_where_nothing_at_all_is_named() {
        let rsa = |parameters: &CryptographicParameters, digest| {
            scheme(CryptographicAlgorithm::RSA, parameters, digest, 2048)
        };
        let made = rsa(&no_parameters(), Some(16)).unwrap();
        assert_eq!(made.algorithm, SignAlgorithm::RsaPkcs1Raw);
        assert!(rsa(&no_parameters(), None).is_err(), "data are to be hashed");
        assert!(rsa(&no_parameters(), Some(0)).is_err());
        for named in [PaddingMethod::None, PaddingMethod::PKCS1V1_5, PaddingMethod::PSS] {
            let named = CryptographicParameters { padding_method: Some(named), ..no_parameters() };
            assert!(rsa(&named, Some(16)).is_err(), "{named:?}");
        }
        let hashing_algorithm = Some(HashingAlgorithm::SHA_256);
        let hashed = CryptographicParameters { hashing_algorithm, ..no_parameters() };
        assert!(rsa(&hashed, Some(32)).is_err());
    }

    #[test]
    fn mac_refuses_another_hash_than_the_keys() {
        let key = CryptographicAlgorithm::HMAC_SHA256;
        let own = mac(key, &no_parameters());
        assert_eq!(own, Ok(MacAlgorithm::Hmac(HashAlgorithm::Sha256)));
        let other = CryptographicParameters {
            hashing_algorithm: Some(HashingAlgorithm::SHA_512),
            ..no_parameters()
        };
        assert!(mac(key, &other).is_err());
    }
}
