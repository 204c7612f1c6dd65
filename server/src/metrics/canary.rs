//! A trial operation in the token: it opens what it sealed when it was first tried.
//!
//! A token whose files are gone goes on answering that its sessions are well, so only an operation
//! with a key shows that it works. What is opened was sealed by this server's own key, and so shows
//! that this is the token which has it, too.

use std::time::Instant;

use hsm_backend::{CallContext, HsmErrorKind, KeyId};

use super::prober::Verdict;
use crate::keyring::KeyringError;
use crate::services::Services;

/// The setting that holds the sealing key's identifier and what it sealed.
const CANARY: &str = "canary";
/// What is sealed, and in which context.
const ANSWER: &[u8] = b"claviger canary: a known answer";
const CONTEXT: &str = "canary";
const KEY_ID_BYTES: usize = 16;

/// Makes the trial; the first one makes what later ones open.
pub(super) fn sing(services: &Services) -> Verdict {
    let begun = Instant::now();
    let call = CallContext {
        deadline: begun + services.bounds.operation_timeout,
        scope: String::new(),
        request_id: services.next_request(),
    };
    let sung = known_answer(services, &call);
    services.metrics.token.canary(begun.elapsed());
    match sung {
        Ok(true) => Ok(()),
        Ok(false) => Err("the token does not open what it sealed"),
        Err(error) => {
            tracing::debug!(%error, "the trial operation failed");
            Err(meaning(&error))
        }
    }
}

fn known_answer(services: &Services, call: &CallContext) -> Result<bool, KeyringError> {
    let stored = services.keyring.setting(CANARY)?;
    if let Some((id, sealed)) = stored.as_deref().and_then(|it| it.split_at_checked(KEY_ID_BYTES))
        && let Ok(id) = id.try_into()
    {
        let opened = services.sealer.open(call, KeyId(id), CONTEXT, sealed)?;
        return Ok(opened.expose() == ANSWER);
    }
    let (id, sealed) = services.sealer.seal(call, CONTEXT, ANSWER)?;
    services.keyring.set_setting(CANARY, &[&id.0[..], &sealed].concat())?;
    Ok(true)
}

const fn meaning(error: &KeyringError) -> &'static str {
    match error {
        KeyringError::Store(_) => "the store fails",
        KeyringError::Hsm(cause) => match cause.kind {
            HsmErrorKind::Unavailable => "the token is not available",
            HsmErrorKind::PinRejected => "the token refuses the PIN",
            HsmErrorKind::Busy | HsmErrorKind::Deadline => "the token is busy",
            HsmErrorKind::KeyNotFound => "the token does not have the server's key",
            HsmErrorKind::Damaged => "the token does not open what it sealed",
            HsmErrorKind::BadData
            | HsmErrorKind::BadLength
            | HsmErrorKind::BadParameter
            | HsmErrorKind::BadKey
            | HsmErrorKind::Device(_)
            | HsmErrorKind::NotPermitted
            | HsmErrorKind::NotExtractable
            | HsmErrorKind::StreamNotFound
            | HsmErrorKind::Unsupported => "the token fails",
        },
    }
}
