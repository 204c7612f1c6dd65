//! Writing a container.

use der::asn1::{BmpString, ObjectIdentifier, OctetString, SetOfVec};
use der::{Any, Decode, Encode};
use hsm_backend::SecretValue;
use pkcs12::cms::content_info::{CmsVersion, ContentInfo};
use pkcs12::cms::encrypted_data::EncryptedData;
use pkcs12::cms::enveloped_data::EncryptedContentInfo;
use pkcs12::pbe_params::EncryptedPrivateKeyInfo;
use pkcs12::pfx::Version;
use pkcs12::safe_bag::SafeBag;
use pkcs12::{CertBag, DigestInfo, MacData, Pfx};
use spki::AlgorithmIdentifierOwned;
use x509_cert::attr::{Attribute, Attributes};

use super::super::BridgeError;
use super::malformed;
use super::read::{DATA, ENCRYPTED, FRIENDLY_NAME, LOCAL_KEY_ID};
use super::scheme::{Password, SHA_256};

/// Iterations for each of the three keys made of a password.
const ITERATIONS: u32 = 100_000;

/// Random bytes for one container.
pub type Randomness = [[u8; 16]; 5];

/// What key and certificate have in common: there is one pair in a container.
const LOCAL_ID: [u8; 1] = [1];

/// A container with a private key in PKCS#8 and its certificates, the key's own first.
///
/// # Errors
///
/// `Invalid` for a name or password that cannot be written.
pub fn write(
    name: &str,
    key: &SecretValue,
    certificates: &[Vec<u8>],
    password: &SecretValue,
    randomness: Randomness,
) -> Result<Vec<u8>, BridgeError> {
    let mut password = Password::new(password, usize::MAX)?;
    let [salt, first @ .., third, fourth] = randomness;
    let mut parts = Vec::new();
    if !certificates.is_empty() {
        parts.push(shut(&certificate_bags(name, certificates)?, &password, first)?);
    }
    parts.push(plain(&vec![key_bag(name, key, &password, [third, fourth])?])?);
    let content = parts.to_der().map_err(malformed)?;
    let iterations = i32::try_from(ITERATIONS).map_err(malformed)?;
    let mac = password.mac(SHA_256, &salt, iterations, &content)?;
    let algorithm = AlgorithmIdentifierOwned { oid: SHA_256, parameters: Some(Any::null()) };
    let pfx = Pfx {
        version: Version::V3,
        auth_safe: ContentInfo { content_type: DATA, content: octets(content)? },
        mac_data: Some(MacData {
            mac: DigestInfo { algorithm, digest: octet_string(mac)? },
            mac_salt: octet_string(salt)?,
            iterations,
        }),
    };
    pfx.to_der().map_err(malformed)
}

fn octet_string(bytes: impl Into<Vec<u8>>) -> Result<OctetString, BridgeError> {
    OctetString::new(bytes.into()).map_err(malformed)
}

fn octets(bytes: Vec<u8>) -> Result<Any, BridgeError> {
    Any::encode_from(&octet_string(bytes)?).map_err(malformed)
}

fn plain(bags: &Vec<SafeBag>) -> Result<ContentInfo, BridgeError> {
    let content = octets(bags.to_der().map_err(malformed)?)?;
    Ok(ContentInfo { content_type: DATA, content })
}

fn shut(
    bags: &Vec<SafeBag>,
    password: &Password<'_>,
    randomness: [[u8; 16]; 2],
) -> Result<ContentInfo, BridgeError> {
    let bags = bags.to_der().map_err(malformed)?;
    let (content_enc_alg, data) = password.encrypt(ITERATIONS, randomness, &bags)?;
    let encrypted_content = Some(octet_string(data)?);
    let enc_content_info =
        EncryptedContentInfo { content_type: DATA, content_enc_alg, encrypted_content };
    let data = EncryptedData { version: CmsVersion::V0, enc_content_info, unprotected_attrs: None };
    let content = Any::encode_from(&data).map_err(malformed)?;
    Ok(ContentInfo { content_type: ENCRYPTED, content })
}

fn key_bag(
    name: &str,
    key: &SecretValue,
    password: &Password<'_>,
    randomness: [[u8; 16]; 2],
) -> Result<SafeBag, BridgeError> {
    let (encryption_algorithm, data) = password.encrypt(ITERATIONS, randomness, key.expose())?;
    let shut =
        EncryptedPrivateKeyInfo { encryption_algorithm, encrypted_data: octet_string(data)? };
    bag(pkcs12::PKCS_12_PKCS8_KEY_BAG_OID, &shut, attributes(name)?)
}

/// The first bears the name of the key.
fn certificate_bags(name: &str, certificates: &[Vec<u8>]) -> Result<Vec<SafeBag>, BridgeError> {
    let bags = certificates.iter().enumerate().map(|(place, certificate)| {
        let held = CertBag {
            cert_id: pkcs12::PKCS_12_X509_CERT_OID,
            cert_value: octet_string(certificate.clone())?,
        };
        let own = place == 0;
        let attributes = if own { attributes(name)? } else { None };
        bag(pkcs12::PKCS_12_CERT_BAG_OID, &held, attributes)
    });
    bags.collect()
}

fn bag(
    bag_id: ObjectIdentifier,
    value: &impl Encode,
    bag_attributes: Option<Attributes>,
) -> Result<SafeBag, BridgeError> {
    // The crate puts the explicit tag around it.
    Ok(SafeBag { bag_id, bag_value: value.to_der().map_err(malformed)?, bag_attributes })
}

fn attributes(name: &str) -> Result<Option<Attributes>, BridgeError> {
    let name = BmpString::from_utf8(name)
        .map_err(|_| BridgeError::Invalid("a friendly name that PKCS#12 cannot write"))?;
    let id = octet_string(LOCAL_ID)?;
    let all = vec![attribute(FRIENDLY_NAME, &name)?, attribute(LOCAL_KEY_ID, &id)?];
    Ok(Some(Attributes::try_from(all).map_err(malformed)?))
}

fn attribute(oid: ObjectIdentifier, value: &impl Encode) -> Result<Attribute, BridgeError> {
    let value = Any::from_der(&value.to_der().map_err(malformed)?).map_err(malformed)?;
    Ok(Attribute { oid, values: SetOfVec::try_from(vec![value]).map_err(malformed)? })
}
