//! When the certificates end that handshakes go by.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use kmip_core::ttlv::DateTime;

use super::Metrics;
use crate::ca::ReadCertificate;
use crate::trust::Gate;

/// What shows when the server's certificate ends, and those of the CAs whose clients are let in: each
/// time as it is then, since any of them may be another by then.
pub fn ends_shown(gate: Arc<Gate>) -> impl Fn(&Metrics) + Send + Sync + 'static {
    let shown = Mutex::new(BTreeSet::new());
    move |metrics| {
        let anchors = gate.anchors.current();
        let server = gate.server.certificate().map(|one| ("server", "server".to_owned(), one));
        let configured = anchors.configured().map(|ca| ("client_ca", ca.subject().to_string(), ca));
        let internal = anchors.in_force().iter().cloned();
        let internal = internal.map(|(level, ca)| ("internal_ca", level.to_owned(), ca));
        let mut now = BTreeSet::new();
        for (kind, name, certificate) in server.into_iter().chain(configured).chain(internal) {
            metrics.certificates.ends(kind, &name, end(&certificate));
            now.insert((kind, name));
        }
        let mut before = shown.lock().unwrap_or_else(PoisonError::into_inner);
        for (kind, name) in before.difference(&now) {
            metrics.certificates.forget(kind, name);
        }
        *before = now;
    }
}

fn end(certificate: &ReadCertificate) -> DateTime {
    DateTime(certificate.validity().1)
}
