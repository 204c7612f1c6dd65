//! Reading a container.

use der::asn1::{BmpString, ContextSpecific, ObjectIdentifier, OctetString};
use der::{Any, Decode, Encode};
use hsm_backend::SecretValue;
use pkcs12::cms::content_info::ContentInfo;
use pkcs12::cms::encrypted_data::EncryptedData;
use pkcs12::pbe_params::EncryptedPrivateKeyInfo;
use pkcs12::safe_bag::{SafeBag, SafeContents};
use pkcs12::{AuthenticatedSafe, CertBag, MacData, Pfx};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::super::BridgeError;
use super::scheme::Password;
use super::{
    CertificateEntry, Contents, KeyEntry, MALFORMED, UNSUPPORTED, WRONG_PASSWORD, malformed,
};

pub(super) const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
pub(super) const ENCRYPTED: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.6");
pub(super) const FRIENDLY_NAME: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.20");
pub(super) const LOCAL_KEY_ID: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.21");

/// Opens a container. At most `max_iterations` of a hash are spent on the password.
///
/// Bags that hold neither a private key nor an X.509 certificate are passed over.
///
/// # Errors
///
/// `Invalid` for a wrong password, and for what is malformed or too costly; `Unsupported` for schemes
/// beyond those of the module, and for a container that has no MAC.
pub fn read(
    container: &[u8],
    password: &SecretValue,
    max_iterations: usize,
) -> Result<Contents, BridgeError> {
    let mut password = Password::new(password, max_iterations)?;
    let pfx = Pfx::from_der(container).map_err(malformed)?;
    if pfx.auth_safe.content_type != DATA {
        return Err(BridgeError::Unsupported("signed PKCS#12 containers are not supported"));
    }
    let safe = octets(&pfx.auth_safe.content)?;
    let mac = pfx.mac_data.ok_or(BridgeError::Unsupported("the PKCS#12 container has no MAC"))?;
    verify(&mac, &mut password, safe.as_bytes())?;
    let mut contents = Contents::default();
    for part in AuthenticatedSafe::from_der(safe.as_bytes()).map_err(malformed)? {
        let bags = opened(&part, &mut password)?;
        for bag in SafeContents::from_der(&bags).map_err(malformed)? {
            take(&mut contents, &bag, &mut password)?;
        }
    }
    Ok(contents)
}

fn octets(content: &Any) -> Result<OctetString, BridgeError> {
    content.decode_as().map_err(malformed)
}

fn verify(mac: &MacData, password: &mut Password<'_>, content: &[u8]) -> Result<(), BridgeError> {
    let (hash, salt) = (mac.mac.algorithm.oid, mac.mac_salt.as_bytes());
    let ours = password.mac(hash, salt, mac.iterations, content)?;
    let same = ours.ct_eq(mac.mac.digest.as_bytes());
    if same.into() { Ok(()) } else { Err(WRONG_PASSWORD) }
}

fn opened(
    part: &ContentInfo,
    password: &mut Password<'_>,
) -> Result<Zeroizing<Vec<u8>>, BridgeError> {
    match part.content_type {
        DATA => Ok(Zeroizing::new(octets(&part.content)?.as_bytes().to_vec())),
        ENCRYPTED => {
            let content = part.content.to_der().map_err(malformed)?;
            let data = EncryptedData::from_der(&content).map_err(malformed)?.enc_content_info;
            let bytes = data.encrypted_content.ok_or(MALFORMED)?;
            password.decrypt(&data.content_enc_alg, bytes.as_bytes())
        }
        _ => Err(UNSUPPORTED),
    }
}

fn take(
    contents: &mut Contents,
    bag: &SafeBag,
    password: &mut Password<'_>,
) -> Result<(), BridgeError> {
    let name = value_of::<BmpString>(bag, FRIENDLY_NAME).map(|name| name.to_string());
    let local_id = value_of::<OctetString>(bag, LOCAL_KEY_ID).map(|id| id.as_bytes().to_vec());
    let key = match bag.bag_id {
        pkcs12::PKCS_12_KEY_BAG_OID => inner::<Any>(bag)?.to_der().map_err(malformed)?,
        pkcs12::PKCS_12_PKCS8_KEY_BAG_OID => {
            let shut: EncryptedPrivateKeyInfo = inner(bag)?;
            let data = shut.encrypted_data.as_bytes();
            password.decrypt(&shut.encryption_algorithm, data)?.to_vec()
        }
        pkcs12::PKCS_12_CERT_BAG_OID => {
            let held: CertBag = inner(bag)?;
            if held.cert_id == pkcs12::PKCS_12_X509_CERT_OID {
                let certificate = held.cert_value.as_bytes().to_vec();
                contents.certificates.push(CertificateEntry { name, local_id, certificate });
            }
            return Ok(());
        }
        _ => return Ok(()),
    };
    contents.keys.push(KeyEntry { name, local_id, key: SecretValue::new(key) });
    Ok(())
}

/// What stands in the bag, in its explicit tag.
fn inner<T>(bag: &SafeBag) -> Result<T, BridgeError>
where
    T: for<'a> Decode<'a, Error = der::Error> + der::Tagged,
{
    let tagged = ContextSpecific::<T>::from_der(&bag.bag_value).map_err(malformed)?;
    Ok(tagged.value)
}

/// The value of an attribute of the bag; one that cannot be read is none.
fn value_of<T>(bag: &SafeBag, name: ObjectIdentifier) -> Option<T>
where
    T: for<'a> Decode<'a, Error = der::Error>,
{
    let attribute = bag.bag_attributes.as_ref()?.iter().find(|a| a.oid == name)?;
    T::from_der(&attribute.values.iter().next()?.to_der().ok()?).ok()
}
