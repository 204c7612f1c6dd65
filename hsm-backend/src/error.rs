//! What can go wrong between us and a token.

/// What went wrong, in words a caller can act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum HsmErrorKind {
    /// No session became free before the deadline, or the token is throttling.
    #[error("token has no free session")]
    Busy,
    /// The call ran out of time.
    #[error("deadline passed")]
    Deadline,
    /// The ciphertext, tag, padding or wrapped key is not authentic or not well formed.
    #[error("data rejected")]
    BadData,
    /// A wrapped key of the caller's own store, or what it has sealed, is not what was stored.
    #[error("what is stored is damaged")]
    Damaged,
    /// The length of the data does not fit the algorithm.
    #[error("data length does not fit the algorithm")]
    BadLength,
    /// A parameter (IV, tag length, salt ...) is outside what the algorithm or token takes.
    #[error("parameter rejected")]
    BadParameter,
    /// The key value or its parts are malformed.
    #[error("key material rejected")]
    BadKey,
    /// The token failed; the number is the PKCS#11 return value.
    #[error("token failed with CKR 0x{0:08X}")]
    Device(u64),
    /// No object carries this key's CKA_ID.
    #[error("no such key in the token")]
    KeyNotFound,
    /// Usage flags or attributes of the key forbid the call.
    #[error("key policy forbids this")]
    NotPermitted,
    /// The key's value may not leave the token.
    #[error("key is not extractable")]
    NotExtractable,
    /// No stream of the caller's has this name, or it lay idle too long.
    #[error("no such stream")]
    StreamNotFound,
    /// The token has no mechanism for the wish.
    #[error("token lacks the mechanism")]
    Unsupported,
    /// The PIN was refused; nothing is tried again until it changes.
    #[error("PIN rejected")]
    PinRejected,
    /// The token is not there, or not ready.
    #[error("token is unavailable")]
    Unavailable,
}

impl HsmErrorKind {
    /// Whether the same call may succeed later without a change by the caller.
    #[must_use]
    pub const fn is_retryable(self) -> bool {
        matches!(self, Self::Busy | Self::Deadline | Self::Device(_) | Self::Unavailable)
    }
}

/// A failed token call.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{function}: {kind}")]
pub struct HsmError {
    /// What went wrong.
    pub kind: HsmErrorKind,
    /// The PKCS#11 function that said so, e.g. `C_Sign`; or our own check's name.
    pub function: &'static str,
    /// The return value of that function; absent where our own check refused, or none came.
    pub ckr: Option<u64>,
}

impl HsmError {
    /// What is said of data, if they were taken from the store: no client can mend them.
    #[must_use]
    pub fn about_stored(self) -> Self {
        use HsmErrorKind as K;
        match self.kind {
            K::BadData | K::BadLength | K::BadKey | K::BadParameter => {
                Self { kind: K::Damaged, ..self }
            }
            _ => self,
        }
    }

    /// An error of `kind` reported by `function`.
    #[must_use]
    pub const fn new(kind: HsmErrorKind, function: &'static str) -> Self {
        Self { kind, function, ckr: None }
    }
}
