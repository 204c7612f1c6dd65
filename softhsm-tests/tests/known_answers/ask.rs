//! What is asked of the key of a group, and the items of a batch that ask it.

use kmip_core::attribute::{CryptographicParameters, UniqueIdentifier};
use kmip_core::payload::{DestroyRequest, GetRequest, RegisterRequest, RequestPayload};
use kmip_core::types::BlockCipherMode;
use softhsm_tests::crypto;
pub(crate) use softhsm_tests::crypto::Sealing;
use softhsm_tests::requests;

/// One operation on the key of a group.
#[derive(Clone, Debug)]
pub(crate) enum Ask {
    /// Encrypt.
    Encrypt(Sealing),
    /// Decrypt, with the tag where the mode has one.
    Decrypt(Sealing, Option<Vec<u8>>),
    /// MAC.
    Mac { parameters: CryptographicParameters, data: Vec<u8> },
    /// MAC Verify.
    MacVerify { parameters: CryptographicParameters, data: Vec<u8>, mac: Vec<u8> },
    /// Sign.
    Sign { parameters: CryptographicParameters, data: Vec<u8> },
    /// Signature Verify.
    Verify { parameters: CryptographicParameters, data: Vec<u8>, signature: Vec<u8> },
    /// Get of another key, brought for the purpose, wrapped by the key of the group.
    Wrap { target: Box<RegisterRequest>, mode: BlockCipherMode },
}

impl Ask {
    /// The items that ask it.
    pub(crate) fn items(&self, key: &UniqueIdentifier) -> Vec<RequestPayload> {
        match self.clone() {
            Self::Encrypt(what) => vec![crypto::encrypt(key, what).into()],
            Self::Decrypt(what, tag) => vec![crypto::decrypt(key, what, tag).into()],
            Self::Mac { parameters, data } => vec![crypto::mac(key, parameters, data).into()],
            Self::MacVerify { parameters, data, mac } => {
                vec![crypto::mac_verify(key, parameters, data, mac).into()]
            }
            Self::Sign { parameters, data } => vec![crypto::sign(key, parameters, data).into()],
            Self::Verify { parameters, data, signature } => {
                vec![crypto::verify(key, parameters, data, signature).into()]
            }
            Self::Wrap { target, mode } => wrap(key, *target, mode),
        }
    }

    /// Which of the items has the answer; those before it must succeed.
    pub(crate) const fn answer_at(&self) -> usize {
        if let Self::Wrap { .. } = self { 1 } else { 0 }
    }
}

/// Brings the target, has it wrapped with No Encoding, and destroys it: the ID Placeholder names it.
fn wrap(
    key: &UniqueIdentifier,
    target: RegisterRequest,
    mode: BlockCipherMode,
) -> Vec<RequestPayload> {
    let get = GetRequest { unique_identifier: None, ..crypto::get_wrapped(key, key, mode) };
    let revoke =
        kmip_core::payload::RevokeRequest { unique_identifier: None, ..requests::revoke(key) };
    vec![
        target.into(),
        get.into(),
        revoke.into(),
        DestroyRequest { unique_identifier: None }.into(),
    ]
}
