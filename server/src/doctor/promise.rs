//! What a configuration promises, and what of it the token does not keep.

use std::ops::RangeInclusive;

use hsm_backend::{
    BlockCipher, Capabilities, CipherAlgorithm, SecretKeyKind, TokenInfo, Wish, assists,
};
use serde::Serialize;

use super::examine::{Row, Verdict};
use super::words::Subject;
use crate::config::{Config, KeysConfig};

/// What a configuration says about algorithms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Policy {
    pub(super) allow_3des: bool,
    /// Whether values are decrypted here for algorithms that the token lacks.
    pub(super) assisted: bool,
    pub(super) rsa_bits: RangeInclusive<u32>,
    /// `token.max_sessions`, where there is a configuration.
    pub(super) max_sessions: Option<u32>,
}

impl Policy {
    pub(super) fn of(config: &Config) -> Self {
        Self {
            assisted: config.scopes.iter().any(|scope| scope.rules.custody.assisted),
            max_sessions: Some(config.token.max_sessions),
            ..Self::from(config.keys)
        }
    }

    /// The key of the configuration that switches `subject` off, if one does.
    pub(super) fn off_by(&self, subject: Subject) -> Option<&'static str> {
        let is_3des = match subject {
            Subject::Wish(Wish::Cipher(CipherAlgorithm::Block { cipher, .. })) => {
                cipher == BlockCipher::Des3
            }
            Subject::Wish(Wish::GenerateSecret(kind)) => kind == SecretKeyKind::Des3,
            Subject::Wish(_) | Subject::WrappedCustody | Subject::Random => false,
        };
        (is_3des && !self.allow_3des).then_some("keys.allow_3des = false")
    }

    /// Whether assisted custody serves `subject`, which the token does not: `None` where it never
    /// could, `Some(false)` where it is switched off.
    pub(super) fn assists(&self, subject: Subject) -> Option<bool> {
        match subject {
            Subject::Wish(wish) if assists(wish) => Some(self.assisted),
            Subject::Wish(_) | Subject::WrappedCustody | Subject::Random => None,
        }
    }
}

impl From<KeysConfig> for Policy {
    fn from(keys: KeysConfig) -> Self {
        Self {
            allow_3des: keys.allow_3des,
            assisted: false,
            rsa_bits: keys.rsa_min_bits..=keys.rsa_max_bits,
            max_sessions: None,
        }
    }
}

/// Why the server cannot do without `subject`, whatever clients ask for.
pub(super) fn need(subject: Subject) -> Option<&'static str> {
    const NEEDS: [(Subject, &str); 6] = [
        (Subject::Wish(Wish::GenerateSecret(SecretKeyKind::Aes)), "Create makes AES keys"),
        (Subject::Wish(Wish::GenerateSecret(SecretKeyKind::Generic)), "Create makes HMAC keys"),
        (Subject::Wish(Wish::GenerateSecret(SecretKeyKind::Des3)), "keys.allow_3des = true"),
        (Subject::Wish(Wish::GenerateRsa), "keys.rsa_min_bits to keys.rsa_max_bits"),
        (
            Subject::Wish(Wish::Cipher(CipherAlgorithm::AesGcm)),
            "Secret Data and Opaque Objects are sealed with it",
        ),
        (Subject::Random, "IVs and RNG Retrieve"),
    ];
    NEEDS.iter().find(|(of, _)| *of == subject).map(|(_, why)| *why)
}

/// Something promised that cannot be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Problem {
    /// What is wrong.
    pub(super) what: String,
    /// What to do about it.
    pub(super) todo: String,
}

/// Everything that is promised and cannot be done.
pub(super) fn problems(
    policy: &Policy,
    rows: &[Row],
    capabilities: &Capabilities,
    info: Option<&TokenInfo>,
) -> Vec<Problem> {
    let mut problems = broken(rows);
    problems.extend(rows.iter().filter_map(lacking));
    problems.extend(rsa_range(policy, capabilities));
    problems.extend(sessions(policy, info));
    problems
}

/// Algorithms that fail alike are one problem.
fn broken(rows: &[Row]) -> Vec<Problem> {
    let failing: Vec<_> =
        rows.iter().filter_map(|row| row.error.as_ref().map(|error| (row, error))).collect();
    let mut errors: Vec<&String> = Vec::new();
    for (_, error) in &failing {
        if !errors.contains(error) {
            errors.push(error);
        }
    }
    let problem = |error: &String| {
        let names: Vec<_> = failing
            .iter()
            .filter(|(_, of)| *of == error)
            .map(|(row, _)| row.algorithm.as_str())
            .collect();
        Problem {
            what: format!("{}: {error}", shortened(&names)),
            todo: "The token says that it can do this. Look for the mechanism in the HSM's policy \
                   for this partition and user, and at the vendor's known errors for this \
                   firmware; clients that ask for it get an error."
                .to_owned(),
        }
    };
    errors.into_iter().map(problem).collect()
}

fn shortened(names: &[&str]) -> String {
    match names {
        [one, two, three, rest @ ..] if !rest.is_empty() => {
            format!("{one}, {two}, {three} and {} more", rest.len())
        }
        _ => names.join(", "),
    }
}

fn lacking(row: &Row) -> Option<Problem> {
    let why = row.need.filter(|_| row.verdict == Verdict::Impossible)?;
    Some(Problem {
        what: format!("{} ({why}): {}", row.algorithm, row.note),
        todo: "Allow the mechanism in the HSM's policy, or use a token that has it.".to_owned(),
    })
}

fn rsa_range(policy: &Policy, capabilities: &Capabilities) -> Option<Problem> {
    let told = capabilities.generate_rsa()?;
    let (min, max) = (policy.rsa_bits.start(), policy.rsa_bits.end());
    if told.min_bits <= *min && *max <= told.max_bits {
        return None;
    }
    Some(Problem {
        what: format!(
            "RSA keys of {min} to {max} bits are promised; the token makes {} to {} bits",
            told.min_bits, told.max_bits
        ),
        todo: format!(
            "Set keys.rsa_min_bits = {} and keys.rsa_max_bits = {} in the configuration.",
            told.min_bits.max(*min),
            told.max_bits.min(*max)
        ),
    })
}

/// Two sessions of the token's are left to others.
fn sessions(policy: &Policy, info: Option<&TokenInfo>) -> Option<Problem> {
    let (wanted, most) = (u64::from(policy.max_sessions?), info?.max_sessions?);
    let ours = most.saturating_sub(2).max(1);
    if wanted <= ours {
        return None;
    }
    Some(Problem {
        what: format!("token.max_sessions = {wanted}; the token allows {most} sessions at once"),
        todo: format!("Set token.max_sessions to {ours} at most."),
    })
}
