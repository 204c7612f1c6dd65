//! What a failed TLS handshake means, in words for who has to mend it.

use std::io;

use rustls::{
    AlertDescription as Alert, CertificateError, Error, InvalidMessage, PeerIncompatible,
};

/// What went wrong and, where that is known, what it usually means.
pub(crate) fn told(error: &Error) -> String {
    match meaning(error) {
        Some(meaning) => format!("{error} ({meaning})"),
        None => error.to_string(),
    }
}

/// The same of what a TLS stream reports, which carries every kind of fault as an I/O error.
pub(crate) fn told_io(error: &io::Error) -> String {
    let tls = error.get_ref().and_then(|cause| cause.downcast_ref::<Error>());
    tls.map_or_else(|| error.to_string(), told)
}

const fn meaning(error: &Error) -> Option<&'static str> {
    Some(match error {
        Error::InvalidMessage(InvalidMessage::InvalidContentType) => "the other side speaks no TLS",
        // Before TLS 1.2 there was no such extension.
        Error::PeerIncompatible(
            PeerIncompatible::SignatureAlgorithmsExtensionRequired
            | PeerIncompatible::SupportedVersionsExtensionRequired
            | PeerIncompatible::Tls12NotOffered
            | PeerIncompatible::Tls12NotOfferedOrEnabled
            | PeerIncompatible::ServerDoesNotSupportTls12Or13,
        ) => "the other side speaks no version of TLS that is allowed here",
        Error::PeerIncompatible(PeerIncompatible::NoCipherSuitesInCommon) => {
            "of TLS 1.2, only ECDHE with AES-GCM or ChaCha20-Poly1305 is spoken here"
        }
        Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
            "none of the CAs that are trusted here has issued it"
        }
        Error::InvalidCertificate(CertificateError::BadSignature) => {
            "a CA that is trusted here has its issuer's name, and another key"
        }
        Error::AlertReceived(
            Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateRevoked
            | Alert::CertificateExpired
            | Alert::CertificateUnknown
            | Alert::UnknownCA
            | Alert::AccessDenied,
        ) => "the other side refuses our certificate; its log says why",
        Error::AlertReceived(Alert::CertificateRequired) => "the other side wants a certificate",
        Error::AlertReceived(Alert::ProtocolVersion) => {
            "the other side speaks none of our versions of TLS"
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_is_said_to_be_no_tls() {
        let error = Error::InvalidMessage(InvalidMessage::InvalidContentType);
        let told = told_io(&io::Error::other(error));
        assert!(told.ends_with("(the other side speaks no TLS)"), "{told}");
    }

    #[test]
    fn refused_certificate_sends_the_reader_to_the_other_log() {
        for alert in [Alert::UnknownCA, Alert::AccessDenied, Alert::CertificateExpired] {
            let told = told(&Error::AlertReceived(alert));
            assert!(told.contains("refuses our certificate; its log says why"), "{told}");
        }
    }

    #[test]
    fn other_faults_keep_their_own_words() {
        assert_eq!(told(&Error::DecryptError), Error::DecryptError.to_string());
        let plain = io::Error::from(io::ErrorKind::UnexpectedEof);
        assert_eq!(told_io(&plain), plain.to_string());
    }
}
