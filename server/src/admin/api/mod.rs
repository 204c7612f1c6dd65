//! What the interface does, by part.

pub(super) mod key;
pub(super) mod policy;
pub(super) mod recovery;
pub(super) mod role;
pub(super) mod scope;
pub(super) mod status;
pub(super) mod sys;
pub(super) mod token;
pub(super) mod wrapping_key;

use kmip_core::ttlv::DateTime;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A date as text, where it is one that can be written so.
fn rfc3339(date: DateTime) -> Option<String> {
    OffsetDateTime::from_unix_timestamp(date.0).ok()?.format(&Rfc3339).ok()
}
