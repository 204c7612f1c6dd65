//! Calls as an observer sees them: how long each took, and which return values came.

use core::ops::Deref;
use std::sync::Arc;
use std::time::Instant;

use cryptoki::error::RvError;

use super::rv::Fault;
use super::token::Token;
use super::{CacheUse, Pkcs11Backend};
use crate::error::HsmError;
use crate::observer::{Observer, TokenUsage, Verb};

/// The token, at work on one call of a verb.
pub(super) struct Working<'a> {
    token: Arc<Token>,
    verb: Verb,
    begun: Instant,
    observer: Option<&'a dyn Observer>,
}

impl Deref for Working<'_> {
    type Target = Token;

    fn deref(&self) -> &Token {
        &self.token
    }
}

impl Drop for Working<'_> {
    fn drop(&mut self) {
        if let Some(observer) = self.observer {
            observer.called(self.verb, self.begun.elapsed());
        }
    }
}

impl Pkcs11Backend {
    /// The open token, for one call of `verb`.
    pub(super) fn at(&self, verb: Verb) -> Result<Working<'_>, HsmError> {
        let (token, observer) = (self.token()?, self.link.observer());
        Ok(Working { token, verb, begun: Instant::now(), observer })
    }

    /// What the token has open; nothing while it is not open itself.
    #[must_use]
    pub fn usage(&self) -> Option<TokenUsage> {
        let token = self.token().ok()?;
        let (sessions, uses) = (token.pool.usage(), token.unwrapped.uses());
        let CacheUse { hits: live_key_hits, misses: live_key_misses } = uses;
        let live_keys = token.unwrapped.len();
        Some(TokenUsage { live_keys, live_key_hits, live_key_misses, ..sessions })
    }
}

/// Tells `observer` of a failed function, if it was one of the library's.
pub(super) fn report(observer: &dyn Observer, fault: &Fault) {
    let Some(rv) = fault.rv else { return };
    match rv {
        RvError::VendorDefined(_) => observer.failed(fault.error.function, "CKR_VENDOR_DEFINED"),
        RvError::UnknownErrorCode(_) => observer.failed(fault.error.function, "unknown"),
        known => observer.failed(fault.error.function, &ckr_name(&format!("{known:?}"))),
    }
}

/// `DeviceError` is `CKR_DEVICE_ERROR`.
fn ckr_name(camel: &str) -> String {
    let mut name = String::from("CKR");
    for letter in camel.chars() {
        if letter.is_ascii_uppercase() {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;
    use std::time::Duration;

    use cryptoki::context::Function;
    use cryptoki::error::Error;

    #[derive(Debug, Default)]
    struct Notes(Mutex<Vec<(&'static str, String)>>);

    impl Observer for Notes {
        fn called(&self, _: Verb, _: Duration) {}

        fn failed(&self, function: &'static str, ckr: &str) {
            self.0.lock().unwrap().push((function, ckr.to_owned()));
        }
    }

    #[test]
    fn report_names_function_and_return_value() {
        let notes = Notes::default();
        for rv in [
            RvError::DeviceError,
            RvError::VendorDefined(0x8000_0001),
            RvError::UnknownErrorCode(7),
        ] {
            report(&notes, &Fault::from(Error::Pkcs11(rv, Function::Sign)));
        }
        let busy = HsmError::new(crate::error::HsmErrorKind::Busy, "lease");
        report(&notes, &Fault::from(busy));
        let names = ["CKR_DEVICE_ERROR", "CKR_VENDOR_DEFINED", "unknown"];
        let told = names.map(|name| ("C_Sign", name.to_owned()));
        assert_eq!(*notes.0.lock().unwrap(), told, "our own refusals are none of the token's");
    }
}
