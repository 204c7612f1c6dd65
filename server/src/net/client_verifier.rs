//! Which client certificates are let in: by chain, by fingerprint, or by either.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use der::asn1::AnyRef;
use der::{Decode, Encode, Reader, SliceReader};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore,
    SignatureScheme,
};
use tracing::warn;

use super::tls::TlsError;
use crate::config::{ClientAuth, TlsConfig};
use crate::identity::{IdentityError, IdentityRules, PeerCertificate};
use crate::trust::AnchorSet;

/// Verifies client certificates as `[tls]` lays down, and refuses those that name no scope.
pub struct ClientVerifier {
    provider: Arc<CryptoProvider>,
    rules: Arc<IdentityRules>,
    /// Absent where no CA is trusted.
    chain: Option<Chain>,
    accept_pins: bool,
}

/// Trust by a chain to a configured CA.
struct Chain {
    provider: Arc<CryptoProvider>,
    webpki: Arc<dyn ClientCertVerifier>,
    /// The configured CAs, for leaves that webpki refuses because they are CAs themselves.
    anchors: Vec<PeerCertificate>,
    require_eku: bool,
    allow_ca_leaf: bool,
}

impl ClientVerifier {
    /// Builds the verifier for chains to `anchors`. Where only fingerprints count, those are the internal
    /// CAs alone.
    ///
    /// # Errors
    ///
    /// [`TlsError`], if a root cannot serve as one.
    pub fn new(
        config: &TlsConfig,
        anchors: &AnchorSet,
        provider: Arc<CryptoProvider>,
        rules: Arc<IdentityRules>,
    ) -> Result<Self, TlsError> {
        let accept_pins = match config.client_auth {
            ClientAuth::Chain => false,
            ClientAuth::ChainOrPinned | ClientAuth::Pinned => true,
        };
        let roots: Vec<_> = anchors.all().collect();
        let chain = (!roots.is_empty()).then(|| Chain::new(config, &roots, Arc::clone(&provider)));
        let chain = chain.transpose()?;
        Ok(Self { provider, rules, chain, accept_pins })
    }

    fn verify(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Refused> {
        let leaf = PeerCertificate::parse(end_entity)?;
        let trusted = if self.accept_pins && self.rules.pinned(&leaf).is_some() {
            leaf.check_dates(system_time(now)).map_err(Refused::from)
        } else {
            match &self.chain {
                Some(chain) => chain.verify(&leaf, end_entity, intermediates, now),
                None => Err(Refused::new("no CA is trusted", CertificateError::UnknownIssuer)),
            }
        };
        trusted.and_then(|()| Ok(self.rules.check_above(intermediates)?)).and_then(|()| {
            Ok(self.rules.identify(&leaf).map(|_| ())?)
        }).inspect_err(|refused| {
            warn!(certificate = %leaf, intermediates = intermediates.len(), reason = %refused.why,
                "client certificate refused");
        })
    }
}

impl Chain {
    fn new(
        config: &TlsConfig,
        roots: &[CertificateDer<'static>],
        provider: Arc<CryptoProvider>,
    ) -> Result<Self, TlsError> {
        let mut store = RootCertStore::empty();
        let mut anchors = Vec::with_capacity(roots.len());
        for root in roots {
            let unusable = |text: String| TlsError::ClientCa(text);
            store.add(root.clone()).map_err(|err| unusable(err.to_string()))?;
            anchors.push(PeerCertificate::parse(root).map_err(|err| unusable(err.to_string()))?);
        }
        let store = Arc::new(store);
        let webpki = WebPkiClientVerifier::builder_with_provider(store, Arc::clone(&provider))
            .build()
            .map_err(|err| TlsError::ClientCa(err.to_string()))?;
        Ok(Self {
            provider,
            webpki,
            anchors,
            require_eku: !config.allow_client_without_eku,
            allow_ca_leaf: config.allow_ca_leaf,
        })
    }

    fn verify(
        &self,
        leaf: &PeerCertificate,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Refused> {
        if self.require_eku && leaf.client_auth_usage().is_none() {
            let why = "it has no Extended Key Usage (tls.allow_client_without_eku is false)";
            return Err(Refused::new(why, CertificateError::InvalidPurpose));
        }
        if !leaf.is_ca() {
            return match self.webpki.verify_client_cert(end_entity, intermediates, now) {
                Ok(_) => Ok(()),
                Err(error) => Err(Refused { why: error.to_string(), error }),
            };
        }
        if !self.allow_ca_leaf {
            let why = "it is a CA certificate (tls.allow_ca_leaf is false)";
            return Err(Refused::new(why, CertificateError::InvalidPurpose));
        }
        self.verify_ca_leaf(leaf, end_entity, now)
    }

    /// Verifies a CA certificate used as a leaf: signed by a configured CA, or being one itself.
    ///
    /// Intermediates are not followed: these are self-signed appliance certificates.
    fn verify_ca_leaf(
        &self,
        leaf: &PeerCertificate,
        end_entity: &CertificateDer<'_>,
        now: UnixTime,
    ) -> Result<(), Refused> {
        leaf.check_dates(system_time(now))?;
        if leaf.client_auth_usage() == Some(false) {
            let why = "its Extended Key Usage lacks client authentication";
            return Err(Refused::new(why, CertificateError::InvalidPurpose));
        }
        let issuer = leaf.inner().tbs_certificate().issuer();
        let mut candidates = self
            .anchors
            .iter()
            .filter(|anchor| anchor.inner().tbs_certificate().subject() == issuer)
            .peekable();
        if candidates.peek().is_none() {
            return Err(Refused::new("its issuer is unknown", CertificateError::UnknownIssuer));
        }
        let signed = |anchor| is_signed_by(&self.provider, end_entity, leaf, anchor);
        if candidates.any(|anchor| signed(anchor).is_some()) {
            return Ok(());
        }
        Err(Refused::new("its signature is wrong", CertificateError::BadSignature))
    }
}

/// Checks the signature on `leaf`, whose DER form is `der`, with the key of `issuer`.
fn is_signed_by(
    provider: &CryptoProvider,
    der: &[u8],
    leaf: &PeerCertificate,
    issuer: &PeerCertificate,
) -> Option<()> {
    // The signature covers the bytes as sent, not as they would be encoded anew.
    let body = AnyRef::from_der(der).ok()?;
    let mut reader = SliceReader::new(body.value()).ok()?;
    let signed_bytes = reader.tlv_bytes().ok()?;
    let signature = leaf.inner().signature().as_bytes()?;
    let signature_algorithm = sequence_content(leaf.inner().signature_algorithm())?;
    let spki = issuer.inner().tbs_certificate().subject_public_key_info();
    let key_algorithm = sequence_content(&spki.algorithm)?;
    let key = spki.subject_public_key.as_bytes()?;
    provider
        .signature_verification_algorithms
        .all
        .iter()
        .filter(|algorithm| {
            algorithm.signature_alg_id().as_ref() == signature_algorithm
                && algorithm.public_key_alg_id().as_ref() == key_algorithm
        })
        .find_map(|algorithm| algorithm.verify_signature(key, signed_bytes, signature).ok())
}

/// Encodes `value` and takes the header of the SEQUENCE off.
fn sequence_content(value: &impl Encode) -> Option<Vec<u8>> {
    let der = value.to_der().ok()?;
    Some(AnyRef::from_der(&der).ok()?.value().to_vec())
}

fn system_time(now: UnixTime) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(now.as_secs())
}

/// Why a certificate is refused: words for our log, an error for the TLS alert.
struct Refused {
    why: String,
    error: Error,
}

impl Refused {
    fn new(why: &str, error: CertificateError) -> Self {
        Self { why: why.to_owned(), error: Error::InvalidCertificate(error) }
    }
}

impl From<IdentityError> for Refused {
    fn from(err: IdentityError) -> Self {
        let alert = match err {
            IdentityError::Malformed | IdentityError::Absent => CertificateError::BadEncoding,
            IdentityError::NotValidNow => CertificateError::Expired,
            IdentityError::NoScope(_)
            | IdentityError::UnknownScope { .. }
            | IdentityError::UnknownRole { .. }
            | IdentityError::NotIssued => CertificateError::ApplicationVerificationFailure,
            IdentityError::NotAdmitted(_) | IdentityError::RevokedElsewhere => {
                CertificateError::Revoked
            }
        };
        Self::new(&err.to_string(), alert)
    }
}

impl fmt::Debug for ClientVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientVerifier").finish_non_exhaustive()
    }
}

impl ClientCertVerifier for ClientVerifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        // A hint would keep holders of pinned certificates from sending them.
        match &self.chain {
            Some(chain) if !self.accept_pins => chain.webpki.root_hint_subjects(),
            Some(_) | None => &[],
        }
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        match self.verify(end_entity, intermediates, now) {
            Ok(()) => Ok(ClientCertVerified::assertion()),
            Err(refused) => Err(refused.error),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
