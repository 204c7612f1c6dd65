//! Credentials in the request header.
//!
//! Spec: KMIP 1.4 §2.1.2.

use crate::secret::SecretBytes;
use crate::ttlv::{Codec, DecodeError, Reader, Value, Writer};
use crate::types::{AttestationType, CredentialType, Tag};

/// Text that must not leak: a password.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(SecretBytes);

impl SecretText {
    /// The bytes of the text.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.0.expose()
    }
}

impl core::fmt::Debug for SecretText {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("SecretText(…)")
    }
}

impl From<&str> for SecretText {
    fn from(text: &str) -> Self {
        Self(SecretBytes::new(text.as_bytes().to_vec()))
    }
}

impl Codec for SecretText {
    fn encode(&self, tag: Tag, w: &mut Writer) {
        // Came in as UTF-8, so the fallback is never taken.
        w.text_string(tag, core::str::from_utf8(self.0.expose()).unwrap_or_default());
    }
    fn decode(tag: Tag, r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        String::decode(tag, r).map(|text| Self(SecretBytes::new(text.into_bytes())))
    }
}

kmip_struct! {
    /// A user's name and password.
    pub struct UsernameAndPassword {
        /// Name.
        req Username => username: String,
        /// Password.
        opt Password => password: SecretText,
    }
}

kmip_struct! {
    /// A device.
    pub struct DeviceCredential {
        /// Serial number.
        opt DeviceSerialNumber => device_serial_number: String,
        /// Password.
        opt Password => password: SecretText,
        /// Device.
        opt DeviceIdentifier => device_identifier: String,
        /// Network.
        opt NetworkIdentifier => network_identifier: String,
        /// Machine.
        opt MachineIdentifier => machine_identifier: String,
        /// Medium.
        opt MediaIdentifier => media_identifier: String,
    }
}

kmip_struct! {
    /// A number used once. Spec: KMIP 1.4 §2.1.14.
    pub struct Nonce {
        /// Its name.
        req NonceID => nonce_id: Vec<u8>,
        /// Its value.
        req NonceValue => nonce_value: Vec<u8>,
    }
}

kmip_struct! {
    /// An attestation of the client's state.
    pub struct AttestationCredential {
        /// The nonce the server gave.
        req Nonce => nonce: Nonce,
        /// Kind of attestation.
        req AttestationType => attestation_type: AttestationType,
        /// A measurement.
        opt AttestationMeasurement => attestation_measurement: Vec<u8>,
        /// An assertion.
        opt AttestationAssertion => attestation_assertion: Vec<u8>,
    }
}

/// A credential of some type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// Type.
    pub credential_type: CredentialType,
    /// Value.
    pub credential_value: CredentialValue,
}

/// The value of a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum CredentialValue {
    UsernameAndPassword(UsernameAndPassword),
    Device(DeviceCredential),
    Attestation(AttestationCredential),
    /// Of a type this crate does not know.
    Other(Value),
}

impl Codec for Credential {
    fn encode(&self, tag: Tag, w: &mut Writer) {
        w.structure(tag, |w| {
            self.credential_type.encode(Tag::CredentialType, w);
            match &self.credential_value {
                CredentialValue::UsernameAndPassword(value) => {
                    value.encode(Tag::CredentialValue, w)
                }
                CredentialValue::Device(value) => value.encode(Tag::CredentialValue, w),
                CredentialValue::Attestation(value) => value.encode(Tag::CredentialValue, w),
                CredentialValue::Other(value) => value.encode(Tag::CredentialValue, w),
            }
        });
    }

    fn decode(tag: Tag, r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        r.structure(tag, &[&[Tag::CredentialType, Tag::CredentialValue]], |r| {
            let credential_type = Codec::decode(Tag::CredentialType, r)?;
            let value = Tag::CredentialValue;
            let credential_value = match credential_type {
                CredentialType::UsernameAndPassword => {
                    CredentialValue::UsernameAndPassword(Codec::decode(value, r)?)
                }
                CredentialType::Device => CredentialValue::Device(Codec::decode(value, r)?),
                CredentialType::Attestation => {
                    CredentialValue::Attestation(Codec::decode(value, r)?)
                }
                _ => CredentialValue::Other(Codec::decode(value, r)?),
            };
            Ok(Self { credential_type, credential_value })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ttlv::Item;
    use crate::types::ProtocolVersion;

    fn credential(kind: CredentialType, fields: Vec<Item>) -> Vec<u8> {
        let fields = vec![
            Item { tag: Tag::CredentialType, value: Value::Enumeration(kind.0) },
            Item { tag: Tag::CredentialValue, value: Value::Structure(fields) },
        ];
        Value::Structure(fields).to_bytes(Tag::Credential)
    }

    fn read(bytes: &[u8]) -> Result<Credential, DecodeError> {
        Credential::decode(Tag::Credential, &mut Reader::new(bytes, ProtocolVersion::NEWEST))
    }

    fn text(tag: Tag, value: &str) -> Item {
        Item { tag, value: Value::TextString(value.into()) }
    }

    #[test]
    fn password_is_read_but_never_printed() {
        let fields = vec![text(Tag::Username, "fred"), text(Tag::Password, "open sesame")];
        let bytes = credential(CredentialType::UsernameAndPassword, fields);
        let credential = read(&bytes).unwrap();
        assert!(!format!("{credential:?}").contains("sesame"));
        let CredentialValue::UsernameAndPassword(value) = &credential.credential_value else {
            panic!("another type: {credential:?}")
        };
        assert_eq!(value.password.as_ref().unwrap().expose(), b"open sesame");
        let mut w = Writer::new(ProtocolVersion::NEWEST);
        credential.encode(Tag::Credential, &mut w);
        assert_eq!(w.into_bytes(), bytes);
    }

    #[test]
    fn password_of_another_type_is_refused() {
        let number = Item { tag: Tag::Password, value: Value::Integer(1) };
        let fields = vec![text(Tag::Username, "fred"), number];
        let refused = read(&credential(CredentialType::UsernameAndPassword, fields));
        assert_eq!(refused, Err(DecodeError::WrongType(Tag::Password, 0x02)));
    }

    #[test]
    fn credential_of_unknown_type_is_kept_as_a_tree() {
        let bytes = credential(CredentialType(0x8000_0001), vec![text(Tag::Comment, "x")]);
        let kept = read(&bytes).unwrap().credential_value;
        assert!(
            matches!(kept, CredentialValue::Other(Value::Structure(fields)) if fields.len() == 1)
        );
        let device = credential(CredentialType::Device, vec![text(Tag::Comment, "x")]);
        assert_eq!(read(&device), Err(DecodeError::Unknown(Tag::Comment)));
    }
}
