//! The examination: a verdict on every subject, and how fast the token does it.

use std::fmt;
use std::time::Duration;

use hsm_backend::{Service, Wish, WrapAlgorithm};
use serde::Serialize;

use super::keys::Workbench;
use super::promise::{self, Policy};
use super::stop::Stop;
use super::tries::{self, Failure};
use super::words::{Group, Subject, subjects};

/// What came out for one subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verdict {
    /// The token does it.
    Native,
    /// The token does another algorithm, out of which it is put together here.
    Composed,
    /// The token lacks it; it is done here on a value decrypted for the call.
    Assisted,
    /// The same, were it switched on.
    AssistedOff,
    /// The configuration switches it off.
    OffByConfig,
    /// The token lacks what it takes.
    Impossible,
    /// The token says it can, and does not.
    Broken,
}

impl Verdict {
    pub(super) const ALL: [Self; 7] = [
        Self::Native,
        Self::Composed,
        Self::Assisted,
        Self::AssistedOff,
        Self::OffByConfig,
        Self::Impossible,
        Self::Broken,
    ];
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Native => "native",
            Self::Composed => "composed",
            Self::Assisted => "assisted",
            Self::AssistedOff => "assisted, off",
            Self::OffByConfig => "off by config",
            Self::Impossible => "impossible",
            Self::Broken => "BROKEN",
        })
    }
}

/// One line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Row {
    pub(super) group: Group,
    /// In KMIP's words.
    pub(super) algorithm: String,
    pub(super) verdict: Verdict,
    /// What the token is asked for.
    pub(super) mechanism: Option<String>,
    /// What is done beside the token, its range, or what it lacks.
    pub(super) note: String,
    /// Why the server cannot do without.
    pub(super) need: Option<&'static str>,
    /// Of what the title of the group says.
    pub(super) rate_per_second: Option<f64>,
    /// Why it is broken.
    pub(super) error: Option<String>,
}

/// How to examine.
pub(super) struct Examination<'e, 'a> {
    pub(super) bench: &'e Workbench<'a>,
    pub(super) policy: &'e Policy,
    /// Per line; each is done once at least.
    pub(super) time: Duration,
    pub(super) stop: &'e Stop,
}

impl Examination<'_, '_> {
    /// Examines everything, and tells each line as soon as it is known; ends early when stopped.
    pub(super) fn run(&self, tell: &mut dyn FnMut(&Row)) -> Vec<Row> {
        let mut rows = Vec::new();
        for (group, subject, algorithm) in subjects(&self.bench.capabilities) {
            if self.stop.is_asked() {
                break;
            }
            let row = self.row(group, subject, algorithm);
            tell(&row);
            rows.push(row);
        }
        rows
    }

    fn row(&self, group: Group, subject: Subject, algorithm: String) -> Row {
        let (service, mechanism, note) = self.served(subject);
        let mut row = Row {
            group,
            algorithm,
            verdict: Verdict::Native,
            mechanism,
            note,
            need: promise::need(subject),
            rate_per_second: None,
            error: None,
        };
        if let Some(key) = self.policy.off_by(subject) {
            return Row { verdict: Verdict::OffByConfig, note: key.to_owned(), need: None, ..row };
        }
        row.verdict = match (service, self.policy.assists(subject)) {
            (Service::Native, _) => Verdict::Native,
            (Service::Composed, _) => Verdict::Composed,
            (Service::Missing, Some(true)) => Verdict::Assisted,
            (Service::Missing, Some(false)) => Verdict::AssistedOff,
            (Service::Missing, None) => Verdict::Impossible,
        };
        if service == Service::Missing {
            return row;
        }
        match self.try_out(subject) {
            Ok(rate) => row.rate_per_second = Some(rate),
            Err(failure) => {
                row.verdict = Verdict::Broken;
                row.error = Some(failure.to_string());
            }
        }
        row
    }

    /// By whom, with which mechanism, and a note.
    fn served(&self, subject: Subject) -> (Service, Option<String>, String) {
        let table = &self.bench.capabilities;
        let wish = match subject {
            Subject::Wish(wish) => wish,
            Subject::Random => {
                return (Service::Native, Some("C_GenerateRandom".to_owned()), String::new());
            }
            Subject::WrappedCustody => {
                let by = table.wrapped_custody(32).map(Wish::Wrap);
                let odd = table.wrapped_custody(20).is_none();
                let note =
                    if odd { "lengths that are no multiple of 8 live in the token" } else { "" };
                let Some(by) = by else {
                    let needed = Wish::Wrap(WrapAlgorithm::AesKeyWrap);
                    return (Service::Missing, None, lacks(needed));
                };
                let mechanism = table.row(by).mechanism.map(|mechanism| mechanism.to_string());
                return (Service::Native, mechanism, note.to_owned());
            }
        };
        let service = table.service(wish);
        let row = table.row(wish);
        let note = if service == Service::Missing { lacks(wish) } else { row.note };
        (service, row.mechanism.map(|mechanism| mechanism.to_string()), note)
    }

    fn try_out(&self, subject: Subject) -> Result<f64, Failure> {
        let work = tries::begin(self.bench, subject)?;
        tries::rate(&work, self.time, self.stop)
    }
}

/// What the token would need for `wish`.
fn lacks(wish: Wish) -> String {
    let all =
        |needed: Vec<_>| needed.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ");
    let ways: Vec<_> =
        wish.needs().into_iter().map(|needed: Vec<hsm_backend::Mechanism>| all(needed)).collect();
    format!("the token lacks {}", ways.join(", or "))
}
