//! The one place where the message handler is put together.

use std::sync::Arc;

use crate::config::Config;
use crate::identity::Principal;
use crate::worker::{FrameFault, Lane, MessageHandler, Refusal};

/// Why the handler cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum AppError {}

/// Builds what serves the messages.
///
/// # Errors
///
/// [`AppError`].
pub fn build_handler(_config: &Config) -> Result<Arc<dyn MessageHandler>, AppError> {
    Ok(Arc::new(RefuseAll))
}

/// Answers nothing: every connection is closed at its first message.
struct RefuseAll;

impl MessageHandler for RefuseAll {
    fn lane(&self, _message: &[u8]) -> Lane {
        Lane::None
    }

    fn serve(&self, _principal: &Arc<Principal>, _message: &[u8]) -> Vec<u8> {
        Vec::new()
    }

    fn refuse(&self, _message: &[u8], _why: Refusal) -> Vec<u8> {
        Vec::new()
    }

    fn unreadable_frame(&self, _why: FrameFault) -> Option<Vec<u8>> {
        None
    }
}
