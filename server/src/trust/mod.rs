//! Whom the server trusts at its doors, and how it proves who it is itself.
//!
//! The internal CA here opens the server's own doors: it signs the certificates of clients and of the
//! server, and says every word in them. It is not the CA of `ca`, whose clients choose what their
//! certificates say, and which opens nothing.

mod form;
mod held;
mod internal_ca;
mod issue;
mod key_kind;
mod rules;
mod serial;

pub use form::{CredentialForm, CredentialText, certificate_pem, render};
pub use held::HeldCa;
pub use internal_ca::{Authorities, InternalCa, Level};
pub use issue::{Holder, Issued, ServerNames};
pub use key_kind::{KeyKind, SoftwareKey};
pub use rules::TrustRules;
pub use serial::Serial;
