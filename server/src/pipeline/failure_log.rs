//! What the log tells of items that failed, and how loudly: by who has to do something about it.

use hsm_backend::{HsmError, HsmErrorKind};
use kmip_core::types::Operation;
use tracing::Level;

use crate::operation::OpError;
use crate::store::StoreError;

/// Tells the log why an item failed.
pub(super) fn tell(request: u64, operation: Option<Operation>, error: &OpError) {
    macro_rules! tell {
        ($level:ident) => {
            tracing::$level!(request, ?operation, %error, "item failed")
        };
    }
    match level(error) {
        Level::ERROR => tell!(error),
        Level::WARN => tell!(warn),
        Level::INFO => tell!(info),
        _ => tell!(debug),
    }
}

/// A fault of the store, a key that is missing or damaged, and one of the token itself are the operator's to mend,
/// and told nowhere else. What the token lacks is for him to know. A token that is away is told once,
/// when it goes; the rest is between the client and what it asked for, and in the audit log.
const fn level(error: &OpError) -> Level {
    use HsmErrorKind as K;
    if matches!(
        error,
        OpError::Store(StoreError::Engine(_) | StoreError::Corrupt(_) | StoreError::InUse)
            | OpError::Hsm(HsmError { kind: K::KeyNotFound | K::Damaged, .. })
    ) {
        Level::ERROR
    } else if matches!(error, OpError::Hsm(HsmError { kind: K::Device(_), .. })) {
        Level::WARN
    } else if matches!(error, OpError::Hsm(HsmError { kind: K::Unsupported, .. })) {
        Level::INFO
    } else {
        Level::DEBUG
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_operator_has_to_mend_is_told_loudly() {
        let hsm = |kind| OpError::Hsm(HsmError::new(kind, "C_Sign"));
        for (error, expected) in [
            (hsm(HsmErrorKind::KeyNotFound), Level::ERROR),
            (hsm(HsmErrorKind::Damaged), Level::ERROR),
            (hsm(HsmErrorKind::Device(0x30)), Level::WARN),
            (OpError::Store(StoreError::Corrupt("row".to_owned())), Level::ERROR),
            (hsm(HsmErrorKind::Unsupported), Level::INFO),
            (hsm(HsmErrorKind::Unavailable), Level::DEBUG),
            (OpError::Store(StoreError::Conflict), Level::DEBUG),
            (OpError::NotFound, Level::DEBUG),
        ] {
            assert_eq!(level(&error), expected, "{error}");
        }
    }
}
