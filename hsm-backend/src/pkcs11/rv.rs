//! What a PKCS#11 return value means: one table.

use cryptoki::context::Function;
use cryptoki::error::{Error, RvError as R};

use crate::error::{HsmError, HsmErrorKind as K};

/// What a return value says beyond its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// Nothing.
    None,
    /// The object handle is dead: look the key up again.
    StaleHandle,
    /// The session is dead or stuck.
    DeadSession,
    /// The token or the login is gone.
    TokenLost,
    /// A dead token, or (in a decryption) bad data: ask the token how it is.
    Doubtful,
}

/// A failed call, with what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) error: HsmError,
    pub(super) effect: Effect,
    /// Whether an operation may still be open in the session, which poisons it.
    pub(super) poisons: bool,
    pub(super) rv: Option<R>,
}

type Row = (R, u64, Result<K, Effect>);

/// Spec: PKCS#11 2.40 §5.1. `Ok` is final for the request; `Err` needs a reaction.
#[rustfmt::skip]
const TABLE: &[Row] = &[
    (R::HostMemory, 0x02, Ok(K::Device(0x02))),
    (R::SlotIdInvalid, 0x03, Err(Effect::TokenLost)),
    (R::GeneralError, 0x05, Err(Effect::Doubtful)),
    (R::FunctionFailed, 0x06, Err(Effect::Doubtful)),
    (R::ArgumentsBad, 0x07, Ok(K::BadParameter)),
    (R::AttributeReadOnly, 0x10, Ok(K::NotPermitted)),
    (R::AttributeSensitive, 0x11, Ok(K::NotExtractable)),
    (R::AttributeTypeInvalid, 0x12, Ok(K::Unsupported)),
    (R::AttributeValueInvalid, 0x13, Ok(K::BadKey)),
    (R::ActionProhibited, 0x1B, Ok(K::NotPermitted)),
    (R::DataInvalid, 0x20, Ok(K::BadData)),
    (R::DataLenRange, 0x21, Ok(K::BadLength)),
    (R::DeviceError, 0x30, Err(Effect::Doubtful)),
    (R::DeviceMemory, 0x31, Ok(K::Device(0x31))),
    (R::DeviceRemoved, 0x32, Err(Effect::TokenLost)),
    (R::EncryptedDataInvalid, 0x40, Ok(K::BadData)),
    (R::EncryptedDataLenRange, 0x41, Ok(K::BadData)),
    (R::FunctionNotSupported, 0x54, Ok(K::Unsupported)),
    (R::KeyHandleInvalid, 0x60, Err(Effect::StaleHandle)),
    (R::KeySizeRange, 0x62, Ok(K::Unsupported)),
    (R::KeyTypeInconsistent, 0x63, Ok(K::NotPermitted)),
    (R::KeyIndigestible, 0x67, Ok(K::NotPermitted)),
    (R::KeyFunctionNotPermitted, 0x68, Ok(K::NotPermitted)),
    (R::KeyNotWrappable, 0x69, Ok(K::NotPermitted)),
    (R::KeyUnextractable, 0x6A, Ok(K::NotExtractable)),
    (R::MechanismInvalid, 0x70, Ok(K::Unsupported)),
    (R::MechanismParamInvalid, 0x71, Ok(K::BadParameter)),
    (R::ObjectHandleInvalid, 0x82, Err(Effect::StaleHandle)),
    (R::OperationActive, 0x90, Err(Effect::DeadSession)),
    (R::OperationNotInitialized, 0x91, Err(Effect::DeadSession)),
    (R::PinIncorrect, 0xA0, Ok(K::PinRejected)),
    (R::PinInvalid, 0xA1, Ok(K::PinRejected)),
    (R::PinLenRange, 0xA2, Ok(K::PinRejected)),
    (R::PinExpired, 0xA3, Ok(K::PinRejected)),
    (R::PinLocked, 0xA4, Ok(K::PinRejected)),
    (R::SessionClosed, 0xB0, Err(Effect::DeadSession)),
    (R::SessionCount, 0xB1, Ok(K::Busy)),
    (R::SessionHandleInvalid, 0xB3, Err(Effect::DeadSession)),
    (R::SessionReadOnly, 0xB5, Ok(K::Device(0xB5))),
    (R::SignatureInvalid, 0xC0, Ok(K::BadData)),
    (R::SignatureLenRange, 0xC1, Ok(K::BadData)),
    (R::TemplateIncomplete, 0xD0, Ok(K::Device(0xD0))),
    (R::TemplateInconsistent, 0xD1, Ok(K::Device(0xD1))),
    (R::TokenNotPresent, 0xE0, Err(Effect::TokenLost)),
    (R::TokenNotRecognized, 0xE1, Err(Effect::TokenLost)),
    (R::TokenWriteProtected, 0xE2, Ok(K::Device(0xE2))),
    (R::UnwrappingKeyHandleInvalid, 0xF0, Err(Effect::StaleHandle)),
    (R::UnwrappingKeySizeRange, 0xF1, Ok(K::Unsupported)),
    (R::UnwrappingKeyTypeInconsistent, 0xF2, Ok(K::NotPermitted)),
    (R::UserAlreadyLoggedIn, 0x100, Ok(K::Device(0x100))),
    (R::UserNotLoggedIn, 0x101, Err(Effect::TokenLost)),
    (R::UserPinNotInitialized, 0x102, Ok(K::Device(0x102))),
    (R::WrappedKeyInvalid, 0x110, Ok(K::BadData)),
    (R::WrappedKeyLenRange, 0x112, Ok(K::BadData)),
    (R::WrappingKeyHandleInvalid, 0x113, Err(Effect::StaleHandle)),
    (R::WrappingKeySizeRange, 0x114, Ok(K::Unsupported)),
    (R::WrappingKeyTypeInconsistent, 0x115, Ok(K::NotPermitted)),
    (R::RandomSeedNotSupported, 0x120, Ok(K::Unsupported)),
    (R::RandomNoRng, 0x121, Ok(K::Unsupported)),
    (R::DomainParamsInvalid, 0x130, Ok(K::BadKey)),
    (R::CurveNotSupported, 0x140, Ok(K::Unsupported)),
    (R::BufferTooSmall, 0x150, Ok(K::Device(0x150))),
    (R::CryptokiNotInitialized, 0x190, Err(Effect::TokenLost)),
    (R::CryptokiAlreadyInitialized, 0x191, Ok(K::Device(0x191))),
];

impl Fault {
    fn of_rv(rv: R, function: Function) -> Self {
        let row = TABLE.iter().find(|(known, ..)| *known == rv);
        let number = row.map_or_else(|| unknown_number(rv), |(_, number, _)| *number);
        let meaning = row.map_or(Ok(K::Device(number)), |(.., meaning)| *meaning);
        let (kind, effect) = match meaning {
            Ok(kind) => (kind, Effect::None),
            Err(Effect::StaleHandle) => (K::KeyNotFound, Effect::StaleHandle),
            Err(Effect::TokenLost) => (K::Unavailable, Effect::TokenLost),
            Err(effect @ (Effect::None | Effect::DeadSession | Effect::Doubtful)) => {
                (K::Device(number), effect)
            }
        };
        let poisons = leaves_operation_open(function);
        let error = HsmError { ckr: Some(number), ..HsmError::new(kind, name(function)) };
        Self { error, effect, poisons, rv: Some(rv) }
    }

    /// Whether a decryption was refused over its data, whatever the token finds wrong with them:
    /// what it says of lengths may tell what a padding was like. Parameters are refused before.
    pub(super) fn is_of_opened_data(&self) -> bool {
        let data = matches!(self.rv, Some(R::DataInvalid | R::DataLenRange | R::BufferTooSmall));
        data && matches!(self.error.function, "C_Decrypt" | "C_DecryptUpdate" | "C_DecryptFinal")
    }

    /// Whether the token had closed the session, rather than that it is stuck.
    pub(super) fn is_of_closed_session(&self) -> bool {
        matches!(self.rv, Some(R::SessionHandleInvalid | R::SessionClosed))
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        match error {
            Error::Pkcs11(rv, function) => Self::of_rv(rv, function),
            Error::NullFunctionPointer => HsmError::new(K::Unsupported, "cryptoki").into(),
            // A conversion failed between Init and final; the session cannot be trusted.
            _ => Self { poisons: true, ..HsmError::new(K::Device(0), "cryptoki").into() },
        }
    }
}

impl From<HsmError> for Fault {
    fn from(error: HsmError) -> Self {
        Self { error, effect: Effect::None, poisons: false, rv: None }
    }
}

fn unknown_number(rv: R) -> u64 {
    match rv {
        R::VendorDefined(number) | R::UnknownErrorCode(number) => number,
        _ => 0,
    }
}

/// Whether a failure of `function` may leave an operation active.
const fn leaves_operation_open(function: Function) -> bool {
    use Function as F;
    !matches!(
        function,
        F::EncryptInit
            | F::DecryptInit
            | F::SignInit
            | F::DigestInit
            | F::GetAttributeValue
            | F::SetAttributeValue
            | F::WrapKey
            | F::UnwrapKey
            | F::GenerateKey
            | F::GenerateKeyPair
            | F::CreateObject
            | F::CopyObject
            | F::DestroyObject
            | F::SeedRandom
    )
}

macro_rules! names {
    ($($function:ident),* $(,)?) => {
        /// The PKCS#11 name of `function`.
        const fn name(function: Function) -> &'static str {
            match function {
                $(Function::$function => concat!("C_", stringify!($function)),)*
                _ => "PKCS#11",
            }
        }
    };
}

names! {
    Initialize, Finalize, GetSlotList, GetSlotInfo, GetTokenInfo, GetMechanismInfo, InitToken,
    InitPIN, OpenSession, CloseSession, Login, CreateObject, CopyObject, DestroyObject,
    GetAttributeValue, SetAttributeValue, FindObjectsInit, FindObjects, FindObjectsFinal,
    EncryptInit, Encrypt, EncryptUpdate, EncryptFinal, DecryptInit, Decrypt, DecryptUpdate,
    DecryptFinal, DigestInit, DigestUpdate, DigestKey, DigestFinal, SignInit, Sign, SignUpdate,
    SignFinal, GenerateKey, GenerateKeyPair, WrapKey, UnwrapKey, SeedRandom, GenerateRandom,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_has_each_number_once() {
        let mut numbers: Vec<_> = TABLE.iter().map(|(_, number, _)| *number).collect();
        numbers.dedup();
        assert_eq!(numbers.len(), TABLE.len());
        assert!(numbers.is_sorted());
    }

    #[test]
    fn fault_names_function_and_number() {
        let fault = Fault::from(Error::Pkcs11(R::GeneralError, Function::Decrypt));
        assert_eq!(fault.error.to_string(), "C_Decrypt: token failed with CKR 0x00000005");
        assert_eq!((fault.effect, fault.poisons), (Effect::Doubtful, true));
        assert_eq!(fault.error.ckr, Some(5));
        let vendor = Fault::from(Error::Pkcs11(R::VendorDefined(0x8000_0001), Function::SignInit));
        assert_eq!(vendor.error.kind, K::Device(0x8000_0001));
        assert!(!vendor.poisons);
    }
}
