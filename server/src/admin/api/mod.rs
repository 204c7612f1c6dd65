//! What the interface does, by part.

pub(super) mod ca;
pub(super) mod config;
pub(super) mod credential;
pub(super) mod key;
pub(super) mod policy;
pub(super) mod recovery;
pub(super) mod role;
pub(super) mod scope;
pub(super) mod status;
pub(super) mod sys;
pub(super) mod token;
pub(super) mod wrapping_key;

use std::time::Instant;

use hsm_backend::CallContext;

use crate::clock::rfc3339;
use crate::services::Services;

/// A call to the token that may make a key.
fn context(services: &Services) -> CallContext {
    CallContext {
        deadline: Instant::now() + services.bounds.keygen_timeout,
        scope: String::new(),
        request_id: services.next_request(),
    }
}
